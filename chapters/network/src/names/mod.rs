//! Names of cards: why a card is called so, and link files that make sure it stays so.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | names, what they mean, who gave them | `/nodes/{node}/nics` | `innkeeper nic list` |
//! | another name, and everything follows ([`rename`]) | `/nodes/{node}/nics/{nic}/rename` | `innkeeper nic rename` |
//! | the scheme, pinned on the kernel command line ([`pinned_scheme`]) | `/nodes/{node}/nics-scheme` | `innkeeper nic scheme` |
//! | keeping a name by a link file | `/nodes/{node}/nics` | `innkeeper nic pin`, `unpin` |
//!
//! udev names cards by a scheme that changes with systemd, by what the kernel and the firmware say of them, and by link files,
//! systemd.link(5), which overrule both. A name that is pinned by the card's hardware address stays.

mod api;
pub mod checks;
pub mod early;
pub mod inspect;
pub mod link_file;
pub mod model;
pub mod pinned_scheme;
pub mod plan;
pub mod rename;
pub mod scheme;
pub mod upgrade;

pub(crate) use api::methods;

/// Where link files of the administrator are.
pub const LINK_DIR: &str = "/etc/systemd/network";
