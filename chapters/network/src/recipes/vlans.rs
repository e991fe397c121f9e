//! This host's own address in a VLAN, on the bridge of the guests or beside it.

use std::net::Ipv4Addr;

use innkeeper_change::{Hazard, Problem, Severity};
use innkeeper_config::Property;
use serde_json::{Map, Value};

use super::bonded::{BOND, Bond, BondBridge, MODE, POLICY, SLAVES};
use super::bridged::{self, BRIDGE, CIDR, GATEWAY, own_address};
use super::draft::{Draft, Taken};
use super::outlook::{Outlook, is_addressed};
use super::recipe::{Card, Recipe};
use super::values::{Cidr, Given};
use crate::interfaces::field::Field;
use crate::interfaces::kind::{Kind, vlan_of_name};
use crate::interfaces::settings::Settings;
use crate::interfaces::validate::NAME_LENGTH;

const VLAN: Property = Property::integer("vlan").min(1).max(4094).help("The VLAN of this host's own address");
const AWARE: Property = Property::boolean("vlan-aware")
    .optional()
    .default("0")
    .help("Make the bridge VLAN-aware; else the VLAN gets a bridge of its own beside it, as PORT.VLAN and vmbrNvVLAN");
const OWN: Property =
    CIDR.help("Address of this host in the VLAN; without it the bridge's addresses move there");
const OWN_GATEWAY: Property = GATEWAY.help("Default gateway, where the address is a new one");

/// The host's address in a VLAN.
pub(super) struct VlanManagement {
    vlan: u16,
    bridge: String,
    aware: bool,
    cidr: Option<Cidr>,
    gateway: Option<Ipv4Addr>,
}

impl Recipe for VlanManagement {
    const CARD: Card = Card {
        id: "vlan-management",
        path: "/nodes/{node}/network-recipes/vlan-management",
        command: "network recipe vlan-management",
        title: "Management in a VLAN: this host's address apart from the guests",
        purpose: "For networks whose switches keep management apart by VLAN tags. This host's address moves from the bridge \
                  into a VLAN, and guests keep the bridge.",
        parameters: &[VLAN, BRIDGE.help("The bridge whose address moves"), AWARE, OWN, OWN_GATEWAY],
    };

    fn proposed(outlook: &Outlook, _: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let config = outlook.config();
        // the uplink is the bridge, or what an earlier call put upon it
        let bridge = outlook.uplink().and_then(|uplink| {
            let below = vlan_of_name(&uplink).map(|(parent, _)| parent.to_owned());
            let beside = uplink.rsplit_once('v').map(|(bridge, _)| bridge.to_owned());
            let is_bridge = |name: &String| config.get(name).is_some_and(|one| one.kind == Kind::Bridge);
            [beside, below, Some(uplink)].into_iter().flatten().find(is_bridge)
        });
        let any =
            || config.interfaces().iter().find(|one| one.kind == Kind::Bridge).map(|one| one.name.to_owned());
        bridge.or_else(any).map(|bridge| ("bridge", bridge.into())).into_iter().collect()
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let given = Given(params);
        Ok(Self {
            vlan: given.vlan("vlan")?,
            bridge: given.name("bridge")?,
            aware: given.yes("vlan-aware").unwrap_or(false),
            cidr: given.optional_cidr("cidr")?,
            gateway: given.optional_address("gateway")?,
        })
    }

    fn summary(&self) -> String {
        format!("put the address of {} into VLAN {}", self.bridge, self.vlan)
    }

    fn edit(&self, _: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        let kind = draft.config().get(&self.bridge).map(|one| one.kind);
        if kind != Some(Kind::Bridge) {
            let message = format!("there is no bridge {}; the recipe 'bridged' makes one", self.bridge);
            return Err(Problem::parameter("bridge", message));
        }
        let own = own_address(self.cidr, self.gateway)?;
        let taken = bridged::give(draft.take(&self.bridge, false)?, own);
        let name = if self.aware { self.on_top(draft, taken)? } else { self.beside(draft, taken)? };
        draft.hazard(Hazard::new(
            "network.management-vlan",
            Severity::Warning,
            format!("This host is reached on {name} in VLAN {} alone.", self.vlan),
            "Let the switch carry this VLAN to this host before it is applied.",
        ));
        Ok(())
    }
}

