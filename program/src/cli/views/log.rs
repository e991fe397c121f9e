//! The log of the host as people read it: a line for each entry, as in every other log.

use serde_json::Value;

use super::{Context, number, text};
use crate::cli::output::{Style, date, escape, escape_lines};

/// Time, who says it, and what. Further lines of a message stand below the first.
pub(super) fn entries(entries: &Value, style: &Style, _context: &Context<'_>) -> String {
    entries.as_array().into_iter().flatten().map(|entry| lines(entry, style)).collect()
}

fn lines(entry: &Value, style: &Style) -> String {
    let time = number(entry, "time");
    let when = if style.human { date(time) } else { time.to_string() };
    let pid = entry.get("pid").map(|pid| format!("[{pid}]")).unwrap_or_default();
    let who = escape(text(entry, "identifier")).to_string();
    let mut out = format!("{when} {who}{pid}:");
    for (index, line) in text(entry, "message").lines().enumerate() {
        out.push_str(if index == 0 { " " } else { "\n    " });
        out.push_str(&escape_lines(line));
    }
    out.push('\n');
    out
}
