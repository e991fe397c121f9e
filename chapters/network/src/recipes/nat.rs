//! Guests behind the one address of this host.

use innkeeper_change::{Hazard, Problem, Severity};
use innkeeper_config::Property;
use serde_json::{Map, Value};

use super::bridged::{BRIDGE, CIDR};
use super::draft::Draft;
use super::lines::{self, Line};
use super::outlook::Outlook;
use super::recipe::{Card, Recipe};
use super::routed::{UPLINK, leads_outside, private};
use super::values::{Cidr, FORWARD_LIST, Forward, Given, is_forward_list};
use crate::interfaces::kind::Kind;

/// Ports by which people come to this host.
const OWN_PORTS: [(u16, &str); 2] = [(22, "SSH"), (8006, "this program")];
/// The rule that keeps the guests' firewall from taking their connections for its own.
pub(super) const ZONE: &str = "PREROUTING -i fwbr+ -j CT --zone 1";

/// A private network of guests.
pub(super) struct Nat {
    uplink: String,
    bridge: String,
    cidr: Cidr,
    forwards: Vec<Forward>,
    zone: bool,
}

impl Recipe for Nat {
    const CARD: Card = Card {
        id: "nat",
        path: "/nodes/{node}/network-recipes/nat",
        command: "network recipe nat",
        title: "Masqueraded: guests share the one address of this host",
        purpose: "For a host with a single public address. The guests have private addresses and reach the internet by this \
                  host's; from outside they are reached on the ports that you forward.",
        parameters: &[
            UPLINK,
            BRIDGE.help("Name of the guests' bridge"),
            CIDR.help("This host's address in the private network, 10.10.10.1/24; the guests' gateway"),
            Property::string("forward")
                .pattern(FORWARD_LIST, is_forward_list)
                .max_length(4096)
                .optional()
                .help("Ports that lead to guests, PROTOCOL:PORT:ADDRESS:PORT, separated by commas: tcp:2222:10.10.10.5:22"),
            Property::boolean("conntrack-zone")
                .optional()
                .help("Track connections of firewalled guests in a zone of their own; proposed where guests have a firewall"),
        ],
    };

    fn proposed(outlook: &Outlook, given: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let cidr =
            Given(given).text("cidr").or_else(|| known_network(outlook)).or_else(|| outlook.free_network());
        let known = cidr.as_deref().and_then(|cidr| outlook.with_address(Kind::Bridge, cidr));
        let mut found = vec![("conntrack-zone", Value::Bool(outlook.firewall))];
        found.extend(outlook.uplink().map(|uplink| ("uplink", uplink.into())));
        found.extend(known.or_else(|| outlook.next("vmbr")).map(|bridge| ("bridge", bridge.into())));
        found.extend(cidr.map(|cidr| ("cidr", cidr.into())));
        found
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let given = Given(params);
        let cidr = given.cidr("cidr")?;
        let forwards = Forward::list("forward", &given.text("forward").unwrap_or_default())?;
        if cidr.length > 30 {
            return Err(Problem::parameter("cidr", format!("{cidr} has no room for guests")));
        }
        if let Some(stray) = forwards.iter().find(|one| !cidr.has_guest(*one.target.ip())) {
            let message =
                format!("{} is not the address of a guest in {}", stray.target.ip(), cidr.network());
            return Err(Problem::parameter("forward", message));
        }
        Ok(Self {
            uplink: given.name("uplink")?,
            bridge: given.name("bridge")?,
            cidr,
            forwards,
            zone: given.yes("conntrack-zone").unwrap_or(false),
        })
    }

    fn summary(&self) -> String {
        format!("hide the guests of {} on {} behind {}", self.cidr.network(), self.bridge, self.uplink)
    }

    fn edit(&self, outlook: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        if !outlook.iptables {
            return Err(Problem::Invalid("iptables is not installed (need package 'iptables')".to_owned()));
        }
        leads_outside(draft, &self.uplink, &self.bridge)?;
        private(draft, &self.bridge, self.cidr)?;
        self.no_other(draft)?;
        draft.lines(&self.bridge, &self.commands())?;
        self.risks(outlook, draft);
        Ok(())
    }
}

