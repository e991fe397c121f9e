//! The deb822 syntax of `sources.list(5)`: each stanza defines repositories.
//!
//! The document keeps every byte. Stanzas are separated by empty lines; a line that starts with a blank continues
//! the field above it; a line that starts with `#` is a comment, even between continuation lines. Of a field that
//! stands twice the last one counts, as it does for APT, and is the one that is edited. A stanza is switched off by
//! its `Enabled` field; a commented stanza is a comment.

use std::ops::Range;

use super::entry::{
    EditError, Entry, EntryOption, Malformed, control_character, line_end, missing_end, split_end,
};
use super::one_line::check_components;

/// A `.sources` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deb822 {
    lines: Vec<String>,
    stanzas: Vec<Stanza>,
    entries: Vec<Entry>,
    malformed: Vec<Malformed>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stanza {
    /// From its first field to behind its last one.
    lines: Range<usize>,
    fields: Vec<Field>,
    comment: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    line: usize,
    /// Behind the colon.
    colon: usize,
    /// Lines that continue it.
    continued: Vec<usize>,
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    text: String,
    line: usize,
    at: Range<usize>,
}

impl Field {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn values(&self) -> Vec<String> {
        self.words.iter().map(|word| word.text.clone()).collect()
    }
}

impl Stanza {
    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().rfind(|field| field.is(name))
    }

    fn values(&self, name: &str) -> Vec<String> {
        self.field(name).map(Field::values).unwrap_or_default()
    }

    /// APT's own rule: the whole value must be one of these words, anything else means yes.
    fn enabled(&self) -> bool {
        let value = self.values("Enabled").join(" ").to_ascii_lowercase();
        !matches!(value.as_str(), "0" | "no" | "false" | "without" | "off" | "disable")
    }
}

impl Deb822 {
    /// Reads a document. Every text is one; what APT would refuse is listed in [`Deb822::malformed`].
    pub fn parse(text: &str) -> Self {
        let mut document =
            Self { lines: text.split_inclusive('\n').map(str::to_owned).collect(), ..Self::default() };
        let mut reading = Stanza::default();
        for number in 0..document.lines.len() {
            let line = document.lines[number].clone();
            let (body, _) = split_end(&line);
            if body.is_empty() {
                document.close(&mut reading);
            } else if let Err(message) = read_line(&mut reading, number, body) {
                let nth = document.stanzas.len() + 1;
                let message = format!("malformed entry in stanza {nth} - {message} (line {})", number + 1);
                document.malformed.push(Malformed { line: number + 1, message });
            }
        }
        document.close(&mut reading);
        document
    }

    /// Ends the stanza being read; one without fields was comments and blanks only.
    fn close(&mut self, reading: &mut Stanza) {
        let stanza = std::mem::take(reading);
        if stanza.fields.is_empty() {
            return;
        }
        let entry = self.entry(&stanza);
        if let Err(message) = checked(&entry) {
            let nth = self.stanzas.len() + 1;
            let message = format!("check for repository {nth} - {message} (line {})", entry.line);
            self.malformed.push(Malformed { line: entry.line, message });
        }
        self.entries.push(entry);
        self.stanzas.push(stanza);
    }

    fn entry(&self, stanza: &Stanza) -> Entry {
        let mut entry = Entry {
            line: stanza.lines.start + 1,
            enabled: stanza.enabled(),
            types: stanza.values("Types"),
            uris: stanza.values("URIs"),
            suites: stanza.values("Suites"),
            components: stanza.values("Components"),
            comment: stanza.comment.clone(),
            ..Entry::default()
        };
        let known =
            |field: &Field| ["Types", "URIs", "Suites", "Components"].iter().any(|name| field.is(name));
        for field in stanza
            .fields
            .iter()
            .filter(|field| !known(field) && !field.words.is_empty() && !field.name.is_empty())
        {
            let values = if field.is("Enabled") { vec![entry.enabled.to_string()] } else { field.values() };
            entry.options.push(EntryOption { key: field.name.clone(), values });
        }
        let signed_by = stanza.field("Signed-By").filter(|field| !field.continued.is_empty());
        entry.embedded_key =
            signed_by.map(|field| self.folded(field)).filter(|text| text.contains("-----BEGIN"));
        entry
    }

    /// A value over several lines as its reader wants it: a line ` .` stands for an empty one.
    fn folded(&self, field: &Field) -> String {
        let first = split_end(&self.lines[field.line]).0[field.colon..].trim_ascii();
        let more = field.continued.iter().map(|&line| split_end(&self.lines[line]).0.trim_ascii());
        let mut text = String::new();
        for line in std::iter::once(first).chain(more) {
            text.push_str(if line == "." { "" } else { line });
            text.push('\n');
        }
        text
    }

    /// The repositories in the order of the file, those switched off among them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What APT would refuse; a document with such places is never edited.
    pub fn malformed(&self) -> &[Malformed] {
        &self.malformed
    }

    /// The text, byte for byte as it was read where nothing was edited.
    pub fn text(&self) -> String {
        self.lines.concat()
    }

