//! Interfaces as the API delivers them.

use std::borrow::Cow;

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

/// One interface: what is configured, and whether it is there. Its fields stand in the order of their names, which is the order that
/// the command line prints them in: of thousands of interfaces, sorting them there would take as long as reading them.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[allow(
    missing_docs,
    reason = "options have the names and meanings that interfaces(5) and its extensions give them"
)]
pub struct Network<'a> {
    /// 1 when it is up now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address6: Option<&'a str>,
    /// Other names of the hardware.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub altnames: &'a [String],
    /// 1 when it is brought up at boot or when its hardware appears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autostart: Option<u8>,
    #[serde(rename = "bond-primary", skip_serializing_if = "Option::is_none")]
    pub bond_primary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_miimon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_mode: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_xmit_hash_policy: Option<&'a str>,
    #[serde(rename = "bridge-access", skip_serializing_if = "Option::is_none")]
    pub bridge_access: Option<&'a str>,
    #[serde(rename = "bridge-arp-nd-suppress", skip_serializing_if = "Option::is_none")]
    pub bridge_arp_nd_suppress: Option<&'a str>,
    #[serde(rename = "bridge-disable-mac-learning", skip_serializing_if = "Option::is_none")]
    pub bridge_disable_mac_learning: Option<&'a str>,
    #[serde(rename = "bridge-learning", skip_serializing_if = "Option::is_none")]
    pub bridge_learning: Option<&'a str>,
    #[serde(rename = "bridge-multicast-flood", skip_serializing_if = "Option::is_none")]
    pub bridge_multicast_flood: Option<&'a str>,
    #[serde(rename = "bridge-unicast-flood", skip_serializing_if = "Option::is_none")]
    pub bridge_unicast_flood: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_fd: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_ports: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_stp: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_vids: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_vlan_aware: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broadcast: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broadcast6: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr6: Option<String>,
    /// Comments of its stanzas, a line each, without the `#`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// Whether the hardware is there: for NICs and what is made of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<u8>,
    /// Address families that are configured.
    pub families: &'static [&'static str],
    /// Ours: the file that configures it, when that is not the one that is edited here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway6: Option<&'a str>,
    /// Its name.
    pub iface: &'a str,
    #[serde(rename = "link-type", skip_serializing_if = "Option::is_none")]
    pub link_type: Option<&'a str>,
    /// How IPv4 is configured.
    pub method: &'a str,
    /// How IPv6 is configured.
    pub method6: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<&'a str>,
    /// Length of the prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netmask: Option<String>,
    /// Length of the prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netmask6: Option<String>,
    /// Lines of its IPv4 stanzas that have no meaning here, as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Lines of its IPv6 stanzas that have no meaning here, as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options6: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_bonds: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_bridge: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_options: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_ports: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovs_tag: Option<&'a str>,
    /// Its place in the file.
    pub priority: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slaves: Option<Cow<'a, str>>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    #[serde(rename = "uplink-id", skip_serializing_if = "Option::is_none")]
    pub uplink_id: Option<&'a str>,
    #[serde(rename = "vlan-id", skip_serializing_if = "Option::is_none")]
    pub vlan_id: Option<&'a str>,
    #[serde(rename = "vlan-protocol", skip_serializing_if = "Option::is_none")]
    pub vlan_protocol: Option<&'a str>,
    #[serde(rename = "vlan-raw-device", skip_serializing_if = "Option::is_none")]
    pub vlan_raw_device: Option<&'a str>,
    #[serde(rename = "vxlan-id", skip_serializing_if = "Option::is_none")]
    pub vxlan_id: Option<&'a str>,
    #[serde(rename = "vxlan-local-tunnelip", skip_serializing_if = "Option::is_none")]
    pub vxlan_local_tunnelip: Option<&'a str>,
    #[serde(rename = "vxlan-physdev", skip_serializing_if = "Option::is_none")]
    pub vxlan_physdev: Option<&'a str>,
    #[serde(rename = "vxlan-remoteip", skip_serializing_if = "Vec::is_empty")]
    pub vxlan_remoteip: Vec<&'a str>,
    #[serde(rename = "vxlan-svcnodeip", skip_serializing_if = "Option::is_none")]
    pub vxlan_svcnodeip: Option<&'a str>,
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
pub fn interfaces<'s>(state: &'s State, config: &'s Config<'_>) -> impl Iterator<Item = Network<'s>> + 's {
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
fn bare<'s>(state: &'s State, name: &'s str, priority: usize) -> Network<'s> {
    Network {
        iface: name,
        kind: Some(Kind::Eth),
        priority,
        active: state.devices.get(name).is_some_and(|device| device.up).then_some(1),
        exists: Some(1),
        altnames: altnames(state, name),
        families: &["inet"],
        method: "manual",
        method6: "manual",
        ..Network::default()
    }
}

fn altnames<'s>(state: &'s State, name: &str) -> &'s [String] {
    state.altnames.get(name).map(Vec::as_slice).unwrap_or_default()
}

