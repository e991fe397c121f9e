//! What APT's errors come down to: one sentence each, and the one call that cures it where a call can.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Fix, Level};

use crate::checks::{disable, fetch_key, new, without_subscription};
use crate::format::refresh_log::{Cause, Failure, changed_fields, failures};
use crate::state::{Located, State};

/// What the last refresh of the package lists could not fetch, as far as it is still configured.
pub(crate) fn of_refresh(state: &State) -> Vec<Finding> {
    let failures = state.refresh_failures.iter().filter_map(|failure| {
        let located = state.active().find(|located| is_of(located, &failure.uri));
        (located.is_some() || failure.uri.is_empty()).then_some((failure, located))
    });
    failures
        .map(|(failure, located)| {
            let Failure { uri, reason, cause } = failure;
            let (message, advice) = explain(*cause);
            let evidence = if uri.is_empty() { reason.clone() } else { format!("{uri}: {reason}") };
            let level = if *cause == Cause::Locked { Level::Warning } else { Level::Critical };
            let mut finding = new("apt.refresh-failed", level, message, evidence, advice);
            finding.fixes = fixes(state, failure, located);
            finding
        })
        .collect()
}

/// What is wrong, from what `apt-get update` has said: a sentence for each repository.
pub(crate) fn causes(log: &str) -> Vec<String> {
    let sentence = |Failure { uri, cause, .. }: &Failure| {
        let (message, advice) = explain(*cause);
        if uri.is_empty() { format!("{message} {advice}") } else { format!("{uri}: {message} {advice}") }
    };
    failures(log).iter().map(sentence).collect()
}

/// The address is that of the repository, or of a file in it.
fn is_of(located: &Located<'_>, uri: &str) -> bool {
    let uri = uri.trim_end_matches('/');
    located
        .entry
        .uris
        .iter()
        .map(|known| known.trim_end_matches('/'))
        .any(|known| uri.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn fixes(state: &State, failure: &Failure, located: Option<Located<'_>>) -> Vec<Fix> {
    let cause = failure.cause;
    let off = || located.map(|located| disable(state, "Disable this repository", located));
    match cause {
        Cause::Unauthorized => {
            located.map(|located| without_subscription(state, located)).unwrap_or_default()
        }
        Cause::NotFound | Cause::Unsigned => off().into_iter().collect(),
        Cause::ReleaseExpired => off().into_iter().chain(set_clock(state)).collect(),
        Cause::NotValidYet => set_clock(state).into_iter().collect(),
        Cause::DiskFull => vec![call(state, "Remove downloaded packages", "apt/clean")],
        Cause::Renamed => accept(state, &changed_fields(&failure.reason)).into_iter().collect(),
        Cause::KeyUnknown | Cause::KeyExpired => {
            let product = located.is_some_and(|located| {
                located.entry.uris.iter().any(|uri| uri.contains("://") && uri.contains(".proxmox.com/"))
            });
            fetch_key(state).filter(|_| product).into_iter().collect()
        }
        Cause::HashMismatch | Cause::Locked => vec![again(state)],
        // these are cured outside of this program, or by a look at what is wrong: network, proxy, certificates
        Cause::NoName | Cause::Unreachable | Cause::Proxy | Cause::Certificate | Cause::Other => Vec::new(),
    }
}

fn call(state: &State, label: &str, path: &str) -> Fix {
    Fix {
        label: label.to_owned(),
        verb: "POST".to_owned(),
        path: format!("/nodes/{}/{path}", state.node),
        params: BTreeMap::new(),
    }
}

fn again(state: &State) -> Fix {
    call(state, "Refresh the package lists again", "apt/update")
}

/// A service that keeps the clock sets it right when it starts.
fn set_clock(state: &State) -> Option<Fix> {
    let service = state.clock_service.as_deref()?;
    Some(call(
        state,
        &format!("Restart {service}, which sets the clock"),
        &format!("services/{service}/restart"),
    ))
}

/// Refresh once more, and let these fields have changed.
fn accept(state: &State, fields: &[&str]) -> Option<Fix> {
    let mut fix = call(state, &format!("Refresh and accept the new {}", fields.join(", ")), "apt/update");
    fix.params.insert("accept-change".to_owned(), fields.join(","));
    (!fields.is_empty()).then_some(fix)
}

fn explain(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::Unauthorized => (
            "The last refresh was turned away by a repository that needs a subscription.",
            "Register a subscription key, or disable this repository and add the no-subscription one.",
        ),
        Cause::NotFound => (
            "The last refresh found no such suite on the server.",
            "Correct the suite or the address of this repository; old releases move to an archive server.",
        ),
        Cause::KeyUnknown => (
            "The last refresh could not verify a repository: the key that signs it is not installed.",
            "Install the repository's key file after comparing its checksum with the published one.",
        ),
        Cause::KeyExpired => (
            "The last refresh could not verify a repository: the key that signs it has expired.",
            "Install the key file that its owner publishes now, after comparing its checksum; look at the clock too.",
        ),
        Cause::Unsigned => (
            "The last refresh refused a repository that nobody signed.",
            "Ask whoever runs it to sign it, or disable it. Do not switch the check of signatures off.",
        ),
        Cause::ReleaseExpired => (
            "The last refresh refused a repository whose release has expired: its mirror is not kept up to date.",
            "Use another mirror. If this is so of all repositories, the clock of this host is ahead: timedatectl says.",
        ),
        Cause::NotValidYet => (
            "The last refresh refused a release from the future: the clock of this host is behind.",
            "Set the clock right (timedatectl, and the service that keeps it), then refresh again.",
        ),
        Cause::HashMismatch => (
            "The last refresh fetched a list that is not the one that was signed.",
            "As a rule a mirror was being updated: try again later. If it stays, a proxy or the mirror changes files.",
        ),
        Cause::Renamed => (
            "The last refresh stopped because a repository calls itself something else now.",
            "After a new release of Debian that is as it should be: 'innkeeper updates refresh --accept-change FIELD' accepts it.",
        ),
        Cause::NoName => (
            "The last refresh could not find the address of a repository's server: names are not resolved.",
            "Look at the DNS servers in /etc/resolv.conf, and at the name in the repository's address.",
        ),
        Cause::Unreachable => (
            "The last refresh could not reach a repository.",
            "Look at network, firewall and routes of this host, then refresh again.",
        ),
        Cause::Proxy => (
            "The last refresh did not get through the proxy.",
            "Correct http_proxy in /etc/pve/datacenter.cfg, or remove it where no proxy is needed.",
        ),
        Cause::Certificate => (
            "The last refresh did not trust the certificate of a repository's server.",
            "Look at the clock, at the package ca-certificates, and whether a proxy opens encrypted connections.",
        ),
        Cause::DiskFull => (
            "The last refresh found no space left on the disk.",
            "Make space: 'apt-get clean' empties APT's cache; old kernels and logs are next.",
        ),
        Cause::Locked => (
            "The last refresh could not begin: another program was using APT's files.",
            "Wait for the end of the program that is named, then refresh again.",
        ),
        Cause::Other => (
            "The last refresh could not fetch a repository.",
            "What APT said is shown; cure it, then refresh again.",
        ),
    }
}
