//! Recording a machine while something works with it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange};

use super::{Answer, Entry, FORMAT, Question, Recording};
use crate::{Command, DirEntry, Host, HostError, LockGuard, Metadata, Output, Permissions, Signal};

/// A host that notes every question about the machine together with the answer.
///
/// What is written through it goes to the machine. Questions about a file after that are not noted: their
/// answers are no longer what the machine was, and a replay knows them from its own writing.
pub struct Recorder {
    inner: Arc<dyn Host>,
    about: String,
    now: i64,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    entries: Vec<Entry>,
    by_question: HashMap<Question, Vec<usize>>,
    written: HashSet<Utf8PathBuf>,
}

impl Recorder {
    /// Records what is asked of `inner` from now on.
    pub fn new(inner: Arc<dyn Host>) -> Self {
        let now = inner.now();
        Self { inner, about: String::new(), now, notes: Mutex::default() }
    }

    /// Says what is recorded: the machine, versions of its tools, what is done with it.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// The recording up to here, as JSON that people can read and compare.
    pub fn save(&self) -> String {
        let recording = Recording {
            format: FORMAT,
            about: self.about.clone(),
            node_name: self.inner.node_name(),
            root: self.inner.root().map(Utf8Path::to_owned),
            uid: self.inner.uid(),
            now: self.now,
            entries: self.notes().entries.clone(),
        };
        // plain data with string keys: writing it into memory cannot fail
        let mut text = serde_json::to_string_pretty(&recording).unwrap_or_default();
        text.push('\n');
        text
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<T>(
        &self,
        ask: Question,
        outcome: Result<T, HostError>,
        answer: impl FnOnce(&T) -> Answer,
    ) -> Result<T, HostError> {
        let mut notes = self.notes();
        if ask.path().is_some_and(|path| notes.written.contains(path)) {
            return outcome;
        }
        let answer = match &outcome {
            Ok(value) => answer(value),
            Err(error) => Answer::Error(error.clone()),
        };
        let known = notes.by_question.get(&ask).map(Vec::as_slice).unwrap_or_default();
        if known.iter().any(|&at| notes.entries[at].answer == answer) {
            return outcome;
        }
        let at = notes.entries.len();
        notes.by_question.entry(ask.clone()).or_default().push(at);
        notes.entries.push(Entry { ask, answer });
        outcome
    }

    fn wrote(&self, path: &Utf8Path) {
        self.notes().written.insert(path.to_owned());
    }
}

impl Host for Recorder {
    fn root(&self) -> Option<&Utf8Path> {
        self.inner.root()
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, HostError> {
        let outcome = self.inner.read(path, limit);
        self.note(Question::Read(path.to_owned()), outcome, |bytes| Answer::Content(Content::new(&**bytes)))
    }

    fn read_at(&self, path: &Utf8Path, offset: u64, length: usize) -> Result<Vec<u8>, HostError> {
        let ask = Question::ReadAt { path: path.to_owned(), offset, length };
        let outcome = self.inner.read_at(path, offset, length);
        self.note(ask, outcome, |bytes| Answer::Content(Content::new(&**bytes)))
    }

    fn metadata(&self, path: &Utf8Path) -> Result<Option<Metadata>, HostError> {
        let outcome = self.inner.metadata(path);
        self.note(Question::Metadata(path.to_owned()), outcome, |found| Answer::Metadata(found.clone()))
    }

    fn list_dir(&self, path: &Utf8Path) -> Result<Vec<DirEntry>, HostError> {
        let outcome = self.inner.list_dir(path);
        self.note(Question::ListDir(path.to_owned()), outcome, |names| Answer::Names(names.clone()))
    }

    fn read_link(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError> {
        let outcome = self.inner.read_link(path);
        self.note(Question::ReadLink(path.to_owned()), outcome, |target| Answer::Target(target.clone()))
    }

    fn change_file(&self, change: &FileChange) -> Result<(), HostError> {
        self.wrote(&change.path);
        self.inner.change_file(change)
    }

    fn write_own(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.wrote(path);
        self.inner.write_own(path, content, permissions)
    }

    fn create_new(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.wrote(path);
        self.inner.create_new(path, content, permissions)
    }

    fn append(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.wrote(path);
        self.inner.append(path, content, permissions)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
        self.wrote(from);
        self.wrote(to);
        self.inner.rename(from, to)
    }

    fn copy_beside(&self, path: &Utf8Path, name: &str) -> Result<(), HostError> {
        self.wrote(&path.with_file_name(name));
        self.inner.copy_beside(path, name)
    }

    fn remove_own(&self, path: &Utf8Path) -> Result<(), HostError> {
        self.wrote(path);
        self.inner.remove_own(path)
    }

    fn make_dirs(&self, path: &Utf8Path, permissions: Permissions) -> Result<(), HostError> {
        self.inner.make_dirs(path, permissions)
    }

    fn symlink(&self, path: &Utf8Path, target: &str) -> Result<(), HostError> {
        self.wrote(path);
        self.inner.symlink(path, target)
    }

    fn lock(&self, path: &Utf8Path, timeout: Duration) -> Result<LockGuard, HostError> {
        self.inner.lock(path, timeout)
    }

    fn library_path(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError> {
        self.inner.library_path(path)
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        let outcome = self.inner.run(command);
        self.note(Question::run(command), outcome, |output| Answer::Output(output.clone()))
    }

    fn now(&self) -> i64 {
        self.inner.now()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn boot_clock(&self) -> Duration {
        self.inner.boot_clock()
    }

    fn boot_id(&self) -> String {
        self.inner.boot_id()
    }

    fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration);
    }

    fn node_name(&self) -> String {
        self.inner.node_name()
    }

    fn uid(&self) -> u32 {
        self.inner.uid()
    }

    fn own_process(&self) -> (u32, u64) {
        self.inner.own_process()
    }

    fn process_start(&self, pid: u32) -> Option<u64> {
        self.inner.process_start(pid)
    }

    fn signal_group(&self, pid: u32, signal: Signal) -> Result<(), HostError> {
        self.inner.signal_group(pid, signal)
    }
}
