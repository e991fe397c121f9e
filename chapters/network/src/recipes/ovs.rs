//! A bridge of Open vSwitch, with the cards that it stands on and this host's own port.

use std::net::Ipv4Addr;

use innkeeper_change::Problem;
use innkeeper_config::{Format, Property};
use serde_json::{Map, Value};

use super::bridged::{BRIDGE, CIDR, GATEWAY, give, own_address};
use super::draft::{Draft, Taken};
use super::outlook::{Outlook, owner};
use super::recipe::{Card, Recipe};
use super::values::{Cidr, Given};
use crate::interfaces::config::{Config, Interface, names};
use crate::interfaces::field::Field;
use crate::interfaces::kind::Kind;
use crate::interfaces::modes;
use crate::interfaces::settings::Settings;

/// A switch of Open vSwitch.
pub(super) struct Ovs {
    bridge: String,
    ports: Vec<String>,
    bond: String,
    mode: &'static str,
    host: String,
    tag: Option<u16>,
    cidr: Option<Cidr>,
    gateway: Option<Ipv4Addr>,
}

impl Recipe for Ovs {
    const CARD: Card = Card {
        id: "ovs",
        path: "/nodes/{node}/network-recipes/ovs",
        command: "network recipe ovs",
        title: "Open vSwitch: a switch in software that knows VLANs by itself",
        purpose: "For those who use Open vSwitch elsewhere or need what it can do. A bridge of Open vSwitch takes one card, or \
                  several as a bond, and this host gets a port of its own on it, in a VLAN if you like. Needs the package \
                  openvswitch-switch.",
        parameters: &[
            BRIDGE.help("Name of the bridge"),
            Property::string("ports")
                .format(Format::List(&Format::Iface))
                .optional()
                .help("The cards of the bridge; several become a bond"),
            Property::string("bond")
                .format(Format::Iface)
                .min_length(2)
                .max_length(15)
                .optional()
                .help("Name of the bond, where there are several cards"),
            Property::one_of("mode", &modes::OVS)
                .optional()
                .default("active-backup")
                .help("How the cards of the bond share the work"),
            Property::string("host-port")
                .format(Format::Iface)
                .min_length(2)
                .max_length(15)
                .optional()
                .help("Name of this host's own port, which has its address"),
            Property::integer("tag").min(1).max(4094).optional().help("VLAN of this host's own port"),
            CIDR.help("Address of this host on its port; without it the card's addresses move there"),
            GATEWAY.help("Default gateway, where the address is a new one"),
        ],
    };

    fn proposed(outlook: &Outlook, given: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let config = outlook.config();
        let said = Given(given);
        // a switch that is there already is meant, unless another one is named
        let switches = config.interfaces().iter().filter(|one| one.kind == Kind::OVSBridge);
        let there = switches
            .filter(|one| said.text("bridge").is_none_or(|name| name == one.name))
            .find_map(|one| cards_of(&config, one));
        let ports = said.text("ports").or(there).or_else(|| outlook.free_cards().into_iter().next());
        let of = |kind: Kind, name: &str| {
            owner(&config, name)
                .filter(|name| config.get(name).is_some_and(|one| one.kind == kind))
                .map(str::to_owned)
        };
        let first = ports.as_deref().and_then(|ports| names(ports).next());
        let bond = first.and_then(|first| of(Kind::OVSBond, first));
        let bridge = first.and_then(|first| of(Kind::OVSBridge, bond.as_deref().unwrap_or(first)));
        let mut found = vec![("host-port", "host0".into())];
        found.extend(bond.or_else(|| outlook.next("bond")).map(|bond| ("bond", bond.into())));
        found.extend(bridge.or_else(|| outlook.next("vmbr")).map(|bridge| ("bridge", bridge.into())));
        found.extend(ports.map(|ports| ("ports", ports.into())));
        found
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let given = Given(params);
        let mode = given.text("mode").is_some();
        Ok(Self {
            bridge: given.name("bridge")?,
            ports: given.names("ports")?,
            bond: given.name("bond")?,
            mode: if mode { given.word("mode", &modes::OVS)? } else { modes::OVS[0] },
            host: given.name("host-port")?,
            tag: given.optional_vlan("tag")?,
            cidr: given.optional_cidr("cidr")?,
            gateway: given.optional_address("gateway")?,
        })
    }

