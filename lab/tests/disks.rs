//! Disks of every kind, and their trouble.

use innkeeper_lab::{Disk, Error, Fault, Host, Lab};
use std::time::Duration;

/// Lab: inventory code meets each kind of disk.
#[test]
fn disks_of_every_kind_show_their_serial_speed_and_transport() -> Result<(), Error> {
    let host = Lab::host()
        .disks(1, "1G")
        .disk(Disk::sata("2G").serial("SPINNER-1").rpm(7200))
        .disk(Disk::sata("1G").serial("SATA-SSD").ssd())
        .disk(Disk::scsi("1G").serial("SCSI-1").rpm(10_000))
        .disk(Disk::nvme("512M").serial("NVME-1"))
        .start()?;
    let list = || host.run("lsblk --nodeps --noheadings --bytes --raw --output SERIAL,TRAN,ROTA,SIZE | sort");
    let expected = "LABDISK0 virtio 1 1073741824\nLABROOT virtio 1 *\nNVME-1 nvme 0 536870912\nSATA-SSD sata 0 1073741824\n\
                    SCSI-1  1 1073741824\nSPINNER-1 sata 1 2147483648";
    let root = host.run("lsblk --nodeps --noheadings --bytes --raw --output SIZE /dev/vda")?;
    let seen = list()?;
    // lsblk 2.38 knows no transport of virtio disks, 2.41 does
    let seen: Vec<_> =
        seen.lines().map(|line| line.replace(" \\x20", " ").replace("  ", " virtio ")).collect();
    let seen = seen.join("\n").replace("SCSI-1 virtio", "SCSI-1 ");
    assert_eq!(seen, expected.replace('*', &root));
    assert_eq!(host.run(&format!("smartctl -i {} | grep -c 7200", host.disk(1).path()?))?, "1");
    let nvme = host.disk(4).path()?;
    assert!(
        host.run(&format!("smartctl -A {nvme}"))?.contains("Percentage Used"),
        "SMART data of the NVMe disk"
    );

    let added = host.add_disk(&Disk::scsi("1G").serial("LATE-1"))?;
    host.wait_until("the disk that was plugged in", Duration::from_secs(30), || Ok(added.path().is_ok()))?;
    assert!(list()?.contains("LATE-1"));
    added.unplug()?;
    host.wait_until("its loss", Duration::from_secs(30), || Ok(!list()?.contains("LATE-1")))?;
    added.plug()?;
    host.wait_until("its return", Duration::from_secs(30), || Ok(list()?.contains("LATE-1")))
}

/// Writes a pattern to a disk past the page cache, and says whether that went well.
fn write(host: &Host, path: &str) -> Result<bool, Error> {
    Ok(host.output(&format!("dd if=/dev/zero of={path} bs=4k count=8 oflag=direct conv=fsync"))?.success())
}

fn read(host: &Host, path: &str, skip: u32) -> Result<bool, Error> {
    Ok(host.output(&format!("dd if={path} of=/dev/null bs=512 count=1 skip={skip} iflag=direct"))?.success())
}

/// Lab: I/O errors as asked for, and their end.
#[test]
fn a_disk_fails_as_it_is_told_and_heals() -> Result<(), Error> {
    let host = Lab::host().disks(1, "1G").disk(Disk::scsi("1G")).disk(Disk::nvme("1G")).start()?;
    for index in 0..3 {
        let disk = host.disk(index);
        let path = disk.path()?;
        assert!(write(&host, &path)? && read(&host, &path, 0)?, "{path} works");
        disk.fail(&Fault::writes())?;
        assert!(!write(&host, &path)? && read(&host, &path, 0)?, "{path} can only be read");
        disk.fail(&Fault::reads().sector(7))?;
        assert!(write(&host, &path)? && read(&host, &path, 6)?, "{path} is well but for one sector");
        assert!(!read(&host, &path, 7)?, "{path} has a bad sector");
        disk.heal()?;
        assert!(write(&host, &path)? && read(&host, &path, 7)?, "{path} is healed");
    }
    let disk = host.disk(0);
    disk.fail(&Fault::everything().after(3))?;
    let path = disk.path()?;
    let reads = (0..6).map(|_| read(&host, &path, 0)).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(reads, [true, true, true, false, false, false], "the first three go well");
    Ok(())
}

fn mirror(host: &Host) -> Result<(), Error> {
    host.run(&format!(
        "zpool create tank mirror /dev/disk/by-id/virtio-{} /dev/disk/by-id/virtio-{} && echo precious >/tank/file && sync",
        host.disk(0).serial(),
        host.disk(1).serial()
    ))
    .map(drop)
}

/// Lab: ZFS meets a disk that answers with errors.
#[test]
fn a_mirror_is_degraded_by_a_disk_that_fails_and_keeps_its_data() -> Result<(), Error> {
    let host = Lab::host().disks(2, "1G").start()?;
    mirror(&host)?;
    assert_eq!(host.run("zpool list -H -o health tank")?, "ONLINE");
    host.disk(1).fail(&Fault::everything())?;
    host.wait_until("a degraded pool", Duration::from_secs(90), || {
        host.run("dd if=/dev/urandom of=/tank/more bs=128k count=8 status=none conv=fsync")?;
        Ok(host.run("zpool list -H -o health tank")? == "DEGRADED")
    })?;
    let status = host.run("zpool status tank")?;
    assert!(status.contains("LABDISK1"), "{status}");
    assert_eq!(host.run("cat /tank/file")?, "precious");

    host.disk(1).heal()?;
    host.run("zpool clear tank")?;
    host.wait_until("a whole pool", Duration::from_secs(90), || {
        Ok(host.run("zpool list -H -o health tank")? == "ONLINE")
    })
}

/// Lab: ZFS meets a disk that is pulled out.
#[test]
fn a_mirror_is_degraded_by_a_disk_that_is_pulled_out() -> Result<(), Error> {
    let host = Lab::host().disks(2, "1G").start()?;
    mirror(&host)?;
    host.disk(0).unplug()?;
    host.wait_until("a degraded pool", Duration::from_secs(90), || {
        host.run("dd if=/dev/urandom of=/tank/more bs=128k count=8 status=none conv=fsync")?;
        Ok(host.run("zpool list -H -o health tank")? == "DEGRADED")
    })?;
    assert_eq!(host.run("cat /tank/file")?, "precious");
    Ok(())
}

/// Lab: no room left, and then again.
#[test]
fn a_full_disk_refuses_what_is_written_until_room_is_made() -> Result<(), Error> {
    let host = Lab::host().disks(1, "256M").start()?;
    host.run(&format!("mkfs.ext4 -q {} && mount {0} /mnt", host.disk(0).path()?))?;
    let filler = host.fill_disk("/mnt")?;
    let full = host.output("dd if=/dev/zero of=/mnt/file bs=64k count=1 conv=fsync")?;
    assert!(full.stderr.contains("No space left on device"), "{full:?}");
    host.run(&format!("rm {filler} && dd if=/dev/zero of=/mnt/file bs=64k count=1 conv=fsync")).map(drop)
}