impl Nat {
    fn commands(&self) -> Vec<Line> {
        let Self { uplink, cidr, .. } = self;
        let mut lines = vec![("post-up", "echo 1 > /proc/sys/net/ipv4/ip_forward".to_owned())];
        let mut pair = |table: &str, add: &str, rule: String| {
            lines.push(("post-up", format!("iptables -t {table} {add} {rule}")));
            lines.push(("post-down", format!("iptables -t {table} -D {rule}")));
        };
        pair("nat", "-A", format!("POSTROUTING -s '{}' -o {uplink} -j MASQUERADE", cidr.network()));
        for one in &self.forwards {
            pair("nat", "-A", format!("{}--to-destination {}", self.incoming(one), one.target));
        }
        if self.zone {
            pair("raw", "-I", ZONE.to_owned());
        }
        lines
    }

    fn incoming(&self, one: &Forward) -> String {
        format!("PREROUTING -i {} -p {} --dport {} -j DNAT ", self.uplink, one.protocol, one.port)
    }

    /// Refuses to do the same twice in two ways.
    fn no_other(&self, draft: &Draft) -> Result<(), Problem> {
        let config = draft.config();
        let wanted: Vec<String> = self.commands().into_iter().map(|(_, line)| line).collect();
        let hides = format!("iptables -t nat -A POSTROUTING -s '{}' -o ", self.cidr.network());
        for one in config.interfaces() {
            for line in lines::of(&config, one, "post-up").filter(|line| !wanted.contains(line)) {
                if line.starts_with(&hides) && line.ends_with("-j MASQUERADE") {
                    let message = format!("{} hides {} already: {line}", one.name, self.cidr.network());
                    return Err(Problem::parameter("uplink", message));
                }
                let taken = self.forwards.iter().find(|forward| {
                    line.strip_prefix("iptables -t nat -A ")
                        .is_some_and(|rule| rule.starts_with(&self.incoming(forward)))
                });
                if let Some(forward) = taken {
                    let message = format!(
                        "{} port {} is forwarded already on {}: {line}",
                        forward.protocol, forward.port, one.name
                    );
                    return Err(Problem::parameter("forward", message));
                }
            }
        }
        Ok(())
    }

    fn risks(&self, outlook: &Outlook, draft: &mut Draft) {
        for one in self.forwards.iter().filter(|one| one.protocol == "tcp") {
            if let Some((port, who)) = OWN_PORTS.into_iter().find(|(port, _)| *port == one.port) {
                draft.hazard(Hazard::new(
                    "network.forward-hides-host",
                    Severity::Danger,
                    format!("Port {port} leads to {} and no longer to {who} on this host.", one.target),
                    "Forward another port to the guest.",
                ));
            }
        }
        let zoned = self.zone || has_zone(&draft.config());
        if outlook.firewall && !zoned {
            draft.hazard(Hazard::new(
                "network.no-conntrack-zone",
                Severity::Warning,
                "Guests have a firewall, which may keep masqueraded connections from getting out.".to_owned(),
                "Set conntrack-zone: connections of the firewall's bridges are then tracked apart.",
            ));
        }
    }
}

/// Whether any interface has the rule of the zone.
pub(super) fn has_zone(config: &crate::interfaces::config::Config<'_>) -> bool {
    let zone =
        |line: &str| line.contains("-t raw ") && line.contains("-i fwbr+ ") && line.contains("-j CT --zone ");
    config.interfaces().iter().any(|one| lines::of(config, one, "post-up").any(|line| zone(&line)))
}

/// The network that the file hides already.
fn known_network(outlook: &Outlook) -> Option<String> {
    let config = outlook.config();
    let own = |one: &crate::interfaces::config::Interface<'_>| {
        let (address, length) = config.address(one, crate::interfaces::config::Family::V4)?;
        let cidr = Cidr::parse("cidr", &format!("{address}/{}", length?)).ok()?;
        let hides = format!("POSTROUTING -s '{}' ", cidr.network());
        lines::of(&config, one, "post-up").any(|line| line.contains(&hides)).then(|| cidr.to_string())
    };
    config.interfaces().iter().find_map(own)
}
