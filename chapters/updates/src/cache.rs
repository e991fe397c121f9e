//! What APT would do, kept until something that it depends on changes: the list of updates as the original keeps it, in
//! `/var/lib/pve-manager/pkgupdates`, and beside it what that has no place for. Asking APT takes seconds, and a plan is made
//! three times: when it is shown, when it is agreed on, and by the process that carries it out.

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, Permissions};
use serde::{Deserialize, Serialize};

use crate::inspect::{DPKG_STATUS, Pending, installed, pending};
use crate::model::{Fate, Removal, Update};
use crate::standing::modified;

/// Where the list is kept.
pub const CACHE: &str = "/var/lib/pve-manager/pkgupdates";
/// A longer one is not read, as in the original.
const LIMIT: u64 = 5 * 1024 * 1024;
/// APT's own cache, which is made anew when package lists have changed.
const APT_CACHE: &str = "/var/cache/apt/pkgcache.bin";
/// All of it, with what is held and what would be removed.
const PENDING: &str = "/var/lib/innkeeper/updates.json";
const PENDING_LIMIT: u64 = 64 * 1024 * 1024;
/// What decides about updates besides lists and installed packages: pins, sources, options. Files, and directories of files.
const SETTINGS: [&str; 6] = [
    "/etc/apt/preferences",
    "/etc/apt/preferences.d",
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d",
    "/etc/apt/apt.conf",
    "/etc/apt/apt.conf.d",
];

/// The list, from the cache when nothing has changed since it was made; else worked out and kept.
///
/// # Errors
/// What APT runs into.
pub fn updates(host: &dyn Host) -> Result<Vec<Update>, Problem> {
    match fresh(host) {
        Some(updates) => Ok(updates),
        None => recompute(host).map(|pending| listed(&pending)),
    }
}

/// What is pending, as it is kept when nothing has changed since; else worked out.
///
/// # Errors
/// What APT runs into.
pub fn current(host: &dyn Host) -> Result<Pending, Problem> {
    let kept = || {
        let bytes = host.read(Utf8Path::new(PENDING), PENDING_LIMIT).ok()?;
        let Kept { updates, removals } = serde_json::from_slice(&bytes).ok()?;
        Some(Pending { updates, removals, installed: installed(host).ok()? })
    };
    let kept = if holds(host, PENDING) { kept() } else { None };
    kept.map_or_else(|| recompute(host), Ok)
}

/// Works out what is pending and keeps it; what was told about stays noted.
///
/// # Errors
/// What APT runs into. What cannot be kept is worked out again the next time.
pub fn recompute(host: &dyn Host) -> Result<Pending, Problem> {
    let before = newest_input(host);
    let mut found = pending(host)?;
    let told = read(host).unwrap_or_default();
    for update in &mut found.updates {
        let same = |old: &&Update| old.package == update.package && old.arch == update.arch;
        update.notify_status = told.iter().find(same).and_then(|old| old.notify_status.clone());
    }
    // what changed while APT was asked may be in the answer or not: it is asked again the next time
    if newest_input(host) == before
        && let Err(error) = write(host, &listed(&found)).and_then(|()| write_pending(host, &found))
    {
        tracing::warn!("the list of updates is not kept: {error}");
    }
    Ok(found)
}

#[derive(Serialize, Deserialize)]
struct Kept {
    updates: Vec<Update>,
    removals: Vec<Removal>,
}

fn write_pending(host: &dyn Host, pending: &Pending) -> Result<(), HostError> {
    let kept = Kept { updates: pending.updates.clone(), removals: pending.removals.clone() };
    write_json(host, PENDING, &kept)
}

/// What the original lists: everything but what the administrator holds.
pub fn listed(pending: &Pending) -> Vec<Update> {
    pending.updates.iter().filter(|update| update.action != Fate::Held).cloned().collect()
}

/// Keeps a list.
///
/// # Errors
/// What the file system says.
pub fn write(host: &dyn Host, updates: &[Update]) -> Result<(), HostError> {
    write_json(host, CACHE, &updates)
}

fn write_json(host: &dyn Host, path: &str, data: &impl Serialize) -> Result<(), HostError> {
    let path = Utf8Path::new(path);
    if let Some(directory) = path.parent() {
        host.make_dirs(directory, Permissions { mode: 0o755, owner: None })?;
    }
    // plain data: writing it into memory cannot fail
    let text = serde_json::to_vec(data).unwrap_or_default();
    host.write_own(path, &text, Permissions { mode: 0o644, owner: None })
}

/// The list that is kept, however old; a broken one is none.
pub fn read(host: &dyn Host) -> Option<Vec<Update>> {
    let bytes = match host.read(Utf8Path::new(CACHE), LIMIT) {
        Ok(bytes) => bytes,
        Err(HostError::NotFound { .. }) => return None,
        Err(error) => {
            tracing::warn!("the list of updates cannot be read: {error}");
            return None;
        }
    };
    serde_json::from_slice(&bytes)
        .inspect_err(|error| tracing::warn!("{CACHE} is broken and is made anew: {error}"))
        .ok()
}

/// The list that is kept, when nothing that it depends on has changed since.
fn fresh(host: &dyn Host) -> Option<Vec<Update>> {
    if is_current(host) { read(host) } else { None }
}

/// Whether nothing that the list depends on has changed since it was made.
pub(crate) fn is_current(host: &dyn Host) -> bool {
    holds(host, CACHE)
}

/// Whether a file is newer than everything that pending updates depend on. The clock of files goes in steps of some
/// milliseconds: what has the same time may have changed after it, and counts as changed. APT's own cache was written before
/// the list, by the same call.
fn holds(host: &dyn Host, file: &str) -> bool {
    let Some(kept) = changed(host, file) else { return false };
    changed(host, APT_CACHE).is_some_and(|time| time <= kept)
        && newest_input(host).is_some_and(|time| time < kept)
}

/// The last change of what APT reads besides its own cache, which it writes itself when it is asked; nothing without
/// installed packages.
fn newest_input(host: &dyn Host) -> Option<i128> {
    let mut newest = changed(host, DPKG_STATUS)?;
    for path in SETTINGS {
        newest = newest.max(changed(host, path).unwrap_or_default());
        // a file that is written to in place leaves its directory as it was
        for entry in host.list_dir(Utf8Path::new(path)).unwrap_or_default() {
            newest = newest.max(changed(host, &format!("{path}/{}", entry.name)).unwrap_or_default());
        }
    }
    Some(newest)
}

fn changed(host: &dyn Host, path: &str) -> Option<i128> {
    Some(host.metadata(Utf8Path::new(path)).ok()??.modified)
}

/// When the list was made, in seconds since 1970.
pub(crate) fn made(host: &dyn Host) -> Option<i64> {
    modified(host, CACHE)
}
