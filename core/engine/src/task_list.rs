//! Pages of the list of tasks, newest first. The history is read from its end and no further than asked.

use std::sync::PoisonError;

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::HostError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::line_index::{Backwards, Block, LineIndex};
use crate::task_active::{self, INDEX, OLDER_INDEX};
use crate::task_filter::{Matcher, Source, TaskFilter};
use crate::tasks::Tasks;
use crate::upid::Upid;

/// What a process that comes later need not count again.
const COUNTS: &str = "/var/log/pve/tasks/.index.count";
/// Counting less than this again is cheaper than a file.
const WORTH_KEEPING: u64 = 1024 * 1024;

/// One task of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskEntry {
    /// Its id.
    #[schema(value_type = String)]
    pub upid: Upid,
    /// The node it ran on.
    pub node: String,
    /// The process it ran in.
    pub pid: u32,
    /// When that process was started, in clock ticks since boot.
    pub pstart: u64,
    /// When it was started, in seconds since 1970.
    pub starttime: i64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it worked on; may be empty.
    pub id: String,
    /// Who started it.
    pub user: String,
    /// The API token with which it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenid: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endtime: Option<i64>,
    /// `OK`, `WARNINGS: n`, the error, or `RUNNING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl TaskEntry {
    fn new(upid: Upid, endtime: Option<i64>, status: Option<String>) -> Self {
        let (user, token) = upid.user_and_token();
        Self {
            node: upid.node().to_owned(),
            pid: upid.pid(),
            pstart: upid.pstart(),
            starttime: upid.starttime(),
            kind: upid.kind().to_owned(),
            id: upid.id().to_owned(),
            user: user.to_owned(),
            tokenid: token.map(str::to_owned),
            upid,
            endtime,
            status,
        }
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        let mut words = line.splitn(3, ' ');
        let upid = words.next()?.parse().ok()?;
        let endtime = i64::from_str_radix(words.next()?, 16).ok()?;
        Some(Self::new(upid, Some(endtime), words.next().map(str::to_owned)))
    }
}

/// A part of a list of tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskPage {
    /// The tasks, newest first.
    pub tasks: Vec<TaskEntry>,
    /// How many match in all, if that was asked.
    pub total: Option<u64>,
}

/// A page while it is filled.
struct Filling<'a> {
    filter: &'a TaskFilter,
    matcher: Matcher<'a>,
    matched: u64,
    tasks: Vec<TaskEntry>,
}

impl Filling<'_> {
    fn is_full(&self) -> bool {
        self.matched >= self.filter.start.saturating_add(self.filter.limit)
    }

    /// Counts a matching task, and takes it if it is on this page.
    fn take(&mut self, entry: impl FnOnce() -> Option<TaskEntry>) {
        if self.matched >= self.filter.start && !self.is_full() {
            self.tasks.extend(entry());
        }
        self.matched += 1;
    }

    fn take_block(&mut self, block: &Block) {
        if self.matcher.is_trivial() {
            let lines = memchr::memchr_iter(b'\n', block.bytes()).count() as u64;
            if self.matched.saturating_add(lines) < self.filter.start {
                self.matched += lines;
                return;
            }
            for line in block.lines_backwards() {
                self.take(|| TaskEntry::parse(line));
                if self.is_full() {
                    return;
                }
            }
        } else if let Some(needle) = self.matcher.needle().cloned() {
            for line in lines_with(&needle, block.bytes()).into_iter().rev() {
                self.take_if_wanted(line);
            }
        } else {
            block.lines_backwards().for_each(|line| self.take_if_wanted(line));
        }
    }

    fn take_if_wanted(&mut self, line: &[u8]) {
        if self.matcher.wants_finished(line) {
            self.take(|| TaskEntry::parse(line));
        }
    }
}

/// The lines that contain the needle, found without looking at the others.
fn lines_with<'b>(needle: &memchr::memmem::Finder<'_>, bytes: &'b [u8]) -> Vec<&'b [u8]> {
    let mut lines = Vec::new();
    let mut from = 0;
    while let Some(at) = needle.find(&bytes[from..]) {
        let at = from + at;
        let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |newline| at + newline);
        lines.push(&bytes[start..end]);
        from = (end + 1).min(bytes.len());
    }
    lines
}

