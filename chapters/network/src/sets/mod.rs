//! Change sets: edits of the network configuration that wait under a name of their own.
//!
//! The staged file is one for everybody. Who wants to prepare something without getting into somebody else's way makes a change
//! set: a copy of the configuration that only its author edits, with the text that it was made from. It is edited by the methods
//! of interfaces themselves (`change-set`), compared at any time, rebased when the configuration has moved on, and in the end
//! staged. Kept in `/var/lib/innkeeper/network-sets`, a file for each.

pub(crate) mod api;
mod inspect;
mod merge;
mod model;
mod plan;
mod record;
mod replay;
mod view;

pub use self::inspect::{Draft, Found, read, read_all};
pub use self::merge::{Conflict, merge};
pub use self::model::{ChangeSet, path_of};
pub use self::record::says_the_same;
pub use self::view::{ChangeSetDetails, ChangeSetEntry};
