//! What recipes find to be wrong with a host at rest.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_host::Host;

use super::lines;
use super::nat::has_zone;
use super::outlook::{Outlook, inspect};
use super::values::Cidr;
use crate::interfaces::config::{Config, Family, Interface, ip};
use crate::interfaces::field::Field;
use crate::interfaces::kind::Kind;

/// Looks at a host.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let node = host.node_name();
    inspect(host).map(|outlook| check(&outlook, &node))
}

/// Masquerading beside a guests' firewall, and the cluster's network on a bond.
pub fn check(outlook: &Outlook, node: &str) -> Vec<Finding> {
    let config = outlook.config();
    let mut found = on_bonds(outlook, &config);
    if outlook.firewall && !has_zone(&config) {
        found.extend(without_zone(&config, node));
    }
    found
}

/// The cluster changes from one network to another faster than a bond from one card to another.
fn on_bonds(outlook: &Outlook, config: &Config<'_>) -> Vec<Finding> {
    let bond = |one: &Interface<'_>| -> Option<String> {
        let is_bond = |name: &&str| config.get(name).is_some_and(|one| one.kind == Kind::Bond);
        match one.kind {
            Kind::Bond => Some(one.name.to_owned()),
            Kind::Bridge => config.list(one, Field::BridgePorts).find(is_bond).map(str::to_owned),
            Kind::Vlan => config.vlan(one).0.filter(is_bond).map(str::to_owned),
            _ => None,
        }
    };
    let own = |one: &Interface<'_>| {
        [Family::V4, Family::V6].into_iter().find_map(|family| {
            let address = ip(config.address(one, family)?.0)?;
            outlook.cluster.contains(&address).then_some(address)
        })
    };
    let all = config.interfaces().iter();
    all.filter_map(|one| {
        let (address, bond) = (own(one)?, bond(one)?);
        Some(Finding {
            id: "network.cluster-on-bond".to_owned(),
            level: Level::Info,
            message: format!("The cluster knows this host by {address}, which lies on the bond {bond}."),
            evidence: format!("{address} on {}", one.name),
            advice: "Give the cluster several networks instead: it changes from one to the other by itself, and faster."
                .to_owned(),
            fixes: Vec::new(),
        })
    })
    .collect()
}

fn without_zone(config: &Config<'_>, node: &str) -> Vec<Finding> {
    let found = config.interfaces().iter().filter_map(|one| {
        let (line, uplink, cidr) = masquerade(config, one)?;
        let params = [
            ("bridge", one.name.to_owned()),
            ("uplink", uplink),
            ("cidr", cidr.to_string()),
            ("conntrack-zone", "1".to_owned()),
        ];
        Some(Finding {
            id: "network.no-conntrack-zone".to_owned(),
            level: Level::Warning,
            message: format!(
                "Guests on {} are masqueraded and have a firewall, which may keep their connections from getting out.",
                one.name
            ),
            evidence: line,
            advice: "Track connections of the firewall's bridges in a zone of their own.".to_owned(),
            fixes: vec![Fix {
                label: "Add the rule of the zone".to_owned(),
                verb: "POST".to_owned(),
                path: format!("/nodes/{node}/network-recipes/nat"),
                params: params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<BTreeMap<_, _>>(),
            }],
        })
    });
    found.collect()
}

/// The line that hides the guests of a bridge, behind what, and the bridge's address.
fn masquerade(config: &Config<'_>, one: &Interface<'_>) -> Option<(String, String, Cidr)> {
    let (address, length) = config.address(one, Family::V4)?;
    let cidr = Cidr::parse("cidr", &format!("{address}/{}", length?)).ok()?;
    let start = format!("iptables -t nat -A POSTROUTING -s '{}' -o ", cidr.network());
    let line = lines::of(config, one, "post-up")
        .find(|line| line.starts_with(&start) && line.ends_with(" -j MASQUERADE"))?;
    let uplink = line.strip_prefix(&start)?.strip_suffix(" -j MASQUERADE")?.to_owned();
    Some((line, uplink, cidr))
}
