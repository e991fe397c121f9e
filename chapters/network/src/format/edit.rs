//! Edits of a document: bytes replaced by others, all at once.

use std::ops::Range;

use super::Document;
use super::stanza::{OptionLine, Stanza};

/// Changes of a text, gathered and then carried out together.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
struct Change {
    span: Range<usize>,
    text: String,
    /// Whole lines, which begin one.
    lines: bool,
}

impl Edits {
    /// No edits yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// There is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Puts `text` in the place of these bytes.
    pub fn replace(&mut self, span: Range<usize>, text: impl Into<String>) {
        self.changes.push(Change { span, text: text.into(), lines: false });
    }

    /// Gives an option another value; its key, its indentation and the blanks between stay.
    pub fn set_value(&mut self, line: &OptionLine<'_>, value: &str) {
        if line.value != value {
            self.replace(line.value_span.clone(), value);
        }
    }

    /// Takes whole lines out.
    pub fn remove(&mut self, span: Range<usize>) {
        self.replace(span, "");
    }

    /// Puts lines (each without its newline) behind a stanza's item at `end`, or in front of the line that begins there.
    pub fn insert_lines(&mut self, document: &Document<'_>, at: usize, lines: &[String]) {
        let newline = newline(document.text());
        let text = lines.iter().flat_map(|line| [line.as_str(), newline]).collect();
        self.changes.push(Change { span: at..at, text, lines: true });
    }

    /// The text with all changes.
    pub fn apply(mut self, text: &str) -> String {
        // a stable sort: what goes to one place keeps the order in which it was asked for
        self.changes.sort_by_key(|change| (change.span.start, change.span.end));
        let added: usize = self.changes.iter().map(|change| change.text.len()).sum();
        let mut out = String::with_capacity(text.len() + added);
        let mut at = 0;
        for Change { span, text: new, lines } in self.changes {
            out.push_str(&text[at..span.start.max(at)]);
            // the last line of a text may have no end, and may be one that goes
            if lines && !out.is_empty() && !out.ends_with('\n') {
                out.push_str(newline(text));
            }
            out.push_str(&new);
            at = span.end.max(at);
        }
        out.push_str(&text[at..]);
        out
    }
}

/// How lines end in a text.
pub(crate) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The blanks that options of a stanza begin with, as its own options have them.
pub(crate) fn indentation<'a>(document: &Document<'a>, stanza: &Stanza<'a>) -> &'a str {
    let line = stanza.options().last().map(|option| &document.text()[option.span.clone()]);
    line.map_or("\t", |line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()])
}
