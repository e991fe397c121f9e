//! Names that will be other ones after the next start, and links that do not work.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Level, Problem};
use innkeeper_host::{CONFIG_LIMIT, Host, HostError, read_config};

use super::inspect::{Fate, Found, State, inspect};
use crate::format::{Document, Head};
use crate::kernel::Link;

const LIVE: &str = "/etc/network/interfaces";
/// It is put in the live one's place at the next start.
const STAGED: &str = "/etc/network/interfaces.new";

/// Looks at a host.
///
/// # Errors
/// When neither kernel nor tree can be looked at.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let state = inspect(host)?;
    let cmdline = read_config(host, "/proc/cmdline".into()).ok().flatten().unwrap_or_default();
    let mut findings = renamed(&state, &configuration(host)?);
    // the links of another system's tree are at rest
    if host.root().is_none() {
        findings.extend(crate::kernel::checks::check(&state.kernel));
    }
    findings.extend(without_ipv6(&cmdline));
    Ok(findings)
}

/// What the next start will read: what is staged, or what is there. Text that is none names nothing, and is a finding elsewhere.
fn configuration(host: &dyn Host) -> Result<String, Problem> {
    let text = |path: &str| {
        host.read(path.into(), CONFIG_LIMIT).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    match text(STAGED).or_else(|_| text(LIVE)) {
        Ok(text) => Ok(text),
        Err(HostError::NotFound { .. }) => Ok(String::new()),
        Err(error) => Err(error.into()),
    }
}

/// The line that names a card: as an interface, a port, a member, the carrier of a VLAN, in a command.
fn named_on(interfaces: &Document<'_>, card: &str) -> Option<usize> {
    let is_card = |word: &str| {
        word.strip_prefix(card).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
    };
    interfaces.stanzas().iter().find_map(|stanza| {
        let in_head = match &stanza.head {
            Head::Iface { name, .. } => is_card(name.text),
            Head::Allow { names, .. } => names.iter().any(|name| is_card(name.text)),
            _ => false,
        };
        if in_head {
            return Some(stanza.line);
        }
        let mut options = stanza.options();
        options.find(|option| option.value.split_ascii_whitespace().any(is_card)).map(|option| option.line)
    })
}

/// Cards that a link file calls something else than they are called now, and what of `interfaces` goes with the old name.
pub fn renamed(state: &State, interfaces: &str) -> Vec<Finding> {
    let interfaces = Document::parse(interfaces);
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut findings = Vec::new();
    for card in state.cards() {
        let Fate::Pinned(found, name) = state.fate(card) else { continue };
        wanted.entry(name).or_default().push(&card.name);
        if name != card.name {
            findings.push(other_name(card, name, found, named_on(&interfaces, &card.name)));
        }
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

fn other_name(card: &Link, name: &str, found: &Found, line: Option<usize>) -> Finding {
    let (level, lost) = match line {
        Some(_) => {
            (Level::Critical, ", and what names it in the network configuration will not be brought up")
        }
        None => (Level::Info, ""),
    };
    let seen = line
        .map(|line| format!("; /etc/network/interfaces:{line} names '{}'", card.name))
        .unwrap_or_default();
    Finding {
        id: "nic.renamed-at-boot".to_owned(),
        level,
        message: format!("from the next start on the card '{}' is called '{name}'{lost}", card.name),
        evidence: format!("{}: Name={name}{seen}", found.path),
        advice: format!(
            "Let the configuration name it '{name}' before the next start, or remove the link file."
        ),
        fixes: Vec::new(),
    }
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
