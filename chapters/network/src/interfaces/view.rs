//! Interfaces as the API delivers them.

use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use super::config::{Config, Family, Interface, dotted, stanza_family};
use super::field::Field;
use super::kind::{Kind, alias_of_name};
use super::modes;
use super::ovs;
use super::state::State;
use crate::format::{Head, Item};

/// One interface: what is configured, and whether it is there.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[allow(
    missing_docs,
    reason = "options have the names and meanings that interfaces(5) and its extensions give them"
)]
pub struct Network {
    /// Its name.
    pub iface: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    /// Its place in the file.
    pub priority: usize,
    /// 1 when it is brought up at boot or when its hardware appears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autostart: Option<u8>,
    /// 1 when it is up now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<u8>,
    /// Whether the hardware is there: for NICs and what is made of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<u8>,
    /// Other names of the hardware.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub altnames: Vec<String>,
    /// Address families that are configured.
    pub families: Vec<&'static str>,
    /// How IPv4 is configured.
    pub method: String,
    /// How IPv6 is configured.
    pub method6: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Length of the prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netmask: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broadcast: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address6: Option<String>,
    /// Length of the prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netmask6: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr6: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway6: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broadcast6: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_ports: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_stp: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_fd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_vlan_aware: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_vids: Option<String>,
    #[serde(rename = "bridge-access", skip_serializing_if = "Option::is_none")]
    pub bridge_access: Option<String>,
    #[serde(rename = "bridge-learning", skip_serializing_if = "Option::is_none")]
    pub bridge_learning: Option<String>,
    #[serde(rename = "bridge-arp-nd-suppress", skip_serializing_if = "Option::is_none")]
    pub bridge_arp_nd_suppress: Option<String>,
    #[serde(rename = "bridge-unicast-flood", skip_serializing_if = "Option::is_none")]
    pub bridge_unicast_flood: Option<String>,
    #[serde(rename = "bridge-multicast-flood", skip_serializing_if = "Option::is_none")]
    pub bridge_multicast_flood: Option<String>,
    #[serde(rename = "bridge-disable-mac-learning", skip_serializing_if = "Option::is_none")]
    pub bridge_disable_mac_learning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slaves: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_miimon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_xmit_hash_policy: Option<String>,
    #[serde(rename = "bond-primary", skip_serializing_if = "Option::is_none")]
    pub bond_primary: Option<String>,
    #[serde(rename = "vlan-id", skip_serializing_if = "Option::is_none")]
    pub vlan_id: Option<String>,
    #[serde(rename = "vlan-raw-device", skip_serializing_if = "Option::is_none")]
    pub vlan_raw_device: Option<String>,
    #[serde(rename = "vlan-protocol", skip_serializing_if = "Option::is_none")]
    pub vlan_protocol: Option<String>,
    #[serde(rename = "vxlan-id", skip_serializing_if = "Option::is_none")]
    pub vxlan_id: Option<String>,
    #[serde(rename = "vxlan-svcnodeip", skip_serializing_if = "Option::is_none")]
    pub vxlan_svcnodeip: Option<String>,
    #[serde(rename = "vxlan-physdev", skip_serializing_if = "Option::is_none")]
    pub vxlan_physdev: Option<String>,
    #[serde(rename = "vxlan-local-tunnelip", skip_serializing_if = "Option::is_none")]
    pub vxlan_local_tunnelip: Option<String>,
    #[serde(rename = "vxlan-remoteip", skip_serializing_if = "Vec::is_empty")]
    pub vxlan_remoteip: Vec<String>,
    #[serde(rename = "link-type", skip_serializing_if = "Option::is_none")]
    pub link_type: Option<String>,
    #[serde(rename = "uplink-id", skip_serializing_if = "Option::is_none")]
    pub uplink_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_bridge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_bonds: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_ports: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_options: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_tag: Option<String>,
    /// Comments of its stanzas, a line each, without the `#`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// Lines of its IPv4 stanzas that have no meaning here, as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Lines of its IPv6 stanzas that have no meaning here, as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options6: Vec<String>,
    /// Ours: the file that configures it, when that is not the one that is edited here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A file of the configuration that is not understood, or not edited here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FileView {
    /// Its path.
    pub path: String,
    /// 1 when changes are made in it.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub editable: bool,
    /// Why it is not understood: line and reason.
    pub errors: Vec<String>,
}

