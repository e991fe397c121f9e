//! The journal: every change that was begun, what became of each step, and how it ended.
//!
//! One table to which events are only ever added. Each carries the SHA-256 of
//! `"<prev>\n<change>\n<time>\n<kind>\n<body>"`, where `prev` is the hash of the event before it (64 zeros for the
//! first), so that no event can be altered, removed or slipped in without breaking the chain behind it. Whoever notes
//! the newest hash elsewhere can also tell whether the end was cut off.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Digest, FileChange, Plan, Problem};
use innkeeper_host::{Host, Permissions};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use crate::archive;
use crate::audit::AuditNote;
use crate::damaged;
use crate::engine::Job;
use crate::failpoint::moment;
use crate::upid::Upid;

pub(crate) const DIRECTORY: &str = "/var/lib/innkeeper";
pub(crate) const FILE: &str = "/var/lib/innkeeper/journal.db";
pub(crate) const LOCK: &str = "/var/lib/innkeeper/.journal.lock";
pub(crate) const BUSY: Duration = Duration::from_secs(10);
/// The kind of events that belong to no change; their number of a change is 0.
pub(crate) const AUDIT: &str = "audit";
/// The `prev` of the first event.
pub(crate) const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What each version of the schema added; `PRAGMA user_version` says how many are in place.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        change INTEGER NOT NULL,
        time INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        prev TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_of_change ON event (change, kind);
    CREATE INDEX begin_change ON event (change) WHERE kind = 'begin';
    CREATE INDEX begin_user ON event (json_extract(body, '$.user'), change) WHERE kind = 'begin';
    CREATE INDEX begin_undoes ON event (json_extract(body, '$.undoes')) WHERE kind = 'begin';
    CREATE TABLE touched (path TEXT NOT NULL, change INTEGER NOT NULL, PRIMARY KEY (path, change))
        STRICT, WITHOUT ROWID;
    CREATE TRIGGER event_stays BEFORE DELETE ON event
        BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER event_keeps BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
", "
    CREATE INDEX event_audit ON event (seq) WHERE kind IN ('audit', 'begin', 'confirmed', 'reverted', 'stuck');
    CREATE INDEX begin_finishes ON event (json_extract(body, '$.finishes'))
        WHERE kind = 'begin' AND json_extract(body, '$.finishes') IS NOT NULL;
    CREATE TABLE anchor (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        seq INTEGER NOT NULL,
        changes INTEGER NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
"];

/// Who asked for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// `root@pam`, or `root@pam!token`.
    pub user: String,
    /// The address of the peer, or `command line`.
    pub origin: String,
}

impl Caller {
    /// Nobody: the time of an armed change was up.
    pub fn timer() -> Self {
        Self { user: "root@pam".to_owned(), origin: "timer".to_owned() }
    }

    /// Nobody: the machine was started again.
    pub fn boot() -> Self {
        Self { user: "root@pam".to_owned(), origin: "start of the machine".to_owned() }
    }
}

/// What was asked for. Secrets are replaced before it gets here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// HTTP verb of the method.
    pub verb: String,
    /// Its path.
    pub path: String,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// The command line that asks for the same.
    pub command: String,
}

/// One file that a change touches, as the journal keeps it beside the plan. A secret file has no digests: a short
/// secret could be guessed from one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    pub(crate) path: Utf8PathBuf,
    pub(crate) before: Option<Digest>,
    pub(crate) after: Option<Digest>,
    #[serde(default)]
    pub(crate) secret: bool,
}

impl FileRecord {
    /// The files of a plan, each once: from its first `before` to its last `after`.
    fn of(plan: &Plan) -> Vec<Self> {
        let mut records: Vec<Self> = Vec::new();
        for FileChange { path, before, after, secret, .. } in plan.files() {
            let digest =
                |content: &Option<Content>| content.as_ref().filter(|_| !secret).map(Content::digest);
            match records.iter_mut().find(|record| record.path == *path) {
                Some(record) => {
                    record.after = digest(after);
                    record.secret |= secret;
                }
                None => records.push(Self {
                    path: path.clone(),
                    before: digest(before),
                    after: digest(after),
                    secret: *secret,
                }),
            }
        }
        records
    }
}

/// The body of the event `begin`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Begin {
    pub(crate) user: String,
    pub(crate) origin: String,
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) command: String,
    pub(crate) upid: Upid,
    pub(crate) undoes: Option<i64>,
    /// The interrupted change of which this carries out the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) finishes: Option<i64>,
    /// The file that was locked meanwhile: taking the change back takes the same lock.
    #[serde(default)]
    pub(crate) lock: Option<Utf8PathBuf>,
    pub(crate) files: Vec<FileRecord>,
    pub(crate) plan: Plan,
}

