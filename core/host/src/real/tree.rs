//! Paths inside a root directory: how they are resolved without ever leaving it.

use std::collections::HashMap;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use crate::{FileKind, HostError};

/// `openat2` gives up with `EAGAIN` when a rename anywhere on the machine might have moved what a `..` leads to.
const RETRIES: usize = 128;

/// Where paths start: at `/`, or at another directory, held open whatever happens to the names above it.
#[derive(Debug, Default)]
pub(super) struct Tree {
    root: Option<OwnedFd>,
    /// Directories handed to other libraries by number; they stay open as long as the host lives.
    handed_out: Mutex<HashMap<Utf8PathBuf, OwnedFd>>,
}

impl Tree {
    pub(super) fn open(directory: &Utf8Path) -> Result<Self, HostError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = fs::openat(CWD, directory.as_std_path(), flags, Mode::empty())
            .map_err(|errno| fail(directory, errno))?;
        Ok(Self { root: Some(root), handed_out: Mutex::default() })
    }

    /// Opens `path` with links and `..` resolved as if the root were `/`; magic links are refused.
    pub(super) fn resolve(&self, path: &Utf8Path, flags: OFlags) -> Result<OwnedFd, HostError> {
        check(path)?;
        let flags = flags | OFlags::CLOEXEC;
        let (start, how) = match &self.root {
            Some(root) => (root.as_fd(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS),
            None => (CWD, ResolveFlags::NO_MAGICLINKS),
        };
        let mut outcome = Err(Errno::AGAIN);
        for _ in 0..RETRIES {
            outcome = fs::openat2(start, path.as_std_path(), flags, Mode::empty(), how);
            if !matches!(outcome, Err(Errno::AGAIN | Errno::INTR)) {
                break;
            }
        }
        outcome.map_err(|errno| match errno {
            Errno::XDEV => HostError::Escapes { path: path.to_owned() },
            other => fail(path, other),
        })
    }

    pub(super) fn directory(&self, path: &Utf8Path) -> Result<OwnedFd, HostError> {
        self.resolve(path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// The open parent directory of `path` and the name in it, for calls that must not follow the last component.
    pub(super) fn place(&self, path: &Utf8Path) -> Result<Place, HostError> {
        let (parent, name) = split(path)?;
        Ok(Place { directory: self.directory(parent)?, name: name.to_owned(), path: path.to_owned() })
    }

    /// The number of an open handle of this directory, which stays valid as long as this tree lives.
    pub(super) fn hand_out(&self, directory: &Utf8Path) -> Result<i32, HostError> {
        use std::os::fd::AsRawFd as _;

        let mut handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = handed_out.get(directory) {
            return Ok(handle.as_raw_fd());
        }
        let handle = self.resolve(directory, OFlags::PATH | OFlags::DIRECTORY)?;
        let number = handle.as_raw_fd();
        handed_out.insert(directory.to_owned(), handle);
        Ok(number)
    }
}

/// A name in an open directory.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) directory: OwnedFd,
    pub(super) name: String,
    pub(super) path: Utf8PathBuf,
}

impl Place {
    /// What is there, links not followed.
    pub(super) fn stat(&self) -> Result<Option<Stat>, HostError> {
        match fs::statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.fail(errno)),
        }
    }

    /// What is there, if it is a regular file; anything else cannot be written as one.
    pub(super) fn regular(&self) -> Result<Option<Stat>, HostError> {
        let Some(stat) = self.stat()? else { return Ok(None) };
        self.require_regular(&stat)?;
        Ok(Some(stat))
    }

    pub(super) fn require_regular(&self, stat: &Stat) -> Result<(), HostError> {
        match kind(stat) {
            FileKind::File => Ok(()),
            FileKind::Symlink => Err(HostError::Symlink { path: self.path.clone() }),
            _ => Err(HostError::NotAFile { path: self.path.clone() }),
        }
    }

    /// Opens what is there, never through a link. Pipes and devices do not block the call.
    pub(super) fn open(&self, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let safe = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        fs::openat(&self.directory, &self.name, flags | safe, mode)
    }

    /// Makes the names in the directory survive a power cut.
    pub(super) fn sync(&self) -> Result<(), HostError> {
        match fs::fsync(&self.directory) {
            // some file systems cannot sync a directory and say so; there is nothing more to do then
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(errno) => Err(self.fail(errno)),
        }
    }

    pub(super) fn fail(&self, errno: Errno) -> HostError {
        fail(&self.path, errno)
    }
}

/// Says what the system said, about this path.
pub(super) fn fail(path: &Utf8Path, errno: Errno) -> HostError {
    let path = path.to_owned();
    match errno {
        Errno::NOENT => HostError::NotFound { path },
        Errno::NOTDIR => HostError::NotADirectory { path },
        Errno::EXIST => HostError::Exists { path },
        Errno::ISDIR => HostError::NotAFile { path },
        other => HostError::Io { path, message: say(&other.into()) },
    }
}

/// As [`fail`], for errors of the standard library.
pub(super) fn fail_io(path: &Utf8Path, error: &std::io::Error) -> HostError {
    match Errno::from_io_error(error) {
        Some(errno) => fail(path, errno),
        None => HostError::Io { path: path.to_owned(), message: error.to_string() },
    }
}

/// The system's words without the number behind them.
pub(super) fn say(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

pub(super) fn invalid(path: &Utf8Path, message: &str) -> HostError {
    HostError::Io { path: path.to_owned(), message: message.to_owned() }
}

fn check(path: &Utf8Path) -> Result<(), HostError> {
    if !path.as_str().starts_with('/') {
        return Err(invalid(path, "not an absolute path"));
    }
    if path.as_str().contains('\0') {
        return Err(invalid(path, "a path cannot contain a NUL byte"));
    }
    Ok(())
}

/// The directory and the name in it. The text is taken as it is: what camino would tidy away (`x/`, `x/.`) names a
/// directory and cannot be written as a file.
pub(super) fn split(path: &Utf8Path) -> Result<(&Utf8Path, &str), HostError> {
    check(path)?;
    match path.as_str().rsplit_once('/') {
        Some((_, "" | "." | "..")) | None => Err(invalid(path, "does not end in the name of a file")),
        Some(("", name)) => Ok((Utf8Path::new("/"), name)),
        Some((parent, name)) => Ok((Utf8Path::new(parent), name)),
    }
}

pub(super) fn kind(stat: &Stat) -> FileKind {
    kind_of(FileType::from_raw_mode(stat.st_mode))
}

pub(super) fn kind_of(file_type: FileType) -> FileKind {
    match file_type {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Symlink,
        _ => FileKind::Other,
    }
}