impl VlanManagement {
    fn has_address(&self, draft: &Draft, name: &str, taken: &Taken) -> Result<(), Problem> {
        let config = draft.config();
        let there = config.get(name).is_some_and(|one| is_addressed(&config, one));
        if taken.is_empty() && !there {
            let message = format!("{} has no address that could move; give one", self.bridge);
            return Err(Problem::parameter("cidr", message));
        }
        Ok(())
    }

    /// `vmbr0.5` on a bridge that looks at VLANs.
    fn on_top(&self, draft: &mut Draft, taken: Taken) -> Result<String, Problem> {
        let name = format!("{}.{}", self.bridge, self.vlan);
        self.has_address(draft, &name, &taken)?;
        let values = [(Field::BridgeVlanAware, "1".to_owned())].into();
        draft.update(&self.bridge, Settings { values, ..Settings::default() })?;
        let Taken { v4, v6 } = taken;
        draft.ensure(&name, Kind::Vlan, Settings { v4, v6, autostart: Some(true), ..Settings::default() })?;
        Ok(name)
    }

    /// `vmbr0v5` over `eno1.5`.
    fn beside(&self, draft: &mut Draft, taken: Taken) -> Result<String, Problem> {
        let name = format!("{}v{}", self.bridge, self.vlan);
        self.has_address(draft, &name, &taken)?;
        let ports = bridged::ports(draft, &self.bridge);
        let [port] = ports.as_slice() else {
            let message = format!("{} must have one port, for the VLAN to stand on", self.bridge);
            return Err(Problem::parameter("bridge", message));
        };
        let mut settings = Settings::default();
        let mut device = format!("{port}.{}", self.vlan);
        if device.len() > NAME_LENGTH {
            device = format!("vlan{}", self.vlan);
            settings.values = [(Field::VlanRawDevice, port.clone())].into();
        }
        if draft.config().get(&device).is_none() {
            draft.create(&device, Kind::Vlan, settings)?;
        }
        draft.unused("vlan", &device, &[name.as_str()])?;
        bridged::ensure(draft, &name, &[device.as_str()], taken)?;
        Ok(name)
    }
}

/// The same on a bond.
pub(super) struct VlanBond {
    below: BondBridge,
    vlan: VlanManagement,
}

impl Recipe for VlanBond {
    const CARD: Card = Card {
        id: "vlan-bond",
        path: "/nodes/{node}/network-recipes/vlan-bond",
        command: "network recipe vlan-bond",
        title: "Management in a VLAN on a bond: the same, and a cable may break",
        purpose: "For hosts whose own address is kept apart by a VLAN tag and must not be lost with one cable. Two or more \
                  cards work as one; the guests' bridge and the VLAN of this host stand on them.",
        parameters: &[
            VLAN,
            SLAVES,
            BRIDGE.help("Name of the bridge"),
            BOND,
            MODE,
            POLICY,
            AWARE,
            OWN,
            OWN_GATEWAY,
        ],
    };

    fn proposed(outlook: &Outlook, given: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let mut found = VlanManagement::proposed(outlook, given);
        let known = found.iter().find(|(name, _)| *name == "bridge").and_then(|(_, value)| value.as_str());
        let cards = known.map(|bridge| cards_below(outlook, bridge));
        match cards {
            Some(cards) => found.extend(Bond::proposed(outlook, given, cards)),
            None => found.extend(BondBridge::proposed(outlook, given)),
        }
        found
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let mut below = params.clone();
        // the address goes into the VLAN, not to the bridge
        below.remove("cidr");
        below.remove("gateway");
        Ok(Self { below: BondBridge::read(&below)?, vlan: VlanManagement::read(params)? })
    }

    fn summary(&self) -> String {
        format!("{}, on {}", self.vlan.summary(), self.below.bond.in_words())
    }

    fn edit(&self, outlook: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        self.below.edit(outlook, draft)?;
        self.vlan.edit(outlook, draft)
    }
}

/// The cards that a bridge stands on, by way of a bond or not.
fn cards_below(outlook: &Outlook, bridge: &str) -> Vec<String> {
    let config = outlook.config();
    let Some(one) = config.get(bridge) else { return Vec::new() };
    let of = |port: &str| match config.get(port) {
        Some(port) if port.kind == Kind::Bond => {
            config.list(port, Field::Slaves).map(str::to_owned).collect()
        }
        _ => vec![port.to_owned()],
    };
    config.list(one, Field::BridgePorts).flat_map(of).collect()
}
