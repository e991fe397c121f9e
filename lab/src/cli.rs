//! The command line.

mod console;
mod host;
mod image;
mod nextest;
mod record;

use clap::{Arg, ArgMatches, Command};
use innkeeper_lab::image::Suite;
use std::process::ExitCode;

/// Why a command ended without success.
type Failure = Box<dyn std::error::Error>;

pub(crate) fn main() -> ExitCode {
    let result = match command().get_matches().subcommand() {
        Some(("build", options)) => image::build(suite(options)),
        Some(("shell", options)) => host::shell(options),
        Some(("run", options)) => host::run(options),
        Some(("test", options)) => nextest::test(options),
        Some(("clean", options)) => image::clean(options.get_flag("all")),
        Some(("record", options)) => record::run(options),
        _ => Ok(ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn command() -> Command {
    Command::new("cargo lab")
        .bin_name("cargo lab")
        .about("Real Debian hosts in QEMU, to test on")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(image::build_command())
        .subcommand(host::shell_command())
        .subcommand(host::run_command())
        .subcommand(nextest::command())
        .subcommand(image::clean_command())
        .subcommand(record::command())
}

fn suite_option() -> Arg {
    Arg::new("suite")
        .long("suite")
        .value_name("SUITE")
        .help("The Debian release of the image: bookworm or trixie")
        .default_value("bookworm")
        .value_parser(|name: &str| name.parse::<Suite>())
}

fn suite(options: &ArgMatches) -> Suite {
    options.get_one::<Suite>("suite").copied().unwrap_or_default()
}

fn number(options: &ArgMatches, name: &str) -> u64 {
    options.get_one::<u64>(name).copied().unwrap_or_default()
}
