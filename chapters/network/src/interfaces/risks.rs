//! What is risky about a configuration although it can be applied: for plans as hazards, for a host at rest as findings.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use innkeeper_change::{Hazard, Severity};

use super::config::{Config, Family, Interface, ip};
use super::field::Field;
use super::kind::{Kind, is_bond_name, is_bridge_name, is_physical_name, kind_of_name};
use super::net::Net;
use super::state::State;
use super::validate::port_field;
use super::view::is_vlan_aware;

/// Something risky about one or two interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// Stable id.
    pub id: &'static str,
    /// How bad it would be.
    pub severity: Severity,
    /// The interfaces it is about.
    pub about: Vec<String>,
    /// One sentence.
    pub message: String,
    /// How to avoid it.
    pub avoid: &'static str,
}

/// Every risk, in a stable order.
pub fn all(state: &State, config: &Config<'_>) -> Vec<Risk> {
    let mut risks = Vec::new();
    for interface in config.interfaces() {
        risks.extend(gateway(config, interface, Family::V4));
        risks.extend(gateway(config, interface, Family::V6));
        risks.extend(hardware(state, config, interface));
        risks.extend(layer(config, interface));
        risks.extend(path_mtu(config, interface));
        risks.extend(other_type(interface));
        risks.extend(speeds(state, config, interface));
        risks.extend(announced(state, config, interface));
    }
    networks(config, &mut risks);
    risks
}

/// Debian's ifupdown2 complains about `inet6 auto` and passes over it: what the address comes from then is the kernel alone.
fn announced(state: &State, config: &Config<'_>, interface: &Interface<'_>) -> Option<Risk> {
    let is_auto = config.method(interface, Family::V6) == Some("auto");
    (state.ifupdown2 && is_auto).then(|| Risk {
        id: "network.inet6-auto",
        severity: Severity::Notice,
        about: vec![interface.name.to_owned()],
        message: format!(
            "ifupdown2 does not know 'inet6 auto' and passes over it: {} gets the addresses that a router announces as long \
             as this host does not forward IPv6.",
            interface.name
        ),
        avoid: "Configure the address by hand where it has to stay.",
    })
}

/// The risks that a change of `name` brings, and what it does to guests.
pub fn of_change(state: &State, old: &Config<'_>, new: &Config<'_>, name: &str) -> Vec<Hazard> {
    of_changes(state, old, new, &[name].into())
}

/// The risks that a change of these interfaces brings, and what it does to guests.
pub fn of_changes(state: &State, old: &Config<'_>, new: &Config<'_>, names: &BTreeSet<&str>) -> Vec<Hazard> {
    let concerns = |risk: &Risk| risk.about.iter().any(|about| names.contains(about.as_str()));
    let after: Vec<Risk> = all(state, new).into_iter().filter(concerns).collect();
    let known: Vec<Risk> =
        if after.is_empty() { Vec::new() } else { all(state, old).into_iter().filter(concerns).collect() };
    let mut hazards: Vec<Hazard> = after
        .into_iter()
        .filter(|risk| !known.contains(risk))
        .map(|risk| Hazard::new(risk.id, risk.severity, risk.message, risk.avoid))
        .collect();
    for &name in names {
        hazards.extend(guests(state, old, new, name));
        if old.get(name).is_none()
            && let Some(interface) = new.get(name)
        {
            hazards.extend(convention(interface));
        }
    }
    hazards
}

/// A bridge that goes takes the network away from the guests on it.
fn guests(state: &State, old: &Config<'_>, new: &Config<'_>, name: &str) -> Option<Hazard> {
    let ports = state.guests.get(name)?;
    let bridge = |config: &Config<'_>| config.get(name).is_some_and(|interface| interface.kind.is_bridge());
    (bridge(old) && !bridge(new)).then(|| {
        Hazard::new(
            "network.guests-on-bridge",
            Severity::Warning,
            format!(
                "{} ports of guests are attached to {name} ({}); once this is applied they have no network.",
                ports.len(),
                ports.join(", ")
            ),
            "Move the guests to another bridge first.",
        )
    })
}

/// Names by which everybody knows what an interface is.
fn convention(interface: &Interface<'_>) -> Option<Hazard> {
    let (fits, rule) = match interface.kind {
        Kind::Bridge | Kind::OVSBridge => (is_bridge_name(interface.name), "Bridges are called vmbrN"),
        Kind::Bond | Kind::OVSBond => (is_bond_name(interface.name), "Bonds are called bondN"),
        Kind::Eth => (is_physical_name(interface.name), "Physical network cards begin with 'en' or 'eth'"),
        _ => (true, ""),
    };
    (!fits).then(|| {
        Hazard::new(
            "network.name-convention",
            Severity::Notice,
            format!("{rule}; '{}' does not say what it is.", interface.name),
            "Choose a name that implies the type.",
        )
    })
}

