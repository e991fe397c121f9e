//! What is risky about repositories: one list for plans (as hazards) and for the host at rest (as findings).

use std::collections::BTreeSet;

use innkeeper_change::{Hazard, Level, Severity};

use crate::signatures;
use crate::standard::{Channel, Product, Standard, known};
use crate::state::{Located, State, Subscription};
use crate::suites;

/// Where subscriptions are sold.
pub const PRICING: &str = "https://proxmox.com/en/proxmox-virtual-environment/pricing";
/// How an older Ceph is upgraded.
const CEPH_UPGRADE: &str = "https://pve.proxmox.com/wiki/Category:Ceph_Upgrade";
/// Ceph releases before Quincy (17), which the host's release 8 does not support hyper-converged.
const OLD_CEPH: [&str; 9] =
    ["pacific", "octopus", "nautilus", "mimic", "luminous", "kraken", "jewel", "infernalis", "hammer"];

/// Id of the risk that a keyring of an entry's own would be reported for anyway.
pub(crate) const PRODUCT_KEY_MISSING: &str = "apt.product-key-missing";

/// Something risky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// Stable id.
    pub id: &'static str,
    /// How bad it is on a host at rest.
    pub level: Level,
    /// How a plan that brings it about is to be taken.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// What to do instead.
    pub advice: String,
}

impl Risk {
    fn new(id: &'static str, level: Level, severity: Severity, message: String, advice: String) -> Self {
        Self { id, level, severity, message, advice }
    }

    /// As a hazard of a plan.
    pub fn hazard(&self) -> Hazard {
        Hazard::new(self.id, self.severity, self.message.clone(), self.advice.clone())
    }
}

/// The channels of the host's own packages that an entry carries, whatever archive or mirror it names.
pub fn host_channels(located: Located<'_>) -> Vec<Channel> {
    let channel = |component: &String| match component.as_str() {
        "pve-enterprise" => Some(Channel::Enterprise),
        "pve-no-subscription" => Some(Channel::NoSubscription),
        "pvetest" | "pve-test" => Some(Channel::Test),
        _ => None,
    };
    located.entry.components.iter().filter_map(channel).collect()
}

/// The Ceph release in the archive's path and the channels of an entry.
pub fn ceph(located: Located<'_>) -> Option<(String, Vec<Channel>)> {
    let release = located.entry.uris.iter().find_map(|uri| {
        let segment = uri.split('/').find_map(|segment| segment.strip_prefix("ceph-"))?;
        (!segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_lowercase()))
            .then(|| segment.to_owned())
    })?;
    let channel = |component: &String| match component.as_str() {
        "enterprise" => Some(Channel::Enterprise),
        "no-subscription" | "main" => Some(Channel::NoSubscription),
        "test" => Some(Channel::Test),
        _ => None,
    };
    Some((release, located.entry.components.iter().filter_map(channel).collect()))
}

/// Whether a release of Ceph is too old for this host.
pub fn is_old_ceph(release: &str) -> bool {
    OLD_CEPH.contains(&release)
}

/// What an old Ceph means, wherever it was seen.
pub fn old_ceph(seen: &str) -> Risk {
    Risk::new(
        "apt.ceph-unsupported",
        Level::Critical,
        Severity::Warning,
        format!("Ceph {seen} is not supported on this release of the host when it runs Ceph itself."),
        format!("Upgrade Ceph first, then the host: {CEPH_UPGRADE}"),
    )
}

/// The host in a URI, without user and port.
pub(crate) fn host_of(uri: &str) -> Option<&str> {
    let authority = uri.split_once("://")?.1.split('/').next()?;
    authority.rsplit('@').next()?.split(':').next()
}

/// Whether a URI leads to the archive that asks for a subscription.
fn needs_subscription(uri: &str) -> bool {
    host_of(uri) == Some("enterprise.proxmox.com")
}

/// What is risky about one entry that APT uses.
pub fn of_entry(state: &State, located: Located<'_>) -> Vec<Risk> {
    let mut risks = Vec::new();
    let channels = host_channels(located);
    if channels.contains(&Channel::Test) {
        risks.push(Risk::new(
            "apt.test-repository",
            Level::Warning,
            Severity::Warning,
            "The test repository is enabled: it is only for trying out new features or bug fixes.".to_owned(),
            "Use the enterprise or the no-subscription repository, and a machine that nobody needs for tests.".to_owned(),
        ));
    }
    if channels.contains(&Channel::NoSubscription) {
        risks.push(Risk::new(
            "apt.no-subscription-repository",
            Level::Warning,
            Severity::Notice,
            "The no-subscription repository is not recommended for production use: its packages are less tested."
                .to_owned(),
            "Use the enterprise repository in production.".to_owned(),
        ));
    }
    risks.extend(of_subscription(state, located));
    risks.extend(of_product_key(state, located));
    risks.extend(of_ceph(state, located));
    risks.extend(of_verification(located));
    risks.extend(of_release(state, located));
    risks
}

