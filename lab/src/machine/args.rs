//! The command line of QEMU.
//!
//! Devices are described once, as QMP has them: the command line takes the same objects.

use super::base::Base;
use super::hardware::{
    AHCI_SLOT, Place, PlacedDisk, PlacedNic, ROOT_SLOT, SCSI_SLOT, SERIAL_SLOT, Transport,
};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

/// What the guest has for memory.
#[derive(Clone, Debug)]
pub(super) enum Ram {
    /// Fresh.
    Fresh,
    /// A file that is written to, from which others start.
    Saved(Utf8PathBuf),
    /// That file, of which this host changes only its own copy.
    Copied(Utf8PathBuf),
}

/// What is the same for every host that starts from one saved state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) memory_mib: u64,
    pub(super) cpus: u8,
}

/// QEMU's arguments up to the devices that a test asks for.
pub(super) fn machine(profile: &Profile, base: &Base, ram: &Ram) -> Vec<String> {
    let mut args = board(profile, "pc", ram);
    args.extend(["-kernel".into(), base.kernel.to_string(), "-initrd".into(), base.initrd.to_string()]);
    args.extend(["-append".into(), KERNEL_OPTIONS.into()]);
    // a new identity at each start makes the guest's kernel draw new randomness
    args.extend(words("-device vmgenid,guid=auto"));
    args
}

/// Board, processors and memory.
pub(super) fn board(profile: &Profile, kind: &str, ram: &Ram) -> Vec<String> {
    let mib = profile.memory_mib;
    let backend = match ram {
        Ram::Fresh => format!("memory-backend-ram,id=ram,size={mib}M"),
        Ram::Saved(path) => format!("memory-backend-file,id=ram,size={mib}M,share=on,mem-path={path}"),
        Ram::Copied(path) => format!("memory-backend-file,id=ram,size={mib}M,share=off,mem-path={path}"),
    };
    let mut args =
        words("-nodefaults -no-user-config -display none -accel tcg,thread=multi,tb-size=512 -cpu max");
    args.extend(["-machine".into(), format!("{kind},memory-backend=ram"), "-object".into(), backend]);
    args.extend(["-m".into(), format!("{mib}M"), "-smp".into(), profile.cpus.to_string()]);
    args
}

/// On a machine that is busy an emulated processor may not run for longer than the kernel waits for its timer to tick, which it
/// takes for a broken timer and panics over, before there is a console: it is told not to look.
const KERNEL_OPTIONS: &str = "root=/dev/vda rw console=ttyS0 quiet no_timer_check systemd.show_status=true";

/// The sockets in a host's folder, the serial console and the root disk.
pub(super) fn sockets_and_root(dir: &Utf8Path, root: &Utf8Path) -> Vec<String> {
    let mut args = sockets(dir);
    args.extend(root_disk(root));
    args
}

/// The sockets in a host's folder and the serial console.
pub(super) fn sockets(dir: &Utf8Path) -> Vec<String> {
    let mut args = words("-serial chardev:console");
    args.extend(["-qmp".into(), format!("unix:{dir}/qmp,server=on,wait=off")]);
    args.extend([
        "-chardev".into(),
        format!(
            "socket,id=console,path={dir}/console,server=on,wait=off,logfile={dir}/console.log,logappend=on"
        ),
        "-chardev".into(),
        format!("socket,id=agent,path={dir}/agent,server=on,wait=off"),
    ]);
    args.extend(device(
        &json!({ "driver": "virtio-serial-pci", "id": "serial", "bus": "pci.0", "addr": slot(SERIAL_SLOT) }),
    ));
    args.extend(device(&json!({
        "driver": "virtserialport", "bus": "serial.0", "chardev": "agent", "name": "org.qemu.guest_agent.0",
    })));
    args
}

fn root_disk(root: &Utf8Path) -> Vec<String> {
    let mut args = Vec::new();
    args.extend(blockdev(&file_node("root-file", root, false)));
    args.extend(blockdev(
        &json!({ "driver": "qcow2", "node-name": "root", "file": "root-file", "discard": "unmap" }),
    ));
    args.extend(device(&json!({
        "driver": "virtio-blk-pci", "id": "root-disk", "drive": "root", "bus": "pci.0", "addr": slot(ROOT_SLOT),
        "serial": "LABROOT", "werror": "report", "rerror": "report",
    })));
    args
}

