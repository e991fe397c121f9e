//! The packages that matter for support, and `pveversion`.

use innkeeper_change::Problem;
use innkeeper_host::{Host, read_config};

use crate::boot::KERNELS;
use crate::format::dpkg_status::Installed;
use crate::format::version;
use crate::inspect::installed;
use crate::model::PackageVersion;

/// What the original's list holds besides kernels, and this program's own package. Those that are not installed are left out.
const NAMES: &[&str] = &[
    "amd64-microcode",
    "ceph",
    "ceph-fuse",
    "chrony",
    "corosync",
    "criu",
    "dnsmasq",
    "frr-pythontools",
    "gfs2-utils",
    "ifupdown",
    "ifupdown2",
    "innkeeper",
    "intel-microcode",
    "ksm-control-daemon",
    "ksmtuned",
    "libknet1",
    "libpve-access-control",
    "libpve-apiclient-perl",
    "libpve-common-perl",
    "libpve-guest-common-perl",
    "libpve-http-server-perl",
    "libpve-network-perl",
    "libpve-rs-perl",
    "libpve-storage-perl",
    "libspice-server1",
    "lvm2",
    "lxc-pve",
    "lxcfs",
    "novnc-pve",
    "openvswitch-switch",
    "proxmox-backup-client",
    "proxmox-backup-file-restore",
    "proxmox-kernel-helper",
    "proxmox-mail-forward",
    "proxmox-offline-mirror-helper",
    "proxmox-widget-toolkit",
    "pve-cluster",
    "pve-container",
    "pve-docs",
    "pve-edk2-firmware",
    "pve-firewall",
    "pve-firmware",
    "pve-ha-manager",
    "pve-i18n",
    "pve-qemu-kvm",
    "pve-xtermjs",
    "pve-zsync",
    "qemu-server",
    "smartmontools",
    "spiceterm",
    "swtpm",
    "vncterm",
    "zfs-dkms",
    "zfsutils-linux",
];
/// Whose version the program itself stands for.
const MANAGER: &str = "pve-manager";
const PRODUCT: &str = "proxmox-ve";

/// The release of the kernel that runs.
pub(crate) fn running_kernel(host: &dyn Host) -> Result<String, Problem> {
    let text = read_config(host, "/proc/sys/kernel/osrelease".into())?.unwrap_or_default();
    Ok(text.trim().to_owned())
}

/// The packages that matter for support: the product, the manager, kernels, newest first, then the others by name.
///
/// # Errors
/// When dpkg's list cannot be read.
pub fn versions(host: &dyn Host) -> Result<Vec<PackageVersion>, Problem> {
    let all = installed(host)?;
    let find = |name: &str| all.iter().find(|one| one.package == name);
    let kernel = running_kernel(host)?;
    let product = entry(PRODUCT, find(PRODUCT));
    let manager = entry(MANAGER, find(MANAGER));
    let own = env!("CARGO_PKG_VERSION");
    let mut list = vec![
        PackageVersion { running_kernel: Some(kernel.clone()), ..product },
        PackageVersion {
            manager_version: Some(format!("{own}/{own} (running kernel: {kernel})")),
            ..manager
        },
    ];
    let mut kernels: Vec<_> = all.iter().filter(|one| is_kernel(one)).collect();
    kernels.sort_by(|one, other| {
        version::compare(kernel_version(&other.package), kernel_version(&one.package))
            .then_with(|| one.package.cmp(&other.package))
    });
    list.extend(kernels.into_iter().map(|one| entry(&one.package, Some(one))));
    let present = NAMES.iter().filter_map(|name| find(name)).filter(|one| one.state != "not-installed");
    list.extend(present.map(|one| entry(&one.package, Some(one))));
    Ok(list)
}

/// A kernel itself, not a package that only depends on the newest one.
pub(crate) fn is_kernel(package: &Installed) -> bool {
    let of = |prefix: &&str| package.package.starts_with(*prefix);
    package.is_present()
        && KERNELS.iter().any(of)
        && kernel_version(&package.package).matches('.').count() >= 2
        && !package.package.ends_with("-dbg")
}

/// `6.1.0-40-amd64` of `linux-image-6.1.0-40-amd64`.
pub(crate) fn kernel_version(package: &str) -> &str {
    package.find(|c: char| c.is_ascii_digit()).map_or("", |at| &package[at..])
}

fn entry(name: &str, known: Option<&Installed>) -> PackageVersion {
    let present = known.filter(|one| one.is_present());
    let version = present.map(|one| one.version.clone());
    PackageVersion {
        package: name.to_owned(),
        title: known.map(|one| one.title.clone()).unwrap_or_default(),
        description: String::new(),
        origin: "unknown".to_owned(),
        section: known.map(|one| one.section.clone()).unwrap_or_default(),
        arch: known.map(|one| one.arch.clone()).unwrap_or_default(),
        priority: known.map(|one| one.priority.clone()).unwrap_or_default(),
        version: version.clone().unwrap_or_default(),
        old_version: version,
        current_state: known.map_or("NotInstalled", Installed::current_state).to_owned(),
        running_kernel: None,
        manager_version: None,
    }
}
