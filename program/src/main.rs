//! Host administration for virtualization hosts.

mod cli;
mod methods;
mod service;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    // tests kill the program between any two moments of a change: FAILPOINTS says where
    #[cfg(feature = "failpoints")]
    let _moments = fail::FailScenario::setup();
    cli::main()
}