/// A name that says another type than the options do.
fn other_type(interface: &Interface<'_>) -> Option<Risk> {
    let says = kind_of_name(interface.name);
    // one side of Open vSwitch and the other of the kernel are called alike
    let alike = matches!(
        (says, interface.kind),
        (Kind::Bridge, Kind::OVSBridge)
            | (Kind::Bond, Kind::OVSBond)
            | (Kind::Eth, Kind::OVSPort)
            | (_, Kind::OVSIntPort)
    );
    let tells = !matches!(says, Kind::Unknown | Kind::Loopback) && interface.kind != Kind::Unknown;
    (tells && says != interface.kind && !alike).then(|| Risk {
        id: "network.name-of-another-type",
        severity: Severity::Warning,
        about: vec![interface.name.to_owned()],
        message: format!(
            "'{}' is a name of the type '{}', and its options make it one of the type '{}'.",
            interface.name,
            says.word(),
            interface.kind.word()
        ),
        avoid: "Call it by a name that implies its type: others read the type from the name.",
    })
}

/// A bond of cards that are not equally fast: as fast as its slowest, or out of its aggregate.
fn speeds(state: &State, config: &Config<'_>, interface: &Interface<'_>) -> Option<Risk> {
    if !matches!(interface.kind, Kind::Bond | Kind::OVSBond) {
        return None;
    }
    let field = port_field(interface.kind)?;
    let speed = |card: &str| Some((card.to_owned(), state.devices.get(card)?.speed?));
    let found: Vec<(String, u32)> = config.list(interface, field).filter_map(speed).collect();
    let first = found.first()?.1;
    found.iter().any(|(_, speed)| *speed != first).then(|| {
        let list: Vec<String> = found.iter().map(|(card, speed)| format!("{card} {speed} Mbit/s")).collect();
        Risk {
            id: "network.bond-of-mixed-speeds",
            severity: Severity::Warning,
            about: vec![interface.name.to_owned()],
            message: format!(
                "The members of {} are not equally fast ({}): 802.3ad uses those of one speed only, and other modes share evenly.",
                interface.name,
                list.join(", ")
            ),
            avoid: "Bond cards of one speed, or use active-backup with the fastest as primary.",
        }
    })
}

/// A gateway that no network of the interface reaches.
fn gateway(config: &Config<'_>, interface: &Interface<'_>, family: Family) -> Option<Risk> {
    let gateway = config.value_of(interface, Field::Gateway, family)?;
    let parsed = ip(gateway)?;
    if matches!(parsed, IpAddr::V6(v6) if v6.segments()[0] & 0xffc0 == 0xfe80) {
        return None;
    }
    let (address, length) = config.address(interface, family)?;
    let net = Net::of(address, length)?;
    let message = if net.address == parsed {
        format!("Gateway {gateway} of {} is its own address.", interface.name)
    } else if !net.holds(parsed) {
        format!("Gateway {gateway} of {} is outside its network {address}/{}.", interface.name, net.length)
    } else {
        return None;
    };
    Some(Risk {
        id: "network.gateway-outside",
        severity: Severity::Warning,
        about: vec![interface.name.to_owned()],
        message,
        avoid: "Correct the gateway or the prefix; where the provider wants it so, add a route to the gateway itself.",
    })
}

/// Hardware that is configured and not there.
fn hardware(state: &State, config: &Config<'_>, interface: &Interface<'_>) -> Option<Risk> {
    // in a tree without a kernel nothing is there
    if state.devices.is_empty() {
        return None;
    }
    let field = port_field(interface.kind)?;
    let missing: Vec<&str> = config
        .list(interface, field)
        .filter(|port| !state.devices.contains_key(*port))
        .filter(|port| match config.get(port) {
            Some(port) => matches!(port.kind, Kind::Eth | Kind::OVSPort),
            None => is_physical_name(port),
        })
        .collect();
    (!missing.is_empty()).then(|| Risk {
        id: "network.missing-hardware",
        severity: Severity::Warning,
        about: vec![interface.name.to_owned()],
        message: format!(
            "{} is made of {}, which this host does not have.",
            interface.name,
            missing.join(", ")
        ),
        avoid: "Name a network card that is there; a changed slot or a newer kernel may have renamed it.",
    })
}