impl Begin {
    pub(crate) fn new(job: &Job<'_>, upid: &Upid, plan: &Plan, lock: Option<&Utf8Path>) -> Self {
        let (caller, request) = (&job.caller, &job.request);
        Self {
            user: caller.user.clone(),
            origin: caller.origin.clone(),
            verb: request.verb.clone(),
            path: request.path.clone(),
            params: request.params.clone(),
            command: request.command.clone(),
            upid: upid.clone(),
            undoes: job.undoes,
            finishes: job.finishes,
            lock: lock.map(Utf8Path::to_owned),
            files: FileRecord::of(plan),
            plan: plan.clone(),
        }
    }
}

/// What happened to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepEvent {
    Start,
    Done,
    Failed,
    TakenBack,
}

impl StepEvent {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Start => "step-start",
            Self::Done => "step-done",
            Self::Failed => "step-failed",
            Self::TakenBack => "step-taken-back",
        }
    }
}

/// The body of an event about a step.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct StepBody {
    /// Number of the step, from 0.
    pub(crate) step: usize,
    /// What it produced for later steps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) produced: BTreeMap<String, String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EndState {
    Done,
    Failed,
    RolledBack,
}

/// The body of the event `end`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) state: EndState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// What happened to a change that waits for its confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArmedEvent {
    /// It is taken back unless somebody confirms it.
    Armed,
    Confirmed,
    Reverted,
    /// It could not be taken back.
    Stuck,
}

impl ArmedEvent {
    pub(crate) const ALL: [Self; 4] = [Self::Armed, Self::Confirmed, Self::Reverted, Self::Stuck];

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Armed => "armed",
            Self::Confirmed => "confirmed",
            Self::Reverted => "reverted",
            Self::Stuck => "stuck",
        }
    }
}

/// The body of such an event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ArmedNote {
    /// Who did it; a timer acts as root@pam.
    pub(crate) user: String,
    /// From where: an address, `command line`, `timer`.
    pub(crate) origin: String,
    /// Seconds to confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) within: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl ArmedNote {
    pub(crate) fn by(user: &str, origin: &str) -> Self {
        Self { user: user.to_owned(), origin: origin.to_owned(), within: None, error: None }
    }

    pub(crate) fn of(caller: &Caller) -> Self {
        Self::by(&caller.user, &caller.origin)
    }
}

/// The journal of a host.
pub struct Journal {
    pub(crate) host: Arc<dyn Host>,
    db: Mutex<Connection>,
}

impl Journal {
    /// Whether there is one: looking for what is wrong makes none.
    pub(crate) fn exists(host: &dyn Host) -> Result<bool, Problem> {
        Ok(host.metadata(Utf8Path::new(FILE))?.is_some())
    }

    /// Opens the journal, and makes it when there is none.
    ///
    /// # Errors
    /// When it cannot be opened, or was written by a newer version of this program.
    pub fn open(host: Arc<dyn Host>) -> Result<Self, Problem> {
        host.make_dirs(Utf8Path::new(DIRECTORY), Permissions { mode: 0o700, owner: None })?;
        // two processes that make it at once would meet SQLite's locks where it does not wait for them
        let opening = host.lock(Utf8Path::new(LOCK), BUSY)?;
        let path = host.library_path(Utf8Path::new(FILE))?;
        let (mut db, aside) = damaged::open(&*host)?;
        migrate(&mut db, &path)?;
        if aside.is_some() {
            damaged::number_behind_armed(&*host, &db)?;
        }
        drop(opening);
        let journal = Self { host, db: Mutex::new(db) };
        if let Some(aside) = aside {
            journal.audit(&[archive::note(format!("{FILE} was damaged and kept as {aside}"))])?;
        }
        Ok(journal)
    }

