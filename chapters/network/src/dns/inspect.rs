//! Host → [`State`].

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Problem};
use innkeeper_config::sha1_hex;
use innkeeper_host::{FileKind, Host, read_config};

use super::format::ResolvConf;
use super::model::ResolverOwner;
use super::{RESOLV_CONF, owner};

/// The resolver's file and who else writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its bytes; `None` when there is no such file.
    pub content: Option<Content>,
    /// The same, read.
    pub file: ResolvConf,
    /// Who else writes it.
    pub owner: Option<ResolverOwner>,
}

impl State {
    /// The digest that callers send back.
    pub fn digest(&self) -> String {
        sha1_hex(self.file.text().as_bytes())
    }
}

/// Looks at the resolver of a host.
///
/// # Errors
/// When the file is there and cannot be read, or is no text.
pub fn inspect(host: &dyn Host) -> Result<State, Problem> {
    let path = Utf8Path::new(RESOLV_CONF);
    let is_link = host.metadata(path)?.is_some_and(|found| found.kind == FileKind::Symlink);
    let text = read_config(host, path)?;
    let owner = match is_link {
        true => Some(owner::of_link(&host.read_link(path)?)),
        false => {
            text.as_deref().and_then(owner::of_text).or_else(|| client(host).as_ref().map(owner::of_client))
        }
    };
    let file = ResolvConf::parse(text.as_deref().unwrap_or_default());
    Ok(State { content: text.map(Content::from), file, owner })
}

/// The process file of a DHCP client whose process is there: dhclient writes the file and leaves no mark in it. Process
/// files are those of a running machine, so another system's tree has none.
fn client(host: &dyn Host) -> Option<Utf8PathBuf> {
    if host.root().is_some() {
        return None;
    }
    let names = host.list_dir("/run".into()).ok()?;
    let mut files = names.iter().filter(|entry| {
        entry.kind == FileKind::File && entry.name.starts_with("dhclient") && entry.name.ends_with(".pid")
    });
    files.find_map(|entry| {
        let path = Utf8Path::new("/run").join(&entry.name);
        let pid = read_config(host, &path).ok()??.trim().parse().ok()?;
        host.process_start(pid).map(|_| path)
    })
}
