//! What an upgrade of systemd or of the kernel may do to names.

use innkeeper_change::{Hazard, Problem, Severity};
use innkeeper_host::Host;

use super::checks::used;
use super::inspect::{Fate, State, inspect};
use super::pinned_scheme::{self, KEY};

/// What is at risk: systemd from one version to another, kernels that are new. Who cannot look has nothing to say.
pub fn risks(host: &dyn Host, systemd: Option<(&str, &str)>, kernels: &[String]) -> Vec<Hazard> {
    look(host, systemd, kernels).unwrap_or_default()
}

fn look(host: &dyn Host, systemd: Option<(&str, &str)>, kernels: &[String]) -> Result<Vec<Hazard>, Problem> {
    let major = |version: &str| version.split(|c: char| !c.is_ascii_digit()).next().map(str::to_owned);
    let systemd = systemd.map(|(old, new)| (major(old), major(new))).filter(|(old, new)| old != new);
    if systemd.is_none() && kernels.is_empty() {
        return Ok(Vec::new());
    }
    let state = inspect(host)?;
    let line = pinned_scheme::inspect(host)?.line;
    let scheme = line.value(KEY).or_else(|| line.running_value(KEY).map(str::to_owned));
    let loose = loose(&state, &used(host)?);
    Ok(of(&loose, systemd.map(|(_, new)| new.unwrap_or_default()).as_deref(), scheme.as_deref(), kernels))
}

/// Cards that the configuration names and no link file does.
pub fn loose<'s>(state: &'s State, files: &[String]) -> Vec<&'s str> {
    let named = |name: &str| files.iter().any(|text| super::rename::interfaces::names(text, name));
    let cards = state.cards().filter(|card| !matches!(state.fate(card), Fate::Pinned(..)));
    cards.map(|card| card.name.as_str()).filter(|name| named(name)).collect()
}

/// The same of what is known: the cards, the new systemd, the scheme on the command line, the new kernels.
pub fn of(loose: &[&str], systemd: Option<&str>, scheme: Option<&str>, kernels: &[String]) -> Vec<Hazard> {
    if loose.is_empty() {
        return Vec::new();
    }
    let cards = loose.join(", ");
    let mut hazards = Vec::new();
    if let (Some(version), None) = (systemd, scheme) {
        hazards.push(Hazard::new(
            "nic.systemd-may-rename",
            Severity::Warning,
            format!(
                "systemd {version} may bring a newer naming scheme: {cards} may have other names after the restart, and what names \
                 them in /etc/network/interfaces would not be brought up."
            ),
            "Pin the names of the cards (innkeeper nic pin), or the scheme (innkeeper nic scheme pin).",
        ));
    }
    if !kernels.is_empty() {
        hazards.push(Hazard::new(
            "nic.kernel-may-rename",
            Severity::Notice,
            format!("A new kernel may say something else of network cards: no link file keeps the names of {cards}."),
            "Pin the names of the cards: innkeeper nic pin.",
        ));
    }
    hazards
}
