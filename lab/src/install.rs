//! The running system, installed onto a disk of its own with a boot loader: what firmware can boot.

use crate::machine::{DiskHandle, Error, Host};
use std::time::Duration;

/// What the firmware starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// With kernels on the EFI system partition, as `kernel-install` puts them there. It is not signed.
    SystemdBoot,
    /// Behind the signed shim, with kernels in `/boot`.
    Grub,
}

/// Copies the system that a host runs onto a blank disk of at least 7 GiB, with a GPT, an EFI system partition and a loader.
///
/// # Errors
/// When a step of it fails.
pub fn install(host: &Host, disk: &DiskHandle<'_>, loader: Loader) -> Result<(), Error> {
    host.write("/run/install.sh", include_str!("install.sh"))?;
    let loader = match loader {
        Loader::SystemdBoot => "systemd-boot",
        Loader::Grub => "grub",
    };
    host.run_within(&format!("sh /run/install.sh {} {loader}", disk.path()?), Duration::from_secs(900))
        .map(drop)
}
