//! The answers of ip(8).

use std::collections::BTreeMap;
use std::net::IpAddr;

use innkeeper_change::Problem;
use innkeeper_host::{Command, Host};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Address, Bond, BondMember, Kind, Link, Route, Scope};

const IP: &str = "/usr/sbin/ip";

/// Counters come along because recordings of real systems have them.
pub(super) fn links(host: &dyn Host) -> Result<Vec<Link>, Problem> {
    let links: Vec<IpLink> = ask(host, &["-json", "-details", "-statistics", "link", "show"])?;
    let mut addresses: BTreeMap<String, Vec<Address>> = BTreeMap::new();
    for found in ask::<IpLink>(host, &["-json", "address", "show"])? {
        if let Some(name) = found.ifname {
            let read = found.addr_info.into_iter().filter_map(IpAddress::read);
            addresses.insert(name, read.collect());
        }
    }
    Ok(links
        .into_iter()
        .filter_map(IpLink::read)
        .map(|mut link| {
            link.addresses = addresses.remove(&link.name).unwrap_or_default();
            link
        })
        .collect())
}

/// The routes of both families. A kernel without IPv6 has none of those.
pub(super) fn routes(host: &dyn Host) -> Result<Vec<Route>, Problem> {
    let mut found = Vec::new();
    for (v6, args) in [
        (false, &["-json", "route", "show", "table", "all"][..]),
        (true, &["-json", "-6", "route", "show", "table", "all"]),
    ] {
        let routes = match ask::<IpRoute>(host, args) {
            Err(_) if v6 => Vec::new(),
            other => other?,
        };
        found.extend(routes.into_iter().flat_map(|route| route.read(v6)));
    }
    Ok(found)
}

fn ask<T: DeserializeOwned>(host: &dyn Host, args: &[&str]) -> Result<Vec<T>, Problem> {
    let command = Command::new(IP).args(args.iter().copied()).limit(LIMIT);
    let output = host.run(&command)?;
    parse(&output.stdout).map_err(|error| Problem::failed(format!("{IP} {}: {error}", args.join(" "))))
}

/// A host with 4,094 VLANs and as many bridges fills some 16 MiB.
const LIMIT: usize = 64 * 1024 * 1024;

/// What ip(8) prints when there is nothing is no JSON in some versions.
fn parse<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, serde_json::Error> {
    match text.trim() {
        "" => Ok(Vec::new()),
        text => serde_json::from_str(text),
    }
}

/// Reads what `ip -json -details link show` printed: for tests with hostile text.
pub(super) fn read_links(text: &str) -> Result<Vec<Link>, serde_json::Error> {
    Ok(parse::<IpLink>(text)?.into_iter().filter_map(IpLink::read).collect())
}

