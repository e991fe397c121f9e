//! The standard repositories of the product: known by handle, added with one call.

use crate::format::document::FileType;
use crate::format::entry::Entry;
use crate::suites;

/// The keyring that the product's own packages bring from Debian 13 on.
pub const ARCHIVE_KEYRING: &str = "/usr/share/keyrings/proxmox-archive-keyring.gpg";

const ENTERPRISE: &str = "https://enterprise.proxmox.com/debian";
const DOWNLOAD: &str = "http://download.proxmox.com/debian";

/// How far packages of a repository have been tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// For production, with a subscription.
    Enterprise,
    /// Before they reach enterprise; no subscription needed.
    NoSubscription,
    /// Before they reach anybody else.
    Test,
}

/// What a repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    /// The host's own packages.
    Host,
    /// Packages of a Ceph release.
    Ceph(&'static str),
}

/// A standard repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standard {
    /// What it holds.
    pub product: Product,
    /// How far it has been tried.
    pub channel: Channel,
    /// The release it is for: the suite written into the entry.
    pub codename: String,
}

/// The standard repositories of a host that runs `codename`, in the order in which they are listed.
pub fn known(codename: &str) -> Vec<Standard> {
    let ceph: &[&str] = match suites::number(codename) {
        Some(..=11) => &["quincy"],
        Some(12) => &["quincy", "reef", "squid"],
        _ => &["squid", "tentacle"],
    };
    let products = std::iter::once(Product::Host).chain(ceph.iter().copied().map(Product::Ceph));
    products
        .flat_map(|product| {
            [Channel::Enterprise, Channel::NoSubscription, Channel::Test].map(|channel| Standard {
                product,
                channel,
                codename: codename.to_owned(),
            })
        })
        .collect()
}

/// The standard repository with this handle.
pub fn find(codename: &str, handle: &str) -> Option<Standard> {
    known(codename).into_iter().find(|standard| standard.handle() == handle)
}

/// Debian 13 brought deb822 files of the product's own, and keyrings named in them.
fn deb822(codename: &str) -> bool {
    suites::number(codename).is_none_or(|number| number >= 13)
}

impl Standard {
    fn channel_word(&self) -> &'static str {
        match self.channel {
            Channel::Enterprise => "enterprise",
            Channel::NoSubscription => "no-subscription",
            Channel::Test => "test",
        }
    }

    /// Its handle: `enterprise`, `ceph-reef-no-subscription`.
    pub fn handle(&self) -> String {
        match self.product {
            Product::Host => self.channel_word().to_owned(),
            Product::Ceph(release) => format!("ceph-{release}-{}", self.channel_word()),
        }
    }

    /// Its name for people.
    pub fn name(&self) -> String {
        let channel = match self.channel {
            Channel::Enterprise => "Enterprise",
            Channel::NoSubscription => "No-Subscription",
            Channel::Test => "Test",
        };
        match self.product {
            Product::Host => channel.to_owned(),
            Product::Ceph(release) => format!("Ceph {} {channel}", capitalised(release)),
        }
    }

    /// What it is for, in two sentences.
    pub fn description(&self) -> String {
        let what = match self.product {
            Product::Host => "the host's own packages".to_owned(),
            Product::Ceph(release) => {
                format!("the Ceph {} packages, for Ceph clients and full clusters", capitalised(release))
            }
        };
        match self.channel {
            Channel::Enterprise => format!(
                "The recommended repository of {what}: the most stable ones, meant for production. \
                 It needs a valid subscription key."
            ),
            Channel::NoSubscription => format!(
                "A repository of {what} that needs no subscription key, for tests and non-production use. \
                 Its packages are less tested than those of the enterprise repository."
            ),
            Channel::Test => format!(
                "The newest state of {what}, used by developers. \
                 Only for trying out new features or bug fixes, never for production."
            ),
        }
    }

    /// The file it is written to when it is not configured yet.
    pub fn path(&self) -> &'static str {
        match (self.product, self.channel, deb822(&self.codename)) {
            (Product::Host, Channel::Enterprise, false) => "/etc/apt/sources.list.d/pve-enterprise.list",
            (Product::Host, Channel::Enterprise, true) => "/etc/apt/sources.list.d/pve-enterprise.sources",
            (Product::Host, _, false) => "/etc/apt/sources.list",
            (Product::Host, _, true) => "/etc/apt/sources.list.d/proxmox.sources",
            (Product::Ceph(_), _, false) => "/etc/apt/sources.list.d/ceph.list",
            (Product::Ceph(_), _, true) => "/etc/apt/sources.list.d/ceph.sources",
        }
    }

    /// The syntax of that file.
    pub fn file_type(&self) -> FileType {
        if deb822(&self.codename) { FileType::Sources } else { FileType::List }
    }

    /// Where its packages come from.
    pub fn uri(&self) -> String {
        let base = if self.channel == Channel::Enterprise { ENTERPRISE } else { DOWNLOAD };
        match self.product {
            Product::Host => format!("{base}/pve"),
            Product::Ceph(release) => format!("{base}/ceph-{release}"),
        }
    }

    /// The component that is written.
    pub fn component(&self) -> &'static str {
        match (self.product, self.channel) {
            (Product::Host, Channel::Enterprise) => "pve-enterprise",
            (Product::Host, Channel::NoSubscription) => "pve-no-subscription",
            (Product::Host, Channel::Test) if deb822(&self.codename) => "pve-test",
            (Product::Host, Channel::Test) => "pvetest",
            (Product::Ceph(_), _) => self.channel_word(),
        }
    }

    /// The entry as it is written: one line, or a stanza that names the key.
    pub fn entry_text(&self) -> String {
        let (uri, suite, component) = (self.uri(), &self.codename, self.component());
        match self.file_type() {
            FileType::List => format!("deb {uri} {suite} {component}"),
            FileType::Sources => format!(
                "Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: {component}\nSigned-By: {ARCHIVE_KEYRING}\n"
            ),
        }
    }

    /// Whether an entry is this repository, switched on or off.
    pub fn matches(&self, entry: &Entry) -> bool {
        let component = |word: &String| {
            word == self.component()
                || (self.product == Product::Ceph("quincy")
                    && self.channel == Channel::NoSubscription
                    && word == "main")
        };
        entry.has_type("deb")
            && entry.uris.iter().any(|uri| self.is_uri(uri))
            && entry.suites.contains(&self.codename)
            && entry.components.iter().any(component)
    }

    /// Its URI, or the one without `/pve` that older releases wrote.
    fn is_uri(&self, uri: &str) -> bool {
        let (uri, own) = (uri.trim_end_matches('/'), self.uri());
        let legacy = if self.product == Product::Host { own.strip_suffix("/pve") } else { None };
        uri == own || legacy == Some(uri)
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
