//! Another name for a card, and for everything that names it, from the next start on.
//!
//! udev gives the name by a link file when the machine starts; until then the card is called as before. So the network
//! configuration is staged (`pvenetcommit.service` puts it in place before the network comes up), and of rules of the firewall,
//! which count at every moment, a second line is written beside the first.

pub mod inspect;
pub mod interfaces;
mod link;
pub mod mentions;
pub mod name;
mod plan;

pub use plan::{Rename, plan};
