//! IPv6 switched off by kernel parameters, for hosts that must not have it.

use std::net::IpAddr;

use innkeeper_change::{Action, Content, FileChange, Hazard, Plan, Problem, Severity, Step, Undo};
use innkeeper_config::Property;
use innkeeper_host::{Host, HostError, read_content};

use super::recipe::Card;
use crate::interfaces::config::Family;
use crate::interfaces::field::Field;
use crate::interfaces::inspect::files;

/// The file, under the name that the documentation gives it.
pub const FILE: &str = "/etc/sysctl.d/disable-ipv6.conf";
/// What it says.
pub const TEXT: &str = "net.ipv6.conf.all.disable_ipv6 = 1\nnet.ipv6.conf.default.disable_ipv6 = 1\n";
const KEYS: [&str; 2] = ["net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.default.disable_ipv6"];

pub(super) const CARD: Card = Card {
    id: "ipv6",
    path: "/nodes/{node}/network-recipes/ipv6",
    command: "network recipe ipv6",
    title: "Without IPv6: switch it off on this host, or on again",
    purpose: "For hosts that must not speak IPv6. Everything here works with it and without it, and the default is to leave \
              it on.",
    parameters: &[Property::boolean("enabled").optional().default("0").help("Switch it on again")],
};

/// What is known before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The file.
    pub file: Option<Content>,
    /// The kernel's parameters; none where it has no IPv6 at all.
    pub values: Vec<(&'static str, String)>,
    /// Interfaces that are configured with IPv6.
    pub configured: Vec<String>,
    /// Where the caller comes from.
    pub peer: Option<IpAddr>,
}

/// Looks at a host.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn inspect(host: &dyn Host, origin: &str) -> Result<State, Problem> {
    let network = files(host)?;
    let config = network.config_of(network.text().unwrap_or_default());
    let six = config.interfaces().iter().filter(|one| {
        config.value_of(one, Field::Address, Family::V6).is_some()
            || matches!(config.method(one, Family::V6), Some("static" | "auto" | "dhcp"))
    });
    let mut values = Vec::new();
    for key in KEYS {
        let path = format!("/proc/sys/{}", key.replace('.', "/"));
        match host.read(path.as_str().into(), 64) {
            Ok(bytes) => values.push((key, String::from_utf8_lossy(&bytes).trim().to_owned())),
            Err(HostError::NotFound { .. } | HostError::NotADirectory { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(State {
        configured: six.map(|one| one.name.to_owned()).collect(),
        file: read_content(host, FILE.into())?,
        values,
        peer: innkeeper_rest::origin::session(origin).map(|session| session.peer),
    })
}

/// Plans to switch it off or on: from the next start on, and with `live` at once.
///
/// # Errors
/// A file of this name that says something else and is to be removed.
pub fn plan(state: &State, enabled: bool, live: bool) -> Result<Plan, Problem> {
    let mut plan = Plan::new(if enabled { "switch IPv6 on again" } else { "switch IPv6 off" });
    let change = match (&state.file, enabled) {
        (file, false) => Some((format!("write {FILE}"), FileChange::write(FILE, file.clone(), TEXT))),
        (Some(file), true) if file.as_text() == Some(TEXT) => {
            Some((format!("remove {FILE}"), FileChange::remove(FILE, file.clone())))
        }
        (Some(_), true) => {
            return Err(Problem::Invalid(format!(
                "{FILE} says more than this program wrote; edit it by hand"
            )));
        }
        (None, true) => None,
    };
    if let Some((what, change)) = change {
        plan = plan.step(Step::file(what, change));
    }
    let after = if enabled { "0" } else { "1" };
    for (key, before) in state.values.iter().filter(|(_, value)| live && value != after) {
        let action = Action::KernelParameter {
            key: (*key).to_owned(),
            before: before.clone(),
            after: after.to_owned(),
        };
        plan = plan.step(Step { what: format!("set {key} to {after}"), action, undo: Undo::Inverse });
    }
    if plan.is_empty() || enabled {
        return Ok(plan);
    }
    Ok(risks(state, live).into_iter().fold(plan, Plan::hazard))
}

fn risks(state: &State, live: bool) -> Vec<Hazard> {
    let mut hazards = Vec::new();
    if let Some(peer) = state.peer.filter(|peer| peer.is_ipv6() && !peer.is_loopback()) {
        let severity = if live { Severity::Danger } else { Severity::Warning };
        hazards.push(Hazard::new(
            "network.own-session",
            severity,
            format!("You come from {peer}, which reaches this host by IPv6 alone."),
            "Come by an IPv4 address of this host.",
        ));
    }
    if !state.configured.is_empty() {
        hazards.push(Hazard::new(
            "network.ipv6-addresses",
            Severity::Warning,
            format!("Interfaces with IPv6 lose their addresses: {}.", state.configured.join(", ")),
            "Take the addresses out of the configuration, or leave IPv6 on. Taken back, they are there again once the \
             network is applied or this host starts.",
        ));
    }
    hazards
}
