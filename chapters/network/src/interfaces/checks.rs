//! What is wrong with the network configuration at rest.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Fix, Level, Problem, Severity};
use innkeeper_host::Host;

use super::changes::changes;
use super::inspect::inspect;
use super::state::State;
use super::{risks, validate};

/// Looks at a host.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let mut findings = inspect(host).map(|state| check(&state))?;
    for finding in findings.iter_mut().filter(|finding| finding.id == NO_IFUPDOWN2) {
        finding.fixes = install_ifupdown2(host);
    }
    Ok(findings)
}

const NO_IFUPDOWN2: &str = "network.no-ifupdown2";

/// The call that installs it; a tree that does not run installs nothing.
fn install_ifupdown2(host: &dyn Host) -> Vec<Fix> {
    if host.root().is_some() {
        return Vec::new();
    }
    vec![Fix {
        label: "Install ifupdown2".to_owned(),
        verb: "POST".to_owned(),
        path: format!("/nodes/{}/apt/install", host.node_name()),
        params: BTreeMap::from([("package".to_owned(), "ifupdown2".to_owned())]),
    }]
}

/// What is not understood, wrong, risky, or waits to be applied.
pub fn check(state: &State) -> Vec<Finding> {
    let Some(text) = state.text() else {
        return vec![finding(
            "network.not-understood",
            Level::Warning,
            format!("{} is not text", state.path()),
            state.path().to_owned(),
            "Replace it by a file that ifupdown can read.",
        )];
    };
    if state.current().is_none() {
        return Vec::new();
    }
    let config = state.config_of(text);
    let mut findings = Vec::new();
    for file in config.files() {
        if let Some(bad) = file.document.malformed().first() {
            findings.push(finding(
                "network.not-understood",
                Level::Warning,
                format!("{} is not understood and not edited here", file.path),
                format!("{}: {bad}", file.path),
                "Correct the line by hand.",
            ));
        }
    }
    findings.extend(validate::wrong(state, &config).into_iter().map(|message| {
        let advice = "Correct it before the configuration is applied.";
        finding("network.wrong", Level::Warning, message, state.path().to_owned(), advice)
    }));
    findings.extend(risks::all(state, &config).into_iter().map(|risk| {
        let level = match risk.severity {
            Severity::Notice => Level::Info,
            Severity::Warning | Severity::Danger => Level::Warning,
        };
        finding(risk.id, level, risk.message, risk.about.join(", "), risk.avoid)
    }));
    if let Some(diff) = changes(state) {
        let lines = diff.lines().skip(2).filter(|line| line.starts_with(['+', '-'])).count();
        findings.push(finding(
            "network.staged",
            Level::Info,
            "Network changes are staged and not applied".to_owned(),
            format!("{lines} lines differ"),
            "They take effect at the next boot. 'innkeeper network changes' shows them, 'innkeeper network revert' discards them.",
        ));
    }
    if !state.ifupdown2 {
        findings.push(finding(
            NO_IFUPDOWN2,
            Level::Advice,
            "ifupdown2 is not installed".to_owned(),
            "/usr/share/ifupdown2".to_owned(),
            "Install it with 'innkeeper updates install ifupdown2': without it, network changes need a reboot.",
        ));
    }
    findings
}

fn finding(id: &str, level: Level, message: String, evidence: String, advice: &str) -> Finding {
    let advice = advice.to_owned();
    Finding { id: id.to_owned(), level, message, evidence, advice, fixes: Vec::new() }
}
