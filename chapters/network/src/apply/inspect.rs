//! Host → [`Situation`]. Reads only.

use std::collections::BTreeMap;
use std::net::IpAddr;

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, read_config};
use innkeeper_rest::origin::{self, Session};

use super::guests::{self, Port};
use crate::interfaces::inspect::{inspect as inspect_files, is_guest_port};
use crate::interfaces::state::State;
use crate::kernel::{self, Kernel, Kind};
use crate::names;

/// Programs of ifupdown2; ifupdown has no ifreload.
pub(super) const IFRELOAD: &str = "/usr/sbin/ifreload";
const RESOLV_CONF: &str = "/etc/resolv.conf";
const COROSYNC_CONF: &str = "/etc/pve/corosync.conf";

/// What is there before anything is applied.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// The files.
    pub files: State,
    /// What the kernel has.
    pub kernel: Kernel,
    /// ifupdown2 is installed.
    pub ifupdown2: bool,
    /// Ports of guests by the bridge that they are on, be it configured or not.
    pub guests: BTreeMap<String, Vec<String>>,
    /// The same, with what they have there.
    pub ports: Vec<Port>,
    /// The hardware addresses that guests are configured with, by port.
    pub addresses: BTreeMap<String, Vec<String>>,
    /// The connection that the caller depends on, unless they are at this machine.
    pub session: Option<Session>,
    /// The name servers that are asked.
    pub name_servers: Vec<IpAddr>,
    /// Addresses by which the members of the cluster know each other.
    pub cluster: Vec<IpAddr>,
    /// Cards that link files call something else from the next start on: their names now and then.
    pub waiting: Vec<(String, String)>,
}

/// Looks at a host. `origin` is where the call comes from.
///
/// # Errors
/// When a file is there and cannot be read, or the kernel cannot be asked.
pub fn inspect(host: &dyn Host, origin: &str) -> Result<Situation, Problem> {
    let files = inspect_files(host)?;
    let kernel = kernel::inspect(host)?;
    let guests = guests(&kernel);
    let ports = guests::inspect(host, &guests)?;
    let names = names::inspect::State {
        files: names::inspect::files(host)?,
        kernel,
        ..names::inspect::State::default()
    };
    let waiting = names.waiting();
    let kernel = names.kernel;
    Ok(Situation {
        waiting,
        kernel,
        ifupdown2: files.ifupdown2 && host.metadata(IFRELOAD.into())?.is_some(),
        ports,
        // nobody is bound who is not on a bridge
        addresses: if guests.is_empty() { BTreeMap::new() } else { crate::forwarding::addresses(host)? },
        guests,
        session: origin::session(origin).filter(|session| !session.peer.is_loopback()),
        name_servers: addresses_in(host, RESOLV_CONF, |line| line.strip_prefix("nameserver"))?,
        cluster: cluster_addresses(host)?,
        files,
    })
}

/// Who is where now: a bridge that the staged file has no more still has its guests.
pub(crate) fn guests(kernel: &Kernel) -> BTreeMap<String, Vec<String>> {
    let mut guests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for link in kernel.links().filter(|link| is_guest_port(&link.name)) {
        let Some(master) = link.master.as_deref().and_then(|master| kernel.link(master)) else { continue };
        if matches!(master.kind, Kind::Bridge { .. }) {
            guests.entry(master.name.clone()).or_default().push(link.name.clone());
        }
    }
    guests
}

/// The addresses that lines of a file are about; none in a file that is not there or not text.
fn addresses_in(
    host: &dyn Host,
    path: &str,
    value: impl Fn(&str) -> Option<&str>,
) -> Result<Vec<IpAddr>, Problem> {
    let text = match read_config(host, Utf8Path::new(path)) {
        Ok(text) => text.unwrap_or_default(),
        Err(HostError::NotUtf8 { .. }) => return Ok(Vec::new()),
        Err(other) => return Err(other.into()),
    };
    Ok(text.lines().filter_map(|line| value(line.trim())?.trim().parse().ok()).collect())
}

/// Addresses by which the members of the cluster know each other.
///
/// # Errors
/// When the file is there and cannot be read.
pub(crate) fn cluster_addresses(host: &dyn Host) -> Result<Vec<IpAddr>, Problem> {
    addresses_in(host, COROSYNC_CONF, ring_address)
}

/// `ring0_addr: 10.0.0.1` of corosync.conf(5).
fn ring_address(line: &str) -> Option<&str> {
    let (key, value) = line.split_once(':')?;
    (key.starts_with("ring") && key.ends_with("_addr")).then_some(value)
}
