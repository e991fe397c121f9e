//! Interfaces as `/etc/network/interfaces` configures them: what they are, what they should become.

pub mod changes;
pub mod config;
pub mod field;
pub mod inspect;
pub mod kind;
pub mod modes;
pub(crate) mod net;
pub mod ovs;
pub mod parameters;
pub mod plan;
pub mod risks;
pub mod settings;
pub mod state;
pub mod validate;
pub mod view;

mod api;
pub mod checks;

pub use api::NetworkChanges;
pub(crate) use api::{LOCK, digest, methods};
