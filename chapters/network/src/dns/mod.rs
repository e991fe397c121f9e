//! The resolver: `/etc/resolv.conf`, and who else writes it.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | domains and name servers | `/nodes/{node}/dns`, `/nodes/{node}/dns/state` | `innkeeper dns show`, `set` |

mod api;
pub mod checks;
pub mod format;
pub mod inspect;
pub mod model;
pub mod owner;
pub mod plan;

pub(crate) use api::methods;

/// The resolver's file.
pub const RESOLV_CONF: &str = "/etc/resolv.conf";
