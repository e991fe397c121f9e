//! The list of updates as the original keeps it: `/var/lib/pve-manager/pkgupdates`.

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, Permissions};

use crate::inspect::{DPKG_STATUS, Pending, pending};
use crate::model::{Fate, Update};
use crate::standing::modified;

/// Where the list is kept.
pub const CACHE: &str = "/var/lib/pve-manager/pkgupdates";
/// A longer one is not read, as in the original.
const LIMIT: u64 = 5 * 1024 * 1024;
/// APT's own cache, which is made anew when package lists have changed.
const APT_CACHE: &str = "/var/cache/apt/pkgcache.bin";
/// Pins change what is pending too.
const PREFERENCES: [&str; 2] = ["/etc/apt/preferences", "/etc/apt/preferences.d"];

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

/// Works out what is pending and keeps the list; what was told about stays noted.
///
/// # Errors
/// What APT runs into. A list that cannot be kept is worked out again the next time.
pub fn recompute(host: &dyn Host) -> Result<Pending, Problem> {
    let mut found = pending(host)?;
    let told = read(host).unwrap_or_default();
    for update in &mut found.updates {
        let same = |old: &&Update| old.package == update.package && old.arch == update.arch;
        update.notify_status = told.iter().find(same).and_then(|old| old.notify_status.clone());
    }
    if let Err(error) = write(host, &listed(&found)) {
        tracing::warn!("the list of updates is not kept: {error}");
    }
    Ok(found)
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
    let path = Utf8Path::new(CACHE);
    if let Some(directory) = path.parent() {
        host.make_dirs(directory, Permissions { mode: 0o755, owner: None })?;
    }
    // plain data: writing it into memory cannot fail
    let text = serde_json::to_vec(updates).unwrap_or_default();
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
    let modified = |path: &str| Some(host.metadata(Utf8Path::new(path)).ok()??.modified);
    let Some(kept) = modified(CACHE) else { return false };
    [APT_CACHE, DPKG_STATUS].iter().all(|path| modified(path).is_some_and(|time| time <= kept))
        && PREFERENCES.iter().all(|path| modified(path).is_none_or(|time| time <= kept))
}

/// When the list was made, in seconds since 1970.
pub(crate) fn made(host: &dyn Host) -> Option<i64> {
    modified(host, CACHE)
}
