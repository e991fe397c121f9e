//! Software updates: what would change, and doing it safely.
//!
//! Files: `/var/lib/dpkg/status`, `/var/lib/pve-manager/pkgupdates` (the list of updates, as the original keeps it), `/proc` and
//! `/boot` for what needs a reboot. Commands: `apt-get --simulate`, `apt-cache show`, `madison` and `policy` for looking;
//! `apt-get dist-upgrade` and `install`, `apt-mark`, `dpkg --configure -a` for changing; `sendmail` for telling.
//!
//! Verbs: status, list, versions, changelog, preview, apply, repair, install NAME=VERSION, hold, unhold, clean, notify. The
//! package lists are refreshed by the chapter of repositories.
//!
//! APT alone decides what is upgraded: what is shown is what it simulates, what is done is what it does with the same words.

mod api;
pub mod boot;
pub mod cache;
pub mod changelog;
pub mod checks;
mod commands;
pub mod format;
mod hazards;
pub mod inspect;
pub mod model;
pub mod notify;
pub mod plan;
pub mod preview;
pub mod reboot;
pub mod standing;
pub mod versions;
pub mod webhook;

use innkeeper_change::Hazard;
use innkeeper_host::Host;
use innkeeper_rest::{Check, Method};

/// What other chapters have to say before an upgrade is carried out.
pub trait Outlook: 'static {
    /// What this upgrade puts at risk in their fields. Who cannot look has nothing to say.
    fn risks(host: &dyn Host, upgrade: &Upgrade<'_>) -> Vec<Hazard>;
}

/// What others need to know of an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade<'u> {
    /// The versions of systemd before and after, when it changes.
    pub systemd: Option<(&'u str, &'u str)>,
    /// Kernels that are new.
    pub kernels: &'u [String],
}

/// Every method of this chapter.
pub fn methods<O: Outlook>() -> Vec<Method> {
    api::methods::<O>()
}

/// Every health check of this chapter.
pub fn checks() -> Vec<Check> {
    vec![Check { area: "updates", title: "software updates", run: checks::run }]
}
