//! (State, Kernel) → [`Topology`]. Pure.

use std::collections::{BTreeMap, BTreeSet};

use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use crate::apply::{Effect, Fate, effects};
use crate::interfaces::config::{Config, Family, Interface};
use crate::interfaces::field::Field;
use crate::interfaces::inspect::is_guest_port;
use crate::interfaces::kind::{self, alias_of_name};
use crate::interfaces::state::State;
use crate::interfaces::validate::port_field;
use crate::kernel::{Kernel, Kind, Link, Scope};

/// Everything, and what carries what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NetworkTopology)]
pub struct Topology {
    /// What there is and what will be, by name; `lo` left out.
    pub nodes: Vec<Node>,
    /// What carries what.
    pub ties: Vec<Tie>,
}

/// An interface, or the network card of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TopologyNode)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// 1 when a file configures it, or will once what is staged is applied.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub configured: bool,
    /// 1 when it is there now.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub exists: bool,
    /// 1 when it was told to be up.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub up: bool,
    /// 1 when something is at the other end of its wire.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub carrier: bool,
    /// Mbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<u32>,
    /// Greatest packet, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// Hardware address; of a card the one that its maker gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Addresses that it has now, with the lengths of their networks; those of the link left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Its other names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub altnames: Vec<String>,
    /// The kernel's driver, of cards only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Its place on the PCI bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pci: Option<String>,
    /// How a bond works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_mode: Option<String>,
    /// 1 for the member that its bond sends through, 0 for one that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_active: Option<u8>,
    /// The tag of a VLAN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// What becomes of it when what is staged is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// The options that differ then: `mtu 1500 -> 9000`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
    /// Whose card it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest: Option<Guest>,
}

/// What something in the picture is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = TopologyKind)]
pub enum NodeKind {
    /// A card.
    Card,
    /// Several as one.
    Bond,
    /// A VLAN on another interface.
    Vlan,
    /// A virtual switch of the kernel.
    Bridge,
    /// A virtual switch of Open vSwitch.
    OvsBridge,
    /// A port of this host on a virtual switch of Open vSwitch.
    OvsPort,
    /// A tunnel.
    Vxlan,
    /// The card of a guest.
    Guest,
    /// Anything else.
    #[default]
    Other,
}

/// What becomes of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = TopologyPending)]
pub enum Pending {
    /// It is made.
    New,
    /// It changes while it is up.
    Changed,
    /// It goes down for a moment.
    Restarted,
    /// It is not configured any more.
    Removed,
}

/// A guest's card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TopologyGuest)]
pub struct Guest {
    /// Number of the guest.
    pub vmid: u32,
    /// Which of its cards: `net0` is 0.
    pub net: u32,
}

/// One carries the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = TopologyTie)]
pub struct Tie {
    /// The one below: a card under its bond, a port under its bridge.
    pub lower: String,
    /// The one above.
    pub upper: String,
    /// 1 when it is so now.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub now: bool,
    /// 1 when it will be so once what is staged is applied; of what nobody configures, as it is now.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub then: bool,
}

/// Puts together what the files say and what the kernel has.
pub fn topology(state: &State, kernel: &Kernel) -> Topology {
    let text = |content: Option<&innkeeper_change::Content>| {
        content.and_then(|content| content.as_text()).unwrap_or_default().to_owned()
    };
    let (live, staged) = (text(state.live.as_ref()), text(state.current()));
    let (old, new) = (state.config_of(&live), state.config_of(&staged));
    let effects: BTreeMap<String, Effect> =
        effects(&old, &new).into_iter().map(|effect| (effect.name.clone(), effect)).collect();
    let mut nodes = BTreeMap::new();
    for link in kernel.links().filter(|link| is_shown(link)) {
        nodes.insert(link.name.clone(), of_link(link, kernel));
    }
    for (config, interface) in all(&old).chain(all(&new)) {
        let name = kernel.link(interface.name).map_or(interface.name, |link| &link.name);
        let node =
            nodes.entry(name.to_owned()).or_insert_with(|| Node { name: name.to_owned(), ..Node::default() });
        describe(node, config, interface, effects.get(interface.name));
    }
    let ties = ties(&new, kernel, &nodes);
    Topology { nodes: nodes.into_values().collect(), ties }
}

