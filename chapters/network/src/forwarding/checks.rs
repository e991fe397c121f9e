//! What is wrong with forwarding tables at rest.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_host::Host;

use super::inspect::{State, inspect};
use super::plan::plan;

/// Looks at a host.
///
/// # Errors
/// When a file is there and cannot be read, or the kernel cannot be asked.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let node = host.node_name();
    inspect(host).map(|state| check(&state, &node))
}

/// Entries that are missing, or too many.
pub fn check(state: &State, node: &str) -> Vec<Finding> {
    let plan = plan(state);
    if plan.is_empty() {
        return Vec::new();
    }
    let steps: Vec<&str> = plan.steps.iter().map(|step| step.what.as_str()).collect();
    vec![Finding {
        id: "network.forwarding-entries".to_owned(),
        level: Level::Warning,
        message: "The forwarding tables of bridges without learning do not fit the guests' configurations."
            .to_owned(),
        evidence: format!("still to do: {}", steps.join("; ")),
        advice: "The daemon keeps them, within ten seconds; see that innkeeper-daemon runs.".to_owned(),
        fixes: vec![Fix {
            label: "Enter the addresses of guests".to_owned(),
            verb: "PUT".to_owned(),
            path: format!("/nodes/{node}/network-forwarding"),
            params: BTreeMap::new(),
        }],
    }]
}
