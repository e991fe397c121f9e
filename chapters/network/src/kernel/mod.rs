//! What the kernel has: links, their addresses, routes.
//!
//! A running machine is asked through ip(8), whose JSON is what rtnetlink says and can be recorded; what only sysfs knows
//! (speed, driver, place on the bus) is read there. Of another system's tree there is `/sys/class/net` alone: names, kinds
//! and hardware addresses, but no addresses and no routes.
//!
//! Why ip(8) and not a netlink socket: docs/decisions/2026-11-23-links-by-ip.md.

pub mod checks;
mod ip;
mod sysfs;

use std::collections::BTreeMap;
use std::net::IpAddr;

use innkeeper_change::Problem;
use innkeeper_host::Host;

use crate::interfaces::net::Net;

/// Everything that the kernel has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kernel {
    links: BTreeMap<String, Link>,
    /// Names that udev gave besides, and the link of each.
    aliases: BTreeMap<String, String>,
    /// The routes, without those of the table `local`.
    pub routes: Vec<Route>,
}

/// A network link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub altnames: Vec<String>,
    /// Its number, for as long as it is there.
    pub index: u32,
    /// What it is.
    pub kind: Kind,
    /// Its hardware address.
    pub mac: Option<String>,
    /// The hardware address that its maker gave it, of cards only; as a member of a bond a card answers to another.
    pub permanent_mac: Option<String>,
    /// Greatest packet, bytes.
    pub mtu: u32,
    /// It was brought up.
    pub up: bool,
    /// Something is at the other end of the wire.
    pub carrier: bool,
    /// Mbit/s.
    pub speed: Option<u32>,
    /// Both directions at once.
    pub full_duplex: Option<bool>,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// The bridge, bond or switch that it is a member of.
    pub master: Option<String>,
    /// The links that are members of it, by name.
    pub members: Vec<String>,
    /// As a member of a bond: whether the bond uses it.
    pub bond_member: Option<BondMember>,
    /// The link that it stands on: of a VLAN, the one that carries it.
    pub parent: Option<String>,
    /// The kernel's driver, of cards only.
    pub driver: Option<String>,
    /// Its place on the PCI bus: `0000:03:00.1`.
    pub pci: Option<String>,
}

/// What a link is, with what only such a link has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `lo`.
    Loopback,
    /// A card, real or virtual: there is a device behind it.
    Physical,
    /// A bridge of the kernel.
    Bridge {
        /// It looks at VLAN tags.
        vlan_filtering: bool,
        /// It speaks the spanning tree protocol.
        stp: bool,
    },
    /// Several links as one.
    Bond(Bond),
    /// A VLAN on another link.
    Vlan {
        /// Its tag; unknown in a tree.
        id: Option<u16>,
        /// `802.1Q` or `802.1ad`; unknown in a tree.
        protocol: Option<String>,
    },
    /// A VXLAN tunnel.
    Vxlan {
        /// Its identifier; unknown in a tree.
        id: Option<u32>,
    },
    /// A link to nowhere.
    Dummy,
    /// A guest's network card.
    Tap,
    /// One end of a pair.
    Veth,
    /// A bridge, port or the data path of Open vSwitch, which keeps to itself which.
    OpenVswitch,
    /// Anything else, in the kernel's word.
    Other(String),
}

/// How a bond works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bond {
    /// `active-backup`, `802.3ad` and the five others.
    pub mode: String,
    /// The member that is used, in modes that use one.
    pub active: Option<String>,
    /// The member that is preferred.
    pub primary: Option<String>,
    /// How packets are spread.
    pub hash_policy: Option<String>,
    /// In 802.3ad the hardware address of the switch; zeros when none answers.
    pub partner: Option<String>,
}

/// How a bond sees one of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BondMember {
    /// The bond sends through it.
    pub active: bool,
    /// The bond finds its wire in order.
    pub up: bool,
}

/// An address of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// Bits of the network.
    pub prefix: u8,
    /// Where it is valid.
    pub scope: Scope,
    /// It ends unless it is renewed: from DHCP or a router.
    pub dynamic: bool,
}

/// Where an address is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// On the link.
    Link,
    /// In this machine.
    Host,
}

