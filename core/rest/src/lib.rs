//! The API kit: method declarations, parameters, envelope, OpenAPI, HTTP.
