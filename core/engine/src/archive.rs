//! Old events of the journal, put aside so that the journal stays small.
//!
//! An archive is a file of JSON lines, `/var/lib/innkeeper/archive/journal-FIRST-LAST.jsonl`: the events with these numbers
//! as they were, hashes included. The journal remembers the last of them in its table `anchor`, so the chain goes on. When
//! the archives become too many, the oldest are removed, and the journal says so.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, Permissions};
use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::audit::{AuditKind, AuditNote, AuditOutcome};
use crate::chain::{ChainBreak, Link};
use crate::failpoint::moment;
use crate::journal::{BUSY, Journal, LOCK, in_transaction, unreadable};

pub(crate) const DIRECTORY: &str = "/var/lib/innkeeper/archive";
const PRIVATE: Permissions = Permissions { mode: 0o600, owner: None };
const CHUNK: usize = 1024 * 1024;
/// A line holds a plan with the files that it changes.
const LONGEST_LINE: usize = 64 * 1024 * 1024;
/// What is younger stays in the journal, whatever its size: it may still go on.
const YOUNGEST: i64 = 24 * 60 * 60;

/// How large the journal and its archives may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Bytes in use in the journal beyond which its older half is put into an archive.
    pub journal: u64,
    /// Bytes of all archives beyond which the oldest are removed.
    pub archives: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { journal: 32 * 1024 * 1024, archives: 1024 * 1024 * 1024 }
    }
}

/// The event that the journal begins behind.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) seq: i64,
    /// The newest change that was begun before it.
    pub(crate) changes: i64,
    pub(crate) hash: String,
}

/// One archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Archive {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// All archives.
pub(crate) struct Archives;

impl Archives {
    /// Those that hold events up to this number, oldest first. One that reaches further was written by somebody who died
    /// before the journal knew of it: its events are still there.
    pub(crate) fn up_to(host: &dyn Host, seq: i64) -> Result<Vec<Archive>, Problem> {
        let entries = match host.list_dir(Utf8Path::new(DIRECTORY)) {
            Ok(entries) => entries,
            Err(HostError::NotFound { .. }) => return Ok(Vec::new()),
            Err(other) => return Err(other.into()),
        };
        let mut all: Vec<Archive> = entries.iter().filter_map(|entry| Archive::parse(&entry.name)).collect();
        all.retain(|archive| archive.last <= seq);
        all.sort_by_key(|archive| archive.first);
        Ok(all)
    }
}

impl Archive {
    fn parse(name: &str) -> Option<Self> {
        let numbers = name.strip_prefix("journal-")?.strip_suffix(".jsonl")?;
        let (first, last) = numbers.split_once('-')?;
        Some(Self { first: first.parse().ok()?, last: last.parse().ok()? })
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{DIRECTORY}/journal-{:012}-{:012}.jsonl", self.first, self.last))
    }

    /// Hands over every event, in order, until one is refused.
    pub(crate) fn each(
        &self,
        host: &dyn Host,
        take: &mut dyn FnMut(&Link) -> Result<(), ChainBreak>,
    ) -> Result<Result<(), ChainBreak>, Problem> {
        let mut lines = self.lines(host);
        let mut seq = self.first;
        while let Some(line) = lines.next()? {
            let Ok(link) = serde_json::from_slice::<Link>(&line) else {
                let reason = format!("{} is damaged there", self.path());
                return Ok(Err(ChainBreak { seq, reason }));
            };
            if let Err(broken) = take(&link) {
                return Ok(Err(broken));
            }
            seq = link.seq + 1;
        }
        match seq == self.last + 1 {
            true => Ok(Ok(())),
            false => Ok(Err(ChainBreak { seq, reason: format!("{} ends before it", self.path()) })),
        }
    }

    pub(crate) fn lines<'h>(&self, host: &'h dyn Host) -> Lines<'h> {
        Lines { host, path: self.path(), offset: 0, pending: Vec::new(), at: 0 }
    }
}

/// The lines of a file, without having all of it in memory.
pub(crate) struct Lines<'h> {
    host: &'h dyn Host,
    path: Utf8PathBuf,
    offset: u64,
    pending: Vec<u8>,
    at: usize,
}

impl Lines<'_> {
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.pending[self.at..]) {
                let line = self.pending[self.at..self.at + end].to_vec();
                self.at += end + 1;
                return Ok(Some(line));
            }
            self.pending.drain(..self.at);
            self.at = 0;
            if self.pending.len() > LONGEST_LINE {
                return Err(Problem::failed(format!("{}: a line without an end", self.path)));
            }
            let bytes = self.host.read_at(&self.path, self.offset, CHUNK)?;
            if bytes.is_empty() {
                let rest = std::mem::take(&mut self.pending);
                return Ok(Some(rest).filter(|rest| !rest.is_empty()));
            }
            self.offset += bytes.len() as u64;
            self.pending.extend(bytes);
        }
    }
}

impl Journal {
    pub(crate) fn anchor(&self) -> Result<Option<Anchor>, Problem> {
        self.db()
            .query_row("SELECT seq, changes, hash FROM anchor", [], |row| {
                Ok(Anchor { seq: row.get(0)?, changes: row.get(1)?, hash: row.get(2)? })
            })
            .optional()
            .map_err(unreadable)
    }