/// Every interface, configured or only there: `lo` included, in the order of the file, unconfigured hardware behind it. One at a
/// time, as there may be thousands.
pub fn interfaces<'s>(state: &'s State, config: &'s Config<'_>) -> impl Iterator<Item = Network> + 's {
    let view = View { state, config };
    let configured = config.interfaces();
    let next = configured.len() + 2;
    let bare = state
        .devices
        .iter()
        .filter(|(name, device)| device.physical && config.get(name).is_none())
        .zip(next..)
        .map(|((name, _), at)| bare(state, name, at));
    let lo = config.get("lo").is_none();
    configured
        .iter()
        .zip(2..)
        .map(move |(interface, at)| view.interface(interface, at))
        .chain(bare)
        .chain(lo.then(loopback))
}

/// Hardware that nobody configured.
fn bare(state: &State, name: &str, priority: usize) -> Network {
    Network {
        iface: name.to_owned(),
        kind: Some(Kind::Eth),
        priority,
        active: state.devices.get(name).is_some_and(|device| device.up).then_some(1),
        exists: Some(1),
        altnames: state.altnames.get(name).cloned().unwrap_or_default(),
        families: vec!["inet"],
        method: "manual".to_owned(),
        method6: "manual".to_owned(),
        ..Network::default()
    }
}

/// `lo`, which is there also when nobody configured it.
fn loopback() -> Network {
    Network {
        iface: "lo".to_owned(),
        kind: Some(Kind::Loopback),
        priority: 1,
        autostart: Some(1),
        active: Some(1),
        families: vec!["inet"],
        method: "loopback".to_owned(),
        method6: "manual".to_owned(),
        ..Network::default()
    }
}

/// One interface, if it is configured or there.
pub fn interface(state: &State, config: &Config<'_>, name: &str) -> Option<Network> {
    let at = config.interfaces().iter().position(|interface| interface.name == name);
    match at {
        Some(at) => Some(View { state, config }.interface(&config.interfaces()[at], at + 2)),
        None => interfaces(state, config).skip(config.interfaces().len()).find(|one| one.iface == name),
    }
}

#[derive(Clone, Copy)]
struct View<'s, 'a> {
    state: &'s State,
    config: &'s Config<'a>,
}

impl View<'_, '_> {
    fn interface(&self, interface: &Interface<'_>, priority: usize) -> Network {
        let text = |field| self.config.value(interface, field).map(str::to_owned);
        let device = self.state.devices.get(interface.name);
        let mut shown = Network {
            iface: interface.name.to_owned(),
            kind: Some(interface.kind),
            priority: if interface.kind == Kind::Loopback { 1 } else { priority },
            autostart: interface.autostart.then_some(1),
            active: device.is_some_and(|device| device.up).then_some(1),
            exists: self.exists(interface),
            altnames: self.state.altnames.get(interface.name).cloned().unwrap_or_default(),
            families: self.families(interface),
            method: self.method(interface, Family::V4),
            method6: self.method(interface, Family::V6),
            mtu: text(Field::Mtu),
            comments: self.comments(interface),
            file: self.file(interface),
            ..Network::default()
        };
        self.addresses(interface, &mut shown);
        if !interface.entries.iter().all(|entry| entry.field.is_address() || entry.field == Field::Mtu) {
            self.known(interface, &mut shown);
        }
        match interface.kind {
            Kind::Bridge => self.bridge(interface, &mut shown),
            Kind::Bond => self.bond(interface, &mut shown),
            Kind::Vlan => {
                let (parent, id) = self.config.vlan(interface);
                (shown.vlan_raw_device, shown.vlan_id) = (parent.map(str::to_owned), id.map(str::to_owned));
            }
            _ => {}
        }
        self.unknown(interface, &mut shown);
        shown
    }

