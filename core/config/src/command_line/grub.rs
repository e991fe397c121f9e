//! `/etc/default/grub`: a file that a shell reads, of which assignments of words are understood.

use std::ops::Range;

use super::words::words;
use super::{NotEdited, set, value};

/// Variables whose words come before, and behind.
const VARIABLES: [&str; 2] = ["GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"];

/// The file, as far as the command line goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrubDefaults<'a> {
    text: &'a str,
    assignments: Vec<Assignment>,
}

/// `VARIABLE="words"`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Assignment {
    /// Which of [`VARIABLES`].
    variable: usize,
    /// `+=`: what was there before stays.
    adds: bool,
    /// The quote around the words, if there is one.
    quote: Option<char>,
    /// The bytes between the quotes.
    value: Range<usize>,
}

impl<'a> GrubDefaults<'a> {
    /// Reads the file.
    ///
    /// # Errors
    /// An assignment of the command line that only a shell understands: in a condition, of several pieces, with commands in it.
    pub fn parse(text: &'a str) -> Result<Self, NotEdited> {
        let mut assignments = Vec::new();
        let (mut at, mut number) = (0, 0);
        while at < text.len() {
            let rest = text.get(at..).unwrap_or_default();
            let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let line = rest.get(..length).unwrap_or_default();
            number += 1;
            let refuse = |reason: &str| Err(NotEdited { line: number, reason: reason.to_owned() });
            let head = line.trim_start_matches([' ', '\t']);
            let bare = head.strip_prefix("export ").unwrap_or(head);
            let Some((variable, adds, value)) = assigned(bare) else {
                if !head.starts_with('#') && VARIABLES.iter().any(|name| assigns_within(head, name)) {
                    return refuse("the command line is set in a way that only a shell understands");
                }
                at += length;
                continue;
            };
            if head.len() != line.len() {
                return refuse("the command line is set under a condition");
            }
            let start = at + line.len() - value.len();
            let found = read_value(text, start).ok_or_else(|| NotEdited {
                line: number,
                reason: "the command line is set in a way that only a shell understands".to_owned(),
            })?;
            let (quote, range, end) = found;
            assignments.push(Assignment { variable, adds, quote, value: range });
            // quotes may go over several lines
            let over = text.get(at..end).unwrap_or_default();
            number += over.matches('\n').count();
            at = text.get(end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |more| end + more + 1);
        }
        Ok(Self { text, assignments })
    }

    /// The assignments of a variable that count: the last that does not add, and those behind it.
    fn counting(&self, variable: usize) -> impl DoubleEndedIterator<Item = &Assignment> {
        let own = move |one: &&Assignment| one.variable == variable;
        let first = self.assignments.iter().rposition(|one| own(&one) && !one.adds).unwrap_or_default();
        self.assignments.iter().skip(first).filter(own)
    }

    fn raw(&self, assignment: &Assignment) -> &'a str {
        self.text.get(assignment.value.clone()).unwrap_or_default()
    }

    /// The value of a parameter, as kernels get it.
    pub fn value(&self, key: &str) -> Option<&'a str> {
        let all = (0..VARIABLES.len()).flat_map(|variable| self.counting(variable)).collect::<Vec<_>>();
        all.into_iter().rev().find_map(|assignment| value(self.raw(assignment), key))
    }

    /// The text with another value of a parameter, or without it. Of several places the last keeps it.
    pub fn set(&self, key: &str, new: Option<&str>) -> String {
        if self.value(key) == new && self.places(key) <= 1 {
            return self.text.to_owned();
        }
        let all: Vec<&Assignment> =
            (0..VARIABLES.len()).flat_map(|variable| self.counting(variable)).collect();
        let has = |one: &Assignment| value(self.raw(one), key).is_some();
        let keeper = all.iter().rposition(|one| has(one)).or_else(|| {
            // a new word goes to the variable that is for it
            all.iter().rposition(|one| one.variable == 1)
        });
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        for (index, assignment) in all.iter().enumerate() {
            let wanted = new.filter(|_| keeper == Some(index));
            let raw = self.raw(assignment);
            let text = set(raw, key, wanted);
            if text != raw {
                edits.push((assignment.value.clone(), quoted(assignment, text)));
            }
        }
        edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        let mut text = self.text.to_owned();
        for (range, piece) in edits {
            text.replace_range(range, &piece);
        }
        if let (None, Some(new)) = (keeper, new) {
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            text.push_str(&format!("{end}{}=\"{key}={new}\"\n", VARIABLES[1]));
        }
        text
    }

    /// How many words give the parameter.
    fn places(&self, key: &str) -> usize {
        let all = (0..VARIABLES.len()).flat_map(|variable| self.counting(variable));
        all.map(|one| {
            let raw = self.raw(one);
            words(raw).into_iter().filter(|word| super::words::is_of(&raw[word.clone()], key)).count()
        })
        .sum()
    }
}

/// Words without quotes around them need some when they have become several.
fn quoted(assignment: &Assignment, text: String) -> String {
    match assignment.quote {
        None if text.contains([' ', '\t']) => format!("\"{text}\""),
        _ => text,
    }
}

/// Which variable a line assigns, whether it adds, and what stands behind the `=`.
fn assigned(line: &str) -> Option<(usize, bool, &str)> {
    VARIABLES.iter().enumerate().find_map(|(variable, name)| {
        let rest = line.strip_prefix(name)?;
        match rest.strip_prefix('=') {
            Some(value) => Some((variable, false, value)),
            None => rest.strip_prefix("+=").map(|value| (variable, true, value)),
        }
    })
}

/// Whether a variable is assigned somewhere in a line that does not begin with it.
fn assigns_within(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let after = line.get(at + name.len()..).unwrap_or_default();
        before.ends_with([' ', '\t', ';', '&', '|', '(', '{'])
            && (after.starts_with('=') || after.starts_with("+="))
    })
}

type Value = (Option<char>, Range<usize>, usize);

/// The value that begins at `start`: its quote, its bytes, and where it ends. One piece, and nothing behind it but a comment.
fn read_value(text: &str, start: usize) -> Option<Value> {
    let rest = text.get(start..)?;
    let quote = rest.chars().next().filter(|c| *c == '"' || *c == '\'');
    let (range, end) = match quote {
        Some(quote) => {
            let body = rest.get(1..)?;
            let length = closing(body, quote)?;
            (start + 1..start + 1 + length, start + length + 2)
        }
        None => {
            let length = rest.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(rest.len());
            (start..start + length, start + length)
        }
    };
    let value = text.get(range.clone())?;
    let shell = match quote {
        Some('\'') => false,
        // a variable in quotes brings its words along; commands bring what nobody knows
        Some(_) => {
            value.contains('`') || value.contains("$(") || value.contains("\\\n") || value.contains("\\\"")
        }
        None => value.contains(['"', '\'', '\\', '`', '$', '&', '|', '<', '>', '(']),
    };
    let behind = text.get(end..)?.split('\n').next().unwrap_or_default();
    let comment =
        behind.trim().is_empty() || (behind.starts_with([' ', '\t']) && behind.trim_start().starts_with('#'));
    (!shell && comment).then_some((quote, range, end))
}

/// Where a quote ends.
fn closing(body: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    body.char_indices()
        .find(|(_, c)| {
            let ends = *c == quote && !escaped;
            escaped = quote == '"' && *c == '\\' && !escaped;
            ends
        })
        .map(|(at, _)| at)
}
