//! Whether this host can be restarted safely: what a restart would interrupt, or should wait for.

use camino::Utf8Path;
use innkeeper_engine::{Source, TaskFilter, Tasks};
use innkeeper_host::Host;

/// A file `VMID.pid` for each virtual machine that runs.
const MACHINES: &str = "/run/qemu-server";
/// A group for each container that runs.
const CONTAINERS: &str = "/sys/fs/cgroup/lxc";
const STAGED_NETWORK: &str = "/etc/network/interfaces.new";

/// What stands against a restart, in words, from the host itself; tasks are added by [`tasks`].
pub fn obstacles(host: &dyn Host) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(guests("virtual machines run", &numbers(host, MACHINES, ".pid")));
    found.extend(guests("containers run", &numbers(host, CONTAINERS, "")));
    if host.metadata(Utf8Path::new(STAGED_NETWORK)).ok().flatten().is_some() {
        found.push(format!("a changed network configuration waits in {STAGED_NETWORK} and would be applied"));
    }
    found
}

/// Tasks that run.
pub fn tasks(tasks: &Tasks) -> Option<String> {
    let filter = TaskFilter { source: Source::Active, limit: 100, ..TaskFilter::default() };
    let page = tasks.list(&filter).ok()?;
    let kinds: Vec<_> =
        page.tasks.into_iter().filter(|task| task.endtime.is_none()).map(|task| task.kind).collect();
    (!kinds.is_empty()).then(|| format!("tasks run: {}", kinds.join(", ")))
}

fn numbers(host: &dyn Host, folder: &str, suffix: &str) -> Vec<u32> {
    let entries = host.list_dir(Utf8Path::new(folder)).unwrap_or_default();
    let mut numbers: Vec<u32> =
        entries.iter().filter_map(|entry| entry.name.strip_suffix(suffix)?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}

fn guests(what: &str, numbers: &[u32]) -> Option<String> {
    let listed: Vec<_> = numbers.iter().map(u32::to_string).collect();
    (!numbers.is_empty()).then(|| format!("{what}: {}", listed.join(", ")))
}