    pub(crate) fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that a change begins, before its first step; returns its number.
    pub(crate) fn begin(&self, begin: &Begin) -> Result<i64, Problem> {
        let body = to_json(begin)?;
        let time = self.host.now();
        let mut db = self.db();
        let write = |transaction: &Transaction<'_>| {
            let newest: i64 = transaction.query_row(
                "SELECT max((SELECT coalesce(max(change), 0) FROM event), \
                 (SELECT coalesce(max(changes), 0) FROM anchor))",
                [],
                |row| row.get(0),
            )?;
            let change = newest + 1;
            append(transaction, change, time, "begin", &body)?;
            for file in &begin.files {
                transaction.execute(
                    "INSERT OR IGNORE INTO touched (path, change) VALUES (?1, ?2)",
                    params![file.path.as_str(), change],
                )?;
            }
            Ok(change)
        };
        in_transaction(&mut db, write).map_err(unreadable)
    }

    /// Writes down what happened to a step.
    pub(crate) fn step(&self, change: i64, event: StepEvent, body: &StepBody) -> Result<(), Problem> {
        self.add(change, event.kind(), &to_json(body)?)
    }

    /// Writes down how a change ended.
    pub(crate) fn end(&self, change: i64, end: &End) -> Result<(), Problem> {
        self.add(change, "end", &to_json(end)?)
    }

    /// Writes down what happened to a change that waits for its confirmation.
    pub(crate) fn armed(&self, change: i64, event: ArmedEvent, note: &ArmedNote) -> Result<(), Problem> {
        self.add(change, event.kind(), &to_json(note)?)
    }

    /// The same, unless that is the last that was written down about it.
    pub(crate) fn armed_once(&self, change: i64, event: ArmedEvent, note: &ArmedNote) -> Result<(), Problem> {
        let body = to_json(note)?;
        let time = self.host.now();
        let write = |transaction: &Transaction<'_>| {
            let last: Option<String> = transaction
                .query_row(
                    "SELECT kind FROM event WHERE change = ?1 AND kind IN ('armed', 'confirmed', 'reverted', \
                     'stuck') ORDER BY seq DESC LIMIT 1",
                    [change],
                    |row| row.get(0),
                )
                .optional()?;
            match last {
                // the journal was begun anew since: there is nothing to add to
                None => Ok(()),
                Some(last) if last == event.kind() => Ok(()),
                Some(_) => append(transaction, change, time, event.kind(), &body),
            }
        };
        in_transaction(&mut self.db(), write).map_err(unreadable)
    }

    /// Writes down what no plan describes.
    pub(crate) fn audit(&self, notes: &[AuditNote]) -> Result<(), Problem> {
        let time = self.host.now();
        let bodies = notes.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
        let write = |transaction: &Transaction<'_>| {
            bodies.iter().try_for_each(|body| append(transaction, 0, time, AUDIT, body))
        };
        in_transaction(&mut self.db(), write).map_err(unreadable)
    }

    fn add(&self, change: i64, kind: &str, body: &str) -> Result<(), Problem> {
        let time = self.host.now();
        in_transaction(&mut self.db(), |transaction| append(transaction, change, time, kind, body))
            .map_err(unreadable)
    }
}

pub(crate) fn configure(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // a power cut must not take back that a change was begun
    db.pragma_update(None, "synchronous", "FULL")
}

/// Brings the tables up to date. What an older version of this program wrote is kept beside it first.
fn migrate(db: &mut Connection, path: &Utf8Path) -> Result<(), Problem> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(unreadable)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Err(Problem::failed(format!(
            "{FILE}: was written by a newer version of this program (schema {version}, known are {})",
            MIGRATIONS.len()
        )));
    }
    if (1..MIGRATIONS.len()).contains(&done) {
        let copy = format!("{path}.schema-{done}");
        match db.execute("VACUUM INTO ?1", [&copy]) {
            // a copy that is there was made before an attempt that failed
            Err(error) if !error.to_string().contains("already exists") => return Err(unreadable(error)),
            _ => {}
        }
    }
    for (number, sql) in (1_i64..).zip(MIGRATIONS).skip(done) {
        let step = |transaction: &Transaction<'_>| {
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "user_version", number)
        };
        in_transaction(db, step).map_err(unreadable)?;
    }
    Ok(())
}

/// Runs `work` while no other process can write.
pub(crate) fn in_transaction<T>(
    db: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    moment("journal::before-commit");
    transaction.commit()?;
    moment("journal::after-commit");
    Ok(result)
}

fn append(
    transaction: &Transaction<'_>,
    change: i64,
    time: i64,
    kind: &str,
    body: &str,
) -> rusqlite::Result<()> {
    let newest: Option<(i64, String)> = transaction
        .query_row(
            "SELECT seq, hash FROM event UNION ALL SELECT seq, hash FROM anchor ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let (seq, prev) = newest.unwrap_or((0, ORIGIN.to_owned()));
    transaction.execute(
        "INSERT INTO event (seq, change, time, kind, body, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![seq + 1, change, time, kind, body, prev, hash(&prev, change, time, kind, body)],
    )?;
    Ok(())
}

pub(crate) fn hash(prev: &str, change: i64, time: i64, kind: &str, body: &str) -> String {
    Digest::of(format!("{prev}\n{change}\n{time}\n{kind}\n{body}").as_bytes()).to_string()
}

fn to_json(body: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(body).map_err(Problem::failed)
}

pub(crate) fn unreadable(error: rusqlite::Error) -> Problem {
    Problem::failed(format!("{FILE}: {error}"))
}

pub(crate) fn malformed(change: i64, error: impl std::fmt::Display) -> Problem {
    Problem::failed(format!("{FILE}: change '{change}': {error}"))
}