    fn addresses(&self, interface: &Interface<'_>, shown: &mut Network) {
        for family in [Family::V4, Family::V6] {
            let text = |field| self.config.value_of(interface, field, family).map(str::to_owned);
            let (mut address, mut netmask, mut cidr) = (None, None, None);
            if let Some((found, length)) = self.config.address(interface, family) {
                let whole = if family == Family::V4 { 32 } else { 128 };
                cidr = Some(format!("{found}/{}", length.unwrap_or(whole)));
                address = Some(found.to_owned());
                netmask = length.map(|length| length.to_string());
            }
            let (gateway, broadcast) = (text(Field::Gateway), text(Field::Broadcast));
            match family {
                Family::V4 => {
                    (shown.address, shown.netmask, shown.cidr) = (address, netmask, cidr);
                    (shown.gateway, shown.broadcast) = (gateway, broadcast);
                }
                Family::V6 => {
                    (shown.address6, shown.netmask6, shown.cidr6) = (address, netmask, cidr);
                    (shown.gateway6, shown.broadcast6) = (gateway, broadcast);
                }
            }
        }
    }

    fn known(&self, interface: &Interface<'_>, shown: &mut Network) {
        let text = |field| self.config.value(interface, field).map(str::to_owned);
        shown.bridge_access = text(Field::BridgeAccess);
        shown.bridge_learning = text(Field::BridgeLearning);
        shown.bridge_arp_nd_suppress = text(Field::BridgeArpNdSuppress);
        shown.bridge_unicast_flood = text(Field::BridgeUnicastFlood);
        shown.bridge_multicast_flood = text(Field::BridgeMulticastFlood);
        shown.bridge_disable_mac_learning = text(Field::BridgeDisableMacLearning);
        shown.vlan_id = text(Field::VlanId);
        shown.vlan_raw_device = text(Field::VlanRawDevice);
        shown.vlan_protocol = text(Field::VlanProtocol);
        shown.vxlan_id = text(Field::VxlanId);
        shown.vxlan_svcnodeip = text(Field::VxlanSvcnodeip);
        shown.vxlan_physdev = text(Field::VxlanPhysdev);
        shown.vxlan_local_tunnelip = text(Field::VxlanLocalTunnelip);
        shown.link_type = text(Field::LinkType);
        shown.uplink_id = text(Field::UplinkId);
        shown.bond_xmit_hash_policy = text(Field::BondXmitHashPolicy);
        shown.bond_primary = text(Field::BondPrimary);
        shown.bond_miimon = text(Field::BondMiimon);
        shown.ovs_bridge = text(Field::OvsBridge);
        shown.ovs_ports = text(Field::OvsPorts);
        shown.ovs_bonds = text(Field::OvsBonds);
        if let Some(options) = self.config.value(interface, Field::OvsOptions) {
            let read = ovs::Options::parse(options);
            shown.ovs_tag = read.tag.map(str::to_owned);
            if interface.kind == Kind::OVSBond {
                shown.bond_mode = read.mode();
            }
            shown.ovs_options = read.rest();
        }
        if interface.kind == Kind::OVSBond && shown.bond_mode.is_none() {
            shown.bond_mode = Some("active-backup".to_owned());
        }
    }

    fn bridge(&self, interface: &Interface<'_>, shown: &mut Network) {
        let stp = self.config.value(interface, Field::BridgeStp);
        shown.bridge_ports = Some(sorted(self.config.list(interface, Field::BridgePorts)));
        shown.bridge_stp = Some(if matches!(stp, Some("on" | "yes")) { "on" } else { "off" });
        shown.bridge_fd = Some(self.config.value(interface, Field::BridgeFd).unwrap_or("0").to_owned());
        shown.bridge_vlan_aware = is_vlan_aware(self.config, interface).then_some(1);
        shown.bridge_vids = self.config.value(interface, Field::BridgeVids).map(str::to_owned);
    }

    fn bond(&self, interface: &Interface<'_>, shown: &mut Network) {
        shown.slaves = Some(sorted(self.config.list(interface, Field::Slaves)));
        shown.bond_mode =
            self.config.value(interface, Field::BondMode).map(|mode| bond_mode(mode).to_owned());
    }

