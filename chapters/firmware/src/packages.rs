//! Packages: what dpkg has installed, and which versions APT could install.

use std::cmp::Ordering;

use crate::version;

/// A package that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its section: `non-free-firmware/admin`.
    pub section: String,
    /// Upgrades pass it over.
    pub held: bool,
}

/// The packages in `/var/lib/dpkg/status` that are installed and that `wanted` wants by name and section.
pub fn installed(status: &str, wanted: impl Fn(&str, &str) -> bool) -> Vec<Installed> {
    status.split("\n\n").filter_map(|stanza| one(stanza, &wanted)).collect()
}

fn one(stanza: &str, wanted: &impl Fn(&str, &str) -> bool) -> Option<Installed> {
    let field = |name: &str| {
        stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let (name, section) = (field("Package")?, field("Section").unwrap_or_default());
    if !wanted(name, section) {
        return None;
    }
    // what is wanted, whether that went wrong, what is
    let wish = field("Status")?.strip_suffix(" ok installed")?;
    let version = field("Version").filter(|version| !version.is_empty())?;
    let [name, version, section] = [name, version, section].map(str::to_owned);
    Some(Installed { name, version, section, held: wish == "hold" })
}

/// A version of a package that APT could install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    /// The version.
    pub version: String,
    /// Where it can be had: address of the archive, suite and component.
    pub sources: Vec<String>,
}

/// Reads what `apt-cache madison NAME` prints: `NAME | VERSION | SOURCE`, one line for each. Newest first.
pub fn available(madison: &str, name: &str) -> Vec<Available> {
    let mut found: Vec<Available> = Vec::new();
    for line in madison.lines() {
        let mut columns = line.splitn(3, '|').map(str::trim);
        let (Some(package), Some(version), Some(source)) = (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        // source packages are listed by the same command
        let Some(source) = source.strip_suffix(" Packages") else { continue };
        if package != name || !is_version(version) {
            continue;
        }
        match found.iter_mut().find(|known| known.version == version) {
            Some(known) => known.sources.push(source.to_owned()),
            None => found.push(Available { version: version.to_owned(), sources: vec![source.to_owned()] }),
        }
    }
    found.sort_by(|a, b| version::compare(&b.version, &a.version));
    found
}

/// Whether a text can be a version: no option, no pattern, nothing that a shell or APT would take for something else.
pub fn is_version(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || ".+-~:".contains(c);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.len() <= 128 && text.chars().all(fine)
}

/// The newest available version that is `wanted`, or begins with it where it ends in `*`.
pub fn choose<'a>(available: &'a [Available], wanted: &str) -> Option<&'a str> {
    let fits = |version: &str| match wanted.strip_suffix('*') {
        Some(start) => version.starts_with(start),
        None => version == wanted,
    };
    let versions = available.iter().map(|one| one.version.as_str()).filter(|version| fits(version));
    versions.max_by(|a, b| version::compare(a, b))
}

/// Whether one of the versions is newer than this one.
pub fn newer<'a>(available: &'a [Available], than: &str) -> Option<&'a str> {
    let versions = available.iter().map(|one| one.version.as_str());
    versions
        .filter(|version| version::compare(version, than) == Ordering::Greater)
        .max_by(|a, b| version::compare(a, b))
}
