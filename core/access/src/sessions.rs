//! Sessions: who is logged in, from where, since when. A ticket belongs to one and ends with it.
//!
//! They live in `/var/lib/innkeeper/sessions.db`, beside what second factors have to remember: the last code that was
//! used, and how many were wrong. Losing the file logs everybody out and loses nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_host::{Host, Permissions};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};

use crate::UserId;
use crate::secret::random;
use crate::ticket::{SessionId, TICKET_LIFETIME, hex};

const DIRECTORY: &str = "/var/lib/innkeeper";
const FILE: &str = "/var/lib/innkeeper/sessions.db";
const BUSY: Duration = Duration::from_secs(5);
/// How exactly it is known when a session was used last.
const SEEN_EVERY: i64 = 60;
/// Sessions of one user at the same time; the oldest goes.
const MOST_OF_ONE_USER: i64 = 200;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS session (
        id TEXT PRIMARY KEY, user TEXT NOT NULL, origin TEXT NOT NULL, via TEXT NOT NULL,
        created INTEGER NOT NULL, seen INTEGER NOT NULL, until INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS factor (
        user TEXT NOT NULL, id TEXT NOT NULL, step INTEGER NOT NULL, PRIMARY KEY (user, id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS lockout (
        user TEXT PRIMARY KEY, totp INTEGER NOT NULL, every INTEGER NOT NULL, until INTEGER NOT NULL
    ) STRICT;
";

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Who is logged in.
    pub user: String,
    /// From where they logged in.
    pub origin: String,
    /// With what: `password`, `password and totp`, `link`.
    pub via: String,
    /// When, in seconds since 1970.
    pub created: i64,
    /// When it was used last, to the minute.
    pub seen: i64,
    /// When it ends unless it is renewed.
    pub until: i64,
}

/// Wrong second factors of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lockout {
    /// Wrong codes in a row.
    pub totp: i64,
    /// Wrong answers of any kind in a row.
    pub every: i64,
    /// No answer is taken before this time.
    pub until: i64,
}

/// All sessions of a host.
pub struct Sessions {
    state: Mutex<State>,
}

struct State {
    db: Connection,
    /// What other processes wrote changes this.
    version: i64,
    sessions: HashMap<String, Session>,
}

impl Sessions {
    /// Opens the file, and makes it when there is none. One that is damaged is put aside; where none can be had,
    /// sessions live as long as this process.
    pub fn open(host: &Arc<dyn Host>) -> Result<Self, Problem> {
        let state = match open_file(host.as_ref()) {
            Ok(state) => state,
            Err(reason) => {
                tracing::error!(reason, "sessions cannot be kept in {FILE} and end with this process");
                State::of(Connection::open_in_memory().map_err(Problem::failed)?).map_err(Problem::failed)?
            }
        };
        Ok(Self { state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new session.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn begin(&self, user: &UserId, origin: &str, via: &str, now: i64) -> Result<SessionId, Problem> {
        let id = random()?;
        let session = Session {
            id: hex(&id),
            user: user.to_string(),
            origin: origin.chars().take(128).collect(),
            via: via.to_owned(),
            created: now,
            seen: now,
            until: now.saturating_add(TICKET_LIFETIME),
        };
        let mut state = self.state();
        state.write(|db| {
            db.execute("DELETE FROM session WHERE until < ?1", [now])?;
            db.execute(
                "DELETE FROM session WHERE user = ?1 AND id NOT IN
                     (SELECT id FROM session WHERE user = ?1 ORDER BY seen DESC, created DESC LIMIT ?2)",
                params![session.user, MOST_OF_ONE_USER - 1],
            )?;
            db.execute(
                "INSERT INTO session (id, user, origin, via, created, seen, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![session.id, session.user, session.origin, session.via, session.created, session.seen, session.until],
            )
        })?;
        Ok(id)
    }

    /// Whether a session of this user goes on.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn goes_on(&self, id: &SessionId, user: &UserId, now: i64) -> Result<bool, Problem> {
        let id = hex(id);
        let mut state = self.state();
        state.refresh()?;
        let Some(session) = state.sessions.get(&id) else { return Ok(false) };
        if session.user != user.as_str() || session.until < now {
            return Ok(false);
        }
        if now.saturating_sub(session.seen) >= SEEN_EVERY {
            let noted =
                state.write(|db| db.execute("UPDATE session SET seen = ?2 WHERE id = ?1", params![id, now]));
            if let Err(problem) = noted {
                tracing::warn!(%problem, "the use of a session is not noted");
            }
        }
        Ok(true)
    }

    /// A session goes on for the life of another ticket.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn renew(&self, id: &SessionId, now: i64) -> Result<(), Problem> {
        let until = now.saturating_add(TICKET_LIFETIME);
        let id = hex(id);
        self.state().write(|db| {
            db.execute("UPDATE session SET seen = ?2, until = ?3 WHERE id = ?1", params![id, now, until])
        })?;
        Ok(())
    }

    /// Ends a session; says whether there was one.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn end(&self, id: &str) -> Result<bool, Problem> {
        let ended = self.state().write(|db| db.execute("DELETE FROM session WHERE id = ?1", [id]))?;
        Ok(ended > 0)
    }

    /// Ends all sessions of a user but one; says how many.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn end_all(&self, user: &UserId, but: Option<&str>) -> Result<usize, Problem> {
        let but = but.unwrap_or_default();
        self.state().write(|db| {
            db.execute("DELETE FROM session WHERE user = ?1 AND id <> ?2", params![user.as_str(), but])
        })
    }

    /// The sessions that go on, the newest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self, now: i64) -> Result<Vec<Session>, Problem> {
        let mut state = self.state();
        state.refresh()?;
        let mut all: Vec<Session> =
            state.sessions.values().filter(|session| session.until >= now).cloned().collect();
        all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(all)
    }

    /// Uses a time step of a code generator up: a code that was seen once is no longer right.
    ///
    /// # Errors
    /// It cannot be written down: then the code must not be accepted.
    pub(crate) fn use_step(&self, user: &UserId, factor: &str, step: i64) -> Result<bool, Problem> {
        let changed = self.state().write(|db| {
            db.execute(
                "INSERT INTO factor (user, id, step) VALUES (?1, ?2, ?3)
                     ON CONFLICT (user, id) DO UPDATE SET step = excluded.step WHERE excluded.step > step",
                params![user.as_str(), factor, step],
            )
        })?;
        Ok(changed > 0)
    }

    /// The wrong answers of a user so far.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lockout(&self, user: &UserId) -> Result<Lockout, Problem> {
        let state = self.state();
        let found = state.db.query_row(
            "SELECT totp, every, until FROM lockout WHERE user = ?1",
            [user.as_str()],
            |row| Ok(Lockout { totp: row.get(0)?, every: row.get(1)?, until: row.get(2)? }),
        );
        Ok(found.optional().map_err(unreadable)?.unwrap_or_default())
    }

    /// Notes the wrong answers of a user; the default forgets them.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn set_lockout(&self, user: &UserId, lockout: Lockout) -> Result<(), Problem> {
        self.state().write(|db| {
            db.execute(
                "INSERT OR REPLACE INTO lockout (user, totp, every, until) VALUES (?1, ?2, ?3, ?4)",
                params![user.as_str(), lockout.totp, lockout.every, lockout.until],
            )
        })?;
        Ok(())
    }
}