fn all<'c, 'a>(config: &'c Config<'a>) -> impl Iterator<Item = (&'c Config<'a>, &'c Interface<'a>)> {
    let drawn = |interface: &&Interface<'_>| {
        interface.kind != kind::Kind::Loopback && alias_of_name(interface.name).is_none()
    };
    config.interfaces().iter().filter(drawn).map(move |interface| (config, interface))
}

/// Bridges and pairs between a guest's card and its bridge, which a firewall puts there, are not in the picture.
fn is_shown(link: &Link) -> bool {
    let inside = ["fwbr", "fwpr", "fwln"].iter().any(|prefix| link.name.starts_with(prefix));
    !(inside || matches!(link.kind, Kind::Loopback) || link.name == "ovs-system")
}

fn of_link(link: &Link, kernel: &Kernel) -> Node {
    let guest = guest(&link.name);
    let bond = match &link.kind {
        Kind::Bond(bond) => Some(bond),
        _ => None,
    };
    let global = link.addresses.iter().filter(|address| address.scope == Scope::Global);
    // a bond is as fast as its members together, which sysfs knows; of a switch there is no speed
    let has_speed = matches!(link.kind, Kind::Physical | Kind::Bond(_)) && link.carrier;
    Node {
        name: link.name.clone(),
        kind: match &link.kind {
            _ if guest.is_some() => NodeKind::Guest,
            Kind::Physical => NodeKind::Card,
            Kind::Bond(_) => NodeKind::Bond,
            Kind::Vlan { .. } => NodeKind::Vlan,
            Kind::Bridge { .. } => NodeKind::Bridge,
            Kind::Vxlan { .. } => NodeKind::Vxlan,
            _ => NodeKind::Other,
        },
        exists: true,
        up: link.up,
        carrier: link.carrier,
        speed: link.speed.filter(|_| has_speed),
        mtu: Some(link.mtu),
        mac: link.permanent_mac.clone().or_else(|| link.mac.clone()),
        addresses: global.map(|address| format!("{}/{}", address.address, address.prefix)).collect(),
        altnames: link.altnames.clone(),
        driver: link.driver.clone(),
        pci: link.pci.clone(),
        bond_mode: bond.map(|bond| bond.mode.clone()).filter(|mode| !mode.is_empty()),
        bond_active: link.bond_member.as_ref().map(|member| match &link.master {
            // where one member is used, the bond says which
            Some(master) => is_active(kernel, master, link, member.active),
            None => member.active.into(),
        }),
        vlan: match &link.kind {
            Kind::Vlan { id, .. } => *id,
            _ => None,
        },
        guest,
        ..Node::default()
    }
}

fn is_active(kernel: &Kernel, master: &str, link: &Link, active: bool) -> u8 {
    match kernel.link(master).map(|master| &master.kind) {
        Some(Kind::Bond(bond)) => match &bond.active {
            Some(used) => (*used == link.name).into(),
            None => active.into(),
        },
        _ => active.into(),
    }
}

/// What the files say about it; the staged one comes last, and has the last word.
fn describe(node: &mut Node, config: &Config<'_>, interface: &Interface<'_>, effect: Option<&Effect>) {
    node.configured = true;
    let told = match interface.kind {
        kind::Kind::Eth => NodeKind::Card,
        kind::Kind::Bond | kind::Kind::OVSBond => NodeKind::Bond,
        kind::Kind::Vlan => NodeKind::Vlan,
        kind::Kind::Bridge => NodeKind::Bridge,
        kind::Kind::OVSBridge => NodeKind::OvsBridge,
        kind::Kind::OVSPort | kind::Kind::OVSIntPort => NodeKind::OvsPort,
        kind::Kind::Vxlan => NodeKind::Vxlan,
        _ => NodeKind::Other,
    };
    // a port of Open vSwitch may be a card, as the kernel knows
    if !(node.kind == NodeKind::Card || told == NodeKind::Other && node.exists) {
        node.kind = told;
    }
    if interface.kind == kind::Kind::Vlan && node.vlan.is_none() {
        node.vlan = config.vlan(interface).1.and_then(|id| id.parse().ok());
    }
    if !node.exists {
        node.mtu = config.value(interface, Field::Mtu).and_then(|mtu| mtu.parse().ok());
        node.bond_mode = config.value(interface, Field::BondMode).map(str::to_owned);
        node.addresses = [Family::V4, Family::V6]
            .into_iter()
            .filter_map(|family| config.address(interface, family))
            .map(|(address, length)| match length {
                Some(length) => format!("{address}/{length}"),
                None => address.to_owned(),
            })
            .collect();
    }
    if let Some(effect) = effect {
        node.pending = Some(match effect.fate {
            Fate::Made => Pending::New,
            Fate::Changed => Pending::Changed,
            Fate::Restarted => Pending::Restarted,
            Fate::Removed => Pending::Removed,
        });
        node.differences.clone_from(&effect.differences);
    }
}

