//! A machine that is only remembered.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange};

use super::overlay::{Node, Overlay};
use super::{Answer, FORMAT, Question, Recording};
use crate::real::{own_process, process_start, signal_group};
use crate::{Command, DirEntry, FileKind, Host, HostError, LockGuard, Metadata, Output, Permissions, Signal};

const LINKS: usize = 40;

/// Plays a recording back.
///
/// A question gets the answer it got first, however often it is asked; one that was never asked is
/// [`HostError::NotRecorded`]. What is written stays in memory and is seen by later questions. The clock stands
/// still except for [`Host::sleep`], which moves it without waiting. Processes are those of the machine this
/// runs on: tasks belong to this program, not to the recording.
#[derive(Debug)]
pub struct CassetteHost {
    about: String,
    node_name: String,
    root: Option<Utf8PathBuf>,
    uid: u32,
    now: i64,
    answers: HashMap<Question, Vec<Answer>>,
    overlay: Mutex<Overlay>,
    slept: Mutex<Duration>,
}

impl CassetteHost {
    /// Reads a recording.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let recording: Recording =
            serde_json::from_str(text).map_err(|error| format!("not a recording: {error}"))?;
        if recording.format != FORMAT {
            return Err(format!("a recording of format {}; this program reads {FORMAT}", recording.format));
        }
        let mut answers: HashMap<_, Vec<_>> = HashMap::new();
        for entry in recording.entries {
            if !entry.ask.fits(&entry.answer) {
                return Err(format!("the answer does not fit the question: {:?}", entry.ask));
            }
            answers.entry(entry.ask).or_default().push(entry.answer);
        }
        Ok(Self {
            about: recording.about,
            node_name: recording.node_name,
            root: recording.root,
            uid: recording.uid,
            now: recording.now,
            answers,
            overlay: Mutex::default(),
            slept: Mutex::default(),
        })
    }

    /// What was recorded, in words.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The files written since, with `None` for those that were removed.
    pub fn overlay(&self) -> BTreeMap<Utf8PathBuf, Option<Content>> {
        self.written().files()
    }

    fn written(&self) -> MutexGuard<'_, Overlay> {
        self.overlay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node(&self, path: &Utf8Path) -> Option<Node> {
        self.written().get(path).cloned()
    }

    fn slept(&self) -> MutexGuard<'_, Duration> {
        self.slept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first(&self, question: &Question) -> Option<&Answer> {
        self.answers.get(question)?.first()
    }

    /// The recording knows that there was nothing, be it from another question.
    fn was_absent(&self, path: &Utf8Path) -> bool {
        if let Some(answer) = self.first(&Question::Metadata(path.to_owned())) {
            return *answer == Answer::Metadata(None);
        }
        for question in [Question::Read(path.to_owned()), Question::ListDir(path.to_owned())] {
            if let Some(answer) = self.first(&question) {
                return matches!(answer, Answer::Error(HostError::NotFound { .. }));
            }
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return false };
        match self.first(&Question::ListDir(parent.to_owned())) {
            Some(Answer::Names(names)) => names.iter().all(|entry| entry.name != name),
            Some(Answer::Error(HostError::NotFound { .. })) => true,
            _ => self.was_absent(parent),
        }
    }

    /// Nothing is there now. What nobody asked about in a directory that was made since is not there either.
    fn is_absent(&self, path: &Utf8Path) -> bool {
        let made = |parent| matches!(self.node(parent), Some(Node::Directory { .. }));
        self.was_absent(path) || !self.knows(path) && path.parent().is_some_and(made)
    }

    fn knows(&self, path: &Utf8Path) -> bool {
        let path = path.to_owned();
        [Question::Metadata(path.clone()), Question::Read(path.clone()), Question::ListDir(path.clone())]
            .iter()
            .chain([&Question::ReadLink(path)])
            .any(|question| self.first(question).is_some())
    }

    fn was_link(&self, path: &Utf8Path) -> bool {
        let metadata = self.first(&Question::Metadata(path.to_owned()));
        matches!(metadata, Some(Answer::Metadata(Some(found))) if found.kind == FileKind::Symlink)
            || matches!(self.first(&Question::ReadLink(path.to_owned())), Some(Answer::Target(_)))
    }

    /// Links that were made since are followed; recorded answers already are what lay behind links.
    fn content(&self, path: &Utf8Path, limit: u64, links: usize) -> Result<Vec<u8>, HostError> {
        let path = path.to_owned();
        match self.node(&path) {
            Some(Node::File { content, .. }) => within(path, content.as_bytes(), limit),
            Some(Node::Directory { .. }) => Err(HostError::NotAFile { path }),
            Some(Node::Removed) => Err(HostError::NotFound { path }),
            Some(Node::Link { target }) => {
                let target = path.parent().unwrap_or(Utf8Path::new("/")).join(target);
                match links.checked_sub(1) {
                    Some(links) => self.content(&target, limit, links),
                    None => Err(io(&path, "Too many levels of symbolic links")),
                }
            }
            None => self.recorded_content(path, limit),
        }
    }

    fn recorded_content(&self, path: Utf8PathBuf, limit: u64) -> Result<Vec<u8>, HostError> {
        let question = Question::Read(path.clone());
        for answer in self.answers.get(&question).into_iter().flatten() {
            match answer {
                Answer::Content(content) => return within(path, content.as_bytes(), limit),
                // it was larger than was asked for then; nobody knows whether it is larger than this
                Answer::Error(HostError::TooLarge { limit: then, .. }) if limit > *then => {}
                Answer::Error(HostError::TooLarge { .. }) => return Err(HostError::TooLarge { path, limit }),
                Answer::Error(error) => return Err(error.clone()),
                _ => {}
            }
        }
        if self.is_absent(&path) { Err(HostError::NotFound { path }) } else { Err(question.not_recorded()) }
    }

    /// A write needs a directory; what the recording does not know about may be there.
    fn require_parent(&self, path: &Utf8Path) -> Result<(), HostError> {
        if !path.is_absolute() || path.as_str().contains('\0') || path.file_name().is_none() {
            return Err(io(path, "not the absolute path of a file"));
        }
        let parent = path.parent().unwrap_or(Utf8Path::new("/"));
        let path = parent.to_owned();
        match self.node(parent) {
            Some(Node::Removed) => Err(HostError::NotFound { path }),
            Some(Node::File { .. }) => Err(HostError::NotADirectory { path }),
            Some(_) => Ok(()),
            None if self.is_absent(parent) => Err(HostError::NotFound { path }),
            None => Ok(()),
        }
    }

    fn require_no_link(&self, path: &Utf8Path) -> Result<(), HostError> {
        let link = match self.node(path) {
            Some(node) => matches!(node, Node::Link { .. }),
            None => self.was_link(path),
        };
        if link { Err(HostError::Symlink { path: path.to_owned() }) } else { Ok(()) }
    }

    /// Mode and owner of a file that is replaced stay.
    fn look(&self, path: &Utf8Path, mode: u32) -> (u32, (u32, u32)) {
        match self.metadata(path) {
            Ok(Some(found)) => (found.mode, (found.uid, found.gid)),
            _ => (mode, (self.uid, self.uid)),
        }
    }

    fn owner(&self, permissions: Permissions) -> (u32, u32) {
        permissions.owner.filter(|_| self.uid == 0).unwrap_or((self.uid, self.uid))
    }
}

