//! A whole file: what it says, and where each word of it stands.

use std::borrow::Cow;
use std::fmt;

use super::lines::{Line, Lines, is_blank, word};
use super::stanza::{Comment, Head, Item, OptionLine, Stanza, Word};

/// Why a file is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// A file. Its text is borrowed and never copied; edits are made by [`super::Edits`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    text: &'a str,
    stanzas: Vec<Stanza<'a>>,
    malformed: Vec<Malformed>,
}

impl<'a> Document<'a> {
    /// Reads a text. Every text is a document; what cannot be understood is listed in [`Document::malformed`].
    pub fn parse(text: &'a str) -> Self {
        Reader::new(text).read()
    }

    /// The text it was read from.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The stanzas in the order of the file.
    pub fn stanzas(&self) -> &[Stanza<'a>] {
        &self.stanzas
    }

    /// What is not understood, in the order of the file. A file with any of it is never written.
    pub fn malformed(&self) -> &[Malformed] {
        &self.malformed
    }
}

struct Reader<'a> {
    document: Document<'a>,
    lines: Lines<'a>,
    /// The last stanza takes options.
    open: bool,
    /// A blank line lies between here and the last line that belongs to the open stanza.
    apart: bool,
    /// Items of the open stanza that are sure to be its own.
    kept: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let document = Document { text, stanzas: Vec::new(), malformed: Vec::new() };
        Self { document, lines: Lines::new(text), open: false, apart: false, kept: 0 }
    }

    fn read(mut self) -> Document<'a> {
        while let Some(line) = self.lines.next() {
            match line {
                Ok(line) => self.line(&line),
                Err((number, reason)) => self.wrong(number, reason),
            }
        }
        self.close();
        self.document
    }

    fn wrong(&mut self, line: usize, reason: impl Into<String>) {
        self.document.malformed.push(Malformed { line, reason: reason.into() });
    }

    fn line(&mut self, line: &Line<'a>) {
        if line.text.is_empty() && line.continued {
            return self.wrong(line.number, "a backslash and nothing else");
        }
        if line.text.is_empty() {
            self.apart = true;
            return;
        }
        if let Some(text) = line.text.strip_prefix('#') {
            return self.comment(Comment { text, span: line.span.clone() });
        }
        if has_control_character(line.text) {
            return self.wrong(line.number, "control character");
        }
        let Some((first, _, rest, at)) = word(line.text, line.at) else {
            return self.wrong(line.number, "a backslash and nothing else");
        };
        match is_keyword(first) {
            true => {
                self.close();
                match head(first, rest, at) {
                    Ok(head) => self.stanza(head, line),
                    Err(reason) => self.wrong(line.number, reason),
                }
            }
            false => self.option(first, rest, at, line),
        }
    }

    fn stanza(&mut self, head: Head<'a>, line: &Line<'a>) {
        let stanza = Stanza { head, span: line.span.clone(), line: line.number, items: Vec::new() };
        self.open = stanza.has_body();
        self.document.stanzas.push(stanza);
    }

    fn option(&mut self, key: &'a str, rest: &'a str, at: usize, line: &Line<'a>) {
        if key.starts_with('%') || key.starts_with("${") {
            return self.wrong(line.number, "a template of ifupdown2, which is not edited here");
        }
        let Some(stanza) = self.document.stanzas.last_mut().filter(|_| self.open) else {
            return self.wrong(line.number, format!("'{key}' begins no stanza and is in none"));
        };
        let Some((_, start, _, _)) = word(rest, at) else {
            return self.wrong(line.number, format!("option '{key}' has no value"));
        };
        let end = line.at + line.text.len();
        let raw = &self.document.text[start..end];
        let value = if line.continued { Cow::Owned(joined(raw)) } else { Cow::Borrowed(raw) };
        let (span, value_span) = (line.span.clone(), start..end);
        stanza.items.push(Item::Option(OptionLine { key, value, span, value_span, line: line.number }));
        (self.kept, self.apart) = (stanza.items.len(), false);
    }

    fn comment(&mut self, comment: Comment<'a>) {
        if let Some(stanza) = self.document.stanzas.last_mut().filter(|_| self.open) {
            stanza.items.push(Item::Comment(comment));
            if !self.apart {
                self.kept = stanza.items.len();
            }
        }
    }

    /// Ends the open stanza: comments behind a blank line belong to nobody.
    fn close(&mut self) {
        if let Some(stanza) = self.document.stanzas.last_mut().filter(|_| self.open) {
            stanza.items.truncate(self.kept);
            // of thousands of stanzas, room for what never comes is most of what they take
            stanza.items.shrink_to_fit();
        }
        (self.open, self.apart, self.kept) = (false, false, 0);
    }
}

