//! How a task ended: the last line of its log decides.

use camino::Utf8Path;
use innkeeper_host::{Host, HostError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The last line is looked for in this much of the end of a log: a status has at most 8 KiB.
const TAIL: u64 = 16 * 1024;

/// What the end of a log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The task wrote its result: `OK`, `WARNINGS: n`, or the error.
    Finished(String),
    /// It did not, and this is what is said of a task that no longer runs.
    Unfinished(String),
}

impl Ending {
    pub(crate) fn into_status(self) -> String {
        match self {
            Self::Finished(status) | Self::Unfinished(status) => status,
        }
    }
}

/// Reads the end of a log.
pub(crate) fn ending(host: &dyn Host, log: &Utf8Path) -> Ending {
    match tail(host, log) {
        Ok(tail) if tail.is_empty() => Ending::Unfinished("unable to read tail (got 0 bytes)".to_owned()),
        Ok(tail) => last_line(&tail),
        Err(HostError::NotFound { .. }) => {
            Ending::Unfinished("unable to open file - No such file or directory".to_owned())
        }
        Err(HostError::Io { message, .. }) => Ending::Unfinished(format!("unable to open file - {message}")),
        Err(other) => Ending::Unfinished(format!("unable to open file - {other}")),
    }
}

fn tail(host: &dyn Host, log: &Utf8Path) -> Result<Vec<u8>, HostError> {
    let Some(found) = host.metadata(log)? else {
        return Err(HostError::NotFound { path: log.to_owned() });
    };
    let length = found.size.min(TAIL);
    host.read_at(log, found.size - length, usize::try_from(length).unwrap_or_default())
}

fn last_line(tail: &[u8]) -> Ending {
    let body = tail.strip_suffix(b"\n").unwrap_or(tail);
    let start = memchr::memrchr(b'\n', body).map_or(0, |newline| newline + 1);
    let line = String::from_utf8_lossy(&body[start..]);
    match line.strip_prefix("TASK ") {
        Some("OK") => Ending::Finished("OK".to_owned()),
        Some(rest) => result(rest).unwrap_or_else(unexpected),
        None => unexpected(),
    }
}

fn result(rest: &str) -> Option<Ending> {
    if let Some(message) = rest.strip_prefix("ERROR: ") {
        return (!message.is_empty()).then(|| Ending::Finished(message.to_owned()));
    }
    let count = rest.strip_prefix("WARNINGS: ")?;
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Ending::Finished(format!("WARNINGS: {count}")))
}

fn unexpected() -> Ending {
    Ending::Unfinished("unexpected status".to_owned())
}

/// How a finished task went, for filtering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusClass {
    /// It did what it should.
    Ok,
    /// It did, with warnings.
    Warning,
    /// It failed.
    Error,
    /// It never said.
    Unknown,
}

impl StatusClass {
    /// The class of a status as lists hold it.
    pub fn of(status: &str) -> Self {
        match status {
            "OK" => Self::Ok,
            "" | "unexpected status" => Self::Unknown,
            other if is_warnings(other) => Self::Warning,
            _ => Self::Error,
        }
    }

    /// The class that goes by this name in requests.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ok" => Some(Self::Ok),
            "warning" => Some(Self::Warning),
            "error" => Some(Self::Error),
            "unknown" => Some(Self::Unknown),
            _ => None,
        }
    }
}

fn is_warnings(status: &str) -> bool {
    let count = status.strip_prefix("WARNINGS: ").unwrap_or_default();
    !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit())
}
