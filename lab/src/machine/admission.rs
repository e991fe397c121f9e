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
        check_disk(&all, DISK_MIB)?;
        let limit_mib = limit()?;
        let begin = Instant::now();
        loop {
            let lock = lock(&all.join("admission"))?;
            let memory = Memory {
                total_mib: meminfo_mib("MemTotal:")?,
                free_mib: meminfo_mib("MemAvailable:")?,
                limit_mib,
                held: held(&all)?,
            };
            if memory.admits(need_mib) {
                return Self::take(&all, need_mib);
            }
            drop(lock);
            let waited = begin.elapsed();
            // memory that no host of ours holds may become free too, but nobody promised that
            let patience = if memory.held.others == 0 { ALONE } else { PATIENCE };
            if memory.never_admits(need_mib) {
                return Err(memory.refusal(need_mib, None));
            } else if waited >= patience {
                return Err(memory.refusal(need_mib, Some(waited)));
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

    /// Notes which process uses the memory, and for whom.
    pub(super) fn note(&self, qemu: u32) -> Result<(), Error> {
        let path = self.dir.join("ticket");
        let text = format!("{} {qemu} {}\n", self.need_mib, std::process::id());
        std::fs::write(&path, text).map_err(Error::io(path.as_str()))
    }
}

/// For hosts of others to end: less than the runner gives a test, which says nothing of why.
const PATIENCE: Duration = Duration::from_secs(540);

/// For memory that no host holds.
const ALONE: Duration = Duration::from_secs(20);

/// What an ordinary test writes to a host's disks, or a boot to memory and disk that are saved, and some more.
pub(super) const DISK_MIB: u64 = 1024;

/// How much memory all hosts of this user may have together, in MiB. Without it: what the machine has.
const LIMIT: &str = "INNKEEPER_LAB_MEMORY";

fn limit() -> Result<Option<u64>, Error> {
    let Ok(text) = std::env::var(LIMIT) else { return Ok(None) };
    let mib =
        text.parse().map_err(|_| Error::Request(format!("{LIMIT}={text}: a number of MiB is wanted")))?;
    Ok(Some(mib))
}

/// Fails where a file system has less space than this.
pub(super) fn check_disk(dir: &Utf8Path, need_mib: u64) -> Result<(), Error> {
    let about =
        rustix::fs::statvfs(dir.as_std_path()).map_err(|error| Error::io(dir.as_str())(error.into()))?;
    let free_mib = about.f_bavail.saturating_mul(about.f_frsize) >> 20;
    if free_mib < need_mib {
        return Err(Error::Disk { dir: dir.to_owned(), need_mib, free_mib });
    }
    Ok(())
}

/// What this machine has, and what of it was promised.
#[derive(Clone, Debug)]
struct Memory {
    total_mib: u64,
    free_mib: u64,
    limit_mib: Option<u64>,
    held: Held,
}

#[derive(Clone, Debug, Default)]
struct Held {
    /// Hosts of this process.
    own: usize,
    /// Hosts of other processes.
    others: usize,
    /// To hosts of this process.
    own_mib: u64,
    /// To all.
    promised_mib: u64,
    /// To all, and not yet used.
    unused_mib: u64,
}

impl Memory {
    fn admits(&self, need_mib: u64) -> bool {
        let want_mib = need_mib + self.spare_mib(need_mib);
        self.free_mib >= self.held.unused_mib + want_mib
            && self.limit_mib.is_none_or(|limit| limit >= self.held.promised_mib + want_mib)
    }

    /// Whoever begins while others are at it leaves room for a second host, which one of those may want: two tests of two hosts
    /// would each get one and wait for the other to end.
    fn spare_mib(&self, need_mib: u64) -> u64 {
        let begins = self.held.own == 0 && self.held.others > 0;
        if begins { need_mib } else { 0 }
    }

    /// Even when all others have ended.
    fn never_admits(&self, need_mib: u64) -> bool {
        let most_mib = self.limit_mib.map_or(self.total_mib, |limit| limit.min(self.total_mib));
        self.held.own_mib + need_mib > most_mib
    }

    fn refusal(&self, need_mib: u64, waited: Option<Duration>) -> Error {
        Error::Memory {
            need_mib,
            own_mib: self.held.own_mib,
            spare_mib: self.spare_mib(need_mib),
            free_mib: self.free_mib,
            held_mib: self.held.unused_mib,
            limit_mib: self.limit_mib,
            waited,
        }
    }
}

fn held(all: &Utf8Path) -> Result<Held, Error> {
    let mut held = Held::default();
    for entry in all.read_dir_utf8().map_err(Error::io(all.as_str()))?.flatten() {
        let path = entry.path().join("ticket");
        let Ok(ticket) = File::open(&path) else { continue };
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<u64>().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let (need_mib, qemu, owner) = (next(), next(), next());
        if ticket.try_lock().is_ok() {
            sweep(entry.path(), qemu);
            continue;
        }
        held.promised_mib += need_mib;
        held.unused_mib += need_mib.saturating_sub(used_mib(qemu));
        if owner == u64::from(std::process::id()) {
            held.own += 1;
            held.own_mib += need_mib;
        } else {
            held.others += 1;
        }
    }
    Ok(held)
}

/// Whether a host of this user runs.
fn any_held(all: &Utf8Path) -> Result<bool, Error> {
    held(all).map(|held| held.own + held.others > 0)
}

/// Where this user's saved states of systems are that belong to somebody else.
pub(super) fn own_states() -> Result<Utf8PathBuf, Error> {
    Ok(folder_of_user()?.join("states"))
}

/// Removes [`own_states`], unless a host runs, which may have started from one. Whether there is nothing left.
///
/// # Errors
/// When they cannot be removed.
pub fn clean_own_states() -> Result<bool, Error> {
    let all = folder_of_user()?;
    let states = own_states()?;
    let _lock = lock(&all.join("admission"))?;
    if !states.exists() {
        return Ok(true);
    }
    if any_held(&all)? {
        return Ok(false);
    }
    std::fs::remove_dir_all(&states).map_err(Error::io(states.as_str()))?;
    Ok(true)
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

/// Where hosts have their folders. Without it: a folder of `/var/tmp`.
const FOLDER: &str = "INNKEEPER_LAB_HOSTS";

pub(super) fn folder_of_user() -> Result<Utf8PathBuf, Error> {
    let user = rustix::process::geteuid().as_raw();
    let dir = match std::env::var(FOLDER) {
        Ok(dir) => Utf8PathBuf::from(dir),
        Err(_) => Utf8PathBuf::from(format!("/var/tmp/innkeeper-lab-{user}")),
    };
    if !dir.is_absolute() || dir.as_str().len() > LONGEST {
        let wanted =
            format!("an absolute path of at most {LONGEST} letters is wanted, for sockets are in it");
        return Err(Error::Request(format!("{FOLDER}={dir}: {wanted}")));
    }
    make_dir(&dir)?;
    let owner = std::fs::symlink_metadata(&dir).map_err(Error::io(dir.as_str()))?;
    // anybody may make a folder of this name before we do
    if owner.uid() == user && owner.is_dir() {
        Ok(dir)
    } else {
        Err(Error::Request(format!("{dir} belongs to somebody else")))
    }
}

/// A socket's path has 107 letters at most, of which a host's folder and the name in it take some.
const LONGEST: usize = 80;

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const NEED: u64 = 2688;

    /// What a process that has `own` hosts sees while others have `others`.
    fn memory(own: usize, others: usize, fits: usize) -> Memory {
        let mib = |hosts: usize| hosts as u64 * NEED;
        let held = Held { own, others, own_mib: mib(own), promised_mib: mib(own + others), unused_mib: 0 };
        Memory { total_mib: mib(fits), free_mib: mib(fits - own - others), limit_mib: None, held }
    }

    /// Lab: tests of two hosts each never wait for each other, on whatever machine one of them fits.
    #[test]
    fn tests_of_two_hosts_always_come_to_an_end() {
        for fits in 2..=8 {
            // how many hosts each of three tests has; a test that has two ends, and is 3 then
            let mut seen = BTreeSet::from([[0_usize; 3]]);
            let mut next = vec![[0; 3]];
            while let Some(tests) = next.pop() {
                let hosts = |test: &usize| if *test == 3 { 0 } else { *test };
                let all: usize = tests.iter().map(hosts).sum();
                let mut moves = Vec::new();
                for (index, has) in tests.iter().enumerate() {
                    let may = match has {
                        0 | 1 => memory(*has, all - has, fits).admits(NEED),
                        2 => true,
                        _ => false,
                    };
                    if may {
                        let mut after = tests;
                        after[index] += 1;
                        moves.push(after);
                    }
                }
                assert!(!moves.is_empty() || tests == [3; 3], "{fits} hosts fit: {tests:?} is stuck");
                next.extend(moves.into_iter().filter(|after| seen.insert(*after)));
            }
        }
    }

    #[test]
    fn what_can_never_be_had_is_refused_at_once_and_says_how_much_is_needed() {
        let second = memory(1, 0, 1);
        assert!(!second.admits(NEED) && second.never_admits(NEED));
        assert_eq!(
            second.refusal(NEED, None).to_string(),
            "a host needs 2688 MiB of memory, beside the 2688 MiB that hosts of this process hold; 0 MiB are free"
        );
        let waiting = memory(0, 1, 2);
        assert!(!waiting.admits(NEED) && !waiting.never_admits(NEED));
        assert_eq!(
            waiting.refusal(NEED, Some(Duration::from_secs(540))).to_string(),
            "a host needs 2688 MiB of memory, and 2688 MiB are kept for a second one of whoever has one; 2688 MiB are free \
             (waited 540 s)"
        );
        let limited = Memory { limit_mib: Some(3000), ..memory(0, 1, 8) };
        assert!(!limited.admits(NEED), "others hold what the limit allows");
        assert!(Memory { limit_mib: Some(2000), ..memory(0, 0, 8) }.never_admits(NEED));
    }

    #[test]
    fn too_little_space_says_how_much_is_needed_and_where() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        check_disk(folder, 0).unwrap();
        let error = check_disk(folder, u64::MAX).unwrap_err().to_string();
        assert!(error.contains(&format!("needs {} MiB in {folder}", u64::MAX)), "{error}");
    }
}
