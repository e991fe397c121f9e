//! Writing: always in an open directory inside the root, never through a link at the end of a path.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange};
use rustix::fs::{self, AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::staging::{Staged, dress};
use super::tree::{Place, Tree, fail, invalid, kind, split};
use crate::{CONFIG_LIMIT, FileKind, HostError, Permissions};

/// As many links in a row as the kernel follows.
const LINKS: usize = 40;
/// How often a file may appear and vanish under our hands before we give up.
const ATTEMPTS: usize = 100;

impl Tree {
    pub(super) fn change_file(&self, change: &FileChange) -> Result<(), HostError> {
        let place = match self.place(&change.path) {
            // a file in a directory that is not there is not there
            Err(HostError::NotFound { .. }) if change.after.is_none() => {
                return if change.before.is_none() { Ok(()) } else { Err(modified(&change.path)) };
            }
            place => place?,
        };
        let sizes = [&change.before, &change.after].map(|side| side.as_ref().map_or(0, size));
        let old = Old::open(&place)?;
        let current = old.as_ref().map(|old| old.content(&place, sizes[0].max(sizes[1]))).transpose()?;
        if current == change.after {
            return Ok(());
        }
        if current != change.before {
            return Err(modified(&change.path));
        }
        match (&change.after, old) {
            (None, None) => Ok(()),
            (None, Some(old)) => {
                old.require_unchanged(&place)?;
                fs::unlinkat(&place.directory, &place.name, AtFlags::empty())
                    .map_err(|errno| place.fail(errno))?;
                place.sync()
            }
            (Some(content), None) => {
                // a shared directory shares with a group: /etc/pve with the proxy's
                let group = fs::fstat(&place.directory).map_err(|errno| place.fail(errno))?.st_gid;
                let owner = Some((rustix::process::geteuid().as_raw(), group));
                let permissions = Permissions { mode: change.mode, owner };
                match create(&place, content.as_bytes(), permissions) {
                    Err(HostError::Exists { path }) => Err(HostError::Modified { path }),
                    outcome => outcome,
                }
            }
            (Some(content), Some(old)) => {
                let staged = Staged::new(&place)?;
                staged.dress_like(&old.file, &old.stat)?;
                staged.fill(content.as_bytes())?;
                old.require_unchanged(&place)?;
                staged.replace()
            }
        }
    }

    pub(super) fn write_own(
        &self,
        path: &Utf8Path,
        content: &[u8],
        permissions: Permissions,
    ) -> Result<(), HostError> {
        let place = self.place(path)?;
        place.regular()?;
        let staged = Staged::new(&place)?;
        staged.dress(permissions)?;
        staged.fill(content)?;
        staged.replace()
    }

    pub(super) fn copy_beside(&self, path: &Utf8Path, name: &str) -> Result<(), HostError> {
        let place = self.place(path)?;
        let old = Old::open(&place)?.ok_or_else(|| HostError::NotFound { path: path.to_owned() })?;
        let content = old.content(&place, CONFIG_LIMIT)?;
        if size(&content) > CONFIG_LIMIT {
            return Err(HostError::TooLarge { path: path.to_owned(), limit: CONFIG_LIMIT });
        }
        let beside = self.place(&path.with_file_name(name))?;
        beside.regular()?;
        let staged = Staged::new(&beside)?;
        staged.dress_like(&old.file, &old.stat)?;
        staged.fill(content.as_bytes())?;
        staged.replace()
    }

    pub(super) fn create_new(
        &self,
        path: &Utf8Path,
        content: &[u8],
        permissions: Permissions,
    ) -> Result<(), HostError> {
        let place = self.place(path)?;
        if place.stat()?.is_some() {
            return Err(HostError::Exists { path: place.path });
        }
        create(&place, content, permissions)
    }

    pub(super) fn append(
        &self,
        path: &Utf8Path,
        content: &[u8],
        permissions: Permissions,
    ) -> Result<(), HostError> {
        let place = self.place(path)?;
        let file = open_or_make(&place, OFlags::WRONLY | OFlags::APPEND, permissions)?;
        let written = loop {
            match rustix::io::write(&file, content) {
                Err(Errno::INTR) => {}
                outcome => break outcome.map_err(|errno| place.fail(errno))?,
            }
        };
        if written < content.len() {
            // writing the rest in a second call could land behind another writer's line
            let message = format!("only {written} of {} bytes could be appended", content.len());
            return Err(invalid(path, &message));
        }
        Ok(())
    }

    /// No temporary file and no fsync: there is no file system behind it, and the kernel takes a value in one write.
    pub(super) fn write_kernel_value(&self, path: &Utf8Path, value: &str) -> Result<(), HostError> {
        let file = self.resolve(path, OFlags::WRONLY | OFlags::NOCTTY)?;
        match rustix::io::write(&file, value.as_bytes()) {
            Ok(length) if length == value.len() => Ok(()),
            Ok(_) => Err(HostError::Io {
                path: path.to_owned(),
                message: "took only part of the value".to_owned(),
            }),
            Err(errno) => Err(fail(path, errno)),
        }
    }

    pub(super) fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
        let (source, target) = (self.place(from)?, self.place(to)?);
        for place in [&source, &target] {
            if place.stat()?.is_some_and(|stat| kind(&stat) == FileKind::Symlink) {
                return Err(HostError::Symlink { path: place.path.clone() });
            }
        }
        fs::renameat(&source.directory, &source.name, &target.directory, &target.name)
            .map_err(|errno| source.fail(errno))?;
        target.sync()?;
        source.sync()
    }

    pub(super) fn remove_own(&self, path: &Utf8Path) -> Result<(), HostError> {
        let place = match self.place(path) {
            Err(HostError::NotFound { .. }) => return Ok(()),
            place => place?,
        };
        match fs::unlinkat(&place.directory, &place.name, AtFlags::empty()) {
            Ok(()) => place.sync(),
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(place.fail(errno)),
        }
    }

    pub(super) fn make_dirs(&self, path: &Utf8Path, permissions: Permissions) -> Result<(), HostError> {
        self.make_dirs_through(path, permissions, LINKS)
    }

    /// A link on the way may point to what is still missing: in the tree of a system that is not running,
    /// `/var/lock` points into an empty `/run`.
    fn make_dirs_through(&self, path: &Utf8Path, how: Permissions, links: usize) -> Result<(), HostError> {
        let mut missing: Vec<&Utf8Path> = Vec::new();
        let mut at = trim(path);
        while let Err(error) = self.resolve(at, OFlags::PATH | OFlags::DIRECTORY) {
            let (HostError::NotFound { .. }, Ok((parent, _))) = (&error, split(at)) else {
                return Err(error);
            };
            missing.push(at);
            at = trim(parent);
        }
        while let Some(directory) = missing.pop() {
            let place = self.place(directory)?;
            match place.stat()? {
                Some(stat) if kind(&stat) == FileKind::Symlink => {
                    let target = self.link_target(directory)?;
                    let links = links.checked_sub(1).ok_or_else(|| place.fail(Errno::LOOP))?;
                    self.make_dirs_through(&target, how, links)?;
                }
                Some(stat) if kind(&stat) == FileKind::Directory => {}
                Some(_) => return Err(place.fail(Errno::NOTDIR)),
                None => make_dir(&place, how)?,
            }
        }
        Ok(())
    }

    /// Where a link points, as an absolute path inside the root.
    fn link_target(&self, link: &Utf8Path) -> Result<Utf8PathBuf, HostError> {
        let target = self.read_link(link)?;
        let (parent, _) = split(link)?;
        Ok(parent.join(target))
    }

    pub(super) fn symlink(&self, path: &Utf8Path, target: &str) -> Result<(), HostError> {
        let place = self.place(path)?;
        match fs::symlinkat(target, &place.directory, &place.name) {
            Ok(()) => place.sync(),
            Err(Errno::EXIST) => match self.read_link(path) {
                Ok(present) if present.as_str() == target => Ok(()),
                _ => Err(HostError::Exists { path: place.path }),
            },
            Err(errno) => Err(place.fail(errno)),
        }
    }
}

