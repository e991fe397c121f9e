//! The table.

use std::fmt::Write;

use crate::Outcome;
use crate::machine::{Load, Machine};

/// One figure beside its peer's and its budget.
pub(crate) struct Row {
    what: String,
    ours: String,
    peer: String,
    budget: String,
    within: Option<bool>,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, ours: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ours: ours.into(),
            peer: String::new(),
            budget: String::new(),
            within: None,
        }
    }

    pub(crate) fn peer(mut self, peer: impl Into<String>) -> Self {
        self.peer = peer.into();
        self
    }

    pub(crate) fn budget(mut self, budget: &str) -> Self {
        self.budget = budget.to_owned();
        self
    }

    /// Whether the figure keeps to the budget.
    pub(crate) fn within(mut self, within: bool) -> Self {
        self.within = Some(within);
        self
    }

    /// A figure that could not be had.
    pub(crate) fn missing(what: impl Into<String>, why: &str) -> Self {
        Self::new(what, format!("not measured: {why}"))
    }
}

/// What was found in one section, and what should be known about it.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) rows: Vec<Row>,
    pub(crate) notes: Vec<String>,
}

/// Everything that was found.
pub(crate) struct Report {
    machine: Machine,
    end: Option<Load>,
    rows: Vec<Row>,
    notes: Vec<String>,
    complete: bool,
}

impl Report {
    pub(crate) fn new(machine: Machine) -> Self {
        Self { machine, end: None, rows: Vec::new(), notes: Vec::new(), complete: true }
    }

    /// Takes what a section found; one that failed is a row that says why.
    pub(crate) fn section(&mut self, name: &str, found: Outcome<Findings>) {
        match found {
            Ok(found) => {
                self.rows.extend(found.rows);
                self.notes.extend(found.notes);
            }
            Err(why) => {
                self.complete = false;
                self.rows.push(Row::missing(name, &why));
            }
        }
    }

    pub(crate) fn end(&mut self, load: Load) {
        self.end = Some(load);
    }

    /// Every section ran to its end.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(crate) fn to_markdown(&self) -> String {
        let mut text = String::from("# Measurements\n\n");
        text += "Written by `make bench`; it overwrites this file. Budget and peer stand beside each figure; both were\n";
        text += "measured in the same run on the same machine, everything over the loopback interface. \"of N\" is the\n";
        text += "median wall time of N runs; whole processes are timed in turn with their peers.\n\n";
        text += &self.machine.to_markdown(self.end.as_ref());
        text += "\n| what | Innkeeper | peer | budget | within |\n| --- | --- | --- | --- | --- |\n";
        for row in &self.rows {
            let within = match row.within {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "",
            };
            let cells = [&row.what, &row.ours, &row.peer, &row.budget].map(|cell| cell_of(cell));
            // writing into a string cannot fail
            let _ = writeln!(text, "| {} | {within} |", cells.join(" | "));
        }
        text.push('\n');
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }
}

/// A message may contain what would end the cell.
fn cell_of(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Kibibytes as people read them.
pub(crate) fn mib(kib: u64) -> String {
    format!("{:.1} MiB", mebi(kib))
}

/// A number with a comma between thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[allow(clippy::cast_precision_loss, reason = "sizes of programs are far from 2^52")]
pub(crate) fn mebi(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas_between_thousands() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(1000), "1,000");
        assert_eq!(thousands(123_456), "123,456");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn a_message_cannot_break_the_table() {
        assert_eq!(cell_of("a|b\nc"), "a\\|b c");
    }
}
