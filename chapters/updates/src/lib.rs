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

use innkeeper_rest::{Check, Method};

/// Every method of this chapter.
pub fn methods() -> Vec<Method> {
    api::methods()
}

/// Every health check of this chapter.
pub fn checks() -> Vec<Check> {
    vec![Check { area: "updates", title: "software updates", run: checks::run }]
}
