//! What is wrong with names at rest.

use std::collections::BTreeMap;
use std::net::IpAddr;

use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_host::Host;

use super::HOSTS;
use super::format::Entry;
use super::inspect::{State, inspect};
use crate::kernel::{self, Kernel};

/// Looks at a host.
///
/// # Errors
/// When the file cannot be read.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let kernel = match host.root() {
        Some(_) => None,
        // what can be said without the kernel is said
        None => kernel::inspect(host).ok(),
    };
    Ok(check(&inspect(host)?, kernel.as_ref().map(Own::of).as_ref()))
}

/// The addresses of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// All that others can reach it by.
    pub all: Vec<IpAddr>,
    /// The one that it sends from by default, where there is no doubt about it.
    pub main: Option<IpAddr>,
}

impl Own {
    /// Those that the kernel has.
    pub fn of(kernel: &Kernel) -> Self {
        Self { all: kernel.global_addresses().collect(), main: kernel.main_address() }
    }
}

/// Whether the node's own name leads to an address that others reach it by: one that is no loopback address and, where they
/// are known, one of its own; and lines without effect.
pub fn check(state: &State, own: Option<&Own>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = own_name(state, own).into_iter().collect();
    findings.extend(state.file.odd().iter().map(|odd| Finding {
        id: "hosts.line-without-effect".to_owned(),
        level: Level::Advice,
        message: format!("a line of {HOSTS} has no effect"),
        evidence: format!("{HOSTS}:{}: {}", odd.line, odd.reason),
        advice: "Correct the line or remove it.".to_owned(),
        fixes: Vec::new(),
    }));
    findings
}

fn own_name(state: &State, own: Option<&Own>) -> Option<Finding> {
    let node = state.node.as_str();
    if node.is_empty() {
        return None;
    }
    let entries: Vec<&Entry> = state.file.lookup(node).collect();
    let lines: Vec<String> =
        entries.iter().map(|entry| format!("{HOSTS}:{}: {}", entry.line, entry.address)).collect();
    let usable: Vec<IpAddr> =
        entries.iter().map(|entry| entry.address).filter(|address| !address.is_loopback()).collect();
    let finding = |id: &str, message: String, fixes| {
        let evidence = match lines.is_empty() {
            true => format!("{HOSTS} has no entry of {node}"),
            false => lines.join(", "),
        };
        let advice = format!("Let {node} lead to the address that others reach this node by.");
        Some(Finding { id: id.to_owned(), level: Level::Warning, message, evidence, advice, fixes })
    };
    if entries.is_empty() {
        let message = format!(
            "{node}, the name of this node, is not in {HOSTS}: without a name server nothing finds it"
        );
        return finding("hosts.own-name-missing", message, add(state, own));
    }
    if usable.is_empty() {
        let message = format!(
            "{node}, the name of this node, leads to a loopback address: other nodes do not reach it there"
        );
        return finding("hosts.own-name-loopback", message, edit(state, &entries, own));
    }
    let own = own?;
    if usable.iter().any(|address| own.all.contains(address)) {
        return None;
    }
    let message = format!("{node}, the name of this node, leads to an address that no interface of it has");
    finding("hosts.own-name-elsewhere", message, edit(state, &entries, Some(own)))
}

fn add(state: &State, own: Option<&Own>) -> Vec<Fix> {
    let Some(address) = own.and_then(|own| own.main) else { return Vec::new() };
    vec![Fix {
        label: format!("Let {} lead to {address}", state.node),
        verb: "POST".to_owned(),
        path: format!("/nodes/{}/hosts/entries", state.node),
        params: BTreeMap::from([
            ("address".to_owned(), address.to_string()),
            ("names".to_owned(), state.node.clone()),
        ]),
    }]
}

/// The address of an entry is changed when it is the node's alone, as Debian's installer makes it.
fn edit(state: &State, entries: &[&Entry], own: Option<&Own>) -> Vec<Fix> {
    let (Some(address), [entry]) = (own.and_then(|own| own.main), entries) else { return Vec::new() };
    if entry.has("localhost") || entry.address.is_ipv6() != address.is_ipv6() {
        return Vec::new();
    }
    vec![Fix {
        label: format!("Let {} lead to {address}", state.node),
        verb: "PUT".to_owned(),
        path: format!("/nodes/{}/hosts/entries/{}", state.node, entry.line),
        params: BTreeMap::from([("address".to_owned(), address.to_string())]),
    }]
}
