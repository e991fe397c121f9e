//! The journal as JSON lines, event by event, for whoever keeps it elsewhere.

use std::collections::VecDeque;
use std::sync::Arc;

use innkeeper_change::Problem;
use innkeeper_host::Host;

use crate::archive::{Archive, Archives};
use crate::chain::Link;
use crate::journal::Journal;

/// So many events are in memory at a time.
const BATCH: i64 = 200;

/// The events of the journal from the oldest archive to the newest, one line of JSON each, with its newline.
pub struct Export {
    journal: Journal,
    archives: VecDeque<Archive>,
    ready: VecDeque<Link>,
    next: i64,
    since: i64,
    until: i64,
    is_over: bool,
}

impl Export {
    /// Begins an export of what happened in this span of time. It has a connection of its own: whoever works with the
    /// journal meanwhile does not wait.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn new(host: Arc<dyn Host>, since: Option<i64>, until: Option<i64>) -> Result<Self, Problem> {
        let journal = Journal::open(host)?;
        let anchored = journal.anchor()?.map_or(0, |anchor| anchor.seq);
        let archives = Archives::up_to(&*journal.host, anchored)?.into();
        let (since, until) = (since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX));
        Ok(Self {
            journal,
            archives,
            ready: VecDeque::new(),
            next: anchored + 1,
            since,
            until,
            is_over: false,
        })
    }

    fn fill(&mut self) -> Result<(), Problem> {
        if let Some(archive) = self.archives.pop_front() {
            let mut links = VecDeque::new();
            let taken = archive.each(&*self.journal.host, &mut |link| {
                links.push_back(link.clone());
                Ok(())
            })?;
            self.ready = links;
            return taken.map_err(Problem::failed);
        }
        self.ready = self.journal.links_from(self.next, BATCH)?.into();
        match self.ready.back() {
            Some(newest) => self.next = newest.seq + 1,
            None => self.is_over = true,
        }
        Ok(())
    }
}

impl Iterator for Export {
    type Item = Result<String, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            while let Some(link) = self.ready.pop_front() {
                if (self.since..=self.until).contains(&link.time) {
                    return Some(Ok(link.line()));
                }
            }
            if let Err(problem) = self.fill() {
                self.is_over = true;
                return Some(Err(problem));
            }
        }
        None
    }
}
