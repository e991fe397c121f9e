//! hosts(5): an address, its names, perhaps a comment. Every other byte stays as it is.

use std::net::IpAddr;
use std::ops::Range;

use crate::edits::{Edits, lines, words};

/// A file of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsFile {
    text: String,
    entries: Vec<Entry>,
    odd: Vec<Odd>,
}

/// A line with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of its line, from 1: what the API calls it by.
    pub line: usize,
    /// The address.
    pub address: IpAddr,
    /// Its names; the first is the canonical one.
    pub names: Vec<String>,
    /// What stands behind `#`, without the blanks around it.
    pub comment: Option<String>,
    places: Places,
}

/// Where the pieces of an entry stand in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Places {
    /// The line with its newline.
    line: Range<usize>,
    address: Range<usize>,
    names: Range<usize>,
    /// From `#` on.
    comment: Option<Range<usize>>,
}

/// A line that is passed over when names are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// What an entry shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The address, as it shall be written.
    pub address: String,
    /// Its names.
    pub names: Vec<String>,
    /// A comment; none when absent or empty.
    pub comment: Option<String>,
}

/// Whether a text can be a name, by the original's rule.
pub fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// The part of a line that is looked at, and where its comment begins.
fn before_comment(line: &str) -> (&str, Option<usize>) {
    match line.find('#') {
        Some(at) => (&line[..at], Some(at)),
        None => (line, None),
    }
}

/// What is wrong with a line, in the original's words.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_line(line: &str) -> Result<(), String> {
    let (body, _) = before_comment(line);
    let mut found = words(body).map(|place| &body[place]);
    let Some(address) = found.next() else { return Ok(()) };
    if address.parse::<IpAddr>().is_err() {
        return Err(format!("Invalid IP '{}'", address.escape_debug()));
    }
    match found.find(|word| !is_name(word)) {
        Some(wrong) => Err(format!("Invalid Hostname '{}'", wrong.escape_debug())),
        None => Ok(()),
    }
}

impl HostsFile {
    /// Reads a file. Every text is one.
    pub fn parse(text: &str) -> Self {
        let (mut entries, mut odd) = (Vec::new(), Vec::new());
        for (number, (start, line)) in lines(text).enumerate() {
            match Entry::read(number + 1, start, line, text.len()) {
                Ok(entry) => entries.extend(entry),
                Err(reason) => odd.push(Odd { line: number + 1, reason }),
            }
        }
        Self { text: text.to_owned(), entries, odd }
    }

    /// The file as it is.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its entries, in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry on a line.
    pub fn entry(&self, line: usize) -> Option<&Entry> {
        let at = self.entries.binary_search_by_key(&line, |entry| entry.line).ok()?;
        self.entries.get(at)
    }

    /// The lines that are passed over.
    pub fn odd(&self) -> &[Odd] {
        &self.odd
    }

    /// The addresses of a name, in the order in which they are answered.
    pub fn lookup<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f Entry> {
        self.entries.iter().filter(move |entry| entry.has(name))
    }

    /// The text with one more entry at its end.
    pub fn added(&self, wanted: &Wanted) -> String {
        let comment = wanted.comment.as_deref().filter(|comment| !comment.is_empty());
        let comment = comment.map(|comment| format!(" # {comment}")).unwrap_or_default();
        let mut edits = Edits::default();
        let line = format!("{}\t{}{comment}", wanted.address, wanted.names.join(" "));
        edits.insert_line(self.text.len(), &line, &self.text);
        edits.apply(&self.text)
    }

    /// The text without an entry.
    pub fn removed(&self, entry: &Entry) -> String {
        let mut edits = Edits::default();
        edits.replace(entry.places.line.clone(), "");
        edits.apply(&self.text)
    }

    /// The text in which an entry says something else. What it says already is not written anew.
    pub fn changed(&self, entry: &Entry, wanted: &Wanted) -> String {
        let places = &entry.places;
        let mut edits = Edits::default();
        if wanted.address.parse() != Ok(entry.address) {
            edits.replace(places.address.clone(), wanted.address.clone());
        }
        if wanted.names != entry.names {
            let gap = if places.names.start == places.address.end { "\t" } else { "" };
            edits.replace(places.names.clone(), format!("{gap}{}", wanted.names.join(" ")));
        }
        let comment = wanted.comment.as_deref().filter(|comment| !comment.is_empty());
        if comment != entry.comment.as_deref().filter(|comment| !comment.is_empty()) {
            let end = places.names.end;
            match (&places.comment, comment) {
                (Some(place), Some(comment)) => edits.replace(place.clone(), format!("# {comment}")),
                (Some(place), None) => edits.replace(end..place.end, ""),
                (None, comment) => {
                    edits.replace(
                        end..end,
                        comment.map(|comment| format!(" # {comment}")).unwrap_or_default(),
                    );
                }
            }
        }
        edits.apply(&self.text)
    }
}

impl Entry {
    /// An entry, nothing (a blank line, a comment), or why the line is passed over.
    fn read(number: usize, start: usize, line: &str, length: usize) -> Result<Option<Self>, String> {
        let (body, comment) = before_comment(line);
        let mut found = words(body);
        let Some(first) = found.next() else { return Ok(None) };
        let word = &body[first.clone()];
        let address: IpAddr = word.parse().map_err(|_| format!("'{}' is no address", word.escape_debug()))?;
        let names: Vec<Range<usize>> = found.collect();
        let span = match (names.first(), names.last()) {
            (Some(one), Some(last)) => one.start..last.end,
            _ => first.end..first.end,
        };
        let trimmed = line.trim_end().len();
        Ok(Some(Self {
            line: number,
            address,
            names: names.iter().map(|place| body[place.clone()].to_owned()).collect(),
            comment: comment.map(|at| line[at + 1..].trim().to_owned()),
            places: Places {
                line: start..(start + line.len() + 1).min(length),
                address: start + first.start..start + first.end,
                names: start + span.start..start + span.end,
                comment: comment.map(|at| start + at..start + trimmed),
            },
        }))
    }

    /// Whether it is the entry of a name. Case does not count.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}
