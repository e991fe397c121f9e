//! Ports of guests on bridges, with what would be lost if they were taken off: VLANs, flags, entries of the forwarding table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use innkeeper_change::Problem;
use innkeeper_host::{Command, Host};
use serde::Deserialize;

const BRIDGE: &str = "/usr/sbin/bridge";

/// VLANs of a port, first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
    /// What comes in without a tag belongs to it.
    pub pvid: bool,
    /// What goes out has no tag.
    pub untagged: bool,
}

/// A port of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Its name: `tap100i0`.
    pub name: String,
    /// The bridge that it is on.
    pub bridge: String,
    /// It is up.
    pub up: bool,
    /// Its VLANs; none on a bridge that does not look at them.
    pub tags: Vec<Tag>,
    /// Flags that differ from what a new port has: `learning off`.
    pub flags: Vec<(&'static str, bool)>,
    /// Hardware addresses that somebody entered, with their VLANs.
    pub entries: Vec<(String, Option<u16>)>,
}

#[derive(Deserialize)]
struct LinkRow {
    ifname: String,
    #[serde(default)]
    master: Option<String>,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    learning: Option<bool>,
    #[serde(default)]
    flood: Option<bool>,
    #[serde(default)]
    isolated: Option<bool>,
    #[serde(default)]
    hairpin: Option<bool>,
}

#[derive(Deserialize)]
struct VlanRow {
    ifname: String,
    #[serde(default)]
    vlans: Vec<VlanEntry>,
}

#[derive(Deserialize)]
struct VlanEntry {
    vlan: u16,
    #[serde(default, rename = "vlanEnd")]
    last: Option<u16>,
    #[serde(default)]
    flags: Vec<String>,
}

#[derive(Deserialize)]
struct ForwardingRow {
    mac: String,
    ifname: String,
    #[serde(default)]
    vlan: Option<u16>,
    #[serde(default)]
    master: Option<String>,
    #[serde(default)]
    state: Option<String>,
}

fn ask<T: for<'a> Deserialize<'a>>(host: &dyn Host, words: &[&str]) -> Result<Vec<T>, Problem> {
    let said = host.run(&Command::new(BRIDGE).args(words.iter().copied()))?.stdout;
    if said.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(&said)
        .map_err(|error| Problem::failed(format!("bridge {}: not understood: {error}", words.join(" "))))
}

/// The ports of guests that are on bridges of the kernel now.
///
/// # Errors
/// When bridge(8) is not there or says what is not understood.
pub(crate) fn inspect(host: &dyn Host, guests: &BTreeMap<String, Vec<String>>) -> Result<Vec<Port>, Problem> {
    if guests.is_empty() {
        return Ok(Vec::new());
    }
    let is_guest = |name: &str| guests.values().flatten().any(|port| port == name);
    let links: Vec<LinkRow> = ask(host, &["-json", "-details", "link", "show"])?;
    let mut ports = BTreeMap::new();
    for row in links.into_iter().filter(|row| is_guest(&row.ifname)) {
        let Some(bridge) = row.master.clone() else { continue };
        let flags = [
            ("learning", row.learning, true),
            ("flood", row.flood, true),
            ("isolated", row.isolated, false),
            ("hairpin", row.hairpin, false),
        ];
        let flags = flags.into_iter().filter_map(|(name, value, usual)| match value {
            Some(value) if value != usual => Some((name, value)),
            _ => None,
        });
        let up = row.flags.iter().any(|flag| flag == "UP");
        let port = Port { name: row.ifname.clone(), bridge, up, flags: flags.collect(), ..Port::default() };
        ports.insert(row.ifname, port);
    }
    for row in ask::<VlanRow>(host, &["-json", "-compressvlans", "vlan", "show"])? {
        let Some(port) = ports.get_mut(&row.ifname) else { continue };
        let tag = |entry: &VlanEntry| Tag {
            first: entry.vlan,
            last: entry.last.unwrap_or(entry.vlan),
            pvid: entry.flags.iter().any(|flag| flag == "PVID"),
            untagged: entry.flags.iter().any(|flag| flag == "Egress Untagged"),
        };
        port.tags = row.vlans.iter().map(tag).collect();
        port.tags.sort_unstable();
    }
    for row in ask::<ForwardingRow>(host, &["-json", "fdb", "show"])? {
        let Some(port) = ports.get_mut(&row.ifname) else { continue };
        if row.master.as_deref() == Some(&port.bridge) && row.state.as_deref() == Some("static") {
            port.entries.push((row.mac, row.vlan));
            port.entries.sort_unstable();
        }
    }
    Ok(ports.into_values().collect())
}

