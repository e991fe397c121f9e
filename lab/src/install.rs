//! The running system, installed onto a disk of its own with a boot loader: what firmware can boot.

use crate::machine::{DiskHandle, Error, Host, say_timing};
use std::time::Duration;

/// What the firmware starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// With kernels on the EFI system partition, as `kernel-install` puts them there. It is not signed.
    SystemdBoot,
    /// Behind the signed shim, with kernels in `/boot`.
    Grub,
}

impl Loader {
    fn name(self) -> &'static str {
        match self {
            Self::SystemdBoot => "systemd-boot",
            Self::Grub => "grub",
        }
    }
}

/// Says each command and when it began.
const TRACE: &str = r#"PS4="+ \$EPOCHREALTIME "; set -x; . /run/install.sh"#;

/// Copies the system that a host runs onto a blank disk of at least 7 GiB, with a GPT, an EFI system partition and a loader.
///
/// # Errors
/// When a step of it fails.
pub fn install(host: &Host, disk: &DiskHandle<'_>, loader: Loader) -> Result<(), Error> {
    host.write("/run/install.sh", include_str!("install.sh"))?;
    let line = format!("exec bash -c '{TRACE}' install.sh {} {} 2>&1", disk.path()?, loader.name());
    let said = host.run_within(&line, Duration::from_secs(900))?;
    say_timing(&format!("{} {}\n{said}", host.name(), loader.name()));
    Ok(())
}
