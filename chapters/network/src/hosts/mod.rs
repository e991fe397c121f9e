//! Names of hosts: `/etc/hosts`.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | the whole file | `/nodes/{node}/hosts` | `innkeeper hosts show`, `set` |
//! | one entry | `/nodes/{node}/hosts/entries…` | `innkeeper hosts list`, `add`, `edit`, `remove` |

mod api;
pub mod checks;
pub mod format;
pub mod inspect;
pub mod model;
pub mod plan;

pub(crate) use api::methods;

/// The file.
pub const HOSTS: &str = "/etc/hosts";
