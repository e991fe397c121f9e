//! What needs a reboot, or a restart, to take effect.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use innkeeper_host::{CONFIG_LIMIT, Host, read_config};
use serde::Serialize;
use utoipa::ToSchema;

use crate::boot::KERNELS;
use crate::format::dpkg_status::Installed;
use crate::format::{maps, version};
use crate::model::Update;
use crate::versions::{kernel_version, running_kernel};

/// One reason for a reboot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Reason {
    /// `kernel`, `microcode`, `libc`, `dbus`, `init`, `package`.
    pub kind: String,
    /// One sentence.
    pub message: String,
}

fn reason(kind: &str, message: impl Into<String>) -> Reason {
    Reason { kind: kind.to_owned(), message: message.into() }
}

/// A service that still runs code which was replaced on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stale {
    /// The systemd unit; empty for processes of no unit.
    pub unit: String,
    /// Its processes that do.
    pub pids: Vec<u32>,
    /// What they run: files that were replaced.
    pub files: Vec<String>,
}

/// Why the machine needs a reboot as it is now.
pub fn now(host: &dyn Host, stale: &[Stale]) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = kernel(host).into_iter().collect();
    reasons.extend(microcode(host));
    reasons.extend(asked_for(host));
    for one in stale {
        let replaced = |name: &str| one.files.iter().any(|file| file.contains(name));
        if one.pids.contains(&1) {
            reasons.push(reason("init", "The init process runs code that was replaced on disk."));
        } else if matches!(one.unit.as_str(), "dbus.service" | "dbus-broker.service") {
            reasons
                .push(reason("dbus", "The message bus runs code that was replaced; it cannot be restarted."));
        } else if replaced("/libc.so.6") || replaced("/libc-2") {
            reasons.push(reason("libc", "Programs run with a C library that was replaced."));
        }
    }
    reasons.sort();
    reasons.dedup();
    reasons
}

/// Why it would need one after these updates.
pub fn after(updates: &[&Update]) -> Vec<Reason> {
    const MICROCODE: [&str; 2] = ["intel-microcode", "amd64-microcode"];
    let why = |update: &&&Update| {
        let name = update.package.as_str();
        Some(match name {
            _ if KERNELS.iter().any(|prefix| name.starts_with(prefix)) => {
                ("kernel", "runs only after a reboot")
            }
            _ if MICROCODE.contains(&name) => ("microcode", "is loaded when the machine starts"),
            "libc6" => ("libc", "is used by every running program"),
            "dbus" | "dbus-daemon" | "dbus-broker" => ("dbus", "cannot be restarted while the system runs"),
            _ if name.starts_with("firmware-") => ("firmware", "is loaded when the machine starts"),
            _ => return None,
        })
    };
    let found = updates.iter().filter_map(|update| why(&update).map(|(kind, why)| (kind, why, update)));
    found
        .map(|(kind, why, update)| reason(kind, format!("{} {} {why}.", update.package, update.version)))
        .collect()
}

/// The newest kernel that could be started is not the one that runs.
fn kernel(host: &dyn Host) -> Option<Reason> {
    let running = running_kernel(host).ok().filter(|running| !running.is_empty())?;
    let newest = newest_kernel(&kernels(host))?;
    (newest != running)
        .then(|| reason("kernel", format!("The newest installed kernel is {newest}, but {running} runs.")))
}

/// Releases of the kernels in `/boot`.
pub(crate) fn kernels(host: &dyn Host) -> Vec<String> {
    let names = host.list_dir("/boot".into()).unwrap_or_default();
    names.iter().filter_map(|entry| entry.name.strip_prefix("vmlinuz-").map(str::to_owned)).collect()
}

fn newest_kernel(releases: &[String]) -> Option<String> {
    releases.iter().max_by(|one, other| version::compare(one, other)).cloned()
}

