//! Files into a host and out of it.

use super::args::{file_node, slot};
use super::error::Error;
use super::hardware::{LAST_SLOT, LAST_TARGET};
use super::host::Host;
use super::keeper::quote;
use camino::Utf8Path;
use serde_json::json;
use std::time::Duration;

impl Host {
    /// Writes a file, with mode 0644 if it is new; folders are made as needed.
    ///
    /// # Errors
    /// When the host does not answer or cannot write it.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
        const WRITE: &str = r#"umask 022; mkdir -p "$(dirname "$0")" && cat >"$0""#;
        let output = self.exec(&["/bin/sh", "-c", WRITE, path], bytes.as_ref(), Duration::from_secs(300))?;
        if output.success() {
            return Ok(());
        }
        let command = format!("writing {path} on {}", self.name());
        self.watch(Err(Error::Refused { command, refusal: output.stderr.trim_end().to_owned() }))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When the host does not answer or has no such file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.with_power(|_| Ok(()))?;
        self.agent().read(Utf8Path::new(path))
    }

    /// Brings a file of this machine in, with the same mode. It goes as a disk, which is faster than the agent's line.
    ///
    /// # Errors
    /// When the file cannot be read, or the host does not answer or cannot write it.
    pub fn put(&self, local: impl AsRef<Utf8Path>, remote: &str) -> Result<(), Error> {
        let local = local.as_ref();
        let about = std::fs::metadata(local).map_err(Error::io(local.as_str()))?;
        let mode = std::os::unix::fs::MetadataExt::mode(&about) & 0o7777;
        if about.len() == 0 {
            self.write(remote, [])?;
            return self.run(&format!("chmod {mode:o} {}", quote(remote))).map(drop);
        }
        let id = format!("ferry{}", self.next_number());
        let mut device = if self.is_on_firmware() {
            json!({ "driver": "scsi-hd", "bus": "scsi.0", "scsi-id": LAST_TARGET })
        } else {
            json!({ "driver": "virtio-blk-pci", "bus": "pci.0", "addr": slot(LAST_SLOT) })
        };
        device["id"] = format!("{id}-dev").into();
        device["drive"] = id.as_str().into();
        device["serial"] = id.as_str().into();
        self.with_power(|power| {
            power.qmp.execute("blockdev-add", file_node(&id, local, true))?;
            power.qmp.execute("device_add", device).map(drop)
        })?;
        let (remote, size) = (quote(remote), about.len());
        let copied = self.run(&format!(
            "set -e; disk=/dev/disk/by-id; mkdir -p \"$(dirname {remote})\"; tries=0
            until set -- $disk/*[-_]{id}; [ -e \"$1\" ]; do tries=$((tries + 1)); [ $tries -lt 1000 ]; sleep 0.02; done
            dd if=$1 of={remote}.ferry bs=1M iflag=count_bytes count={size} status=none
            chmod {mode:o} {remote}.ferry; mv {remote}.ferry {remote}"
        ));
        self.with_power(|power| {
            power.unplug(&format!("{id}-dev"))?;
            power.qmp.execute("blockdev-del", json!({ "node-name": id })).map(drop)
        })?;
        copied.map(drop)
    }

    /// Takes all room on the file system at a path, and answers the file that has it; removing that file gives it back.
    ///
    /// # Errors
    /// When the host does not answer or the file system cannot give room without writing it.
    pub fn fill_disk(&self, folder: &str) -> Result<String, Error> {
        let file = format!("{}/innkeeper-lab-filler", folder.trim_end_matches('/'));
        // what fallocate leaves, because it is less than one extent, is taken by writing
        self.run(&format!(
            "cd {}; f=innkeeper-lab-filler; >$f
            fallocate -l \"$(($(stat -f -c '%a * %S' .)))\" $f 2>/dev/null
            dd if=/dev/zero of=$f oflag=append conv=notrunc bs=4k status=none 2>/dev/null; sync $f",
            quote(folder)
        ))?;
        Ok(file)
    }

    /// Takes memory until only this much is left. Unmounting the folder that is answered gives it back.
    ///
    /// # Errors
    /// When the host does not answer or has less already.
    pub fn fill_memory(&self, leave_mib: u64) -> Result<String, Error> {
        let folder = "/run/innkeeper-lab-memory";
        self.run(&format!(
            "set -e; mkdir -p {folder}; mount -t tmpfs -o size=100% none {folder}
            free=$(awk '/^MemAvailable/ {{ print int($2 / 1024) }}' /proc/meminfo)
            fallocate -l $((free - {leave_mib}))M {folder}/taken"
        ))?;
        Ok(folder.to_owned())
    }
}
