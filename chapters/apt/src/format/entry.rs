//! One repository definition, whichever syntax it is written in, and what makes it wrong.

use thiserror::Error;

/// An option of a repository: `arch=amd64,i386` in brackets, or a field such as `Signed-By`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryOption {
    /// As it is written, including a `+` or `-` before the equals sign.
    pub key: String,
    /// Its values: split at commas in brackets, at blanks in a field.
    pub values: Vec<String>,
}

/// A repository definition: a line of a `.list` file, a stanza of a `.sources` file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Entry {
    /// The line it starts on, counted from 1.
    pub line: usize,
    /// A commented line and a stanza with `Enabled: no` are disabled repositories.
    pub enabled: bool,
    /// `deb`, `deb-src`.
    pub types: Vec<String>,
    /// Where it is fetched from.
    pub uris: Vec<String>,
    /// Suites or codenames; a path that ends in `/` for a flat repository.
    pub suites: Vec<String>,
    /// Components; none in a flat repository.
    pub components: Vec<String>,
    /// Options in the order they are written.
    pub options: Vec<EntryOption>,
    /// The comment lines above it and behind it, without `#`, each ended by a newline.
    pub comment: String,
    /// The value of an embedded `Signed-By` key block, as a reader of keys wants it.
    pub embedded_key: Option<String>,
}

impl Entry {
    /// The values of the last option called `key`, in any case: the last one counts for APT.
    pub fn option(&self, key: &str) -> Option<&[String]> {
        let found = self.options.iter().rfind(|option| option.key.eq_ignore_ascii_case(key));
        found.map(|option| option.values.as_slice())
    }

    /// Whether `kind` is among its types.
    pub fn has_type(&self, kind: &str) -> bool {
        self.types.iter().any(|have| have == kind)
    }

    /// What APT would refuse in it.
    ///
    /// # Errors
    /// The first thing wrong, in the original's words.
    pub fn check(&self) -> Result<(), String> {
        if self.types.is_empty() {
            return Err("missing package type(s)".to_owned());
        }
        if let Some(kind) = self.types.iter().find(|kind| !matches!(kind.as_str(), "deb" | "deb-src")) {
            return Err(format!("invalid package type '{kind}'"));
        }
        if self.uris.is_empty() {
            return Err("missing URI(s)".to_owned());
        }
        if let Some(uri) = self.uris.iter().find(|uri| uri.len() < 3 || !uri.contains(':')) {
            return Err(format!("invalid URI: '{uri}'"));
        }
        if self.suites.is_empty() {
            return Err("missing suite(s)".to_owned());
        }
        for suite in &self.suites {
            if suite.is_empty() {
                return Err("missing suite".to_owned());
            }
            match (suite.ends_with('/'), self.components.is_empty()) {
                (false, true) => return Err("missing component(s)".to_owned()),
                (true, false) => {
                    return Err(format!("absolute suite '{suite}' does not allow component(s)"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A place in a file that cannot be understood. Nothing is ever written to such a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// The whole sentence, with the line or the stanza in it.
    pub message: String,
}

/// Why an edit of a document is refused. The document is then as it was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// The document has no such entry.
    #[error("invalid index - {0}")]
    NoSuchEntry(usize),
    /// What is in the document cannot be understood, so it is not touched.
    #[error("{0}")]
    Malformed(Malformed),
    /// The edit itself is not possible.
    #[error("{0}")]
    Refused(String),
}

/// The first control character of a line (without its line end) that has no business in a text file.
///
/// A terminal or a page that shows such a line would show something else than APT reads.
pub(crate) fn control_character(line: &str) -> Option<char> {
    line.chars().find(|&c| c.is_control() && c != '\t')
}

/// A line without its line end, and the line end: `\n`, `\r\n`, nothing, or the `\r` of a file cut short.
pub(crate) fn split_end(line: &str) -> (&str, &str) {
    let body = line.strip_suffix('\n').unwrap_or(line);
    line.split_at(body.strip_suffix('\r').unwrap_or(body).len())
}

/// What has to follow a text so that a new line can start behind it.
pub(crate) fn missing_end(text: &str, end: &'static str) -> &'static str {
    match text.as_bytes().last() {
        None | Some(b'\n') => "",
        Some(b'\r') => "\n",
        Some(_) => end,
    }
}

/// The line end that a text uses: the one of its first line.
pub(crate) fn line_end(lines: &[String]) -> &'static str {
    match lines.first().map(|line| split_end(line).1) {
        Some("\r\n") => "\r\n",
        _ => "\n",
    }
}

/// Whether a word can stand as a component in either syntax without quoting.
pub fn is_component(word: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.+~/".contains(c);
    !word.is_empty() && word.len() <= 128 && word.chars().all(allowed) && !word.starts_with('-')
}
