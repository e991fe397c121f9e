//! What is wrong with services at rest.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_host::Host;

use crate::inspect::{Found, inspect};

/// Looks at a host. In the tree of a system that does not run there are no services to look at.
///
/// # Errors
/// When systemd cannot be asked.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    match host.root() {
        None => Ok(check(&inspect(host)?, &host.node_name())),
        Some(_) => Ok(Vec::new()),
    }
}

/// Services that failed.
pub fn check(found: &[Found], node: &str) -> Vec<Finding> {
    found.iter().filter(|found| found.shown.active == "failed").map(|found| failed(found, node)).collect()
}

fn failed(found: &Found, node: &str) -> Finding {
    let (name, unit) = (found.service.name, &found.shown);
    Finding {
        id: "services.failed".to_owned(),
        level: Level::Warning,
        message: format!("service {name} failed"),
        evidence: format!("{}: {} ({}), result {}", unit.id, unit.active, unit.sub, unit.result),
        advice: format!(
            "Read why with 'innkeeper log --service {name}', cure the cause, then start it again."
        ),
        fixes: vec![Fix {
            label: "Restart this service".to_owned(),
            verb: "POST".to_owned(),
            path: format!("/nodes/{node}/services/{name}/restart"),
            params: BTreeMap::new(),
        }],
    }
}