impl Host for CassetteHost {
    fn root(&self) -> Option<&Utf8Path> {
        self.root.as_deref()
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, HostError> {
        self.content(path, limit, LINKS)
    }

    fn read_at(&self, path: &Utf8Path, offset: u64, length: usize) -> Result<Vec<u8>, HostError> {
        let question = Question::ReadAt { path: path.to_owned(), offset, length };
        match (self.node(path), self.first(&question)) {
            (None, Some(Answer::Content(content))) => return Ok(content.as_bytes().to_vec()),
            (None, Some(Answer::Error(error))) => return Err(error.clone()),
            _ => {}
        }
        let whole = self.content(path, u64::MAX, LINKS).map_err(|error| match error {
            HostError::NotRecorded { .. } => question.not_recorded(),
            other => other,
        })?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(whole.len());
        let end = start.saturating_add(length).min(whole.len());
        Ok(whole[start..end].to_vec())
    }

    fn metadata(&self, path: &Utf8Path) -> Result<Option<Metadata>, HostError> {
        if let Some(node) = self.node(path) {
            return Ok(node.metadata(self.now()));
        }
        let question = Question::Metadata(path.to_owned());
        match self.first(&question) {
            Some(Answer::Metadata(found)) => Ok(found.clone()),
            Some(Answer::Error(error)) => Err(error.clone()),
            _ if self.is_absent(path) => Ok(None),
            _ => Err(question.not_recorded()),
        }
    }

    fn list_dir(&self, path: &Utf8Path) -> Result<Vec<DirEntry>, HostError> {
        let question = Question::ListDir(path.to_owned());
        let recorded = match self.first(&question) {
            Some(Answer::Names(names)) => Ok(names.clone()),
            Some(Answer::Error(error)) => Err(error.clone()),
            _ if self.is_absent(path) => Err(HostError::NotFound { path: path.to_owned() }),
            _ => Err(question.not_recorded()),
        };
        let overlay = self.written();
        let names = match overlay.get(path) {
            None => recorded?,
            Some(Node::Directory { .. }) => recorded.unwrap_or_default(),
            Some(Node::Removed) => return Err(HostError::NotFound { path: path.to_owned() }),
            Some(_) => return Err(HostError::NotADirectory { path: path.to_owned() }),
        };
        let mut names: BTreeMap<_, _> = names.into_iter().map(|entry| (entry.name, entry.kind)).collect();
        for (name, kind) in overlay.children(path) {
            match kind {
                Some(kind) => names.insert(name.to_owned(), kind),
                None => names.remove(name),
            };
        }
        Ok(names.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect())
    }

    fn read_link(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError> {
        let question = Question::ReadLink(path.to_owned());
        match (self.node(path), self.first(&question)) {
            (Some(Node::Link { target }), _) => Ok(Utf8PathBuf::from(target)),
            (Some(Node::Removed), _) => Err(HostError::NotFound { path: path.to_owned() }),
            (Some(_), _) => Err(io(path, "not a symbolic link")),
            (None, Some(Answer::Target(target))) => Ok(target.clone()),
            (None, Some(Answer::Error(error))) => Err(error.clone()),
            _ if self.is_absent(path) => Err(HostError::NotFound { path: path.to_owned() }),
            _ => Err(question.not_recorded()),
        }
    }

    fn change_file(&self, change: &FileChange) -> Result<(), HostError> {
        let path = &change.path;
        self.require_no_link(path)?;
        let current = match self.content(path, u64::MAX, LINKS) {
            Ok(bytes) => Some(Content::new(bytes)),
            Err(HostError::NotFound { .. }) => None,
            Err(other) => return Err(other),
        };
        if current == change.after {
            return Ok(());
        }
        if current != change.before {
            return Err(HostError::Modified { path: path.clone() });
        }
        match &change.after {
            None => self.written().put(path, Node::Removed),
            Some(content) => {
                self.require_parent(path)?;
                let (mode, owner) = self.look(path, change.mode);
                self.written().put_file(path, content.clone(), mode, owner);
            }
        }
        Ok(())
    }

    fn write_own(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.require_parent(path)?;
        self.require_no_link(path)?;
        if matches!(self.node(path), Some(Node::Directory { .. })) {
            return Err(HostError::NotAFile { path: path.to_owned() });
        }
        let owner = self.owner(permissions);
        self.written().put_file(path, Content::new(content), permissions.mode, owner);
        Ok(())
    }

    fn create_new(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.require_parent(path)?;
        // the names of the program's own new files are unique, so what nobody asked about is taken to be free
        match self.metadata(path) {
            Ok(None) | Err(HostError::NotRecorded { .. }) => {}
            Ok(Some(_)) => return Err(HostError::Exists { path: path.to_owned() }),
            Err(other) => return Err(other),
        }
        let owner = self.owner(permissions);
        self.written().put_file(path, Content::new(content), permissions.mode, owner);
        Ok(())
    }

    fn append(&self, path: &Utf8Path, content: &[u8], permissions: Permissions) -> Result<(), HostError> {
        self.require_parent(path)?;
        self.require_no_link(path)?;
        if self.written().append(path, content) {
            return Ok(());
        }
        let before = match self.content(path, u64::MAX, LINKS) {
            Ok(bytes) => bytes,
            Err(HostError::NotFound { .. } | HostError::NotRecorded { .. }) => Vec::new(),
            Err(other) => return Err(other),
        };
        let (mode, _) = self.look(path, permissions.mode);
        let whole = Content::new([&before, content].concat());
        self.written().put_file(path, whole, mode, self.owner(permissions));
        Ok(())
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
        self.require_parent(to)?;
        for path in [from, to] {
            self.require_no_link(path)?;
        }
        if self.node(from).is_none() {
            let bytes = self.content(from, u64::MAX, LINKS)?;
            let (mode, owner) = self.look(from, 0o644);
            self.written().put_file(from, Content::new(bytes), mode, owner);
        }
        if matches!(self.node(from), Some(Node::Removed)) {
            return Err(HostError::NotFound { path: from.to_owned() });
        }
        if from != to {
            self.written().move_all(from, to);
        }
        Ok(())
    }

    fn remove_own(&self, path: &Utf8Path) -> Result<(), HostError> {
        if matches!(self.node(path), Some(Node::Directory { .. })) {
            return Err(HostError::NotAFile { path: path.to_owned() });
        }
        self.written().put(path, Node::Removed);
        Ok(())
    }

    fn make_dirs(&self, path: &Utf8Path, permissions: Permissions) -> Result<(), HostError> {
        for directory in path.ancestors().filter(|directory| directory.file_name().is_some()) {
            match self.node(directory) {
                Some(Node::File { .. }) => {
                    return Err(HostError::NotADirectory { path: directory.to_owned() });
                }
                Some(Node::Directory { .. } | Node::Link { .. }) => {}
                // directories that were there keep what is known of them
                None if matches!(self.metadata(directory), Ok(Some(_)))
                    || self.list_dir(directory).is_ok() => {}
                // of parents that nobody asked about nothing is claimed, least of all that they are empty
                None if directory != path && !self.is_absent(directory) => {}
                None | Some(Node::Removed) => {
                    let owner = self.owner(permissions);
                    self.written().put(directory, Node::Directory { mode: permissions.mode, owner });
                }
            }
        }
        Ok(())
    }

    fn symlink(&self, path: &Utf8Path, target: &str) -> Result<(), HostError> {
        self.require_parent(path)?;
        if self.read_link(path).is_ok_and(|present| present.as_str() == target) {
            return Ok(());
        }
        if matches!(self.metadata(path), Ok(Some(_))) {
            return Err(HostError::Exists { path: path.to_owned() });
        }
        self.written().put(path, Node::Link { target: target.to_owned() });
        Ok(())
    }

    fn lock(&self, _path: &Utf8Path, _timeout: Duration) -> Result<LockGuard, HostError> {
        Ok(LockGuard::unheld())
    }

    fn library_path(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError> {
        Err(io(path, "a recording has no files that a library could open"))
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        let question = Question::run(command);
        match self.first(&question) {
            Some(Answer::Output(output)) => Ok(output.clone()),
            Some(Answer::Error(error)) => Err(error.clone()),
            _ => Err(question.not_recorded()),
        }
    }

    fn now(&self) -> i64 {
        self.now.saturating_add(i64::try_from(self.slept().as_secs()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        *self.slept()
    }

    fn sleep(&self, duration: Duration) {
        let mut slept = self.slept();
        *slept = slept.saturating_add(duration);
    }

    fn node_name(&self) -> String {
        self.node_name.clone()
    }

    fn uid(&self) -> u32 {
        self.uid
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

fn within(path: Utf8PathBuf, bytes: &[u8], limit: u64) -> Result<Vec<u8>, HostError> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(HostError::TooLarge { path, limit });
    }
    Ok(bytes.to_vec())
}

fn io(path: &Utf8Path, message: &str) -> HostError {
    HostError::Io { path: path.to_owned(), message: message.to_owned() }
}
