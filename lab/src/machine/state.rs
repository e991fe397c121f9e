//! A booted host, saved once, that all others of its kind start from.
//!
//! The guest's memory is a file that the saving host wrote to; hosts that start from it map it and change their own copy of the
//! pages they touch. So a start reads next to nothing, and hosts share what they have in common.

use super::admission::{DISK_MIB, Ticket, check_disk, keeper, lock, own_states, random_name};
use super::agent::Agent;
use super::args::{self, Profile, Ram};
use super::base::Base;
use super::error::Error;
use super::qmp::Qmp;
use super::start::{BOOT, launch, need_mib, overlay, qemu_version};
use super::timing::Timing;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// A saved state.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    dir: Utf8PathBuf,
}

impl Saved {
    /// The guest's memory.
    pub(super) fn memory(&self) -> Utf8PathBuf {
        self.dir.join("memory")
    }

    /// The state of all devices.
    pub(super) fn devices(&self) -> Utf8PathBuf {
        self.dir.join("devices")
    }

    /// The root disk as it was at that moment.
    pub(super) fn root(&self) -> Utf8PathBuf {
        self.dir.join("root.qcow2")
    }

    /// The state for a profile, made first if there is none. Others who need it meanwhile wait for it.
    pub(super) fn of(profile: &Profile, base: &Base) -> Result<Self, Error> {
        let states = folder(base)?;
        let name = name(profile, base)?;
        let saved = Self { dir: states.join(&name) };
        if saved.dir.is_dir() {
            return Ok(saved);
        }
        let _lock = lock(&states.join(format!("{name}.lock")))?;
        if !saved.dir.is_dir() {
            remove_unfinished(&states, &name)?;
            // the memory is full of holes
            check_disk(&states, DISK_MIB)?;
            saved.make(profile, base, &states.join(format!("{name}.{}.new", random_name()?)))?;
        }
        Ok(saved)
    }

    fn make(&self, profile: &Profile, base: &Base, new: &Utf8Path) -> Result<(), Error> {
        let mut timing = Timing::start("saving");
        let ticket = Ticket::wait(need_mib(profile))?;
        std::fs::create_dir(new).map_err(Error::io(new.as_str()))?;
        let mut keeper = keeper(&ticket, &[new])?;
        let unfinished = Self { dir: new.to_owned() };
        overlay(&base.root, &unfinished.root())?;
        let mut args = args::machine(profile, base, &Ram::Saved(unfinished.memory()));
        args.extend(args::sockets_and_root(&ticket.dir, &unfinished.root()));
        let (mut qmp, qemu) = launch(&ticket, &mut keeper, "the state to be saved", &args)?;
        let agent = Agent::new(ticket.dir.join("agent"));
        let console = || std::fs::read_to_string(ticket.dir.join("console.log")).unwrap_or_default();
        agent.wait(BOOT, || qemu.check(&mut keeper)).map_err(|error| error.with_console(console))?;
        timing.lap("boot");
        let output = agent.exec(&["/bin/sh", "-c", PREPARE], &[], BOOT)?;
        if !output.success() {
            return Err(Error::Request(format!("preparing the state to be saved: {}", output.stderr)));
        }
        timing.lap("preparation");
        migrate(&mut qmp, &unfinished.devices())?;
        qmp.execute("quit", json!({}))?;
        qmp.gone(Duration::from_secs(60))?;
        keeper.keep_first()?;
        std::fs::rename(new, &self.dir).map_err(Error::io(self.dir.as_str()))?;
        timing.lap("save");
        Ok(())
    }
}

/// Where states of this system are: beside it, or, where it belongs to somebody else, in a folder of this user.
fn folder(base: &Base) -> Result<Utf8PathBuf, Error> {
    use rustix::fs::Access;
    let beside = std::fs::create_dir_all(&base.states).is_ok()
        && rustix::fs::access(base.states.as_std_path(), Access::WRITE_OK | Access::EXEC_OK).is_ok();
    let folder = if beside { base.states.clone() } else { own_states()? };
    std::fs::create_dir_all(&folder).map_err(Error::io(folder.as_str()))?;
    Ok(folder)
}

/// Waits until the boot is over, and has at hand what nearly every test uses: drivers, and programs in the page cache.
const PREPARE: &str = "
systemctl is-system-running --wait >/dev/null
for m in virtio_net virtio_scsi sd_mod sg ahci nvme zfs; do modprobe -q $m; done
for m in bonding 8021q bridge dummy dm_thin_pool vfat btrfs; do
  for f in $(modprobe -D $m 2>/dev/null | sed -n 's/^insmod \\([^ ]*\\).*/\\1/p'); do cat $f >/dev/null; done
done
for c in 'lsblk -O' 'ip -j address' 'ethtool --version' 'python3 -c pass' 'zpool list' 'zfs list' 'lvs' 'curl --version' \
  'journalctl -n 1' 'dd --version' 'udevadm settle' 'modprobe --version' 'hostname' 'date' 'sync'; do
  $c >/dev/null 2>&1 </dev/null
done
true";

fn migrate(qmp: &mut Qmp, file: &Utf8Path) -> Result<(), Error> {
    share_memory(qmp)?;
    qmp.execute("migrate", json!({ "uri": format!("exec:cat > '{file}'") }))?;
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let status = qmp.execute("query-migrate", json!({}))?;
        match status["status"].as_str() {
            Some("completed") => return Ok(()),
            Some("failed" | "cancelled") => {
                let refusal = status["error-desc"].as_str().unwrap_or("no reason given").to_owned();
                return Err(Error::Refused { command: "saving the state".to_owned(), refusal });
            }
            _ if Instant::now() > deadline => {
                return Err(Error::timeout("saving the state", Duration::from_secs(120)));
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The memory is a file already: it is no part of what is written and read.
pub(super) fn share_memory(qmp: &mut Qmp) -> Result<(), Error> {
    let shared = json!({ "capability": "x-ignore-shared", "state": true });
    qmp.execute("migrate-set-capabilities", json!({ "capabilities": [shared] })).map(drop)
}

/// A name made of everything that the state depends on.
fn name(profile: &Profile, base: &Base) -> Result<String, Error> {
    let root = std::fs::metadata(&base.root).map_err(Error::io(base.root.as_str()))?;
    let mut hash = Sha256::new();
    hash.update(format!("{:?} {}", root.modified().ok(), root.len()));
    hash.update(qemu_version()?);
    for arg in args::machine(profile, base, &Ram::Fresh) {
        hash.update(arg);
        hash.update("\n");
    }
    for arg in args::sockets_and_root(Utf8Path::new("/"), Utf8Path::new("/")) {
        hash.update(arg);
        hash.update("\n");
    }
    hash.update(PREPARE);
    Ok(hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

/// A state gets its name when it is complete; whoever holds the lock may take away what is not.
fn remove_unfinished(states: &Utf8Path, name: &str) -> Result<(), Error> {
    for entry in states.read_dir_utf8().map_err(Error::io(states.as_str()))?.flatten() {
        if entry.file_name().starts_with(name) && entry.file_name().ends_with(".new") {
            std::fs::remove_dir_all(entry.path()).map_err(Error::io(entry.path().as_str()))?;
        }
    }
    Ok(())
}
