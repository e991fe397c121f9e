//! What the chapter knows of a host: its sources files and what they are judged by. Pure data and questions about it.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Content;

use crate::format::document::{Document, FileType};
use crate::format::entry::Entry;
use crate::format::refresh_log::Failure;
use crate::format::release::Release;
use crate::model::{FileError, common_digest};
use crate::openpgp::{Key, Signature};

/// The first file APT reads.
pub const SOURCES_LIST: &str = "/etc/apt/sources.list";
/// The directory of the others.
pub const SOURCES_DIR: &str = "/etc/apt/sources.list.d";

/// A sources file that can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Absolute path.
    pub path: Utf8PathBuf,
    /// Its bytes.
    pub content: Content,
    /// What they say.
    pub document: Document,
    /// Why it can be read but not be written, if so.
    pub locked: Option<String>,
}

/// What the host knows of its subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subscription {
    /// No key.
    #[default]
    None,
    /// A key, and nothing that says it is active.
    Inactive,
    /// A key whose stored answer of the last check says that it is active.
    Active,
}

/// A release file that APT fetched, and who says to have signed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachedRelease {
    /// What it says.
    pub release: Release,
    /// Its signatures; none when it is not signed.
    pub signatures: Vec<Signature>,
}

/// The state of the package repositories of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The node's name, for calls that cure a finding.
    pub node: String,
    /// Seconds since 1970 when this was read.
    pub now: i64,
    /// `VERSION_CODENAME` of os-release.
    pub codename: Option<String>,
    /// The files that can be understood, in APT's order.
    pub files: Vec<SourceFile>,
    /// What is wrong with the others.
    pub errors: Vec<FileError>,
    /// Every name in the directory, ignored ones too: none of them is free for a new file.
    pub names: Vec<String>,
    /// Release files by the name of the cached file.
    pub releases: BTreeMap<String, CachedRelease>,
    /// Whether APT ever fetched anything here.
    pub ever_fetched: bool,
    /// The keyrings that entries name and those that count for entries which name none; what is wrong with the others.
    pub keyrings: BTreeMap<Utf8PathBuf, Result<Vec<Key>, String>>,
    /// The keyrings that count for entries which name none.
    pub trusted: Vec<Utf8PathBuf>,
    /// SHA-512 of the product's release keys that are installed.
    pub release_keys: BTreeMap<Utf8PathBuf, String>,
    /// The subscription.
    pub subscription: Subscription,
    /// Installed Ceph packages and their versions.
    pub ceph: Vec<(String, String)>,
    /// The service that keeps the clock right, by its name in the API, where one is installed.
    pub clock_service: Option<String>,
    /// The repositories that the last refresh of the package lists could not fetch.
    pub refresh_failures: Vec<Failure>,
}

/// One entry and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// Its position in the file.
    pub index: usize,
    /// What it says.
    pub entry: &'a Entry,
}

impl Located<'_> {
    /// `path:line`, as evidence.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file.path, self.entry.line)
    }

    /// Every pair of archive and suite.
    pub fn archives(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entry
            .uris
            .iter()
            .flat_map(|uri| self.entry.suites.iter().map(move |suite| (uri.as_str(), suite.as_str())))
    }
}

impl State {
    /// Every entry of every file that can be understood, in APT's order.
    pub fn entries(&self) -> impl Iterator<Item = Located<'_>> {
        self.files.iter().flat_map(|file| {
            let entries = file.document.entries().iter().enumerate();
            entries.map(move |(index, entry)| Located { file, index, entry })
        })
    }

    /// The entries that APT fetches binary packages by.
    pub fn active(&self) -> impl Iterator<Item = Located<'_>> {
        self.entries().filter(|located| located.entry.enabled && located.entry.has_type("deb"))
    }

    /// The file at `path`, if it can be understood.
    pub fn file(&self, path: &Utf8Path) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path.as_str() == path.as_str())
    }

    /// What is wrong with the file at `path`.
    pub fn error(&self, path: &Utf8Path) -> Option<&str> {
        self.errors.iter().find(|error| error.path == path.as_str()).map(|error| error.error.as_str())
    }

    /// The digest over all files that can be understood.
    pub fn digest(&self) -> String {
        common_digest(self.files.iter().map(|file| (file.path.as_str(), file.content.digest())))
    }

    /// The release file that APT fetched for a suite of an archive.
    pub fn release(&self, uri: &str, suite: &str) -> Option<&CachedRelease> {
        if self.releases.is_empty() {
            // thousands of names would be made up for nothing
            return None;
        }
        crate::format::release::cache_names(uri, suite).iter().find_map(|name| self.releases.get(name))
    }

    /// The state as it will be once these files have these contents: only what follows from the files is different.
    #[must_use]
    pub fn with_files(&self, changes: &[(Utf8PathBuf, Option<Content>)]) -> Self {
        let mut after = self.clone();
        for (path, content) in changes {
            after.files.retain(|file| file.path != *path);
            after.errors.retain(|error| error.path != path.as_str());
            let Some(name) = path.file_name() else { continue };
            if path.parent().is_some_and(|parent| parent == SOURCES_DIR) {
                after.names.retain(|have| have != name);
                after.names.extend(content.as_ref().map(|_| name.to_owned()));
            }
            let Some(content) = content else { continue };
            let (Some(text), Some(file_type)) = (content.as_text(), FileType::of(name)) else { continue };
            let document = Document::parse(file_type, text);
            if let Some(bad) = document.malformed().first() {
                let error = bad.to_string();
                after.errors.push(FileError { path: path.to_string(), error });
            } else {
                let content = content.clone();
                after.files.push(SourceFile { path: path.clone(), content, document, locked: None });
            }
        }
        after.names.sort_unstable();
        after.files.sort_by(|a, b| order(&a.path).cmp(&order(&b.path)));
        after
    }
}

/// `sources.list` first, then the directory by name, as APT reads them.
fn order(path: &Utf8Path) -> (bool, &str) {
    (path != SOURCES_LIST, path.as_str())
}
