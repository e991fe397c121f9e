//! New stanzas, and where they go.

use std::ops::Range;

use super::super::config::{Config, Family};
use super::super::field::Field;
use super::super::kind::{Kind, alias_of_name, kind_of_name, vlan_id_of_name, vlan_of_name};
use super::super::ovs;
use super::super::settings::{Addressing, Settings};
use crate::format::{Document, Head, Stanza};

/// The lines of a new interface.
pub(super) fn new(name: &str, kind: Kind, settings: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    if settings.autostart == Some(true) {
        lines.push(format!("auto {name}"));
    }
    let wants =
        |wanted: &Addressing| wanted.address.is_some() || wanted.method.is_some() || wanted.gateway.is_some();
    let six = wants(&settings.v6);
    let four = wants(&settings.v4) || !six;
    let families = [(four, Family::V4), (six, Family::V6)].into_iter().filter(|(has, _)| *has);
    for (number, (_, family)) in families.enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        lines.extend(of_family(name, family, settings.family(family)));
        if number == 0 {
            lines.extend(options(name, kind, settings));
        }
        let comments: &[Family] = if four && six { &[family] } else { &[Family::V4, Family::V6] };
        for family in comments {
            lines.extend(comment_lines(settings.family(*family).comments.as_deref().unwrap_or_default()));
        }
    }
    lines
}

/// Comments as lines of a file.
pub(super) fn comment_lines(text: &str) -> Vec<String> {
    let end = |c: char| c == '\\' || c.is_whitespace();
    let plain = |line: &str| {
        line.replace(|c: char| c.is_control() && c != '\t', " ").trim_end_matches(end).to_owned()
    };
    text.lines().map(|line| format!("#{}", plain(line))).collect()
}

/// The head of a family's stanza and its addresses.
pub(super) fn of_family(name: &str, family: Family, wanted: &Addressing) -> Vec<String> {
    let word = if family == Family::V4 { "inet" } else { "inet6" };
    let method = match (&wanted.method, &wanted.address) {
        (Some(method), _) => method,
        (None, Some(_)) => "static",
        (None, None) => "manual",
    };
    let mut lines = vec![format!("iface {name} {word} {method}")];
    if let Some((address, length)) = &wanted.address {
        lines.push(format!("\taddress {address}/{length}"));
    }
    if let Some(gateway) = &wanted.gateway {
        lines.push(format!("\tgateway {gateway}"));
    }
    lines
}

/// The options of an interface in the order in which the original writes them.
fn options(name: &str, kind: Kind, settings: &Settings) -> Vec<String> {
    let mut left = settings.values.clone();
    let mut lines = Vec::new();
    let mut put = |field: Field, value: Option<String>| {
        lines.extend(value.map(|value| format!("\t{} {value}", field.key())));
    };
    let listed =
        |value: Option<String>| Some(value.filter(|list| !list.is_empty()).unwrap_or("none".to_owned()));
    match kind {
        Kind::Bridge => {
            put(Field::BridgePorts, listed(left.remove(&Field::BridgePorts)));
            put(Field::BridgeStp, Some(left.remove(&Field::BridgeStp).unwrap_or("off".to_owned())));
            put(Field::BridgeFd, Some(left.remove(&Field::BridgeFd).unwrap_or("0".to_owned())));
            let vids = left.remove(&Field::BridgeVids);
            if left.remove(&Field::BridgeVlanAware).is_some_and(|on| on != "0") {
                put(Field::BridgeVlanAware, Some("yes".to_owned()));
                put(Field::BridgeVids, Some(vids.unwrap_or("2-4094".to_owned())));
            }
        }
        Kind::Bond => {
            let mode = left.remove(&Field::BondMode).unwrap_or("balance-rr".to_owned());
            let policy = left.remove(&Field::BondXmitHashPolicy);
            let primary = left.remove(&Field::BondPrimary);
            put(Field::Slaves, listed(left.remove(&Field::Slaves)));
            put(Field::BondMiimon, Some(left.remove(&Field::BondMiimon).unwrap_or("100".to_owned())));
            put(Field::BondMode, Some(mode.clone()));
            put(
                Field::BondXmitHashPolicy,
                policy.filter(|_| matches!(mode.as_str(), "balance-xor" | "802.3ad")),
            );
            put(Field::BondPrimary, primary.filter(|_| mode == "active-backup"));
        }
        Kind::Vlan => {
            let named = vlan_of_name(name);
            let (parent, id) = (left.remove(&Field::VlanRawDevice), left.remove(&Field::VlanId));
            let known = named.map(|(_, id)| id).or_else(|| vlan_id_of_name(name));
            put(Field::VlanRawDevice, parent.filter(|parent| named.is_none_or(|(known, _)| known != parent)));
            put(Field::VlanId, id.filter(|id| known != Some(id.as_str())));
        }
        _ if kind.is_ovs() => ovs_options(kind, settings, &mut left, &mut put),
        _ => {}
    }
    put(Field::Mtu, left.remove(&Field::Mtu));
    for (field, value) in left {
        put(field, Some(value));
    }
    lines
}