impl State {
    fn of(db: Connection) -> rusqlite::Result<Self> {
        db.busy_timeout(BUSY)?;
        db.execute_batch(SCHEMA)?;
        let mut state = Self { db, version: 0, sessions: HashMap::new() };
        state.load()?;
        Ok(state)
    }

    fn load(&mut self) -> rusqlite::Result<()> {
        self.version = self.current()?;
        let mut statement =
            self.db.prepare("SELECT id, user, origin, via, created, seen, until FROM session")?;
        let rows = statement.query_map([], |row| {
            Ok(Session {
                id: row.get(0)?,
                user: row.get(1)?,
                origin: row.get(2)?,
                via: row.get(3)?,
                created: row.get(4)?,
                seen: row.get(5)?,
                until: row.get(6)?,
            })
        })?;
        let all: HashMap<String, Session> =
            rows.map(|row| row.map(|session| (session.id.clone(), session))).collect::<Result<_, _>>()?;
        drop(statement);
        self.sessions = all;
        Ok(())
    }

    /// Changes when another process has written; what this one writes is known already.
    fn current(&self) -> rusqlite::Result<i64> {
        self.db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
    }

    fn refresh(&mut self) -> Result<(), Problem> {
        if self.current().map_err(unreadable)? == self.version {
            return Ok(());
        }
        self.load().map_err(unreadable)
    }

    fn write<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Problem> {
        let transaction = self
            .db
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(unreadable)?;
        let outcome = work(&transaction).map_err(unreadable)?;
        transaction.commit().map_err(unreadable)?;
        self.load().map_err(unreadable)?;
        Ok(outcome)
    }
}

fn unreadable(error: rusqlite::Error) -> Problem {
    Problem::failed(format!("{FILE}: {error}"))
}

fn open_file(host: &dyn Host) -> Result<State, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    host.make_dirs(Utf8Path::new(DIRECTORY), Permissions { mode: 0o700, owner: None })
        .map_err(|error| text(&error))?;
    let path = host.library_path(Utf8Path::new(FILE)).map_err(|error| text(&error))?;
    let open = || Connection::open(path.as_std_path()).and_then(State::of);
    match open() {
        Ok(state) => Ok(state),
        Err(error) if is_damaged(&error) => {
            let aside = Utf8PathBuf::from(format!("{FILE}.damaged-{}", host.now()));
            tracing::error!(%error, "{FILE} is damaged: kept as {aside}, logins begin anew");
            host.rename(Utf8Path::new(FILE), &aside).map_err(|error| text(&error))?;
            host.remove_own(&Utf8PathBuf::from(format!("{FILE}-journal"))).map_err(|error| text(&error))?;
            open().map_err(|error| text(&error))
        }
        Err(error) => Err(text(&error)),
    }
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
        || matches!(error, rusqlite::Error::InvalidColumnType(..))
}
