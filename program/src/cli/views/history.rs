//! The history of changes.

use serde_json::Value;

use super::{Context, items, number, text, wrapped};
use crate::cli::output::{Style, Table, date, escape, escape_lines};

/// One line or more for each change, the newest first.
pub(super) fn list(changes: &Value, style: &Style, _context: &Context<'_>) -> String {
    if changes.as_array().is_none_or(Vec::is_empty) {
        return "No changes.\n".to_owned();
    }
    let mut table = Table::new(["id", "time", "user", "state", "what"]);
    table.align_right(0);
    for change in changes.as_array().into_iter().flatten() {
        table.row(vec![
            number(change, "id").to_string(),
            when(change, style),
            text(change, "user").to_owned(),
            state(change),
            text(change, "summary").to_owned(),
        ]);
    }
    table.render(&Style { border: false, ..*style })
}

/// One change in full.
pub(super) fn detail(change: &Value, style: &Style, _context: &Context<'_>) -> String {
    let width = style.prose_width();
    let mut out = format!("change {}: {}\n\n", number(change, "id"), escape(text(change, "summary")));
    let facts = [
        ("when", when(change, style)),
        ("who", format!("{} ({})", text(change, "user"), text(change, "origin"))),
        ("state", state(change)),
        ("command", text(change, "command").to_owned()),
        ("task", text(change, "upid").to_owned()),
        ("error", text(change, "error").to_owned()),
    ];
    for (name, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        out.push_str(&format!("{name:<8} {}\n", escape(&fact)));
    }
    for (index, step) in (1..).zip(items(change, "steps")) {
        let told = format!("{index}. {} ({})", text(step, "what"), text(step, "state"));
        out.push('\n');
        out.push_str(&wrapped(&told, "", width));
        out.push_str(&wrapped(text(step, "error"), "   ", width));
        for line in text(step, "detail").split_terminator('\n') {
            out.push_str(&format!("   {}\n", escape_lines(line)));
        }
    }
    let moved_on = items(change, "files").iter().filter(|file| text(file, "now") == "other");
    for file in moved_on {
        out.push_str(&format!("\n{} was changed again since.\n", escape(text(file, "path"))));
    }
    out
}

/// What a check of the chain found; a broken one is an error.
pub(super) fn verified(report: &Value, _style: &Style, _context: &Context<'_>) -> String {
    format!(
        "The history is whole: {} changes in {} events.\nNewest event: {}\n",
        number(report, "changes"),
        number(report, "events"),
        escape(text(report, "head"))
    )
}

fn when(change: &Value, style: &Style) -> String {
    let time = number(change, "time");
    if style.human { date(time) } else { time.to_string() }
}

fn state(change: &Value) -> String {
    let state = text(change, "state");
    let other = |name: &str| change.get(name).and_then(Value::as_i64);
    match (other("undone-by"), other("undoes")) {
        (Some(by), _) => format!("{state} by {by}"),
        (None, Some(of)) => format!("{state}, undoes {of}"),
        (None, None) => state.to_owned(),
    }
}
