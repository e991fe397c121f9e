//! Health checks over a [`State`]: what is wrong with the package repositories of a host at rest.

use std::collections::{BTreeMap, BTreeSet};

use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_host::Host;

use crate::doctor;
use crate::format::dpkg_status;
use crate::inspect::{inspect, unfit_name};
use crate::model::{FileError, KeyInfo, SignatureInfo};
use crate::release_key::{KnownKey, RELEASE_KEYS};
use crate::risks::{self, Risk};
use crate::signatures;
use crate::standard::{Channel, known};
use crate::state::{Located, SOURCES_DIR, State};
use crate::suites;

/// A key that ends within this time is announced: a month is a maintenance window.
const EXPIRY_NOTICE: i64 = 30 * 24 * 60 * 60;
/// The oldest Ceph that a hyper-converged host may run.
const OLDEST_CEPH: u32 = 17;

/// Looks at a host and says what is wrong.
///
/// # Errors
/// When the host cannot be looked at.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    inspect(host).map(|state| check(&state))
}

/// What is wrong, worst first; one good finding when nothing is.
pub fn check(state: &State) -> Vec<Finding> {
    let mut findings = parse_errors(state);
    findings.extend(missing_sources(state));
    findings.extend(of_entries(state));
    findings.extend(risks::two_ceph_releases(state).map(|risk| finding(&risk, String::new(), Vec::new())));
    findings.extend(old_ceph_packages(state));
    findings.extend(duplicates(state));
    findings.extend(of_signatures(state));
    findings.extend(release_keys(state));
    findings.extend(doctor::of_refresh(state));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let worst = findings.first().map(|finding| finding.level);
    if worst.is_none_or(|level| level <= Level::Info) {
        findings.insert(0, all_well());
    }
    findings
}

fn all_well() -> Finding {
    Finding {
        id: "apt.good".to_owned(),
        level: Level::Good,
        message: "All is well: production-ready repositories are configured.".to_owned(),
        evidence: String::new(),
        advice: String::new(),
        fixes: Vec::new(),
    }
}

pub(crate) fn new(
    id: &str,
    level: Level,
    message: impl Into<String>,
    evidence: impl Into<String>,
    advice: &str,
) -> Finding {
    let (id, message, evidence) = (id.to_owned(), message.into(), evidence.into());
    Finding { id, level, message, evidence, advice: advice.to_owned(), fixes: Vec::new() }
}

fn finding(risk: &Risk, evidence: String, fixes: Vec<Fix>) -> Finding {
    let Risk { id, level, message, advice, .. } = risk.clone();
    Finding { id: id.to_owned(), level, message, evidence, advice, fixes }
}

fn parse_errors(state: &State) -> Vec<Finding> {
    state.errors.iter().map(parse_error).collect()
}

fn parse_error(error: &FileError) -> Finding {
    let name = error.path.rsplit('/').next().unwrap_or_default();
    if error.path != SOURCES_DIR && unfit_name(name).is_some() {
        return new(
            "apt.file-name",
            Level::Warning,
            format!("APT passes over {}: its name does not fit.", error.path),
            error.error.clone(),
            "Name it *.list or *.sources, with letters, digits, '_', '-' and '.' only, or move it away.",
        );
    }
    new(
        "apt.parse-error",
        Level::Critical,
        format!("{} cannot be understood: APT may refuse to work at all.", error.path),
        error.error.clone(),
        "Correct it by hand; until then nothing is written to this file.",
    )
}

/// The sources that security fixes depend on: Debian's three, and one of the product's.
fn missing_sources(state: &State) -> Vec<Finding> {
    let Some(current) = state.codename.as_deref() else {
        return vec![new(
            "apt.unknown-release",
            Level::Warning,
            "It is not known which release of Debian this is.",
            "/etc/os-release: no VERSION_CODENAME",
            "Repair /etc/os-release (package base-files).",
        )];
    };
    let posture = risks::posture(state);
    let security = suites::security_suite(current);
    let debian = [
        (posture.base, "apt.no-base-repository", Level::Warning, current.to_owned()),
        (posture.updates, "apt.no-updates-repository", Level::Warning, format!("{current}-updates")),
        (posture.security, "apt.no-security-repository", Level::Critical, security),
    ];
    let mut findings: Vec<_> = debian
        .into_iter()
        .filter(|(present, ..)| !present)
        .map(|(_, id, level, suite)| {
            let message = format!("No enabled repository offers Debian's suite {suite}.");
            new(id, level, message, "no enabled 'deb' entry for it", "Enable or add the entry.")
        })
        .collect();
    if !posture.product {
        findings.push(no_product(state, current));
    }
    findings
}