    /// Puts the older half of the journal into an archive when it has become too large, and removes the oldest archives when
    /// they have. Killed at any moment and run again, it loses no event.
    ///
    /// # Errors
    /// When the journal cannot be read, or an archive cannot be written.
    pub fn rotate(&self, retention: Retention) -> Result<(), Problem> {
        if self.bytes_in_use()? > retention.journal {
            let _lock = self.host.lock(Utf8Path::new(LOCK), BUSY)?;
            self.archive_older_half()?;
            self.remove_oldest(retention.archives)?;
        }
        Ok(())
    }

    fn bytes_in_use(&self) -> Result<u64, Problem> {
        let db = self.db();
        let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let pages = pragma("page_count").and_then(|all| Ok(all - pragma("freelist_count")?));
        let bytes = pages.and_then(|pages| Ok(pages * pragma("page_size")?)).map_err(unreadable)?;
        Ok(u64::try_from(bytes).unwrap_or_default())
    }

    fn archive_older_half(&self) -> Result<(), Problem> {
        let anchored = self.anchor()?.map_or(0, |anchor| anchor.seq);
        let Some(last) = self.cut(anchored)? else { return Ok(()) };
        self.host.make_dirs(Utf8Path::new(DIRECTORY), Permissions { mode: 0o700, owner: None })?;
        // whoever died here left an archive of events that the journal still has
        for unknown in Archives::up_to(&*self.host, i64::MAX)?.iter().filter(|one| one.last > anchored) {
            self.host.remove_own(&unknown.path())?;
        }
        let archive = Archive { first: anchored + 1, last };
        let mut text = String::new();
        let mut next = archive.first;
        while next <= last {
            let links = self.links_from(next, 500.min(last - next + 1))?;
            let Some(newest) = links.last() else { break };
            next = newest.seq + 1;
            links.iter().for_each(|link| text.push_str(&link.line()));
        }
        self.host.write_own(&archive.path(), text.as_bytes(), PRIVATE)?;
        moment("journal::after-archive");
        self.forget_up_to(last)?;
        moment("journal::after-forgetting");
        self.audit(&[note(format!("events {} to {last} of the journal were archived", archive.first))])
    }

    /// The last event to be put aside: in the middle of the journal, old enough, and so that no change has events on both
    /// sides.
    fn cut(&self, anchored: i64) -> Result<Option<i64>, Problem> {
        let db = self.db();
        let oldest = self.host.now().saturating_sub(YOUNGEST);
        // by number, so that a clock that was set back does not take the younger before the older
        let young: Option<i64> = db
            .query_row("SELECT min(seq) FROM event WHERE time > ?1", [oldest], |row| row.get(0))
            .map_err(unreadable)?;
        let middle: i64 = db
            .query_row("SELECT coalesce((min(seq) + max(seq)) / 2, 0) FROM event", [], |row| row.get(0))
            .map_err(unreadable)?;
        let mut cut = young.map_or(middle, |young| middle.min(young - 1));
        loop {
            let straddler: Option<i64> = db
                .query_row(
                    "SELECT min(b.seq) FROM event b WHERE b.kind = 'begin' AND b.seq <= ?1 AND EXISTS \
                     (SELECT 1 FROM event x WHERE x.change = b.change AND x.seq > ?1)",
                    [cut],
                    |row| row.get(0),
                )
                .map_err(unreadable)?;
            match straddler {
                Some(begin) => cut = begin - 1,
                None => return Ok(Some(cut).filter(|cut| *cut > anchored)),
            }
        }
    }

    fn forget_up_to(&self, last: i64) -> Result<(), Problem> {
        let forget = |transaction: &Transaction<'_>| {
            transaction.execute(
                "INSERT OR REPLACE INTO anchor (only, seq, changes, hash) SELECT 1, seq, \
                 max((SELECT coalesce(max(change), 0) FROM event WHERE seq <= ?1), \
                     (SELECT coalesce(max(changes), 0) FROM anchor)), hash FROM event WHERE seq = ?1",
                [last],
            )?;
            // only what is in an archive may go, and only here
            transaction.execute_batch("DROP TRIGGER event_stays")?;
            transaction.execute(
                "DELETE FROM touched WHERE change IN (SELECT change FROM event WHERE seq <= ?1 AND kind = 'begin')",
                params![last],
            )?;
            transaction.execute("DELETE FROM event WHERE seq <= ?1", params![last])?;
            transaction.execute_batch(
                "CREATE TRIGGER event_stays BEFORE DELETE ON event \
                 BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END",
            )
        };
        in_transaction(&mut self.db(), forget).map_err(unreadable)
    }

    fn remove_oldest(&self, limit: u64) -> Result<(), Problem> {
        let anchored = self.anchor()?.map_or(0, |anchor| anchor.seq);
        let archives = Archives::up_to(&*self.host, anchored)?;
        let mut total = 0;
        for archive in archives.iter().rev() {
            total += self.host.metadata(&archive.path())?.map_or(0, |found| found.size);
            if total > limit {
                self.audit(&[note(format!(
                    "the archive of events {} to {} is removed: the archives have become too large",
                    archive.first, archive.last
                ))])?;
                self.host.remove_own(&archive.path())?;
            }
        }
        Ok(())
    }
}

/// What became of the journal itself.
pub(crate) fn note(what: String) -> AuditNote {
    AuditNote {
        kind: AuditKind::Archive,
        user: "root@pam".to_owned(),
        origin: "daemon".to_owned(),
        what,
        outcome: AuditOutcome::Ok,
        reason: None,
        count: None,
    }
}
