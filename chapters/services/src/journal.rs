//! Asking journalctl. Logs have no end, so what is kept of them has: lines are read one by one and the program is ended
//! when it was enough.

use std::ops::ControlFlow;
use std::time::Duration;

use innkeeper_change::Problem;
use innkeeper_host::{Command, Host};
use jiff::tz::TimeZone;

use crate::entry;
use crate::inspect::demand_running;
use crate::model::{Entry, Line};
use crate::names;

const JOURNALCTL: &str = "/usr/bin/journalctl";
/// A journal of some gigabytes is read through in this time.
const DEADLINE: Duration = Duration::from_secs(120);
/// No answer has more entries.
pub(crate) const MOST: usize = 10_000;
/// No answer holds more text.
const ROOM: usize = 8 * 1024 * 1024;

/// Which part of the log is meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Range {
    /// Seconds since 1970.
    pub(crate) since: Option<i64>,
    /// Seconds since 1970.
    pub(crate) until: Option<i64>,
    /// Only this service or unit.
    pub(crate) service: Option<String>,
    /// Only what is as bad as this, or worse.
    pub(crate) priority: Option<String>,
    /// Only what was written after the entry at this cursor.
    pub(crate) after: Option<String>,
    /// Only what was written before the entry at this cursor.
    pub(crate) before: Option<String>,
}

impl Range {
    fn command(&self) -> Command {
        let mut command = Command::new(JOURNALCTL).args(["--no-pager", "--quiet"]).deadline(DEADLINE);
        for unit in self.service.iter().flat_map(|name| names::units_of(name)) {
            command = command.arg(format!("--unit={unit}"));
        }
        if let Some(priority) = &self.priority {
            command = command.arg(format!("--priority={priority}"));
        }
        command
    }

    fn fits(&self, entry: &Entry) -> bool {
        self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time <= until)
    }
}

/// The time zone of the host.
pub(crate) fn zone(host: &dyn Host) -> TimeZone {
    let file = host.read("/etc/localtime".into(), 1024 * 1024);
    file.ok().and_then(|bytes| TimeZone::tzif("local", &bytes).ok()).unwrap_or(TimeZone::UTC)
}

/// Lines `start` to `start + limit` of the log as text, and how many there are in all.
pub(crate) fn text(
    host: &dyn Host,
    range: &Range,
    start: u64,
    limit: u64,
) -> Result<(Vec<Line>, u64), Problem> {
    demand_running(host)?;
    let mut command = range.command().arg("--output=short");
    if let Some(since) = range.since {
        command = command.arg(format!("--since=@{since}"));
    }
    if let Some(until) = range.until {
        command = command.arg(format!("--until=@{until}"));
    }
    let (mut lines, mut total, mut room) = (Vec::new(), 0, ROOM);
    // no limit is all there is room for
    let end = if limit == 0 { u64::MAX } else { start.saturating_add(limit) };
    host.run_lines(&command, &mut |line| {
        if (start..end).contains(&total) && room >= line.len() {
            room -= line.len();
            lines.push(Line { n: total + 1, t: line.to_owned() });
        } else if room < line.len() {
            // a page without gaps: what does not fit any more ends it
            room = 0;
        }
        total += 1;
        ControlFlow::Continue(())
    })?;
    Ok((lines, total))
}

/// Entries of a range, oldest first: the newest `last` of them, else as many of the oldest as one answer holds.
pub(crate) fn entries(host: &dyn Host, range: &Range, last: Option<usize>) -> Result<Vec<Entry>, Problem> {
    demand_running(host)?;
    let backwards = range.after.is_none() && (last.is_some() || range.before.is_some());
    let most = last.unwrap_or(MOST).min(MOST);
    if most == 0 {
        return Ok(Vec::new());
    }
    let command = entries_command(range, backwards, most);
    let (mut found, mut room) = (Vec::new(), ROOM);
    host.run_lines(&command, &mut |line| {
        let Some(entry) = entry::parse(line) else { return ControlFlow::Continue(()) };
        let beyond = if backwards { range.since } else { range.until };
        let is_beyond = beyond.is_some_and(|end| if backwards { entry.time < end } else { entry.time > end });
        let is_end = !backwards && range.before.as_ref() == Some(&entry.cursor);
        let size = line.len().min(room);
        room -= size;
        if is_beyond || is_end || room == 0 {
            return ControlFlow::Break(());
        }
        if range.fits(&entry) {
            found.push(entry);
        }
        if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if backwards {
        found.reverse();
    }
    Ok(found)
}

/// journalctl takes a cursor or a time to begin at, not both; where it ends is seen to here.
fn entries_command(range: &Range, backwards: bool, most: usize) -> Command {
    let fields = format!("--output-fields={}", entry::FIELDS);
    let mut command = range.command().args(["--output=json", "--all", &fields]);
    let begin = if backwards { &range.before } else { &range.after };
    if backwards {
        command = command.arg("--reverse");
    }
    match (begin, range.since, range.until) {
        (Some(cursor), _, _) => command = command.arg(format!("--after-cursor={cursor}")),
        (None, _, Some(until)) if backwards => command = command.arg(format!("--until=@{until}")),
        (None, Some(since), _) if !backwards => command = command.arg(format!("--since=@{since}")),
        _ => {}
    }
    // what is outside the range is left out here, so more may have to be read than is wanted
    if backwards && range.since.is_none() && range.until.is_none() {
        command = command.arg(format!("--lines={most}"));
    }
    command
}
