//! Section files, read without losing anything.
//!
//! A section is a header `type: id`, then indented `key value` lines, up to a blank line. Lines that start with `#`
//! are comments wherever they stand. The text itself stays the record: sections and entries only say where in it
//! they are, so unknown sections, comments, order and odd lines survive every edit.

use std::fmt;
use std::ops::Range;

use crate::sha1_hex;

/// Something in a file that is not taken over, and why. The line itself stays in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Line number, from 1.
    pub line: usize,
    /// Id of the section it is in.
    pub section: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(section) = &self.section {
            write!(f, " (section '{section}')")?;
        }
        write!(f, " - {}", self.message)
    }
}

/// One `key value` line of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value without white space around it; `None` for a key that stands alone.
    pub value: Option<String>,
    /// Line number, from 1.
    pub line: usize,
    /// Bytes of its line, terminator included.
    pub(crate) span: Range<usize>,
}

/// One section as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its type.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Line number of the header, from 1.
    pub line: usize,
    /// Its entries in order; of entries with the same key the first counts.
    pub entries: Vec<Entry>,
    /// Bytes of the header line.
    pub(crate) header: Range<usize>,
    /// Bytes from the header to the end of its last line, without the blank line behind.
    pub(crate) span: Range<usize>,
}

impl Section {
    /// The first entry with this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key; empty for a key that stands alone.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entry(key).map(|entry| entry.value.as_deref().unwrap_or(""))
    }
}

/// A section file: its text, and what the text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionFile {
    pub(crate) text: String,
    pub(crate) sections: Vec<Section>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) id_optional: bool,
}

impl SectionFile {
    /// Reads a text. Every text can be read: what makes no sense becomes a warning.
    pub fn parse(text: impl Into<String>) -> Self {
        Self::read(text.into(), false)
    }

    /// Reads a text in which the id may be missing from a header, as in `status.cfg`: the type, in lower case, is
    /// then the id too.
    pub fn parse_id_optional(text: impl Into<String>) -> Self {
        Self::read(text.into(), true)
    }

    /// The text, byte for byte.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// The sections in order; of sections with the same id the first counts.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section with this id.
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// What is not understood.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// SHA-1 of the text, in hex.
    pub fn digest(&self) -> String {
        sha1_hex(self.text.as_bytes())
    }

    pub(crate) fn read(text: String, id_optional: bool) -> Self {
        let mut reader = Reader { id_optional, open: false, sections: Vec::new(), warnings: Vec::new() };
        let mut start = 0;
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let span = start..start + line.len();
            start = span.end;
            reader.line(number, line, span);
        }
        let Reader { sections, warnings, .. } = reader;
        Self { text, sections, warnings, id_optional }
    }
}

struct Reader {
    id_optional: bool,
    /// Whether the last of `sections` is still going on.
    open: bool,
    sections: Vec<Section>,
    warnings: Vec<Warning>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str, span: Range<usize>) {
        let content = line.trim_matches(is_space);
        if content.is_empty() {
            self.open = false;
        } else if content.starts_with('#') {
            self.extend(span.end);
        } else if self.open {
            self.extend(span.end);
            self.entry(number, line, span);
        } else {
            self.header(number, line, span);
        }
    }

    fn extend(&mut self, end: usize) {
        if let Some(section) = self.sections.last_mut().filter(|_| self.open) {
            section.span.end = end;
        }
    }

    fn entry(&mut self, number: usize, line: &str, span: Range<usize>) {
        let Some(section) = self.sections.last_mut() else { return };
        let warn = |message: String| Warning { line: number, section: Some(section.id.clone()), message };
        if !line.starts_with(is_space) {
            self.warnings.push(warn(format!("ignore config line: {}", line.trim_end_matches(is_space))));
            return;
        }
        let content = line.trim_matches(is_space);
        let (key, value) = match content.split_once(is_space) {
            Some((key, value)) => (key, Some(value.trim_matches(is_space).to_owned())),
            None => (content, None),
        };
        if section.entry(key).is_some() {
            self.warnings.push(warn(format!("duplicate attribute '{key}', the first one counts")));
        }
        section.entries.push(Entry { key: key.to_owned(), value, line: number, span });
    }

    fn header(&mut self, number: usize, line: &str, span: Range<usize>) {
        let Some((kind, id)) = split_header(line, self.id_optional) else {
            let message = format!("ignore config line: {}", line.trim_matches(is_space));
            self.warnings.push(Warning { line: number, section: None, message });
            return;
        };
        if let Some(first) = self.sections.iter().find(|section| section.id == id) {
            let message = format!("section '{id}' is defined in line {} already, which counts", first.line);
            self.warnings.push(Warning { line: number, section: Some(id.clone()), message });
        }
        self.open = true;
        let header = span.clone();
        self.sections.push(Section { kind, id, line: number, entries: Vec::new(), header, span });
    }
}

/// White space as the original's tools see it: ASCII only, so that every other byte belongs to a name or value.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// Type and id of a header line.
pub(crate) fn split_header(line: &str, id_optional: bool) -> Option<(String, String)> {
    let line = line.trim_end_matches(is_space);
    let mut words = line.split(is_space).filter(|word| !word.is_empty());
    let (first, second) = (words.next()?, words.next());
    if words.next().is_some() || line.starts_with(is_space) {
        return None;
    }
    let lower = |kind: &str| if id_optional { kind.to_ascii_lowercase() } else { kind.to_owned() };
    let (kind, id) = match second {
        Some(id) => (lower(first.strip_suffix(':')?), id.to_owned()),
        // "type:id" without a space: the last colon that leaves an id
        None => match first[..first.len() - last_char(first)].rfind(':') {
            Some(at) => (lower(&first[..at]), first[at + 1..].to_owned()),
            None if id_optional => {
                let kind = lower(first.strip_suffix(':')?);
                (kind.clone(), kind)
            }
            None => return None,
        },
    };
    (!kind.is_empty() && !id.is_empty()).then_some((kind, id))
}

fn last_char(word: &str) -> usize {
    word.chars().next_back().map_or(0, char::len_utf8)
}
