//! The programs that this chapter asks, with options that make them answer programs and change nothing.

use std::time::Duration;

use innkeeper_change::Problem;
use innkeeper_host::{Command, Host, HostError};

pub(crate) const APT_GET: &str = "/usr/bin/apt-get";
pub(crate) const APT_CACHE: &str = "/usr/bin/apt-cache";
/// A machine with slow disks needs a while to read its package lists.
const DEADLINE: Duration = Duration::from_secs(300);

/// What apt-get would do with these words: everything that it could be asked about is let through, because nothing is done.
/// The log of the planner is for debugging APT, and costs a quarter of the time.
pub(crate) fn simulate(words: &[&str]) -> Command {
    const ASK_NOTHING: [&str; 6] = [
        "--simulate",
        "--quiet",
        "--allow-downgrades",
        "--allow-remove-essential",
        "--option=Dir::Log::Planner=",
        "--option=APT::Get::Show-User-Simulation-Note=0",
    ];
    Command::new(APT_GET).args(ASK_NOTHING).args(words.iter().copied()).deadline(DEADLINE)
}

/// The control data of these versions, and of everything for which there is a newer one.
pub(crate) fn show(selections: impl IntoIterator<Item = String>) -> Command {
    Command::new(APT_CACHE)
        .args(["show", "--no-all-versions", "--", "?upgradable"])
        .args(selections)
        // 100 with "No packages found" where nothing can be upgraded
        .accept(&[100])
        .deadline(DEADLINE)
}

pub(crate) fn madison(names: impl IntoIterator<Item = String>) -> Command {
    Command::new(APT_CACHE).args(["madison", "--"]).args(names).deadline(DEADLINE)
}

pub(crate) fn policy() -> Command {
    Command::new(APT_CACHE).arg("policy").deadline(DEADLINE)
}

/// Runs a program; what it says when it fails is what the caller needs to know.
pub(crate) fn run(host: &dyn Host, command: &Command) -> Result<String, Problem> {
    match host.run(command) {
        Ok(output) => Ok(output.stdout),
        Err(HostError::NoCommands { .. }) => Err(Problem::Unsupported(
            "updates are those of a running system; another system's tree cannot be asked".to_owned(),
        )),
        Err(error) => Err(error.into()),
    }
}
