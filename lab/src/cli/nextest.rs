//! `cargo lab test`: the tests on lab hosts, by nextest.

use super::Failure;
use super::image::build_showing;
use clap::{Arg, ArgMatches, Command};
use innkeeper_lab::image::Suite;
use serde_json::Value;
use std::process::{Command as Process, ExitCode, Stdio};

/// What every call of nextest has.
const NEXTEST: [&str; 4] = ["--profile", "lab", "--package", "innkeeper-lab"];

pub(super) fn command() -> Command {
    Command::new("test")
        .about("Run the tests that need a host")
        .long_about(
            "Run the tests in lab/tests, which start hosts of their own; without a filter all of them. The image is built \
             first where it is missing.",
        )
        .arg(Arg::new("filter").value_name("FILTER").help("Part of the name of a test, or of the file it is in"))
}

pub(super) fn test(options: &ArgMatches) -> Result<ExitCode, Failure> {
    // held until the tests have ended, so that nobody cleans it away in between
    let _image = build_showing(Suite::default())?;
    let mut command = Process::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["nextest", "run", "--locked"]).args(NEXTEST);
    if let Some(filter) = options.get_one::<String>("filter") {
        let there = list()?;
        if !there.iter().any(|test| test.matches(filter)) {
            let names: Vec<_> = there.iter().map(|test| format!("  {} {}", test.file, test.name)).collect();
            return Err(format!("no test is called {filter:?}; there are:\n{}", names.join("\n")).into());
        }
        let chosen: Vec<_> = there.iter().filter(|test| test.matches(filter)).map(Test::expression).collect();
        command.arg("-E").arg(chosen.join(" + "));
    }
    let status = command.status().map_err(|error| format!("cargo nextest: {error}"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// A test that needs a host.
#[derive(Debug, PartialEq, Eq)]
struct Test {
    file: String,
    name: String,
}

impl Test {
    fn matches(&self, filter: &str) -> bool {
        self.name.contains(filter) || self.file.contains(filter)
    }

    fn expression(&self) -> String {
        format!("(binary(={}) & test(={}))", self.file, self.name)
    }
}

fn list() -> Result<Vec<Test>, Failure> {
    let output = Process::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["nextest", "list", "--locked", "--message-format", "json"])
        .args(NEXTEST)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo nextest: {error}"))?;
    if !output.status.success() {
        return Err("cargo nextest could not list the tests".into());
    }
    Ok(listed(&serde_json::from_slice(&output.stdout)?))
}

/// The tests in what `cargo nextest list` says that its profile would run.
fn listed(answer: &Value) -> Vec<Test> {
    let mut tests = Vec::new();
    for suite in answer["rust-suites"].as_object().into_iter().flat_map(|suites| suites.values()) {
        let file = suite["binary-name"].as_str().unwrap_or_default();
        for (name, case) in suite["testcases"].as_object().into_iter().flatten() {
            if case["filter-match"]["status"] == "matches" {
                tests.push(Test { file: file.to_owned(), name: name.clone() });
            }
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tests_are_found_by_a_part_of_their_name_or_of_their_file() {
        let answer = json!({ "rust-suites": {
            "innkeeper-lab": { "binary-name": "innkeeper_lab", "testcases": {
                "a_unit": { "ignored": false, "filter-match": { "status": "mismatch", "reason": "default-filter" } },
            } },
            "innkeeper-lab::disks": { "binary-name": "disks", "testcases": {
                "a_failed_disk_is_seen": { "ignored": false, "filter-match": { "status": "matches" } },
            } },
        } });
        let tests = listed(&answer);
        let disk = Test { file: "disks".to_owned(), name: "a_failed_disk_is_seen".to_owned() };
        assert_eq!(tests, [disk]);
        assert!(tests[0].matches("failed_disk") && tests[0].matches("disks") && !tests[0].matches("network"));
        assert_eq!(tests[0].expression(), "(binary(=disks) & test(=a_failed_disk_is_seen))");
    }
}