/// A route. One over several gateways is several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `default`, a network or an address.
    pub destination: String,
    /// Whether it is one of IPv6.
    pub v6: bool,
    /// The next hop; `None` when the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// The link it leads through.
    pub interface: String,
    /// The smaller, the better.
    pub metric: u32,
    /// The address that is answered from.
    pub source: Option<IpAddr>,
    /// Its table, where that is not `main`.
    pub table: Option<String>,
}

impl Kernel {
    /// Puts links and routes together.
    pub fn new(links: Vec<Link>, routes: Vec<Route>) -> Self {
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut aliases = BTreeMap::new();
        for link in &links {
            if let Some(master) = &link.master {
                members.entry(master.clone()).or_default().push(link.name.clone());
            }
            aliases.extend(link.altnames.iter().map(|alias| (alias.clone(), link.name.clone())));
        }
        let links = links.into_iter().map(|mut link| {
            link.members.extend(members.remove(&link.name).unwrap_or_default());
            link.members.sort_unstable();
            link.members.dedup();
            (link.name.clone(), link)
        });
        Self { links: links.collect(), aliases, routes }
    }

    /// All links, by name.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// The link of a name, be it one that udev gave besides.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.get(name).or_else(|| self.links.get(self.aliases.get(name)?))
    }

    /// Whether there is a link of this name, be it one that udev gave besides.
    pub fn exists(&self, name: &str) -> bool {
        self.link(name).is_some()
    }

    /// The default routes of the main table, the preferred one of each family first.
    pub fn default_routes(&self) -> Vec<&Route> {
        let mut found: Vec<&Route> = self
            .routes
            .iter()
            .filter(|route| route.destination == "default" && route.table.is_none())
            .collect();
        found.sort_by_key(|route| (route.v6, route.metric));
        found
    }

    /// The route of the main table that leads to an address: the closest one, and the best of those.
    pub fn route_to(&self, target: IpAddr) -> Option<&Route> {
        let closeness = |route: &Route| match route.destination.as_str() {
            "default" => (route.v6 == target.is_ipv6()).then_some(0),
            destination => {
                let (address, length) = match destination.split_once('/') {
                    Some((address, length)) => (address, length.parse().ok()),
                    None => (destination, None),
                };
                Net::of(address, length).filter(|net| net.holds(target)).map(|net| net.length)
            }
        };
        let leading = self.routes.iter().filter(|route| route.table.is_none());
        let ranked = leading.filter_map(|route| Some((closeness(route)?, route)));
        ranked
            .max_by_key(|(closeness, route)| (*closeness, std::cmp::Reverse(route.metric)))
            .map(|(_, route)| route)
    }

    /// The addresses that others can reach this machine by.
    pub fn global_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let all = self.links().flat_map(|link| &link.addresses);
        all.filter(|address| address.scope == Scope::Global).map(|address| address.address)
    }

    /// The address that this machine sends from by default, where there is no doubt about it.
    pub fn main_address(&self) -> Option<IpAddr> {
        let routes = self.default_routes();
        let route = routes.first()?;
        if route.source.is_some() {
            return route.source;
        }
        let link = self.link(&route.interface)?;
        let mut fitting = link
            .addresses
            .iter()
            .filter(|address| address.scope == Scope::Global && address.address.is_ipv6() == route.v6);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only.address),
            _ => None,
        }
    }
}

#[doc(hidden)]
pub mod hostile {
    //! The readers of what ip(8) prints, for fuzzing.
    use super::{Link, Route, ip};

    /// Links and routes in a text that may be neither.
    pub fn read(text: &str) -> (Vec<Link>, Vec<Route>) {
        (ip::read_links(text).unwrap_or_default(), ip::read_routes(text).unwrap_or_default())
    }
}

/// Looks at what the kernel has.
///
/// # Errors
/// When ip(8) is not there or fails.
pub fn inspect(host: &dyn Host) -> Result<Kernel, Problem> {
    if host.root().is_some() {
        return Ok(Kernel::new(sysfs::links(host), Vec::new()));
    }
    let mut links = ip::links(host)?;
    for link in &mut links {
        sysfs::complete(host, link);
    }
    Ok(Kernel::new(links, ip::routes(host)?))
}
