//! Where cluster-wide files live: `/etc/pve`.

use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange, Problem};
use innkeeper_host::{FileKind, Host, HostError, LockGuard, Metadata, Permissions, read_content};

use crate::sha1_hex;

/// How long a caller waits for the lock of a cluster-wide file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// Where the locks are.
const LOCK_DIR: &str = "/run/lock/innkeeper";
/// A file behind more links than this is not looked for.
const MAX_LINKS: usize = 8;
/// The group that may read what is not private.
const GROUP: &str = "www-data";

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub content: Vec<u8>,
    /// SHA-1 of the bytes in hex: what callers send back as `digest`.
    pub digest: String,
}

impl Stored {
    fn new(content: Vec<u8>) -> Self {
        let digest = sha1_hex(&content);
        Self { content, digest }
    }
}

/// A token that differs when a file was changed, replaced, made or removed. Asking for it costs one stat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version(Option<(i128, u64, u64)>);

impl Version {
    /// Whether there is a file at all.
    pub fn exists(self) -> bool {
        self.0.is_some()
    }
}

/// Cluster-wide files by name. Names are relative paths such as `user.cfg` or `priv/token.cfg`; whatever would
/// lead elsewhere is refused.
pub trait ConfigStore: Send + Sync {
    /// A file; `None` when there is none.
    ///
    /// # Errors
    /// A bad name, or what the file system says.
    fn get(&self, name: &str) -> Result<Option<Stored>, Problem>;

    /// Writes a file if it still has the digest that the caller saw; without a digest, whatever it has. A file that
    /// does not exist has the digest of no bytes.
    ///
    /// # Errors
    /// [`Problem::Modified`] when it has another digest; a bad name; what the file system says.
    fn put_if_digest(&self, name: &str, content: &[u8], digest: Option<&str>) -> Result<(), Problem>;

    /// Removes a file under the same condition; absent is fine.
    ///
    /// # Errors
    /// As [`ConfigStore::put_if_digest`].
    fn remove(&self, name: &str, digest: Option<&str>) -> Result<(), Problem>;

    /// The names of the regular files in a directory (`""` for the top), sorted; nothing when it does not exist.
    ///
    /// # Errors
    /// A bad name, or what the file system says.
    fn list(&self, dir: &str) -> Result<Vec<String>, Problem>;

    /// A token to compare with an earlier one.
    ///
    /// # Errors
    /// A bad name, or what the file system says.
    fn version(&self, name: &str) -> Result<Version, Problem>;

    /// Keeps other writers of the file away until the guard is dropped; waits up to ten seconds.
    ///
    /// # Errors
    /// A bad name; "can't lock file '…' - got timeout".
    fn lock(&self, name: &str) -> Result<LockGuard, Problem>;

    /// The absolute path of a file on the managed host, as plans name it.
    ///
    /// # Errors
    /// A bad name.
    fn path(&self, name: &str) -> Result<Utf8PathBuf, Problem>;

    /// Makes the directories of the store where they are missing.
    ///
    /// # Errors
    /// What the file system says.
    fn lay_out(&self) -> Result<(), Problem> {
        Ok(())
    }

    /// Permission bits of a file that is made under this name.
    fn mode(&self, name: &str) -> u32 {
        if is_private(name) { 0o600 } else { 0o640 }
    }
}

/// Files in a plain directory of this host.
#[derive(Clone)]
pub struct DirStore {
    host: Arc<dyn Host>,
    base: Utf8PathBuf,
}

