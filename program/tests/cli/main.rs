//! The whole command line, run as a person runs it: the real program over a tree of its own.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests prepare trees and start the program as anybody would, and fail by panicking"
)]

mod access;
mod api;
mod changes;
mod documents;
mod help;
mod network;
mod output;
mod support;
mod tasks;
