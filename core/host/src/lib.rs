//! The one door to the machine: files, commands, processes, clock.
//!
//! Everything above this crate takes a [`Host`] and can therefore run against the machine itself
//! ([`RealHost`]), against another system's tree (`RealHost` rooted in a directory: nothing outside is read or
//! written and no command runs), or against a recording of a machine ([`CassetteHost`]). Paths are absolute
//! paths *on the managed host*.

mod cassette;
mod command;
mod error;
mod left_over;
mod lock_holder;
mod real;

pub use cassette::{CassetteHost, Recorder};
pub use command::{Command, Output};
pub use error::HostError;
pub use left_over::{is_left_over, remove_left_overs};
pub use lock_holder::{LockHolder, holder, lock_holder};
pub use real::{LockGuard, RealHost, WRITE_POINTS};

use std::ops::ControlFlow;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange};

/// Files larger than this are not read as configuration: a sources file has kilobytes, not megabytes.
pub const CONFIG_LIMIT: u64 = 4 * 1024 * 1024;

/// What kind of thing a path names. Symbolic links are not followed for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, wherever it points.
    Symlink,
    /// A device, socket or pipe.
    Other,
}

/// What is known of a file without reading it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Metadata {
    /// What it is.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last change, nanoseconds since 1970.
    pub modified: i128,
    /// Inode number, for recognising a file that was replaced.
    pub inode: u64,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DirEntry {
    /// The name; bytes that are not UTF-8 are replaced, so such a file can be reported but not opened.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
}

/// How to make a new file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Permission bits.
    pub mode: u32,
    /// Owner and group; the caller's own when absent or when the caller is not root.
    pub owner: Option<(u32, u32)>,
}

/// Who signals are sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ask to end.
    Terminate,
    /// End at once.
    Kill,
}

/// The machine.
///
/// Reading follows symbolic links, inside the root only. Writing refuses a symbolic link as the last component:
/// replacing it by a file would surprise whoever made it.
pub trait Host: Send + Sync {
    /// The root directory, when this is another system's tree: no command runs there.
    fn root(&self) -> Option<&Utf8Path>;

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// # Errors
    /// [`HostError::NotFound`] when there is no such file, [`HostError::TooLarge`] beyond the limit, others as they are.
    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, HostError>;

    /// Reads `length` bytes from `offset` on (fewer at the end of the file).
    ///
    /// # Errors
    /// As [`Host::read`].
    fn read_at(&self, path: &Utf8Path, offset: u64, length: usize) -> Result<Vec<u8>, HostError>;

    /// What is known of a path; `None` when there is nothing. Links are not followed.
    ///
    /// # Errors
    /// What the system says, other than "no such file".
    fn metadata(&self, path: &Utf8Path) -> Result<Option<Metadata>, HostError>;

    /// The names in a directory, sorted by bytes, without `.` and `..`.
    ///
    /// # Errors
    /// [`HostError::NotFound`], [`HostError::NotADirectory`], others as they are.
    fn list_dir(&self, path: &Utf8Path) -> Result<Vec<DirEntry>, HostError>;

