//! What is staged, as `diff -b -N -u` would show it.

use std::borrow::Cow;

use innkeeper_change::diff;

use super::state::{LIVE, STAGED, State};

/// The difference between the live file and the staged one, or the change set that is meant; `None` when nothing is staged or
/// nothing differs but blanks.
pub fn changes(state: &State) -> Option<String> {
    let (path, staged, written) = match &state.draft {
        Some(draft) => (draft.path.as_str(), &draft.text, draft.written),
        None => (STAGED, state.staged.as_ref()?, state.staged_written),
    };
    let text = |content: &innkeeper_change::Content| String::from_utf8_lossy(content.as_bytes()).into_owned();
    let old = state.live.as_ref().map(text).unwrap_or_default();
    let header =
        [(LIVE, state.live_written), (path, written)].map(|(path, at)| format!("{path}\t{}", stamp(at)));
    let diff = unified(&old, &text(staged), &header[0], &header[1]);
    (!diff.is_empty()).then_some(diff)
}

/// A time as diff(1) writes it, in UTC.
fn stamp(nanoseconds: i128) -> String {
    match jiff::Timestamp::from_nanosecond(nanoseconds) {
        Ok(time) => {
            let fraction = nanoseconds.rem_euclid(1_000_000_000);
            let civil = jiff::tz::Offset::UTC.to_datetime(time);
            format!(
                "{} {:02}:{:02}:{:02}.{fraction:09} +0000",
                civil.date(),
                civil.hour(),
                civil.minute(),
                civil.second()
            )
        }
        Err(_) => "1970-01-01 00:00:00.000000000 +0000".to_owned(),
    }
}

/// Runs of blanks count as one blank, and those at the end of a line as none.
fn squeezed(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut blank = false;
    for c in line.trim_end().chars() {
        match (c.is_ascii_whitespace(), blank) {
            (true, _) => blank = true,
            (false, was) => {
                if was {
                    out.push(' ');
                }
                out.push(c);
                blank = false;
            }
        }
    }
    out
}

/// The unified diff of two texts, blanks aside.
pub fn unified(old: &str, new: &str, old_name: &str, new_name: &str) -> String {
    diff::unified(old, new, old_name, new_name, |line| Cow::Owned(squeezed(line)))
}
