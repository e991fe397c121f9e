//! Names that will be other ones after the next start, and links that do not work.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Level, Problem};
use innkeeper_host::{Host, read_config};

use super::inspect::{Fate, State, inspect};

/// Looks at a host.
///
/// # Errors
/// When neither kernel nor tree can be looked at.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let state = inspect(host)?;
    let cmdline = read_config(host, "/proc/cmdline".into()).ok().flatten().unwrap_or_default();
    let mut findings = renamed(&state);
    // the links of another system's tree are at rest
    if host.root().is_none() {
        findings.extend(crate::kernel::checks::check(&state.kernel));
    }
    findings.extend(without_ipv6(&cmdline));
    Ok(findings)
}

/// Cards that a link file calls something else than they are called now.
pub fn renamed(state: &State) -> Vec<Finding> {
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut findings = Vec::new();
    for card in state.cards() {
        let Fate::Pinned(found, name) = state.fate(card) else { continue };
        wanted.entry(name).or_default().push(&card.name);
        if name == card.name {
            continue;
        }
        findings.push(Finding {
            id: "nic.renamed-at-boot".to_owned(),
            level: Level::Warning,
            message: format!("from the next start on the card '{}' is called '{name}'", card.name),
            evidence: format!("{}: Name={name}", found.path),
            advice: format!(
                "Let /etc/network/interfaces name it '{name}' before the next start, or remove the link file."
            ),
            fixes: Vec::new(),
        });
    }
    for (name, cards) in wanted.into_iter().filter(|(_, cards)| cards.len() > 1) {
        findings.push(Finding {
            id: "nic.name-given-twice".to_owned(),
            level: Level::Warning,
            message: format!("link files call several cards '{name}', and only one of them can get the name"),
            evidence: format!("cards: {}", cards.join(", ")),
            advice: "Give each card a name of its own.".to_owned(),
            fixes: Vec::new(),
        });
    }
    findings
}

/// IPv6 that is switched off on the kernel command line, which some programs do not cope with.
pub fn without_ipv6(cmdline: &str) -> Option<Finding> {
    let word = cmdline.split_ascii_whitespace().find(|word| *word == "ipv6.disable=1")?;
    Some(Finding {
        id: "network.ipv6-disabled-on-the-command-line".to_owned(),
        level: Level::Info,
        message: "IPv6 is switched off on the kernel command line".to_owned(),
        evidence: format!("/proc/cmdline: {word}"),
        advice: "Where it has to be off, net.ipv6.conf.all.disable_ipv6 = 1 in a file of /etc/sysctl.d does it, and programs find \
                 the protocol that they expect."
            .to_owned(),
        fixes: Vec::new(),
    })
}
