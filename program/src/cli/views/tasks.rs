//! Tasks as `pvenode task` shows them. Rows NODE-08 to NODE-10.

use serde_json::Value;

use super::{Context, text};
use crate::cli::output::{Style, Table, escape, escape_lines, plain, times_of};

const COLUMNS: [&str; 7] = ["upid", "type", "id", "user", "starttime", "endtime", "status"];

/// The original's status words: how a task ended is told in one word, the reason is in its log.
pub(super) fn in_few_words(mut tasks: Value) -> Value {
    for task in tasks.as_array_mut().into_iter().flatten() {
        let word = match text(task, "status") {
            "" | "unexpected status" => "UNKNOWN".to_owned(),
            fine if fine == "OK" || fine == "RUNNING" || fine.starts_with("WARNINGS:") => fine.to_owned(),
            _ => "ERROR".to_owned(),
        };
        task["status"] = Value::from(word);
    }
    tasks
}

/// The newest first, as the history is read: the original's table, or two lines each where that is too wide. An id
/// that is broken over several lines could not be copied.
pub(super) fn list(tasks: &Value, style: &Style, context: &Context<'_>) -> String {
    let times = times_of(context.method);
    let mut table = Table::new(COLUMNS);
    let mut lines = String::new();
    for task in tasks.as_array().into_iter().flatten() {
        let cell = |name: &'static str| {
            task.get(name).map(|value| plain(name, value, style, &times)).unwrap_or_default()
        };
        let [upid, kind, id, user, start, end, status] = COLUMNS.map(cell);
        let until = if end.is_empty() { String::new() } else { format!(" to {end}") };
        let what = if id.is_empty() { kind.clone() } else { format!("{kind} {id}") };
        let told = format!("{status}  {what}  {user}  {start}{until}");
        lines.push_str(&format!("{}\n  {}\n", escape(&told), escape(&upid)));
        table.row(vec![upid, kind, id, user, start, end, status]);
    }
    let fits = style.width.is_none_or(|width| table.natural_width() <= usize::from(width));
    if fits || !style.border { table.render(&Style { width: None, ..*style }) } else { lines }
}

/// The lines, and nothing else.
pub(super) fn log(lines: &Value, _style: &Style, _context: &Context<'_>) -> String {
    let lines = lines.as_array().into_iter().flatten();
    lines.map(|line| format!("{}\n", escape_lines(text(line, "t")))).collect()
}
