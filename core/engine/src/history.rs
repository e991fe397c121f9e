//! What the journal tells: pages of changes, and one change in full.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use innkeeper_change::{Digest, FileChange, Problem, render};
use innkeeper_host::{CONFIG_LIMIT, Host, HostError};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::journal::{
    ArmedEvent, ArmedNote, Begin, End, EndState, FileRecord, Journal, StepBody, malformed, unreadable,
};
use crate::tasks::Tasks;
use crate::undo::is_reversible;
use crate::upid::Upid;

/// Which changes are listed, newest first. All conditions hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFilter {
    /// How many matching changes are left out at the beginning.
    pub start: u64,
    /// How many are returned at most.
    pub limit: u64,
    /// Only changes made by this user or token.
    pub user: Option<String>,
    /// Only changes that touched this file.
    pub file: Option<String>,
    /// Only changes begun at this time or later, in seconds since 1970.
    pub since: Option<i64>,
    /// Only changes begun at this time or earlier.
    pub until: Option<i64>,
}

impl Default for HistoryFilter {
    fn default() -> Self {
        Self { start: 0, limit: 50, user: None, file: None, since: None, until: None }
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeState {
    /// It is being carried out.
    Running,
    /// It was carried out and verified.
    Done,
    /// It failed, and some of it is done.
    Failed,
    /// It failed, and what was done of it was taken back.
    RolledBack,
    /// Whoever carried it out died over it.
    Interrupted,
    /// It was carried out and later taken back.
    Undone,
    /// It was carried out, and is taken back unless somebody confirms it in time.
    Armed,
    /// It was armed, and taken back because nobody confirmed it or somebody asked for it.
    Reverted,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// It was not begun.
    Pending,
    /// It was begun; whether it took effect is not written down.
    Started,
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// It was done and taken back when a later one failed.
    TakenBack,
}

/// What is in a file now, compared with what a change found and left in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileNow {
    /// What the change found.
    Old,
    /// What the change left.
    New,
    /// Something else: it moved on.
    Other,
    /// That cannot be told: it held a secret, or cannot be read.
    Unknown,
}

/// A change as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ChangeSummary {
    /// Its number, from 1.
    pub id: i64,
    /// When it began, in seconds since 1970.
    pub time: i64,
    /// Who asked for it.
    pub user: String,
    /// From where.
    pub origin: String,
    /// HTTP verb of the method.
    pub verb: String,
    /// Its path.
    pub path: String,
    /// The command line that asks for the same.
    pub command: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Its task.
    #[schema(value_type = String)]
    pub upid: Upid,
    /// What became of it.
    pub state: ChangeState,
    /// The files it touches.
    #[schema(value_type = Vec<String>)]
    pub touched: Vec<Utf8PathBuf>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The change that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<i64>,
    /// The change that took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<i64>,
    /// The interrupted change of which it carried out the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finishes: Option<i64>,
    /// The change that carried out the rest of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_by: Option<i64>,
    /// 1 when something of it is there that can be taken back, by what the journal says; files may have moved on since.
    #[serde(default)]
    pub reversible: u8,
}

/// One step of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ChangeStep {
    /// What it does, as a sentence without a full stop.
    pub what: String,
    /// What it does, exactly: a diff, a command line.
    pub detail: String,
    /// What became of it.
    pub state: StepState,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One file of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ChangedFile {
    /// The file.
    #[schema(value_type = String)]
    pub path: Utf8PathBuf,
    /// SHA-256 of what the change found; absent when there was no file, or it held a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub before_digest: Option<Digest>,
    /// SHA-256 of what the change left; absent when it removed the file, or it held a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub after_digest: Option<Digest>,
    /// What it changed, as a unified diff.
    pub diff: String,
    /// What is in it now.
    pub now: FileNow,
}

/// A change in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: ChangeSummary,
    /// The parameters of the call, secrets replaced.
    pub params: BTreeMap<String, String>,
    /// Its steps.
    pub steps: Vec<ChangeStep>,
    /// Its files.
    pub files: Vec<ChangedFile>,
}

/// Everything the journal holds about one change.
pub(crate) struct Record {
    pub(crate) id: i64,
    pub(crate) time: i64,
    pub(crate) begin: Begin,
    pub(crate) end: Option<End>,
    pub(crate) steps: Vec<(StepState, StepBody)>,
    /// What happened to it as an armed change, in order.
    pub(crate) armed: Vec<(ArmedEvent, ArmedNote)>,
}

