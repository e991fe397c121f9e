//! Changes that are taken back unless somebody confirms them: what is kept on disk about each.
//!
//! The record of change 12 is `/var/lib/innkeeper/armed/12.waiting`: the plan as data, how far it came, and when its time
//! is up. Beside each file that the change touches lies a copy, `.NAME.innkeeper-armed-12`, so that the file is restored
//! by renaming: that needs no space on a full disk. Nothing else is needed to take the change back: no daemon, no
//! network, no journal. How it ended is the record's new name, which needs no space either: `12.confirmed`,
//! `12.reverted`, `12.stuck`. Once the journal knows of it, record and copies go.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Plan, Problem};
use innkeeper_host::{Host, HostError, LockGuard, Permissions};
use serde::{Deserialize, Serialize};

use crate::action::Bindings;
use crate::upid::Upid;

const DIRECTORY: &str = "/var/lib/innkeeper/armed";
/// A plan holds the files that it changes, before and after, and a file is at most 4 MiB.
const RECORD_LIMIT: u64 = 256 * 1024 * 1024;
const PRIVATE: Permissions = Permissions { mode: 0o600, owner: None };

/// Where an armed change stands; the ending of its record's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is taken back when its time is up.
    Waiting,
    /// Somebody confirmed it; the journal may not know yet.
    Confirmed,
    /// It was taken back; the journal may not know yet.
    Reverted,
    /// It could not be taken back.
    Stuck,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Waiting, Self::Confirmed, Self::Reverted, Self::Stuck];

    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Confirmed => "confirmed",
            Self::Reverted => "reverted",
            Self::Stuck => "stuck",
        }
    }
}

/// Everything that is needed to take a change back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ArmedRecord {
    /// Number of the change in the journal.
    pub(crate) change: i64,
    pub(crate) user: String,
    pub(crate) origin: String,
    pub(crate) command: String,
    pub(crate) upid: Upid,
    /// The lock under which the change was made.
    pub(crate) lock: Option<Utf8PathBuf>,
    /// Seconds within which somebody has to confirm.
    pub(crate) within: u32,
    /// When it was armed, in seconds since 1970: for people, and for nothing else.
    pub(crate) time: i64,
    /// Which start of the machine it was armed in.
    pub(crate) boot: String,
    /// Milliseconds of the clock that nobody can set, at which the time is up.
    pub(crate) deadline: u64,
    pub(crate) plan: Plan,
    /// How many steps were begun.
    pub(crate) started: usize,
    /// What they produced.
    #[serde(default)]
    pub(crate) produced: Bindings,
    /// Why it could not be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl ArmedRecord {
    /// Seconds until it is taken back. None are left after the machine was started again: whoever made the change was cut
    /// off by that, if not by the change itself.
    pub(crate) fn left(&self, host: &dyn Host) -> u64 {
        if self.is_of_an_earlier_boot(host) {
            return 0;
        }
        self.deadline.saturating_sub(milliseconds(host)).div_ceil(1000)
    }

    pub(crate) fn is_of_an_earlier_boot(&self, host: &dyn Host) -> bool {
        self.boot != host.boot_id()
    }

    /// Name of the copy of a file, which lies beside it.
    pub(crate) fn copy_name(&self, path: &Utf8Path) -> String {
        format!(".{}.innkeeper-armed-{}", path.file_name().unwrap_or_default(), self.change)
    }

    /// Files, units and kernel parameters that the change holds.
    pub(crate) fn resources(&self) -> Vec<String> {
        resources(&self.plan)
    }
}

pub(crate) fn resources(plan: &Plan) -> Vec<String> {
    use innkeeper_change::Action;
    let mut all: Vec<String> = Vec::new();
    for step in &plan.steps {
        let name = match &step.action {
            Action::File(change) => change.path.to_string(),
            Action::Unit { unit, .. } => unit.clone(),
            Action::KernelParameter { key, .. } => key.replace('/', "."),
            Action::Run(_) => continue,
        };
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

pub(crate) fn milliseconds(host: &dyn Host) -> u64 {
    u64::try_from(host.boot_clock().as_millis()).unwrap_or(u64::MAX)
}

/// The records of a host.
#[derive(Clone, Copy)]
pub(crate) struct Records<'h>(pub(crate) &'h dyn Host);

impl Records<'_> {
    /// Numbers and stages of all of them, oldest first.
    pub(crate) fn list(self) -> Result<Vec<(i64, Stage)>, Problem> {
        let entries = match self.0.list_dir(Utf8Path::new(DIRECTORY)) {
            Ok(entries) => entries,
            Err(HostError::NotFound { .. }) => return Ok(Vec::new()),
            Err(other) => return Err(other.into()),
        };
        let mut all: Vec<_> = entries
            .iter()
            .filter_map(|entry| {
                let (number, word) = entry.name.split_once('.')?;
                let stage = Stage::ALL.into_iter().find(|stage| stage.word() == word)?;
                Some((number.parse().ok()?, stage))
            })
            .collect();
        all.sort_by_key(|(change, _)| *change);
        Ok(all)
    }

    pub(crate) fn stage(self, change: i64) -> Result<Option<Stage>, Problem> {
        for stage in Stage::ALL {
            if self.0.metadata(&path(change, stage))?.is_some() {
                return Ok(Some(stage));
            }
        }
        Ok(None)
    }

    /// # Errors
    /// When there is none, or it is damaged.
    pub(crate) fn read(self, change: i64, stage: Stage) -> Result<ArmedRecord, Problem> {
        let path = path(change, stage);
        let bytes = self.0.read(&path, RECORD_LIMIT)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Problem::failed(format!("{path}: is damaged, so the change cannot be taken back by it: {error}"))
        })
    }

    /// Writes a record, on disk when this returns.
    pub(crate) fn write(self, record: &ArmedRecord, stage: Stage) -> Result<(), Problem> {
        let directory = Permissions { mode: 0o700, owner: None };
        self.0.make_dirs(Utf8Path::new(DIRECTORY), directory)?;
        let json = serde_json::to_vec(record).map_err(Problem::failed)?;
        Ok(self.0.write_own(&path(record.change, stage), &json, PRIVATE)?)
    }

    /// Says how it ended. Needs no space.
    pub(crate) fn conclude(self, change: i64, from: Stage, to: Stage) -> Result<(), Problem> {
        if from == to {
            return Ok(());
        }
        Ok(self.0.rename(&path(change, from), &path(change, to))?)
    }

    /// Removes the copies beside the files.
    pub(crate) fn remove_copies(self, record: &ArmedRecord) -> Result<(), Problem> {
        for file in record.plan.files() {
            self.0.remove_own(&file.path.with_file_name(record.copy_name(&file.path)))?;
        }
        Ok(())
    }

    /// Removes the record; last of all.
    pub(crate) fn remove(self, change: i64, stage: Stage) -> Result<(), Problem> {
        Ok(self.0.remove_own(&path(change, stage))?)
    }

    /// Keeps everybody else from carrying the change out, confirming it, or taking it back.
    pub(crate) fn lock(self, change: i64, patience: Duration) -> Result<LockGuard, HostError> {
        self.0.lock(&lock_path(change), patience)
    }

    /// For whoever holds the lock and has removed the record.
    pub(crate) fn remove_lock(self, change: i64) {
        if let Err(error) = self.0.remove_own(&lock_path(change)) {
            tracing::debug!("a lock that nobody needs stays: {error}");
        }
    }
}

fn path(change: i64, stage: Stage) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{DIRECTORY}/{change}.{}", stage.word()))
}

fn lock_path(change: i64) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{DIRECTORY}/.{change}.lock"))
}