/// Everything that a test asks for; `with_nvme` is false where a saved state is loaded, which NVMe devices forbid.
pub(super) fn hardware(disks: &[PlacedDisk], nics: &[PlacedNic], with_nvme: bool) -> Vec<String> {
    let mut args = Vec::new();
    for controller in controllers(disks) {
        args.extend(device(&controller));
    }
    for disk in disks.iter().filter(|disk| disk.plugged) {
        if with_nvme || disk.disk.transport != Transport::Nvme {
            nodes(disk).iter().for_each(|node| args.extend(blockdev(node)));
            args.extend(device(&disk_device(disk)));
        }
    }
    for nic in nics {
        args.extend(["-netdev".into(), netdev(nic).to_string()]);
        args.extend(device(&nic_device(nic)));
    }
    args
}

/// The controllers that these disks need.
pub(super) fn controllers(disks: &[PlacedDisk]) -> Vec<Value> {
    let has = |transport| disks.iter().any(|disk| disk.disk.transport == transport);
    let mut controllers = Vec::new();
    if has(Transport::Sata) {
        controllers
            .push(json!({ "driver": "ich9-ahci", "id": "ahci", "bus": "pci.0", "addr": slot(AHCI_SLOT) }));
    }
    if has(Transport::Scsi) {
        controllers.push(scsi_controller());
    }
    controllers
}

pub(super) fn scsi_controller() -> Value {
    json!({ "driver": "virtio-scsi-pci", "id": "scsi", "bus": "pci.0", "addr": slot(SCSI_SLOT) })
}

/// The nodes below a disk: its file, and a raw node above, between which faults are put.
pub(super) fn nodes(disk: &PlacedDisk) -> [Value; 2] {
    let file = format!("{}-file", disk.id);
    [file_node(&file, &disk.file, false), raw_node(&disk.id, &file)]
}

/// The upper node of a disk, on the one below.
pub(super) fn raw_node(id: &str, below: &str) -> Value {
    json!({ "driver": "raw", "node-name": id, "file": below, "discard": "unmap" })
}

/// A file of this machine. What the guest flushes must survive the end of QEMU, not that of this machine: nothing is synced.
pub(super) fn file_node(name: &str, path: &Utf8Path, read_only: bool) -> Value {
    json!({
        "driver": "file", "node-name": name, "filename": path, "discard": "unmap", "read-only": read_only,
        "cache": { "no-flush": true },
    })
}

/// A disk's device.
pub(super) fn disk_device(disk: &PlacedDisk) -> Value {
    let mut device = json!({ "id": format!("{}-dev", disk.id), "drive": disk.id, "serial": disk.serial });
    match disk.place {
        Place::Slot(at) => {
            device["bus"] = "pci.0".into();
            device["addr"] = slot(at).into();
        }
        Place::Ahci(port) => device["bus"] = format!("ahci.{port}").into(),
        Place::Scsi(target) => {
            device["bus"] = "scsi.0".into();
            device["scsi-id"] = target.into();
        }
    }
    device["driver"] = match disk.disk.transport {
        Transport::Virtio => "virtio-blk-pci",
        Transport::Scsi => "scsi-hd",
        Transport::Sata => "ide-hd",
        Transport::Nvme => "nvme",
    }
    .into();
    if disk.disk.transport != Transport::Nvme {
        device["werror"] = "report".into();
        device["rerror"] = "report".into();
    }
    if let Some(rpm) = disk.disk.rpm {
        device["rotation_rate"] = rpm.into();
    }
    device
}

fn netdev(nic: &PlacedNic) -> Value {
    json!({
        "type": "stream", "id": format!("{}-net", nic.id), "server": false,
        "addr": { "type": "unix", "path": nic.socket },
    })
}

/// With a speed, because a bond takes no card into an aggregate that has none.
fn nic_device(nic: &PlacedNic) -> Value {
    json!({
        "driver": "virtio-net-pci", "id": nic.id, "netdev": format!("{}-net", nic.id), "mac": nic.mac,
        "bus": "pci.0", "addr": slot(nic.slot()), "romfile": "", "speed": 1000, "duplex": "full",
    })
}

/// A slot as QEMU has it.
pub(super) fn slot(number: u8) -> String {
    format!("{number:#x}")
}

fn device(device: &Value) -> [String; 2] {
    ["-device".into(), device.to_string()]
}

fn blockdev(node: &Value) -> [String; 2] {
    ["-blockdev".into(), node.to_string()]
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}
