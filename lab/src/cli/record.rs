//! `cargo lab record`.

use super::{Failure, suite, suite_option};
use camino::Utf8Path;
use clap::{Arg, ArgAction, ArgMatches, Command};
use innkeeper_lab::image::Image;
use innkeeper_lab::record::Situation;
use std::process::ExitCode;

/// Where the recordings are kept.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/recordings");

pub(super) fn command() -> Command {
    Command::new("record")
        .about("Record what hosts answer in named situations, for unit tests")
        .long_about(
            "Bring hosts into named situations (a mirror resilvering, a thin pool nearly full, a bond with one leg down), ask \
             each the questions of its topic (lab/situations) and keep the answers in lab/recordings. The program that asks is \
             the one of the running build: `cargo build --package innkeeper` first. Without a name, all situations are recorded.",
        )
        .arg(Arg::new("situation").value_name("SITUATION").num_args(0..).help("What to record; see --list"))
        .arg(Arg::new("list").long("list").action(ArgAction::SetTrue).help("Only list the situations"))
        .arg(suite_option())
}

pub(super) fn run(options: &ArgMatches) -> Result<ExitCode, Failure> {
    if options.get_flag("list") {
        for situation in Situation::all() {
            println!("{:<24} {}", situation.name, situation.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let wanted: Vec<&str> =
        options.get_many::<String>("situation").into_iter().flatten().map(String::as_str).collect();
    for name in &wanted {
        if !Situation::all().iter().any(|situation| situation.name == *name) {
            return Err(format!("there is no situation '{name}': see cargo lab record --list").into());
        }
    }
    let suite = suite(options);
    Image::find(suite)?;
    let mut failed = 0;
    for situation in Situation::all() {
        if !wanted.is_empty() && !wanted.contains(&situation.name) {
            continue;
        }
        match situation.record(suite, Utf8Path::new(FOLDER)) {
            Ok(file) => println!("{:<24} {file}", situation.name),
            // the others can still be recorded
            Err(error) => {
                failed += 1;
                eprintln!("{}: {error}", situation.name);
            }
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
