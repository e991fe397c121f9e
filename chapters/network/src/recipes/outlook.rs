//! Host → [`Outlook`]: what a recipe looks at, and what it proposes from it. Reads only.

use std::net::{IpAddr, Ipv4Addr};

use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, read_config};

use crate::apply::cluster_addresses;
use crate::interfaces::config::{Config, Family, Interface, ip};
use crate::interfaces::field::Field;
use crate::interfaces::inspect::inspect_with as inspect_files;
use crate::interfaces::kind::Kind;
use crate::interfaces::net::Net;
use crate::interfaces::state::State;
use crate::interfaces::validate::{VLANS, port_field};
use crate::sets::Draft;

const IPTABLES: &str = "/usr/sbin/iptables";
const FIREWALL: &str = "/etc/pve/firewall/cluster.fw";

/// What a recipe looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// The files, and what is there of them.
    pub files: State,
    /// iptables is installed.
    pub iptables: bool,
    /// Guests have a firewall.
    pub firewall: bool,
    /// Addresses by which the members of the cluster know each other.
    pub cluster: Vec<IpAddr>,
}

/// Looks at a host.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn inspect(host: &dyn Host) -> Result<Outlook, Problem> {
    inspect_with(host, None)
}

/// Looks at a host with a change set in the place of what everybody stages.
pub(super) fn inspect_with(host: &dyn Host, draft: Option<Draft>) -> Result<Outlook, Problem> {
    let files = inspect_files(host, draft)?;
    let bridged = files.devices.keys().any(|name| name.starts_with("fwbr"));
    Ok(Outlook {
        iptables: host.metadata(IPTABLES.into())?.is_some(),
        firewall: bridged || is_switched_on(host)?,
        cluster: cluster_addresses(host)?,
        files,
    })
}

/// `enable: 1` among the options of the cluster's firewall.
fn is_switched_on(host: &dyn Host) -> Result<bool, Problem> {
    let text = match read_config(host, FIREWALL.into()) {
        Ok(text) => text.unwrap_or_default(),
        Err(HostError::NotUtf8 { .. }) => return Ok(false),
        Err(other) => return Err(other.into()),
    };
    let mut options = false;
    Ok(text.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            options = line.eq_ignore_ascii_case("[OPTIONS]");
        }
        let enable = line.split_once(':').filter(|(key, _)| key.trim() == "enable");
        options && enable.is_some_and(|(_, value)| value.trim() == "1")
    }))
}

impl Outlook {
    /// The configuration that counts.
    pub(super) fn config(&self) -> Config<'_> {
        self.files.config_of(self.files.text().unwrap_or_default())
    }

    /// The interface that leads to the gateway; where none says so, the first one that is given an address.
    pub(super) fn uplink(&self) -> Option<String> {
        let config = self.config();
        let has = |interface: &&Interface<'_>| config.value(interface, Field::Gateway).is_some();
        let dynamic = |interface: &&Interface<'_>| config.method(interface, Family::V4) == Some("dhcp");
        let all = config.interfaces();
        let found = all.iter().find(has).or_else(|| all.iter().find(dynamic));
        found.map(|interface| interface.name.to_owned())
    }

    /// Cards that nothing is made of and that have no address, in the order of the file, then by name.
    pub(super) fn free_cards(&self) -> Vec<String> {
        let config = self.config();
        let configured = config.interfaces().iter().filter(|one| one.kind == Kind::Eth).map(|one| one.name);
        let there =
            self.files.devices.iter().filter(|(_, device)| device.physical).map(|(name, _)| name.as_str());
        let mut found: Vec<String> = Vec::new();
        for name in configured.chain(there) {
            if !found.iter().any(|known| known == name) && is_free(&config, name) {
                found.push(name.to_owned());
            }
        }
        found
    }

    /// The first `PREFIXn` that is neither configured nor there.
    pub(super) fn next(&self, prefix: &str) -> Option<String> {
        let config = self.config();
        let names = (0..=VLANS).map(|number| format!("{prefix}{number}"));
        names.into_iter().find(|name| config.get(name).is_none() && !self.files.devices.contains_key(name))
    }

    /// The first address `10.10.n.1/24` whose network nobody has, from 10 on.
    pub(super) fn free_network(&self) -> Option<String> {
        let config = self.config();
        let nets: Vec<Net> = config
            .interfaces()
            .iter()
            .filter_map(|one| {
                config.address(one, Family::V4).and_then(|(text, length)| Net::of(text, length))
            })
            .collect();
        let is_free = |third: u8| {
            let wanted = Net::of(&Ipv4Addr::new(10, 10, third, 1).to_string(), Some(24));
            wanted.is_some_and(|wanted| {
                !nets.iter().any(|net| net.holds(wanted.address) || wanted.holds(net.address))
            })
        };
        (10..=250).find(|third| is_free(*third)).map(|third| format!("10.10.{third}.1/24"))
    }

    /// The interface of this kind with this address.
    pub(super) fn with_address(&self, kind: Kind, address: &str) -> Option<String> {
        let (config, wanted) = (self.config(), ip(address.split('/').next()?)?);
        let has = |one: &&Interface<'_>| {
            one.kind == kind && config.address(one, Family::V4).and_then(|(text, _)| ip(text)) == Some(wanted)
        };
        config.interfaces().iter().find(has).map(|one| one.name.to_owned())
    }
}

/// Nothing is made of it, and it has no address.
pub(super) fn is_free(config: &Config<'_>, name: &str) -> bool {
    let addressed = config.get(name).is_some_and(|one| is_addressed(config, one));
    !addressed && owner(config, name).is_none() && !carries_vlans(config, name)
}

/// It has an address, or is given one.
pub(super) fn is_addressed(config: &Config<'_>, interface: &Interface<'_>) -> bool {
    [Family::V4, Family::V6].into_iter().any(|family| {
        config.value_of(interface, Field::Address, family).is_some()
            || matches!(config.method(interface, family), Some("dhcp" | "auto"))
    })
}

/// What an interface is a port of.
pub(super) fn owner<'c>(config: &'c Config<'_>, name: &str) -> Option<&'c str> {
    let owns = |one: &&Interface<'_>| {
        port_field(one.kind).is_some_and(|field| config.list(one, field).any(|port| port == name))
    };
    config.interfaces().iter().find(owns).map(|one| one.name)
}

fn carries_vlans(config: &Config<'_>, name: &str) -> bool {
    config.interfaces().iter().any(|one| one.kind == Kind::Vlan && config.vlan(one).0 == Some(name))
}
