//! Debian's releases and suites: what a suite name stands for, and which ones a host should not use.

use crate::format::entry::Entry;

/// Releases by codename, oldest first, with their number.
const RELEASES: [(&str, u32); 11] = [
    ("lenny", 5),
    ("squeeze", 6),
    ("wheezy", 7),
    ("jessie", 8),
    ("stretch", 9),
    ("buster", 10),
    ("bullseye", 11),
    ("bookworm", 12),
    ("trixie", 13),
    ("forky", 14),
    ("duke", 15),
];

/// The number of a release: 12 for `bookworm`.
pub fn number(codename: &str) -> Option<u32> {
    RELEASES.iter().find(|(name, _)| *name == codename).map(|(_, number)| *number)
}

/// What stands before the first `-` or `/`: `bookworm` of `bookworm-security`.
pub fn base(suite: &str) -> &str {
    suite.split(['-', '/']).next().unwrap_or(suite)
}

/// The suite that carries security updates for a release.
pub fn security_suite(codename: &str) -> String {
    match number(codename) {
        Some(..=10) => format!("{codename}/updates"),
        _ => format!("{codename}-security"),
    }
}

/// The component that holds firmware which is not free: one of its own from Debian 12 on.
pub fn firmware_component(codename: &str) -> &'static str {
    match number(codename) {
        Some(..=11) => "non-free",
        _ => "non-free-firmware",
    }
}

/// How a remark about a suite is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemarkKind {
    /// It should be changed.
    Warning,
    /// It is the next release: right while an upgrade is being prepared, wrong otherwise.
    PreUpgrade,
}

/// What is wrong with the suites of an entry on a host that runs `current`, in the original's terms.
pub fn remarks(entry: &Entry, current: &str) -> Vec<(RemarkKind, String)> {
    if !entry.has_type("deb") {
        return Vec::new();
    }
    let security = entry.uris.iter().any(|uri| is_security_uri(uri));
    let each = |suite: &String| {
        let age = of_age(suite, current);
        let misnamed = security.then(|| of_security(suite, current)).flatten();
        age.into_iter().chain(misnamed.map(|message| (RemarkKind::Warning, message)))
    };
    entry.suites.iter().flat_map(each).collect()
}

fn of_age(suite: &str, current: &str) -> Option<(RemarkKind, String)> {
    let unfit = || format!("suite '{suite}' should not be used in production!");
    let name = base(suite);
    match name {
        "oldstable" | "oldoldstable" => {
            return Some((RemarkKind::Warning, format!("old suite '{suite}' configured!")));
        }
        "testing" | "unstable" | "experimental" | "sid" => return Some((RemarkKind::Warning, unfit())),
        "stable" => {
            let message = "use the name of the stable distribution instead of 'stable'!".to_owned();
            return Some((RemarkKind::Warning, message));
        }
        _ => {}
    }
    let (number, current) = (number(name)?, number(current)?);
    match number.cmp(&current) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => Some((RemarkKind::Warning, format!("old suite '{suite}' configured!"))),
        std::cmp::Ordering::Greater if number == current + 1 => Some((RemarkKind::PreUpgrade, unfit())),
        std::cmp::Ordering::Greater => Some((RemarkKind::Warning, unfit())),
    }
}

fn of_security(suite: &str, current: &str) -> Option<String> {
    let name = base(suite);
    number(name)?;
    (suite != security_suite(name)).then(|| format!("expected suite '{}'", security_suite(current)))
}

/// Whether a URI is Debian's security archive itself.
pub fn is_security_uri(uri: &str) -> bool {
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    let rest = rest.map(|rest| rest.trim_end_matches('/'));
    matches!(rest, Some("security.debian.org" | "security.debian.org/debian-security"))
}
