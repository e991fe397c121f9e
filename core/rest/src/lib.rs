//! The API kit: a method is declared once, and everything else follows from the declaration.
//!
//! A chapter hands over a list of [`Method`]s: verb, path, parameters with format and bounds, permission, what it
//! returns, its names on the command line, and a handler. From that come routing and validation ([`Api::call`]),
//! HTTP in the original's manner ([`http`]), the OpenAPI document ([`openapi`]), `innkeeper api …`, the area commands
//! and the typed client of the GUI.
//!
//! A changing method does not change anything itself: its handler makes a plan, and this kit shows it (`dry-run`),
//! refuses it (dangers, a plan that is no longer the one that was shown), or hands it to the engine.

mod api;
mod audit;
mod call;
mod change;
pub mod http;
mod method;
pub mod openapi;
pub mod origin;
mod params;
mod permission;
mod route;
mod shape;
mod view;

pub use api::{Api, Check, Request};
pub use call::{Answer, Call, Lines};
pub use change::{WorkOrder, Workers};
pub use innkeeper_config::{Format, Kind, Property};
pub use innkeeper_engine::UndoGoal;
pub use method::{
    Act, Change, CommandName, Execution, Goal, Handler, Method, Preview, Proposal, Propose, RisksOfUndo, Run,
    Shape, Verb, Verify,
};
pub use permission::Permission;
pub use shape::{bit, bit_option};
pub use view::{HazardView, PlanView, StepView};
