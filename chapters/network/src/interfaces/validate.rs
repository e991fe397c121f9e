//! What makes a configuration wrong as a whole: the original's refusals in its words, and a few of our own.

use std::collections::HashMap;

use super::config::{Config, Family, Interface};
use super::field::Field;
use super::kind::{Kind, is_physical_name, vlan_id_of_name, vlan_of_name};
use super::state::State;
use super::view::{bond_mode, is_vlan_aware};
use super::{modes, ovs};

/// Names that the kernel takes.
pub const NAME_LENGTH: usize = 15;
/// Bridges on one host, and VLANs on one link.
pub const VLANS: u32 = 4094;

/// Everything that is wrong, in a stable order. A configuration is refused when it has something that the one before did
/// not have.
pub fn wrong(state: &State, config: &Config<'_>) -> Vec<String> {
    let mut look =
        Look { state, config, found: Vec::new(), ports: HashMap::with_capacity(config.interfaces().len()) };
    look.gather_ports();
    let (mut vxlans, mut uplinks) = (HashMap::new(), HashMap::new());
    for interface in config.interfaces() {
        match interface.kind {
            Kind::OVSBridge => look.ovs_bridge(interface),
            Kind::OVSBond => look.ovs_bond(interface),
            Kind::Bond => look.bond(interface),
            Kind::Bridge => look.bridge(interface),
            Kind::Vlan => look.vlan(interface),
            Kind::Vxlan => look.vxlan(interface, &mut vxlans),
            _ => {}
        }
        look.uplink(interface, &mut uplinks);
        look.port_options(interface);
    }
    look.circles();
    look.count();
    look.found
}

/// What a port belongs to.
#[derive(Clone, Copy)]
struct Owner<'s> {
    name: &'s str,
    kind: Kind,
    vlan_aware: bool,
}

struct Look<'s, 'a> {
    state: &'s State,
    config: &'s Config<'a>,
    found: Vec<String>,
    ports: HashMap<&'s str, Owner<'s>>,
}

/// The option that lists what an interface is made of.
pub(crate) fn port_field(kind: Kind) -> Option<Field> {
    match kind {
        Kind::Bridge => Some(Field::BridgePorts),
        Kind::Bond => Some(Field::Slaves),
        Kind::OVSBridge => Some(Field::OvsPorts),
        Kind::OVSBond => Some(Field::OvsBonds),
        _ => None,
    }
}

impl<'s, 'a> Look<'s, 'a> {
    fn say(&mut self, message: String) {
        self.found.push(message);
    }

    fn gather_ports(&mut self) {
        let config = self.config;
        for interface in config.interfaces() {
            let Some(field) = port_field(interface.kind) else { continue };
            let vlan_aware = interface.kind == Kind::Bridge && is_vlan_aware(config, interface);
            let owner = Owner { name: interface.name, kind: interface.kind, vlan_aware };
            for port in config.list(interface, field) {
                match self.ports.get(port) {
                    Some(first) if first.name != owner.name => {
                        self.found
                            .push(format!("port '{port}' is already used on interface '{}'", first.name));
                    }
                    Some(_) => {}
                    None => {
                        self.ports.insert(port, owner);
                    }
                }
            }
        }
    }

    /// What an interface is, also when it is only there and not configured.
    fn kind(&self, name: &str) -> Option<Kind> {
        let there = || self.state.devices.get(name).filter(|device| device.physical).map(|_| Kind::Eth);
        self.config.get(name).map(|interface| interface.kind).or_else(there)
    }

    fn mtu(&self, parent: &str, child: &str) -> Option<String> {
        let of = |name: &str| {
            let interface = self.config.get(name)?;
            self.config.value(interface, Field::Mtu)?.parse::<u32>().ok()
        };
        let lower = of(child)?;
        let bond = self.kind(parent) == Some(Kind::Bond);
        let upper = of(parent).unwrap_or(if bond { lower } else { 1500 });
        (upper < lower)
            .then(|| format!("interface '{parent}' - mtu {upper} is lower than '{child}' - mtu {lower}"))
    }

    fn ovs_bridge(&mut self, interface: &'s Interface<'a>) {
        let name = interface.name;
        for port in self.config.list(interface, Field::OvsPorts) {
            match self.kind(port) {
                None => self.say(format!("OVS bridge '{name}' - unable to find port '{port}'")),
                Some(Kind::Eth | Kind::OVSPort | Kind::OVSBond | Kind::OVSIntPort) => {
                    self.found.extend(self.mtu(name, port));
                }
                Some(_) => self.say(format!("interface '{port}' is not defined as OVS port/bond")),
            }
        }
    }