impl Journal {
    /// A page of the changes that match, newest first, and how many match in all.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn list(&self, filter: &HistoryFilter) -> Result<(Vec<ChangeSummary>, u64), Problem> {
        let db = self.db();
        let (condition, mut values) = condition(filter);
        let count = format!("SELECT count(*) FROM event WHERE {condition}");
        let total: i64 =
            db.query_row(&count, params_from_iter(&values), |row| row.get(0)).map_err(unreadable)?;
        let page =
            format!("SELECT change FROM event WHERE {condition} ORDER BY change DESC LIMIT ? OFFSET ?");
        let clamp = |number: u64| Sql::from(i64::try_from(number).unwrap_or(i64::MAX));
        values.extend([clamp(filter.limit), clamp(filter.start)]);
        let mut statement = db.prepare(&page).map_err(unreadable)?;
        let ids = statement
            .query_map(params_from_iter(&values), |row| row.get(0))
            .and_then(Iterator::collect::<Result<Vec<i64>, _>>)
            .map_err(unreadable)?;
        let changes =
            ids.into_iter().map(|id| self.summary(&db, &load(&db, id)?)).collect::<Result<_, _>>()?;
        Ok((changes, u64::try_from(total).unwrap_or_default()))
    }

    /// One change in full.
    ///
    /// # Errors
    /// [`Problem::NotFound`] when there is none with this number.
    pub fn get(&self, id: i64) -> Result<Change, Problem> {
        let (record, summary) = {
            let db = self.db();
            let record = load(&db, id)?;
            let summary = self.summary(&db, &record)?;
            (record, summary)
        };
        let steps = record.begin.plan.steps.iter().zip(&record.steps);
        let steps = steps.map(|(step, (state, body))| ChangeStep {
            what: step.what.clone(),
            detail: render::describe(step),
            state: *state,
            error: body.error.clone(),
        });
        let files = record.begin.files.iter().map(|file| changed_file(&*self.host, file, &record.begin));
        Ok(Change {
            steps: steps.collect(),
            files: files.collect(),
            params: record.begin.params.clone(),
            summary,
        })
    }

    /// Everything that is written about one change, its state, and who took it back.
    pub(crate) fn record(&self, id: i64) -> Result<(Record, ChangeState, Option<i64>), Problem> {
        let db = self.db();
        let record = load(&db, id)?;
        let (state, undone_by) = self.state(&db, &record)?;
        Ok((record, state, undone_by))
    }

    /// What happened to a change that was armed; nothing when it was not.
    pub(crate) fn armed_notes(
        &self,
        id: i64,
    ) -> Result<(ChangeSummary, Vec<(ArmedEvent, ArmedNote)>), Problem> {
        let db = self.db();
        let record = load(&db, id)?;
        Ok((self.summary(&db, &record)?, record.armed))
    }

    /// The change that carried out the rest of an interrupted one, and still stands.
    pub(crate) fn finished_by(&self, id: i64) -> Result<Option<i64>, Problem> {
        finished_by(&self.db(), id)
    }

    /// Changes among the newest that nobody has finished or taken back after they were cut off.
    pub(crate) fn interrupted(&self) -> Result<Vec<ChangeSummary>, Problem> {
        const LOOKED_AT: i64 = 1000;
        let db = self.db();
        let sql = "SELECT change FROM (SELECT change FROM event WHERE kind = 'begin' ORDER BY change DESC LIMIT ?1) b \
                   WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.change = b.change AND e.kind = 'end')";
        let mut statement = db.prepare_cached(sql).map_err(unreadable)?;
        let ids = statement
            .query_map([LOOKED_AT], |row| row.get(0))
            .and_then(Iterator::collect::<Result<Vec<i64>, _>>)
            .map_err(unreadable)?;
        let mut found = Vec::new();
        for id in ids {
            let summary = self.summary(&db, &load(&db, id)?)?;
            found.extend((summary.state == ChangeState::Interrupted).then_some(summary));
        }
        Ok(found)
    }

    fn summary(&self, db: &Connection, record: &Record) -> Result<ChangeSummary, Problem> {
        let (state, undone_by) = self.state(db, record)?;
        let begin = &record.begin;
        let finished_by = finished_by(db, record.id)?;
        let stands = matches!(state, ChangeState::Done | ChangeState::Failed | ChangeState::Interrupted);
        Ok(ChangeSummary {
            id: record.id,
            time: record.time,
            user: begin.user.clone(),
            origin: begin.origin.clone(),
            verb: begin.verb.clone(),
            path: begin.path.clone(),
            command: begin.command.clone(),
            summary: begin.plan.summary.clone(),
            upid: begin.upid.clone(),
            state,
            touched: begin.files.iter().map(|file| file.path.clone()).collect(),
            error: record.end.as_ref().and_then(|end| end.error.clone()),
            undoes: begin.undoes,
            undone_by,
            finishes: begin.finishes,
            finished_by,
            reversible: u8::from(stands && finished_by.is_none() && is_reversible(record)),
        })
    }

    fn state(&self, db: &Connection, record: &Record) -> Result<(ChangeState, Option<i64>), Problem> {
        let last = record.armed.last().map(|(event, _)| *event);
        if last == Some(ArmedEvent::Reverted)
            && !record.end.as_ref().is_some_and(|end| end.state == EndState::RolledBack)
        {
            return Ok((ChangeState::Reverted, None));
        }
        let ended = match &record.end {
            Some(end) => end.state,
            None if Tasks::new(self.host.clone()).is_running(&record.begin.upid) => {
                return Ok((ChangeState::Running, None));
            }
            None => return interrupted(db, record.id),
        };
        let undone_by = undone_by(db, record.id)?;
        let state = match (ended, undone_by) {
            (EndState::Done | EndState::Failed, Some(_)) => ChangeState::Undone,
            (EndState::Done, None) if last == Some(ArmedEvent::Armed) => ChangeState::Armed,
            (EndState::Done, None) => ChangeState::Done,
            (EndState::Failed, None) if finished_by(db, record.id)?.is_some() => ChangeState::Done,
            (EndState::Failed, None) => ChangeState::Failed,
            (EndState::RolledBack, _) => ChangeState::RolledBack,
        };
        Ok((state, undone_by))
    }
}

