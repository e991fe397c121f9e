//! Two edits of one text made one: option by option, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::record::{InterfaceRecord, Record, StanzaRecord};
use super::replay;
use crate::format::Document;

/// An option that both changed, each in another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Conflict {
    /// The interface; empty for what belongs to none.
    pub iface: String,
    /// The option; empty when it is about the interface as a whole.
    pub option: String,
    /// What it was when the change set was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// What the change set makes of it; absent when it takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
    /// What it is now; absent when it is not there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = |value: &Option<String>| match value {
            Some(value) if self.option.is_empty() => value.clone(),
            Some(value) => format!("'{value}'"),
            None if self.option.is_empty() => "removed".to_owned(),
            None => "none".to_owned(),
        };
        let what = [self.iface.as_str(), self.option.as_str()].join(" ");
        write!(f, "{}: {} in the change set, {} now", what.trim(), value(&self.own), value(&self.current))
    }
}

/// The text that has both what `own` made of `base` and what `current` made of it: `current`, edited. What nobody changed keeps
/// every byte of it.
///
/// # Errors
/// What both changed, each in another way; nothing is merged then.
pub fn merge(base: &str, own: &str, current: &str) -> Result<String, Vec<Conflict>> {
    if base == current || own == current {
        return Ok(own.to_owned());
    }
    if base == own {
        return Ok(current.to_owned());
    }
    let documents = [base, own, current].map(Document::parse);
    let [b, o, c] = [&documents[0], &documents[1], &documents[2]].map(Record::of);
    let mut merger = Merger::default();
    let merged = merger.record(&b, &o, &c);
    if !merger.conflicts.is_empty() {
        return Err(merger.conflicts);
    }
    let text = replay::text(&documents[2], &documents[1], &merged);
    // the edits are checked against what was meant: nothing of either side may have got lost on the way
    let read = Document::parse(&text);
    if read.malformed().is_empty() && Record::of(&read) == merged {
        Ok(text)
    } else {
        let changed = || Some("changed".to_owned());
        merger.differ("", "the file as a whole", [None, changed(), changed()]);
        Err(merger.conflicts)
    }
}

#[derive(Default)]
struct Merger {
    conflicts: Vec<Conflict>,
}

/// What one of three is when at most one of two changed it.
fn three<T: Clone + PartialEq>(base: &T, own: &T, current: &T) -> Option<T> {
    if own == current || own == base {
        Some(current.clone())
    } else if current == base {
        Some(own.clone())
    } else {
        None
    }
}

