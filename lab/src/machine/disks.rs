//! Trouble with disks while the host runs.

use super::args;
use super::error::Error;
use super::hardware::{Disk, PlacedDisk, Transport};
use super::host::Host;
use super::start::make_disk;
use camino::Utf8PathBuf;
use serde_json::{Value, json};

/// What goes wrong on a disk.
#[derive(Clone, Debug)]
pub struct Fault {
    kinds: &'static [&'static str],
    sector: Option<u64>,
    after: u32,
    once: bool,
}

impl Fault {
    /// Every read fails.
    #[must_use]
    pub fn reads() -> Self {
        Self { kinds: &["read"], sector: None, after: 0, once: false }
    }

    /// Every write fails. (A flush of what was written before goes well: QEMU itself flushes before it takes a fault away.)
    #[must_use]
    pub fn writes() -> Self {
        Self { kinds: &["write", "write-zeroes", "discard"], ..Self::reads() }
    }

    /// Everything fails: the disk is there and dead.
    #[must_use]
    pub fn everything() -> Self {
        Self { kinds: &["read", "write", "write-zeroes", "discard"], ..Self::reads() }
    }

    /// Only what touches this sector of 512 bytes.
    #[must_use]
    pub fn sector(self, sector: u64) -> Self {
        Self { sector: Some(sector), ..self }
    }

    /// Only after so many requests of the first kind went well.
    #[must_use]
    pub fn after(self, requests: u32) -> Self {
        Self { after: requests, ..self }
    }

    /// Only one time for each kind of request.
    #[must_use]
    pub fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// The node that QEMU fails requests by. It counts by states, of which it enters the next one with each request of the
    /// first kind; errors of the first state are there without any request before.
    fn node(&self, name: &str, below: &str) -> Value {
        let last = self.after + 1;
        let counted = if self.kinds[0] == "read" { "read_aio" } else { "write_aio" };
        let event = if self.after == 0 { "none" } else { counted };
        let errors: Vec<_> = self.kinds.iter().map(|kind| self.error(kind, event, last)).collect();
        let mut node =
            json!({ "driver": "blkdebug", "node-name": name, "image": below, "inject-error": errors });
        if self.after > 0 {
            let next = |state| json!({ "event": counted, "state": state, "new_state": state + 1 });
            node["set-state"] = (1..last).map(next).collect();
        }
        node
    }

    fn error(&self, kind: &str, event: &str, state: u32) -> Value {
        let mut error =
            json!({ "event": event, "state": state, "iotype": kind, "errno": EIO, "once": self.once });
        if let Some(sector) = self.sector {
            error["sector"] = sector.into();
        }
        error
    }
}

const EIO: i32 = 5;

/// One of a host's disks.
#[derive(Clone, Copy, Debug)]
pub struct DiskHandle<'a> {
    host: &'a Host,
    index: usize,
}

impl Host {
    /// The i-th disk, counted from 0 in the order of the request. The root disk is none of them.
    ///
    /// # Panics
    /// When there is no such disk.
    #[must_use]
    pub fn disk(&self, index: usize) -> DiskHandle<'_> {
        assert!(
            index < self.disks().len(),
            "{} has {} disks, no disk {index}",
            self.name(),
            self.disks().len()
        );
        DiskHandle { host: self, index }
    }

    /// Plugs one more disk in while the host runs, which SATA does not allow; behind firmware only SCSI does.
    ///
    /// # Errors
    /// When the host has no power or no room for it.
    pub fn add_disk(&self, disk: &Disk) -> Result<DiskHandle<'_>, Error> {
        if disk.transport == Transport::Sata {
            return Err(Error::Request("QEMU plugs in no SATA disks while a host runs".to_owned()));
        }
        let mut disks = self.disks();
        let placed = make_disk(disk, &disks, self.dir())?;
        let first_scsi = disk.transport == Transport::Scsi
            && !self.is_on_firmware()
            && args::controllers(&disks).iter().all(|one| one["id"] != "scsi");
        self.with_power(|power| {
            if first_scsi {
                power.qmp.execute("device_add", args::scsi_controller())?;
            }
            power.plug(&placed)
        })?;
        disks.push(placed);
        Ok(DiskHandle { host: self, index: disks.len() - 1 })
    }
}