    fn ovs_bond(&mut self, interface: &'s Interface<'a>) {
        let name = interface.name;
        for slave in self.config.list(interface, Field::OvsBonds) {
            match self.kind(slave) {
                None => self.say(format!("OVS bond '{name}' - unable to find slave '{slave}'")),
                Some(Kind::Eth) => self.found.extend(self.mtu(name, slave)),
                Some(kind) => self.say(format!(
                    "OVS bond '{name}' - wrong interface type on slave '{slave}' ('{}' != 'eth')",
                    kind.word()
                )),
            }
        }
        let options = self.config.value(interface, Field::OvsOptions).map(ovs::Options::parse);
        if let Some(mode) = options.and_then(|options| options.mode())
            && !modes::OVS.contains(&mode.as_str())
        {
            self.say(format!("OVS does not support bond mode '{mode}'"));
        }
    }

    fn bond(&mut self, interface: &'s Interface<'a>) {
        let name = interface.name;
        for slave in self.config.list(interface, Field::Slaves) {
            match self.kind(slave) {
                None => self.say(format!("bond '{name}' - unable to find slave '{slave}'")),
                Some(Kind::Eth | Kind::Bond) => self.found.extend(self.mtu(name, slave)),
                Some(kind) => self.say(format!(
                    "bond '{name}' - wrong interface type on slave '{slave}' ('{}' != 'eth or bond')",
                    kind.word()
                )),
            }
        }
        if let Some(primary) = self.config.value(interface, Field::BondPrimary)
            && !self.config.list(interface, Field::Slaves).any(|slave| slave == primary)
        {
            self.say(format!("bond '{name}' - bond-primary interface is not a slave"));
        }
        if let Some(mode) = self.config.value(interface, Field::BondMode).map(bond_mode)
            && !modes::LINUX.contains(&mode)
        {
            self.say(format!("bond '{name}' - unknown bond mode '{mode}'"));
        }
    }

    fn bridge(&mut self, interface: &'s Interface<'a>) {
        let name = interface.name;
        let has_mtu = self.config.value(interface, Field::Mtu).is_some();
        for port in self.config.list(interface, Field::BridgePorts) {
            // ifupdown's own patterns, and what it makes of a name with a dot by itself
            if port.contains(['*', '?', '[']) || port == "regex" {
                continue;
            }
            let configured = self.config.get(port);
            let known = configured.is_some() || self.state.devices.contains_key(port);
            if !known && vlan_of_name(port).is_none() {
                self.say(format!("bridge '{name}' - unable to find bridge port '{port}'"));
                continue;
            }
            if configured.is_some_and(|port| self.has_address(port)) {
                self.say(format!("iface {port} - ip address can't be set on interface if bridged in {name}"));
            }
            if has_mtu {
                self.found.extend(self.mtu(port, name));
            }
        }
    }

    fn has_address(&self, interface: &Interface<'_>) -> bool {
        [Family::V4, Family::V6].into_iter().any(|family| {
            self.config.method(interface, family).is_none_or(|method| method == "static")
                && self
                    .config
                    .address(interface, family)
                    .is_some_and(|(address, _)| !matches!(address, "0.0.0.0" | "::"))
        })
    }

    fn vlan(&mut self, interface: &'s Interface<'a>) {
        let name = interface.name;
        let (parent, id) = self.config.vlan(interface);
        let Some(parent) = parent else { return self.say("missing vlan-raw-device option".to_owned()) };
        if vlan_of_name(name).is_none() && vlan_id_of_name(name).is_none() && !self.state.ifupdown2 {
            self.say("custom vlan interface name need ifupdown2".to_owned());
        }
        match id.map(str::parse::<u32>) {
            None => self.say("missing vlan-id option".to_owned()),
            Some(Ok(1..=VLANS)) => {}
            Some(Ok(0)) => self.say(format!("vlan '{name}' - vlan-id 0 should be >= 1")),
            Some(_) => {
                self.say(format!("vlan '{name}' - vlan-id {} should be <= {VLANS}", id.unwrap_or_default()));
            }
        }
        match self.kind(parent) {
            None if self.state.devices.contains_key(parent) => {}
            None => self.say(format!("vlan '{name}' - unable to find parent '{parent}'")),
            Some(Kind::Eth | Kind::Bond | Kind::Bridge | Kind::Vlan) => {
                self.found.extend(self.mtu(parent, name));
            }
            Some(kind) => self.say(format!(
                "vlan '{name}' - wrong interface type on parent '{parent}' ('{}' != 'eth|bond|bridge|vlan' )",
                kind.word()
            )),
        }
        if let Some(protocol) = self.config.value(interface, Field::VlanProtocol)
            && !["802.1ad", "802.1q"].iter().any(|known| protocol.eq_ignore_ascii_case(known))
        {
            self.say(format!("{name}: wrong vlan-protocol {protocol}"));
        }
    }

