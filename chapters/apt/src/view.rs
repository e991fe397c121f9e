//! [`State`] → the answer of `GET repositories`.

use innkeeper_change::Level;

use crate::checks;
use crate::model::{
    Info, Repositories, Repository, RepositoryFile, StandardRepository, Standing, Status, StatusMessage,
};
use crate::risks;
use crate::signatures;
use crate::standard::{Channel, Product, known};
use crate::state::{Located, State, Subscription};
use crate::suites::{self, RemarkKind};

/// The whole answer.
pub fn repositories(state: &State) -> Repositories {
    let file = |file: &crate::state::SourceFile| RepositoryFile {
        path: file.path.to_string(),
        file_type: file.document.file_type(),
        digest: file.content.digest().as_bytes().to_vec(),
        repositories: file
            .document
            .entries()
            .iter()
            .map(|entry| Repository::new(entry, file.document.file_type()))
            .collect(),
        editable: file.locked.is_none(),
    };
    Repositories {
        files: state.files.iter().map(file).collect(),
        errors: state.errors.clone(),
        digest: state.digest(),
        infos: infos(state),
        standard_repos: standard_repos(state),
        status: status(state),
        signatures: signatures::all(state),
    }
}

/// Origins and suite remarks, entry by entry.
pub fn infos(state: &State) -> Vec<Info> {
    let mut infos = Vec::new();
    for located in state.entries() {
        let info = |property: Option<&str>, kind: &str, message: String| Info {
            path: located.file.path.to_string(),
            index: located.index,
            property: property.map(str::to_owned),
            kind: kind.to_owned(),
            message,
        };
        if let Some(current) = &state.codename {
            for (kind, message) in suites::remarks(located.entry, current) {
                let kind = match kind {
                    RemarkKind::Warning => "warning",
                    RemarkKind::PreUpgrade => "ignore-pre-upgrade-warning",
                };
                infos.push(info(Some("Suites"), kind, message));
            }
        }
        infos.extend(origin(state, located).map(|name| info(None, "origin", name)));
    }
    infos
}

/// Who publishes a repository: as its release file says, else as its host suggests.
fn origin(state: &State, located: Located<'_>) -> Option<String> {
    let cached =
        located.archives().find_map(|(uri, suite)| state.release(uri, suite)?.release.origin.clone());
    cached.or_else(|| {
        located.entry.uris.iter().find_map(|uri| {
            let host = risks::host_of(uri)?;
            let known = [(".proxmox.com", "Proxmox"), (".debian.org", "Debian")];
            known.iter().find(|(domain, _)| host.ends_with(domain)).map(|(_, name)| (*name).to_owned())
        })
    })
}

fn standard_repos(state: &State) -> Vec<StandardRepository> {
    let Some(current) = &state.codename else { return Vec::new() };
    known(current)
        .iter()
        .map(|standard| StandardRepository {
            handle: standard.handle(),
            name: standard.name(),
            description: standard.description(),
            status: risks::standing(state, standard),
        })
        .collect()
}

/// The standing of the product repositories.
pub fn standing(state: &State) -> Standing {
    let Some(current) = &state.codename else { return Standing::NoRepo };
    let enabled = |channel: Channel| {
        known(current)
            .iter()
            .filter(|standard| standard.product == Product::Host && standard.channel == channel)
            .any(|standard| risks::standing(state, standard) == Some(true))
    };
    if enabled(Channel::NoSubscription) || enabled(Channel::Test) {
        Standing::NonProduction
    } else if !enabled(Channel::Enterprise) {
        Standing::NoRepo
    } else if state.subscription == Subscription::Active {
        Standing::Ok
    } else {
        Standing::NoSub
    }
}

/// The state of the whole, for the node's summary.
pub fn status(state: &State) -> Status {
    let findings = checks::check(state);
    let state = standing(state);
    let message = match state {
        Standing::Ok => "The enterprise repository is enabled and covered by a subscription",
        Standing::NonProduction => "A repository is enabled that is not meant for production",
        Standing::NoSub => "The enterprise repository is enabled, but needs a valid subscription",
        Standing::NoRepo => "No product repository is enabled",
    };
    Status {
        state,
        level: findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good),
        message: message.to_owned(),
        messages: findings
            .into_iter()
            .map(|finding| StatusMessage { id: finding.id, level: finding.level, message: finding.message })
            .collect(),
    }
}