fn no_product(state: &State, current: &str) -> Finding {
    let mut finding = new(
        "apt.no-product-repository",
        Level::Critical,
        "No product repository is enabled: the host gets no updates of its own packages.",
        "no enabled 'deb' entry of the enterprise, no-subscription or test repository",
        "With a subscription enable the enterprise repository, otherwise the no-subscription repository.",
    );
    let labels = [
        (Channel::Enterprise, "Add the enterprise repository"),
        (Channel::NoSubscription, "Add the no-subscription repository"),
    ];
    let covered = state.subscription == crate::state::Subscription::Active;
    let (_, label) = labels[usize::from(!covered)];
    if let Some(standard) = known(current).get(usize::from(!covered)) {
        finding.fixes.push(add(state, label, &standard.handle()));
    }
    finding
}

fn add(state: &State, label: &str, handle: &str) -> Fix {
    fix(state, label, "PUT", [("handle", handle.to_owned())])
}

pub(crate) fn disable(state: &State, label: &str, located: Located<'_>) -> Fix {
    let params = [
        ("path", located.file.path.to_string()),
        ("index", located.index.to_string()),
        ("enabled", "0".to_owned()),
    ];
    fix(state, label, "POST", params)
}

fn fix<const N: usize>(state: &State, label: &str, verb: &str, params: [(&str, String); N]) -> Fix {
    Fix {
        label: label.to_owned(),
        verb: verb.to_owned(),
        path: format!("/nodes/{}/apt/repositories", state.node),
        params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn of_entries(state: &State) -> Vec<Finding> {
    let mut findings = Vec::new();
    for located in state.active() {
        let own_keyring = located.entry.option("Signed-By").is_some();
        for risk in risks::of_entry(state, located) {
            if own_keyring && risk.id == risks::PRODUCT_KEY_MISSING {
                continue;
            }
            let fixes = match risk.id {
                "apt.enterprise-without-subscription" => without_subscription(state, located),
                "apt.test-repository" | "apt.ceph-test-repository" | "apt.mixed-releases" => {
                    vec![disable(state, "Disable this repository", located)]
                }
                risks::PRODUCT_KEY_MISSING => fetch_key(state).into_iter().collect(),
                _ => Vec::new(),
            };
            findings.push(finding(&risk, located.place(), fixes));
        }
    }
    findings
}

/// Download the key of this release, where its checksum is known.
pub(crate) fn fetch_key(state: &State) -> Option<Fix> {
    let known = RELEASE_KEYS.iter().find(|known| Some(known.codename) == state.codename.as_deref())?;
    Some(Fix {
        label: "Download and install the key".to_owned(),
        verb: "POST".to_owned(),
        path: format!("/nodes/{}/apt/keys/fetch", state.node),
        params: BTreeMap::from([("name".to_owned(), known.name.to_owned())]),
    })
}

/// Disable it, and have the repository that needs no subscription instead: of Ceph for Ceph, of the host for the host.
pub(crate) fn without_subscription(state: &State, located: Located<'_>) -> Vec<Fix> {
    let mut fixes = vec![disable(state, "Disable the enterprise repository", located)];
    let codename = state.codename.as_deref().unwrap_or_default();
    let all = known(codename);
    let this = all.iter().find(|standard| standard.matches(located.entry));
    let other = this.and_then(|this| {
        all.iter().find(|other| other.product == this.product && other.channel == Channel::NoSubscription)
    });
    fixes.extend(other.map(|other| add(state, "Add the no-subscription repository", &other.handle())));
    fixes
}

fn old_ceph_packages(state: &State) -> Option<Finding> {
    let old = |(_, version): &&(String, String)| {
        dpkg_status::major(version).is_some_and(|major| major < OLDEST_CEPH)
    };
    let found: Vec<_> =
        state.ceph.iter().filter(old).map(|(package, version)| format!("{package} {version}")).collect();
    let (_, version) = state.ceph.iter().find(old)?;
    let major = dpkg_status::major(version)?;
    Some(finding(
        &risks::old_ceph(&major.to_string()),
        format!("installed: {}", found.join(", ")),
        Vec::new(),
    ))
}

/// The same packages from two enabled entries.
fn duplicates(state: &State) -> Vec<Finding> {
    let mut seen: BTreeMap<(String, String, String, String), String> = BTreeMap::new();
    let mut findings = Vec::new();
    for located in state.entries().filter(|located| located.entry.enabled) {
        let units = units(located);
        let earlier: BTreeSet<_> = units.iter().filter_map(|unit| seen.get(unit)).cloned().collect();
        if !earlier.is_empty() {
            let mut found = new(
                "apt.duplicate",
                Level::Warning,
                "The same repository is configured twice.",
                format!("{} repeats {}", located.place(), earlier.into_iter().collect::<Vec<_>>().join(", ")),
                "Disable one of them.",
            );
            if units.iter().all(|unit| seen.contains_key(unit)) {
                found.fixes.push(disable(state, "Disable the second one", located));
            }
            findings.push(found);
        }
        for unit in units {
            seen.entry(unit).or_insert_with(|| located.place());
        }
    }
    findings
}

/// What an entry draws from: type, archive, suite, component.
fn units(located: Located<'_>) -> BTreeSet<(String, String, String, String)> {
    let flat = [String::new()];
    let components = if located.entry.components.is_empty() { &flat[..] } else { &located.entry.components };
    let mut units = BTreeSet::new();
    for kind in &located.entry.types {
        for (uri, suite) in located.archives() {
            for component in components {
                let uri = uri.trim_end_matches('/').to_owned();
                units.insert((kind.clone(), uri, suite.to_owned(), component.clone()));
            }
        }
    }
    units
}

fn of_signatures(state: &State) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, error) in
        state.trusted.iter().filter_map(|path| Some((path, state.keyrings.get(path)?.as_ref().err()?)))
    {
        findings.push(new(
            "apt.keyring-unreadable",
            Level::Warning,
            format!("The keyring {path} cannot be read."),
            error.clone(),
            "Replace it by a keyring of public keys, readable by everybody.",
        ));
    }
    for located in state.active() {
        let records = signatures::of_entry(state, located);
        // what is said of the keyring is said once for an entry, what is said of a release once for each
        if let Some(found) = records.first().and_then(|record| of_keyring(located, record)) {
            findings.push(found);
            continue;
        }
        for record in &records {
            findings.extend(of_release(state, located, record));
        }
    }
    findings
}

