//! Following the chain of the journal, from the oldest archive to the newest event.

use innkeeper_change::Problem;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::archive::Archives;
use crate::journal::{AUDIT, Journal, ORIGIN, hash, unreadable};

/// So many events are read before others may use the journal again.
const BATCH: i64 = 500;

/// What the chain of the journal proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainReport {
    /// How many events it has, those in archives included.
    pub events: i64,
    /// How many changes they tell of.
    pub changes: i64,
    /// The number of the first event: 1, unless archives were removed.
    pub first: i64,
    /// How many of the events are in archives.
    pub archived: i64,
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

impl Journal {
    /// Follows the chain from the first event that is kept to the newest. Others can use the journal meanwhile.
    ///
    /// # Errors
    /// The first event that is not as it was written.
    pub fn verify_chain(&self) -> Result<ChainReport, ChainBreak> {
        let mut chain = Chain::default();
        let (anchor, archives) = loop {
            let anchor = self.anchor().map_err(|problem| chain.cannot_go_on(problem))?;
            let archives = Archives::up_to(&*self.host, anchor.as_ref().map_or(0, |anchor| anchor.seq))
                .map_err(|problem| chain.cannot_go_on(problem))?;
            chain.begins_late = archives.first().is_some_and(|archive| archive.first > 1);
            let mut missing = None;
            for archive in &archives {
                let followed = archive.each(&*self.host, &mut |link| chain.follow(link));
                match followed {
                    Ok(Ok(())) => {}
                    Ok(Err(broken)) => return Err(broken),
                    Err(problem) => missing = Some(problem),
                }
            }
            // an archive may be removed by its age while it is looked for
            let Some(problem) = missing else { break (anchor, archives) };
            let now = Archives::up_to(&*self.host, anchor.as_ref().map_or(0, |anchor| anchor.seq));
            if now.is_ok_and(|now| now.len() == archives.len()) {
                return Err(chain.cannot_go_on(problem));
            }
            chain = Chain::default();
        };
        chain.report.archived = chain.report.events;
        if let Some(anchor) = anchor {
            if archives.is_empty() {
                chain.begin_behind(anchor.seq, anchor.changes, &anchor.hash);
            } else if chain.next != anchor.seq + 1 || chain.report.head != anchor.hash {
                return Err(chain.broken("the archives do not lead up to it"));
            }
        }
        loop {
            let links = self.links_from(chain.next, BATCH).map_err(|problem| chain.cannot_go_on(problem))?;
            if links.is_empty() {
                return self.ends_here(chain);
            }
            for link in &links {
                chain.follow(link)?;
            }
        }
    }

    /// Nothing comes behind the newest event; a gap would end the chain too early.
    fn ends_here(&self, chain: Chain) -> Result<ChainReport, ChainBreak> {
        let behind = self.newest_seq().map_err(|problem| chain.cannot_go_on(problem))?;
        if behind >= chain.next {
            return Err(ChainBreak { seq: behind, reason: "the events before it are missing".to_owned() });
        }
        Ok(chain.report)
    }

    /// Events in order, from this number on; those behind a gap are not skipped to.
    pub(crate) fn links_from(&self, seq: i64, limit: i64) -> Result<Vec<Link>, Problem> {
        let db = self.db();
        let mut statement = db
            .prepare_cached(
                "SELECT seq, change, time, kind, body, prev, hash FROM event WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
            )
            .map_err(unreadable)?;
        statement
            .query_map([seq, limit], Link::read)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(unreadable)
    }

    fn newest_seq(&self) -> Result<i64, Problem> {
        let newest = self.db().query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0));
        newest.map_err(unreadable)
    }
}

/// One event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Link {
    pub(crate) seq: i64,
    pub(crate) change: i64,
    pub(crate) time: i64,
    pub(crate) kind: String,
    #[serde(deserialize_with = "as_text")]
    pub(crate) body: String,
    pub(crate) prev: String,
    pub(crate) hash: String,
}

/// Members keep their order, so an object that was written by this program gives the same text again.
fn as_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    serde_json::Value::deserialize(deserializer).map(|body| body.to_string())
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

    /// One line of JSON. The body is JSON already and stands there as it is, so that its hash can be checked.
    pub(crate) fn line(&self) -> String {
        let Self { seq, change, time, kind, body, prev, hash } = self;
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let whole = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
        // somebody may have altered it: the line is JSON nevertheless
        let body = if whole { body.clone() } else { text(body) };
        let (kind, prev, hash) = (text(kind), text(prev), text(hash));
        format!(
            "{{\"seq\":{seq},\"change\":{change},\"time\":{time},\"kind\":{kind},\"body\":{body},\"prev\":{prev},\"hash\":{hash}}}\n"
        )
    }
}

/// Which change was the newest is not known before the first one begins.
const UNKNOWN: i64 = i64::MAX;

/// A chain that is followed.
struct Chain {
    report: ChainReport,
    /// The number that the next event must have.
    next: i64,
    /// The newest change that was begun.
    newest: i64,
    /// The first line of the oldest archive comes next, and what lay before it was removed.
    begins_late: bool,
}

impl Default for Chain {
    fn default() -> Self {
        let head = ORIGIN.to_owned();
        let report = ChainReport { events: 0, changes: 0, first: 1, archived: 0, head };
        Self { report, next: 1, newest: 0, begins_late: false }
    }
}

impl Chain {
    /// What lies before was removed with its archives.
    fn begin_behind(&mut self, seq: i64, changes: i64, head: &str) {
        self.next = seq + 1;
        self.report.first = seq + 1;
        self.newest = changes;
        self.report.head = head.to_owned();
    }

    fn broken(&self, reason: &str) -> ChainBreak {
        ChainBreak { seq: self.next, reason: reason.to_owned() }
    }

    fn cannot_go_on(&self, problem: impl std::fmt::Display) -> ChainBreak {
        self.broken(&problem.to_string())
    }

    fn follow(&mut self, link: &Link) -> Result<(), ChainBreak> {
        let broken = |reason: &str| Err(ChainBreak { seq: link.seq, reason: reason.to_owned() });
        let begins = link.kind == "begin";
        if std::mem::take(&mut self.begins_late) {
            self.begin_behind(link.seq - 1, UNKNOWN, &link.prev);
        }
        if link.seq != self.next {
            return broken("the events before it are missing");
        }
        if link.prev != self.report.head {
            return broken("it does not follow the event before it");
        }
        if link.hash != hash(&link.prev, link.change, link.time, &link.kind, &link.body) {
            return broken("its content does not match its hash");
        }
        if begins && self.newest == UNKNOWN {
            self.newest = link.change - 1;
        }
        let in_order = match link.kind.as_str() {
            "begin" => link.change == self.newest + 1,
            AUDIT => link.change == 0,
            _ => (1..=self.newest).contains(&link.change),
        };
        if !in_order {
            return broken("it belongs to a change that was never begun");
        }
        self.next += 1;
        self.newest = if begins { link.change } else { self.newest };
        self.report.events += 1;
        self.report.changes += i64::from(begins);
        self.report.head.clone_from(&link.hash);
        Ok(())
    }
}
