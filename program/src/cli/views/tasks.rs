//! Tasks as `pvenode task` shows them. Rows NODE-08 to NODE-10.

use serde_json::Value;

use super::{Context, text};
use crate::cli::output::{Style, Table, escape_lines, plain, times_of};

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

/// The newest first, as the history is read.
pub(super) fn list(tasks: &Value, style: &Style, context: &Context<'_>) -> String {
    let times = times_of(context.method);
    let mut table = Table::new(COLUMNS);
    for task in tasks.as_array().into_iter().flatten() {
        let cell = |name: &&'static str| {
            task.get(*name).map(|value| plain(name, value, style, &times)).unwrap_or_default()
        };
        table.row(COLUMNS.iter().map(cell).collect());
    }
    table.render(style)
}

/// The lines, and nothing else.
pub(super) fn log(lines: &Value, _style: &Style, _context: &Context<'_>) -> String {
    let lines = lines.as_array().into_iter().flatten();
    lines.map(|line| format!("{}\n", escape_lines(text(line, "t")))).collect()
}
