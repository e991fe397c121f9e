//! What is cut off when a configuration is applied.

use std::collections::BTreeSet;
use std::net::IpAddr;

use innkeeper_change::{Hazard, Severity};
use innkeeper_rest::origin::Session;

use super::effects::{Effect, Fate};
use super::inspect::Situation;
use crate::interfaces::config::{Config, Family, Interface, ip};
use crate::interfaces::field::Field;
use crate::interfaces::net::Net;
use crate::kernel::Link;

const FAMILIES: [(Family, &str); 2] = [(Family::V4, "IPv4"), (Family::V6, "IPv6")];

/// What is at risk when `new` comes in the place of `old`.
pub(super) fn of(
    situation: &Situation,
    old: &Config<'_>,
    new: &Config<'_>,
    effects: &[Effect],
) -> Vec<Hazard> {
    let mut hazards = Vec::new();
    for (family, word) in FAMILIES {
        hazards.extend(default_route(old, new, effects, family, word));
    }
    hazards.extend(session(situation, old, new, effects));
    hazards.extend(name_servers(situation, old, new));
    hazards.extend(cluster(situation, old, new));
    hazards.extend(guests(situation, old, new));
    hazards
}

fn fate(effects: &[Effect], name: &str) -> Option<Fate> {
    effects.iter().find(|effect| effect.name == name).map(|effect| effect.fate)
}

fn gateways<'c>(config: &'c Config<'_>, family: Family) -> Vec<(&'c str, &'c str)> {
    let of = |interface: &'c Interface<'_>| {
        Some((interface.name, config.value_of(interface, Field::Gateway, family)?))
    };
    config.interfaces().iter().filter_map(of).collect()
}

/// Somebody else may hand out a gateway.
fn is_dynamic(config: &Config<'_>, family: Family) -> bool {
    config
        .interfaces()
        .iter()
        .any(|interface| matches!(config.method(interface, family), Some("dhcp" | "auto" | "ppp")))
}

fn default_route(
    old: &Config<'_>,
    new: &Config<'_>,
    effects: &[Effect],
    family: Family,
    word: &str,
) -> Option<Hazard> {
    let (before, after) = (gateways(old, family), gateways(new, family));
    let &(name, gateway) = before.first()?;
    match after.first() {
        None if !is_dynamic(new, family) => Some(Hazard::new(
            "network.no-default-route",
            Severity::Danger,
            format!(
                "No interface has an {word} gateway any more: nothing outside of its own networks is reached."
            ),
            format!("Give an interface a gateway; it was {gateway} on {name}."),
        )),
        Some(&(other, successor)) if (name, gateway) != (other, successor) => Some(Hazard::new(
            "network.default-route-changes",
            Severity::Warning,
            format!(
                "The {word} gateway {gateway} on {name} gives way to {successor} on {other}; if that one does not answer, \
                 nothing outside of this host's own networks is reached."
            ),
            "Confirm only when the host is still reached from outside.",
        )),
        _ if matches!(fate(effects, name), Some(Fate::Restarted | Fate::Removed)) => Some(Hazard::new(
            "network.default-route-interrupted",
            Severity::Warning,
            format!("{name} leads to the {word} gateway, and goes down for a moment."),
            "Apply it when a short interruption does no harm.",
        )),
        _ => None,
    }
}

/// The addresses that a configuration gives this host.
fn addresses(config: &Config<'_>) -> BTreeSet<IpAddr> {
    let of = |interface| FAMILIES.map(|(family, _)| ip(config.address(interface, family)?.0));
    config.interfaces().iter().flat_map(of).flatten().collect()
}

