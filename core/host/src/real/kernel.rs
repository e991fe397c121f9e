//! What only the running kernel knows: its name, its processes, the time.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use camino::Utf8PathBuf;
use rustix::process::{Pid, kill_process_group};

use super::tree::{fail, invalid};
use crate::{HostError, Signal};

/// Seconds since 1970, also for a clock that was set before it.
pub(crate) fn now() -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => seconds(since),
        Err(before) => -seconds(before.duration()),
    }
}

pub(super) fn monotonic(start: Instant) -> Duration {
    start.elapsed()
}

pub(super) fn boot_clock() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

pub(super) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// The host name without its domain; `None` when it is no name that can stand in a path of the API.
pub(super) fn node_name(full: &str) -> Option<String> {
    let name = full.trim().split('.').next().unwrap_or_default();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let good = !name.is_empty() && name.chars().all(word) && !name.starts_with('-') && !name.ends_with('-');
    good.then(|| name.to_owned())
}

pub(super) fn kernel_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

pub(crate) fn own_process() -> (u32, u64) {
    let pid = std::process::id();
    (pid, process_start(pid).unwrap_or(0))
}

pub(crate) fn process_start(pid: u32) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    start_time(&String::from_utf8_lossy(&stat))
}

/// Field 22 of `/proc/PID/stat`; `None` for a process that is dead and only waits to be noticed.
///
/// Field 2 is the name in parentheses and may itself hold spaces and parentheses: only the last one ends it.
fn start_time(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" | "x" => None,
        // the state is field 3, so 18 more lie between
        _ => fields.nth(18)?.parse().ok(),
    }
}

pub(crate) fn signal_group(pid: u32, signal: Signal) -> Result<(), HostError> {
    let path = Utf8PathBuf::from(format!("/proc/{pid}"));
    // group 1 would be every process there is
    let group = i32::try_from(pid).ok().filter(|&pid| pid > 1).and_then(Pid::from_raw);
    let group = group.ok_or_else(|| invalid(&path, "not a process group that can be signalled"))?;
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    // programs that run in it lead groups of their own, so that a deadline can end them whole
    let below = groups_below(group);
    kill_process_group(group, signal).map_err(|errno| match errno {
        rustix::io::Errno::SRCH => HostError::NotFound { path },
        other => fail(&path, other),
    })?;
    for group in below {
        // one that is gone already is what is wanted
        let _ = kill_process_group(group, signal);
    }
    Ok(())
}

/// The groups of all processes that descend from a process, other than its own and ours.
fn groups_below(pid: Pid) -> HashSet<Pid> {
    let (mut found, mut queue) = (HashSet::new(), vec![pid]);
    while let Some(pid) = queue.pop() {
        for child in children(pid) {
            queue.push(child);
            found.extend(rustix::process::getpgid(Some(child)).ok());
        }
    }
    found.remove(&pid);
    found.remove(&rustix::process::getpgrp());
    found
}

/// Each thread has children of its own.
fn children(pid: Pid) -> Vec<Pid> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero()));
    let lists = threads.into_iter().flatten().flatten().map(|thread| thread.path().join("children"));
    let lists: Vec<String> = lists.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let words = lists.iter().flat_map(|list| list.split_ascii_whitespace());
    words.filter_map(|word| Pid::from_raw(word.parse().ok()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let rest = "S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200";
        assert_eq!(start_time(&format!("7 (sh) {rest}")), Some(987_654));
        assert_eq!(start_time(&format!("7 (a) R 1 (b c) {rest}")), Some(987_654));
    }

    #[test]
    fn a_zombie_and_a_broken_line_have_no_start_time() {
        assert_eq!(start_time("7 (sh) Z 1 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 987654 0 0"), None);
        assert_eq!(start_time("7 (sh) S 1 7"), None);
        assert_eq!(start_time(""), None);
    }

    #[test]
    fn node_names_lose_their_domain_and_must_be_host_names() {
        assert_eq!(node_name("pve1.example.org\n").as_deref(), Some("pve1"));
        assert_eq!(node_name("a").as_deref(), Some("a"));
        for bad in ["", "\n", "-a", "a-", "a_b", "ä", ".org", "a/b", "a b"] {
            assert_eq!(node_name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_group_that_means_everyone_is_never_signalled() {
        for pid in [0, 1, u32::MAX] {
            assert!(matches!(signal_group(pid, Signal::Kill), Err(HostError::Io { .. })), "{pid}");
        }
    }
}
