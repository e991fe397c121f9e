//! Names of cards over restarts: given by link files, lost with a slot, kept by a scheme on the kernel command line.

mod pair;

use std::time::Duration;

use innkeeper_lab::install::{Loader, install};
use innkeeper_lab::{Disk, Error, Firmware, Host, Lab};
use pair::{OURS, Pair};

const COMMIT: (&str, &str) =
    ("pvenetcommit.service", include_str!("../../packaging/systemd/pvenetcommit.service"));

/// A host with a bridge on its card, and another on the same wire.
fn start() -> Result<Pair, Error> {
    let pair = Pair::bridged("ifreload -a && sync")?;
    // QEMU starts this host with an initial RAM disk from outside; its own is built anew for the link files, and in an emulated
    // machine all modules take a quarter of an hour
    pair.host.run("sed -i 's/^MODULES=.*/MODULES=list/' /etc/initramfs-tools/initramfs.conf")?;
    pair.enable(&[COMMIT])?;
    Ok(pair)
}

/// The ports of the bridge.
fn ports(pair: &Pair) -> Result<String, Error> {
    pair.host.run("ls /sys/class/net/vmbr0/brif")
}

/// NET-29, NET-30: the port of a bridge gets another name: nothing changes before the restart, and after it the bridge has its port.
#[test]
fn a_renamed_port_is_in_its_bridge_after_the_restart() -> Result<(), Error> {
    let pair = start()?;
    let before = pair.live()?;
    let said = pair
        .host
        .run_within(&format!("innkeeper nic rename {} enwan0 --yes", pair.card), Duration::from_secs(900))?;
    assert!(said.contains("10-enwan0.link"), "{said}");
    assert_eq!(pair.live()?, before);
    assert!(pair.answers(OURS)?, "nothing has happened yet");
    let refused = pair.host.output("innkeeper network apply --yes")?;
    let complaint = format!("{}{}", refused.stdout, refused.stderr);
    assert!(!refused.success() && complaint.contains("only when this host was restarted"), "{complaint}");
    pair.reboot()?;
    pair.reached(OURS)?;
    assert_eq!(ports(&pair)?, "enwan0");
    assert_eq!(pair.live()?, before.replace(&pair.card, "enwan0"));
    assert_eq!(pair.host.nic(0).name()?, "enwan0");
    assert!(pair.host.run("innkeeper nic list")?.contains("10-enwan0.link"));
    Ok(())
}

/// NET-25: the card sits in another slot and has another name: the bridge is without its port, a check says so with the call that
/// cures it, and after the next restart the card has its name again.
#[test]
fn a_card_in_another_slot_is_noticed_and_called_as_before() -> Result<(), Error> {
    let pair = start()?;
    let old = &pair.card;
    pair.host.power_off()?;
    pair.host.nic(0).move_to_the_last_slot()?;
    pair.host.boot()?;
    let new = pair.host.nic(0).name()?;
    assert_ne!(&new, old);
    assert!(!pair.answers(OURS)?, "the bridge has lost its port");
    let found = pair.host.output("innkeeper api get /nodes/localhost/checks --output-format json")?.stdout;
    assert!(found.contains("nic.absent") && found.contains(&format!("/nics/{new}/rename")), "{found}");
    pair.host.run_within(&format!("innkeeper nic rename {new} {old} --yes"), Duration::from_secs(900))?;
    pair.reboot()?;
    pair.reached(OURS)?;
    assert_eq!((&pair.host.nic(0).name()?, &ports(&pair)?), (old, old));
    let found = pair.host.output("innkeeper api get /nodes/localhost/checks --output-format json")?.stdout;
    assert!(!found.contains("nic.absent"), "{found}");
    Ok(())
}

/// A host that firmware starts from its disk.
fn installed(loader: Loader) -> Result<Host, Error> {
    let host = Lab::host().disk(Disk::virtio("8G").serial("BOOT")).start()?;
    install(&host, &host.disk(0), loader)?;
    host.cut_power()?;
    host.boot_by(Firmware::uefi(), 0)?;
    host.boot()?;
    host.install_product()?;
    Ok(host)
}

fn pinned_over_a_restart(host: &Host, loader: &str) -> Result<(), Error> {
    let shown = host.run("innkeeper nic scheme show --output-format json")?;
    assert!(shown.contains(&format!("\"{loader}\"")) && shown.contains("\"v252\""), "{shown}");
    host.run_within("innkeeper nic scheme pin v252 --yes && sync", Duration::from_secs(900))?;
    assert!(!host.run("cat /proc/cmdline")?.contains("naming-scheme"), "it waits for the restart");
    host.reboot()?;
    let line = host.run("cat /proc/cmdline")?;
    assert!(line.contains("net.naming-scheme=v252") && line.contains("console=ttyS0"), "{line}");
    assert!(host.run("innkeeper nic scheme show --output-format json")?.contains("\"running\":\"v252\""));
    Ok(())
}

/// NET-26, NET-27, BOOT-38
#[test]
fn a_scheme_is_pinned_through_grub() -> Result<(), Error> {
    pinned_over_a_restart(&installed(Loader::Grub)?, "grub")
}

/// NET-26, NET-27, BOOT-39
#[test]
fn a_scheme_is_pinned_through_systemd_boot() -> Result<(), Error> {
    pinned_over_a_restart(&installed(Loader::SystemdBoot)?, "systemd-boot")
}