/// Reads what `ip -json route show` printed: for tests with hostile text.
pub(super) fn read_routes(text: &str) -> Result<Vec<Route>, serde_json::Error> {
    Ok(parse::<IpRoute>(text)?.into_iter().flat_map(|route| route.read(false)).collect())
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct IpLink {
    ifindex: u32,
    /// Missing in the empty objects that some versions print for links which a filter left out.
    ifname: Option<String>,
    flags: Vec<String>,
    mtu: u32,
    master: Option<String>,
    link: Option<String>,
    link_type: String,
    address: Option<String>,
    permaddr: Option<String>,
    linkinfo: Info,
    parentbus: Option<String>,
    parentdev: Option<String>,
    altnames: Vec<String>,
    addr_info: Vec<IpAddress>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Info {
    info_kind: Option<String>,
    info_data: InfoData,
    info_slave_kind: Option<String>,
    info_slave_data: SlaveData,
}

/// What the kinds of links say of themselves. The names of one kind mean nothing in another.
#[derive(Deserialize, Default)]
#[serde(default)]
struct InfoData {
    mode: Option<serde_json::Value>,
    active_slave: Option<String>,
    primary: Option<String>,
    xmit_hash_policy: Option<String>,
    ad_info: Option<AdInfo>,
    stp_state: Option<u32>,
    vlan_filtering: Option<u32>,
    protocol: Option<serde_json::Value>,
    id: Option<serde_json::Value>,
    #[serde(rename = "type")]
    tun_type: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AdInfo {
    partner_mac: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SlaveData {
    state: Option<serde_json::Value>,
    mii_status: Option<String>,
    perm_hwaddr: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct IpAddress {
    local: Option<String>,
    prefixlen: u8,
    scope: Option<String>,
    dynamic: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct IpRoute {
    #[serde(rename = "type")]
    kind: Option<String>,
    dst: String,
    gateway: Option<String>,
    via: Option<Via>,
    dev: Option<String>,
    metric: u32,
    prefsrc: Option<String>,
    table: Option<serde_json::Value>,
    nexthops: Vec<Hop>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Via {
    host: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Hop {
    gateway: Option<String>,
    via: Option<Via>,
    dev: Option<String>,
}

fn number<T: TryFrom<u64>>(value: Option<serde_json::Value>) -> Option<T> {
    T::try_from(value?.as_u64()?).ok()
}

fn word(value: Option<serde_json::Value>) -> Option<String> {
    match value? {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    }
}

impl IpLink {
    fn read(self) -> Option<Link> {
        let name = self.ifname?;
        let has = |flag: &str| self.flags.iter().any(|known| known == flag);
        let (up, carrier) = (has("UP"), has("LOWER_UP"));
        let in_bond = self.linkinfo.info_slave_kind.as_deref() == Some("bond");
        let slave = self.linkinfo.info_slave_data;
        let state = word(slave.state);
        let bond_member = in_bond.then(|| BondMember {
            active: state.as_deref() == Some("ACTIVE"),
            up: slave.mii_status.as_deref() == Some("UP"),
        });
        let kind =
            kind(&self.link_type, self.linkinfo.info_kind, self.linkinfo.info_data, self.parentdev.is_some());
        let is_card = kind == Kind::Physical;
        // said only where it differs from the present one
        let permanent_mac = self.permaddr.or(slave.perm_hwaddr).or_else(|| self.address.clone());
        Some(Link {
            name,
            altnames: self.altnames,
            index: self.ifindex,
            kind,
            permanent_mac: permanent_mac.filter(|_| is_card),
            mac: self.address.filter(|address| self.link_type != "loopback" && address.contains(':')),
            mtu: self.mtu,
            up,
            carrier,
            speed: None,
            full_duplex: None,
            addresses: Vec::new(),
            master: self.master,
            members: Vec::new(),
            bond_member,
            parent: self.link,
            driver: None,
            pci: self.parentdev.filter(|_| self.parentbus.as_deref() == Some("pci")),
        })
    }
}

fn kind(link_type: &str, kind: Option<String>, data: InfoData, has_device: bool) -> Kind {
    let Some(kind) = kind else {
        return match link_type {
            "loopback" => Kind::Loopback,
            "ether" | "infiniband" if has_device => Kind::Physical,
            other => Kind::Other(other.to_owned()),
        };
    };
    match kind.as_str() {
        "bridge" => Kind::Bridge {
            vlan_filtering: data.vlan_filtering == Some(1),
            stp: data.stp_state.is_some_and(|on| on > 0),
        },
        "bond" => Kind::Bond(Bond {
            mode: word(data.mode).unwrap_or_default(),
            active: data.active_slave,
            primary: data.primary,
            hash_policy: data.xmit_hash_policy,
            partner: data.ad_info.and_then(|info| info.partner_mac),
        }),
        "vlan" => Kind::Vlan { id: number(data.id), protocol: word(data.protocol) },
        "vxlan" => Kind::Vxlan { id: number(data.id) },
        "dummy" => Kind::Dummy,
        "tun" if word(data.tun_type).as_deref() == Some("tap") => Kind::Tap,
        "veth" => Kind::Veth,
        "openvswitch" => Kind::OpenVswitch,
        _ => Kind::Other(kind),
    }
}

impl IpAddress {
    fn read(self) -> Option<Address> {
        let scope = match self.scope.as_deref() {
            Some("host") => Scope::Host,
            Some("link") => Scope::Link,
            _ => Scope::Global,
        };
        Some(Address {
            address: self.local?.parse().ok()?,
            prefix: self.prefixlen,
            scope,
            dynamic: self.dynamic,
        })
    }
}

impl IpRoute {
    /// What leads somewhere: not the kernel's own entries for addresses of this machine, and nothing that is refused.
    fn read(self, v6: bool) -> Vec<Route> {
        let table = match self.table {
            Some(serde_json::Value::String(name)) => Some(name),
            Some(serde_json::Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        if self.kind.as_deref().is_some_and(|kind| kind != "unicast") || table.as_deref() == Some("local") {
            return Vec::new();
        }
        let mut hops = self.nexthops;
        if hops.is_empty() {
            hops.push(Hop { gateway: self.gateway, via: self.via, dev: self.dev });
        }
        let source = self.prefsrc.and_then(|source| source.parse().ok());
        let route = |hop: Hop| {
            let gateway = hop.gateway.or_else(|| hop.via?.host);
            Some(Route {
                destination: self.dst.clone(),
                v6,
                gateway: gateway.and_then(|gateway| gateway.parse::<IpAddr>().ok()),
                interface: hop.dev?,
                metric: self.metric,
                source,
                table: table.clone().filter(|table| table != "main"),
            })
        };
        hops.into_iter().filter_map(route).collect()
    }
}
