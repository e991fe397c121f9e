//! Edits that change sets need besides those of settings: lines of another text, taken over as they are.

use super::super::config::Interface;
use super::super::kind::Kind;
use super::editor::Editor;
use super::stanza;
use crate::format::{OptionLine, Stanza, indentation};

impl Editor<'_> {
    /// A new interface, all its lines, where one of its kind belongs.
    pub(crate) fn take_over(&mut self, name: &str, kind: Kind, lines: Vec<String>) {
        let at = stanza::place(self.config(), name, kind);
        self.put_stanza(at, lines);
    }

    /// New stanzas behind the end of another one.
    pub(crate) fn put_stanza(&mut self, at: usize, mut lines: Vec<String>) {
        stanza::set_off(self.document().text(), at, &mut lines);
        let there = self.stanzas.entry(at).or_default();
        if there.last().is_some_and(|line| !line.is_empty())
            && lines.first().is_some_and(|line| !line.is_empty())
        {
            there.push(String::new());
        }
        there.extend(lines);
    }

    /// A line of its own that has an interface brought up.
    pub(crate) fn start(&mut self, interface: &Interface<'_>, class: &str) {
        let first = interface.stanzas.first().map(|place| self.config().stanza(*place).span.start);
        let word = if class == "auto" { "auto".to_owned() } else { format!("allow-{class}") };
        let line = format!("{word} {}", interface.name);
        self.stanzas.entry(first.unwrap_or_default()).or_default().push(line);
    }

    /// Takes one stanza out.
    pub(crate) fn drop_stanza(&mut self, stanza: &Stanza<'_>) {
        let end = stanza::own_end(self.document(), stanza);
        self.removed.push(stanza.span.start..end);
    }

    /// Puts another first line in the place of a stanza's.
    pub(crate) fn head(&mut self, stanza: &Stanza<'_>, line: &str) {
        let old = self.document().text()[stanza.span.clone()].trim_end().len();
        self.edits.replace(stanza.span.start..stanza.span.start + old, line);
    }

    /// Gives an option of a stanza these values, of which it has `lines` now.
    pub(crate) fn values(
        &mut self,
        stanza: &Stanza<'_>,
        key: &str,
        lines: &[&OptionLine<'_>],
        values: &[String],
    ) {
        if let ([line], [value]) = (lines, values) {
            return self.edits.set_value(line, value);
        }
        let (mut behind, mut left) = (None, values.to_vec());
        for line in lines {
            match left.iter().position(|value| *value == line.value) {
                Some(at) => {
                    left.remove(at);
                    behind = Some(line.span.end);
                }
                None => self.edits.remove(line.span.clone()),
            }
        }
        if left.is_empty() {
            return;
        }
        let document = self.document();
        let indent = indentation(document, stanza);
        let key = lines.first().map_or(key, |line| line.key);
        let new: Vec<String> = left.iter().map(|value| format!("{indent}{key} {value}")).collect();
        match behind {
            Some(at) => self.edits.insert_lines(document, at, &new),
            None => {
                let at = document.stanzas().iter().position(|other| other.span == stanza.span);
                self.lines.entry(at.unwrap_or_default()).or_default().extend(new);
            }
        }
    }

    /// Puts other comments in the place of a stanza's.
    pub(crate) fn comments_of(&mut self, stanza: &Stanza<'_>, lines: Vec<String>) {
        let at = stanza.comments().next().map_or(stanza.end(), |comment| comment.span.start);
        for comment in stanza.comments() {
            self.edits.remove(comment.span.clone());
        }
        if !lines.is_empty() {
            // in front of a new stanza that goes to the same place
            self.stanzas.entry(at).or_default().splice(0..0, lines);
        }
    }
}
