//! What processes use, as the kernel tells it in /proc.

use std::fs;
use std::time::Duration;

use crate::Outcome;

/// The unit of processor times in /proc/PID/stat: 1/100 s on every architecture that Debian is made for.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// A process and all that descend from it.
pub(crate) fn family(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        next += 1;
        let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        for thread in threads {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    family
}

/// What kind of service it is: the first word after the program's name.
pub(crate) fn role(pid: u32) -> String {
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split('\0').nth(1).unwrap_or_default().to_owned()
}

/// Its share of memory in KiB: pages that several processes use are shared out among them.
pub(crate) fn proportional(pid: u32) -> Outcome<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    kib(&text, "Pss:").ok_or_else(|| format!("{path} has no line 'Pss:'"))
}

/// The most memory it has had so far in KiB; `None` when it has ended.
pub(crate) fn high_water(pid: u32) -> Option<u64> {
    kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:")
}

/// The memory it has right now in KiB; `None` when it has ended.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

fn kib(text: &str, key: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    value.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

/// Processor time that all of these processes have used so far, in the kernel and outside.
pub(crate) fn processor(pids: &[u32]) -> Outcome<Duration> {
    let mut ticks: u32 = 0;
    for pid in pids {
        let path = format!("/proc/{pid}/stat");
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        ticks += of_stat(&text).ok_or_else(|| format!("{path} is not understood"))?;
    }
    Ok(TICK * ticks)
}

/// The sum of the fields 14 and 15 (utime, stime). Field 2 is a name that may contain anything.
fn of_stat(text: &str) -> Option<u32> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<u32>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_process_does_not_confuse_its_times() {
        let text = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 30 12 13 14 20 0 1 0\n";
        assert_eq!(of_stat(text), Some(42));
        assert_eq!(of_stat("12 (a) S 1 2"), None);
    }

    #[test]
    fn memory_is_read_by_the_name_of_its_line() {
        assert_eq!(kib("Rss:   9 kB\nPss:    1234 kB\nPss_Dirty: 1 kB\n", "Pss:"), Some(1234));
        assert_eq!(kib("Name:\tx\n", "VmHWM:"), None);
    }

    #[test]
    fn this_process_has_memory_and_belongs_to_its_own_family() {
        let pid = std::process::id();
        assert!(family(pid).contains(&pid));
        assert!(high_water(pid).is_some_and(|kib| kib > 0));
    }
}
