//! The list of active tasks and the index of finished ones, under one lock.
//!
//! `active` holds lines `<UPID> <saved>[ <endtime>[ <status>]]`: all running tasks and the newest finished ones.
//! `index` holds lines `<UPID> <endtime> <status>` in the order in which the tasks ended, each task once; beyond its
//! limit it becomes `index.1`.

use std::fmt::Write as _;
use std::time::Duration;

use camino::Utf8Path;
use innkeeper_host::{Host, HostError};

use crate::failpoint::moment;
use crate::task_status;
use crate::tasks::Tasks;
use crate::upid::{TASK_DIR, Upid};

pub(crate) const ACTIVE: &str = "/var/log/pve/tasks/active";
pub(crate) const INDEX: &str = "/var/log/pve/tasks/index";
pub(crate) const OLDER_INDEX: &str = "/var/log/pve/tasks/index.1";
const LOCK: &str = "/var/log/pve/tasks/.active.lock";
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How many tasks the list of active ones holds when fewer run.
const KEEP: usize = 25;
/// A list of active tasks larger than this is not one.
const ACTIVE_LIMIT: u64 = 16 * 1024 * 1024;
/// How much of the end of the index is searched for what a killed process may have appended already.
const INDEX_TAIL: u64 = 64 * 1024;

/// One line of the list of active tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActiveTask {
    pub(crate) upid: Upid,
    /// It is in the index.
    pub(crate) saved: bool,
    /// When and how it ended.
    pub(crate) end: Option<(i64, String)>,
}

/// Reads the list; lines that are not understood are left out.
pub(crate) fn read(host: &dyn Host) -> Result<Vec<ActiveTask>, HostError> {
    match host.read(Utf8Path::new(ACTIVE), ACTIVE_LIMIT) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).lines().filter_map(parse).collect()),
        Err(HostError::NotFound { .. }) => Ok(Vec::new()),
        Err(other) => Err(other),
    }
}

fn parse(line: &str) -> Option<ActiveTask> {
    let mut words = line.splitn(4, ' ');
    let upid = words.next()?.parse().ok()?;
    let saved = match words.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let end = match words.next() {
        Some(hex) => Some((i64::from_str_radix(hex, 16).ok()?, words.next().unwrap_or_default().to_owned())),
        None => None,
    };
    Some(ActiveTask { upid, saved, end })
}

fn render(tasks: &[ActiveTask]) -> String {
    let mut text = String::new();
    for task in tasks {
        // writing into a String cannot fail
        let _ = match &task.end {
            None => writeln!(text, "{} {}", task.upid, u8::from(task.saved)),
            Some((end, status)) => {
                writeln!(text, "{} {} {end:08X} {status}", task.upid, u8::from(task.saved))
            }
        };
    }
    text
}

/// Brings both lists up to date: adds `new`, finds out who has ended, saves those in the index, forgets the oldest.
///
/// Killed at any moment and run again, it loses no task and saves none twice.
pub(crate) fn update(tasks: &Tasks, new: Option<&Upid>) -> Result<(), HostError> {
    let host = tasks.host();
    host.make_dirs(Utf8Path::new(TASK_DIR), tasks.dir_permissions())?;
    let _lock = host.lock(Utf8Path::new(LOCK), LOCK_TIMEOUT)?;
    let before = read(host)?;
    let mut list = before.clone();
    if let Some(upid) = new.filter(|upid| !before.iter().any(|task| task.upid == **upid)) {
        list.push(ActiveTask { upid: upid.clone(), saved: false, end: None });
    }
    for task in list.iter_mut().filter(|task| task.end.is_none()) {
        if !tasks.is_running(&task.upid) {
            task.end = Some(found_ended(tasks, &task.upid));
        }
    }
    save_ended(tasks, &mut list)?;
    retain_newest(&mut list);
    if list != before {
        host.write_own(Utf8Path::new(ACTIVE), render(&list).as_bytes(), tasks.file_permissions())?;
        moment("tasks::after-active");
    }
    Ok(())
}

/// Time and status of a task that no longer runs. One that was dated ahead ends no earlier than it began.
pub(crate) fn found_ended(tasks: &Tasks, upid: &Upid) -> (i64, String) {
    let status = task_status::ending(tasks.host(), &upid.log_path()).into_status();
    (tasks.host().now().max(upid.starttime()), status)
}

fn save_ended(tasks: &Tasks, list: &mut [ActiveTask]) -> Result<(), HostError> {
    let mut unsaved: Vec<_> = list.iter_mut().filter(|task| !task.saved && task.end.is_some()).collect();
    if unsaved.is_empty() {
        return Ok(());
    }
    unsaved.sort_by_key(|task| (task.end.as_ref().map(|end| end.0), task.upid.starttime()));
    let (tail, mut size) = index_tail(tasks.host(), unsaved.len())?;
    // a line that was cut off when the disk was full stays alone on its line
    let mut text = if size == 0 || tail.ends_with(b"\n") { String::new() } else { "\n".to_owned() };
    for task in &mut unsaved {
        let Some((end, status)) = &task.end else { continue };
        if memchr::memmem::find(&tail, format!("{} ", task.upid).as_bytes()).is_none() {
            let _ = writeln!(text, "{} {end:08X} {status}", task.upid);
        }
        task.saved = true;
    }
    let index = Utf8Path::new(INDEX);
    if !text.is_empty() {
        tasks.host().append(index, text.as_bytes(), tasks.file_permissions())?;
        size += text.len() as u64;
    }
    moment("tasks::after-index");
    // whoever lists tasks next, in a process that knows nothing yet, need not read the whole index to count it
    if let Err(error) = tasks.archived() {
        tracing::debug!("the tasks were not counted: {error}");
    }
    if size > tasks.index_limit() {
        tasks.host().rename(index, Utf8Path::new(OLDER_INDEX))?;
    }
    Ok(())
}

/// The end of the index, long enough to hold what one run may have appended, and the size of the whole. Right after a
/// rotation what was appended last is in the older one.
fn index_tail(host: &dyn Host, unsaved: usize) -> Result<(Vec<u8>, u64), HostError> {
    let (index, older) = (Utf8Path::new(INDEX), Utf8Path::new(OLDER_INDEX));
    let (path, found, size) = match (host.metadata(index)?, host.metadata(older)?) {
        (Some(found), _) => (index, found.size, found.size),
        (None, Some(found)) => (older, found.size, 0),
        (None, None) => return Ok((Vec::new(), 0)),
    };
    let length = (INDEX_TAIL + 10 * 1024 * unsaved as u64).min(found);
    let tail = host.read_at(path, found - length, usize::try_from(length).unwrap_or_default())?;
    Ok((tail, size))
}

/// Keeps what runs, and the newest of what has ended until there are 25.
fn retain_newest(list: &mut Vec<ActiveTask>) {
    list.sort_by(|a, b| {
        let age = |task: &ActiveTask| (task.end.is_some(), std::cmp::Reverse(task.upid.starttime()));
        age(a).cmp(&age(b)).then_with(|| a.upid.cmp(&b.upid))
    });
    let running = list.iter().filter(|task| task.end.is_none()).count();
    list.truncate(running.max(KEEP));
}
