//! A bridge without ports, between which and the uplink this host routes.

use innkeeper_change::{Hazard, Problem, Severity};
use innkeeper_config::{Format, Property};
use serde_json::{Map, Value};

use super::bridged::{BRIDGE, CIDR, is_bridge_or_none};
use super::draft::Draft;
use super::outlook::{Outlook, is_addressed};
use super::recipe::{Card, Recipe};
use super::values::{Cidr, Given};
use crate::interfaces::config::Family;
use crate::interfaces::field::Field;
use crate::interfaces::kind::Kind;
use crate::interfaces::settings::{Addressing, Settings};

pub(super) const UPLINK: Property = Property::string("uplink")
    .format(Format::Iface)
    .min_length(2)
    .max_length(15)
    .optional()
    .help("The interface that leads to the gateway");

/// A network of guests that this host routes to.
pub(super) struct Routed {
    uplink: String,
    bridge: String,
    cidr: Cidr,
}

impl Recipe for Routed {
    const CARD: Card = Card {
        id: "routed",
        path: "/nodes/{node}/network-recipes/routed",
        command: "network recipe routed",
        title: "Routed: guests have public addresses, and the cable shows one hardware address",
        purpose: "For a host at a provider that gave you a block of addresses for guests and allows one hardware address on \
                  the cable. The guests are on a bridge of their own, and this host passes on what comes for them.",
        parameters: &[
            UPLINK,
            BRIDGE.help("Name of the guests' bridge"),
            CIDR.help("This host's address in the block for guests, 203.0.113.17/28; the guests' gateway"),
        ],
    };

    fn proposed(outlook: &Outlook, given: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let cidr = Given(given).text("cidr");
        let known = cidr.and_then(|cidr| outlook.with_address(Kind::Bridge, &cidr));
        let bridge = known.or_else(|| outlook.next("vmbr")).map(|bridge| ("bridge", bridge.into()));
        let uplink = outlook.uplink().map(|uplink| ("uplink", uplink.into()));
        uplink.into_iter().chain(bridge).collect()
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let given = Given(params);
        Ok(Self { uplink: given.name("uplink")?, bridge: given.name("bridge")?, cidr: given.cidr("cidr")? })
    }

    fn summary(&self) -> String {
        format!(
            "route between {} and {} with the guests of {}",
            self.uplink,
            self.bridge,
            self.cidr.network()
        )
    }

    fn edit(&self, _: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        leads_outside(draft, &self.uplink, &self.bridge)?;
        private(draft, &self.bridge, self.cidr)?;
        draft.lines(
            &self.uplink,
            &[
                ("post-up", "echo 1 > /proc/sys/net/ipv4/ip_forward".to_owned()),
                ("post-up", format!("echo 1 > /proc/sys/net/ipv4/conf/{}/proxy_arp", self.uplink)),
            ],
        )?;
        draft.hazard(Hazard::new(
            "network.forwards",
            Severity::Notice,
            "This host passes packets on between all of its networks once it is applied.".to_owned(),
            "Let a firewall say who may reach whom, where other networks are attached to this host.",
        ));
        Ok(())
    }
}

/// Refuses an uplink without an address, or one that is the guests' own bridge.
pub(super) fn leads_outside(draft: &Draft, uplink: &str, bridge: &str) -> Result<(), Problem> {
    let config = draft.config();
    let wrong = |message: String| Err(Problem::parameter("uplink", message));
    match config.get(uplink) {
        None => wrong(format!("{uplink} is not configured")),
        Some(_) if uplink == bridge => {
            wrong(format!("{uplink} cannot be both the uplink and the guests' bridge"))
        }
        Some(one) if one.kind == Kind::Alias => {
            wrong(format!("{uplink} is an alias; name the interface itself"))
        }
        Some(one) if !is_addressed(&config, one) => wrong(format!("{uplink} has no address")),
        Some(_) => Ok(()),
    }
}

/// A bridge without ports that has this address.
pub(super) fn private(draft: &mut Draft, bridge: &str, cidr: Cidr) -> Result<(), Problem> {
    is_bridge_or_none(draft, bridge)?;
    let config = draft.config();
    if let Some(one) = config.get(bridge) {
        let ports: Vec<&str> = config.list(one, Field::BridgePorts).collect();
        if !ports.is_empty() {
            let message =
                format!("{bridge} has the port {}; the guests need a bridge of their own", ports.join(", "));
            return Err(Problem::parameter("bridge", message));
        }
        if let Some((address, length)) = config.address(one, Family::V4)
            && (address != cidr.address.to_string() || length != Some(cidr.length))
        {
            let length = length.map_or(String::new(), |length| format!("/{length}"));
            return Err(Problem::parameter(
                "bridge",
                format!("{bridge} has the address {address}{length}, not {cidr}"),
            ));
        }
    }
    drop(config);
    let v4 = Addressing { address: Some((cidr.address.to_string(), cidr.length)), ..Addressing::default() };
    let values = [(Field::BridgePorts, String::new())].into();
    draft.ensure(bridge, Kind::Bridge, Settings { v4, values, autostart: Some(true), ..Settings::default() })
}