/// The file that is there before a change, held open.
struct Old {
    file: File,
    stat: Stat,
}

impl Old {
    fn open(place: &Place) -> Result<Option<Self>, HostError> {
        if place.regular()?.is_none() {
            return Ok(None);
        }
        let file = match place.open(OFlags::RDONLY, Mode::empty()) {
            Ok(file) => File::from(file),
            // gone since, or replaced by a link
            Err(Errno::NOENT | Errno::LOOP) => return Err(modified(&place.path)),
            Err(errno) => return Err(place.fail(errno)),
        };
        let stat = fs::fstat(&file).map_err(|errno| place.fail(errno))?;
        place.require_regular(&stat)?;
        Ok(Some(Self { file, stat }))
    }

    /// The content; one byte more than `longest` is enough to see that it is neither of those expected.
    fn content(&self, place: &Place, longest: u64) -> Result<Content, HostError> {
        let mut bytes = Vec::new();
        (&self.file)
            .take(longest.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| super::tree::fail_io(&place.path, &error))?;
        Ok(Content::new(bytes))
    }

    /// Writing and syncing the new file takes time in which an editor may have saved the old one.
    fn require_unchanged(&self, place: &Place) -> Result<(), HostError> {
        let look = |stat: &Stat| (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
        match place.stat()? {
            Some(now) if look(&now) == look(&self.stat) => Ok(()),
            _ => Err(modified(&place.path)),
        }
    }
}

fn create(place: &Place, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
    let staged = Staged::new(place)?;
    staged.dress(permissions)?;
    staged.fill(content)?;
    staged.create()
}

/// Opens a regular file, or makes it; who makes it decides about its permissions.
pub(super) fn open_or_make(
    place: &Place,
    flags: OFlags,
    permissions: Permissions,
) -> Result<OwnedFd, HostError> {
    for _ in 0..ATTEMPTS {
        let opened = if place.regular()?.is_some() {
            place.open(flags, Mode::empty())
        } else {
            let new = OFlags::CREATE | OFlags::EXCL;
            let made = place.open(flags | new, Mode::from_raw_mode(0o600));
            made.and_then(|file| dress(&file, permissions).map(|()| file))
        };
        match opened {
            Ok(file) => {
                let stat = fs::fstat(&file).map_err(|errno| place.fail(errno))?;
                place.require_regular(&stat)?;
                return Ok(file);
            }
            // made or removed by someone else between the look and the opening
            Err(Errno::EXIST | Errno::NOENT) => {}
            Err(errno) => return Err(place.fail(errno)),
        }
    }
    // in a directory that is itself deleted, names stay absent however often they are made
    Err(place.fail(Errno::NOENT))
}

fn make_dir(place: &Place, permissions: Permissions) -> Result<(), HostError> {
    match fs::mkdirat(&place.directory, &place.name, Mode::from_raw_mode(0o700)) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Ok(()),
        Err(errno) => return Err(place.fail(errno)),
    }
    let made = place.open(OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty());
    made.and_then(|directory| dress(&directory, permissions)).map_err(|errno| place.fail(errno))?;
    place.sync()
}

/// Directories may be written with a slash at the end.
fn trim(path: &Utf8Path) -> &Utf8Path {
    match path.as_str().trim_end_matches('/') {
        "" => Utf8Path::new(if path.as_str().is_empty() { "" } else { "/" }),
        trimmed => Utf8Path::new(trimmed),
    }
}

fn modified(path: &Utf8Path) -> HostError {
    HostError::Modified { path: path.to_owned() }
}

fn size(content: &Content) -> u64 {
    u64::try_from(content.as_bytes().len()).unwrap_or(u64::MAX)
}
