//! Changes that wait to be confirmed.

use serde_json::Value;

use super::{Context, number, text};
use crate::cli::output::{Style, Table, escape};

/// One line for each, the oldest first, and how they are confirmed.
pub(super) fn list(changes: &Value, style: &Style, _context: &Context<'_>) -> String {
    let Some(changes) = changes.as_array().filter(|changes| !changes.is_empty()) else {
        return "No change waits to be confirmed.\n".to_owned();
    };
    let mut table = Table::new(["id", "seconds left", "user", "state", "what"]);
    table.align_right(0);
    table.align_right(1);
    for change in changes {
        table.row(vec![
            number(change, "id").to_string(),
            number(change, "left").to_string(),
            text(change, "user").to_owned(),
            text(change, "state").to_owned(),
            text(change, "what").to_owned(),
        ]);
    }
    let mut out = table.render(&Style { border: false, ..*style });
    for stuck in changes.iter().filter(|change| text(change, "state") == "stuck") {
        out.push_str(&format!(
            "\nchange {} could not be taken back: {}\n",
            number(stuck, "id"),
            escape(text(stuck, "error"))
        ));
    }
    out + "\nkeep one: innkeeper changes confirm ID; take it back now: innkeeper changes revert ID\n"
}
