//! Making the staged configuration the one in force, with Debian's own ifupdown2, and a way back.
//!
//! `ifreload --all` does the work. It takes the ports of guests out of every bridge that it touches, because no file names
//! them: they are put back with their VLANs. That it ended well says little (an address that is none is a warning to it), so
//! the kernel is asked afterwards whether everything is as the files have it.

pub(crate) mod api;
mod effects;
mod guests;
mod inspect;
mod plan;
mod risks;
mod rules;
mod verify;

pub use self::effects::{Effect, Fate, effects};
pub(crate) use self::guests::inspect as ports_of;
pub use self::guests::{Port, Tag};
pub use self::inspect::{Situation, inspect};
pub(crate) use self::inspect::{cluster_addresses, guests as guest_ports};
pub use self::plan::{Before, plan};
pub use self::verify::deviations;
