//! Locks that other programs on the machine respect: flock(2) on an agreed file.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use rustix::fs::{self, FlockOperation, OFlags};
use rustix::io::Errno;

use super::tree::{Place, Tree, fail, split};
use super::writing::open_or_make;
use crate::{HostError, Permissions};

const POLL: Duration = Duration::from_millis(50);

/// A lock that is held until this is dropped.
#[derive(Debug)]
#[must_use = "the lock is released when the guard is dropped"]
pub struct LockGuard {
    // closing the file releases the lock
    _held: Option<OwnedFd>,
}

impl LockGuard {
    /// A guard for hosts on which nobody else can be: it holds nothing.
    pub fn unheld() -> Self {
        Self { _held: None }
    }
}

impl Tree {
    pub(super) fn lock(&self, path: &Utf8Path, timeout: Duration) -> Result<LockGuard, HostError> {
        let (parent, _) = split(path)?;
        let place = match self.place(path) {
            // the lock directories are on tmpfs: they are missing in the tree of a system that is not running
            Err(HostError::NotFound { .. }) => {
                self.make_dirs(parent, Permissions { mode: 0o755, owner: Some((0, 0)) })?;
                self.place(path)?
            }
            place => place?,
        };
        let start = Instant::now();
        loop {
            if let Some(held) = try_lock(&place)? {
                return Ok(LockGuard { _held: Some(held) });
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(HostError::LockTimeout { path: path.to_owned() });
            }
            std::thread::sleep(left.min(POLL));
        }
    }
}

/// Only whoever may write the file may lock it: a reader could keep the administrator out otherwise.
fn try_lock(place: &Place) -> Result<Option<OwnedFd>, HostError> {
    let permissions = Permissions { mode: 0o600, owner: None };
    let file = open_or_make(place, OFlags::RDWR, permissions)?;
    match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK | Errno::INTR) => return Ok(None),
        Err(errno) => return Err(fail(&place.path, errno)),
    }
    // a lock on a file that was removed meanwhile keeps nobody out
    let ours = fs::fstat(&file).map_err(|errno| place.fail(errno))?;
    let current = place.stat()?.is_some_and(|now| (now.st_dev, now.st_ino) == (ours.st_dev, ours.st_ino));
    Ok(current.then_some(file))
}
