//! A running task, as the one who runs it sees it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use camino::Utf8PathBuf;
use innkeeper_change::Problem;
use innkeeper_host::HostError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::failpoint::moment;
use crate::tasks::Tasks;
use crate::upid::{TaskName, Upid};

/// People do not see more than ten steps a second, and each is a file that is written.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The status is also a line in two lists, which are read by the line.
const LONGEST_STATUS: usize = 8 * 1024;

/// How far a running task has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// Of how much; 0 when that is not known.
    pub total: u64,
    /// What is being done.
    pub what: String,
}

/// What is kept about a running task beside its log.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RunningNote {
    /// The process does other work too, so it must not be killed to stop this task.
    #[serde(default)]
    pub(crate) shared: bool,
    /// How far it has come.
    #[serde(default)]
    pub(crate) progress: Option<Progress>,
}

/// A running task: its log, its progress, and its end.
///
/// Dropped without [`TaskWriter::finish`], the task ends as failed.
pub struct TaskWriter {
    tasks: Tasks,
    upid: Upid,
    log: Utf8PathBuf,
    warnings: AtomicU32,
    last_progress: Mutex<Option<Duration>>,
    finished: bool,
}

impl Tasks {
    /// Starts a task in this process: makes its log and puts it on the list of active tasks.
    ///
    /// # Errors
    /// When a part of the name cannot be part of a task id, or the log or the list cannot be written.
    pub fn start(&self, user: &str, kind: &str, id: &str) -> Result<TaskWriter, Problem> {
        let (upid, log) = self.create_log(user, &TaskName::new(kind, id))?;
        moment("tasks::after-log");
        let writer = TaskWriter {
            tasks: self.clone(),
            upid,
            log,
            warnings: AtomicU32::new(0),
            last_progress: Mutex::new(None),
            finished: false,
        };
        self.update_active(Some(&writer.upid))?;
        if self.is_shared() {
            writer.note(&RunningNote { shared: true, progress: None });
        }
        Ok(writer)
    }

    /// Two tasks of one process that are alike in all and start within one second would have the same id: the later
    /// one is dated to the next free second.
    fn create_log(&self, user: &str, task: &TaskName) -> Result<(Upid, Utf8PathBuf), Problem> {
        let host = self.host();
        let (node, process) = (host.node_name(), host.own_process());
        let mut starttime = host.now();
        loop {
            let upid = Upid::new(&node, process, starttime, task, user).map_err(Problem::failed)?;
            host.make_dirs(&upid.log_dir(), self.dir_permissions())?;
            match host.create_new(&upid.log_path(), b"", self.file_permissions()) {
                Ok(()) => return Ok((upid.clone(), upid.log_path())),
                Err(HostError::Exists { .. }) => starttime += 1,
                Err(other) => return Err(other.into()),
            }
        }
    }
}

impl TaskWriter {
    /// The id of the task.
    pub fn upid(&self) -> &Upid {
        &self.upid
    }

    /// Writes a line, or several, to the log.
    ///
    /// A log that cannot be written does not stop the work: the journal has it too.
    pub fn line(&self, text: &str) {
        let mut block = String::with_capacity(text.len() + 1);
        for line in text.lines() {
            // only the end of a task may look like one: a program that prints "TASK OK" has not ended it
            if line.starts_with("TASK ") {
                block.push(' ');
            }
            block.push_str(line);
            block.push('\n');
        }
        self.append(if block.is_empty() { "\n" } else { &block });
    }

    /// Says how far the task has come.
    pub fn progress(&self, done: u64, total: u64, what: &str) {
        let now = self.tasks.host().monotonic();
        let mut last = self.last_progress.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = last.is_none_or(|then| now.saturating_sub(then) >= PROGRESS_EVERY);
        if !fresh && done < total {
            return;
        }
        *last = Some(now);
        let progress = Progress { done, total, what: what.to_owned() };
        self.note(&RunningNote { shared: self.tasks.is_shared(), progress: Some(progress) });
    }

    /// Writes a warning to the log and counts it: the task ends with `WARNINGS: n`.
    pub fn warn(&self, text: &str) {
        self.warnings.fetch_add(1, Ordering::Relaxed);
        self.line(&format!("WARN: {text}"));
    }

    /// Ends the task and returns its status, as lists show it.
    pub fn finish(mut self, result: Result<(), String>) -> String {
        self.conclude(result)
    }

    fn conclude(&mut self, result: Result<(), String>) -> String {
        self.finished = true;
        let warnings = self.warnings.load(Ordering::Relaxed);
        let (line, status) = match result {
            Ok(()) if warnings == 0 => ("TASK OK".to_owned(), "OK".to_owned()),
            Ok(()) => (format!("TASK WARNINGS: {warnings}"), format!("WARNINGS: {warnings}")),
            Err(message) => {
                let message = one_line(&message);
                (format!("TASK ERROR: {message}"), message)
            }
        };
        self.append(&format!("{line}\n"));
        moment("tasks::after-result");
        self.tasks.forget_progress(&self.upid);
        if let Err(error) = self.tasks.update_active(None) {
            tracing::warn!("the list of active tasks is not up to date: {error}");
        }
        status
    }

    fn append(&self, text: &str) {
        let host = self.tasks.host();
        if let Err(error) = host.append(&self.log, text.as_bytes(), self.tasks.file_permissions()) {
            tracing::warn!("a line of a task log is lost: {error}");
        }
    }

    fn note(&self, note: &RunningNote) {
        if let Err(error) = self.tasks.write_note(&self.upid, note) {
            tracing::debug!("no progress is shown: {error}");
        }
    }
}

impl Drop for TaskWriter {
    fn drop(&mut self) {
        if !self.finished {
            self.conclude(Err("the task ended without a result".to_owned()));
        }
    }
}

/// An error as the status of a task: one line, not without end.
fn one_line(message: &str) -> String {
    let flat: String = message.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match flat.len() {
        0 => "unknown error".to_owned(),
        length if length <= LONGEST_STATUS => flat,
        _ => format!("{}…", &flat[..flat.floor_char_boundary(LONGEST_STATUS)]),
    }
}
