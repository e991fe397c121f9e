//! The units of the package, as systemd itself judges them.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests play the world outside: files, processes; and fail by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn units(extension: &str) -> Vec<PathBuf> {
    let found = std::fs::read_dir(repository().join("packaging/systemd")).unwrap();
    let mut units: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
    units.retain(|path| path.extension().is_some_and(|found| found == extension));
    units.sort();
    units
}

fn analyze(args: &[&str], unit: &Path) -> (bool, String) {
    let output = Command::new("/usr/bin/systemd-analyze").args(args).arg(unit).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said.into_owned())
}

/// The guide says how exposed each service is; a unit that is loosened changes the guide.
#[test]
fn machine_the_exposure_in_the_guide_is_what_systemd_says() {
    let guide = std::fs::read_to_string(repository().join("docs/guide/services.md")).unwrap();
    for unit in units("service") {
        let (_, said) = analyze(&["security", "--offline=true", "--no-pager"], &unit);
        let name = unit.file_name().unwrap().to_str().unwrap();
        let (_, score) = said.split_once(&format!("exposure level for {name}: ")).unwrap();
        let score = score.split(' ').next().unwrap();
        let row = format!("| `{name}` | {score} |");
        assert!(guide.contains(&row), "docs/guide/services.md does not say: {row}");
    }
}

/// What systemd does not understand it ignores: a misspelt option of the sandbox would protect nobody.
#[test]
fn machine_systemd_understands_every_line_of_the_units() {
    for extension in ["service", "socket", "timer"] {
        for unit in units(extension) {
            let (_, said) = analyze(&["verify", "--man=no", "--recursive-errors=no"], &unit);
            let complaints: Vec<_> = said
                .lines()
                .filter(|line| line.contains("innkeeper"))
                // the program is not installed where this is tested
                .filter(|line| !line.contains("is not executable"))
                .collect();
            assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        }
    }
}
