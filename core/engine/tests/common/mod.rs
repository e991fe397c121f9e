//! A tree of its own for each test, behind a host that counts what is read and can run real programs.
#![allow(dead_code, reason = "every test uses a part of this")]
#![allow(unreachable_pub, reason = "shared between test programs")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange, Plan, Problem, Step};
use innkeeper_engine::{Caller, Engine, Job, RequestRecord, Silent, TaskName};
use innkeeper_host::{
    Command, DirEntry, Host, HostError, LockGuard, Metadata, Output, Permissions, RealHost, Signal,
};

pub const SOURCES: &str = "/etc/apt/sources.list";
pub const OTHER: &str = "/etc/apt/other.list";

/// The tree below a directory, the programs and processes of this machine, and a clock that can be set.
pub struct TestHost {
    tree: RealHost,
    machine: RealHost,
    pub bytes_read: AtomicU64,
    pub slept: AtomicU64,
    /// The time, unless 0.
    pub clock: AtomicI64,
    /// Seconds by which the clock that nobody can set is ahead.
    pub passed: AtomicU64,
    /// Seconds by which time has gone on for this process.
    pub ahead: AtomicU64,
    /// How often the machine was started again.
    pub boots: AtomicU64,
}

impl TestHost {
    pub fn new(root: &Utf8Path) -> Arc<Self> {
        Arc::new(Self {
            tree: RealHost::rooted(root).unwrap(),
            machine: RealHost::new(),
            bytes_read: AtomicU64::new(0),
            slept: AtomicU64::new(0),
            clock: AtomicI64::new(0),
            passed: AtomicU64::new(0),
            ahead: AtomicU64::new(0),
            boots: AtomicU64::new(0),
        })
    }

    fn counted(&self, bytes: Result<Vec<u8>, HostError>) -> Result<Vec<u8>, HostError> {
        let read = bytes.as_ref().map_or(0, Vec::len) as u64;
        self.bytes_read.fetch_add(read, Ordering::Relaxed);
        bytes
    }
}

impl Host for TestHost {
    fn root(&self) -> Option<&Utf8Path> {
        self.tree.root()
    }
    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, HostError> {
        self.counted(self.tree.read(path, limit))
    }
    fn read_at(&self, path: &Utf8Path, offset: u64, length: usize) -> Result<Vec<u8>, HostError> {
        self.counted(self.tree.read_at(path, offset, length))
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
    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
        self.tree.rename(from, to)
    }
    fn copy_beside(&self, path: &Utf8Path, name: &str) -> Result<(), HostError> {
        self.tree.copy_beside(path, name)
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
        self.tree.library_path(path)
    }
    fn run(&self, command: &Command) -> Result<Output, HostError> {
        self.machine.run(command)
    }
    fn run_watched(&self, command: &Command, line: &mut dyn FnMut(&str)) -> Result<Output, HostError> {
        self.machine.run_watched(command, line)
    }
    /// The parameters of this machine are left alone: the tree has files in their place.
    fn write_kernel_value(&self, path: &Utf8Path, value: &str) -> Result<(), HostError> {
        let file = self.tree.root().unwrap().join(path.as_str().trim_start_matches('/'));
        assert!(file.exists(), "{file}");
        std::fs::write(file, format!("{value}\n")).unwrap();
        Ok(())
    }
    fn now(&self) -> i64 {
        match self.clock.load(Ordering::Relaxed) {
            0 => self.tree.now(),
            set => set,
        }
    }
    fn monotonic(&self) -> Duration {
        self.tree.monotonic() + Duration::from_secs(self.ahead.load(Ordering::Relaxed))
    }
    fn boot_clock(&self) -> Duration {
        self.tree.boot_clock() + Duration::from_secs(self.passed.load(Ordering::Relaxed))
    }
    fn boot_id(&self) -> String {
        format!("{}-{}", self.tree.boot_id(), self.boots.load(Ordering::Relaxed))
    }
    fn sleep(&self, duration: Duration) {
        self.slept.fetch_add(1, Ordering::Relaxed);
        self.tree.sleep(duration.min(Duration::from_millis(100)));
    }
    fn node_name(&self) -> String {
        "pve1".to_owned()
    }
    fn uid(&self) -> u32 {
        self.tree.uid()
    }
    fn own_process(&self) -> (u32, u64) {
        self.tree.own_process()
    }
    fn process_start(&self, pid: u32) -> Option<u64> {
        self.tree.process_start(pid)
    }
    fn signal_group(&self, pid: u32, signal: Signal) -> Result<(), HostError> {
        self.tree.signal_group(pid, signal)
    }
}

/// A directory with a small tree in it, and an engine for that.
pub struct Fixture {
    pub directory: tempfile::TempDir,
    pub host: Arc<TestHost>,
    pub engine: Engine,
}

impl Fixture {
    pub fn new() -> Self {
        let fixture = Self::at(quick_directory());
        fixture.write(SOURCES, "deb one\n");
        fixture.write(OTHER, "deb other\n");
        fixture
    }

    pub fn at(directory: tempfile::TempDir) -> Self {
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let host = TestHost::new(root);
        let engine = Engine::new(host.clone());
        Self { directory, host, engine }
    }

    /// An engine of its own on the same tree, as a later process has it.
    pub fn fresh(&self) -> Engine {
        Engine::new(TestHost::new(Utf8Path::from_path(self.directory.path()).unwrap()))
    }

    pub fn path(&self, path: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.directory.path()).unwrap().join(path.trim_start_matches('/'))
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.path(path)).ok()
    }

    pub fn change(&self, path: &str, after: &str) -> FileChange {
        FileChange::write(path, self.text(path).map(Content::from), after)
    }

    /// Carries out a plan that verifies by itself.
    pub fn apply(&self, plan: Plan) -> Result<innkeeper_engine::Outcome, Problem> {
        self.engine.apply(job(plan, &nothing_left), &mut Silent)
    }

    /// Sets the content of a file, in a change of its own.
    pub fn set(&self, path: &str, after: &str) -> i64 {
        let step = Step::file(format!("write {path}"), self.change(path, after));
        self.apply(Plan::new(format!("set {path}")).step(step)).unwrap().change
    }

    /// The log of the task of a change.
    pub fn log_of(&self, upid: &innkeeper_engine::Upid) -> String {
        String::from_utf8(self.engine.tasks().raw_log(upid).unwrap()).unwrap()
    }
}

/// A killed process loses nothing that it wrote, wherever that is: in memory, syncing costs nothing.
fn quick_directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub fn nothing_left() -> Result<Plan, Problem> {
    Ok(Plan::new("nothing"))
}

pub fn job<'a>(plan: Plan, verify: &'a dyn Fn() -> Result<Plan, Problem>) -> Job<'a> {
    Job {
        caller: Caller { user: "root@pam".to_owned(), origin: "command line".to_owned() },
        request: RequestRecord {
            verb: "POST".to_owned(),
            path: "/nodes/pve1/apt/repositories".to_owned(),
            params: BTreeMap::from([("enabled".to_owned(), "0".to_owned())]),
            command: "innkeeper apt disable 1".to_owned(),
        },
        task: TaskName::new("aptrepo", ""),
        plan,
        lock: None,
        undoes: None,
        finishes: None,
        confirm_within: None,
        replan: None,
        verify,
        diagnose: None,
    }
}
