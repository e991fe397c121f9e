//! The nouns, as the API delivers them.

use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use super::format::ASKED;
use super::inspect::State;

/// How this host resolves names: the original's fields and no others, because clients compare the whole answer with what they
/// want.
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
}

/// How this host resolves names, with all that is known of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Resolver {
    /// Domains that are tried with a short name, in their order.
    pub search: Vec<String>,
    /// The name servers that are asked, in their order.
    pub servers: Vec<String>,
    /// Name servers beyond the third, which nobody asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub never_asked: Vec<String>,
    /// Options of the resolver, as `timeout:2`; they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Who else writes the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<ResolverOwner>,
    /// Lines that the resolver passes over; they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<LineProblem>,
    /// SHA-1 of the file, for detecting changes.
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

/// The state as the original delivers it.
pub fn dns(state: &State) -> Dns {
    let mut servers = state.file.servers().map(str::to_owned);
    let mut next = || servers.next();
    let [dns1, dns2, dns3] = [next(), next(), next()];
    Dns { search: state.file.search(), dns1, dns2, dns3 }
}

/// The state with all that is known of it.
pub fn resolver(state: &State) -> Resolver {
    let file = &state.file;
    let odd = file.odd().iter();
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
    Resolver {
        search: owned(file.search().unwrap_or_default().split(' ').filter(|word| !word.is_empty()).collect()),
        servers: owned(file.servers().take(ASKED).collect()),
        never_asked: owned(file.servers().skip(ASKED).collect()),
        options: owned(file.options()),
        owner: state.owner.clone(),
        problems: odd.map(|odd| LineProblem { line: odd.line, reason: odd.reason.clone() }).collect(),
        digest: state.digest(),
    }
}
