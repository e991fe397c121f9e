//! This program and its peers on the same work in one run.
//!
//! Prints a table with the budget beside each figure and writes it to `bench/RESULTS.md`; with the names of some parts
//! (`innkeeper-bench service clicks`) it prints those and writes nothing. Nothing is asserted about
//! time: whoever reads the table judges. That both sides did the same work is checked, and a figure for work that
//! went wrong is not given.
#![allow(
    clippy::disallowed_methods,
    reason = "measures programs from outside: starts them, reads the clock and /proc, and writes what they work on"
)]

mod browser;
mod clicks;
mod client;
mod history;
mod idle;
mod innkeeper;
mod machine;
mod network;
mod nginx;
mod process;
mod report;
mod samples;
mod service;
mod sources;
mod start;
mod updates;
mod usage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use report::Report;

/// What went wrong, in words.
type Outcome<T> = Result<T, String>;

/// After this long whatever still runs is ended, so that a program that hangs does not hang the measurement.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// What every measurement needs.
struct Bench {
    /// The program that is measured.
    binary: PathBuf,
    /// The same by the name under which it is the original's command.
    pvenode: PathBuf,
    /// Everything that is written for a measurement is below this directory.
    directory: process::TemporaryDirectory,
}

impl Bench {
    fn new(workspace: &Path) -> Outcome<Self> {
        let binary = std::env::var_os("INNKEEPER_BIN")
            .map_or_else(|| workspace.join("target/release/innkeeper"), PathBuf::from);
        let binary = binary
            .canonicalize()
            .map_err(|error| format!("{}: {error} (`make build` builds it)", binary.display()))?;
        let directory = process::TemporaryDirectory::new()?;
        // a copy, because memory that other running copies of the same file share is not counted in full
        let copy = directory.path().join("innkeeper");
        std::fs::copy(&binary, &copy).map_err(|error| format!("{}: {error}", binary.display()))?;
        let binary = copy;
        let pvenode = directory.path().join("pvenode");
        std::os::unix::fs::symlink(&binary, &pvenode).map_err(|error| format!("pvenode: {error}"))?;
        Ok(Self { binary, pvenode, directory })
    }
}

/// One part of the table.
type Section = (&'static str, &'static str, fn(&Bench) -> Outcome<report::Findings>);

/// All parts: the word that chooses one, its title, and who measures it.
const SECTIONS: [Section; 9] = [
    ("start", "Command start", start::measure),
    ("service", "Services", service::measure),
    ("history", "History of 1,000,000 tasks", history::measure),
    ("sources", "Sources file of 4,000 entries", sources::measure),
    ("network", "4,094 VLANs and bridges", network::measure),
    ("updates", "List of updates", updates::measure),
    ("clicks", "200 users", clicks::measure),
    ("idle", "An idle day", idle::measure),
    ("size", "Release binary", start::size),
];

/// Measures the chosen parts; all, if none is chosen.
fn measure(workspace: &Path, chosen: &[String]) -> Outcome<Report> {
    if let Some(unknown) = chosen.iter().find(|name| SECTIONS.iter().all(|(word, ..)| word != name)) {
        let known: Vec<_> = SECTIONS.iter().map(|(word, ..)| *word).collect();
        return Err(format!("there is no part '{unknown}'; there are {}", known.join(", ")));
    }
    let bench = Bench::new(workspace)?;
    let mut report = Report::new(machine::describe(&bench.binary)?);
    for (word, title, measure) in SECTIONS {
        if chosen.is_empty() || chosen.iter().any(|name| name == word) {
            report.section(title, measure(&bench));
        }
    }
    report.end(machine::Load::now());
    Ok(report)
}

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal: the table is what it is for"
)]
fn main() -> ExitCode {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    process::end_children_after(PATIENCE);
    let chosen: Vec<_> = std::env::args().skip(1).collect();
    let report = match measure(workspace, &chosen) {
        Ok(report) => report,
        Err(why) => {
            eprintln!("innkeeper-bench: {why}");
            return ExitCode::FAILURE;
        }
    };
    let text = report.to_markdown();
    print!("{text}");
    if !chosen.is_empty() {
        // a part is for whoever works on it
        return if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let file = workspace.join("bench/RESULTS.md");
    if let Err(error) = std::fs::write(&file, text) {
        eprintln!("innkeeper-bench: {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
