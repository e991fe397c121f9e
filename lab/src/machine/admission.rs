//! Memory is given out before it is used: a host that finds too little of it waits for others to end.
//!
//! Each host has a folder below `/var/tmp`, where names of sockets stay short and large files lie on a disk. Its file `ticket`
//! says what the host may use, and is locked by the process that the host belongs to; so whoever counts sees who is alive,
//! across all processes of this user.

use super::error::Error;
use super::keeper::Keeper;
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The folder of one host, which the keeper removes.
pub(super) struct Ticket {
    pub(super) dir: Utf8PathBuf,
    need_mib: u64,
    _lock: File,
}

impl Ticket {
    /// Waits until this much memory is free beyond what others were promised.
    pub(super) fn wait(need_mib: u64) -> Result<Self, Error> {
        let all = folder_of_user()?;
        let begin = Instant::now();
        loop {
            let lock = lock(&all.join("admission"))?;
            let held = held(&all)?;
            let free_mib = meminfo_mib("MemAvailable:")?;
            if free_mib >= held.mib + need_mib {
                return Self::take(&all, need_mib);
            }
            drop(lock);
            if need_mib > meminfo_mib("MemTotal:")? {
                return Err(Error::Memory { need_mib, free_mib, held_mib: held.mib, waited: None });
            }
            let waited = begin.elapsed();
            // memory that no host of ours holds may become free too, but nobody promised that
            let patience = if held.hosts == 0 { ALONE } else { PATIENCE };
            if waited >= patience {
                let waited = Some(waited);
                return Err(Error::Memory { need_mib, free_mib, held_mib: held.mib, waited });
            }
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    fn take(all: &Utf8Path, need_mib: u64) -> Result<Self, Error> {
        let dir = all.join(random_name()?);
        make_dir(&dir)?;
        let lock = lock(&dir.join("ticket"))?;
        let ticket = Self { dir, need_mib, _lock: lock };
        ticket.note(0)?;
        Ok(ticket)
    }

    /// Notes which process uses the memory.
    pub(super) fn note(&self, qemu: u32) -> Result<(), Error> {
        let path = self.dir.join("ticket");
        std::fs::write(&path, format!("{} {qemu}\n", self.need_mib)).map_err(Error::io(path.as_str()))
    }
}

/// For hosts of others to end.
const PATIENCE: Duration = Duration::from_secs(600);

/// For memory that no host holds.
const ALONE: Duration = Duration::from_secs(20);

struct Held {
    hosts: usize,
    /// Promised and not yet used.
    mib: u64,
}

fn held(all: &Utf8Path) -> Result<Held, Error> {
    let mut held = Held { hosts: 0, mib: 0 };
    for entry in all.read_dir_utf8().map_err(Error::io(all.as_str()))?.flatten() {
        let path = entry.path().join("ticket");
        let Ok(ticket) = File::open(&path) else { continue };
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<u64>().unwrap_or(0));
        let (need_mib, qemu) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if ticket.try_lock().is_ok() {
            sweep(entry.path(), qemu);
        } else {
            held.hosts += 1;
            held.mib += need_mib.saturating_sub(used_mib(qemu));
        }
    }
    Ok(held)
}

/// Removes what a host left whose process and whose keeper were both killed. A keeper that is at work needs a moment.
fn sweep(dir: &Utf8Path, qemu: u64) {
    let old =
        |modified: std::time::SystemTime| modified.elapsed().is_ok_and(|age| age > Duration::from_secs(30));
    if !dir.metadata().and_then(|about| about.modified()).is_ok_and(old) {
        return;
    }
    let command_line = std::fs::read_to_string(format!("/proc/{qemu}/cmdline")).unwrap_or_default();
    if command_line.contains(dir.as_str()) {
        let _ = Command::new("kill").args(["-9", &qemu.to_string()]).stderr(Stdio::null()).status();
    }
    let _ = std::fs::remove_dir_all(dir);
}

/// What a process has of memory for itself alone.
fn used_mib(pid: u64) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: Vec<u64> = statm.split_ascii_whitespace().map(|word| word.parse().unwrap_or(0)).collect();
    match pages[..] {
        [_, resident, shared, ..] => resident.saturating_sub(shared) * 4 / 1024,
        _ => 0,
    }
}

fn meminfo_mib(field: &str) -> Result<u64, Error> {
    let text = std::fs::read_to_string("/proc/meminfo").map_err(Error::io("/proc/meminfo"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024)
}

pub(super) fn folder_of_user() -> Result<Utf8PathBuf, Error> {
    let about = std::fs::metadata("/proc/self").map_err(Error::io("/proc/self"))?;
    let dir = Utf8PathBuf::from(format!("/var/tmp/innkeeper-lab-{}", about.uid()));
    make_dir(&dir)?;
    let owner = std::fs::symlink_metadata(&dir).map_err(Error::io(dir.as_str()))?;
    // anybody may make a folder of this name before we do
    if owner.uid() == about.uid() && owner.is_dir() {
        Ok(dir)
    } else {
        Err(Error::Request(format!("{dir} belongs to somebody else")))
    }
}

fn make_dir(dir: &Utf8Path) -> Result<(), Error> {
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(Error::io(dir.as_str())),
    }
}

/// Opens a file, made if need be, and waits until it is locked for us.
pub(super) fn lock(path: &Utf8Path) -> Result<File, Error> {
    let file = File::options().create(true).append(true).open(path).map_err(Error::io(path.as_str()))?;
    file.lock().map_err(Error::io(path.as_str()))?;
    Ok(file)
}

/// Eight letters that nobody else has.
pub(super) fn random_name() -> Result<String, Error> {
    random_hex::<4>()
}

/// Random bytes in hexadecimal.
pub(super) fn random_hex<const N: usize>() -> Result<String, Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Request(format!("no randomness: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The keeper of a ticket's folder, and of others that come before it in the list.
pub(super) fn keeper(ticket: &Ticket, others: &[&Utf8Path]) -> Result<Keeper, Error> {
    let mut folders = others.to_vec();
    folders.push(&ticket.dir);
    Keeper::start(&ticket.dir.join("qemu.log"), &folders)
}
