//! The chapter's nouns as the API delivers them. Names and shapes are the original's; what is our own says so.

use innkeeper_change::{Digest, Level};
use innkeeper_rest::{bit, bit_option};
use serde::Serialize;
use utoipa::ToSchema;

use crate::format::document::FileType;
use crate::format::entry::Entry;

/// All package repositories of a host.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Repositories {
    /// The files that can be understood, `sources.list` first, then by name.
    pub files: Vec<RepositoryFile>,
    /// What is wrong with the other files.
    pub errors: Vec<FileError>,
    /// Digest over all files, for detecting changes.
    pub digest: String,
    /// Remarks on single repositories.
    pub infos: Vec<Info>,
    /// The repositories known by handle.
    pub standard_repos: Vec<StandardRepository>,
    /// Ours: the state of the whole in one level and its reasons.
    pub status: Status,
    /// Ours: who signs each repository, and whether the host knows the key.
    pub signatures: Vec<SignatureInfo>,
}

/// One sources file.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RepositoryFile {
    /// Absolute path.
    pub path: String,
    /// Its syntax.
    pub file_type: FileType,
    /// SHA-256 of its bytes as 32 numbers.
    #[schema(min_items = 32, max_items = 32)]
    pub digest: Vec<u8>,
    /// Its repositories, those switched off among them; their position is their index.
    pub repositories: Vec<Repository>,
    /// Ours: 0 when the file can be read but not be edited, being a symbolic link.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub editable: bool,
}

/// One repository definition.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Repository {
    /// `deb`, `deb-src`.
    pub types: Vec<String>,
    /// Where it is fetched from.
    #[serde(rename = "URIs")]
    pub uris: Vec<String>,
    /// Suites, or paths ending in `/`.
    pub suites: Vec<String>,
    /// Components; absent in a flat repository.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub components: Vec<String>,
    /// Further options in the order of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub options: Vec<RepositoryOption>,
    /// The comment that belongs to it, without `#`, lines ended by newlines.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub comment: String,
    /// The syntax it is written in.
    pub file_type: FileType,
    /// 1 when APT uses it.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub enabled: bool,
    /// Ours: the line of the file it starts on, from 1.
    pub line: usize,
}

/// One option of a repository.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RepositoryOption {
    /// As it is written.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
}

impl Repository {
    /// An entry as the API delivers it.
    pub fn new(entry: &Entry, file_type: FileType) -> Self {
        let option = |option: &crate::format::entry::EntryOption| RepositoryOption {
            key: option.key.clone(),
            values: option.values.clone(),
        };
        Self {
            types: entry.types.clone(),
            uris: entry.uris.clone(),
            suites: entry.suites.clone(),
            components: entry.components.clone(),
            options: entry.options.iter().map(option).collect(),
            comment: entry.comment.clone(),
            file_type,
            enabled: entry.enabled,
            line: entry.line,
        }
    }
}

/// A file, or a place in it, that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileError {
    /// Absolute path.
    pub path: String,
    /// What is wrong, with the line where there is one.
    pub error: String,
}

/// A remark on one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Info {
    /// The file.
    pub path: String,
    /// The repository's index in it.
    pub index: usize,
    /// The field that the remark is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// `origin`, `warning`, `ignore-pre-upgrade-warning`.
    pub kind: String,
    /// The origin's name, or the remark.
    pub message: String,
}

/// A repository known by handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StandardRepository {
    /// What it is added by.
    pub handle: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// 1 enabled, 0 disabled, absent when it is not configured.
    #[serde(default, with = "bit_option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>)]
    pub status: Option<bool>,
}

/// The standing of the host's product repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Enterprise, covered by a subscription.
    Ok,
    /// A repository is enabled that is not meant for production.
    NonProduction,
    /// Enterprise without an active subscription.
    NoSub,
    /// No product repository is enabled.
    NoRepo,
}

/// The state of the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Status {
    /// The standing of the product repositories.
    pub state: Standing,
    /// The worst of the messages.
    pub level: Level,
    /// The standing in one sentence.
    pub message: String,
    /// What there is to say, worst first.
    pub messages: Vec<StatusMessage>,
}

/// One reason of a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatusMessage {
    /// Id of the health finding it comes from.
    pub id: String,
    /// How bad it is.
    pub level: Level,
    /// One sentence.
    pub message: String,
}

/// Who signs one suite of a repository, going by what keys and signatures say; only APT verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SignatureInfo {
    /// The file.
    pub path: String,
    /// The repository's index in it.
    pub index: usize,
    /// The archive.
    pub uri: String,
    /// The suite.
    pub suite: String,
    /// The keyrings that APT may take a key from: files, or "embedded".
    pub keyrings: Vec<String>,
    /// Whether all keyrings that the entry itself names are there and hold keys.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub keyring_exists: bool,
    /// What is wrong with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub keyring_errors: Vec<String>,
    /// Fingerprints or key ids that the cached release file says it was signed with.
    pub signed_by: Vec<String>,
    /// The keys of these keyrings that made the signatures; every key when nothing was fetched yet.
    pub keys: Vec<KeyInfo>,
    /// Whether one of the signatures was made by a key of these keyrings; absent when nothing was fetched yet.
    #[serde(default, with = "bit_option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>)]
    pub matches: Option<bool>,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct KeyInfo {
    /// Fingerprint of the primary key.
    pub fingerprint: String,
    /// Fingerprint of the part that signed, where it is a subkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subkey: Option<String>,
    /// Whom it belongs to, in its own words.
    pub user_ids: Vec<String>,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970; absent when it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// 1 when a revocation was seen.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub revoked: bool,
    /// The keyring it is in.
    pub keyring: String,
}

/// The digest over all files: over their digests in the order of their paths.
pub fn common_digest<'a>(files: impl Iterator<Item = (&'a str, Digest)>) -> String {
    let mut files: Vec<_> = files.collect();
    files.sort_unstable_by_key(|(path, _)| *path);
    let all: Vec<u8> = files.iter().flat_map(|(_, digest)| *digest.as_bytes()).collect();
    Digest::of(&all).to_string()
}
