//! Host → [`State`].

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Problem};
use innkeeper_config::sha1_hex;
use innkeeper_host::{FileKind, Host, read_config};

use super::HOSTS;
use super::format::HostsFile;

/// The file of names, and the name of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The node's name, without a domain.
    pub node: String,
    /// The file's bytes; `None` when there is no such file.
    pub content: Option<Content>,
    /// The same, read.
    pub file: HostsFile,
    /// Who else writes it.
    pub owner: Option<Owner>,
}

/// Who else writes the file, or where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It is a symbolic link.
    Link(Utf8PathBuf),
    /// cloud-init writes it anew at every boot.
    CloudInit,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(target) => write!(f, "{HOSTS} is a symbolic link to {target}: edit that file"),
            Self::CloudInit => f.write_str(
                "cloud-init writes the file anew at every boot: edit its templates, or set manage_etc_hosts to false",
            ),
        }
    }
}

impl State {
    /// The digest that callers send back.
    pub fn digest(&self) -> String {
        sha1_hex(self.file.text().as_bytes())
    }
}

/// Looks at the names of a host.
///
/// # Errors
/// When the file is there and cannot be read, or is no text.
pub fn inspect(host: &dyn Host) -> Result<State, Problem> {
    let path = Utf8Path::new(HOSTS);
    let is_link = host.metadata(path)?.is_some_and(|found| found.kind == FileKind::Symlink);
    let text = read_config(host, path)?;
    let by_cloud_init = |text: &str| {
        let mut comments = text.lines().filter(|line| line.starts_with('#')).map(str::to_lowercase);
        comments.any(|line| line.contains("manage_etc_hosts") && line.contains("true"))
    };
    let owner = match is_link {
        true => Some(Owner::Link(host.read_link(path)?)),
        false => text.as_deref().filter(|text| by_cloud_init(text)).map(|_| Owner::CloudInit),
    };
    let file = HostsFile::parse(text.as_deref().unwrap_or_default());
    Ok(State { node: host.node_name(), content: text.map(Content::from), file, owner })
}
