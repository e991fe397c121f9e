//! Recordings of a machine: what was asked of it and what it answered.
//!
//! A recording is made on a real machine and never written by hand; inspectors, planners and the API are then
//! tested against it anywhere. Secrets do not get in: of what a program was given to read only the digest is
//! kept, and of a secret only its name. What the machine itself answers is kept as it is, so a file that holds a
//! secret must not be recorded.

mod overlay;
mod recorder;
mod replay;

pub use recorder::Recorder;
pub use replay::CassetteHost;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Digest};
use serde::{Deserialize, Serialize};

use crate::command::{Command, Input};
use crate::{DirEntry, HostError, Metadata, Output};

/// Recordings of another format are refused rather than misread.
const FORMAT: u32 = 1;

/// One machine as it was seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recording {
    format: u32,
    /// What was recorded: the machine, versions of its tools, what was done.
    about: String,
    node_name: String,
    root: Option<Utf8PathBuf>,
    uid: u32,
    now: i64,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    ask: Question,
    answer: Answer,
}

/// What decides about the answer. How much of a file may be read at most is not part of it: the content itself
/// says whether it would have been too much.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Question {
    Read(Utf8PathBuf),
    ReadAt { path: Utf8PathBuf, offset: u64, length: usize },
    Metadata(Utf8PathBuf),
    ListDir(Utf8PathBuf),
    ReadLink(Utf8PathBuf),
    Run { argv: String, input: Option<InputKey> },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum InputKey {
    Digest(Digest),
    /// A short secret could be guessed from its digest, so its name has to do.
    Secret(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Content(Content),
    Metadata(Option<Metadata>),
    Names(Vec<DirEntry>),
    Target(Utf8PathBuf),
    Output(Output),
    Error(HostError),
}

impl Question {
    fn run(command: &Command) -> Self {
        let input = match &command.stdin {
            Input::Null => None,
            Input::Bytes(bytes) => Some(InputKey::Digest(Digest::of(bytes))),
            Input::Secret(secret) => Some(InputKey::Secret(secret.name().to_owned())),
        };
        Self::Run { argv: command.argv(), input }
    }

    /// The path that is asked about.
    fn path(&self) -> Option<&Utf8Path> {
        match self {
            Self::Read(path)
            | Self::ReadAt { path, .. }
            | Self::Metadata(path)
            | Self::ListDir(path)
            | Self::ReadLink(path) => Some(path),
            Self::Run { .. } => None,
        }
    }

    fn fits(&self, answer: &Answer) -> bool {
        matches!(
            (self, answer),
            (_, Answer::Error(_))
                | (Self::Read(_) | Self::ReadAt { .. }, Answer::Content(_))
                | (Self::Metadata(_), Answer::Metadata(_))
                | (Self::ListDir(_), Answer::Names(_))
                | (Self::ReadLink(_), Answer::Target(_))
                | (Self::Run { .. }, Answer::Output(_))
        )
    }

    fn not_recorded(&self) -> HostError {
        let question = match self {
            Self::Read(path) => format!("content of {path}"),
            Self::ReadAt { path, offset, length } => format!("{length} bytes of {path} from {offset}"),
            Self::Metadata(path) => format!("metadata of {path}"),
            Self::ListDir(path) => format!("names in {path}"),
            Self::ReadLink(path) => format!("target of {path}"),
            Self::Run { argv, input: None } => argv.clone(),
            Self::Run { argv, input: Some(InputKey::Digest(digest)) } => {
                format!("{argv} with input of SHA-256 {digest}")
            }
            Self::Run { argv, input: Some(InputKey::Secret(name)) } => format!("{argv} with input <{name}>"),
        };
        HostError::NotRecorded { question }
    }
}