fn ovs_options(
    kind: Kind,
    settings: &Settings,
    left: &mut std::collections::BTreeMap<Field, String>,
    put: &mut impl FnMut(Field, Option<String>),
) {
    put(Field::OvsType, Some(kind.word().to_owned()));
    left.remove(&Field::OvsType);
    for field in [Field::OvsBridge, Field::OvsBonds, Field::OvsPorts] {
        put(field, left.remove(&field));
    }
    let mode = left.remove(&Field::BondMode).filter(|_| kind == Kind::OVSBond);
    let rest = left.remove(&Field::OvsOptions);
    put(
        Field::OvsOptions,
        ovs::Options::write(rest.as_deref(), mode.as_deref(), settings.ovs_tag.as_deref()),
    );
}

/// What an interface is made of in the end: `bond0` of `bond0.5`.
fn root_weight(name: &str, kind: Kind) -> (u8, usize) {
    let depth = name.matches(['.', ':']).count();
    match vlan_of_name(name).map(|(parent, _)| parent).or_else(|| alias_of_name(name)) {
        Some(_) => {
            let root = name.split(['.', ':']).next().unwrap_or(name);
            (kind_of_name(root).weight(), depth)
        }
        None => (kind.weight(), depth),
    }
}

/// Where a new interface goes: behind the last one of its kind, or of a kind that it may be made of. The order is what
/// ifupdown goes by; nothing that is there is moved for it.
pub(super) fn place(config: &Config<'_>, name: &str, kind: Kind) -> usize {
    let own = root_weight(name, kind);
    let document = &config.files()[0].document;
    let before = config
        .interfaces()
        .iter()
        .filter(|interface| root_weight(interface.name, interface.kind) <= own)
        .flat_map(|interface| &interface.stanzas)
        .filter(|place| place.file == 0)
        .map(|place| place.stanza)
        .max();
    match before {
        Some(stanza) => document.stanzas()[stanza].end(),
        None => before_sources(document),
    }
}

/// The end of the file, or the place in front of the lines at its end that read other files.
fn before_sources(document: &Document<'_>) -> usize {
    let sources =
        document.stanzas().iter().rev().take_while(|stanza| matches!(stanza.head, Head::Source { .. }));
    let first = sources.last();
    match (first, document.stanzas().len()) {
        (Some(first), all) if all > 0 => {
            let at = document.stanzas().iter().position(|stanza| stanza.span == first.span).unwrap_or(0);
            at.checked_sub(1).map_or(first.span.start, |before| document.stanzas()[before].end())
        }
        _ => document.text().len(),
    }
}

/// Sets new lines off by blank ones from what stands before and behind them.
pub(super) fn set_off(text: &str, at: usize, lines: &mut Vec<String>) {
    let before = &text[..at];
    let blank_before = before.is_empty() || before.ends_with("\n\n") || before.ends_with("\n\r\n");
    if !blank_before {
        lines.insert(0, String::new());
    }
    let behind = text[at..].lines().next();
    if behind.is_some_and(|line| !line.trim().is_empty()) {
        lines.push(String::new());
    }
}

/// Where a stanza ends that is taken out: comments that touch the next stanza may be meant for that one, and stay.
pub(super) fn own_end(document: &Document<'_>, stanza: &Stanza<'_>) -> usize {
    let end = stanza.end();
    let touches = document.text()[end..].lines().next().is_some_and(|line| !line.trim().is_empty());
    let last = stanza.options().last().map_or(stanza.span.end, |line| line.span.end);
    if touches { last } else { end }
}

/// Ranges that are taken out, grown over the blank lines that would be left behind.
pub(super) fn with_blanks(text: &str, mut removed: Vec<Range<usize>>) -> Vec<Range<usize>> {
    removed.sort_by_key(|span| span.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for span in removed {
        match merged.last_mut() {
            // stanzas with nothing but blanks between them go as one
            Some(last) if text.get(last.end..span.start).is_some_and(|between| between.trim().is_empty()) => {
                last.end = span.end.max(last.end);
            }
            _ => merged.push(span),
        }
    }
    for span in &mut merged {
        let is_blank = |line: &&str| !line.is_empty() && line.trim().is_empty();
        let behind = text[span.end..].split_inclusive('\n').take_while(is_blank);
        let before = text[..span.start].split_inclusive('\n').rev().take_while(is_blank).count();
        // as many stay as there were on the side that had more
        let surplus = if span.start == 0 { usize::MAX } else { before };
        span.end += behind.take(surplus).map(str::len).sum::<usize>();
        // at the end of the file it is the blank lines in front that set nothing off any more
        if span.end == text.len() {
            let kept = text[..span.start].trim_end_matches([' ', '\t', '\r', '\n']).len();
            let newline = text[kept..].find('\n').map_or(0, |at| at + 1);
            span.start = span.start.min(kept + newline);
        }
    }
    merged
}

/// Whether a comment behind these bytes would come to stand right behind a line before them.
pub(super) fn would_touch(text: &str, removed: &Range<usize>) -> bool {
    let before = text[..removed.start].split_inclusive('\n').next_back();
    let behind = text[removed.end..].lines().next().unwrap_or_default();
    before.is_some_and(|line| !line.trim().is_empty()) && behind.trim_start().starts_with('#')
}
