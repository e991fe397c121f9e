//! How this host stands with its updates, from what is kept on it: APT is not asked, so the answer is there at once.

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::Host;
use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cache;
use crate::format::dpkg_status::Installed;
use crate::inspect::{at_work, installed};
use crate::model::{Fate, Update};
use crate::preview::is_interrupted;
use crate::reboot::{self, Reason};

/// APT makes this directory's files anew at each refresh.
const LISTS: &str = "/var/lib/apt/lists";
/// What is being fetched; it is used at each refresh, also when nothing has changed.
pub(crate) const PARTIAL: &str = "/var/lib/apt/lists/partial";

/// How this host stands with its updates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Standing {
    /// When the package lists were last refreshed, in seconds since 1970; absent when they never were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refreshed: Option<i64>,
    /// When the list of updates was worked out, in seconds since 1970; absent when none is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<i64>,
    /// 1 when nothing that the list depends on has changed since.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub current: bool,
    /// Packages that an upgrade changes, by the list that is kept.
    pub changes: usize,
    /// Those of them that come from a repository of security fixes.
    pub security: usize,
    /// Packages with a newer version that an upgrade keeps as they are.
    pub kept: usize,
    /// Packages that are held at their version.
    pub held: Vec<Held>,
    /// Packages that dpkg left half done.
    pub half_done: Vec<String>,
    /// 1 when dpkg itself was interrupted.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub interrupted: bool,
    /// The process that changes packages at this moment, as `PID (NAME)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_work: Option<String>,
    /// Why the machine needs a reboot.
    pub reboot: Vec<Reason>,
}

/// A package that is held at its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Held {
    /// Name of the package.
    pub name: String,
    /// The version that is installed.
    pub version: String,
}

/// Looks at what is kept on this host.
///
/// # Errors
/// When dpkg's list cannot be read.
pub fn standing(host: &dyn Host) -> Result<Standing, Problem> {
    let installed = installed(host)?;
    let listed = cache::read(host).unwrap_or_default();
    let open = not_installed(&listed, &installed);
    let changes: Vec<_> = open.iter().filter(|update| update.action.changes()).collect();
    let stays = |update: &&&Update| matches!(update.action, Fate::Kept | Fate::Phased);
    let held = installed.iter().filter(|one| one.is_held() && one.is_present());
    Ok(Standing {
        refreshed: last_refresh(host),
        listed: cache::made(host),
        current: cache::is_current(host),
        changes: changes.len(),
        security: changes.iter().filter(|update| update.security).count(),
        kept: open.iter().filter(stays).count(),
        held: held.map(|one| Held { name: one.package.clone(), version: one.version.clone() }).collect(),
        half_done: installed.iter().filter(|one| one.is_broken()).map(|one| one.package.clone()).collect(),
        interrupted: is_interrupted(host),
        at_work: at_work(host),
        reboot: if host.root().is_none() { reboot::now(host, &[]) } else { Vec::new() },
    })
}

/// What of a list is still to be installed: it may be older than what was installed since.
pub(crate) fn not_installed<'a>(listed: &'a [Update], installed: &[Installed]) -> Vec<&'a Update> {
    let is_there = |update: &Update| {
        installed.iter().any(|one| one.package == update.package && one.version == update.version)
    };
    listed.iter().filter(|update| !is_there(update)).collect()
}

/// When the package lists were last refreshed: the newest change among what APT fetched. What did not change since is not
/// written again, but the directory of what is being fetched is used each time.
pub(crate) fn last_refresh(host: &dyn Host) -> Option<i64> {
    let names = host.list_dir(LISTS.into()).ok()?;
    if !names.iter().any(|entry| entry.name.ends_with("Release")) {
        return None;
    }
    [LISTS, PARTIAL].iter().filter_map(|path| modified(host, path)).max()
}

/// When a file was last changed, in seconds since 1970.
pub(crate) fn modified(host: &dyn Host, path: &str) -> Option<i64> {
    let found = host.metadata(Utf8Path::new(path)).ok().flatten()?;
    i64::try_from(found.modified / 1_000_000_000).ok()
}