    /// Where a symbolic link points, as written in it.
    ///
    /// # Errors
    /// When it is not a link.
    fn read_link(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError>;

    /// Puts `change.after` where `change.before` is: temporary file in the same directory, fsync, rename, fsync of
    /// the directory; mode, owner and extended permission of an existing file are kept. With `after: None` the file is
    /// removed. A file that already is as `after` says is left alone.
    ///
    /// # Errors
    /// [`HostError::Modified`] when the file is not as `before` says, [`HostError::Symlink`] for a link, and
    /// whatever the file system says; the old file is then still there, whole.
    fn change_file(&self, change: &FileChange) -> Result<(), HostError>;

    /// Replaces a file that is the program's own (not configuration of record) whole and atomically.
    ///
    /// # Errors
    /// As [`Host::change_file`] without the comparison.
    fn write_own(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError>;

    /// Makes a new file; fails when it is there already. For names that must be unique.
    ///
    /// # Errors
    /// [`HostError::Exists`], others as they are.
    fn create_new(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError>;

    /// Appends to a file, making it if needed. One call is one `write(2)`, so lines of several writers do not mix.
    ///
    /// # Errors
    /// What the file system says.
    fn append(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError>;

    /// Puts a copy of a regular file beside it, on disk before this returns: same content, owner, mode and access list, so
    /// that renaming the copy over the original restores it without needing any space.
    ///
    /// # Errors
    /// [`HostError::NotFound`] when there is no such file. What the file system says; nothing is left behind then.
    fn copy_beside(&self, path: &Utf8Path, name: &str) -> Result<(), HostError> {
        let found = self.metadata(path)?.ok_or_else(|| HostError::NotFound { path: path.to_owned() })?;
        let permissions = Permissions { mode: found.mode, owner: Some((found.uid, found.gid)) };
        self.write_own(&path.with_file_name(name), &self.read(path, CONFIG_LIMIT)?, permissions)
    }

    /// Renames a file of the program's own.
    ///
    /// # Errors
    /// What the file system says.
    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError>;

    /// Removes a file of the program's own; absent is fine. Of a link, the link is removed.
    ///
    /// # Errors
    /// What the file system says.
    fn remove_own(&self, path: &Utf8Path) -> Result<(), HostError>;

    /// Makes a directory and its parents; directories that are there keep their permissions.
    ///
    /// # Errors
    /// What the file system says.
    fn make_dirs(&self, path: &Utf8Path, permissions: Permissions) -> Result<(), HostError>;

    /// Makes a symbolic link; one that already points there is fine.
    ///
    /// # Errors
    /// [`HostError::Exists`] when something else is there.
    fn symlink(&self, path: &Utf8Path, target: &str) -> Result<(), HostError>;

    /// Takes an exclusive flock(2) on a file and holds it until the guard is dropped. The file is made if needed,
    /// and its directory too: in the tree of a system that is not running, `/run` is empty.
    ///
    /// # Errors
    /// [`HostError::LockTimeout`] with the original's wording after `timeout`.
    fn lock(&self, path: &Utf8Path, timeout: Duration) -> Result<LockGuard, HostError>;

    /// A path that other libraries of this process (SQLite) can open for a file of the program's own: through a
    /// directory handle, so that it cannot lead outside the root. Valid as long as this host lives.
    ///
    /// # Errors
    /// When the directory cannot be opened, or the file is a symbolic link.
    fn library_path(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError>;

    /// Runs a program: absolute path, clean environment (`LC_ALL=C.UTF-8`, a fixed `PATH`), standard input null unless
    /// given, killed with its process group at the deadline, output bounded.
    ///
    /// # Errors
    /// [`HostError::NoCommands`] under another root; otherwise everything but exit code 0, with argv and the end of
    /// standard error in the message, unless the command says which other codes are fine.
    fn run(&self, command: &Command) -> Result<Output, HostError>;

    /// Runs a program as [`Host::run`] does, and hands over each line of its output and of its complaints while it runs:
    /// for logs that people watch. A program that was given a secret is only heard when it has ended well.
    ///
    /// # Errors
    /// As [`Host::run`].
    fn run_watched(&self, command: &Command, line: &mut dyn FnMut(&str)) -> Result<Output, HostError> {
        let output = self.run(command)?;
        output.stdout.lines().chain(output.stderr.lines()).for_each(line);
        Ok(output)
    }

    /// Runs a program whose output may be long, hands over each line of it, and keeps nothing: for logs. The program is
    /// killed when the watcher has enough, which is no failure.
    ///
    /// # Errors
    /// As [`Host::run`].
    fn run_lines(
        &self,
        command: &Command,
        line: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<(), HostError> {
        // enough is enough
        let _ = self.run(command)?.stdout.lines().try_for_each(line);
        Ok(())
    }

    /// Writes a value into a file that is an interface of the kernel (`/proc/sys`, `/sys`): in place, in one write. Only
    /// the running machine has a kernel to tell.
    ///
    /// # Errors
    /// [`HostError::NoCommands`] under another root and in a recording. What the kernel says.
    fn write_kernel_value(&self, path: &Utf8Path, value: &str) -> Result<(), HostError> {
        Err(HostError::NoCommands { argv: format!("echo {value} > {path}") })
    }

    /// Seconds since 1970.
    fn now(&self) -> i64;

    /// Time that only goes forward, from an arbitrary start.
    fn monotonic(&self) -> Duration;

    /// Time since the machine was started, also while it slept. Whoever sets the clock does not change it, and every process
    /// of the machine reads the same: asked of the running kernel whatever the root is.
    fn boot_clock(&self) -> Duration {
        self.monotonic()
    }

    /// What tells this start of the machine from every other one; empty when that is not known.
    fn boot_id(&self) -> String {
        String::new()
    }

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// The name of this node: the host name without its domain, from `/etc/hostname` under the root when there is
    /// one, else from the kernel.
    fn node_name(&self) -> String;

    /// The effective user id of this process.
    fn uid(&self) -> u32;

    /// The id of this process and its start time in clock ticks, as `/proc/self/stat` gives them. Asked of the running
    /// kernel whatever the root is: tasks are processes of this program.
    fn own_process(&self) -> (u32, u64);

    /// The start time of a running process in clock ticks; `None` when there is no such process or it is a zombie.
    fn process_start(&self, pid: u32) -> Option<u64>;

    /// Signals the process group `pid`.
    ///
    /// # Errors
    /// When it is not there or not ours.
    fn signal_group(&self, pid: u32, signal: Signal) -> Result<(), HostError>;
}

/// Reads a text file of configuration: `None` when it does not exist.
///
/// # Errors
/// [`HostError::NotUtf8`] with the line, [`HostError::TooLarge`], others as [`Host::read`].
pub fn read_config(host: &dyn Host, path: &Utf8Path) -> Result<Option<String>, HostError> {
    let bytes = match host.read(path, CONFIG_LIMIT) {
        Ok(bytes) => bytes,
        Err(HostError::NotFound { .. }) => return Ok(None),
        Err(other) => return Err(other),
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(bad) => {
            let valid = &bad.as_bytes()[..bad.utf8_error().valid_up_to()];
            let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
            Err(HostError::NotUtf8 { path: path.to_owned(), line })
        }
    }
}

/// The content of a file of configuration as a planner needs it for [`FileChange`]; `None` when it does not exist.
///
/// # Errors
/// As [`Host::read`].
pub fn read_content(host: &dyn Host, path: &Utf8Path) -> Result<Option<Content>, HostError> {
    match host.read(path, CONFIG_LIMIT) {
        Ok(bytes) => Ok(Some(Content::new(bytes))),
        Err(HostError::NotFound { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}