/// `lo`, which is there also when nobody configured it.
fn loopback() -> Network<'static> {
    Network {
        iface: "lo",
        kind: Some(Kind::Loopback),
        priority: 1,
        autostart: Some(1),
        active: Some(1),
        families: &["inet"],
        method: "loopback",
        method6: "manual",
        ..Network::default()
    }
}

/// One interface, if it is configured or there.
pub fn interface<'s>(state: &'s State, config: &'s Config<'_>, name: &str) -> Option<Network<'s>> {
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

impl<'s, 'a> View<'s, 'a> {
    fn interface(&self, interface: &'s Interface<'a>, priority: usize) -> Network<'s> {
        let device = self.state.devices.get(interface.name);
        let mut shown = Network {
            iface: interface.name,
            kind: Some(interface.kind),
            priority: if interface.kind == Kind::Loopback { 1 } else { priority },
            autostart: interface.autostart.then_some(1),
            active: device.is_some_and(|device| device.up).then_some(1),
            exists: self.exists(interface),
            altnames: altnames(self.state, interface.name),
            families: self.families(interface),
            method: self.method(interface, Family::V4),
            method6: self.method(interface, Family::V6),
            comments: self.comments(interface),
            file: self.file(interface),
            ..Network::default()
        };
        self.known(interface, &mut shown);
        self.addresses(interface, &mut shown);
        match interface.kind {
            Kind::Bridge => self.bridge(interface, &mut shown),
            Kind::Bond => self.bond(interface, &mut shown),
            Kind::OVSBond => shown.bond_mode = shown.bond_mode.or(Some("active-backup".into())),
            Kind::Vlan => (shown.vlan_raw_device, shown.vlan_id) = self.config.vlan(interface),
            _ => {}
        }
        self.unknown(interface, &mut shown);
        shown
    }

    fn addresses(&self, interface: &'s Interface<'a>, shown: &mut Network<'s>) {
        for family in [Family::V4, Family::V6] {
            let Some((found, length)) = self.config.address(interface, family) else { continue };
            let whole = if family == Family::V4 { 32 } else { 128 };
            let cidr = Some(format!("{found}/{}", length.unwrap_or(whole)));
            let netmask = length.map(|length| length.to_string());
            match family {
                Family::V4 => (shown.address, shown.netmask, shown.cidr) = (Some(found), netmask, cidr),
                Family::V6 => (shown.address6, shown.netmask6, shown.cidr6) = (Some(found), netmask, cidr),
            }
        }
    }

    /// What is shown as the file has it, whatever the interface is.
    fn known(&self, interface: &'s Interface<'a>, shown: &mut Network<'s>) {
        for &entry in &interface.entries {
            let Some(line) = self.config.line(entry) else { continue };
            let value = line.value.as_ref();
            *match (entry.field, entry.family) {
                (Field::Gateway, Family::V4) => &mut shown.gateway,
                (Field::Gateway, Family::V6) => &mut shown.gateway6,
                (Field::Broadcast, Family::V4) => &mut shown.broadcast,
                (Field::Broadcast, Family::V6) => &mut shown.broadcast6,
                (Field::Mtu, _) => &mut shown.mtu,
                (Field::BridgeAccess, _) => &mut shown.bridge_access,
                (Field::BridgeLearning, _) => &mut shown.bridge_learning,
                (Field::BridgeArpNdSuppress, _) => &mut shown.bridge_arp_nd_suppress,
                (Field::BridgeUnicastFlood, _) => &mut shown.bridge_unicast_flood,
                (Field::BridgeMulticastFlood, _) => &mut shown.bridge_multicast_flood,
                (Field::BridgeDisableMacLearning, _) => &mut shown.bridge_disable_mac_learning,
                (Field::VlanId, _) => &mut shown.vlan_id,
                (Field::VlanRawDevice, _) => &mut shown.vlan_raw_device,
                (Field::VlanProtocol, _) => &mut shown.vlan_protocol,
                (Field::VxlanId, _) => &mut shown.vxlan_id,
                (Field::VxlanSvcnodeip, _) => &mut shown.vxlan_svcnodeip,
                (Field::VxlanPhysdev, _) => &mut shown.vxlan_physdev,
                (Field::VxlanLocalTunnelip, _) => &mut shown.vxlan_local_tunnelip,
                (Field::LinkType, _) => &mut shown.link_type,
                (Field::UplinkId, _) => &mut shown.uplink_id,
                (Field::BondXmitHashPolicy, _) => &mut shown.bond_xmit_hash_policy,
                (Field::BondPrimary, _) => &mut shown.bond_primary,
                (Field::BondMiimon, _) => &mut shown.bond_miimon,
                (Field::OvsBridge, _) => &mut shown.ovs_bridge,
                (Field::OvsPorts, _) => &mut shown.ovs_ports,
                (Field::OvsBonds, _) => &mut shown.ovs_bonds,
                (Field::OvsOptions, _) => {
                    ovs_options(value, interface.kind, shown);
                    continue;
                }
                _ => continue,
            } = Some(value);
        }
    }

    fn bridge(&self, interface: &'s Interface<'a>, shown: &mut Network<'s>) {
        let stp = self.config.value(interface, Field::BridgeStp);
        shown.bridge_ports = Some(sorted(self.config.list(interface, Field::BridgePorts)));
        shown.bridge_stp = Some(if matches!(stp, Some("on" | "yes")) { "on" } else { "off" });
        shown.bridge_fd = Some(self.config.value(interface, Field::BridgeFd).unwrap_or("0"));
        shown.bridge_vlan_aware = is_vlan_aware(self.config, interface).then_some(1);
        shown.bridge_vids = self.config.value(interface, Field::BridgeVids);
    }

    fn bond(&self, interface: &'s Interface<'a>, shown: &mut Network<'s>) {
        shown.slaves = Some(sorted(self.config.list(interface, Field::Slaves)));
        shown.bond_mode =
            self.config.value(interface, Field::BondMode).map(|mode| Cow::Borrowed(bond_mode(mode)));
    }

    fn families(&self, interface: &Interface<'_>) -> &'static [&'static str] {
        let configured = |family| {
            let stanza = |place: &_| stanza_family(self.config.stanza(*place)) == Some(family);
            interface.stanzas.iter().any(stanza)
                || self.config.entry(interface, Field::Address, family).is_some()
        };
        match (configured(Family::V4), configured(Family::V6)) {
            (true, true) => &["inet", "inet6"],
            (false, true) => &["inet6"],
            (_, false) => &["inet"],
        }
    }

    fn method(&self, interface: &Interface<'_>, family: Family) -> &'s str {
        let given = self.config.method(interface, family);
        // a stanza without family is static where it has an address
        let has = || self.config.entry(interface, Field::Address, family).is_some();
        given.unwrap_or_else(|| if has() { "static" } else { "manual" })
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

    fn file(&self, interface: &Interface<'_>) -> Option<&'s str> {
        let place = interface.stanzas.iter().find(|place| place.file != 0)?;
        self.config.files().get(place.file).map(|file| file.path)
    }

    /// Lines without a meaning here, and those of an option that is given more than once.
    fn unknown(&self, interface: &'s Interface<'a>, shown: &mut Network<'s>) {
        for &place in &interface.stanzas {
            let stanza = self.config.stanza(place);
            let six = stanza_family(stanza) == Some(Family::V6);
            if let Head::Iface { inherits: Some(other), .. } = &stanza.head {
                shown.options.push(format!("inherits {}", other.text));
            }
            for (item, line) in stanza.items.iter().enumerate() {
                let Item::Option(line) = line else { continue };
                let entry = interface.entry_at(place, item);
                let field = entry.map_or_else(|| Field::of_key(line.key), |entry| Some(entry.field));
                if field == Some(Field::VxlanRemoteip) {
                    shown.vxlan_remoteip.push(&line.value);
                } else if entry.is_none() {
                    let text = format!("{} {}", line.key, line.value);
                    if six { &mut shown.options6 } else { &mut shown.options }.push(text);
                }
            }
        }
    }
}

fn ovs_options<'s>(options: &'s str, kind: Kind, shown: &mut Network<'s>) {
    let read = ovs::Options::parse(options);
    shown.ovs_tag = read.tag;
    if kind == Kind::OVSBond {
        shown.bond_mode = read.mode().map(Cow::Owned);
    }
    shown.ovs_options = read.rest();
}

/// Names sorted and each once, as the API delivers lists.
pub(crate) fn sorted<'n>(mut names: impl Iterator<Item = &'n str>) -> Cow<'n, str> {
    let (Some(first), second) = (names.next(), names.next()) else { return Cow::Borrowed("") };
    let Some(second) = second else { return Cow::Borrowed(first) };
    let mut names: Vec<&str> = [first, second].into_iter().chain(names).collect();
    names.sort_unstable();
    names.dedup();
    Cow::Owned(names.join(" "))
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