impl Tasks {
    /// A page of the tasks that match.
    ///
    /// # Errors
    /// When the lists cannot be read.
    pub fn list(&self, filter: &TaskFilter) -> Result<TaskPage, Problem> {
        let before = self.index_inode()?;
        let page = self.fill_page(filter)?;
        // the index may have become index.1 meanwhile, so that its tasks were missed
        Ok(if self.index_inode()? == before { page } else { self.fill_page(filter)? })
    }

    fn index_inode(&self) -> Result<Option<u64>, HostError> {
        Ok(self.host().metadata(Utf8Path::new(INDEX))?.map(|found| found.inode))
    }

    fn fill_page(&self, filter: &TaskFilter) -> Result<TaskPage, Problem> {
        let matcher = Matcher::new(filter);
        let mut page = Filling { filter, matcher, matched: 0, tasks: Vec::new() };
        self.take_unsaved(&mut page)?;
        if filter.source == Source::Active {
            return Ok(TaskPage { total: filter.with_total.then_some(page.matched), tasks: page.tasks });
        }
        let unsaved = page.matched;
        let trivial = page.matcher.is_trivial();
        // without conditions the total is known without looking at the tasks
        let count_all = filter.with_total && !trivial;
        for path in [INDEX, OLDER_INDEX] {
            let mut blocks = Backwards::new(self.host(), Utf8Path::new(path))?;
            while count_all || !page.is_full() {
                let Some(block) = blocks.next_block()? else { break };
                page.take_block(&block);
            }
        }
        let total = match filter.with_total {
            false => None,
            true if trivial => Some(unsaved + self.archived()?),
            true => Some(page.matched),
        };
        Ok(TaskPage { tasks: page.tasks, total })
    }

    /// Running tasks, and those that have ended but are not in the index yet.
    fn take_unsaved(&self, page: &mut Filling<'_>) -> Result<(), Problem> {
        let mut running = Vec::new();
        let mut ended = Vec::new();
        for task in task_active::read(self.host())?.into_iter().filter(|task| !task.saved) {
            match task.end {
                Some(end) => ended.push((task.upid, end)),
                None if self.is_running(&task.upid) => running.push(task.upid),
                None => {
                    let end = task_active::found_ended(self, &task.upid);
                    ended.push((task.upid, end));
                }
            }
        }
        if page.filter.source != Source::Archive {
            running.sort_by_key(|upid| std::cmp::Reverse(upid.starttime()));
            for upid in running
                .into_iter()
                .filter(|upid| page.matcher.wants_running(&upid.to_string()))
                .collect::<Vec<_>>()
            {
                page.take(|| Some(TaskEntry::new(upid, None, Some("RUNNING".to_owned()))));
            }
        }
        if page.filter.source != Source::Active {
            ended.sort_by_key(|(upid, (end, _))| std::cmp::Reverse((*end, upid.starttime())));
            for (upid, (end, status)) in ended {
                page.take_if_wanted(format!("{upid} {end:08X} {status}").as_bytes());
            }
        }
        Ok(())
    }

    /// How many lines both indexes have. Only what is new since the last time is read.
    pub(crate) fn archived(&self) -> Result<u64, Problem> {
        let mut kept: Option<Vec<LineIndex>> = None;
        let mut found = Vec::new();
        for path in [INDEX, OLDER_INDEX].map(Utf8Path::new) {
            let Some(inode) = self.host().metadata(path)?.map(|found| found.inode) else { continue };
            let mut known = self.lines().lock().unwrap_or_else(PoisonError::into_inner).by_inode(inode);
            if known.is_none() {
                let kept = kept.get_or_insert_with(|| self.read_counts());
                known = kept.iter().find(|index| index.inode == inode).cloned();
            }
            if let Some(index) = LineIndex::refresh(self.host(), path, known)? {
                self.lines().lock().unwrap_or_else(PoisonError::into_inner).put(path, index.clone());
                found.push(index);
            }
        }
        if found.iter().any(|index| index.counted > WORTH_KEEPING) {
            self.write_counts(&found);
        }
        Ok(found.iter().map(|index| index.newlines).sum())
    }

    fn read_counts(&self) -> Vec<LineIndex> {
        let bytes = self.host().read(Utf8Path::new(COUNTS), 64 * 1024).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Only saves work: a caller who may not write counts again next time.
    fn write_counts(&self, counts: &[LineIndex]) {
        let json = serde_json::to_vec(counts).unwrap_or_default();
        if let Err(error) = self.host().write_own(Utf8Path::new(COUNTS), &json, self.file_permissions()) {
            tracing::debug!("the number of tasks will be counted again: {error}");
        }
    }
}
