//! Tasks: what this host is doing and what it did, in the original's files.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, Permissions, Signal};

use crate::line_index::LineCache;
use crate::task_active;
use crate::task_status::{self, Ending};
use crate::task_writer::RunningNote;
use crate::upid::Upid;

/// Where running tasks say how far they are: gone after a reboot, like the tasks.
const PROGRESS_DIR: &str = "/run/innkeeper/progress";

/// The index of finished tasks is renamed to `index.1` beyond this size. The original does so at 50,000 bytes, some
/// 500 tasks, and forgets the rest; 64 MiB hold some 800,000 tasks, and paging does not depend on the size.
pub const INDEX_LIMIT: u64 = 64 * 1024 * 1024;

/// How long a stopped task may take to clean up before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// How often a stopped task is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A file or directory that belongs to www-data in the original, so that its proxy can read it.
const OWNER: &str = "www-data";

/// The tasks of a host. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Tasks(Arc<Inner>);

struct Inner {
    host: Arc<dyn Host>,
    owner: OnceLock<Option<(u32, u32)>>,
    index_limit: AtomicU64,
    shared: AtomicBool,
    lines: Mutex<LineCache>,
}

impl Tasks {
    /// The tasks of `host`.
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self(Arc::new(Inner {
            host,
            owner: OnceLock::new(),
            index_limit: AtomicU64::new(INDEX_LIMIT),
            shared: AtomicBool::new(false),
            lines: Mutex::default(),
        }))
    }

    /// Rotates the index of finished tasks beyond `bytes` instead of [`INDEX_LIMIT`].
    pub fn set_index_limit(&self, bytes: u64) {
        self.0.index_limit.store(bytes, Ordering::Relaxed);
    }

    /// Says that this process does more than one task (a daemon): its tasks cannot be stopped by killing it.
    pub fn set_shared_process(&self) {
        self.0.shared.store(true, Ordering::Relaxed);
    }

    /// Whether a task still runs: its process, known by id and start time, lives and has not written the end.
    pub fn is_running(&self, upid: &Upid) -> bool {
        self.process_lives(upid)
            && !matches!(task_status::ending(self.host(), &upid.log_path()), Ending::Finished(_))
    }

    /// Moves what has finished from the list of active tasks to the index.
    ///
    /// # Errors
    /// When the lists cannot be locked, read or written.
    pub fn housekeep(&self) -> Result<(), Problem> {
        self.update_active(None).map_err(Problem::from)
    }

    /// Stops a running task: asks its process group to end, and kills it after five seconds. A task that has ended
    /// already is left alone.
    ///
    /// # Errors
    /// When there is no such task, its process does other work too, or it cannot be signalled.
    pub fn stop(&self, upid: &Upid) -> Result<(), Problem> {
        let log = upid.log_path();
        if self.host().metadata(&log)?.is_none() {
            return Err(no_such_task());
        }
        if !self.is_running(upid) {
            return Ok(());
        }
        let shared = self.read_note(upid).is_some_and(|note| note.shared);
        if shared || upid.pid() == self.host().own_process().0 {
            return Err(Problem::Invalid(
                "this task runs inside a process that does other work too; it cannot be stopped, wait for its end".to_owned(),
            ));
        }
        self.end_process(upid)?;
        if !matches!(task_status::ending(self.host(), &log), Ending::Finished(_)) {
            let open =
                self.host().metadata(&log)?.is_some_and(|found| self.ends_within_line(&log, found.size));
            let line = format!("{}TASK ERROR: received interrupt\n", if open { "\n" } else { "" });
            self.host().append(&log, line.as_bytes(), self.file_permissions())?;
        }
        self.forget_progress(upid);
        self.housekeep()
    }

    fn end_process(&self, upid: &Upid) -> Result<(), Problem> {
        let host = self.host();
        self.signal(upid, Signal::Terminate)?;
        let begin = host.monotonic();
        while self.process_lives(upid) {
            if host.monotonic().saturating_sub(begin) >= GRACE {
                return self.signal(upid, Signal::Kill);
            }
            host.sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// A process that is gone already is what is wanted.
    fn signal(&self, upid: &Upid, signal: Signal) -> Result<(), Problem> {
        match self.host().signal_group(upid.pid(), signal) {
            Err(_) if !self.process_lives(upid) => Ok(()),
            Err(HostError::NotFound { .. }) => Err(Problem::failed(format!(
                "process {} of this task leads no process group of its own; it cannot be stopped",
                upid.pid()
            ))),
            other => Ok(other?),
        }
    }

    fn process_lives(&self, upid: &Upid) -> bool {
        self.host().process_start(upid.pid()) == Some(upid.pstart())
    }

    pub(crate) fn host(&self) -> &dyn Host {
        &*self.0.host
    }

    pub(crate) fn lines(&self) -> &Mutex<LineCache> {
        &self.0.lines
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.0.shared.load(Ordering::Relaxed)
    }

    pub(crate) fn index_limit(&self) -> u64 {
        self.0.index_limit.load(Ordering::Relaxed)
    }

    pub(crate) fn update_active(&self, new: Option<&Upid>) -> Result<(), HostError> {
        task_active::update(self, new)
    }

    pub(crate) fn file_permissions(&self) -> Permissions {
        Permissions { mode: 0o640, owner: self.owner() }
    }

    pub(crate) fn dir_permissions(&self) -> Permissions {
        Permissions { mode: 0o755, owner: self.owner() }
    }

    /// The numbers of www-data on the managed host; a caller who is not root cannot give files away.
    fn owner(&self) -> Option<(u32, u32)> {
        *self.0.owner.get_or_init(|| {
            let number = |path: &str| number_of(self.host(), Utf8Path::new(path));
            if self.host().uid() == 0 { number("/etc/passwd").zip(number("/etc/group")) } else { None }
        })
    }

    pub(crate) fn write_note(&self, upid: &Upid, note: &RunningNote) -> Result<(), HostError> {
        let host = self.host();
        host.make_dirs(Utf8Path::new(PROGRESS_DIR), Permissions { mode: 0o755, owner: None })?;
        // serialising numbers and text into memory cannot fail
        let json = serde_json::to_vec(note).unwrap_or_default();
        host.write_own(&note_path(upid), &json, Permissions { mode: 0o640, owner: None })
    }

    pub(crate) fn read_note(&self, upid: &Upid) -> Option<RunningNote> {
        let bytes = self.host().read(&note_path(upid), 64 * 1024).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    pub(crate) fn forget_progress(&self, upid: &Upid) {
        if let Err(error) = self.host().remove_own(&note_path(upid)) {
            tracing::debug!("the progress of a finished task stays: {error}");
        }
    }
}

fn note_path(upid: &Upid) -> Utf8PathBuf {
    Utf8Path::new(PROGRESS_DIR).join(upid.to_string())
}

pub(crate) fn no_such_task() -> Problem {
    Problem::parameter("upid", "no such task")
}

/// The third field of the line for [`OWNER`] in passwd(5) or group(5).
fn number_of(host: &dyn Host, path: &Utf8Path) -> Option<u32> {
    let text = innkeeper_host::read_config(host, path).ok()??;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == OWNER).then_some(())?;
        fields.nth(1)?.parse().ok()
    })
}
