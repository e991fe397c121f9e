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
use thiserror::Error;
use utoipa::ToSchema;

use crate::engine::Job;
use crate::upid::Upid;

const DIRECTORY: &str = "/var/lib/innkeeper";
const FILE: &str = "/var/lib/innkeeper/journal.db";
const LOCK: &str = "/var/lib/innkeeper/.journal.lock";
const BUSY: Duration = Duration::from_secs(10);
/// The `prev` of the first event.
const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

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
"];

/// Who asked for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// `root@pam`, or `root@pam!token`.
    pub user: String,
    /// The address of the peer, or `command line`.
    pub origin: String,
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

/// What the chain of the journal proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainReport {
    /// How many events it has.
    pub events: i64,
    /// How many changes they tell of.
    pub changes: i64,
    /// The hash of the newest event: noted elsewhere, it proves later that nothing was cut off.
    pub head: String,
}

/// Where the chain of the journal is broken.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize, ToSchema)]
#[error("the journal was altered: event {seq}: {reason}")]
pub struct ChainBreak {
    /// The first event that is not as it was written.
    pub seq: i64,
    /// What is wrong with it.
    pub reason: String,
}

/// The journal of a host.
pub struct Journal {
    pub(crate) host: Arc<dyn Host>,
    db: Mutex<Connection>,
}

impl Journal {
    /// Opens the journal, and makes it when there is none.
    ///
    /// # Errors
    /// When it cannot be opened, or was written by a newer version of this program.
    pub fn open(host: Arc<dyn Host>) -> Result<Self, Problem> {
        host.make_dirs(Utf8Path::new(DIRECTORY), Permissions { mode: 0o700, owner: None })?;
        // two processes that make it at once would meet SQLite's locks where it does not wait for them
        let opening = host.lock(Utf8Path::new(LOCK), BUSY)?;
        let path = host.library_path(Utf8Path::new(FILE))?;
        let mut db = Connection::open(path.as_std_path()).map_err(unreadable)?;
        configure(&db).map_err(unreadable)?;
        migrate(&mut db)?;
        drop(opening);
        Ok(Self { host, db: Mutex::new(db) })
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
            let newest: Option<i64> =
                transaction.query_row("SELECT max(change) FROM event", [], |row| row.get(0))?;
            let change = newest.unwrap_or(0) + 1;
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

    fn add(&self, change: i64, kind: &str, body: &str) -> Result<(), Problem> {
        let time = self.host.now();
        in_transaction(&mut self.db(), |transaction| append(transaction, change, time, kind, body))
            .map_err(unreadable)
    }

    /// Follows the chain from the first event to the newest.
    ///
    /// # Errors
    /// The first event that is not as it was written.
    pub fn verify_chain(&self) -> Result<ChainReport, ChainBreak> {
        let mut chain = Chain { report: ChainReport { events: 0, changes: 0, head: ORIGIN.to_owned() } };
        let db = self.db();
        let unreadable =
            |seq: i64| move |error: rusqlite::Error| ChainBreak { seq, reason: error.to_string() };
        let mut statement = db
            .prepare("SELECT seq, change, time, kind, body, prev, hash FROM event ORDER BY seq")
            .map_err(unreadable(0))?;
        let mut rows = statement.query([]).map_err(unreadable(0))?;
        loop {
            let next = chain.report.events + 1;
            let Some(row) = rows.next().map_err(unreadable(next))? else { return Ok(chain.report) };
            let link = Link::read(row).map_err(unreadable(next))?;
            chain.follow(&link)?;
        }
    }
}

/// One event as it is stored.
struct Link {
    seq: i64,
    change: i64,
    time: i64,
    kind: String,
    body: String,
    prev: String,
    hash: String,
}

impl Link {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            change: row.get(1)?,
            time: row.get(2)?,
            kind: row.get(3)?,
            body: row.get(4)?,
            prev: row.get(5)?,
            hash: row.get(6)?,
        })
    }
}

struct Chain {
    report: ChainReport,
}

impl Chain {
    fn follow(&mut self, link: &Link) -> Result<(), ChainBreak> {
        let broken = |reason: &str| Err(ChainBreak { seq: link.seq, reason: reason.to_owned() });
        if link.seq != self.report.events + 1 {
            return broken("the events before it are missing");
        }
        if link.prev != self.report.head {
            return broken("it does not follow the event before it");
        }
        if link.hash != hash(&link.prev, link.change, link.time, &link.kind, &link.body) {
            return broken("its content does not match its hash");
        }
        let begins = link.kind == "begin";
        let newest = self.report.changes;
        let in_order = if begins { link.change == newest + 1 } else { (1..=newest).contains(&link.change) };
        if !in_order {
            return broken("it belongs to a change that was never begun");
        }
        self.report.events += 1;
        self.report.changes += i64::from(begins);
        self.report.head.clone_from(&link.hash);
        Ok(())
    }
}

fn configure(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // a power cut must not take back that a change was begun
    db.pragma_update(None, "synchronous", "FULL")
}

fn migrate(db: &mut Connection) -> Result<(), Problem> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(unreadable)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Err(Problem::failed(format!(
            "{FILE}: was written by a newer version of this program (schema {version}, known are {})",
            MIGRATIONS.len()
        )));
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
fn in_transaction<T>(
    db: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    transaction.commit()?;
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
        .query_row("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (seq, prev) = newest.unwrap_or((0, ORIGIN.to_owned()));
    transaction.execute(
        "INSERT INTO event (seq, change, time, kind, body, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![seq + 1, change, time, kind, body, prev, hash(&prev, change, time, kind, body)],
    )?;
    Ok(())
}

fn hash(prev: &str, change: i64, time: i64, kind: &str, body: &str) -> String {
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