fn of_subscription(state: &State, located: Located<'_>) -> Option<Risk> {
    let asks = located.entry.uris.iter().any(|uri| needs_subscription(uri));
    if !asks || state.subscription == Subscription::Active {
        return None;
    }
    let key = match state.subscription {
        Subscription::None => "there is no subscription key",
        _ => "the subscription key is not known to be active",
    };
    Some(Risk::new(
        "apt.enterprise-without-subscription",
        Level::Warning,
        Severity::Warning,
        format!(
            "An enterprise repository is enabled, but {key}: refreshing the package lists fails with '401 Unauthorized'."
        ),
        format!("Get a subscription ({PRICING}), or disable it and use the no-subscription repository."),
    ))
}

/// The installer brings the key of the product's archives; on a plain Debian somebody has to install it.
fn of_product_key(state: &State, located: Located<'_>) -> Option<Risk> {
    let own =
        located.entry.uris.iter().any(|uri| host_of(uri).is_some_and(|host| host.ends_with(".proxmox.com")));
    if !own || signatures::has_key_of(state, located, "proxmox") {
        return None;
    }
    Some(Risk::new(
        PRODUCT_KEY_MISSING,
        Level::Critical,
        Severity::Notice,
        "The key that signs this repository is not installed: APT refuses its package lists.".to_owned(),
        "Install the product's release key: 'innkeeper apt fetch-key' downloads it and compares its SHA-512 with the published \
         one, 'innkeeper apt install-key' does so with a file."
            .to_owned(),
    ))
}

fn of_ceph(state: &State, located: Located<'_>) -> Vec<Risk> {
    let Some((release, channels)) = ceph(located) else { return Vec::new() };
    if is_old_ceph(&release) {
        return vec![old_ceph(&release)];
    }
    let codename = state.codename.as_deref().unwrap_or_default();
    let enterprise = known(codename)
        .iter()
        .find(|standard| matches!(standard.product, Product::Ceph(name) if name == release))
        .map_or_else(
            || "the Ceph enterprise repository".to_owned(),
            |standard| format!("'{}'", standard.handle()),
        );
    let advice = format!("Use {enterprise} on production machines.");
    let risk = |channel: &Channel| match channel {
        Channel::Enterprise => None,
        Channel::NoSubscription => Some(Risk::new(
            "apt.ceph-no-subscription-repository",
            Level::Warning,
            Severity::Notice,
            format!("The Ceph {release} no-subscription repository is not recommended for production use."),
            advice.clone(),
        )),
        Channel::Test => Some(Risk::new(
            "apt.ceph-test-repository",
            Level::Warning,
            Severity::Warning,
            format!(
                "The Ceph {release} test repository is enabled: it is only for trying out new Ceph releases."
            ),
            advice.clone(),
        )),
    };
    channels.iter().filter_map(risk).collect()
}

/// Options that switch off APT's verification.
fn of_verification(located: Located<'_>) -> Option<Risk> {
    let yes = |key: &str| {
        let value = located.entry.option(key).and_then(|values| values.last());
        value.is_some_and(|value| {
            matches!(
                value.to_ascii_lowercase().as_str(),
                "1" | "yes" | "true" | "with" | "on" | "enable" | "force"
            )
        })
    };
    let found: Vec<_> = ["trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure"]
        .into_iter()
        .filter(|key| yes(key))
        .collect();
    if found.is_empty() {
        return None;
    }
    let plain = located.entry.uris.iter().any(|uri| uri.starts_with("http:") || uri.starts_with("ftp:"));
    let way = if plain {
        ", and it is fetched over a plain connection that anybody on the way can change"
    } else {
        ""
    };
    Some(Risk::new(
        "apt.unverified-repository",
        if plain { Level::Critical } else { Level::Warning },
        Severity::Warning,
        format!(
            "Packages of this repository are installed without a valid signature ({}){way}.",
            found.join(", ")
        ),
        "Install the repository's key, name it with signed-by, and remove the option.".to_owned(),
    ))
}

