//! A bridge over a card: guests are on the same network as the host.

use innkeeper_change::{Hazard, Problem, Severity};
use innkeeper_config::{Format, Property};
use serde_json::{Map, Value};

use super::draft::{Draft, Taken};
use super::outlook::Outlook;
use super::recipe::{Card, Recipe};
use super::values::{Cidr, Given};
use crate::interfaces::field::Field;
use crate::interfaces::kind::Kind;
use crate::interfaces::settings::{Addressing, Settings};

pub(super) const BRIDGE: Property =
    Property::string("bridge").format(Format::Iface).min_length(2).max_length(15).optional();
pub(super) const CIDR: Property = Property::string("cidr").format(Format::CidrV4).optional();
pub(super) const GATEWAY: Property = Property::string("gateway").format(Format::Ipv4).optional();
const VLAN_AWARE: Property = Property::boolean("vlan-aware")
    .optional()
    .default("0")
    .help("Let guests choose VLANs of the wire by their tags");

/// A bridge over a card or a bond.
pub(super) struct Bridged {
    port: String,
    bridge: String,
    cidr: Option<Cidr>,
    gateway: Option<std::net::Ipv4Addr>,
    vlan_aware: bool,
}

impl Recipe for Bridged {
    const CARD: Card = Card {
        id: "bridged",
        path: "/nodes/{node}/network-recipes/bridged",
        command: "network recipe bridged",
        title: "Bridged: guests on the same network as this host",
        purpose: "For a private network whose router gives access to the internet, and for providers that allow several \
                  hardware addresses on one cable. A bridge takes the place of the card: it gets the card's addresses, and \
                  every guest on it is a neighbour of this host, with an address from the same router.",
        parameters: &[
            Property::string("port")
                .format(Format::Iface)
                .min_length(2)
                .max_length(15)
                .optional()
                .help("The card or bond that leads to the network"),
            BRIDGE.help("Name of the bridge"),
            CIDR.help("Address of this host on the bridge; without it the port's addresses move there"),
            GATEWAY.help("Default gateway, where the address is a new one"),
            VLAN_AWARE,
        ],
    };

    fn proposed(outlook: &Outlook, given: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let config = outlook.config();
        let bridge_of = |name: &str| {
            let one = config.get(name)?;
            (one.kind == Kind::Bridge).then(|| config.list(one, Field::BridgePorts).next().map(str::to_owned))
        };
        let mut found = Vec::new();
        let said = Given(given);
        // the bridge that has the address already, if one is asked for
        let there = said.text("cidr").and_then(|cidr| outlook.with_address(Kind::Bridge, &cidr));
        let uplink = there.or_else(|| outlook.uplink());
        let port = said.text("port").or_else(|| match &uplink {
            // the host is bridged already
            Some(name) => bridge_of(name).unwrap_or(Some(name.clone())),
            None => outlook.free_cards().into_iter().next(),
        });
        let owner = port.as_deref().and_then(|port| super::outlook::owner(&config, port)).map(str::to_owned);
        found.extend(owner.or_else(|| outlook.next("vmbr")).map(|bridge| ("bridge", bridge.into())));
        found.extend(port.map(|port| ("port", port.into())));
        found
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let given = Given(params);
        Ok(Self {
            port: given.name("port")?,
            bridge: given.name("bridge")?,
            cidr: given.optional_cidr("cidr")?,
            gateway: given.optional_address("gateway")?,
            vlan_aware: given.yes("vlan-aware").unwrap_or(false),
        })
    }

    fn summary(&self) -> String {
        format!("bridge {} over {}", self.bridge, self.port)
    }

    fn edit(&self, _: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        let own = own_address(self.cidr, self.gateway)?;
        over(draft, "port", &self.port, &self.bridge, own)?;
        if self.vlan_aware {
            let values = [(Field::BridgeVlanAware, "1".to_owned())].into();
            draft.update(&self.bridge, Settings { values, ..Settings::default() })?;
        }
        draft.hazard(Hazard::new(
            "network.many-addresses",
            Severity::Notice,
            format!("The hardware address of every guest is seen on {}.", self.port),
            "Providers often shut a port that shows several: ask, register the guests' addresses, or take the recipe 'routed'.",
        ));
        Ok(())
    }
}

/// The address that was given, which comes in the place of all others.
pub(super) fn own_address(
    cidr: Option<Cidr>,
    gateway: Option<std::net::Ipv4Addr>,
) -> Result<Option<Addressing>, Problem> {
    match (cidr, gateway) {
        (None, Some(_)) => Err(Problem::parameter("gateway", "a gateway needs an address: give cidr, too")),
        (None, None) => Ok(None),
        (Some(cidr), gateway) => Ok(Some(Addressing {
            address: Some((cidr.address.to_string(), cidr.length)),
            gateway: gateway.map(|gateway| gateway.to_string()),
            ..Addressing::default()
        })),
    }
}

/// The bridge with this port, which gives it its addresses.
pub(super) fn over(
    draft: &mut Draft,
    parameter: &'static str,
    port: &str,
    bridge: &str,
    own: Option<Addressing>,
) -> Result<(), Problem> {
    draft.unused(parameter, port, &[bridge])?;
    if !matches!(draft.config().get(port).map(|one| one.kind), Some(Kind::Bond | Kind::Vlan)) {
        draft.card(parameter, port)?;
    }
    is_bridge_or_none(draft, bridge)?;
    let taken = draft.take(port, true)?;
    let others: Vec<String> = ports(draft, bridge).into_iter().filter(|other| other != port).collect();
    if !others.is_empty() {
        let message = format!("{bridge} has the port {} already", others.join(", "));
        return Err(Problem::parameter("bridge", message));
    }
    ensure(draft, bridge, &[port], give(taken, own))
}

/// Addresses for whom they are moved to; a given one replaces the one of its family.
pub(super) fn give(taken: Taken, own: Option<Addressing>) -> Taken {
    match own {
        Some(own) => {
            let gateway = own.gateway.clone().or(taken.v4.gateway);
            Taken { v4: Addressing { gateway, ..own }, ..taken }
        }
        None => taken,
    }
}

/// What a bridge consists of.
pub(super) fn ports(draft: &Draft, bridge: &str) -> Vec<String> {
    let config = draft.config();
    let one = config.get(bridge).filter(|one| one.kind == Kind::Bridge);
    one.map(|one| config.list(one, Field::BridgePorts).map(str::to_owned).collect()).unwrap_or_default()
}

/// Refuses a name that something else has.
pub(super) fn is_bridge_or_none(draft: &Draft, bridge: &str) -> Result<(), Problem> {
    match draft.config().get(bridge) {
        Some(one) if one.kind != Kind::Bridge => {
            Err(Problem::parameter("bridge", format!("{bridge} is of type '{}'", one.kind.word())))
        }
        _ => Ok(()),
    }
}

/// A bridge with these ports, brought up at boot. Addresses that it has stay, unless others are given.
pub(super) fn ensure(
    draft: &mut Draft,
    bridge: &str,
    ports: &[&str],
    addresses: Taken,
) -> Result<(), Problem> {
    let values = [(Field::BridgePorts, ports.join(" "))].into();
    let Taken { v4, v6 } = addresses;
    draft.ensure(
        bridge,
        Kind::Bridge,
        Settings { v4, v6, values, autostart: Some(true), ..Settings::default() },
    )
}
