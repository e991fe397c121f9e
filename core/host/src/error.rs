//! What can go wrong at the door to the machine.

use camino::Utf8PathBuf;
use innkeeper_change::Problem;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What went wrong, with the path or the command it happened to.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum HostError {
    #[error("{path}: no such file")]
    NotFound { path: Utf8PathBuf },
    #[error("{path}: not a directory!")]
    NotADirectory { path: Utf8PathBuf },
    #[error("{path}: not a regular file")]
    NotAFile { path: Utf8PathBuf },
    #[error("{path}: exists already")]
    Exists { path: Utf8PathBuf },
    #[error("{path}: larger than {limit} bytes")]
    TooLarge { path: Utf8PathBuf, limit: u64 },
    #[error("{path}:{line}: not valid UTF-8")]
    NotUtf8 { path: Utf8PathBuf, line: usize },
    #[error("{path}: is a symbolic link; edit the file it points to")]
    Symlink { path: Utf8PathBuf },
    #[error("{path}: path leads outside the root directory")]
    Escapes { path: Utf8PathBuf },
    #[error("{path}: changed since it was read")]
    Modified { path: Utf8PathBuf },
    #[error("can't lock file '{path}' - got timeout")]
    LockTimeout { path: Utf8PathBuf },
    #[error("{path}: {message}")]
    Io { path: Utf8PathBuf, message: String },
    #[error("no command runs under another root directory: {argv}")]
    NoCommands { argv: String },
    #[error("{argv}: not installed")]
    NoSuchProgram { argv: String },
    #[error("{argv}: {outcome}{}", tail(stderr))]
    CommandFailed { argv: String, outcome: String, stderr: String },
    #[error("the recording has no answer to: {question}")]
    NotRecorded { question: String },
}

/// How the outcome of a program begins that was ended because its time was over.
pub(crate) const NO_END: &str = "no end after";

impl HostError {
    /// Whether a program was ended because its time was over.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::CommandFailed { outcome, .. } if outcome.starts_with(NO_END))
    }
}

fn tail(stderr: &str) -> String {
    if stderr.trim().is_empty() { String::new() } else { format!(": {}", stderr.trim()) }
}

impl From<HostError> for Problem {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Modified { .. } => Self::Modified,
            HostError::NoCommands { .. } => Self::Unsupported(error.to_string()),
            _ => Self::failed(error),
        }
    }
}
