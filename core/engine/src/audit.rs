//! The audit: who came, who was refused, and what was done besides the changes that have a plan.
//!
//! Each is an event of the journal, in the same chain as the changes. Strangers can cause refusals at will, so those are
//! limited: so many a minute are written one by one, the rest of the minute is written as a number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use innkeeper_change::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::Engine;

/// Refusals that are written one by one in a minute.
const SINGLY: u32 = 20;
/// Kinds of refusals in a minute that are counted apart; all others are counted together.
const COUNTED: usize = 20;
/// How long refusals are counted before the number is written.
const MINUTE: Duration = Duration::from_secs(60);
/// A token that is used from one address is written down this often.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Tokens and addresses that are remembered; a world of more starts anew.
const REMEMBERED: usize = 10_000;
/// No name, address or reason is longer.
const LONGEST: usize = 512;

/// What an entry of the audit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuditKind {
    /// Somebody logged in, renewed a ticket, or tried to.
    Login,
    /// A session ended.
    Logout,
    /// An API token was used: once an hour for each token and address.
    Token,
    /// A call was refused: nobody known, a wrong secret, or a privilege that is missing.
    Refusal,
    /// Something was done that no plan describes: a task was stopped, say.
    Act,
    /// The machine was changed; the history has it in full.
    Change,
    /// An armed change was confirmed.
    Confirm,
    /// An armed change was taken back, or could not be.
    Revert,
    /// Old entries of the journal were put into an archive, or an archive was removed.
    Archive,
}

impl AuditKind {
    /// As parameters and answers name it.
    pub const NAMES: &'static [&'static str] =
        &["login", "logout", "token", "refusal", "act", "change", "confirm", "revert", "archive"];
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuditOutcome {
    /// As wanted.
    Ok,
    /// Not allowed.
    Refused,
    /// It went wrong.
    Failed,
    /// Whoever does it is at it still, or died over it.
    Unfinished,
}

impl AuditOutcome {
    /// As parameters and answers name it.
    pub const NAMES: &'static [&'static str] = &["ok", "refused", "failed", "unfinished"];
}

/// One thing to be written down: the body of an event `audit`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuditNote {
    /// What it is about.
    pub kind: AuditKind,
    /// Who, as far as they are known; of a refused login the name that was claimed.
    pub user: String,
    /// From where.
    pub origin: String,
    /// What was asked for, without secrets.
    pub what: String,
    /// How it went.
    pub outcome: AuditOutcome,
    /// Why it went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often, when it is more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl AuditNote {
    fn shortened(mut self) -> Self {
        for text in [&mut self.user, &mut self.origin, &mut self.what].into_iter().chain(&mut self.reason) {
            text.truncate(text.floor_char_boundary(LONGEST));
        }
        self
    }
}

/// What strangers do is counted here before it is written.
#[derive(Debug, Default)]
pub(crate) struct Auditor(Mutex<Counting>);

#[derive(Debug, Default)]
struct Counting {
    /// When this minute began.
    since: Option<Duration>,
    /// How many refusals of this minute were written one by one.
    singly: u32,
    counted: BTreeMap<AuditNote, u64>,
    /// Tokens and addresses of this hour.
    hour: Option<Duration>,
    tokens: BTreeSet<(String, String)>,
}

impl Counting {
    /// Ends the minute when it is over; what was counted in it is to be written.
    fn roll(&mut self, now: Duration) -> Vec<AuditNote> {
        if self.since.is_some_and(|since| now.saturating_sub(since) < MINUTE) {
            return Vec::new();
        }
        self.since = None;
        self.singly = 0;
        let counted = std::mem::take(&mut self.counted).into_iter();
        counted.map(|(note, count)| AuditNote { count: Some(count), ..note }).collect()
    }

    /// Writes it now, or counts it.
    fn refused(&mut self, now: Duration, note: AuditNote) -> Option<AuditNote> {
        self.since.get_or_insert(now);
        // who shows nothing is refused nothing: pages ask whether they are logged in
        if !note.user.is_empty() && self.singly < SINGLY {
            self.singly += 1;
            return Some(note);
        }
        let apart = AuditNote { reason: None, ..note };
        let key = if self.counted.contains_key(&apart) || self.counted.len() < COUNTED {
            apart
        } else {
            let various = "various".to_owned();
            AuditNote { user: various.clone(), origin: various.clone(), what: various, ..apart }
        };
        *self.counted.entry(key).or_default() += 1;
        None
    }

    fn is_new_token(&mut self, now: Duration, token: &str, origin: &str) -> bool {
        let is_over = self.hour.is_none_or(|since| now.saturating_sub(since) >= HOUR);
        if is_over || self.tokens.len() >= REMEMBERED {
            self.tokens.clear();
            self.hour = Some(now);
        }
        self.tokens.insert((token.to_owned(), origin.to_owned()))
    }
}

impl Engine {
    /// Writes something down. What strangers can cause at will is limited to some entries a minute, the rest is counted.
    pub fn audit(&self, note: AuditNote) {
        let now = self.host().monotonic();
        let note = note.shortened();
        let mut counting = self.auditor().0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = counting.roll(now);
        match (note.kind, note.outcome) {
            (_, AuditOutcome::Refused) => due.extend(counting.refused(now, note)),
            (AuditKind::Token, _) => {
                let is_new = counting.is_new_token(now, &note.user, &note.origin);
                due.extend(is_new.then_some(note));
            }
            _ => due.push(note),
        }
        drop(counting);
        self.write_audit(&due);
    }

    /// Writes what was counted, once its minute is over. For whoever keeps the house.
    pub fn flush_audit(&self) {
        let now = self.host().monotonic();
        let due = self.auditor().0.lock().unwrap_or_else(PoisonError::into_inner).roll(now);
        self.write_audit(&due);
    }

