//! Bonds: several cards as one, with an address of its own or as the port of a bridge.

use innkeeper_change::{Hazard, Problem, Severity};
use innkeeper_config::{Format, Property};
use serde_json::{Map, Value};

use super::bridged::{self, BRIDGE, CIDR, GATEWAY, own_address};
use super::draft::{Draft, Taken};
use super::outlook::{Outlook, owner};
use super::recipe::{Card, Recipe};
use super::values::{Cidr, Given};
use crate::interfaces::field::Field;
use crate::interfaces::kind::Kind;
use crate::interfaces::modes;
use crate::interfaces::settings::{Addressing, Settings};

const IFACE_LIST: Format = Format::List(&Format::Iface);
pub(super) const SLAVES: Property =
    Property::string("slaves").format(IFACE_LIST).optional().help("The cards of the bond");
pub(super) const BOND: Property = Property::string("bond")
    .format(Format::Iface)
    .min_length(2)
    .max_length(15)
    .optional()
    .help("Name of the bond");
pub(super) const MODE: Property = Property::one_of("mode", &modes::LINUX)
    .optional()
    .help("How the cards share the work: 802.3ad where the switch speaks LACP, else active-backup");
pub(super) const POLICY: Property = Property::one_of("xmit-hash-policy", &modes::HASH_POLICIES)
    .optional()
    .default("layer2+3")
    .help("What decides over which card a packet goes, in the modes balance-xor and 802.3ad");
/// What works with every switch.
const DEFAULT_MODE: &str = "active-backup";

/// A bond as it is wanted.
pub(super) struct Bond {
    pub(super) name: String,
    pub(super) slaves: Vec<String>,
    mode: &'static str,
    policy: &'static str,
}

impl Bond {
    pub(super) fn read(given: &Given<'_>) -> Result<Self, Problem> {
        let slaves = given.names("slaves")?;
        if slaves.is_empty() {
            return Err(Problem::parameter("slaves", "a bond needs cards"));
        }
        let policy = given.text("xmit-hash-policy").is_some();
        Ok(Self {
            name: given.name("bond")?,
            slaves,
            mode: given.word("mode", &modes::LINUX)?,
            policy: if policy { given.word("xmit-hash-policy", &modes::HASH_POLICIES)? } else { "layer2+3" },
        })
    }

    /// What to take for what was not said: `cards` and those that are free, in the bond that has them already.
    pub(super) fn proposed(
        outlook: &Outlook,
        given: &Map<String, Value>,
        cards: Vec<String>,
    ) -> Vec<(&'static str, Value)> {
        let config = outlook.config();
        let said = Given(given).text("slaves");
        // the bond that has the address already
        let there = || {
            let name = outlook.with_address(Kind::Bond, &Given(given).text("cidr")?)?;
            Some(config.list(config.get(&name)?, Field::Slaves).collect::<Vec<_>>().join(" "))
        };
        let slaves = said.or_else(there).unwrap_or_else(|| {
            let free = outlook.free_cards().into_iter().filter(|card| !cards.contains(card));
            cards.iter().cloned().chain(free).take(2).collect::<Vec<_>>().join(" ")
        });
        let first = crate::interfaces::config::names(&slaves).next();
        let known = first.and_then(|slave| owner(&config, slave));
        let known = known.filter(|name| config.get(name).is_some_and(|one| one.kind == Kind::Bond));
        let mode = known
            .and_then(|name| config.value(config.get(name)?, Field::BondMode))
            .map_or(DEFAULT_MODE, crate::interfaces::view::bond_mode);
        let bond = known.map(str::to_owned).or_else(|| outlook.next("bond"));
        let mut found = vec![("mode", mode.into())];
        found.extend(bond.map(|bond| ("bond", bond.into())));
        found.extend((!slaves.is_empty()).then(|| ("slaves", slaves.into())));
        found
    }

