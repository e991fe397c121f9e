//! The machine itself, or the tree of another one.
//!
//! Every path is resolved by the kernel with `openat2(2)` below one open directory, as if that were `/`:
//! absolute links and `..` stay inside and magic links are refused. There is no window between checking a path
//! and using it, because nothing is checked: the kernel cannot be led out.
#![allow(
    clippy::disallowed_methods,
    reason = "this module is the one door to files, programs and the clock that everything else has to use"
)]

mod kernel;
mod locking;
mod moment;
mod reading;
mod running;
mod staging;
mod tree;
mod writing;

pub(crate) use kernel::{own_process, process_start, signal_group};
pub use locking::LockGuard;
pub use moment::WRITE_POINTS;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::FileChange;

use self::tree::{Tree, split};
use crate::{Command, DirEntry, FileKind, Host, HostError, Metadata, Output, Permissions, Signal};

/// Longer than any `/etc/hostname` that names a host.
const HOSTNAME_LIMIT: u64 = 4096;

/// The machine this program runs on, or a directory that holds the tree of another one.
#[derive(Debug)]
pub struct RealHost {
    tree: Tree,
    root: Option<Utf8PathBuf>,
    start: Instant,
}

impl RealHost {
    /// The machine itself.
    pub fn new() -> Self {
        Self { tree: Tree::default(), root: None, start: Instant::now() }
    }

    /// Another system's tree. No command runs there, even when `directory` is `/`.
    ///
    /// # Errors
    /// When `directory` is not there or is not a directory.
    pub fn rooted(directory: impl AsRef<Utf8Path>) -> Result<Self, HostError> {
        let directory = directory.as_ref();
        let tree = Tree::open(directory)?;
        Ok(Self { tree, root: Some(directory.to_owned()), start: Instant::now() })
    }

    /// The node name in the tree's `/etc/hostname`: its first line that is not a comment.
    fn name_in_tree(&self) -> Option<String> {
        let bytes = self.tree.read(Utf8Path::new("/etc/hostname"), HOSTNAME_LIMIT).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
        kernel::node_name(line)
    }
}

impl Default for RealHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for RealHost {
    fn root(&self) -> Option<&Utf8Path> {
        self.root.as_deref()
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, HostError> {
        self.tree.read(path, limit)
    }

    fn read_at(&self, path: &Utf8Path, offset: u64, length: usize) -> Result<Vec<u8>, HostError> {
        self.tree.read_at(path, offset, length)
    }

    fn metadata(&self, path: &Utf8Path) -> Result<Option<Metadata>, HostError> {
        self.tree.metadata(path)
    }

    fn list_dir(&self, path: &Utf8Path) -> Result<Vec<DirEntry>, HostError> {
        self.tree.list_dir(path)
    }

    fn read_link(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError> {
        self.tree.read_link(path)
    }

    fn change_file(&self, change: &FileChange) -> Result<(), HostError> {
        self.tree.change_file(change)
    }

    fn write_own(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.tree.write_own(path, content, permissions)
    }

    fn create_new(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.tree.create_new(path, content, permissions)
    }

    fn append(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.tree.append(path, content, permissions)
    }

    fn copy_beside(&self, path: &Utf8Path, name: &str) -> Result<(), HostError> {
        self.tree.copy_beside(path, name)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
        self.tree.rename(from, to)
    }

    fn remove_own(&self, path: &Utf8Path) -> Result<(), HostError> {
        self.tree.remove_own(path)
    }

    fn make_dirs(&self, path: &Utf8Path, permissions: Permissions) -> Result<(), HostError> {
        self.tree.make_dirs(path, permissions)
    }

    fn symlink(&self, path: &Utf8Path, target: &str) -> Result<(), HostError> {
        self.tree.symlink(path, target)
    }

    fn lock(&self, path: &Utf8Path, timeout: Duration) -> Result<LockGuard, HostError> {
        self.tree.lock(path, timeout)
    }

    fn library_path(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError> {
        let (directory, name) = split(path)?;
        let present = self.tree.metadata(path)?;
        if present.is_some_and(|found| found.kind == FileKind::Symlink) {
            return Err(HostError::Symlink { path: path.to_owned() });
        }
        if self.root.is_none() {
            return Ok(path.to_owned());
        }
        let number = self.tree.hand_out(directory)?;
        Ok(Utf8PathBuf::from(format!("/proc/self/fd/{number}/{name}")))
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        match self.root {
            Some(_) => Err(HostError::NoCommands { argv: command.argv() }),
            None => running::run(command, None),
        }
    }

    fn run_watched(&self, command: &Command, line: &mut dyn FnMut(&str)) -> Result<Output, HostError> {
        match self.root {
            Some(_) => Err(HostError::NoCommands { argv: command.argv() }),
            None => running::run(
                command,
                Some(&mut |text| {
                    line(text);
                    ControlFlow::Continue(())
                }),
            ),
        }
    }

    fn run_lines(
        &self,
        command: &Command,
        line: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<(), HostError> {
        match self.root {
            Some(_) => Err(HostError::NoCommands { argv: command.argv() }),
            None => running::lines(command, line),
        }
    }

    fn write_kernel_value(&self, path: &Utf8Path, value: &str) -> Result<(), HostError> {
        match self.root {
            Some(_) => Err(HostError::NoCommands { argv: format!("echo {value} > {path}") }),
            None => self.tree.write_kernel_value(path, value),
        }
    }

    fn now(&self) -> i64 {
        kernel::now()
    }

    fn monotonic(&self) -> Duration {
        kernel::monotonic(self.start)
    }

    fn boot_clock(&self) -> Duration {
        kernel::boot_clock()
    }

    fn boot_id(&self) -> String {
        kernel::boot_id()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn node_name(&self) -> String {
        let name = match self.root {
            Some(_) => self.name_in_tree(),
            None => kernel::node_name(&kernel::kernel_name()),
        };
        name.unwrap_or_else(|| "localhost".to_owned())
    }

    fn uid(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn own_process(&self) -> (u32, u64) {
        own_process()
    }

    fn process_start(&self, pid: u32) -> Option<u64> {
        process_start(pid)
    }

    fn signal_group(&self, pid: u32, signal: Signal) -> Result<(), HostError> {
        signal_group(pid, signal)
    }
}
