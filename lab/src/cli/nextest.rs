//! `cargo lab test`: the tests on lab hosts, by nextest.

use super::Failure;
use super::image::make_ready;
use clap::{Arg, ArgMatches, Command};
use innkeeper_lab::Lab;
use innkeeper_lab::image::Suite;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command as Process, ExitCode, Stdio};

/// How many of the slowest tests are listed.
const SLOWEST: usize = 10;

/// What every call of nextest has.
const NEXTEST: [&str; 4] = ["--profile", "lab", "--package", "innkeeper-lab"];

pub(super) fn command() -> Command {
    Command::new("test")
        .about("Run the tests that need a host")
        .long_about(
            "Run the tests in lab/tests, which start hosts of their own; without a filter all of them. The image is built \
             first where it is missing.",
        )
        .arg(
            Arg::new("filter")
                .value_name("FILTER")
                .num_args(0..)
                .help("Parts of FILE::TEST; `start::` stands for all of lab/tests/start.rs"),
        )
}

pub(super) fn test(options: &ArgMatches) -> Result<ExitCode, Failure> {
    let filters: Vec<_> = options.get_many::<String>("filter").into_iter().flatten().collect();
    let chosen = if filters.is_empty() { None } else { Some(choose(&filters)?) };
    // held until the tests have ended, so that nobody cleans it away in between
    let _image = make_ready(Suite::default())?;
    let mut command = cargo();
    command.args(["nextest", "run", "--locked"]).args(NEXTEST);
    let mut with_failpoints = true;
    if let Some(chosen) = chosen {
        with_failpoints = chosen.iter().any(|test| test.file == "crash");
        command.arg("-E").arg(chosen.iter().map(Test::expression).collect::<Vec<_>>().join(" + "));
    }
    build_product(with_failpoints)?;
    // a boot, which no test's time limit should have to hold
    Lab::prepare(Suite::default())?;
    let report = report_path()?;
    let _ = std::fs::remove_file(&report);
    let status = command.status().map_err(|error| format!("cargo nextest: {error}"))?;
    // there is none when nothing was run
    if let Ok(report) = std::fs::read_to_string(&report) {
        show_slowest(&report);
    }
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The tests that filters stand for.
fn choose(filters: &[&String]) -> Result<Vec<Test>, Failure> {
    let there = list()?;
    if let Some(filter) = filters.iter().find(|filter| !there.iter().any(|test| test.matches(filter))) {
        let names: Vec<_> = there.iter().map(|test| format!("  {}::{}", test.file, test.name)).collect();
        return Err(format!("no test is called {filter:?}; there are:\n{}", names.join("\n")).into());
    }
    Ok(there.into_iter().filter(|test| filters.iter().any(|filter| test.matches(filter))).collect())
}

/// Builds what tests install on their hosts. The program that dies where it is told to is put beside the ordinary one, in whose
/// place cargo builds it; that one comes last.
fn build_product(with_failpoints: bool) -> Result<(), Failure> {
    const BUILD: [&str; 5] = ["build", "--quiet", "--locked", "--package", "innkeeper"];
    let build = |features: &[&str]| -> Result<(), Failure> {
        let built = cargo().args(BUILD).args(features).status();
        if built.map_err(|error| format!("cargo build: {error}"))?.success() {
            return Ok(());
        }
        Err("the program that is to be tested does not build".into())
    };
    if with_failpoints {
        build(&["--features", "innkeeper/failpoints"])?;
        let dir = folder_of_build()?.join("debug");
        std::fs::copy(dir.join("innkeeper"), dir.join("innkeeper-failpoints"))?;
    }
    build(&[])
}

/// The cargo that has started this program.
fn cargo() -> Process {
    Process::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where nextest writes what each test took: beside the folder that this program was built into.
fn report_path() -> Result<PathBuf, Failure> {
    Ok(folder_of_build()?.join("nextest/lab/junit.xml"))
}

/// Cargo's target folder, which this program was built into.
fn folder_of_build() -> Result<PathBuf, Failure> {
    let exe = std::env::current_exe()?;
    Ok(exe.ancestors().nth(2).ok_or("this program is in no target folder")?.to_owned())
}

fn show_slowest(report: &str) {
    let mut tests = times(report);
    tests.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("\nslowest of {} tests:", tests.len());
    for (seconds, file, name) in tests.iter().take(SLOWEST) {
        println!("{seconds:8.1} s  {file} {name}");
    }
}

/// The seconds that each test took, its file and its name, in a report in JUnit's format as nextest writes it.
fn times(report: &str) -> Vec<(f64, &str, &str)> {
    report
        .split("<testcase ")
        .skip(1)
        .filter_map(|case| {
            let tag = case.split('>').next()?;
            let value = |name: &str| tag.split(&format!("{name}=\"")).nth(1)?.split('"').next();
            let file = value(" classname").unwrap_or_default();
            let file = file.rsplit("::").next().unwrap_or(file);
            let tag_name = tag.strip_prefix("name=\"")?.split('"').next()?;
            Some((value(" time")?.parse().ok()?, file, tag_name))
        })
        .collect()
}

/// A test that needs a host.
#[derive(Debug, PartialEq, Eq)]
struct Test {
    file: String,
    name: String,
}

impl Test {
    fn matches(&self, filter: &str) -> bool {
        format!("{}::{}", self.file, self.name).contains(filter)
    }

    fn expression(&self) -> String {
        format!("(binary(={}) & test(={}))", self.file, self.name)
    }
}

fn list() -> Result<Vec<Test>, Failure> {
    let output = cargo()
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
    fn what_each_test_took_is_read_from_the_report() {
        let report = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="2" failures="1" errors="0" uuid="1" timestamp="2026-11-23T09:00:00" time="9.5">
    <testsuite name="innkeeper-lab::disks" tests="2" disabled="0" errors="0" failures="1">
        <testcase name="a_failed_disk_is_seen" classname="innkeeper-lab::disks" timestamp="2026" time="3.204">
        </testcase>
        <testcase name="a_disk_is_full" classname="innkeeper-lab::disks" timestamp="2026" time="6.3">
            <failure type="test failure">5 > 3</failure>
        </testcase>
    </testsuite>
</testsuites>"#;
        assert_eq!(
            times(report),
            [(3.204, "disks", "a_failed_disk_is_seen"), (6.3, "disks", "a_disk_is_full")]
        );
    }

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