    fn families(&self, interface: &Interface<'_>) -> Vec<&'static str> {
        let mut families: Vec<_> = [Family::V4, Family::V6]
            .into_iter()
            .filter(|&family| {
                let stanza = |place: &_| stanza_family(self.config.stanza(*place)) == Some(family);
                interface.stanzas.iter().any(stanza)
                    || self.config.entry(interface, Field::Address, family).is_some()
            })
            .map(|family| if family == Family::V4 { "inet" } else { "inet6" })
            .collect();
        if families.is_empty() {
            families.push("inet");
        }
        families
    }

    fn method(&self, interface: &Interface<'_>, family: Family) -> String {
        let given = self.config.method(interface, family);
        // a stanza without family is static where it has an address
        let has = || self.config.entry(interface, Field::Address, family).is_some();
        given.unwrap_or_else(|| if has() { "static" } else { "manual" }).to_owned()
    }

    fn exists(&self, interface: &Interface<'_>) -> Option<u8> {
        let there = |name: &str| self.state.devices.contains_key(name);
        match interface.kind {
            Kind::Eth | Kind::OVSPort => Some(u8::from(there(interface.name))),
            Kind::Alias => alias_of_name(interface.name).map(|parent| u8::from(there(parent))),
            Kind::Vlan => {
                let parent = self.config.vlan(interface).0?;
                let made = self.config.get(parent).is_some_and(|parent| parent.kind != Kind::Eth);
                (!made).then(|| u8::from(there(parent)))
            }
            _ => None,
        }
    }

    fn comments(&self, interface: &Interface<'_>) -> Option<String> {
        let mut all = String::new();
        for family in [Family::V4, Family::V6] {
            let of_family = |place: &&_| {
                (stanza_family(self.config.stanza(**place)) == Some(Family::V6)) == (family == Family::V6)
            };
            for place in interface.stanzas.iter().filter(of_family) {
                for comment in self.config.stanza(*place).comments() {
                    all.push_str(comment.text.trim_end());
                    all.push('\n');
                }
            }
        }
        (!all.is_empty()).then_some(all)
    }

    fn file(&self, interface: &Interface<'_>) -> Option<String> {
        let place = interface.stanzas.iter().find(|place| place.file != 0)?;
        self.config.files().get(place.file).map(|file| file.path.to_owned())
    }

    /// Lines without a meaning here, and those of an option that is given more than once.
    fn unknown(&self, interface: &Interface<'_>, shown: &mut Network) {
        for &place in &interface.stanzas {
            let stanza = self.config.stanza(place);
            let six = stanza_family(stanza) == Some(Family::V6);
            if let Head::Iface { inherits: Some(other), .. } = &stanza.head {
                shown.options.push(format!("inherits {}", other.text));
            }
            for (item, line) in stanza.items.iter().enumerate() {
                let Item::Option(line) = line else { continue };
                let field = Field::of_key(line.key);
                if field == Some(Field::VxlanRemoteip) {
                    shown.vxlan_remoteip.push(line.value.to_string());
                } else if field.is_none() || !interface.is_entry(place, item) {
                    let text = format!("{} {}", line.key, line.value);
                    if six { &mut shown.options6 } else { &mut shown.options }.push(text);
                }
            }
        }
    }
}

/// Names sorted and each once, as the API delivers lists.
pub(crate) fn sorted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

/// The mode of a bond by its name, also where the file has its number.
pub fn bond_mode(mode: &str) -> &str {
    mode.parse::<usize>().ok().and_then(|number| modes::LINUX.get(number)).copied().unwrap_or(mode)
}

/// Whether a bridge looks at VLANs.
pub fn is_vlan_aware(config: &Config<'_>, interface: &Interface<'_>) -> bool {
    let value = config.value(interface, Field::BridgeVlanAware);
    value.is_some_and(|value| !matches!(value, "no" | "off" | "0" | "false"))
}

/// A netmask as the file has it: dotted where it was.
pub(crate) fn mask_like(old: &str, length: u8) -> String {
    if old.contains('.') { dotted(length) } else { length.to_string() }
}