    fn summary(&self) -> String {
        format!("bridge {} of Open vSwitch over {}", self.bridge, self.ports.join(" and "))
    }

    fn edit(&self, outlook: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        if !outlook.files.ovs {
            let message = "Open VSwitch is not installed (need package 'openvswitch-switch')";
            return Err(Problem::Invalid(message.to_owned()));
        }
        let own = own_address(self.cidr, self.gateway)?;
        let mut taken = Taken::default();
        for port in &self.ports {
            draft.unused("ports", port, &[self.bridge.as_str(), self.bond.as_str()])?;
            if draft.config().get(port).is_none_or(|one| one.kind != Kind::OVSPort) {
                draft.card("ports", port)?;
            }
            let next = draft.take(port, true)?;
            if !next.is_empty() && !taken.is_empty() {
                return Err(Problem::parameter(
                    "ports",
                    "two of the cards have addresses; take one of them away first",
                ));
            }
            taken = if next.is_empty() { taken } else { next };
        }
        self.switch(draft)?;
        self.own_port(draft, give(taken, own))
    }
}

impl Ovs {
    fn switch(&self, draft: &mut Draft) -> Result<(), Problem> {
        let kind = draft.config().get(&self.bridge).map(|one| one.kind);
        if let Some(other) = kind.filter(|kind| *kind != Kind::OVSBridge) {
            return Err(Problem::parameter(
                "bridge",
                format!("{} is of type '{}'", self.bridge, other.word()),
            ));
        }
        if kind.is_none() {
            draft.create(
                &self.bridge,
                Kind::OVSBridge,
                Settings { autostart: Some(true), ..Settings::default() },
            )?;
        }
        if self.ports.len() > 1 {
            let values = [
                (Field::OvsBridge, self.bridge.clone()),
                (Field::OvsBonds, self.ports.join(" ")),
                (Field::BondMode, self.mode.to_owned()),
            ];
            let settings = Settings { values: values.into(), autostart: Some(true), ..Settings::default() };
            draft.ensure(&self.bond, Kind::OVSBond, settings)?;
            return self.brought_up(draft);
        }
        let config = draft.config();
        let known = config
            .get(&self.bridge)
            .map(|one| config.list(one, Field::OvsPorts).map(str::to_owned).collect());
        let mut ports: Vec<String> = known.unwrap_or_default();
        drop(config);
        for port in &self.ports {
            if !ports.contains(port) {
                ports.push(port.clone());
            }
        }
        let values = [(Field::OvsPorts, ports.join(" "))].into();
        draft.update(&self.bridge, Settings { values, ..Settings::default() })?;
        self.brought_up(draft)
    }

    /// Open vSwitch leaves cards down that nobody brings up when the host starts.
    fn brought_up(&self, draft: &mut Draft) -> Result<(), Problem> {
        let autostart = || Settings { autostart: Some(true), ..Settings::default() };
        self.ports.iter().try_for_each(|port| draft.update(port, autostart()))
    }

    /// The host's own port, where it has an address.
    fn own_port(&self, draft: &mut Draft, addresses: Taken) -> Result<(), Problem> {
        if addresses.is_empty() && self.tag.is_none() {
            return Ok(());
        }
        let Taken { v4, v6 } = addresses;
        let values = [(Field::OvsBridge, self.bridge.clone())].into();
        let ovs_tag = self.tag.map(|tag| tag.to_string());
        let settings = Settings { v4, v6, values, ovs_tag, autostart: Some(true), ..Settings::default() };
        draft.ensure(&self.host, Kind::OVSIntPort, settings)
    }
}

/// The cards of a switch, its bond's if it has one.
fn cards_of(config: &Config<'_>, switch: &Interface<'_>) -> Option<String> {
    let ports = || config.list(switch, Field::OvsPorts).filter_map(|port| config.get(port));
    let bond = ports().find(|port| port.kind == Kind::OVSBond);
    let cards: Vec<&str> = match bond {
        Some(bond) => config.list(bond, Field::OvsBonds).collect(),
        None => ports().filter(|port| port.kind == Kind::OVSPort).map(|port| port.name).collect(),
    };
    (!cards.is_empty()).then(|| cards.join(" "))
}
