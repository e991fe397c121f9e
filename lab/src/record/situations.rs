//! The situations that are recorded.

use super::{Scenery, Situation, Topic};
use crate::machine::{Disk, Error, Host, Lab, Link};
use std::time::Duration;

pub(super) static ALL: &[Situation] = &[
    Situation {
        name: "zfs-mirror-resilvering",
        topic: Topic::Zfs,
        about: "A disk of a mirror was replaced, and the new one is being written.",
        hardware: || Lab::host().disks(3, "1G"),
        prepare: |host| {
            // the scan is held, so that it is seen while it goes on
            host.run(&format!(
                "{ZFS} zpool create -f -o ashift=12 tank mirror $D/virtio-LABDISK0 $D/virtio-LABDISK1
                dd if=/dev/urandom of=/tank/data bs=1M count=200 status=none; zpool sync
                echo 1 >/sys/module/zfs/parameters/zfs_scan_suspend_progress
                zpool replace -f tank $D/virtio-LABDISK1 $D/virtio-LABDISK2; sleep 2; zpool status"
            ))
            .map(alone)
        },
    },
    Situation {
        name: "zfs-raidz-degraded",
        topic: Topic::Zfs,
        about: "A disk of a raidz2 was pulled out.",
        hardware: || Lab::host().disks(4, "1G"),
        prepare: |host| {
            host.run(&format!(
                "{ZFS} zpool create -f -o ashift=12 tank raidz2 $D/virtio-LABDISK0 $D/virtio-LABDISK1 \\
                    $D/virtio-LABDISK2 $D/virtio-LABDISK3
                zfs create -o compression=zstd -o quota=300M tank/guests; zfs create -V 100M -s tank/vm-100-disk-0
                zfs snapshot tank/guests@before; dd if=/dev/urandom of=/tank/guests/data bs=1M count=50 status=none; zpool sync
                systemctl start zfs-zed"
            ))?;
            host.disk(3).unplug()?;
            settle(host, "zpool status tank | grep -Eq 'REMOVED|UNAVAIL|FAULTED'").map(alone)
        },
    },
    Situation {
        name: "zfs-checksum-errors",
        topic: Topic::Zfs,
        about: "One side of a mirror was overwritten behind the pool's back; a scrub found and mended it.",
        hardware: || Lab::host().disks(2, "1G"),
        prepare: |host| {
            host.run(&format!(
                "{ZFS} zpool create -f -o ashift=12 tank mirror $D/virtio-LABDISK0 $D/virtio-LABDISK1
                dd if=/dev/urandom of=/tank/data bs=1M count=100 status=none; zpool export tank
                dd if=/dev/urandom of=$D/virtio-LABDISK1-part1 bs=1M seek=20 count=100 conv=fsync status=none
                zpool import -d $D tank; zpool scrub -w tank; zpool status"
            ))
            .map(alone)
        },
    },
    Situation {
        name: "zfs-all-kinds-of-vdevs",
        topic: Topic::Zfs,
        about: "Two mirrors with log, cache, spare and special devices.",
        hardware: || Lab::host().disks(9, "512M"),
        prepare: |host| {
            host.run(&format!(
                "{ZFS} set -- $D/virtio-LABDISK?
                zpool create -f -o ashift=12 -O compression=lz4 tank mirror $1 $2 mirror $3 $4 log $5 cache $6 spare $7 \\
                    special mirror $8 $9
                zfs create tank/data; zpool sync; zpool status"
            ))
            .map(alone)
        },
    },
    Situation {
        name: "lvm-thin-nearly-full",
        topic: Topic::Lvm,
        about: "A thin pool of 512 MiB holds 480 MiB of a volume that was promised 2 GiB.",
        hardware: || Lab::host().disks(1, "1G"),
        prepare: |host| {
            host.run(
                "set -e; vgcreate pve /dev/disk/by-id/virtio-LABDISK0; lvcreate -y -L 64M -n root pve
                lvcreate -y --type thin-pool -L 512M --poolmetadatasize 16M -n data pve
                lvcreate -y -V 2G --thinpool data -n vm-100-disk-0 pve; lvcreate -y -s -n snap pve/vm-100-disk-0
                dd if=/dev/urandom of=/dev/pve/vm-100-disk-0 bs=1M count=480 oflag=direct status=none; sync",
            )
            .map(alone)
        },
    },
    Situation {
        name: "lvm-disk-missing",
        topic: Topic::Lvm,
        about: "One of two disks of a volume group was pulled out.",
        hardware: || Lab::host().disk(Disk::scsi("512M")).disk(Disk::scsi("512M")),
        prepare: |host| {
            host.run(
                "set -e; vgcreate data /dev/disk/by-id/*LABDISK0 /dev/disk/by-id/*LABDISK1
                lvcreate -y -L 800M -n linear data; vgchange -an data",
            )?;
            host.disk(1).unplug()?;
            settle(host, "vgs data -o vg_missing_pv_count --noheadings | grep -q 1").map(alone)
        },
    },
    Situation {
        name: "btrfs-raid1",
        topic: Topic::Btrfs,
        about: "Two disks, a subvolume with a quota, a snapshot, a finished scrub.",
        hardware: || Lab::host().disks(2, "1G"),
        prepare: |host| {
            host.run(&format!(
                "{BTRFS} mount $D/virtio-LABDISK0 /mnt
                btrfs subvolume create /mnt/guests; btrfs quota enable /mnt; btrfs qgroup limit 200M /mnt/guests
                dd if=/dev/urandom of=/mnt/guests/data bs=1M count=50 status=none; sync
                btrfs subvolume snapshot -r /mnt/guests /mnt/before; btrfs scrub start -B /mnt"
            ))
            .map(alone)
        },
    },
    Situation {
        name: "btrfs-disk-missing",
        topic: Topic::Btrfs,
        about: "One of two disks is gone, and the file system is mounted degraded.",
        hardware: || Lab::host().disks(2, "1G"),
        prepare: |host| {
            host.run(&format!("{BTRFS} mount $D/virtio-LABDISK0 /mnt; echo data >/mnt/file; umount /mnt"))?;
            host.disk(1).unplug()?;
            host.run(
                "set -e; btrfs device scan --forget; mount -o degraded /dev/disk/by-id/virtio-LABDISK0 /mnt",
            )
            .map(alone)
        },
    },
    Situation {
        name: "network-plain",
        topic: Topic::Network,
        about: "Three cards: one with an address, one without a wire, one that is down.",
        hardware: || Lab::host().nics(3),
        prepare: |host| {
            let [one, two] = [host.nic(0).name()?, host.nic(1).name()?];
            host.nic(1).pull()?;
            interfaces(
                host,
                &format!(
                    "auto {one}\niface {one} inet static\n\taddress 192.0.2.10/24\n\tgateway 192.0.2.1\n"
                ),
            )?;
            host.run(&format!("ip link set {two} up")).map(alone)
        },
    },
    Situation {
        name: "bond-one-leg-down",
        topic: Topic::Network,
        about: "An active-backup bond whose active card lost its wire.",
        hardware: || Lab::host().nics(2),
        prepare: |host| {
            let [one, two] = [host.nic(0).name()?, host.nic(1).name()?];
            interfaces(
                host,
                &format!(
                    "auto bond0\niface bond0 inet static\n\taddress 192.0.2.10/24\n\tbond-slaves {one} {two}\n\
                     \tbond-mode active-backup\n\tbond-miimon 100\n\tbond-primary {one}\n"
                ),
            )?;
            host.nic(0).pull()?;
            settle(host, &format!("grep -q {two} /sys/class/net/bond0/bonding/active_slave")).map(alone)
        },
    },
    Situation {
        name: "bond-lacp",
        topic: Topic::Network,
        about: "An 802.3ad bond below a bridge, with a partner that answers.",
        hardware: || Lab::host().nics(2),
        prepare: lacp,
    },
    Situation {
        name: "bridge-vlan-aware",
        topic: Topic::Network,
        about: "A VLAN-aware bridge with an address on VLAN 5 and a guest's port, and a VLAN on a card.",
        hardware: || Lab::host().nics(2),
        prepare: |host| {
            let [one, two] = [host.nic(0).name()?, host.nic(1).name()?];
            interfaces(
                host,
                &format!(
                    "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports {one}\n\tbridge-stp off\n\tbridge-fd 0\n\
                     \tbridge-vlan-aware yes\n\tbridge-vids 2-100\n\n\
                     auto vmbr0.5\niface vmbr0.5 inet static\n\taddress 192.0.2.10/24\n\n\
                     auto {two}.7\niface {two}.7 inet static\n\taddress 198.51.100.10/24\n"
                ),
            )?;
            host.run(
                "set -e; ip tuntap add tap100i0 mode tap; ip link set tap100i0 master vmbr0 up
                bridge vlan add dev tap100i0 vid 5 pvid untagged",
            )
            .map(alone)
        },
    },
    Situation {
        name: "open-vswitch",
        topic: Topic::Network,
        about: "An Open vSwitch bridge with a card, a tagged internal port and a patch.",
        hardware: || Lab::host().nics(1),
        prepare: |host| {
            let one = host.nic(0).name()?;
            host.run(&format!(
                "set -e; systemctl start openvswitch-switch
                ovs-vsctl add-br vmbr1 -- add-port vmbr1 {one} -- add-port vmbr1 mgmt tag=5 \\
                    -- set interface mgmt type=internal
                ip link set {one} up; ip link set mgmt up; ip address add 192.0.2.10/24 dev mgmt"
            ))
            .map(alone)
        },
    },
    Situation {
        name: "disks-of-every-kind",
        topic: Topic::Block,
        about: "Virtio, SATA with and without platters, SCSI and NVMe disks, used by LVM, ZFS, a file system and swap.",
        hardware: || {
            Lab::host()
                .disk(Disk::virtio("1G").serial("VIRTIO1"))
                .disk(Disk::sata("1G").serial("SATAHDD1").rpm(7200))
                .disk(Disk::sata("1G").serial("SATASSD1").ssd())
                .disk(Disk::scsi("1G").serial("SCSI1"))
                .disk(Disk::nvme("1G").serial("NVME1"))
        },
        prepare: |host| {
            host.run(
                "set -e; cd /dev/disk/by-id; vgcreate pve $PWD/*_SATAHDD1; lvcreate -y -L 100M -n root pve
                modprobe zfs; zpool create -f tank $PWD/*_SATASSD1
                sgdisk -n1:0:+100M -t1:EF00 -n2:0:0 -t2:8300 virtio-VIRTIO1; udevadm settle
                mkfs.vfat virtio-VIRTIO1-part1; mkfs.ext4 -q virtio-VIRTIO1-part2; mount virtio-VIRTIO1-part2 /mnt
                nvme=$(readlink -e nvme-*NVME1); mkswap $nvme; swapon $nvme; udevadm settle",
            )
            .map(alone)
        },
    },
    Situation {
        name: "unit-failed",
        topic: Topic::Systemd,
        about: "One unit ended with an error, one is being restarted over and over.",
        hardware: Lab::host,
        prepare: |host| {
            let unit = |what: &str| format!("[Service]\nType=exec\n{what}\n");
            host.write(
                "/etc/systemd/system/lab-fails.service",
                unit("ExecStart=/bin/sh -c 'echo no luck >&2; exit 3'"),
            )?;
            host.write(
                "/etc/systemd/system/lab-restarts.service",
                unit("ExecStart=/bin/false\nRestart=always\nRestartSec=60"),
            )?;
            host.run("systemctl daemon-reload; systemctl start lab-fails lab-restarts; true")?;
            settle(host, "systemctl is-failed lab-fails").map(alone)
        },
    },
    Situation {
        name: "apt-unsigned",
        topic: Topic::Apt,
        about: "A repository without a signature.",
        hardware: Lab::host,
        prepare: |host| {
            repository(host, "2.0")?;
            host.run("echo 'deb file:/srv/repo ./' >/etc/apt/sources.list").map(alone)
        },
    },
    Situation {
        name: "apt-401",
        topic: Topic::Apt,
        about: "A repository whose server answers 401, as that of the original does without a subscription.",
        hardware: Lab::host,
        prepare: |host| {
            host.write("/root/refuse", REFUSING_SERVER)?;
            host.run(
                "set -e; ip link set lo up; systemd-run --quiet --unit=refuse perl /root/refuse
                echo 'deb http://127.0.0.1:8401/debian/pve bookworm pve-enterprise' >/etc/apt/sources.list",
            )?;
            settle(host, "perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(\"127.0.0.1:8401\")'")
                .map(alone)
        },
    },
    Situation {
        name: "apt-updates-waiting",
        topic: Topic::Apt,
        about: "A newer version of an installed package is there, and another installed package is held.",
        hardware: Lab::host,
        prepare: |host| {
            repository(host, "1.0")?;
            host.run(
                "set -e; dpkg -i /srv/repo/lab-hello.deb; apt-mark hold nvme-cli
                echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list",
            )?;
            repository(host, "2.0").map(alone)
        },
    },
];

/// By-id names as administrators use them, and an end at the first error.
const ZFS: &str = "set -e; modprobe zfs; D=/dev/disk/by-id;";
const BTRFS: &str = "set -e; D=/dev/disk/by-id; \
    mkfs.btrfs -q -d raid1 -m raid1 -L guests $D/virtio-LABDISK0 $D/virtio-LABDISK1; udevadm settle;";

/// A server that wants a subscription.
const REFUSING_SERVER: &str = r#"use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8401, Listen => 8, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
  while (<$client>) { last if /^\r?$/ }
  print $client "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}
"#;

/// Nothing but the host itself is needed.
fn alone<T>(_: T) -> Scenery {
    Scenery { _peer: None }
}

fn settle(host: &Host, condition: &str) -> Result<(), Error> {
    host.wait_until(condition, Duration::from_secs(60), || Ok(host.output(condition)?.success()))
}

/// Has Debian's own tool carry out a configuration.
fn interfaces(host: &Host, stanzas: &str) -> Result<(), Error> {
    host.write("/etc/network/interfaces", format!("auto lo\niface lo inet loopback\n\n{stanzas}"))?;
    host.run("ifreload --all").map(drop)
}

fn lacp(host: &Host) -> Result<Scenery, Error> {
    let [one, two] = [host.nic(0).name()?, host.nic(1).name()?];
    let links = [Link::new("left"), Link::new("right")];
    host.nic(0).connect(Some(&links[0]));
    host.nic(1).connect(Some(&links[1]));
    let peer = Lab::lacp_peer([&links[0], &links[1]])?;
    interfaces(
        host,
        &format!(
            "auto bond0\niface bond0 inet manual\n\tbond-slaves {one} {two}\n\tbond-mode 802.3ad\n\tbond-miimon 100\n\
             \tbond-lacp-rate 1\n\tbond-xmit-hash-policy layer2+3\n\n\
             auto vmbr0\niface vmbr0 inet static\n\taddress 10.78.0.10/24\n\tbridge-ports bond0\n\tbridge-stp off\n\
             \tbridge-fd 0\n"
        ),
    )?;
    let partner = peer.mac()?;
    settle(host, &format!("grep -q {partner} /sys/class/net/bond0/bonding/ad_partner_mac"))?;
    Ok(Scenery { _peer: Some(peer) })
}

/// A repository with one package.
fn repository(host: &Host, version: &str) -> Result<(), Error> {
    host.run(&format!(
        "set -e; rm -rf /srv/repo /srv/build; mkdir -p /srv/repo /srv/build/DEBIAN; cd /srv
        printf 'Package: lab-hello\\nVersion: {version}\\nArchitecture: all\\nMaintainer: lab <root@localhost>\\n\
Description: greets\\n' >build/DEBIAN/control
        dpkg-deb --build --root-owner-group build repo/lab-hello.deb; cd repo
        (dpkg-deb --field lab-hello.deb; echo Filename: ./lab-hello.deb; echo Size: $(stat -c %s lab-hello.deb)
         echo SHA256: $(sha256sum lab-hello.deb | cut -d' ' -f1); echo) >Packages
        (echo Origin: lab; echo Label: lab; echo Suite: stable; echo Date: $(LC_ALL=C date -uR)
         echo SHA256:; echo ' '$(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages) >Release"
    ))
    .map(drop)
}
