//! interfaces(5) under the new name of a card.

use super::mentions::{Followed, in_piece, means_by_pattern};
use crate::format::{Document, Edits, Head, OptionLine, Word};

/// What a file would be under the new name. Comments are people's and stay.
pub fn follow(text: &str, names: &[&str], new: &str) -> Followed {
    let document = Document::parse(text);
    let mut look = Look { names, new, edits: Edits::new(), left: Vec::new() };
    for stanza in document.stanzas() {
        look.head(&stanza.head, stanza.line);
        stanza.options().for_each(|option| look.option(text, option));
    }
    let mut left = look.left;
    left.dedup();
    Followed { text: look.edits.apply(text), left }
}

/// Whether a file names an interface of this name, or a VLAN on it.
pub fn names(text: &str, name: &str) -> bool {
    follow(text, &[name], "\u{1}").text != text
}

struct Look<'n> {
    names: &'n [&'n str],
    new: &'n str,
    edits: Edits,
    left: Vec<usize>,
}

impl Look<'_> {
    fn head(&mut self, head: &Head<'_>, line: usize) {
        match head {
            Head::Allow { names, .. } => names.iter().for_each(|word| self.word(word, line)),
            Head::Iface { name, inherits, .. } => {
                self.word(name, line);
                inherits.iter().for_each(|word| self.word(word, line));
            }
            // what a script makes of it is not known; `rename` of ifupdown does the same as a link file, in its own way
            Head::Mapping { patterns: words } | Head::Other { words, .. } => {
                let named = |word: &Word<'_>| {
                    in_piece(word.text, self.names, self.new) != (word.text.to_owned(), false)
                };
                if words.iter().any(named) {
                    self.left.push(line);
                }
            }
            Head::Source { .. } | Head::Template { .. } => {}
        }
    }

    fn word(&mut self, word: &Word<'_>, line: usize) {
        if let Some(renamed) = self.names.iter().find_map(|name| renamed(word.text, name, self.new)) {
            self.edits.replace(word.at..word.at + word.text.len(), renamed);
        } else if self.names.iter().any(|name| is_pattern_of(word.text, name)) {
            self.left.push(line);
        }
    }

    fn option(&mut self, text: &str, option: &OptionLine<'_>) {
        let Some(raw) = text.get(option.value_span.clone()) else { return };
        let (renamed, left) = in_piece(raw, self.names, self.new);
        if renamed != raw {
            self.edits.replace(option.value_span.clone(), renamed);
        }
        let list = option.key.contains("port") || option.key.contains("slave");
        let by_expression =
            list && raw.split_ascii_whitespace().any(|word| word == "regex" || word == "glob");
        let by_pattern =
            raw.split_ascii_whitespace().any(|word| self.names.iter().any(|name| is_pattern_of(word, name)));
        if left || by_expression || by_pattern {
            self.left.push(option.line);
        }
    }
}

/// The card itself, a VLAN (`eno1.5`) or an alias (`eno1:1`) on it.
pub fn renamed(word: &str, name: &str, new: &str) -> Option<String> {
    let rest = word.strip_prefix(name)?;
    (rest.is_empty() || rest.starts_with(['.', ':'])).then(|| format!("{new}{rest}"))
}

/// `eth*`, `/eth*`, `eth0=lan`: several ways in which ifupdown lets names be meant.
fn is_pattern_of(word: &str, name: &str) -> bool {
    means_by_pattern(word.trim_start_matches('/'), name, "\0")
        || word.split_once('=').is_some_and(|(left, _)| left == name)
}