/// A VLAN belongs on the device nearest to the hardware.
fn layer(config: &Config<'_>, interface: &Interface<'_>) -> Option<Risk> {
    if interface.kind != Kind::Vlan {
        return None;
    }
    let parent = config.vlan(interface).0.and_then(|parent| config.get(parent))?;
    (parent.kind == Kind::Bridge && !is_vlan_aware(config, parent)).then(|| Risk {
        id: "network.vlan-on-plain-bridge",
        severity: Severity::Notice,
        about: vec![interface.name.to_owned(), parent.name.to_owned()],
        message: format!("VLAN {} lies on {}, which is not VLAN-aware.", interface.name, parent.name),
        avoid: "Put it on the bridge's port instead, or make the bridge VLAN-aware.",
    })
}

/// Packets larger than what a bond's interfaces let through, where the bond itself says nothing of it.
fn path_mtu(config: &Config<'_>, interface: &Interface<'_>) -> Option<Risk> {
    let own = |name: &str| {
        let interface = config.get(name)?;
        config.value(interface, Field::Mtu)?.parse::<u32>().ok()
    };
    let wanted = config.value(interface, Field::Mtu)?.parse::<u32>().ok()?;
    let parents: Vec<&str> = match interface.kind {
        Kind::Bridge => config.list(interface, Field::BridgePorts).collect(),
        Kind::Vlan => config.vlan(interface).0.into_iter().collect(),
        Kind::Bond => vec![interface.name],
        _ => return None,
    };
    let bonds = parents
        .into_iter()
        .filter_map(|parent| config.get(parent))
        .filter(|parent| parent.kind == Kind::Bond);
    // a bond hands its own size on to its interfaces
    let silent = bonds.filter(|bond| own(bond.name).is_none());
    let narrow =
        silent.flat_map(|bond| config.list(bond, Field::Slaves).map(move |slave| (bond.name, slave)));
    let (bond, slave) = narrow.into_iter().find(|(_, slave)| own(slave).unwrap_or(1500) < wanted)?;
    Some(Risk {
        id: "network.mtu-of-path",
        severity: Severity::Warning,
        about: vec![interface.name.to_owned(), bond.to_owned()],
        message: format!(
            "{} has packets of {wanted} bytes, but {slave} below {bond} lets {} through.",
            interface.name,
            own(slave).unwrap_or(1500)
        ),
        avoid: "Give the bond the same MTU.",
    })
}

/// The same address twice, and networks that overlap.
fn networks(config: &Config<'_>, risks: &mut Vec<Risk>) {
    // by family, first address, and width: the wider one first
    let mut nets: Vec<((bool, u128, u128), &str, Net)> = Vec::new();
    let mut addresses: HashMap<IpAddr, &str> = HashMap::new();
    for interface in config.interfaces() {
        for family in [Family::V4, Family::V6] {
            let Some((address, length)) = config.address(interface, family) else { continue };
            let Some(net) = Net::of(address, length) else { continue };
            if net.address.is_unspecified() || is_link_local(net.address) {
                continue;
            }
            match addresses.get(&net.address) {
                Some(other) if *other != interface.name => risks.push(Risk {
                    id: "network.duplicate-address",
                    severity: Severity::Warning,
                    about: vec![interface.name.to_owned(), (*other).to_owned()],
                    message: format!("{} has the address {address}, which {other} has, too.", interface.name),
                    avoid: "Give each interface an address of its own.",
                }),
                Some(_) => {}
                None => {
                    addresses.insert(net.address, interface.name);
                    // a single address is in the network of whatever it is routed by
                    if net.first != net.last {
                        let key = (net.address.is_ipv6(), net.first, u128::MAX - net.last);
                        nets.push((key, interface.name, net));
                    }
                }
            }
        }
    }
    // whoever begins before the end of one before overlaps it
    nets.sort_by_key(|(key, ..)| *key);
    let mut open: Option<(&str, Net)> = None;
    for (_, name, net) in nets {
        match open {
            Some((other, wide)) if wide.holds(net.address) && other != name => risks.push(Risk {
                id: "network.overlapping-networks",
                severity: Severity::Warning,
                about: vec![name.to_owned(), other.to_owned()],
                message: format!(
                    "The networks of {name} ({}/{}) and {other} ({}/{}) overlap.",
                    net.address, net.length, wide.address, wide.length
                ),
                avoid: "Give each interface a network of its own: the host sends answers by only one of them.",
            }),
            Some((_, wide)) if wide.last >= net.last && wide.address.is_ipv6() == net.address.is_ipv6() => {}
            _ => open = Some((name, net)),
        }
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80 || v6.is_loopback(),
    }
}