fn of_release(state: &State, located: Located<'_>) -> Vec<Risk> {
    let Some(current) = state.codename.as_deref() else { return Vec::new() };
    let mut risks: Vec<_> = suites::remarks(located.entry, current)
        .into_iter()
        .map(|(_, message)| {
            Risk::new(
                "apt.suite",
                Level::Warning,
                Severity::Warning,
                format!("Some suites are misconfigured: {message}"),
                format!("Use the suites of {current}."),
            )
        })
        .collect();
    let foreign: BTreeSet<_> = releases(state, located).into_iter().filter(|name| name != current).collect();
    if !foreign.is_empty() {
        let names: Vec<_> = foreign.into_iter().collect();
        risks.push(Risk::new(
            "apt.mixed-releases",
            Level::Warning,
            Severity::Warning,
            format!("Packages of {} are mixed into a host that runs {current}.", names.join(", ")),
            format!("Use the suites of {current}; change all repositories together for an upgrade."),
        ));
    }
    risks
}

/// The codenames of the Debian releases that an entry draws from: as the fetched release files say, or as its suites
/// are called.
pub fn releases(state: &State, located: Located<'_>) -> Vec<String> {
    let name = |(uri, suite): (&str, &str)| {
        let cached = state.release(uri, suite).and_then(|cached| cached.release.codename.clone());
        let name = cached.unwrap_or_else(|| suite.to_owned());
        let base = suites::base(&name);
        suites::number(base).map(|_| base.to_owned())
    };
    located.archives().filter_map(name).collect()
}

/// Which of the sources that a host needs are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posture {
    /// Debian's own packages.
    pub base: bool,
    /// Debian's updates between point releases.
    pub updates: bool,
    /// Debian's security updates.
    pub security: bool,
    /// The host's own packages.
    pub product: bool,
}

/// What the enabled entries cover.
pub fn posture(state: &State) -> Posture {
    let mut posture = Posture::default();
    let Some(current) = state.codename.as_deref() else { return posture };
    for located in state.active() {
        let own = !host_channels(located).is_empty();
        let main =
            located.entry.components.iter().any(|component| component == "main") && ceph(located).is_none();
        for (uri, suite) in located.archives() {
            let cached = state.release(uri, suite).and_then(|cached| cached.release.codename.as_deref());
            // a suite called "stable" counts as the release that it turned out to be
            let names = [suite, cached.unwrap_or(suite)];
            let is = |wanted: &str| names.contains(&wanted);
            posture.product |= own && is(current);
            posture.base |= main && is(current) && !is(&suites::security_suite(current));
            posture.updates |= main && is(&format!("{current}-updates"));
            posture.security |= main && is(&suites::security_suite(current));
        }
    }
    posture
}

/// The Ceph releases that enabled entries offer.
pub fn ceph_releases(state: &State) -> BTreeSet<String> {
    state.active().filter_map(ceph).map(|(release, _)| release).collect()
}

/// Two Ceph releases at once.
pub fn two_ceph_releases(state: &State) -> Option<Risk> {
    let releases: Vec<_> = ceph_releases(state).into_iter().collect();
    (releases.len() > 1).then(|| {
        Risk::new(
            "apt.two-ceph-releases",
            Level::Warning,
            Severity::Warning,
            format!(
                "Repositories of {} Ceph releases are enabled at once: {}.",
                releases.len(),
                releases.join(", ")
            ),
            "Keep the one that is installed; enable the next one only for the upgrade to it.".to_owned(),
        )
    })
}

/// What a plan that leads from `before` to `after` puts at risk.
pub fn of_change(before: &State, after: &State) -> Vec<Hazard> {
    let mut hazards = Vec::new();
    let (had, has) = (posture(before), posture(after));
    if had.security && !has.security {
        hazards.push(Hazard::new(
            "apt.no-security-updates",
            Severity::Warning,
            "No enabled repository would offer Debian's security updates any more.",
            "Keep one enabled, or enable another one first.",
        ));
    }
    if had.product && !has.product {
        hazards.push(Hazard::new(
            "apt.no-product-updates",
            Severity::Warning,
            "No product repository would be enabled any more: the host would get no updates of its own packages.",
            "Enable another product repository in the same go, for instance 'no-subscription'.",
        ));
    }
    let old: Vec<_> = before.active().flat_map(|located| of_entry(before, located)).collect();
    for located in after.active() {
        let known_before = |risk: &&Risk| !old.contains(risk);
        hazards.extend(of_entry(after, located).iter().filter(known_before).map(Risk::hazard));
    }
    let two = two_ceph_releases(after).filter(|risk| two_ceph_releases(before).as_ref() != Some(risk));
    hazards.extend(two.map(|risk| risk.hazard()));
    hazards
}

/// Whether a standard repository is configured, and then whether it is enabled.
pub fn standing(state: &State, standard: &Standard) -> Option<bool> {
    let mut found = None;
    for located in state.entries().filter(|located| standard.matches(located.entry)) {
        found = Some(found.unwrap_or(false) || located.entry.enabled);
    }
    found
}
