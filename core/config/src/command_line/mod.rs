//! The kernel's command line, where boot loaders keep it: pure, `&str` in, `&str` out.
//!
//! - [`GrubDefaults`]: the variables of `/etc/default/grub`;
//! - [`CommandLineFile`]: the one line of `/etc/kernel/cmdline`;
//! - [`loader`]: which of the two counts on a host, and the plan of an edit;
//! - [`value`], [`set`]: single parameters of a line.

mod file;
mod grub;
pub mod loader;
mod words;

pub use file::CommandLineFile;
pub use grub::GrubDefaults;
pub use words::{set, value};

use thiserror::Error;

/// Why a file is not edited.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct NotEdited {
    /// The line, from 1.
    pub line: usize,
    /// What stands against it.
    pub reason: String,
}
