//! What is wrong with the resolver at rest.

use innkeeper_change::{Finding, Level, Problem};
use innkeeper_host::Host;

use super::RESOLV_CONF;
use super::format::ASKED;
use super::inspect::{State, inspect};

/// Looks at a host.
///
/// # Errors
/// When the resolver's file cannot be read.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    Ok(check(&inspect(host)?))
}

/// No name server, too many, lines without effect.
pub fn check(state: &State) -> Vec<Finding> {
    let finding = |id: &str, level, message: String, evidence: String, advice: &str| Finding {
        id: id.to_owned(),
        level,
        message,
        evidence,
        advice: advice.to_owned(),
        fixes: Vec::new(),
    };
    let mut findings = Vec::new();
    let servers: Vec<&str> = state.file.servers().collect();
    if servers.is_empty() {
        let evidence = match &state.content {
            Some(_) => format!("{RESOLV_CONF} has no nameserver line"),
            None => format!("{RESOLV_CONF} does not exist"),
        };
        findings.push(finding(
            "dns.no-server",
            Level::Warning,
            "no name server is set: without one on this host itself no name is resolved".to_owned(),
            evidence,
            "Set one with 'innkeeper dns set DOMAIN --dns1 ADDRESS'.",
        ));
    }
    if servers.len() > ASKED {
        findings.push(finding(
            "dns.too-many-servers",
            Level::Info,
            format!("{} name servers are set, and the first {ASKED} are asked", servers.len()),
            format!("{RESOLV_CONF}: {} are never asked", servers[ASKED..].join(", ")),
            "Put the ones that shall be asked first.",
        ));
    }
    findings.extend(state.file.odd().iter().map(|odd| {
        finding(
            "dns.line-without-effect",
            Level::Advice,
            "a line of the resolver's file has no effect".to_owned(),
            format!("{RESOLV_CONF}:{}: {}", odd.line, odd.reason),
            "Correct the line or remove it.",
        )
    }));
    findings
}
