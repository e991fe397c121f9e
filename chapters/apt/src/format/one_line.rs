//! The one-line syntax of `sources.list(5)`: each line defines one repository.
//!
//! The document keeps every byte. A repository is a line that parses; a line that parses once its `#` is taken
//! away is a repository that is switched off; any other `#…` is a comment. An edit touches the bytes of its own
//! line and no other.

use std::ops::Range;

use super::entry::{
    EditError, Entry, EntryOption, Malformed, control_character, is_component, line_end, missing_end,
    split_end,
};

/// A `.list` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneLine {
    lines: Vec<String>,
    slots: Vec<Slot>,
    entries: Vec<Entry>,
    malformed: Vec<Malformed>,
}

/// Where the pieces of an entry stand in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    line: usize,
    /// The blanks before the entry, or before the `#` that switches it off.
    indent: usize,
    /// From the `#` to the first letter of the entry; empty when it is enabled.
    hash: Range<usize>,
    suite_end: usize,
    components: Vec<Range<usize>>,
}

impl OneLine {
    /// Reads a document. Every text is one; what APT would refuse is listed in [`OneLine::malformed`].
    pub fn parse(text: &str) -> Self {
        let mut document =
            Self { lines: text.split_inclusive('\n').map(str::to_owned).collect(), ..Self::default() };
        let mut comment = String::new();
        for line in 0..document.lines.len() {
            document.read_line(line, &mut comment);
        }
        document
    }

    fn read_line(&mut self, line: usize, pending: &mut String) {
        let number = line + 1;
        let (body, _) = split_end(&self.lines[line]);
        if let Some(c) = control_character(body) {
            let message =
                format!("malformed entry on line {number} - control character U+{:04X}", u32::from(c));
            self.malformed.push(Malformed { line: number, message });
            return;
        }
        let indent = body.len() - body.trim_ascii_start().len();
        if indent == body.len() {
            return;
        }
        let enabled = !body[indent..].starts_with('#');
        let start = if enabled { indent } else { body.len() - body[indent + 1..].trim_ascii_start().len() };
        match read_entry(body, start) {
            Ok(Read { mut entry, suite_end, components, trailing }) => {
                entry.line = number;
                entry.enabled = enabled;
                let checked = entry.check();
                if let (Err(message), true) = (&checked, enabled) {
                    let nth = self.entries.len() + 1;
                    let message = format!("check for repository {nth} - {message} (line {number})");
                    self.malformed.push(Malformed { line: number, message });
                }
                if checked.is_ok() || enabled {
                    entry.comment = std::mem::take(pending);
                    if let Some(trailing) = trailing {
                        entry.comment.push_str(trailing);
                        entry.comment.push('\n');
                    }
                    let hash = if enabled { indent..indent } else { indent..start };
                    self.slots.push(Slot { line, indent, hash, suite_end, components });
                    self.entries.push(entry);
                    return;
                }
            }
            Err(message) if enabled => {
                let message = format!("malformed entry on line {number} - {message}");
                self.malformed.push(Malformed { line: number, message });
                return;
            }
            Err(_) => {}
        }
        pending.push_str(&body[indent + 1..]);
        pending.push('\n');
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

    /// Every line with its end, for who rewrites the document in another syntax.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The text with one repository switched on or off.
    ///
    /// Off puts `# ` before the entry (behind its indentation, so that on gives back the very same line); on takes the
    /// `#` and the blanks after it away.
    ///
    /// # Errors
    /// [`EditError`]; asking for what is already so is none.
    pub fn set_enabled(&self, index: usize, enabled: bool) -> Result<String, EditError> {
        let slot = self.slot(index)?;
        if self.entries[index].enabled == enabled {
            return Ok(self.text());
        }
        let mut line = self.lines[slot.line].clone();
        if enabled {
            line.replace_range(slot.hash.clone(), "");
        } else {
            line.insert_str(slot.indent, "# ");
        }
        Ok(self.with_line(slot.line, line))
    }

    /// The text without the line of one repository. Comments stay: they are not its bytes.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn remove(&self, index: usize) -> Result<String, EditError> {
        let slot = self.slot(index)?;
        Ok(self.with_line(slot.line, String::new()))
    }

    /// The text with other components for one repository. Word by word the new one takes the place of the old one, so
    /// that the layout stays; a comment behind them keeps its bytes.
    ///
    /// # Errors
    /// [`EditError`]: a flat repository has no components, any other needs one.
    pub fn set_components(&self, index: usize, components: &[String]) -> Result<String, EditError> {
        let slot = self.slot(index)?;
        let entry = &self.entries[index];
        check_components(entry, components)?;
        let mut line = self.lines[slot.line].clone();
        let end = slot.components.last().map_or(slot.suite_end, |last| last.end);
        let both = slot.components.len().min(components.len());
        let added: String = components[both..].iter().map(|word| format!(" {word}")).collect();
        line.insert_str(end, &added);
        if let (true, Some(last)) = (both < slot.components.len(), both.checked_sub(1)) {
            line.replace_range(slot.components[last].end..end, "");
        }
        for (old, (have, want)) in slot.components.iter().zip(entry.components.iter().zip(components)).rev() {
            // a word that stays keeps its quotes too
            if have != want {
                line.replace_range(old.clone(), want);
            }
        }
        Ok(self.with_line(slot.line, line))
    }

    /// The text with `line` (no line end) as a new last entry, set off by a blank line.
    ///
    /// # Errors
    /// [`EditError::Malformed`] when the document is.
    pub fn append(&self, line: &str) -> Result<String, EditError> {
        self.sound()?;
        let end = line_end(&self.lines);
        let mut text = self.text();
        if !text.is_empty() {
            text.push_str(missing_end(&text, end));
            if self.lines.last().is_some_and(|last| !last.trim().is_empty()) {
                text.push_str(end);
            }
        }
        text.push_str(line);
        text.push_str(end);
        Ok(text)
    }

