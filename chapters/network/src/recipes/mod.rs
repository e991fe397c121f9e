//! Recipes: whole set-ups, each one call and one plan, on top of what is configured already.
//!
//! A recipe edits the file that counts as [`crate::interfaces`] does, one interface after another, so that every rule that
//! holds for single edits holds for it: foreign lines and comments stay, what would be wrong is refused. Addresses move to
//! where the set-up wants them. What a caller does not say is proposed from what the host has ([`Outlook`]). A recipe that was
//! carried out has nothing to do when it is asked for again.

mod api;
mod bonded;
mod bridged;
pub mod checks;
mod draft;
pub mod ipv6;
mod learning;
pub(crate) mod lines;
mod model;
mod nat;
mod outlook;
mod ovs;
mod plan;
mod recipe;
mod routed;
pub mod values;
mod vlans;

pub(crate) use api::methods;
pub use model::{Recipe as RecipeView, RecipeParameter};
pub use outlook::{Outlook, inspect};
pub use plan::{IDS, proposed, staging};
