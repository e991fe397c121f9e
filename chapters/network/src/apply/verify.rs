//! Whether the kernel has what the files say.

use std::net::IpAddr;

use super::guests::Port;
use crate::interfaces::config::{Config, Family, Interface, ip};
use crate::interfaces::field::Field;
use crate::interfaces::kind::{Kind, alias_of_name};
use crate::kernel::{Kernel, Kind as LinkKind, Link};

/// What the kernel has otherwise than the configuration, a sentence for each. What is not brought up at boot may be as it is;
/// so may a card that is not there, and what Open vSwitch keeps to itself.
pub fn deviations(config: &Config<'_>, kernel: &Kernel) -> Vec<String> {
    let mut found = Vec::new();
    for interface in config.interfaces().iter().filter(|interface| interface.autostart) {
        let name = alias_of_name(interface.name).unwrap_or(interface.name);
        let Some(link) = kernel.link(name) else {
            let may_be_absent =
                matches!(interface.kind, Kind::Eth | Kind::OVSPort | Kind::Unknown | Kind::Alias);
            if !may_be_absent {
                found.push(format!("{name} is not there"));
            }
            continue;
        };
        if !link.up {
            found.push(format!("{name} is down"));
        }
        for family in [Family::V4, Family::V6] {
            found.extend(address(config, interface, link, family));
            found.extend(gateway(config, interface, kernel, family));
        }
        found.extend(mtu(config, interface, link));
        match interface.kind {
            Kind::Bridge => {
                found.extend(members(config, interface, Field::BridgePorts, kernel));
                found.extend(vlan_awareness(config, interface, link));
            }
            Kind::Bond => found.extend(members(config, interface, Field::Slaves, kernel)),
            Kind::Vlan => found.extend(tag(config, interface, link)),
            _ => {}
        }
    }
    found
}

/// Ports of guests that are there and not on the bridge that they were on.
pub(super) fn stray<'p>(ports: &'p [Port], kernel: &Kernel) -> impl Iterator<Item = &'p Port> {
    ports.iter().filter(|port| {
        kernel.link(&port.name).is_some_and(|link| link.master.as_deref() != Some(port.bridge.as_str()))
    })
}

fn address(config: &Config<'_>, interface: &Interface<'_>, link: &Link, family: Family) -> Option<String> {
    if config.method(interface, family).is_some_and(|method| matches!(method, "dhcp" | "auto")) {
        return None;
    }
    let (text, length) = config.address(interface, family)?;
    let wanted = ip(text)?;
    let has = |address: &&crate::kernel::Address| {
        address.address == wanted && length.is_none_or(|length| length == address.prefix)
    };
    link.addresses.iter().find(has).is_none().then(|| {
        let length = length.map_or(String::new(), |length| format!("/{length}"));
        format!("{} does not have the address {text}{length}", link.name)
    })
}

fn gateway(
    config: &Config<'_>,
    interface: &Interface<'_>,
    kernel: &Kernel,
    family: Family,
) -> Option<String> {
    let wanted: IpAddr = ip(config.value_of(interface, Field::Gateway, family)?)?;
    let leads = kernel.default_routes().iter().any(|route| route.gateway == Some(wanted));
    (!leads).then(|| format!("there is no default route over {wanted}"))
}

fn mtu(config: &Config<'_>, interface: &Interface<'_>, link: &Link) -> Option<String> {
    let wanted: u32 = config.value(interface, Field::Mtu)?.parse().ok()?;
    (link.mtu != wanted).then(|| format!("{} has the MTU {}, not {wanted}", link.name, link.mtu))
}

/// Ports that there are. Patterns (`regex`, `glob`) are ifupdown2's own affair.
fn members(config: &Config<'_>, interface: &Interface<'_>, field: Field, kernel: &Kernel) -> Vec<String> {
    let names: Vec<&str> = config.list(interface, field).collect();
    if names.iter().any(|name| matches!(*name, "regex" | "glob" | "all") || name.contains(['*', '['])) {
        return Vec::new();
    }
    let strays = names
        .iter()
        .filter_map(|name| kernel.link(name))
        .filter(|link| link.master.as_deref() != Some(interface.name));
    strays.map(|link| format!("{} is not a member of {}", link.name, interface.name)).collect()
}

fn vlan_awareness(config: &Config<'_>, interface: &Interface<'_>, link: &Link) -> Option<String> {
    let wanted = config.value(interface, Field::BridgeVlanAware)? != "no";
    match link.kind {
        LinkKind::Bridge { vlan_filtering, .. } if vlan_filtering != wanted => {
            let not = if wanted { "does not look" } else { "looks" };
            Some(format!("{} {not} at VLAN tags", link.name))
        }
        _ => None,
    }
}

fn tag(config: &Config<'_>, interface: &Interface<'_>, link: &Link) -> Option<String> {
    let (parent, id) = config.vlan(interface);
    let wanted: u16 = id?.parse().ok()?;
    match &link.kind {
        LinkKind::Vlan { id: Some(id), .. } if *id != wanted => {
            Some(format!("{} carries VLAN {id}, not {wanted}", link.name))
        }
        LinkKind::Vlan { .. } if link.parent.is_some() && link.parent.as_deref() != parent => {
            Some(format!("{} stands on {}", link.name, link.parent.as_deref().unwrap_or_default()))
        }
        _ => None,
    }
}
