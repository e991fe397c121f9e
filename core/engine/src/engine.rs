//! The engine as others hold it.

use std::sync::{Arc, OnceLock};

use camino::Utf8PathBuf;
use innkeeper_change::{Plan, Problem};
use innkeeper_host::Host;

use crate::arming::Alarm;
use crate::audit::Auditor;
use crate::journal::{Caller, Journal, RequestRecord};
use crate::tasks::Tasks;
use crate::upid::{TaskName, Upid};

/// One plan to be carried out, and everything that is written down about it.
pub struct Job<'a> {
    /// Who asked.
    pub caller: Caller,
    /// What was asked.
    pub request: RequestRecord,
    /// Under which name the task runs.
    pub task: TaskName,
    /// What is done.
    pub plan: Plan,
    /// The file that is locked meanwhile.
    pub lock: Option<Utf8PathBuf>,
    /// The change that this takes back.
    pub undoes: Option<i64>,
    /// The interrupted change of which this carries out the rest.
    pub finishes: Option<i64>,
    /// Take it back after so many seconds unless somebody confirms it.
    pub confirm_within: Option<u32>,
    /// Plans anew under the lock when a file has moved on since `plan` was made; absent where the caller wants this plan
    /// and no other.
    pub replan: Option<&'a dyn Fn() -> Result<Plan, Problem>>,
    /// Inspects and plans again with the same request; nothing may be left to do.
    pub verify: &'a dyn Fn() -> Result<Plan, Problem>,
    /// Reads what the programs of the plan have said, and says what is wrong in sentences of its own.
    pub diagnose: Option<fn(&str) -> Vec<String>>,
}

/// Who watches a task while it runs.
pub trait Console {
    /// The task has started.
    fn started(&mut self, upid: &Upid);
    /// A line was written to its log.
    fn line(&mut self, text: &str);
}

/// Nobody watches.
pub struct Silent;

impl Console for Silent {
    fn started(&mut self, _upid: &Upid) {}
    fn line(&mut self, _text: &str) {}
}

/// What came out of a plan that was carried out and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The number of the change in the journal.
    pub change: i64,
    /// The task in which it was done.
    pub upid: Upid,
    /// `OK`, or `WARNINGS: n`.
    pub status: String,
    /// The warnings.
    pub warnings: Vec<String>,
}

/// Carries out plans on one host.
pub struct Engine {
    host: Arc<dyn Host>,
    tasks: Tasks,
    journal: OnceLock<Journal>,
    alarm: OnceLock<Box<dyn Alarm>>,
    auditor: Auditor,
}

impl Engine {
    /// The engine of `host`. Nothing is opened yet.
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self {
            tasks: Tasks::new(host.clone()),
            host,
            journal: OnceLock::new(),
            alarm: OnceLock::new(),
            auditor: Auditor::default(),
        }
    }

    /// Lets changes be armed, watched over by `alarm`. The first one given stays.
    pub fn set_alarm(&self, alarm: Box<dyn Alarm>) {
        // a second one would watch over the same
        let _ = self.alarm.set(alarm);
    }

    pub(crate) fn auditor(&self) -> &Auditor {
        &self.auditor
    }

    pub(crate) fn alarm(&self) -> Result<&dyn Alarm, Problem> {
        self.alarm.get().map(AsRef::as_ref).ok_or_else(|| {
            Problem::Unsupported(
                "nothing here can take a change back later; make it without confirm-within".to_owned(),
            )
        })
    }

    /// The machine.
    pub fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// Its tasks.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Its journal, opened at the first call.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn journal(&self) -> Result<&Journal, Problem> {
        if let Some(journal) = self.journal.get() {
            return Ok(journal);
        }
        let journal = Journal::open(self.host.clone())?;
        Ok(self.journal.get_or_init(|| journal))
    }
}
