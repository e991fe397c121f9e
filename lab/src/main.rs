//! `cargo lab`: hosts to test on. See docs/lab.md.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the developer's own machine, not for a managed host"
)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