    /// The bond, brought up at boot, of cards that nothing else is made of.
    pub(super) fn ensure(&self, draft: &mut Draft, addresses: Taken) -> Result<(), Problem> {
        for slave in &self.slaves {
            draft.unused("slaves", slave, &[self.name.as_str()])?;
            draft.card("slaves", slave)?;
        }
        let config = draft.config();
        if let Some(one) = config.get(&self.name) {
            let mut known: Vec<&str> = config.list(one, Field::Slaves).collect();
            let mut wanted: Vec<&str> = self.slaves.iter().map(String::as_str).collect();
            known.sort_unstable();
            wanted.sort_unstable();
            if one.kind != Kind::Bond || known != wanted {
                let message = format!("{} is there already, and made of {}", self.name, known.join(", "));
                return Err(Problem::parameter("bond", message));
            }
        }
        drop(config);
        let mut values = std::collections::BTreeMap::from([
            (Field::Slaves, self.slaves.join(" ")),
            (Field::BondMode, self.mode.to_owned()),
        ]);
        if modes::HASHING.contains(&self.mode) {
            values.insert(Field::BondXmitHashPolicy, self.policy.to_owned());
        }
        let Taken { v4, v6 } = addresses;
        let settings = Settings { v4, v6, values, autostart: Some(true), ..Settings::default() };
        draft.ensure(&self.name, Kind::Bond, settings)?;
        self.risks(draft);
        Ok(())
    }

    fn risks(&self, draft: &mut Draft) {
        if self.slaves.len() < 2 {
            draft.hazard(Hazard::new(
                "network.bond-of-one",
                Severity::Notice,
                format!("{} has one card: nothing takes its place when it fails.", self.name),
                "Name two cards, with cables to two switches if you can.",
            ));
        }
        let needs = match self.mode {
            "802.3ad" => "a switch that speaks LACP on these ports",
            "balance-rr" | "balance-xor" | "broadcast" => "a switch whose ports are grouped by hand",
            _ => return,
        };
        draft.hazard(Hazard::new(
            "network.bond-needs-switch",
            Severity::Warning,
            format!("The mode {} needs {needs}; without it the network may stop.", self.mode),
            "Set up the switch first, or take active-backup, which works with every switch.",
        ));
    }

    pub(super) fn in_words(&self) -> String {
        format!("bond {} of {}", self.name, self.slaves.join(" and "))
    }
}

/// A bond with an address: a network of its own for storage.
pub(super) struct BondStorage {
    bond: Bond,
    cidr: Cidr,
}

impl Recipe for BondStorage {
    const CARD: Card = Card {
        id: "bond-storage",
        path: "/nodes/{node}/network-recipes/bond-storage",
        command: "network recipe bond-storage",
        title: "Bond with an address: a fast network for storage that survives a broken cable",
        purpose: "For a separate network to storage or between hosts. Two or more free cards work as one, which is faster \
                  or goes on when one of them fails.",
        parameters: &[SLAVES, CIDR.help("This host's address in that network"), BOND, MODE, POLICY],
    };

    fn proposed(outlook: &Outlook, given: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        Bond::proposed(outlook, given, Vec::new())
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let given = Given(params);
        Ok(Self { bond: Bond::read(&given)?, cidr: given.cidr("cidr")? })
    }

    fn summary(&self) -> String {
        format!("{} with {}", self.bond.in_words(), self.cidr)
    }

    fn edit(&self, _: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        for slave in &self.bond.slaves {
            draft.without_address("slaves", slave)?;
        }
        let address = Some((self.cidr.address.to_string(), self.cidr.length));
        let v4 = Addressing { address, ..Addressing::default() };
        self.bond.ensure(draft, Taken { v4, ..Taken::default() })
    }
}

/// A bond as the port of the guests' bridge.
pub(super) struct BondBridge {
    pub(super) bond: Bond,
    pub(super) bridge: String,
    cidr: Option<Cidr>,
    gateway: Option<std::net::Ipv4Addr>,
}

