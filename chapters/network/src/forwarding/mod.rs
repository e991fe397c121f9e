//! Entries of the forwarding tables of bridges that learn nothing: the hardware addresses of guests' configurations.
//!
//! Where `bridge-disable-mac-learning` is set, a guest's port learns nothing and is not flooded; only what is entered by hand
//! gets through. The entries are made when a configuration is applied, and kept by the daemon that watches over what changes
//! by itself, because guests come and go without asking anybody here.

mod api;
pub mod checks;
mod inspect;
mod plan;

pub use api::is_due;
pub(crate) use api::methods;
pub(crate) use inspect::addresses;
pub use inspect::{GuestNic, State, inspect, nics_of};
pub(crate) use plan::bound;
pub use plan::plan;