    fn vxlan(&mut self, interface: &'s Interface<'a>, known: &mut HashMap<&'s str, &'s str>) {
        let name = interface.name;
        let has = |field| self.config.value(interface, field).is_some();
        let peers = [Field::VxlanSvcnodeip, Field::VxlanRemoteip, Field::VxlanLocalTunnelip];
        let (peers, multicast, device) = (
            peers.into_iter().filter(|field| has(*field)).count(),
            has(Field::VxlanSvcnodeip),
            has(Field::VxlanPhysdev),
        );
        if let Some(id) = self.config.value(interface, Field::VxlanId)
            && let Some(other) = known.insert(id, name)
        {
            self.say(format!("iface {name} - duplicate vxlan-id {id} already used in {other}"));
        }
        if peers > 1 {
            self.say(format!(
                "iface {name} - vxlan-svcnodeip, vxlan-remoteip and vxlan-localtunnelip are mutually exclusive"
            ));
        }
        if multicast != device {
            self.say(format!("iface {name} - vxlan-svcnodeip and vxlan-physdev must be define together"));
        }
    }

    fn uplink(&mut self, interface: &'s Interface<'a>, known: &mut HashMap<&'s str, &'s str>) {
        let Some(id) = self.config.value(interface, Field::UplinkId) else { return };
        let name = interface.name;
        if !matches!(interface.kind, Kind::Eth | Kind::Bond) {
            self.say(format!(
                "iface '{name}' - uplink-id {id} is only allowed on physical and linux bond interfaces"
            ));
        }
        if let Some(other) = known.insert(id, name) {
            self.say(format!("iface '{name}' - uplink-id {id} is already assigned on '{other}'"));
        }
    }

    fn port_options(&mut self, interface: &'s Interface<'a>) {
        for entry in interface.entries.iter().filter(|entry| entry.field.is_port_option()) {
            let name = interface.name;
            let owner = self.ports.get(name).filter(|owner| owner.kind == Kind::Bridge).copied();
            let option = entry.field.param();
            match owner {
                None => self.say(format!(
                    "iface {name} - {option}: bridge port specific options can be used only on interfaces \
                     attached to a bridge"
                )),
                Some(owner) if entry.field == Field::BridgeAccess && !owner.vlan_aware => self.say(format!(
                    "iface {name} - bridge-access option can be only used if interface is in a vlan aware bridge"
                )),
                Some(_) => {}
            }
        }
    }

    /// Interfaces that are made of themselves, over whatever way.
    fn circles(&mut self) {
        // 0: not seen, 1: on the way, 2: done
        let mut seen: HashMap<&str, u8> = HashMap::with_capacity(self.config.interfaces().len());
        for interface in self.config.interfaces() {
            if seen.contains_key(interface.name) {
                continue;
            }
            seen.insert(interface.name, 1);
            let mut way = vec![(interface.name, self.parts(interface.name), 0)];
            while let Some((name, parts, next)) = way.last_mut() {
                let Some(part) = parts.get(*next).copied() else {
                    seen.insert(*name, 2);
                    way.pop();
                    continue;
                };
                *next += 1;
                match seen.get(part) {
                    Some(1) => {
                        let message = format!("interface '{name}' contains itself by way of '{part}'");
                        self.found.push(message);
                    }
                    Some(_) => {}
                    None => {
                        seen.insert(part, 1);
                        let parts = self.parts(part);
                        way.push((part, parts, 0));
                    }
                }
            }
        }
    }

    /// What an interface is made of.
    fn parts(&self, name: &str) -> Vec<&'s str> {
        let config: &'s Config<'a> = self.config;
        let Some(interface) = config.get(name) else {
            // a port `bond0.5` that nobody configures is made of `bond0`
            let parent = vlan_of_name(name).and_then(|(parent, _)| config.get(parent));
            return parent.map(|parent| parent.name).into_iter().collect();
        };
        match (port_field(interface.kind), interface.kind) {
            (Some(field), _) => config.list(interface, field).collect(),
            (None, Kind::Vlan) => config.vlan(interface).0.into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn count(&mut self) {
        let bridges =
            self.config.interfaces().iter().filter(|interface| interface.kind == Kind::Bridge).count();
        if bridges > VLANS as usize {
            self.say(format!("{bridges} bridges: there can be {VLANS} on one host"));
        }
    }
}

/// Whether a new name is one that its type goes by, with what is wrong with it.
///
/// # Errors
/// What is wrong.
pub fn check_name(name: &str, kind: Kind) -> Result<(), String> {
    if name.len() > NAME_LENGTH {
        return Err(format!("value may only be {NAME_LENGTH} characters long"));
    }
    let number =
        name.strip_prefix("vmbr").filter(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit()));
    match (kind, number) {
        (Kind::Bridge | Kind::OVSBridge, Some(number)) => match number.parse::<u32>() {
            Ok(parsed) if parsed <= VLANS && parsed.to_string() == number => Ok(()),
            _ => Err(format!("bridges are called vmbr0 to vmbr{VLANS}")),
        },
        (Kind::Eth, _) if is_physical_name(name) => Ok(()),
        _ => Ok(()),
    }
}
