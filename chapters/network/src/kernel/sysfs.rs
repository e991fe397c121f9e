//! `/sys/class/net`: all there is of another system's tree, and of a running one what ip(8) does not say.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_host::{FileKind, Host};

use super::{Bond, Kind, Link};

const NET: &str = "/sys/class/net";
/// No attribute is longer than a page.
const PAGE: u64 = 65_536;
/// ARPHRD_LOOPBACK of the kernel.
const LOOPBACK: &str = "772";
/// IFF_UP.
const UP: u32 = 1;
/// IFF_TAP in `tun_flags`.
const TAP: u32 = 2;

/// An attribute of a link, without its newline. One that is not there, or that has no value at the moment, is `None`.
fn attribute(host: &dyn Host, link: &str, name: &str) -> Option<String> {
    let bytes = host.read(&path(link, name), PAGE).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.trim_end().to_owned())
}

fn path(link: &str, name: &str) -> Utf8PathBuf {
    Utf8Path::new(NET).join(link).join(name)
}

fn number<T: std::str::FromStr>(host: &dyn Host, link: &str, name: &str) -> Option<T> {
    attribute(host, link, name)?.parse().ok()
}

/// A number as the kernel prints flags: `0x1003`.
fn flags(host: &dyn Host, link: &str, name: &str) -> Option<u32> {
    u32::from_str_radix(attribute(host, link, name)?.strip_prefix("0x")?, 16).ok()
}

fn last_name(target: &Utf8Path) -> Option<String> {
    target.file_name().map(str::to_owned)
}

/// Adds to a link of the running machine what ip(8) does not say of it.
pub(super) fn complete(host: &dyn Host, link: &mut Link) {
    let is_card = link.kind == Kind::Physical;
    if is_card || matches!(link.kind, Kind::Bond(_)) {
        // -1 when nothing is at the other end
        link.speed = number(host, &link.name, "speed");
        link.full_duplex = duplex(host, &link.name);
    }
    if is_card {
        link.driver = driver(host, &link.name);
        link.pci = pci(host, &link.name).or(link.pci.take());
    }
}

fn duplex(host: &dyn Host, link: &str) -> Option<bool> {
    match attribute(host, link, "duplex")?.as_str() {
        "full" => Some(true),
        "half" => Some(false),
        _ => None,
    }
}

fn driver(host: &dyn Host, link: &str) -> Option<String> {
    last_name(&host.read_link(&path(link, "device/driver")).ok()?)
}

/// The last device of the PCI bus on the way to the link: `…/0000:00:05.0/virtio2/net/ens5`.
fn pci(host: &dyn Host, link: &str) -> Option<String> {
    let target = host.read_link(&Utf8Path::new(NET).join(link)).ok()?;
    let mut places: Vec<&str> =
        target.components().map(|part| part.as_str()).filter(|part| is_pci(part)).collect();
    places.pop().map(str::to_owned)
}

/// `0000:03:00.1`.
fn is_pci(text: &str) -> bool {
    let mut parts = text.split([':', '.']);
    let mut hex = |length: usize| {
        parts
            .next()
            .is_some_and(|part| part.len() >= length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    text.len() >= 12 && hex(4) && hex(2) && hex(2) && hex(1) && parts.next().is_none()
}

/// The links of a tree.
pub(super) fn links(host: &dyn Host) -> Vec<Link> {
    let names = host.list_dir(NET.into()).unwrap_or_default();
    // a file among them (bonding_masters) is no link
    let names =
        names.into_iter().filter(|entry| matches!(entry.kind, FileKind::Symlink | FileKind::Directory));
    names.map(|entry| link(host, entry.name)).collect()
}

fn link(host: &dyn Host, name: String) -> Link {
    let kind = kind(host, &name);
    let is_card = kind == Kind::Physical;
    let lower =
        list(host, &name, "").into_iter().find_map(|entry| entry.strip_prefix("lower_").map(str::to_owned));
    let members = match &kind {
        Kind::Bridge { .. } => list(host, &name, "brif"),
        Kind::Bond(_) => {
            let slaves = attribute(host, &name, "bonding/slaves").unwrap_or_default();
            slaves.split_ascii_whitespace().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    let mac = attribute(host, &name, "address").filter(|mac| !mac.is_empty() && kind != Kind::Loopback);
    Link {
        altnames: Vec::new(),
        index: number(host, &name, "ifindex").unwrap_or_default(),
        permanent_mac: mac.clone().filter(|_| is_card),
        mac,
        mtu: number(host, &name, "mtu").unwrap_or_default(),
        up: flags(host, &name, "flags").is_some_and(|flags| flags & UP != 0),
        carrier: attribute(host, &name, "carrier").as_deref() == Some("1"),
        speed: number(host, &name, "speed"),
        full_duplex: duplex(host, &name),
        addresses: Vec::new(),
        master: host.read_link(&path(&name, "master")).ok().and_then(|target| last_name(&target)),
        members,
        bond_member: None,
        parent: lower.filter(|_| matches!(kind, Kind::Vlan { .. })),
        driver: driver(host, &name).filter(|_| is_card),
        pci: pci(host, &name).filter(|_| is_card),
        kind,
        name,
    }
}

fn list(host: &dyn Host, link: &str, directory: &str) -> Vec<String> {
    let found = host.list_dir(&path(link, directory)).unwrap_or_default();
    found.into_iter().map(|entry| entry.name).collect()
}

fn kind(host: &dyn Host, link: &str) -> Kind {
    let there = |name: &str| host.metadata(&path(link, name)).ok().flatten().is_some();
    let on = |name: &str| number::<u32>(host, link, name).is_some_and(|value| value > 0);
    if attribute(host, link, "type").as_deref() == Some(LOOPBACK) || link == "lo" {
        return Kind::Loopback;
    }
    if there("bridge") {
        return Kind::Bridge { vlan_filtering: on("bridge/vlan_filtering"), stp: on("bridge/stp_state") };
    }
    if there("bonding") {
        return Kind::Bond(bond(host, link));
    }
    if let Some(flags) = flags(host, link, "tun_flags") {
        return if flags & TAP != 0 { Kind::Tap } else { Kind::Other("tun".to_owned()) };
    }
    let uevent = attribute(host, link, "uevent").unwrap_or_default();
    match uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE=")) {
        Some("vlan") => Kind::Vlan { id: None, protocol: None },
        Some("vxlan") => Kind::Vxlan { id: None },
        _ if there("device") => Kind::Physical,
        Some(other) => Kind::Other(other.to_owned()),
        None => Kind::Other(String::new()),
    }
}

/// Its attributes have a number behind the word: `active-backup 1`.
fn bond(host: &dyn Host, link: &str) -> Bond {
    let word = |name: &str| {
        let text = attribute(host, link, name)?;
        text.split_ascii_whitespace().next().map(str::to_owned)
    };
    Bond {
        mode: word("bonding/mode").unwrap_or_default(),
        active: word("bonding/active_slave"),
        primary: word("bonding/primary"),
        hash_policy: word("bonding/xmit_hash_policy"),
        partner: word("bonding/ad_partner_mac"),
    }
}
