//! The vocabulary of changes.
//!
//! Everything here is data. A [`Plan`] lists the [`Step`]s that would take a machine from the state a planner
//! saw to the state a caller asked for; it can be printed, compared, stored, sent to a browser, and executed by
//! another process after the one that made it died. Nothing in this crate reads a file, knows the time or runs
//! a program: those belong to `innkeeper-host`, and carrying a plan out belongs to `innkeeper-engine`.
//!
//! - [`Plan`], [`Step`], [`Action`], [`Undo`]: what would be done, and how it is taken back.
//! - [`Hazard`]: what a plan puts at risk. [`Finding`]: what a health check found on a machine at rest.
//! - [`Content`]: the bytes of a file. [`Value`]: a piece of an argument, which may be a [`Secret`] or a binding.
//! - [`Problem`]: why a request cannot become a plan, or a plan cannot be carried out.
//! - [`diff`]: two texts, line by line.
//! - [`render`]: a plan as text for people and as a unified diff.

mod content;
pub mod diff;
mod finding;
mod hazard;
mod plan;
mod problem;
pub mod render;
mod value;

pub use content::{Content, Digest};
pub use finding::{Finding, Fix, Level};
pub use hazard::{Hazard, Severity};
pub use plan::{Action, FileChange, Invocation, Irreversible, OnFailure, Plan, Step, Undo, UnitVerb};
pub use problem::Problem;
pub use value::{MissingBinding, Secret, Value};