    fn sound(&self) -> Result<(), EditError> {
        self.malformed.first().map_or(Ok(()), |first| Err(EditError::Malformed(first.clone())))
    }

    fn slot(&self, index: usize) -> Result<&Slot, EditError> {
        self.sound()?;
        self.slots.get(index).ok_or(EditError::NoSuchEntry(index))
    }

    fn with_line(&self, at: usize, line: String) -> String {
        let replace = |(number, old): (usize, &String)| if number == at { line.clone() } else { old.clone() };
        self.lines.iter().enumerate().map(replace).collect()
    }
}

/// Refuses lists of components that could not be written or that APT would not accept for the entry.
pub(crate) fn check_components(entry: &Entry, components: &[String]) -> Result<(), EditError> {
    let foreign = |word: &&String| !is_component(word) && !entry.components.contains(word);
    if let Some(bad) = components.iter().find(foreign) {
        return Err(EditError::Refused(format!("invalid component '{bad}'")));
    }
    let mut wanted = entry.clone();
    wanted.components = components.to_vec();
    wanted.check().map_err(EditError::Refused)
}

struct Read<'a> {
    entry: Entry,
    suite_end: usize,
    components: Vec<Range<usize>>,
    trailing: Option<&'a str>,
}

/// Reads the entry that starts at `start` of a line without its line end.
fn read_entry(body: &str, start: usize) -> Result<Read<'_>, String> {
    let hash = comment_start(body, start);
    let trailing = hash.map(|at| &body[at + 1..]);
    let mut words = Words { text: &body[..hash.unwrap_or(body.len())], at: start };

    let kind = words.bare_word();
    if !matches!(kind, "deb" | "deb-src") {
        return Err(format!("invalid package type '{kind}'"));
    }
    let options = if words.opens_options() { words.options()? } else { Vec::new() };
    let (uri, _) = words.word()?.ok_or("missing URI")?;
    let (suite, suite_at) = words.word()?.ok_or("missing suite")?;
    let (mut components, mut spans) = (Vec::new(), Vec::new());
    while let Some((component, span)) = words.word()? {
        components.push(component);
        spans.push(span);
    }
    let entry = Entry {
        types: vec![kind.to_owned()],
        uris: vec![uri],
        suites: vec![suite],
        components,
        options,
        ..Entry::default()
    };
    Ok(Read { entry, suite_end: suite_at.end, components: spans, trailing })
}

/// Where the comment of a line starts: at the first `#` that is not between brackets, as APT has it.
fn comment_start(body: &str, start: usize) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'#' => return Some(at),
            b'[' => match body[at..].find(']') {
                Some(length) => at += length,
                // an unclosed bracket protects nothing
                None => return body[at..].find('#').map(|hash| at + hash),
            },
            _ => {}
        }
        at += 1;
    }
    None
}

struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    /// A word without quoting: the type.
    fn bare_word(&mut self) -> &'a str {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let word = &rest[..rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn opens_options(&mut self) -> bool {
        self.skip_blanks();
        let opens = self.text[self.at..].starts_with('[');
        self.at += usize::from(opens);
        opens
    }

    /// The options up to and including the `]`.
    fn options(&mut self) -> Result<Vec<EntryOption>, String> {
        const OPEN: &str = "options not closed by ']'";
        let mut options = Vec::new();
        loop {
            self.skip_blanks();
            if self.text[self.at..].starts_with(']') {
                self.at += 1;
                return Ok(options);
            }
            let (word, _) = self.quoted(false)?.ok_or(OPEN)?;
            let (word, closed) = match word.strip_suffix(']') {
                Some(word) => (word, true),
                None => (word.as_str(), false),
            };
            options.push(read_option(word)?);
            if closed {
                return Ok(options);
            }
        }
    }

    /// The next word and where it stands. `"…"` groups and is taken off, `[…]` groups and stays.
    fn word(&mut self) -> Result<Option<(String, Range<usize>)>, String> {
        self.quoted(true)
    }

    fn quoted(&mut self, brackets: bool) -> Result<Option<(String, Range<usize>)>, String> {
        self.skip_blanks();
        let start = self.at;
        let mut word = String::new();
        let mut rest = self.text[start..].char_indices();
        let mut end = self.text.len();
        while let Some((offset, c)) = rest.next() {
            match c {
                '"' => loop {
                    match rest.next() {
                        Some((_, '"')) => break,
                        Some((_, inner)) => word.push(inner),
                        None => return Err("quote not closed by '\"'".to_owned()),
                    }
                },
                '[' if brackets => {
                    word.push('[');
                    loop {
                        match rest.next() {
                            Some((_, ']')) => break word.push(']'),
                            Some((_, inner)) => word.push(inner),
                            None => return Err("bracket not closed by ']'".to_owned()),
                        }
                    }
                }
                c if c.is_ascii_whitespace() => {
                    end = start + offset;
                    break;
                }
                c => word.push(c),
            }
        }
        self.at = end;
        Ok((end > start).then_some((word, start..end)))
    }
}

fn read_option(word: &str) -> Result<EntryOption, String> {
    let (key, value) = word.split_once('=').ok_or_else(|| format!("got invalid option - {word}"))?;
    if key.trim_end_matches(['+', '-']).is_empty() {
        return Err("option has no key".to_owned());
    }
    if value.is_empty() {
        return Err("option has no value".to_owned());
    }
    Ok(EntryOption { key: key.to_owned(), values: value.split(',').map(str::to_owned).collect() })
}
