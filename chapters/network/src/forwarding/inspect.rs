//! Host → [`State`]. Reads only.

use std::collections::BTreeMap;

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_config::Format;
use innkeeper_host::{Host, HostError, read_config, read_content};
use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use crate::apply::{Port, guest_ports, ports_of};
use crate::interfaces::config::{Config, Interface};
use crate::interfaces::field::Field;
use crate::interfaces::kind::Kind as InterfaceKind;
use crate::interfaces::state::LIVE;
use crate::kernel;

/// A network card of a guest, as its configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct GuestNic {
    /// The guest.
    pub vmid: u32,
    /// The card: `net0`.
    pub nic: String,
    /// Its hardware address.
    pub mac: String,
    /// The bridge that it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// The port of the bridge by which it gets there; there while the guest runs.
    pub port: String,
    /// 1 for a container.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub container: bool,
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Bridges that learn nothing.
    pub unlearning: Vec<String>,
    /// Network cards of guests.
    pub nics: Vec<GuestNic>,
    /// Ports of guests that are on bridges now.
    pub ports: Vec<Port>,
}

/// Looks at a host.
///
/// # Errors
/// When a file is there and cannot be read, or the kernel cannot be asked.
pub fn inspect(host: &dyn Host) -> Result<State, Problem> {
    let unlearning = unlearning(host)?;
    let nics = nics(host)?;
    // of another system's tree there is no kernel to ask
    let ports = match nics.is_empty() || host.root().is_some() {
        true => Vec::new(),
        false => {
            let mut on_bridges = guest_ports(&kernel::inspect(host)?);
            on_bridges
                .values_mut()
                .for_each(|ports| ports.retain(|port| nics.iter().any(|nic| nic.port == *port)));
            ports_of(host, &on_bridges)?
        }
    };
    Ok(State { unlearning, nics, ports })
}

/// Whether a bridge of the live file learns nothing.
///
/// # Errors
/// When the file is there and cannot be read.
pub(super) fn is_kept(host: &dyn Host) -> Result<bool, Problem> {
    unlearning(host).map(|bridges| !bridges.is_empty())
}

/// The bridges of the live file that learn nothing.
fn unlearning(host: &dyn Host) -> Result<Vec<String>, Problem> {
    let live = read_content(host, LIVE.into())?;
    let Some(text) = live.as_ref().and_then(|live| live.as_text()) else { return Ok(Vec::new()) };
    // read every few seconds: most files need no second look
    if !text.contains("learning") {
        return Ok(Vec::new());
    }
    let config = Config::parse([(LIVE, text)]);
    let all = config.interfaces().iter().filter(|one| is_unlearning(&config, one));
    Ok(all.map(|one| one.name.to_owned()).collect())
}

/// A bridge of the kernel on which only configured addresses get through.
pub(crate) fn is_unlearning(config: &Config<'_>, one: &Interface<'_>) -> bool {
    let value = config.value(one, Field::BridgeDisableMacLearning);
    one.kind == InterfaceKind::Bridge
        && value.is_some_and(|value| matches!(value, "1" | "yes" | "on" | "true"))
}

/// The hardware addresses of guests by the port that each is behind.
///
/// # Errors
/// When a file is there and cannot be read.
pub(crate) fn addresses(host: &dyn Host) -> Result<BTreeMap<String, Vec<String>>, Problem> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for nic in nics(host)? {
        found.entry(nic.port).or_default().push(nic.mac);
    }
    Ok(found)
}

/// The network cards of all guests of this node.
fn nics(host: &dyn Host) -> Result<Vec<GuestNic>, Problem> {
    let node = host.node_name();
    let mut found: Vec<GuestNic> = Vec::new();
    for (below, container) in [("qemu-server", false), ("lxc", true)] {
        for directory in [format!("/etc/pve/nodes/{node}/{below}"), format!("/etc/pve/{below}")] {
            let entries = match host.list_dir(Utf8Path::new(&directory)) {
                Ok(entries) => entries,
                Err(HostError::NotFound { .. } | HostError::NotADirectory { .. }) => continue,
                Err(other) => return Err(other.into()),
            };
            for entry in entries {
                let Some(vmid) = entry.name.strip_suffix(".conf").and_then(|id| id.parse::<u32>().ok())
                else {
                    continue;
                };
                if found.iter().any(|known| known.vmid == vmid) {
                    continue;
                }
                match read_config(host, &Utf8Path::new(&directory).join(&entry.name)) {
                    Ok(text) => found.extend(nics_of(vmid, container, &text.unwrap_or_default())),
                    // a guest whose file is no text has no card that anybody could tell
                    Err(HostError::NotUtf8 { .. }) => {}
                    Err(other) => return Err(other.into()),
                }
            }
        }
    }
    found.sort_by(|a, b| (a.vmid, &a.nic).cmp(&(b.vmid, &b.nic)));
    Ok(found)
}

/// The cards of a guest's configuration: `net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1`, those of a container with
/// `hwaddr=`. What comes behind the first section is about the past.
pub fn nics_of(vmid: u32, container: bool, text: &str) -> Vec<GuestNic> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).take_while(|line| !line.starts_with('[')) {
        let Some((key, value)) = line.split_once(':') else { continue };
        let Some(number) = key.strip_prefix("net").and_then(|number| number.parse::<u8>().ok()) else {
            continue;
        };
        let of = |wanted: &str| {
            let mut pairs = value.split(',').filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(key, _)| *key == wanted).map(|(_, value)| value)
        };
        let models =
            value.split(',').next().and_then(|model| model.trim().split_once('=')).map(|(_, mac)| mac);
        let mac = if container { of("hwaddr") } else { of("macaddr").or(models) };
        let Some(mac) = mac.filter(|mac| Format::MacAddr.check(mac).is_ok()) else { continue };
        // behind a firewall's own bridge it is the end of a pair that is on the guests' bridge
        let port = match (of("firewall") == Some("1"), container) {
            (true, _) => format!("fwpr{vmid}p{number}"),
            (false, false) => format!("tap{vmid}i{number}"),
            (false, true) => format!("veth{vmid}i{number}"),
        };
        found.push(GuestNic {
            vmid,
            nic: format!("net{number}"),
            mac: mac.to_ascii_lowercase(),
            bridge: of("bridge").map(str::to_owned),
            port,
            container,
        });
    }
    found
}
