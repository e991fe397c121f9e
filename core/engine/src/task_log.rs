//! Status and log of one task.

use std::sync::PoisonError;

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::HostError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::line_index::LineIndex;
use crate::task_status;
use crate::task_writer::Progress;
use crate::tasks::{Tasks, no_such_task};
use crate::upid::Upid;

/// Logs are read in pieces of this size.
const CHUNK: usize = 256 * 1024;
/// More than this is not handed over in one piece.
const RAW_LIMIT: u64 = 1024 * 1024 * 1024;

/// Whether a task still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// It does.
    Running,
    /// It ended, or its process did.
    Stopped,
}

/// What is known of one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskStatus {
    /// Its id.
    #[schema(value_type = String)]
    pub upid: Upid,
    /// The node it ran on.
    pub node: String,
    /// The process it ran in.
    pub pid: u32,
    /// When that process was started, in clock ticks since boot.
    pub pstart: u64,
    /// When it was started, in seconds since 1970.
    pub starttime: i64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it worked on; may be empty.
    pub id: String,
    /// Who started it.
    pub user: String,
    /// The API token with which it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenid: Option<String>,
    /// Whether it still runs.
    pub status: RunState,
    /// How it ended, when it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exitstatus: Option<String>,
    /// How far it has come, while it runs and if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// Its number, from 1.
    pub n: u64,
    /// Its text.
    pub t: String,
}

impl Tasks {
    /// What is known of a task.
    ///
    /// # Errors
    /// "no such task" for the parameter `upid`, when it has no log.
    pub fn status(&self, upid: &Upid) -> Result<TaskStatus, Problem> {
        let log = upid.log_path();
        self.host().metadata(&log)?.ok_or_else(no_such_task)?;
        let (user, token) = upid.user_and_token();
        let running = self.is_running(upid);
        let exitstatus = (!running).then(|| task_status::ending(self.host(), &log).into_status());
        let progress = if running { self.read_note(upid).and_then(|note| note.progress) } else { None };
        Ok(TaskStatus {
            upid: upid.clone(),
            node: upid.node().to_owned(),
            pid: upid.pid(),
            pstart: upid.pstart(),
            starttime: upid.starttime(),
            kind: upid.kind().to_owned(),
            id: upid.id().to_owned(),
            user: user.to_owned(),
            tokenid: token.map(str::to_owned),
            status: if running { RunState::Running } else { RunState::Stopped },
            exitstatus,
            progress,
        })
    }

    /// Lines of a log from `start` (0 is the first) on, at most `limit` of them (0 is all), and how many there are in
    /// all. An empty log has the one line "no content".
    ///
    /// # Errors
    /// "no such task" for the parameter `upid`, or when the log cannot be read.
    pub fn log(&self, upid: &Upid, start: u64, limit: u64) -> Result<(Vec<LogLine>, u64), Problem> {
        let path = upid.log_path();
        let known = self.lines().lock().unwrap_or_else(PoisonError::into_inner).get(&path);
        let index = LineIndex::refresh(self.host(), &path, known)?.ok_or_else(no_such_task)?;
        self.lines().lock().unwrap_or_else(PoisonError::into_inner).put(&path, index.clone());
        let total = index.newlines + u64::from(self.ends_within_line(&path, index.size));
        if total == 0 {
            return Ok((vec![LogLine { n: 1, t: "no content".to_owned() }], 1));
        }
        let limit = if limit == 0 { u64::MAX } else { limit };
        let end = start.saturating_add(limit).min(total);
        Ok((self.lines_between(&path, &index, start, end)?, total))
    }

    /// Whether the last line of a log has no newline.
    pub(crate) fn ends_within_line(&self, path: &Utf8Path, size: u64) -> bool {
        let last = size.checked_sub(1).map(|last| self.host().read_at(path, last, 1));
        matches!(last, Some(Ok(byte)) if byte.first().is_some_and(|&byte| byte != b'\n'))
    }

    fn lines_between(
        &self,
        path: &Utf8Path,
        index: &LineIndex,
        start: u64,
        end: u64,
    ) -> Result<Vec<LogLine>, HostError> {
        let (mut offset, mut number) = index.before_line(start);
        let mut lines = Vec::new();
        let mut partial: Vec<u8> = Vec::new();
        let mut take = |number: u64, text: &[u8]| {
            if (start..end).contains(&number) {
                lines.push(LogLine { n: number + 1, t: String::from_utf8_lossy(text).into_owned() });
            }
        };
        while number < end && offset < index.size {
            let wanted = usize::try_from(index.size - offset).unwrap_or(CHUNK).min(CHUNK);
            let bytes = self.host().read_at(path, offset, wanted)?;
            if bytes.is_empty() {
                break;
            }
            offset += bytes.len() as u64;
            let mut from = 0;
            for newline in memchr::memchr_iter(b'\n', &bytes) {
                partial.extend_from_slice(&bytes[from..newline]);
                take(number, &partial);
                partial.clear();
                from = newline + 1;
                number += 1;
            }
            partial.extend_from_slice(&bytes[from..]);
        }
        if !partial.is_empty() {
            take(number, &partial);
        }
        Ok(lines)
    }

    /// The whole log, byte by byte.
    ///
    /// # Errors
    /// "no such task" for the parameter `upid`, or when the log cannot be read.
    pub fn raw_log(&self, upid: &Upid) -> Result<Vec<u8>, Problem> {
        match self.host().read(&upid.log_path(), RAW_LIMIT) {
            Ok(bytes) => Ok(bytes),
            Err(HostError::NotFound { .. }) => Err(no_such_task()),
            Err(other) => Err(other.into()),
        }
    }
}