    /// The text with one stanza switched on or off: its `Enabled` field is set, or added as its first line.
    ///
    /// # Errors
    /// [`EditError`]; asking for what is already so is none.
    pub fn set_enabled(&self, index: usize, enabled: bool) -> Result<String, EditError> {
        let stanza = self.stanza(index)?;
        if self.entries[index].enabled == enabled {
            return Ok(self.text());
        }
        let word = if enabled { "yes" } else { "no" };
        let mut lines = self.lines.clone();
        match stanza.field("Enabled") {
            Some(field) => set_words(&mut lines, field, &[word.to_owned()]),
            None => {
                let first = &mut lines[stanza.lines.start];
                first.insert_str(0, &format!("Enabled: {word}{}", line_end(&self.lines)));
            }
        }
        Ok(lines.concat())
    }

    /// The text without the lines of one stanza. Comments above it and the blank line below stay.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn remove(&self, index: usize) -> Result<String, EditError> {
        let gone = self.stanza(index)?.lines.clone();
        let kept = self.lines.iter().enumerate().filter(|(number, _)| !gone.contains(number));
        Ok(kept.map(|(_, line)| line.as_str()).collect())
    }

    /// The text with other components for one stanza. Layout and comments between them stay, over several lines too.
    ///
    /// # Errors
    /// [`EditError`]: a flat repository has no components, any other needs one.
    pub fn set_components(&self, index: usize, components: &[String]) -> Result<String, EditError> {
        let stanza = self.stanza(index)?;
        check_components(&self.entries[index], components)?;
        let Some(field) = stanza.field("Components") else {
            // a stanza without the field is flat: check_components let only "none" through
            return Ok(self.text());
        };
        let mut lines = self.lines.clone();
        set_words(&mut lines, field, components);
        Ok(lines.concat())
    }

    /// The text with `stanza` (fields, each with its line end) as the new last one.
    ///
    /// # Errors
    /// [`EditError::Malformed`] when the document is.
    pub fn append(&self, stanza: &str) -> Result<String, EditError> {
        self.sound()?;
        let end = line_end(&self.lines);
        let mut text = self.text();
        if !text.is_empty() {
            text.push_str(missing_end(&text, end));
            if self.lines.last().is_some_and(|last| !split_end(last).0.is_empty()) {
                text.push_str(end);
            }
        }
        text.push_str(&stanza.replace('\n', end));
        Ok(text)
    }

    fn sound(&self) -> Result<(), EditError> {
        self.malformed.first().map_or(Ok(()), |first| Err(EditError::Malformed(first.clone())))
    }

    fn stanza(&self, index: usize) -> Result<&Stanza, EditError> {
        self.sound()?;
        self.stanzas.get(index).ok_or(EditError::NoSuchEntry(index))
    }
}

/// A stanza that is switched off may be unfinished, but its types must be known: so APT has it.
fn checked(entry: &Entry) -> Result<(), String> {
    if !entry.enabled && !entry.types.is_empty() && entry.types.iter().all(|t| t == "deb" || t == "deb-src") {
        return Ok(());
    }
    entry.check()
}

fn read_line(stanza: &mut Stanza, number: usize, body: &str) -> Result<(), String> {
    if let Some(c) = control_character(body) {
        return Err(format!("control character U+{:04X}", u32::from(c)));
    }
    if let Some(comment) = body.strip_prefix('#') {
        stanza.comment.push_str(comment);
        stanza.comment.push('\n');
        return Ok(());
    }
    if body.starts_with([' ', '\t']) {
        // before the first field such a line continues nothing, and APT passes over it
        if let Some(field) = stanza.fields.last_mut() {
            field.continued.push(number);
            field.words.extend(words(body, 0, number));
            stanza.lines.end = number + 1;
        }
        return Ok(());
    }
    let (name, _) = body.split_once(':').ok_or_else(|| format!("got invalid line - '{body}'"))?;
    let colon = name.len() + 1;
    let name = name.trim_ascii_end();
    if stanza.fields.is_empty() {
        stanza.lines = number..number;
    }
    stanza.lines.end = number + 1;
    stanza.fields.push(Field {
        name: name.to_owned(),
        line: number,
        colon,
        continued: Vec::new(),
        words: words(body, colon, number),
    });
    Ok(())
}

/// The words of a line from `from` on, and where they stand.
fn words(body: &str, from: usize, line: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = from;
    loop {
        let rest = &body[at..];
        at += rest.len() - rest.trim_ascii_start().len();
        let rest = &body[at..];
        let length = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        if length == 0 {
            return words;
        }
        words.push(Word { text: rest[..length].to_owned(), line, at: at..at + length });
        at += length;
    }
}

/// Gives a field other words. Word by word the new one takes the place of the old one, so that the layout stays; what
/// is too many goes, what is new follows the last word. A continuation line that is left blank goes too.
fn set_words(lines: &mut [String], field: &Field, wanted: &[String]) {
    let both = field.words.len().min(wanted.len());
    let added: String = wanted[both..].iter().map(|word| format!(" {word}")).collect();
    let (line, at) = field.words.last().map_or((field.line, field.colon), |last| (last.line, last.at.end));
    lines[line].insert_str(at, &added);
    for (position, word) in field.words.iter().enumerate().rev() {
        let line = &mut lines[word.line];
        if let Some(new) = wanted.get(position) {
            line.replace_range(word.at.clone(), new);
        } else {
            // with the blanks before it, but never with the name of the field
            let floor = if word.line == field.line { field.colon } else { 0 };
            let before = line[..word.at.start].trim_ascii_end().len().max(floor);
            line.replace_range(before..word.at.end, "");
        }
    }
    for &line in &field.continued {
        let lost = field.words[both..].iter().any(|word| word.line == line);
        if lost && lines[line].trim_ascii().is_empty() {
            lines[line].clear();
        }
    }
}
