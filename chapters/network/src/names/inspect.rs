//! Host → [`State`].

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Problem};
use innkeeper_host::{FileKind, Host, read_config};

use super::LINK_DIR;
use super::early::{self, Initramfs};
use super::link_file::LinkFile;
use crate::kernel::{self, Kernel, Kind, Link};

/// Cards, and the link files that may name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The name of the host in the API.
    pub node: String,
    /// What the kernel has.
    pub kernel: Kernel,
    /// Names that udev makes of what it knows of a card now, by the card: property and name.
    pub made: BTreeMap<String, Vec<(String, String)>>,
    /// The link files in the order in which udev looks at them: the first that is for a card counts.
    pub files: Vec<Found>,
    /// What has copies of them.
    pub initramfs: Initramfs,
}

/// A link file and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path.
    pub path: Utf8PathBuf,
    /// Its bytes.
    pub content: Content,
    /// The same, read.
    pub file: LinkFile,
    /// It is a symbolic link, and not written to.
    pub is_link: bool,
}

/// What will name a card at the next start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate<'s> {
    /// This file, with this name.
    Pinned(&'s Found, &'s str),
    /// The scheme, or what else a file leaves it to.
    Scheme,
    /// A file that may be for this card and may not.
    Unknown(&'s Found),
}

impl State {
    /// The cards, by name.
    pub fn cards(&self) -> impl Iterator<Item = &Link> {
        self.kernel.links().filter(|link| link.kind == Kind::Physical)
    }

    /// The name that a policy will give to a card at the next start, as far as udev makes names of what it knows now.
    pub fn by_policy(&self, card: &Link) -> Option<(&str, &str)> {
        let file = self.files.iter().find(|found| found.file.is_for(card) != Some(false))?;
        file.file.is_for(card)?;
        let made = self.made.get(&card.name)?;
        let of = |policy: &str| {
            let key = match policy {
                "database" => "FROM_DATABASE",
                "onboard" | "slot" | "path" | "mac" => policy,
                _ => return None,
            };
            made.iter().find(|(known, _)| known.eq_ignore_ascii_case(key))
        };
        let (key, name) = file.file.policy.iter().find_map(|policy| of(policy))?;
        Some((key, name))
    }

    /// Cards that link files call something else from the next start on: their names now and then.
    pub fn waiting(&self) -> Vec<(String, String)> {
        let other = |card: &Link| match self.fate(card) {
            Fate::Pinned(_, name) if name != card.name => Some((card.name.clone(), name.to_owned())),
            _ => None,
        };
        self.cards().filter_map(other).collect()
    }

    /// What will name a card at the next start.
    pub fn fate(&self, card: &Link) -> Fate<'_> {
        for found in &self.files {
            match (found.file.is_for(card), found.file.gives()) {
                (Some(true), Some(name)) => return Fate::Pinned(found, name),
                (Some(true), None) => return Fate::Scheme,
                (Some(false), _) => {}
                (None, Some(_)) => return Fate::Unknown(found),
                // whichever it is, it gives no name of its own
                (None, None) => {}
            }
        }
        Fate::Scheme
    }
}

/// Directories of link files; of files of one name that in the earlier directory counts.
const DIRECTORIES: [&str; 4] =
    [LINK_DIR, "/run/systemd/network", "/usr/local/lib/systemd/network", "/usr/lib/systemd/network"];

/// Looks at cards and link files.
///
/// # Errors
/// When the kernel cannot be asked, or a link file is there and cannot be read.
pub fn inspect(host: &dyn Host) -> Result<State, Problem> {
    let kernel = kernel::inspect(host)?;
    let cards = kernel.links().filter(|link| link.kind == Kind::Physical && host.root().is_none());
    let made = cards
        .map(|card| (card.name.clone(), made(host, card)))
        .filter(|(_, made)| !made.is_empty())
        .collect();
    Ok(State { node: host.node_name(), kernel, made, files: files(host)?, initramfs: early::inspect(host)? })
}

/// The names in udev's database of devices that are there: `E:ID_NET_NAME_SLOT=ens5`.
fn made(host: &dyn Host, card: &Link) -> Vec<(String, String)> {
    let path = format!("/run/udev/data/n{}", card.index);
    let text = host.read(Utf8Path::new(&path), 64 * 1024).unwrap_or_default();
    let name = |line: &str| {
        let (key, name) = line.strip_prefix("E:ID_NET_NAME_")?.split_once('=')?;
        Some((key.to_owned(), name.to_owned()))
    };
    String::from_utf8_lossy(&text).lines().filter_map(name).collect()
}

/// The link files, in the order in which they count.
pub(crate) fn files(host: &dyn Host) -> Result<Vec<Found>, Problem> {
    let mut by_name: BTreeMap<String, Found> = BTreeMap::new();
    for directory in DIRECTORIES {
        for entry in host.list_dir(directory.into()).unwrap_or_default() {
            let is_file = matches!(entry.kind, FileKind::File | FileKind::Symlink);
            if !is_file || !entry.name.ends_with(".link") || by_name.contains_key(&entry.name) {
                continue;
            }
            let path = Utf8Path::new(directory).join(&entry.name);
            let is_link = entry.kind == FileKind::Symlink;
            // a link to /dev/null switches a file of the system off
            let text = match is_link {
                true => read_config(host, &path).unwrap_or_default().unwrap_or_default(),
                false => read_config(host, &path)?.unwrap_or_default(),
            };
            let file = LinkFile::parse(&text);
            by_name.insert(entry.name, Found { path, content: Content::from(text), file, is_link });
        }
    }
    Ok(by_name.into_values().collect())
}