    fn write_audit(&self, notes: &[AuditNote]) {
        if notes.is_empty() {
            return;
        }
        if let Err(problem) = self.journal().and_then(|journal| journal.audit(notes)) {
            // nobody is kept out because it cannot be written down that they came: the log of the service has it then
            tracing::warn!(%problem, ?notes, "the audit could not be written");
        }
    }
}

/// One entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct AuditEntry {
    /// Number of the event in the journal.
    pub id: i64,
    /// When, in seconds since 1970.
    pub time: i64,
    /// What it is about.
    #[schema(value_type = AuditKind)]
    pub kind: String,
    /// Who. Empty when nobody said; `various` where many were counted together.
    pub user: String,
    /// From where: an address, `command line`, `timer`.
    pub origin: String,
    /// What was asked for.
    pub what: String,
    /// How it went.
    #[schema(value_type = AuditOutcome)]
    pub outcome: String,
    /// Why it went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often, when that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// The change in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<i64>,
}

/// Which entries are listed, newest first. All conditions hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// How many matching entries are left out at the beginning.
    pub start: u64,
    /// How many are returned at most.
    pub limit: u64,
    /// Only by this user or token.
    pub user: Option<String>,
    /// Only from this address.
    pub origin: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only with this outcome.
    pub outcome: Option<String>,
    /// Only from this time on, in seconds since 1970.
    pub since: Option<i64>,
    /// Only up to this time.
    pub until: Option<i64>,
}

/// What the audit shows of an event, whatever its kind is.
const ENTRIES: &str = "
    SELECT seq, time, user, origin, kind, what, outcome, reason, count, change FROM (
        SELECT e.seq, e.time,
            json_extract(e.body, '$.user') AS user,
            json_extract(e.body, '$.origin') AS origin,
            CASE e.kind WHEN 'audit' THEN json_extract(e.body, '$.kind') WHEN 'begin' THEN 'change'
                WHEN 'confirmed' THEN 'confirm' ELSE 'revert' END AS kind,
            CASE e.kind WHEN 'audit' THEN json_extract(e.body, '$.what')
                WHEN 'begin' THEN json_extract(e.body, '$.plan.summary')
                ELSE (SELECT json_extract(b.body, '$.plan.summary') FROM event b
                    WHERE b.change = e.change AND b.kind = 'begin') END AS what,
            CASE e.kind WHEN 'audit' THEN json_extract(e.body, '$.outcome')
                WHEN 'begin' THEN coalesce((SELECT CASE json_extract(x.body, '$.state') WHEN 'done' THEN 'ok'
                    ELSE 'failed' END FROM event x WHERE x.change = e.change AND x.kind = 'end'), 'unfinished')
                WHEN 'stuck' THEN 'failed' ELSE 'ok' END AS outcome,
            CASE e.kind WHEN 'audit' THEN json_extract(e.body, '$.reason')
                WHEN 'begin' THEN (SELECT json_extract(x.body, '$.error') FROM event x
                    WHERE x.change = e.change AND x.kind = 'end')
                ELSE json_extract(e.body, '$.error') END AS reason,
            json_extract(e.body, '$.count') AS count,
            nullif(e.change, 0) AS change
        FROM event e WHERE e.kind IN ('audit', 'begin', 'confirmed', 'reverted', 'stuck'))";

impl crate::journal::Journal {
    /// A page of the audit, newest first, and how many entries match in all.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn audited(&self, filter: &AuditFilter) -> Result<(Vec<AuditEntry>, u64), Problem> {
        use rusqlite::{params_from_iter, types::Value as Sql};
        let mut condition = "TRUE".to_owned();
        let mut values: Vec<Sql> = Vec::new();
        let texts = [
            ("user", &filter.user),
            ("origin", &filter.origin),
            ("kind", &filter.kind),
            ("outcome", &filter.outcome),
        ];
        for (name, wanted) in texts {
            if let Some(wanted) = wanted {
                condition.push_str(&format!(" AND {name} = ?"));
                values.push(wanted.clone().into());
            }
        }
        for (sql, time) in [(" AND time >= ?", filter.since), (" AND time <= ?", filter.until)] {
            if let Some(time) = time {
                condition.push_str(sql);
                values.push(time.into());
            }
        }
        let db = self.db();
        let count = format!("SELECT count(*) FROM ({ENTRIES} WHERE {condition})");
        let total: i64 = db
            .query_row(&count, params_from_iter(&values), |row| row.get(0))
            .map_err(crate::journal::unreadable)?;
        let clamp = |number: u64| Sql::from(i64::try_from(number).unwrap_or(i64::MAX));
        values.extend([clamp(filter.limit), clamp(filter.start)]);
        let page = format!("{ENTRIES} WHERE {condition} ORDER BY seq DESC LIMIT ? OFFSET ?");
        let entry = |row: &rusqlite::Row<'_>| {
            let text = |index: usize| row.get::<_, Option<String>>(index).map(Option::unwrap_or_default);
            Ok(AuditEntry {
                id: row.get(0)?,
                time: row.get(1)?,
                user: text(2)?,
                origin: text(3)?,
                kind: text(4)?,
                what: text(5)?,
                outcome: text(6)?,
                reason: row.get(7)?,
                count: row.get(8)?,
                change: row.get(9)?,
            })
        };
        let entries = db
            .prepare(&page)
            .and_then(|mut statement| {
                statement.query_map(params_from_iter(&values), entry)?.collect::<Result<Vec<_>, _>>()
            })
            .map_err(crate::journal::unreadable)?;
        Ok((entries, u64::try_from(total).unwrap_or_default()))
    }
}