fn of_keyring(located: Located<'_>, record: &SignatureInfo) -> Option<Finding> {
    if record.keyring_exists {
        return None;
    }
    let evidence = if record.keyring_errors.is_empty() { &record.keyrings } else { &record.keyring_errors };
    Some(new(
        "apt.keyring-missing",
        Level::Critical,
        "The keyring of an enabled repository is missing or unreadable: APT refuses its packages.",
        format!("{}: {}", located.place(), evidence.join(", ")),
        "Install the repository's key file after comparing its checksum with the published one.",
    ))
}

fn of_release(state: &State, located: Located<'_>, record: &SignatureInfo) -> Option<Finding> {
    let place = format!("{}: {} {}", located.place(), record.uri, record.suite);
    match record.matches {
        None if state.ever_fetched => Some(new(
            "apt.never-fetched",
            Level::Warning,
            "The package lists of an enabled repository are missing: it was never refreshed, or the refresh failed.",
            place,
            "Refresh the package lists and read what APT says about this repository.",
        )),
        None => None,
        Some(false) if record.signed_by.is_empty() => Some(new(
            "apt.unsigned",
            Level::Critical,
            "An enabled repository is not signed: anybody on the way can change its packages.",
            place,
            "Ask its owner for a signed repository, or remove it.",
        )),
        Some(false) => Some(new(
            "apt.key-mismatch",
            Level::Critical,
            "A repository is signed with a key that this host does not trust for it.",
            format!("{place}: signed by {}", record.signed_by.join(", ")),
            "Compare the fingerprint with the published one, then install that key.",
        )),
        Some(true) => of_keys(state, &record.keys, &place),
    }
}

/// One good key among those that signed is enough; otherwise the one that lasts longest decides.
fn of_keys(state: &State, keys: &[KeyInfo], place: &str) -> Option<Finding> {
    let end = |key: &KeyInfo| key.expires.unwrap_or(i64::MAX);
    let valid = keys.iter().filter(|key| !key.revoked).max_by_key(|key| end(key));
    let evidence = |key: &KeyInfo| {
        format!("{place}: {} {} in {}", key.fingerprint, key.user_ids.join(", "), key.keyring)
    };
    let advice = "Update the package that brings the keyring, or install the repository's new key.";
    let Some(key) = valid else {
        let first = keys.first()?;
        let message = "A repository is signed with a key that has been revoked.";
        return Some(new("apt.key-revoked", Level::Critical, message, evidence(first), advice));
    };
    if end(key) <= state.now {
        let message = format!("The key of a repository expired on {}.", date(end(key)));
        return Some(new("apt.key-expired", Level::Critical, message, evidence(key), advice));
    }
    if end(key) <= state.now + EXPIRY_NOTICE {
        let message = format!("The key of a repository expires on {}.", date(end(key)));
        return Some(new("apt.key-expires-soon", Level::Warning, message, evidence(key), advice));
    }
    None
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.strftime("%Y-%m-%d").to_string())
}

/// Installed key files must still be what was published.
fn release_keys(state: &State) -> Vec<Finding> {
    let wrong = |(path, sum): (&camino::Utf8PathBuf, &String)| {
        let known = KnownKey::of(path)?;
        (known.sha512 != sum).then(|| {
            new(
                "apt.release-key-changed",
                Level::Critical,
                format!("The product's key file {path} is not the published one."),
                format!("SHA-512 {sum}, expected {}", known.sha512),
                "Download the key again and install it with its checksum; find out who changed the file.",
            )
        })
    };
    state.release_keys.iter().filter_map(wrong).collect()
}