/// Whether there is a character that controls a terminal and separates no words.
fn has_control_character(text: &str) -> bool {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    !text.as_bytes().iter().all(plain) && text.contains(|c: char| c.is_control() && !is_blank(c))
}

/// A value over several lines as one.
fn joined(raw: &str) -> String {
    let mut words = raw.split('\\').map(|part| part.trim_matches(is_blank)).filter(|part| !part.is_empty());
    // a backslash that continues nothing is a character like any other
    if raw.matches('\\').count() == raw.lines().count() - 1 {
        let first = words.next().unwrap_or_default().to_owned();
        return words.fold(first, |all, part| all + " " + part);
    }
    let lines = raw.lines().map(|line| {
        line.trim_end_matches(is_blank).strip_suffix('\\').unwrap_or(line).trim_matches(is_blank)
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "auto"
            | "iface"
            | "mapping"
            | "template"
            | "vlan"
            | "source"
            | "source-directory"
            | "source-dir"
            | "no-auto-down"
            | "no-scripts"
            | "rename"
    ) || word.starts_with("allow-")
}

fn words(mut rest: &str, mut at: usize) -> Vec<Word<'_>> {
    // one, as a rule
    let mut words = Vec::with_capacity(1);
    while let Some((text, start, more, next)) = word(rest, at) {
        words.push(Word { text, at: start });
        (rest, at) = (more, next);
    }
    words
}

fn head<'a>(first: &'a str, rest: &'a str, at: usize) -> Result<Head<'a>, String> {
    let words = words(rest, at);
    let named = |what: &str| words.first().copied().ok_or_else(|| format!("'{first}' without {what}"));
    Ok(match first {
        "auto" => Head::Allow { class: "auto", names: words },
        "iface" => return iface(&words),
        "mapping" => {
            named("a pattern")?;
            Head::Mapping { patterns: words }
        }
        "template" | "vlan" => Head::Template { word: first, name: named("a name")? },
        "source" | "source-directory" | "source-dir" => {
            named("a path")?;
            Head::Source { word: first, path: rest.trim_matches(is_blank) }
        }
        _ => match first.strip_prefix("allow-") {
            Some("") => return Err("'allow-' without a class".to_owned()),
            Some(class) => Head::Allow { class, names: words },
            None => Head::Other { word: first, words },
        },
    })
}

fn iface<'a>(words: &[Word<'a>]) -> Result<Head<'a>, String> {
    let (&name, rest) = words.split_first().ok_or("'iface' without a name")?;
    let (rest, inherits) = match rest.iter().position(|word| word.text == "inherits") {
        Some(at) => match &rest[at + 1..] {
            [other] => (&rest[..at], Some(*other)),
            _ => return Err(format!("iface {}: 'inherits' takes one name", name.text)),
        },
        None => (rest, None),
    };
    match *rest {
        [] => Ok(Head::Iface { name, family: None, method: None, inherits }),
        [family] => Ok(Head::Iface { name, family: Some(family), method: None, inherits }),
        [family, method] => Ok(Head::Iface { name, family: Some(family), method: Some(method), inherits }),
        [_, _, more, ..] => Err(format!("iface {}: unexpected '{}'", name.text, more.text)),
    }
}