/// The card that a port of a guest is: `tap100i0` of a virtual machine, `veth101i1` of a container.
fn guest(name: &str) -> Option<Guest> {
    let rest = name.strip_prefix("tap").or_else(|| name.strip_prefix("veth"))?;
    let (vmid, net) = rest.split_once('i')?;
    Some(Guest { vmid: vmid.parse().ok()?, net: net.parse().ok()? })
}

/// The bridge that a port of a guest is on, through the bridge of a firewall where there is one: `fwbr100i0`, whose other end
/// `fwpr100p0` is on the guest's bridge.
fn switch_of<'k>(link: &'k Link, kernel: &'k Kernel) -> Option<&'k str> {
    let master = link.master.as_deref()?;
    let Some((vmid, net)) = master.strip_prefix("fwbr").and_then(|rest| rest.split_once('i')) else {
        return Some(master);
    };
    kernel.link(&format!("fwpr{vmid}p{net}"))?.master.as_deref()
}

fn ties(new: &Config<'_>, kernel: &Kernel, nodes: &BTreeMap<String, Node>) -> Vec<Tie> {
    let now: BTreeSet<_> =
        kernel.links().filter(|link| is_shown(link)).flat_map(|link| now(link, kernel)).collect();
    let then: BTreeSet<_> =
        new.interfaces().iter().flat_map(|interface| then(new, interface, kernel)).collect();
    let configured = |name: &str| new.get(name).is_some();
    let both: BTreeSet<&(String, String)> = now.iter().chain(&then).collect();
    let drawn =
        both.into_iter().filter(|(lower, upper)| nodes.contains_key(lower) && nodes.contains_key(upper));
    drawn
        .map(|tie| {
            let (lower, upper) = tie;
            let is_now = now.contains(tie);
            // guests and what others made stay where they are, as long as what they are on stays
            let foreign =
                is_guest_port(lower) && configured(upper) || !configured(upper) && !nodes[upper].configured;
            Tie {
                lower: lower.clone(),
                upper: upper.clone(),
                now: is_now,
                then: then.contains(tie) || foreign && is_now,
            }
        })
        .collect()
}

fn now(link: &Link, kernel: &Kernel) -> Vec<(String, String)> {
    let mut ties: Vec<(String, String)> =
        link.members.iter().map(|member| (member.clone(), link.name.clone())).collect();
    if guest(&link.name).is_some() {
        // where there is no firewall in between, it is among the members of its bridge too
        ties.extend(switch_of(link, kernel).map(|bridge| (link.name.clone(), bridge.to_owned())));
    }
    if let (Kind::Vlan { .. }, Some(parent)) = (&link.kind, &link.parent) {
        ties.push((parent.clone(), link.name.clone()));
    }
    ties
}

fn then(config: &Config<'_>, interface: &Interface<'_>, kernel: &Kernel) -> Vec<(String, String)> {
    // a file may name a card by another of its names
    let known = |name: &str| kernel.link(name).map_or(name, |link| &link.name).to_owned();
    let upper = known(interface.name);
    match (port_field(interface.kind), interface.kind) {
        (Some(field), _) => config.list(interface, field).map(|port| (known(port), upper.clone())).collect(),
        (None, kind::Kind::Vlan) => {
            config.vlan(interface).0.map(|parent| (known(parent), upper)).into_iter().collect()
        }
        (None, kind::Kind::OVSPort | kind::Kind::OVSIntPort) => {
            let bridge = config.value(interface, Field::OvsBridge);
            bridge.map(|bridge| (upper, known(bridge))).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
