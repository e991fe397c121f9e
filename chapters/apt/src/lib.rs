//! Package repositories and their signatures.
