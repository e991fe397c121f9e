//! Edits of section files: each changes its own lines and no other.

use std::collections::BTreeMap;

use innkeeper_change::Problem;
use thiserror::Error;

use crate::SectionFile;
use crate::section::{is_space, split_header};

/// Why a section file cannot be edited so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SectionEditError {
    /// There is no such section.
    #[error("no such section '{0}'")]
    NoSuchSection(String),
    /// There is such a section already.
    #[error("section '{0}' is already defined")]
    Exists(String),
    /// A type, id or key that the file format cannot hold.
    #[error("'{0}' cannot be written as a name: it is empty, starts with '#' or has white space in it")]
    BadName(String),
    /// A value that the file format cannot hold.
    #[error("property '{0}' contains a line feed")]
    LineFeed(String),
    /// A required option is not given.
    #[error("missing value for required option '{0}'")]
    MissingOption(String),
    /// An option that is set once and for all.
    #[error("can't change value of fixed parameter '{0}'")]
    Fixed(String),
    /// The type has no such option.
    #[error("no such option '{0}'")]
    NoSuchOption(String),
    /// A required option stays.
    #[error("unable to delete required option '{0}'")]
    DeleteRequired(String),
    /// A fixed option stays.
    #[error("unable to delete fixed option '{0}'")]
    DeleteFixed(String),
    /// The caller wants both.
    #[error("cannot set and delete property '{0}' at the same time!")]
    SetAndDelete(String),
    /// Values that the schema does not allow.
    #[error("Parameter verification failed.")]
    Parameters(BTreeMap<String, String>),
}

impl From<SectionEditError> for Problem {
    fn from(error: SectionEditError) -> Self {
        match error {
            SectionEditError::Parameters(wrong) => Self::Parameters(wrong),
            other => Self::failed(other),
        }
    }
}

impl SectionFile {
    /// Sets a key of a section. An existing line is changed in place, a new one is put behind the last. Setting
    /// what is set already changes nothing. White space around the value is dropped: the format cannot hold it.
    ///
    /// # Errors
    /// No such section; a key or value that the format cannot hold.
    pub fn set(&mut self, id: &str, key: &str, value: &str) -> Result<(), SectionEditError> {
        self.put(id, key, Some(value), &|_| true)
    }

    /// Sets a key that stands alone, such as `disable`.
    ///
    /// # Errors
    /// As [`SectionFile::set`].
    pub fn set_flag(&mut self, id: &str, key: &str) -> Result<(), SectionEditError> {
        self.put(id, key, None, &|_| true)
    }

    /// Sets a key; a new line is put behind the last entry for whose key `follows` is true.
    pub(crate) fn put(
        &mut self,
        id: &str,
        key: &str,
        value: Option<&str>,
        follows: &dyn Fn(&str) -> bool,
    ) -> Result<(), SectionEditError> {
        let line = entry_line(key, value)?;
        let section = self.section(id).ok_or_else(|| SectionEditError::NoSuchSection(id.to_owned()))?;
        let value = value.map(|value| value.trim_matches(is_space)).filter(|value| !value.is_empty());
        match section.entry(key) {
            Some(entry) if entry.value.as_deref() == value => {}
            Some(entry) => {
                let span = entry.span.clone();
                let old = &self.text[span.clone()];
                let indent = &old[..old.len() - old.trim_start_matches(is_space).len()];
                let ending = &old[old.trim_end_matches(['\n', '\r']).len()..];
                let new = format!("{indent}{line}{ending}");
                self.splice(span.start, span.end, &new);
            }
            None => {
                let before = section.entries.iter().rev().find(|entry| follows(&entry.key));
                let at = before.map_or(section.header.end, |entry| entry.span.end);
                let gap = if self.text[..at].ends_with('\n') { "" } else { "\n" };
                let new = format!("{gap}\t{line}\n");
                self.splice(at, at, &new);
            }
        }
        Ok(())
    }

    /// Removes a key from a section, every line of it. Says whether it was there.
    ///
    /// # Errors
    /// No such section.
    pub fn unset(&mut self, id: &str, key: &str) -> Result<bool, SectionEditError> {
        let section = self.section(id).ok_or_else(|| SectionEditError::NoSuchSection(id.to_owned()))?;
        let spans: Vec<_> =
            section.entries.iter().filter(|entry| entry.key == key).map(|entry| entry.span.clone()).collect();
        for span in spans.iter().rev() {
            self.splice(span.start, span.end, "");
        }
        Ok(!spans.is_empty())
    }

    /// Appends a section with its entries, in the order given; `None` makes a key that stands alone.
    ///
    /// # Errors
    /// The id is taken; a type, id, key or value that the format cannot hold.
    pub fn add(
        &mut self,
        kind: &str,
        id: &str,
        entries: &[(&str, Option<&str>)],
    ) -> Result<(), SectionEditError> {
        if self.section(id).is_some() {
            return Err(SectionEditError::Exists(id.to_owned()));
        }
        let header = format!("{kind}: {id}");
        let readable = split_header(&header, self.id_optional) == Some((kind.to_owned(), id.to_owned()));
        if !readable || header.starts_with('#') {
            return Err(SectionEditError::BadName(header));
        }
        let mut new = String::new();
        if !self.text.is_empty() {
            let closed = self.text.ends_with('\n');
            new.push_str(if closed { "" } else { "\n" });
            let last = self.text.trim_end_matches('\n').len();
            let blank = self.text[last..].len() >= 2 || last == 0;
            new.push_str(if closed && blank { "" } else { "\n" });
        }
        new.push_str(&header);
        new.push('\n');
        for (key, value) in entries {
            new.push_str(&format!("\t{}\n", entry_line(key, *value)?));
        }
        new.push('\n');
        let end = self.text.len();
        self.splice(end, end, &new);
        Ok(())
    }

    /// Removes a section with all its lines, comments inside included, and the blank line behind it.
    ///
    /// # Errors
    /// No such section.
    pub fn remove(&mut self, id: &str) -> Result<(), SectionEditError> {
        let section = self.section(id).ok_or_else(|| SectionEditError::NoSuchSection(id.to_owned()))?;
        let (start, mut end) = (section.span.start, section.span.end);
        if let Some(next) = self.text[end..]
            .split_inclusive('\n')
            .next()
            .filter(|next| next.trim_matches(is_space).is_empty())
        {
            end += next.len();
        }
        self.splice(start, end, "");
        Ok(())
    }

    fn splice(&mut self, start: usize, end: usize, new: &str) {
        let mut text = std::mem::take(&mut self.text);
        text.replace_range(start..end, new);
        *self = Self::read(text, self.id_optional);
    }
}

/// A `key value` line without indentation and terminator.
fn entry_line(key: &str, value: Option<&str>) -> Result<String, SectionEditError> {
    if key.is_empty() || key.starts_with('#') || key.contains(is_space) {
        return Err(SectionEditError::BadName(key.to_owned()));
    }
    let value = value.map_or("", |value| value.trim_matches(is_space));
    if value.contains(['\n', '\r']) {
        return Err(SectionEditError::LineFeed(key.to_owned()));
    }
    Ok(if value.is_empty() { key.to_owned() } else { format!("{key} {value}") })
}
