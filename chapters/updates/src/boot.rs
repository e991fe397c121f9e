//! Where kernels are started from: EFI system partitions that need room for a new one, and pins that keep another one.

use camino::Utf8Path;
use innkeeper_host::{Host, read_config};
use serde::Serialize;
use utoipa::ToSchema;

use crate::format::control::stanzas;

/// UUIDs of the EFI system partitions that kernels are copied to, one a line.
const UUIDS: &str = "/etc/kernel/proxmox-boot-uuids";
/// The version of the kernel to be started, on the first line: at the next start only, and at each.
const BOOT_PINS: [&str; 2] = ["/etc/kernel/next-boot-pin", "/etc/kernel/proxmox-boot-pin"];
const PREFERENCES: &str = "/etc/apt/preferences";
const PREFERENCES_DIR: &str = "/etc/apt/preferences.d";
/// Where systemd-boot looks for kernels, and the file by which it is known.
const SYSTEMD_BOOT: [(&str, &str); 2] =
    [("/boot/efi", "/boot/efi/loader/loader.conf"), ("/efi", "/efi/loader/loader.conf")];
/// Names with which packages of kernels begin.
pub(crate) const KERNELS: [&str; 3] = ["linux-image-", "proxmox-kernel-", "pve-kernel-"];

/// Something that keeps a kernel other than the newest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pin {
    /// The file that says so.
    pub path: String,
    /// What it says: a version that is started, or packages that are pinned.
    pub what: String,
    /// `next-boot`, `boot` or `packages`.
    pub kind: String,
}

/// What pins kernels on this host.
pub fn pins(host: &dyn Host) -> Vec<Pin> {
    let of_boot = BOOT_PINS.iter().zip(["next-boot", "boot"]).filter_map(|(path, kind)| {
        let text = read_config(host, Utf8Path::new(path)).ok()??;
        let version = text.lines().next()?.trim();
        (!version.is_empty()).then(|| pin(path, version.to_owned(), kind))
    });
    let mut pins: Vec<Pin> = of_boot.collect();
    let names = host.list_dir(PREFERENCES_DIR.into()).unwrap_or_default();
    // APT passes over names with another extension
    let files =
        names.iter().map(|entry| &entry.name).filter(|name| !name.contains('.') || name.ends_with(".pref"));
    let paths = files.map(|name| format!("{PREFERENCES_DIR}/{name}"));
    for path in std::iter::once(PREFERENCES.to_owned()).chain(paths) {
        let text = read_config(host, Utf8Path::new(&path)).ok().flatten().unwrap_or_default();
        pins.extend(pinned_kernels(&text).into_iter().map(|what| pin(&path, what, "packages")));
    }
    pins
}

fn pin(path: &str, what: String, kind: &str) -> Pin {
    Pin { path: path.to_owned(), what, kind: kind.to_owned() }
}

/// The entries of a preferences file that are about kernels by name.
fn pinned_kernels(text: &str) -> Vec<String> {
    let is_kernel = |name: &str| KERNELS.iter().any(|prefix| name.starts_with(prefix.trim_end_matches('-')));
    let mut found = Vec::new();
    for stanza in stanzas(text) {
        let packages = stanza.text("Package");
        if packages.split_whitespace().any(is_kernel) {
            let (pin, priority) = (stanza.text("Pin"), stanza.text("Pin-Priority"));
            found.push(format!("{packages}: {pin}, priority {priority}"));
        }
    }
    found
}

/// The EFI system partitions that a new kernel is copied to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Partitions {
    /// Where those are mounted that are.
    pub mounted: Vec<String>,
    /// UUIDs of those that are not: how much room is on them cannot be told without mounting them.
    pub unmounted: Vec<String>,
}

/// Looks where kernels are copied to.
pub fn partitions(host: &dyn Host) -> Partitions {
    let Some(text) = read_config(host, UUIDS.into()).ok().flatten() else {
        let there = |path: &str| matches!(host.metadata(Utf8Path::new(path)), Ok(Some(_)));
        let known = SYSTEMD_BOOT.iter().filter(|(_, sign)| there(sign));
        return Partitions {
            mounted: known.map(|(mount, _)| (*mount).to_owned()).collect(),
            unmounted: Vec::new(),
        };
    };
    let mounts = read_config(host, "/proc/mounts".into()).ok().flatten().unwrap_or_default();
    let mut found = Partitions::default();
    for uuid in text.lines().map(str::trim).filter(|uuid| is_uuid(uuid)) {
        let link = host.read_link(Utf8Path::new(&format!("/dev/disk/by-uuid/{uuid}")));
        let device = link.ok().and_then(|target| Some(format!("/dev/{}", target.file_name()?)));
        match device.and_then(|device| mount_of(&mounts, &device)) {
            Some(mount) => found.mounted.push(mount),
            None => found.unmounted.push(uuid.to_owned()),
        }
    }
    found
}

/// As FAT has them: `XXXX-XXXX`.
fn is_uuid(text: &str) -> bool {
    text.len() == 9 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

fn mount_of(mounts: &str, device: &str) -> Option<String> {
    mounts.lines().find_map(|line| {
        let (found, rest) = line.split_once(' ')?;
        let mount = rest.split(' ').next()?;
        (found == device).then(|| mount.replace("\\040", " "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_entries_that_name_kernels_pin_kernels() {
        let text = "Explanation: keep it\nPackage: linux-image-amd64 linux-image-6.1*\nPin: version 6.1.76-1\nPin-Priority: 1001\n\n\
                    Package: *\nPin: release a=stable\nPin-Priority: 500\n\nPackage: bash\nPin: version 5*\nPin-Priority: -1\n";
        assert_eq!(
            pinned_kernels(text),
            ["linux-image-amd64 linux-image-6.1*: version 6.1.76-1, priority 1001"]
        );
        assert!(pinned_kernels("").is_empty());
    }

    #[test]
    fn a_partition_is_found_where_it_is_mounted() {
        let mounts = "/dev/sda3 / ext4 rw 0 0\n/dev/sda2 /boot/e\\040fi vfat rw 0 0\n";
        assert_eq!(mount_of(mounts, "/dev/sda2").as_deref(), Some("/boot/e fi"));
        assert_eq!(mount_of(mounts, "/dev/sda"), None);
        assert!(is_uuid("1A2B-3C4D") && !is_uuid("../../etc") && !is_uuid(""));
    }
}
