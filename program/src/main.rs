//! Host administration for virtualization hosts.

mod cli;
mod methods;
mod service;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
