//! How everything hangs together: cards, bonds, VLANs, bridges and the guests on them, as the kernel has it and as it will be once
//! what is staged is applied.
//!
//! ```text
//! Host --inspect--> (State, Kernel) --model::topology--> Topology
//! ```

pub(crate) mod api;
mod model;

pub use model::{Guest, Node, NodeKind, Pending, Tie, Topology, topology};
