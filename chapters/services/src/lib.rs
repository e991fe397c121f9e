//! Services of the host, and what they wrote to the journal.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | services | `/nodes/{node}/services…` | `innkeeper service list`, `show`, `start`, `stop`, `restart`, `reload` |
//! | logs | `/nodes/{node}/syslog`, `/nodes/{node}/journal`, `/nodes/{node}/log` | `innkeeper log` |
//!
//! Programs: systemctl(1) and journalctl(1). Services have the names of the original ([`names`]); what carries out the
//! task of one of its own services here stands behind that name, so that a client that restarts `pveproxy` restarts
//! this program's proxy. Units come and go: nothing is remembered between two calls.

mod api;
pub mod checks;
pub mod entry;
pub mod inspect;
mod journal;
mod log_api;
pub mod model;
pub mod names;
pub mod plan;
pub mod show;
pub mod times;

use innkeeper_rest::{Check, Method};

/// Every method of this chapter.
pub fn methods() -> Vec<Method> {
    let mut methods = api::methods();
    methods.extend(log_api::methods());
    methods
}

/// Every health check of this chapter.
pub fn checks() -> Vec<Check> {
    vec![Check { area: "services", title: "services of the host", run: checks::run }]
}