impl DirStore {
    /// The store in `/etc/pve`.
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self::at(host, "/etc/pve")
    }

    /// A store in another directory.
    pub fn at(host: Arc<dyn Host>, base: impl AsRef<Utf8Path>) -> Self {
        Self { host, base: base.as_ref().to_owned() }
    }

    /// Makes the directories of the original and the link `local` to the directory of this node. What is there
    /// already stays as it is.
    ///
    /// # Errors
    /// A bad node name; `local` is there and points elsewhere; what the file system says.
    pub fn initialise(&self, node: &str) -> Result<(), Problem> {
        if let Err(wrong) = crate::Format::Node.check(node) {
            return Err(Problem::failed(format!("node name '{node}': {wrong}")));
        }
        let owner = Some((0, self.group()?));
        let open = Permissions { mode: 0o755, owner };
        let private = Permissions { mode: 0o700, owner };
        let nodes = self.base.join("nodes");
        let own = nodes.join(node);
        for (path, permissions) in [
            (self.base.clone(), open),
            (self.base.join("priv"), private),
            (nodes, open),
            (own.clone(), open),
            (own.join("priv"), private),
        ] {
            self.host.make_dirs(&path, permissions)?;
        }
        self.host.symlink(&self.base.join("local"), &format!("nodes/{node}"))?;
        Ok(())
    }

    /// The id of the group that may read, from the host's own list; root's when there is no such group.
    fn group(&self) -> Result<u32, Problem> {
        let groups = innkeeper_host::read_config(self.host.as_ref(), Utf8Path::new("/etc/group"))?;
        let id = groups.iter().flat_map(|text| text.lines()).find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(GROUP)).then(|| fields.nth(1)?.parse().ok()).flatten()
        });
        Ok(id.unwrap_or(0))
    }

    /// What is known of the file that reading would read: the link itself does not change with it.
    fn target(&self, mut path: Utf8PathBuf) -> Result<Option<Metadata>, Problem> {
        for _ in 0..=MAX_LINKS {
            match self.host.metadata(&path)? {
                Some(found) if found.kind == FileKind::Symlink => {
                    let target = self.host.read_link(&path)?;
                    path = path.parent().unwrap_or(&self.base).join(target);
                }
                found => return Ok(found),
            }
        }
        Err(Problem::failed(format!("{path}: too many symbolic links")))
    }

    fn current(&self, path: &Utf8Path, digest: Option<&str>) -> Result<Option<Content>, Problem> {
        let current = read_content(self.host.as_ref(), path)?;
        let bytes = current.as_ref().map_or(&[][..], Content::as_bytes);
        if digest.is_some_and(|digest| !digest.eq_ignore_ascii_case(&sha1_hex(bytes))) {
            return Err(Problem::Modified);
        }
        Ok(current)
    }
}

impl ConfigStore for DirStore {
    fn lay_out(&self) -> Result<(), Problem> {
        self.initialise(&self.host.node_name())
    }

    fn get(&self, name: &str) -> Result<Option<Stored>, Problem> {
        let content = read_content(self.host.as_ref(), &self.path(name)?)?;
        Ok(content.map(|content| Stored::new(content.as_bytes().to_vec())))
    }

    fn put_if_digest(&self, name: &str, content: &[u8], digest: Option<&str>) -> Result<(), Problem> {
        let path = self.path(name)?;
        match self.current(&path, digest)? {
            Some(before) => {
                let change = FileChange::write(&path, Some(before), content.to_vec());
                Ok(self.host.change_file(&change)?)
            }
            None => {
                let permissions = Permissions { mode: self.mode(name), owner: Some((0, self.group()?)) };
                match self.host.create_new(&path, content, permissions) {
                    // another writer was faster
                    Err(HostError::Exists { .. }) => Err(Problem::Modified),
                    other => Ok(other?),
                }
            }
        }
    }

    fn remove(&self, name: &str, digest: Option<&str>) -> Result<(), Problem> {
        let path = self.path(name)?;
        match self.current(&path, digest)? {
            Some(before) => Ok(self.host.change_file(&FileChange::remove(&path, before))?),
            None => Ok(()),
        }
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, Problem> {
        let path = if dir.is_empty() { self.base.clone() } else { self.path(dir)? };
        match self.host.list_dir(&path) {
            Ok(entries) => {
                let files = entries.into_iter().filter(|entry| entry.kind == FileKind::File);
                Ok(files.map(|entry| entry.name).collect())
            }
            Err(HostError::NotFound { .. }) => Ok(Vec::new()),
            Err(other) => Err(other.into()),
        }
    }

    fn version(&self, name: &str) -> Result<Version, Problem> {
        let metadata = self.target(self.path(name)?)?;
        Ok(Version(metadata.map(|file| (file.modified, file.inode, file.size))))
    }

    fn lock(&self, name: &str) -> Result<LockGuard, Problem> {
        self.path(name)?;
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let name: String = name.chars().map(plain).collect();
        Ok(self.host.lock(&Utf8Path::new(LOCK_DIR).join(format!("file-{name}.lck")), LOCK_TIMEOUT)?)
    }

    fn path(&self, name: &str) -> Result<Utf8PathBuf, Problem> {
        let sound = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        if name.split('/').all(sound) {
            Ok(self.base.join(name))
        } else {
            Err(Problem::failed(format!("invalid configuration file name '{name}'")))
        }
    }
}

fn is_private(name: &str) -> bool {
    name.split('/').any(|part| part == "priv")
}
