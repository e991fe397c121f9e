//! Names that will be other ones after the next start, names that nobody has any more, and links that do not work.

use std::collections::{BTreeMap, BTreeSet};

use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_host::{Host, read_config};

use super::inspect::{Fate, State, inspect};
use super::rename::interfaces::names;
use super::scheme::{self, Made};
use crate::format::{Document, Head};
use crate::interfaces::config::{self, Config};
use crate::interfaces::inspect::files;
use crate::interfaces::kind::{Kind, is_physical_name, vlan_of_name};
use crate::interfaces::validate::port_field;
use crate::kernel::Link;

/// Looks at a host.
///
/// # Errors
/// When neither kernel nor tree can be looked at.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let state = inspect(host)?;
    let cmdline = read_config(host, "/proc/cmdline".into()).ok().flatten().unwrap_or_default();
    let files = used(host)?;
    let mut findings = renamed(&state, files.first().map(String::as_str).unwrap_or_default());
    findings.extend(absent(&state, &files));
    // the links of another system's tree are at rest
    if host.root().is_none() {
        findings.extend(crate::kernel::checks::check(&state.kernel));
    }
    findings.extend(without_ipv6(&cmdline));
    Ok(findings)
}

/// What the next start will read: what is staged, or what is there, and the files that it reads. Text that is none names
/// nothing, and is a finding elsewhere.
pub(super) fn used(host: &dyn Host) -> Result<Vec<String>, Problem> {
    let state = files(host)?;
    let bytes = state.current().map(|content| content.as_bytes().to_vec()).unwrap_or_default();
    let own = String::from_utf8_lossy(&bytes).into_owned();
    Ok(std::iter::once(own).chain(state.sourced.into_iter().map(|(_, text)| text)).collect())
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

/// Cards that will be called something else than they are called now, and what of `interfaces` goes with the old name.
pub fn renamed(state: &State, interfaces: &str) -> Vec<Finding> {
    let interfaces = Document::parse(interfaces);
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut findings = Vec::new();
    for card in state.cards() {
        let line = named_on(&interfaces, &card.name);
        match state.fate(card) {
            Fate::Pinned(found, name) => {
                wanted.entry(name).or_default().push(&card.name);
                if name != card.name {
                    let evidence = format!("{}: Name={name}", found.path);
                    findings.push(other_name(card, name, evidence, line, follow(state, card, name)));
                }
            }
            Fate::Scheme => findings.extend(by_policy(state, card, line)),
            Fate::Unknown(_) => {}
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

/// A card whose name somebody gave by hand, or an older udev: at the next start it is made anew.
fn by_policy(state: &State, card: &Link, line: Option<usize>) -> Option<Finding> {
    let (key, name) = state.by_policy(card).filter(|(_, name)| *name != card.name)?;
    // the kernel's own names stay where policies are switched off
    if matches!(scheme::read(&card.name).made, Made::Order { .. }) {
        return None;
    }
    let evidence = format!("udev: ID_NET_NAME_{key}={name}");
    let keep =
        fix(state, format!("Keep the name '{}'", card.name), "/nics".to_owned(), &[("nic", &card.name)]);
    Some(other_name(card, name, evidence, line, keep))
}

fn other_name(card: &Link, name: &str, evidence: String, line: Option<usize>, fix: Fix) -> Finding {
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
        evidence: format!("{evidence}{seen}"),
        advice: format!(
            "Let the configuration name it '{name}' before the next start, or let a link file keep the name '{}'.",
            card.name
        ),
        fixes: line.map(|_| fix).into_iter().collect(),
    }
}

/// The call that makes what names a card follow.
fn follow(state: &State, card: &Link, name: &str) -> Fix {
    let label = format!("Let everything name it '{name}'");
    fix(state, label, format!("/nics/{}/rename", card.name), &[("name", name)])
}

fn fix(state: &State, label: String, path: String, params: &[(&str, &str)]) -> Fix {
    Fix {
        label,
        verb: "POST".to_owned(),
        path: format!("/nodes/{}{path}", state.node),
        params: params.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    }
}

/// Cards that the configuration names and the host does not have, while it has others that nothing names: probably the same
/// under other names.
pub fn absent(state: &State, files: &[String]) -> Vec<Finding> {
    let config = Config::parse(files.iter().map(|text| ("", text.as_str())));
    let promised: BTreeSet<String> = state.waiting().into_iter().map(|(_, then)| then).collect();
    let missing: Vec<&str> = configured_cards(&config)
        .into_iter()
        .filter(|name| !state.kernel.exists(name) && !promised.contains(*name))
        .collect();
    let named = |card: &Link| {
        std::iter::once(&card.name)
            .chain(&card.altnames)
            .any(|name| files.iter().any(|text| names(text, name)))
    };
    let waits = |card: &Link| matches!(state.fate(card), Fate::Pinned(_, name) if name != card.name);
    let free: Vec<&Link> = state.cards().filter(|card| !named(card) && !waits(card)).collect();
    if missing.is_empty() || free.is_empty() {
        return Vec::new();
    }
    missing.iter().map(|name| renamed_card(state, &config, name, &missing, &free)).collect()
}

/// Names of cards in the configuration: interfaces, ports, members, carriers of VLANs.
fn configured_cards<'c>(config: &'c Config<'_>) -> Vec<&'c str> {
    let mut found = Vec::new();
    for interface in config.interfaces() {
        if interface.kind == Kind::Eth {
            found.push(interface.name);
        }
        if let Some(field) = port_field(interface.kind) {
            found.extend(config.list(interface, field));
        }
        if interface.kind == Kind::Vlan {
            found.extend(config.vlan(interface).0);
        }
    }
    let carrier = |name: &'c str| vlan_of_name(name).map_or(name, |(parent, _)| parent);
    let mut seen = BTreeSet::new();
    found
        .into_iter()
        .map(carrier)
        .filter(|name| is_physical_name(name) && config.get(name).is_none_or(|one| one.kind == Kind::Eth))
        .filter(|name| seen.insert(*name))
        .collect()
}

fn renamed_card(state: &State, config: &Config<'_>, name: &str, missing: &[&str], free: &[&Link]) -> Finding {
    let likely = by_address(state, config, name, free).or(match (missing, free) {
        // nobody else can be meant
        ([_], [only]) => Some(*only),
        _ => None,
    });
    let cards: Vec<String> = free.iter().map(|card| in_words(card)).collect();
    let (advice, fixes) = match likely {
        Some(card) => (
            format!("If '{}' is the card that was called '{name}', let it be called so again.", card.name),
            vec![fix(
                state,
                format!("Call '{}' '{name}' again", card.name),
                format!("/nics/{}/rename", card.name),
                &[("name", name)],
            )],
        ),
        None => (
            format!(
                "Find out by hardware address which card was called '{name}': innkeeper nic rename CARD {name}."
            ),
            Vec::new(),
        ),
    };
    Finding {
        id: "nic.absent".to_owned(),
        level: Level::Critical,
        message: format!(
            "the network configuration names the card '{name}', which is not there, while a card is that nothing names"
        ),
        evidence: format!("not configured: {}", cards.join("; ")),
        advice,
        fixes,
    }
}

fn in_words(card: &Link) -> String {
    let place = card.pci.as_deref().map(|pci| format!(", PCI {pci}")).unwrap_or_default();
    format!("{} ({}{place})", card.name, card.permanent_mac.as_deref().unwrap_or("no hardware address"))
}

/// The card whose hardware address somebody wrote down beside the name: in a stanza, or in a link file.
fn by_address<'l>(state: &State, config: &Config<'_>, name: &str, free: &[&'l Link]) -> Option<&'l Link> {
    let stanzas = config.get(name).map(|interface| interface.stanzas.clone()).unwrap_or_default();
    let options = stanzas.iter().flat_map(|place| config.stanza(*place).options());
    let written =
        options.filter(|line| line.key.starts_with("hwaddress")).flat_map(|line| config::names(&line.value));
    let mut addresses: Vec<String> = written.map(str::to_lowercase).collect();
    let files = state.files.iter().filter(|found| found.file.gives() == Some(name));
    let pinned = files.flat_map(|found| &found.file.matches).filter(|(key, _)| key.ends_with("MACAddress"));
    addresses.extend(pinned.flat_map(|(_, value)| value.split_ascii_whitespace()).map(str::to_lowercase));
    let own = |card: &&&Link| {
        card.permanent_mac.as_ref().is_some_and(|mac| addresses.contains(&mac.to_lowercase()))
    };
    free.iter().find(own).copied()
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
