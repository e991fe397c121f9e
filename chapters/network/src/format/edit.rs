//! Edits of a document: bytes replaced by others, all at once.

use std::ops::Range;

use super::Document;
use super::stanza::{OptionLine, Stanza};

/// Changes of a text, gathered and then carried out together.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    changes: Vec<(Range<usize>, String)>,
    /// The last line of the text has no end, and was given one.
    ended: bool,
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
        self.changes.push((span, text.into()));
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
        let mut text = String::new();
        if at > 0 && !document.text()[..at].ends_with('\n') && !self.ended {
            text.push_str(newline);
            self.ended = true;
        }
        for line in lines {
            text.push_str(line);
            text.push_str(newline);
        }
        self.replace(at..at, text);
    }

    /// The text with all changes.
    pub fn apply(mut self, text: &str) -> String {
        // a stable sort: what goes to one place keeps the order in which it was asked for
        self.changes.sort_by_key(|(span, _)| (span.start, span.end));
        let added: usize = self.changes.iter().map(|(_, new)| new.len()).sum();
        let mut out = String::with_capacity(text.len() + added);
        let mut at = 0;
        for (span, new) in self.changes {
            out.push_str(&text[at..span.start.max(at)]);
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
