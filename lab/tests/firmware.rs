//! Hosts boot as real machines do: UEFI firmware, a loader on a disk with a GPT and an EFI system partition, Secure Boot.

use innkeeper_lab::install::{Loader, install};
use innkeeper_lab::{Disk, Error, Firmware, Host, Lab};
use std::time::Duration;

/// A host without power whose disk 0 has a system on it.
fn installed(loader: Loader) -> Result<Host, Error> {
    let host = Lab::host().disk(Disk::virtio("8G").serial("BOOT")).start()?;
    install(&host, &host.disk(0), loader)?;
    host.cut_power()?;
    Ok(host)
}

/// The system on the disk runs, and no other.
fn assert_runs_from_the_disk(host: &Host) -> Result<(), Error> {
    assert_eq!(host.run("findmnt -no LABEL / && findmnt -no FSTYPE /boot/efi")?, "installed\nvfat");
    assert_eq!(host.run("lsblk -dno SERIAL $(lsblk -npo PKNAME $(findmnt -no SOURCE /))")?, "BOOT");
    host.run("test -d /sys/firmware/efi").map(drop)
}

/// Lab: a real EFI system partition, systemd-boot, reboot through it.
#[test]
fn an_installed_disk_boots_and_reboots_through_systemd_boot() -> Result<(), Error> {
    let host = installed(Loader::SystemdBoot)?;
    host.boot_by(Firmware::uefi(), 0)?;
    host.boot()?;
    assert_runs_from_the_disk(&host)?;
    let status = host.run("bootctl status --no-pager")?;
    assert!(status.contains("Product: systemd-boot"), "{status}");
    assert!(status.contains("Secure Boot: disabled"), "{status}");
    host.reboot()?;
    assert_runs_from_the_disk(&host)?;
    // files come in on this board, too
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    host.put(file, "/root/file")?;
    assert!(host.run("cat /root/file")?.contains("innkeeper-lab"));
    Ok(())
}

/// Lab: Secure Boot keys enrolled; a loader that nobody signed is not started.
#[test]
fn enrolled_keys_start_signed_loaders_only() -> Result<(), Error> {
    let host = installed(Loader::Grub)?;
    host.boot_by(Firmware::uefi().secure_boot(), 0)?;
    host.boot()?;
    assert_runs_from_the_disk(&host)?;
    assert_eq!(host.run("mokutil --sb-state")?, "SecureBoot enabled");
    host.reboot()?;
    assert_eq!(host.run("mokutil --sb-state")?, "SecureBoot enabled");
    // shim, which Microsoft has signed, makes way for a loader that only its builder knows
    host.run("cp /usr/lib/systemd/boot/efi/systemd-bootx64.efi /boot/efi/EFI/BOOT/BOOTX64.EFI && sync")?;
    host.cut_power()?;
    host.boot_by(Firmware::uefi().secure_boot(), 0)?;
    host.power_on()?;
    host.wait_until("a refusal", Duration::from_secs(120), || Ok(host.console().contains("Access Denied")))
}