/// The keys of three maps.
fn keys<'m, K: Ord, V: 'm>(maps: [&'m BTreeMap<K, V>; 3]) -> BTreeSet<&'m K> {
    maps.into_iter().flat_map(BTreeMap::keys).collect()
}

/// Options that a stanza may have several of, each of which means something by itself.
fn repeats(option: &str) -> bool {
    matches!(option, "pre-up" | "up" | "post-up" | "pre-down" | "down" | "post-down" | "vxlan-remoteip")
}

impl Merger {
    fn differ(&mut self, iface: &str, option: &str, [base, own, current]: [Option<String>; 3]) {
        let (iface, option) = (iface.to_owned(), option.to_owned());
        self.conflicts.push(Conflict { iface, option, base, own, current });
    }

    fn record(&mut self, base: &Record, own: &Record, current: &Record) -> Record {
        let mut merged = Record { rest: current.rest.clone(), ..Record::default() };
        if own.rest != base.rest && own.rest != current.rest {
            let all = [base, own, current].map(|record| Some(record.rest.join("; ")));
            self.differ("", "lines that belong to no interface", all);
        }
        for name in keys([&base.interfaces, &own.interfaces, &current.interfaces]) {
            let sides = [base, own, current].map(|record| record.interfaces.get(name).cloned());
            if let Some(interface) = self.interface(name, &sides) {
                merged.interfaces.insert(name.clone(), interface);
            }
        }
        merged
    }

    fn interface(&mut self, name: &str, sides: &[Option<InterfaceRecord>; 3]) -> Option<InterfaceRecord> {
        let [base, own, current] = sides;
        if let Some(merged) = three(base, own, current) {
            return merged;
        }
        let whole = |side: &Option<InterfaceRecord>| side.as_ref().map(|_| "changed".to_owned());
        let (Some(o), Some(c)) = (own, current) else {
            self.differ(name, "", [None, whole(own), whole(current)]);
            return None;
        };
        let empty = InterfaceRecord::default();
        let (new, b) = (base.is_none(), base.as_ref().unwrap_or(&empty));
        let mut merged = InterfaceRecord::default();
        for class in [&b.starts, &o.starts, &c.starts].into_iter().flatten() {
            let [in_base, in_own, in_current] = [b, o, c].map(|side| side.starts.contains(class));
            // yes and no: two who changed it agree; of an interface that is new for both they may not
            if new && in_own != in_current {
                let said = |on: bool| on.then(|| "yes".to_owned());
                self.differ(name, class, [None, said(in_own), said(in_current)]);
            } else if three(&in_base, &in_own, &in_current) == Some(true) {
                merged.starts.insert(class.clone());
            }
        }
        for key in keys([&b.stanzas, &o.stanzas, &c.stanzas]) {
            let sides = [b, o, c].map(|side| side.stanzas.get(key).cloned());
            let stanza = self.stanza(name, &key.0, &sides);
            merged.stanzas.extend(stanza.map(|stanza| (key.clone(), stanza)));
        }
        Some(merged)
    }

    fn stanza(
        &mut self,
        name: &str,
        family: &str,
        sides: &[Option<StanzaRecord>; 3],
    ) -> Option<StanzaRecord> {
        let [base, own, current] = sides;
        if let Some(merged) = three(base, own, current) {
            return merged;
        }
        let head = format!("iface {name} {family}");
        let method = |side: &Option<StanzaRecord>| side.as_ref().map(|stanza| stanza.method.clone());
        let (Some(o), Some(c)) = (own, current) else {
            self.differ(name, head.trim(), [method(base), method(own), method(current)]);
            return None;
        };
        let empty = StanzaRecord { method: c.method.clone(), ..StanzaRecord::default() };
        let b = base.as_ref().unwrap_or(&empty);
        let mut merged = StanzaRecord::default();
        match three(&b.method, &o.method, &c.method) {
            Some(method) if base.is_some() || o.method == c.method => merged.method = method,
            _ => self.differ(name, head.trim(), [method(base), method(own), method(current)]),
        }
        match three(&b.comments, &o.comments, &c.comments) {
            Some(comments) => merged.comments = comments,
            None => {
                let all = [b, o, c].map(|side| said(&side.comments));
                self.differ(name, "comments", all);
            }
        }
        self.options(name, base.is_none(), [b, o, c], &mut merged);
        Some(merged)
    }

    /// `new`: neither side knew of the other's stanza, so that even an option that only one of them has is a difference.
    fn options(&mut self, name: &str, new: bool, sides: [&StanzaRecord; 3], merged: &mut StanzaRecord) {
        let values = |option: &str| sides.map(|side| side.options.get(option).cloned().unwrap_or_default());
        for option in keys(sides.map(|side| &side.options)) {
            let [b, o, c] = values(option);
            let list = if new && o != c { None } else { list(option, &b, &o, &c) };
            match list {
                Some(values) if values.is_empty() => {}
                Some(values) => _ = merged.options.insert(option.clone(), values),
                None => self.differ(name, option, [b, o, c].map(|side| said(&side))),
            }
        }
        // an address and its mask on a line of its own are one thing
        let [address, mask] = ["address", "netmask"].map(values);
        let changed = |by: usize| address[by] != address[0] || mask[by] != mask[0];
        let differ = address[1] != address[2] || mask[1] != mask[2];
        let known = self.conflicts.iter().any(|one| one.iface == name && one.option == "address");
        if mask.iter().any(|mask| !mask.is_empty()) && changed(1) && changed(2) && differ && !known {
            let all = [0, 1, 2].map(|side| said(&[&address[side][..], &mask[side][..]].concat()));
            self.differ(name, "address", all);
        }
    }
}

fn said(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join("; "))
}

/// The values of an option that have the changes of both.
fn list(option: &str, base: &[String], own: &[String], current: &[String]) -> Option<Vec<String>> {
    let [b, o, c] = [base, own, current].map(<[String]>::to_vec);
    if let Some(values) = three(&b, &o, &c) {
        return Some(values);
    }
    let several = [&b, &o, &c].iter().any(|values| values.len() > 1);
    let [sb, so, sc] = [&b, &o, &c].map(|values| values.iter().collect::<BTreeSet<_>>());
    let repeated = sb.len() < b.len() || so.len() < o.len() || sc.len() < c.len();
    // another order of the same is a change, too, and one that cannot be told apart
    let only_order = so == sb || sc == sb;
    if !(several || repeats(option)) || repeated || only_order {
        return None;
    }
    let both_took = sb.iter().any(|value| !so.contains(value) && !sc.contains(value));
    let somebody_gave = so.union(&sc).any(|value| !sb.contains(value));
    if both_took && somebody_gave {
        return None;
    }
    let kept = c.iter().filter(|value| so.contains(value) || !sb.contains(value));
    let added = o.iter().filter(|value| !sb.contains(value) && !sc.contains(value));
    Some(kept.chain(added).cloned().collect())
}