/// The address that this host answers the caller from, and whose link it is on.
fn session(situation: &Situation, old: &Config<'_>, new: &Config<'_>, effects: &[Effect]) -> Option<Hazard> {
    let Session { peer, own } = situation.session?;
    let link = own.and_then(|own| holder(situation, own)).or_else(|| {
        let route = situation.kernel.route_to(peer)?;
        situation.kernel.link(&route.interface)
    })?;
    let of_peer = link.addresses.iter().map(|address| address.address);
    let own: BTreeSet<IpAddr> = match own {
        // it is known which one they came to: no other one of the link helps them
        Some(own) if holder(situation, own).is_some() => BTreeSet::from([own]),
        _ => of_peer.filter(|address| address.is_ipv4() == peer.is_ipv4()).collect(),
    };
    let (before, after) = (addresses(old), addresses(new));
    let gone: Vec<IpAddr> =
        own.iter().copied().filter(|address| before.contains(address) && !after.contains(address)).collect();
    let name = &link.name;
    let list = || gone.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !gone.is_empty() && own.iter().all(|address| gone.contains(address) || is_link_local(*address)) {
        return Some(Hazard::new(
            "network.own-session",
            Severity::Danger,
            format!("You come from {peer} to {} on {name}, which this host will not have any more.", list()),
            "Come by another address of this host, or accept this and come back by the new one.",
        ));
    }
    matches!(fate(effects, name), Some(Fate::Restarted | Fate::Removed)).then(|| {
        Hazard::new(
            "network.own-session-interrupted",
            Severity::Warning,
            format!("You come through {name}, which goes down for a moment."),
            "It is taken back by itself when you cannot confirm it afterwards.",
        )
    })
}

/// The link that has an address.
fn holder(situation: &Situation, address: IpAddr) -> Option<&Link> {
    let has = |link: &&Link| link.addresses.iter().any(|one| one.address == address);
    situation.kernel.links().find(has)
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// Whether a network of the configuration, or a gateway, leads there.
fn reaches(config: &Config<'_>, target: IpAddr) -> bool {
    let family = if target.is_ipv4() { Family::V4 } else { Family::V6 };
    let on_link = |interface: &Interface<'_>| {
        config
            .address(interface, family)
            .and_then(|(address, length)| Net::of(address, length))
            .is_some_and(|net| net.holds(target))
    };
    target.is_loopback()
        || is_dynamic(config, family)
        || !gateways(config, family).is_empty()
        || config.interfaces().iter().any(on_link)
}

fn name_servers(situation: &Situation, old: &Config<'_>, new: &Config<'_>) -> Option<Hazard> {
    let servers = &situation.name_servers;
    let lost: Vec<_> =
        servers.iter().filter(|&&server| reaches(old, server) && !reaches(new, server)).collect();
    if lost.is_empty() {
        return None;
    }
    let list = lost.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message = if lost.len() == servers.len() {
        format!("No name server is reached any more ({list}): names are not resolved.")
    } else {
        format!("Name servers that are not reached any more: {list}.")
    };
    Some(Hazard::new(
        "network.name-servers",
        Severity::Warning,
        message,
        "Set name servers that are reached: innkeeper dns set.",
    ))
}

fn cluster(situation: &Situation, old: &Config<'_>, new: &Config<'_>) -> Option<Hazard> {
    let (before, after) = (addresses(old), addresses(new));
    let lost =
        situation.cluster.iter().find(|address| before.contains(address) && !after.contains(address))?;
    Some(Hazard::new(
        "network.cluster-link",
        Severity::Danger,
        format!(
            "The other members of the cluster know this host by {lost}, which it will not have any more."
        ),
        "Give the cluster the new address first (ring addresses in corosync.conf).",
    ))
}

/// ifreload goes over every interface, whether it changes or not.
fn guests(situation: &Situation, old: &Config<'_>, new: &Config<'_>) -> Vec<Hazard> {
    let mut hazards = Vec::new();
    // others have bridges of their own, which no file names: nothing happens to them
    for (bridge, ports) in situation.guests.iter().filter(|(bridge, _)| old.get(bridge).is_some()) {
        let list = ports.join(", ");
        let stays = new.get(bridge).is_some_and(|interface| interface.kind.is_bridge());
        if !stays {
            hazards.push(Hazard::new(
                "network.guests-on-bridge",
                Severity::Danger,
                format!("{bridge} goes, and ports of guests are attached to it: {list}."),
                "Move the guests to another bridge first.",
            ));
        } else {
            hazards.push(Hazard::new(
                "network.guests-interrupted",
                Severity::Warning,
                format!("ifreload takes ports of guests off {bridge}; they are put back at once: {list}."),
                "Apply it when a moment without network does the guests no harm.",
            ));
        }
    }
    hazards
}
