//! The nouns, as the API delivers them.

use serde::Serialize;
use utoipa::ToSchema;

use super::inspect::State;
use crate::dns::model::LineProblem;

/// The file of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Hosts {
    /// The whole text.
    pub data: String,
    /// SHA-1 of the file, for detecting changes.
    pub digest: String,
    /// Ours: its entries.
    pub entries: Vec<HostsEntry>,
    /// Ours: lines that are passed over when names are looked up; they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<LineProblem>,
    /// Ours: what else writes the file, or why it is not written from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// An address and its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct HostsEntry {
    /// The number of its line, from 1: what it is called by.
    pub line: usize,
    /// The address.
    pub address: String,
    /// Its names; the first is the canonical one.
    pub names: Vec<String>,
    /// What stands behind `#` on its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// The state as the API delivers it.
pub fn view(state: &State) -> Hosts {
    let odd = state.file.odd().iter();
    Hosts {
        data: state.file.text().to_owned(),
        digest: state.digest(),
        entries: entries(state),
        problems: odd.map(|odd| LineProblem { line: odd.line, reason: odd.reason.clone() }).collect(),
        owner: state.owner.as_ref().map(ToString::to_string),
    }
}

/// The entries alone.
pub fn entries(state: &State) -> Vec<HostsEntry> {
    let entries = state.file.entries().iter();
    entries
        .map(|entry| HostsEntry {
            line: entry.line,
            address: entry.address.to_string(),
            names: entry.names.clone(),
            comment: entry.comment.clone().filter(|comment| !comment.is_empty()),
        })
        .collect()
}