fn interrupted(db: &Connection, id: i64) -> Result<(ChangeState, Option<i64>), Problem> {
    if finished_by(db, id)?.is_some() {
        return Ok((ChangeState::Done, None));
    }
    let undone_by = undone_by(db, id)?;
    let state = if undone_by.is_some() { ChangeState::Undone } else { ChangeState::Interrupted };
    Ok((state, undone_by))
}

fn finished_by(db: &Connection, id: i64) -> Result<Option<i64>, Problem> {
    follower(db, id, "finishes")
}

/// The change that took this one back and still stands.
fn undone_by(db: &Connection, id: i64) -> Result<Option<i64>, Problem> {
    follower(db, id, "undoes")
}

/// The newest change that names this one in that way, is done, and was not taken back itself.
fn follower(db: &Connection, id: i64, relation: &str) -> Result<Option<i64>, Problem> {
    let sql = &format!(
        "SELECT change FROM event WHERE kind = 'begin' AND json_extract(body, '$.{relation}') = ?1 \
         AND change > ?1 ORDER BY change DESC"
    );
    let mut statement = db.prepare_cached(sql).map_err(unreadable)?;
    let candidates = statement
        .query_map([id], |row| row.get(0))
        .and_then(Iterator::collect::<Result<Vec<i64>, _>>)
        .map_err(unreadable)?;
    drop(statement);
    for candidate in candidates {
        let done = load_end(db, candidate)?.is_some_and(|end| end.state == EndState::Done);
        // a later change can only be taken back by one that is later still, so this ends
        if done && undone_by(db, candidate)?.is_none() {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

fn condition(filter: &HistoryFilter) -> (String, Vec<Sql>) {
    let mut condition = "kind = 'begin'".to_owned();
    let mut values: Vec<Sql> = Vec::new();
    let mut also = |sql: &str, value: Sql| {
        condition.push_str(" AND ");
        condition.push_str(sql);
        values.push(value);
    };
    if let Some(user) = &filter.user {
        also("json_extract(body, '$.user') = ?", user.clone().into());
    }
    if let Some(file) = &filter.file {
        also("change IN (SELECT change FROM touched WHERE path = ?)", file.clone().into());
    }
    if let Some(since) = filter.since {
        also("time >= ?", since.into());
    }
    if let Some(until) = filter.until {
        also("time <= ?", until.into());
    }
    (condition, values)
}

fn load(db: &Connection, id: i64) -> Result<Record, Problem> {
    let begin: Option<(i64, String)> = db
        .prepare_cached("SELECT time, body FROM event WHERE change = ?1 AND kind = 'begin'")
        .and_then(|mut statement| {
            statement.query_row(params![id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(unreadable)?;
    let Some((time, body)) = begin else {
        return Err(Problem::NotFound(format!("no such change '{id}'")));
    };
    let begin: Begin = serde_json::from_str(&body).map_err(|error| malformed(id, error))?;
    let steps = load_steps(db, id, begin.plan.steps.len())?;
    Ok(Record { id, time, begin, end: load_end(db, id)?, steps, armed: load_armed(db, id)? })
}

fn load_armed(db: &Connection, id: i64) -> Result<Vec<(ArmedEvent, ArmedNote)>, Problem> {
    let sql = "SELECT kind, body FROM event WHERE change = ?1 \
               AND kind IN ('armed', 'confirmed', 'reverted', 'stuck') ORDER BY seq";
    let mut statement = db.prepare_cached(sql).map_err(unreadable)?;
    let events = statement
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect::<Result<Vec<(String, String)>, _>>)
        .map_err(unreadable)?;
    let parse = |(kind, body): (String, String)| {
        let event = ArmedEvent::ALL.into_iter().find(|event| event.kind() == kind)?;
        Some(serde_json::from_str(&body).map(|note| (event, note)).map_err(|error| malformed(id, error)))
    };
    events.into_iter().filter_map(parse).collect()
}

fn load_end(db: &Connection, id: i64) -> Result<Option<End>, Problem> {
    let body: Option<String> = db
        .prepare_cached("SELECT body FROM event WHERE change = ?1 AND kind = 'end'")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional())
        .map_err(unreadable)?;
    body.map(|body| serde_json::from_str(&body).map_err(|error| malformed(id, error))).transpose()
}

fn load_steps(db: &Connection, id: i64, count: usize) -> Result<Vec<(StepState, StepBody)>, Problem> {
    let mut steps: Vec<_> =
        (0..count).map(|step| (StepState::Pending, StepBody { step, ..StepBody::default() })).collect();
    let sql = "SELECT kind, body FROM event WHERE change = ?1 AND kind LIKE 'step-%' ORDER BY seq";
    let mut statement = db.prepare_cached(sql).map_err(unreadable)?;
    let events = statement
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect::<Result<Vec<(String, String)>, _>>)
        .map_err(unreadable)?;
    for (kind, body) in events {
        let body: StepBody = serde_json::from_str(&body).map_err(|error| malformed(id, error))?;
        let Some((state, known)) = steps.get_mut(body.step) else { continue };
        *state = match kind.as_str() {
            "step-start" => StepState::Started,
            "step-done" => StepState::Done,
            "step-failed" => StepState::Failed,
            "step-taken-back" => StepState::TakenBack,
            _ => continue,
        };
        known.produced.extend(body.produced);
        known.error = body.error.or(known.error.take());
    }
    Ok(steps)
}

fn changed_file(host: &dyn Host, file: &FileRecord, begin: &Begin) -> ChangedFile {
    let changes: Vec<&FileChange> = begin.plan.files().filter(|change| change.path == file.path).collect();
    let diff = match (changes.first(), changes.last()) {
        (Some(first), Some(last)) => render::file_diff(&FileChange {
            before: first.before.clone(),
            after: last.after.clone(),
            secret: file.secret,
            ..(*first).clone()
        }),
        _ => String::new(),
    };
    ChangedFile {
        path: file.path.clone(),
        before_digest: file.before,
        after_digest: file.after,
        diff,
        now: file_now(host, file),
    }
}

fn file_now(host: &dyn Host, file: &FileRecord) -> FileNow {
    if file.secret {
        return FileNow::Unknown;
    }
    let now = match host.read(&file.path, CONFIG_LIMIT) {
        Ok(bytes) => Some(Digest::of(&bytes)),
        Err(HostError::NotFound { .. }) => None,
        Err(_) => return FileNow::Unknown,
    };
    if now == file.after {
        FileNow::New
    } else if now == file.before {
        FileNow::Old
    } else {
        FileNow::Other
    }
}
