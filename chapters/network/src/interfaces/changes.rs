//! What is staged, as `diff -b -N -u` would show it.

use std::fmt::Write as _;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

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
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let (a, b): (Vec<String>, Vec<String>) = (
        old_lines.iter().map(|line| squeezed(line)).collect(),
        new_lines.iter().map(|line| squeezed(line)).collect(),
    );
    let operations = capture_diff_slices(Algorithm::Myers, &a, &b);
    if operations.iter().all(|operation| matches!(operation, DiffOp::Equal { .. })) {
        return String::new();
    }
    let mut out = format!("--- {old_name}\n+++ {new_name}\n");
    for hunk in group_diff_ops(operations, 3) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let range = |from: usize, to: usize| match to - from {
            0 => format!("{from},0"),
            1 => format!("{}", from + 1),
            length => format!("{},{length}", from + 1),
        };
        let _ = writeln!(
            out,
            "@@ -{} +{} @@",
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end)
        );
        for operation in &hunk {
            let equal = matches!(operation, DiffOp::Equal { .. });
            for line in &old_lines[operation.old_range()] {
                put(&mut out, if equal { ' ' } else { '-' }, line);
            }
            if !equal {
                for line in &new_lines[operation.new_range()] {
                    put(&mut out, '+', line);
                }
            }
        }
    }
    out
}

fn put(out: &mut String, sign: char, line: &str) {
    out.push(sign);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}