/// What ip(8) reads to put ports on their bridges; those that are there stay as they are.
pub(super) fn attach<'p>(ports: impl IntoIterator<Item = &'p Port>) -> String {
    let mut lines = String::new();
    for port in ports {
        // writing to a String cannot fail
        let up = if port.up { " up" } else { "" };
        let _ = writeln!(lines, "link set dev {} master {}{up}", port.name, port.bridge);
    }
    lines
}

/// What bridge(8) reads to give them back what they had. Nothing, when none of them had anything of its own.
pub(super) fn restore<'p>(ports: impl IntoIterator<Item = &'p Port>) -> String {
    let mut lines = String::new();
    for Port { name, tags, flags, entries, .. } in ports {
        if !tags.is_empty() && !tags.iter().any(|tag| tag.first == 1) {
            // a port that is new on a bridge is in VLAN 1; what is not there cannot be deleted, so it is added first
            let _ = writeln!(lines, "vlan add dev {name} vid 1\nvlan del dev {name} vid 1");
        }
        for Tag { first, last, pvid, untagged } in tags {
            let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
            let pvid = if *pvid { " pvid" } else { "" };
            let untagged = if *untagged { " untagged" } else { "" };
            let _ = writeln!(lines, "vlan add dev {name} vid {range}{pvid}{untagged}");
        }
        for (flag, value) in flags {
            let _ = writeln!(lines, "link set dev {name} {flag} {}", if *value { "on" } else { "off" });
        }
        for (mac, vlan) in entries {
            let vlan = vlan.map_or(String::new(), |vlan| format!(" vlan {vlan}"));
            let _ = writeln!(lines, "fdb replace {mac} dev {name} master static{vlan}");
        }
    }
    lines
}

/// What ports that are there do not have any more of what they had, a sentence for each.
pub(super) fn lost<'p>(before: &'p [Port], now: &'p [Port]) -> impl Iterator<Item = String> + 'p {
    before.iter().filter_map(|port| {
        let found = now.iter().find(|found| found.name == port.name)?;
        let tags = port.tags.iter().all(|tag| found.tags.contains(tag));
        let flags = port.flags.iter().all(|flag| found.flags.contains(flag));
        let entries = port.entries.iter().all(|entry| found.entries.contains(entry));
        let what = match (tags, flags, entries) {
            (false, ..) => "VLANs",
            (_, false, _) => "flags",
            (.., false) => "addresses",
            _ => return None,
        };
        Some(format!("{} does not have its {what} any more", port.name))
    })
}

#[cfg(test)]
mod tests {
    use super::{Port, Tag, attach, restore};

    fn port() -> Port {
        Port {
            name: "tap100i0".to_owned(),
            bridge: "vmbr0".to_owned(),
            up: true,
            tags: vec![
                Tag { first: 7, last: 7, pvid: true, untagged: true },
                Tag { first: 20, last: 29, pvid: false, untagged: false },
            ],
            flags: vec![("learning", false), ("flood", false)],
            entries: vec![("bc:24:11:00:00:01".to_owned(), Some(7))],
        }
    }

    #[test]
    fn a_port_gets_back_its_bridge_its_vlans_its_flags_and_its_addresses() {
        assert_eq!(attach([&port()]), "link set dev tap100i0 master vmbr0 up\n");
        let lines: Vec<_> = restore([&port()]).lines().map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                "vlan add dev tap100i0 vid 1",
                "vlan del dev tap100i0 vid 1",
                "vlan add dev tap100i0 vid 7 pvid untagged",
                "vlan add dev tap100i0 vid 20-29",
                "link set dev tap100i0 learning off",
                "link set dev tap100i0 flood off",
                "fdb replace bc:24:11:00:00:01 dev tap100i0 master static vlan 7",
            ]
        );
    }

    #[test]
    fn a_port_of_a_plain_bridge_has_nothing_but_its_place() {
        let plain = Port { tags: Vec::new(), flags: Vec::new(), entries: Vec::new(), ..port() };
        assert_eq!(restore([&plain]), "");
    }
}