impl DiskHandle<'_> {
    fn placed(&self) -> PlacedDisk {
        self.host.disks()[self.index].clone()
    }

    /// Its serial number.
    #[must_use]
    pub fn serial(&self) -> String {
        self.placed().serial
    }

    /// Its bytes, as a file of this machine.
    #[must_use]
    pub fn file(&self) -> Utf8PathBuf {
        self.placed().file
    }

    /// Its device in the guest, such as `/dev/vdb`.
    ///
    /// # Errors
    /// When the guest does not have it.
    pub fn path(&self) -> Result<String, Error> {
        let serial = self.serial();
        self.host.run(&format!("set -- /dev/disk/by-id/*{serial}; readlink -e \"$1\""))
    }

    /// Lets it fail, from now on. A fault that it had is replaced.
    ///
    /// # Errors
    /// When the host has no power.
    pub fn fail(&self, fault: &Fault) -> Result<(), Error> {
        let disk = self.placed();
        let below = format!("{}-file", disk.id);
        let name = format!("{}-fault{}", disk.id, self.host.next_number());
        self.host.with_power(|power| {
            let stale = power.fault_of(&disk.id)?;
            power.qmp.execute("blockdev-add", fault.node(&name, &below))?;
            power.put_below(&disk.id, &name)?;
            power.remove_nodes(&stale)
        })
    }

    /// Lets it work again.
    ///
    /// # Errors
    /// When the host has no power.
    pub fn heal(&self) -> Result<(), Error> {
        let disk = self.placed();
        self.host.with_power(|power| {
            let stale = power.fault_of(&disk.id)?;
            power.put_below(&disk.id, &format!("{}-file", disk.id))?;
            power.remove_nodes(&stale)
        })
    }

    /// Pulls it out while the host runs.
    ///
    /// # Errors
    /// When it is a SATA disk, is out already, or the guest does not let go of it.
    pub fn unplug(&self) -> Result<(), Error> {
        let disk = self.placed();
        if disk.disk.transport == Transport::Sata {
            return Err(Error::Request(
                "QEMU cannot pull SATA disks: let it fail, or use a SCSI disk".to_owned(),
            ));
        }
        if !disk.plugged {
            return Err(Error::Request(format!("{} is unplugged already", disk.serial)));
        }
        self.host.with_power(|power| {
            power.unplug(&format!("{}-dev", disk.id))?;
            let mut nodes = vec![disk.id.clone()];
            nodes.extend(power.fault_of(&disk.id)?);
            nodes.push(format!("{}-file", disk.id));
            power.remove_nodes(&nodes)
        })?;
        self.host.disks()[self.index].plugged = false;
        Ok(())
    }

    /// Puts it back.
    ///
    /// # Errors
    /// When it is not out, or the host has no power.
    pub fn plug(&self) -> Result<(), Error> {
        let disk = self.placed();
        if disk.plugged {
            return Err(Error::Request(format!("{} is plugged in already", disk.serial)));
        }
        self.host.with_power(|power| power.plug(&disk))?;
        self.host.disks()[self.index].plugged = true;
        Ok(())
    }
}

impl super::host::Power {
    /// The nodes of a disk's faults.
    fn fault_of(&mut self, id: &str) -> Result<Vec<String>, Error> {
        let nodes = self.qmp.execute("query-named-block-nodes", json!({ "flat": true }))?;
        let names = nodes.as_array().into_iter().flatten().filter_map(|node| node["node-name"].as_str());
        Ok(names.filter(|name| name.starts_with(&format!("{id}-fault"))).map(str::to_owned).collect())
    }

    fn put_below(&mut self, id: &str, below: &str) -> Result<(), Error> {
        self.qmp.execute("blockdev-reopen", json!({ "options": [args::raw_node(id, below)] })).map(drop)
    }

    fn remove_nodes(&mut self, names: &[String]) -> Result<(), Error> {
        names
            .iter()
            .try_for_each(|name| self.qmp.execute("blockdev-del", json!({ "node-name": name })).map(drop))
    }
}
