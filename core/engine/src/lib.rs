//! Applies plans: journal, tasks, verification, undo.
//!
//! [`Engine::apply`] is the only code of this program that changes a machine. It carries out any plan in the same way:
//! as a task with a log ([`Tasks`], in the original's files), under the lock that the plan's area has, with every
//! step written down before and after it in the [`Journal`], verified by planning again, and taken back when it fails.
//! [`Engine::undo_plan`] makes the plan that takes a change back later, from what the journal holds.
//!
//! A change can be armed ([`Job::confirm_within`]): it is taken back unless somebody confirms it in time
//! ([`Engine::confirm`], [`Engine::revert`]), whatever becomes of the process that made it.
//!
//! Whenever the process dies, each file is as it was or as it shall be, and the journal says how far the change came.

mod action;
mod apply;
mod apt_status;
mod archive;
mod armed;
mod arming;
mod audit;
mod chain;
mod confirm;
mod damaged;
mod engine;
mod export;
mod failpoint;
mod findings;
mod finish;
mod history;
mod journal;
mod line_index;
mod revert;
mod task_active;
mod task_cleanup;
mod task_filter;
mod task_list;
mod task_log;
mod task_status;
mod task_writer;
mod tasks;
mod undo;
mod upid;

pub use archive::Retention;
pub use arming::{Alarm, CONFIRM_WITHIN};
pub use audit::{AuditEntry, AuditFilter, AuditKind, AuditNote, AuditOutcome};
pub use chain::{ChainBreak, ChainReport};
pub use confirm::{ArmedChange, ArmedState};
pub use engine::{Console, Engine, Job, Outcome, Silent};
pub use export::Export;
pub use failpoint::FAIL_POINTS;
pub use history::{
    Change, ChangeState, ChangeStep, ChangeSummary, ChangedFile, FileNow, HistoryFilter, StepState,
};
pub use journal::{Caller, Journal, RequestRecord};
pub use task_filter::{Source, TaskFilter};
pub use task_list::{TaskEntry, TaskPage};
pub use task_log::{LogLine, RunState, TaskStatus};
pub use task_status::StatusClass;
pub use task_writer::{Progress, TaskWriter};
pub use tasks::{INDEX_LIMIT, Tasks};
pub use undo::UndoGoal;
pub use upid::{InvalidUpid, TaskName, Upid};
