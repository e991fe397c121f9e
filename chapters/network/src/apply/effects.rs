//! What becomes of each interface, in words.

use crate::format::{Head, Item, Word};
use crate::interfaces::config::{Config, Interface};
use crate::interfaces::field::Field;

/// What becomes of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is not configured any more.
    Removed,
    /// It is taken down and brought up again.
    Restarted,
    /// It changes while it is up.
    Changed,
    /// It is new.
    Made,
}

/// What becomes of one interface, and which of its options are why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub fate: Fate,
    /// The options that differ: `address 10.0.0.1/24 -> 10.0.0.2/24`.
    pub differences: Vec<String>,
}

impl Effect {
    /// As a clause: `vmbr0 changes while it is up (mtu 1500 -> 9000)`.
    pub fn in_words(&self) -> String {
        let fate = match self.fate {
            Fate::Removed => "is removed",
            Fate::Restarted => "goes down for a moment",
            Fate::Changed => "changes while it is up",
            Fate::Made => "is new",
        };
        match (&self.differences[..], self.fate) {
            ([], _) | (_, Fate::Removed | Fate::Made) => format!("{} {fate}", self.name),
            (differences, _) => format!("{} {fate} ({})", self.name, differences.join(", ")),
        }
    }
}

/// The interfaces that are not the same in both configurations, by name.
pub fn effects(old: &Config<'_>, new: &Config<'_>) -> Vec<Effect> {
    let mut found = Vec::new();
    for before in old.interfaces() {
        match new.get(before.name) {
            None => found.push(Effect {
                name: before.name.to_owned(),
                fate: Fate::Removed,
                differences: Vec::new(),
            }),
            Some(after) => found.extend(difference(old, before, new, after)),
        }
    }
    let made = new.interfaces().iter().filter(|interface| old.get(interface.name).is_none());
    found.extend(made.map(|interface| Effect {
        name: interface.name.to_owned(),
        fate: Fate::Made,
        differences: Vec::new(),
    }));
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Everything that an interface says, one entry a line: first lines, then options. Comments say nothing.
fn lines(config: &Config<'_>, interface: &Interface<'_>) -> Vec<(String, String)> {
    let mut lines = vec![("auto".to_owned(), if interface.autostart { "yes" } else { "no" }.to_owned())];
    for &place in &interface.stanzas {
        let stanza = config.stanza(place);
        if let Head::Iface { family, method, .. } = &stanza.head {
            let word = |word: Option<Word<'_>>| word.map_or(String::new(), |word| word.text.to_owned());
            lines.push((format!("method of {}", word(*family)), word(*method)));
        }
        lines.extend(stanza.items.iter().filter_map(|item| match item {
            Item::Option(line) => {
                let key = match Field::of_key(line.key) {
                    Some(field) => field.key().to_owned(),
                    None => line.key.to_owned(),
                };
                Some((key, line.value.split_whitespace().collect::<Vec<_>>().join(" ")))
            }
            Item::Comment(_) => None,
        }));
    }
    lines
}

fn difference(
    old: &Config<'_>,
    before: &Interface<'_>,
    new: &Config<'_>,
    after: &Interface<'_>,
) -> Option<Effect> {
    let (gone, come) = (lines(old, before), lines(new, after));
    let only = |these: &[(String, String)], others: &[(String, String)]| -> Vec<(String, String)> {
        these.iter().filter(|line| !others.contains(line)).cloned().collect()
    };
    let (gone, mut come) = (only(&gone, &come), only(&come, &gone));
    let mut differences = Vec::new();
    let mut keys = Vec::new();
    for (key, value) in gone {
        let successor = come.iter().position(|(other, _)| *other == key).map(|at| come.remove(at).1);
        differences.push(match successor {
            Some(after) => format!("{key} {value} -> {after}"),
            None => format!("no {key} {value}"),
        });
        keys.push(key);
    }
    for (key, value) in come {
        differences.push(format!("{key} {value}"));
        keys.push(key);
    }
    if differences.is_empty() {
        return None;
    }
    let restarts = before.kind != after.kind || keys.iter().any(|key| takes_down(key));
    let fate = if restarts { Fate::Restarted } else { Fate::Changed };
    Some(Effect { name: after.name.to_owned(), fate, differences })
}

/// Options that ifupdown2 can change only on a link that is down, or on a new one.
fn takes_down(key: &str) -> bool {
    matches!(
        Field::of_key(key),
        Some(
            Field::BondMode
                | Field::Slaves
                | Field::VlanId
                | Field::VlanRawDevice
                | Field::VlanProtocol
                | Field::VxlanId
                | Field::VxlanLocalTunnelip
                | Field::OvsType
        )
    )
}
