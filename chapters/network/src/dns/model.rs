//! The nouns, as the API delivers them.

use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use super::format::{ASKED, ResolvConf};
use super::inspect::State;

/// How this host resolves names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Dns {
    /// Domains that are tried with a short name, separated by blanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// The first name server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns1: Option<String>,
    /// The second name server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns2: Option<String>,
    /// The third name server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns3: Option<String>,
    /// Ours: name servers beyond the third, which nobody asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<String>,
    /// Ours: options of the resolver, as `timeout:2`; they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Ours: who else writes the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<ResolverOwner>,
    /// Ours: lines that the resolver passes over; they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<LineProblem>,
    /// Ours: SHA-1 of the file, for detecting changes.
    pub digest: String,
}

/// Who writes the resolver's file, besides people and this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ResolverOwner {
    /// Name of the program: `systemd-resolved`, `NetworkManager`, `resolvconf`; `link` when the file is a symbolic link to
    /// somewhere else.
    pub name: String,
    /// What was seen: the link, the line that the program leaves, the process that runs.
    pub evidence: String,
    /// Where name servers are set instead.
    pub advice: String,
    /// 0 when the file is not written from here, being a symbolic link.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub editable: bool,
}

/// A line that has no effect, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineProblem {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// The state as the API delivers it.
pub fn view(state: &State) -> Dns {
    let file: &ResolvConf = &state.file;
    let mut servers = file.servers().map(str::to_owned);
    let mut next = || servers.next();
    let [dns1, dns2, dns3] = [next(), next(), next()];
    Dns {
        search: file.search(),
        dns1,
        dns2,
        dns3,
        more: file.servers().skip(ASKED).map(str::to_owned).collect(),
        options: file.options().into_iter().map(str::to_owned).collect(),
        owner: state.owner.clone(),
        problems: file
            .odd()
            .iter()
            .map(|odd| LineProblem { line: odd.line, reason: odd.reason.clone() })
            .collect(),
        digest: state.digest(),
    }
}
