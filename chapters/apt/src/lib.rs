//! Package repositories: which ones a host draws its packages from, in what state they are, and who signs them.
//!
//! Files: `/etc/apt/sources.list`, `/etc/apt/sources.list.d/*.list` (one-line syntax) and `*.sources` (deb822); read
//! besides: keyrings, the release files in `/var/lib/apt/lists`, `/etc/os-release`, `/etc/subscription`, the list of
//! installed packages. Command: `apt-get update`.
//!
//! Verbs: list, enable, disable, add a standard repository by handle, remove, set components, enable the firmware
//! component, convert to deb822, install a key file with its checksum, refresh the package lists.
//!
//! Every edit changes the bytes of its own entry and no other. A file that cannot be understood is listed with line
//! and reason, and nothing is ever written to it. APT alone decides what is trusted: [`openpgp`] only reads what keys and
//! signatures say.

mod api;
pub mod checks;
mod doctor;
pub mod format;
pub mod inspect;
pub mod model;
pub mod openpgp;
pub mod plan;
pub mod release_key;
pub mod risks;
pub mod signatures;
pub mod standard;
pub mod state;
pub mod suites;
pub mod view;

use innkeeper_rest::{Check, Method};

/// Every method of this chapter.
pub fn methods() -> Vec<Method> {
    api::methods()
}

/// Every health check of this chapter.
pub fn checks() -> Vec<Check> {
    vec![Check { area: "apt", title: "package repositories and their keys", run: checks::run }]
}
