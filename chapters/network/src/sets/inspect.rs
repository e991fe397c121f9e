//! Host → change sets. Reads only.

use camino::Utf8Path;
use innkeeper_change::{Content, Problem};
use innkeeper_host::{Host, HostError, read_config};

use super::model::{ChangeSet, DIRECTORY, path_of};

/// A change set that is edited in the place of the staged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The change set.
    pub set: ChangeSet,
    /// The configuration that it would make.
    pub text: Content,
    /// Its file as it is.
    pub file: Content,
    /// Where that is.
    pub path: String,
    /// When it was written, nanoseconds since 1970.
    pub written: i128,
}

/// A file among the change sets: understood or not.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// The change set, or why it is none.
    pub draft: Result<Draft, String>,
    /// What is in the file, as far as it is text.
    pub file: Content,
    /// When it was written, nanoseconds since 1970.
    pub written: i128,
}

/// The change set with this name; `None` when there is none.
///
/// # Errors
/// When its file is there and cannot be read.
pub fn read(host: &dyn Host, name: &str) -> Result<Option<Found>, Problem> {
    let path = path_of(name);
    let text = match read_config(host, &path) {
        Ok(Some(text)) => Ok(text),
        Ok(None) | Err(HostError::NotADirectory { .. }) => return Ok(None),
        Err(error @ HostError::NotUtf8 { .. }) => Err(error.to_string()),
        Err(other) => return Err(other.into()),
    };
    let written = host.metadata(&path)?.map_or(0, |found| found.modified);
    let file = Content::new(text.clone().unwrap_or_default());
    let draft = text.and_then(|text| ChangeSet::parse(name, &text)).map(|set| Draft {
        text: Content::new(set.text.clone()),
        file: file.clone(),
        path: path.to_string(),
        written,
        set,
    });
    Ok(Some(Found { name: name.to_owned(), draft, file, written }))
}

/// Every change set, by name.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn read_all(host: &dyn Host) -> Result<Vec<Found>, Problem> {
    let entries = match host.list_dir(Utf8Path::new(DIRECTORY)) {
        Ok(entries) => entries,
        Err(HostError::NotFound { .. } | HostError::NotADirectory { .. }) => return Ok(Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let names = entries.iter().filter_map(|entry| entry.name.strip_suffix(".json"));
    let found: Result<Vec<_>, Problem> =
        names.filter(|name| !name.starts_with('.')).map(|name| read(host, name)).collect();
    Ok(found?.into_iter().flatten().collect())
}
