//! Host → State: what APT would do, and what dpkg says is there. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, lock_holder};

use crate::commands;
use crate::format::control::{Stanza, stanzas};
use crate::format::dpkg_status::{self, Installed};
use crate::format::policy::Release;
use crate::format::simulation::{self, Simulation};
use crate::format::{madison, policy, version};
use crate::model::{Fate, Removal, Update};

pub(crate) const DPKG_STATUS: &str = "/var/lib/dpkg/status";
/// A host with many packages has some megabytes of it.
const DPKG_STATUS_LIMIT: u64 = 256 * 1024 * 1024;

/// What is installed, and what an upgrade would make of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Packages with another version, and those that would be new; by name.
    pub updates: Vec<Update>,
    /// Packages that an upgrade would remove.
    pub removals: Vec<Removal>,
    /// What dpkg knows of every package.
    pub installed: Vec<Installed>,
}

/// The program that changes packages at this moment, as `PID (NAME)`.
pub fn at_work(host: &dyn Host) -> Option<String> {
    let holder = lock_holder(host, &["/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"]);
    holder.map(|holder| holder.to_string())
}

/// Everything that dpkg knows of.
///
/// # Errors
/// When the list cannot be read.
pub fn installed(host: &dyn Host) -> Result<Vec<Installed>, Problem> {
    let bytes = match host.read(DPKG_STATUS.into(), DPKG_STATUS_LIMIT) {
        Ok(bytes) => bytes,
        Err(HostError::NotFound { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    Ok(dpkg_status::parse(&String::from_utf8_lossy(&bytes)))
}

/// Asks APT what a `dist-upgrade` would do now.
///
/// # Errors
/// When APT cannot work out anything: broken dependencies, sources that it does not understand.
pub fn pending(host: &dyn Host) -> Result<Pending, Problem> {
    let simulation = simulation::parse(&commands::run(host, &commands::simulate(&["dist-upgrade"]))?);
    let installed = installed(host)?;
    let updates = updates(host, &simulation, &installed)?;
    let removal = |gone: simulation::Remove| Removal { package: gone.name, version: gone.old };
    let removals = simulation.removals.into_iter().map(removal).collect();
    Ok(Pending { updates, removals, installed })
}

fn updates(
    host: &dyn Host,
    simulation: &Simulation,
    installed: &[Installed],
) -> Result<Vec<Update>, Problem> {
    let selections = simulation.installs.iter().map(|one| format!("{}={}", one.name, one.new));
    let shown = commands::run(host, &commands::show(selections))?;
    let mut seen = BTreeSet::new();
    let stanzas: Vec<_> = stanzas(&shown).filter(|stanza| seen.insert(key(stanza))).collect();
    let names: BTreeSet<_> = stanzas.iter().map(|stanza| stanza.text("Package").to_owned()).collect();
    let releases = if names.is_empty() { Releases::default() } else { Releases::ask(host, names)? };
    let by_name: BTreeMap<_, _> = installed
        .iter()
        .filter(|one| one.is_present())
        .map(|one| ((one.package.as_str(), one.arch.as_str()), one))
        .collect();
    let mut updates: Vec<_> = stanzas
        .iter()
        .filter_map(|stanza| {
            // a package may change from one architecture to "all" and back
            let (package, arch) = (stanza.text("Package"), stanza.text("Architecture"));
            let known = by_name.get(&(package, arch)).or_else(|| {
                let same = by_name.range((package, "")..).next();
                same.filter(|((name, other), _)| *name == package && (arch == "all" || *other == "all"))
                    .map(|(_, known)| known)
            });
            update(stanza, known.copied(), simulation, &releases)
        })
        .collect();
    updates.sort_by(|one, other| (&one.package, &one.arch).cmp(&(&other.package, &other.arch)));
    Ok(updates)
}

/// APT names the architecture where it is not the host's own.
fn is_same(gone: &simulation::Remove, known: &Installed) -> bool {
    let (name, arch) = gone.name.split_once(':').unwrap_or((&gone.name, &known.arch));
    name == known.package && arch == known.arch
}

fn key(stanza: &Stanza<'_>) -> (String, String, String) {
    let field = |name| stanza.text(name).to_owned();
    (field("Package"), field("Architecture"), field("Version"))
}

fn update(
    stanza: &Stanza<'_>,
    known: Option<&Installed>,
    simulation: &Simulation,
    releases: &Releases,
) -> Option<Update> {
    let (package, arch, new) = (stanza.text("Package"), stanza.text("Architecture"), stanza.text("Version"));
    let planned = simulation.installs.iter().find(|one| {
        let name = one.name.split(':').next().unwrap_or_default();
        name == package && one.arch == arch && one.new == new
    });
    let action = match (planned, known) {
        (Some(one), _) => match &one.old {
            None => Fate::Install,
            Some(old) if version::compare(new, old).is_lt() => Fate::Downgrade,
            Some(_) => Fate::Upgrade,
        },
        // it is among the removals
        (None, Some(known)) if simulation.removals.iter().any(|gone| is_same(gone, known)) => return None,
        (None, Some(known)) if known.is_held() => Fate::Held,
        (None, Some(_)) if stanza.number("Phased-Update-Percentage").is_some_and(|percent| percent < 100) => {
            Fate::Phased
        }
        (None, Some(_)) => Fate::Kept,
        (None, None) => return None,
    };
    let old_version = planned
        .map_or_else(|| known.map(|known| known.version.clone()), |one| one.old.clone())
        .filter(|old| !old.is_empty());
    let (title, description) = stanza.description();
    let (origin, security) = releases.of(package, new);
    Some(Update {
        package: package.to_owned(),
        title: title.to_owned(),
        description,
        origin,
        section: stanza.text("Section").to_owned(),
        arch: arch.to_owned(),
        priority: stanza.text("Priority").to_owned(),
        version: new.to_owned(),
        old_version,
        notify_status: None,
        action,
        security,
        size: stanza.number("Size").unwrap_or_default(),
        installed_size: stanza.number("Installed-Size").unwrap_or_default().saturating_mul(1024),
    })
}

/// The releases in which versions stand.
#[derive(Default)]
struct Releases(BTreeMap<(String, String), Vec<Release>>);

impl Releases {
    fn ask(host: &dyn Host, names: BTreeSet<String>) -> Result<Self, Problem> {
        let (places, releases) =
            (commands::run(host, &commands::madison(names))?, commands::run(host, &commands::policy())?);
        let releases = policy::parse(&releases);
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for line in madison::parse(&places) {
            let all = found.entry((line.package.to_owned(), line.version.to_owned())).or_default();
            all.extend(releases.get(line.index).cloned());
        }
        Ok(Self(found))
    }

    /// The first that names its publisher, and whether one of them is for security.
    fn of(&self, package: &str, version: &str) -> (String, bool) {
        let found = self.0.get(&(package.to_owned(), version.to_owned()));
        let found = found.map(Vec::as_slice).unwrap_or_default();
        let origin = found.iter().map(|release| &release.origin).find(|origin| !origin.is_empty());
        (origin.cloned().unwrap_or_else(|| "unknown".to_owned()), found.iter().any(Release::is_security))
    }
}