impl Recipe for BondBridge {
    const CARD: Card = Card {
        id: "bond-bridge",
        path: "/nodes/{node}/network-recipes/bond-bridge",
        command: "network recipe bond-bridge",
        title: "Bond as the port of a bridge: guests stay connected when a cable breaks",
        purpose: "For hosts whose guests must not lose the network with one cable, one card or one switch. Two or more \
                  cards work as one, and the guests' bridge stands on it.",
        parameters: &[
            SLAVES,
            BRIDGE.help("Name of the bridge"),
            BOND,
            MODE,
            POLICY,
            CIDR.help("Address of this host on the bridge; without it the addresses of bridge or cards stay"),
            GATEWAY.help("Default gateway, where the address is a new one"),
        ],
    };

    fn proposed(outlook: &Outlook, given: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let (bridge, cards) = uplink_cards(outlook);
        let mut found = Bond::proposed(outlook, given, cards);
        let proposed = found.iter().find(|(name, _)| *name == "bond").and_then(|(_, bond)| bond.as_str());
        let bond = Given(given).text("bond").or(proposed.map(str::to_owned));
        let config = outlook.config();
        let there = bond.and_then(|bond| owner(&config, &bond).map(str::to_owned));
        let bridge = there.or(bridge);
        found.extend(bridge.or_else(|| outlook.next("vmbr")).map(|bridge| ("bridge", bridge.into())));
        found
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let given = Given(params);
        Ok(Self {
            bond: Bond::read(&given)?,
            bridge: given.name("bridge")?,
            cidr: given.optional_cidr("cidr")?,
            gateway: given.optional_address("gateway")?,
        })
    }

    fn summary(&self) -> String {
        format!("bridge {} over {}", self.bridge, self.bond.in_words())
    }

    fn edit(&self, _: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        bridged::is_bridge_or_none(draft, &self.bridge)?;
        let own = own_address(self.cidr, self.gateway)?;
        let bond = self.bond.name.as_str();
        let ports = bridged::ports(draft, &self.bridge);
        let stranger = ports.iter().find(|port| *port != bond && !self.bond.slaves.contains(port));
        if let Some(stranger) = stranger {
            let message =
                format!("{} has the port {stranger}, which is not among the cards of the bond", self.bridge);
            return Err(Problem::parameter("bridge", message));
        }
        if ports.iter().any(|port| port != bond) {
            // cards leave the bridge before they go into the bond
            bridged::ensure(draft, &self.bridge, &[], Taken::default())?;
        }
        let mut taken = Taken::default();
        for name in self.bond.slaves.iter().map(String::as_str).chain([bond]) {
            let next = draft.take(name, name != bond)?;
            if !next.is_empty() && !taken.is_empty() {
                return Err(Problem::parameter(
                    "slaves",
                    "two of the cards have addresses; take one of them away first",
                ));
            }
            taken = if next.is_empty() { taken } else { next };
        }
        self.bond.ensure(draft, Taken::default())?;
        bridged::ensure(draft, &self.bridge, &[bond], bridged::give(taken, own))
    }
}

/// The bridge that leads outside, and the card that does, or both.
pub(super) fn uplink_cards(outlook: &Outlook) -> (Option<String>, Vec<String>) {
    let config = outlook.config();
    let Some(uplink) = outlook.uplink() else { return (None, Vec::new()) };
    let Some(one) = config.get(&uplink) else { return (None, Vec::new()) };
    let port = |bridge: &str| config.get(bridge).and_then(|one| config.list(one, Field::BridgePorts).next());
    match one.kind {
        Kind::Bridge => {
            let cards = match port(&uplink).and_then(|port| config.get(port)) {
                Some(port) if port.kind == Kind::Bond => {
                    config.list(port, Field::Slaves).map(str::to_owned).collect()
                }
                Some(port) => vec![port.name.to_owned()],
                None => port(&uplink).map(str::to_owned).into_iter().collect(),
            };
            (Some(uplink), cards)
        }
        Kind::Eth => (None, vec![uplink]),
        _ => (None, Vec::new()),
    }
}