/// A package of microcode was changed after the machine was started.
fn microcode(host: &dyn Host) -> Vec<Reason> {
    let Some(booted) = boot_time(host) else { return Vec::new() };
    let changed = |package: &&str| {
        let list = format!("/var/lib/dpkg/info/{package}.list");
        let found = host.metadata(Utf8Path::new(&list)).ok().flatten();
        found.is_some_and(|found| found.modified / 1_000_000_000 > i128::from(booted))
    };
    let mut found = vec!["intel-microcode", "amd64-microcode"];
    found.retain(changed);
    let message =
        |package: &str| format!("{package} was changed since the machine was started; it is loaded at boot.");
    found.into_iter().map(|package| reason("microcode", message(package))).collect()
}

/// Seconds since 1970 at which the machine was started.
fn boot_time(host: &dyn Host) -> Option<i64> {
    let text = read_config(host, "/proc/stat".into()).ok()??;
    text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

/// Packages ask for a reboot by this file.
fn asked_for(host: &dyn Host) -> Option<Reason> {
    read_config(host, "/run/reboot-required".into()).ok()??;
    let packages = read_config(host, "/run/reboot-required.pkgs".into()).ok().flatten().unwrap_or_default();
    let names: BTreeSet<&str> = packages.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    Some(reason(
        "package",
        if names.is_empty() {
            "A package asked for a reboot.".to_owned()
        } else {
            format!("A reboot was asked for by {names}.")
        },
    ))
}

/// What runs code that was replaced on disk, by unit.
pub fn stale(host: &dyn Host) -> Vec<Stale> {
    let mut units: BTreeMap<String, Stale> = BTreeMap::new();
    let processes = host.list_dir("/proc".into()).unwrap_or_default();
    for pid in processes.iter().filter_map(|entry| entry.name.parse::<u32>().ok()) {
        // a process that ended meanwhile has nothing to restart
        let read = |name: &str| {
            let bytes = host.read(Utf8Path::new(&format!("/proc/{pid}/{name}")), CONFIG_LIMIT).ok()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let Some(mapped) = read("maps") else { continue };
        let deleted = maps::deleted(&mapped);
        if deleted.is_empty() {
            continue;
        }
        let groups = read("cgroup").unwrap_or_default();
        let unit = maps::unit(&groups).unwrap_or_default().to_owned();
        let entry =
            units.entry(unit.clone()).or_insert_with(|| Stale { unit, pids: Vec::new(), files: Vec::new() });
        entry.pids.push(pid);
        for file in deleted {
            if !entry.files.iter().any(|known| known == file) {
                entry.files.push(file.to_owned());
            }
        }
    }
    units.into_values().collect()
}

/// The services that packages bring, as far as they run at this moment.
pub fn services<'a>(host: &dyn Host, packages: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    const INFO: &str = "/var/lib/dpkg/info";
    const UNITS: [&str; 2] = ["/lib/systemd/system/", "/usr/lib/systemd/system/"];
    const RUNNING: &str = "/sys/fs/cgroup/system.slice";
    let running = host.list_dir(RUNNING.into()).unwrap_or_default();
    let running: BTreeSet<&str> = running.iter().map(|entry| entry.name.as_str()).collect();
    let mut found = BTreeSet::new();
    for (package, arch) in packages {
        let lists = [format!("{INFO}/{package}.list"), format!("{INFO}/{package}:{arch}.list")];
        let list = lists.iter().find_map(|path| host.read(Utf8Path::new(path), CONFIG_LIMIT).ok());
        let list = list.unwrap_or_default();
        for line in String::from_utf8_lossy(&list).lines() {
            let unit = UNITS.iter().find_map(|place| line.strip_prefix(place));
            found.extend(unit.filter(|unit| running.contains(unit)).map(str::to_owned));
        }
    }
    found.into_iter().filter(|unit| unit.ends_with(".service")).collect()
}

/// Kernels that these updates bring.
pub(crate) fn new_kernels<'a>(updates: &[&'a Update], installed: &[Installed]) -> Vec<&'a str> {
    let known = |name: &str| installed.iter().any(|one| one.package == name && one.is_present());
    let is_kernel = |name: &str| {
        KERNELS.iter().any(|prefix| name.starts_with(prefix))
            && kernel_version(name).matches('.').count() >= 2
    };
    let names = updates.iter().map(|update| update.package.as_str());
    names.filter(|name| is_kernel(name) && !known(name)).map(kernel_version).collect()
}
