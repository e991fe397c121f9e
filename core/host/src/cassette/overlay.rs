//! What was written since: lies over a recording and hides what it covers.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Content;

use crate::{FileKind, Metadata};

/// What was put under a name.
#[derive(Clone, Debug)]
pub(super) enum Node {
    File {
        content: Content,
        mode: u32,
        owner: (u32, u32),
        inode: u64,
    },
    Directory {
        mode: u32,
        owner: (u32, u32),
    },
    Link {
        target: String,
    },
    /// It was removed: the recording may know it, but it is gone.
    Removed,
}

/// Everything written, by path.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    nodes: BTreeMap<Utf8PathBuf, Node>,
    files_made: u64,
}

/// Recorded inode numbers are small; those of files made here cannot be taken for them.
const FIRST_INODE: u64 = 1 << 48;

impl Overlay {
    pub(super) fn get(&self, path: &Utf8Path) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub(super) fn put(&mut self, path: &Utf8Path, node: Node) {
        self.nodes.insert(path.to_owned(), node);
    }

    /// A file that was replaced is another file, so it gets another inode number.
    pub(super) fn put_file(&mut self, path: &Utf8Path, content: Content, mode: u32, owner: (u32, u32)) {
        self.files_made += 1;
        let inode = FIRST_INODE + self.files_made;
        self.put(path, Node::File { content, mode, owner, inode });
    }

    /// Adds to a file that stays the same file.
    pub(super) fn append(&mut self, path: &Utf8Path, more: &[u8]) -> bool {
        let Some(Node::File { content, .. }) = self.nodes.get_mut(path) else { return false };
        *content = Content::new([content.as_bytes(), more].concat());
        true
    }

    /// Moves what lies under `from`, with everything in it.
    pub(super) fn move_all(&mut self, from: &Utf8Path, to: &Utf8Path) {
        let moved: Vec<_> = self.nodes.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in moved {
            let (Some(node), Ok(rest)) = (self.nodes.remove(&path), path.strip_prefix(from)) else {
                continue;
            };
            let target = if rest.as_str().is_empty() { to.to_owned() } else { to.join(rest) };
            self.nodes.insert(target, node);
        }
        self.put(from, Node::Removed);
    }

    /// The names written or removed in a directory.
    pub(super) fn children<'a>(
        &'a self,
        directory: &'a Utf8Path,
    ) -> impl Iterator<Item = (&'a str, Option<FileKind>)> {
        self.nodes
            .iter()
            .filter(move |(path, _)| path.parent() == Some(directory))
            .filter_map(|(path, node)| path.file_name().map(|name| (name, node.kind())))
    }

    /// The files that were written, and `None` for those removed.
    pub(super) fn files(&self) -> BTreeMap<Utf8PathBuf, Option<Content>> {
        let file = |node: &Node| match node {
            Node::File { content, .. } => Some(Some(content.clone())),
            Node::Removed => Some(None),
            Node::Directory { .. } | Node::Link { .. } => None,
        };
        self.nodes.iter().filter_map(|(path, node)| Some((path.clone(), file(node)?))).collect()
    }
}

impl Node {
    fn kind(&self) -> Option<FileKind> {
        match self {
            Self::File { .. } => Some(FileKind::File),
            Self::Directory { .. } => Some(FileKind::Directory),
            Self::Link { .. } => Some(FileKind::Symlink),
            Self::Removed => None,
        }
    }

    pub(super) fn metadata(&self, now: i64) -> Option<Metadata> {
        let (size, mode, owner, inode) = match self {
            Self::File { content, mode, owner, inode } => (content.as_bytes().len(), *mode, *owner, *inode),
            Self::Directory { mode, owner } => (0, *mode, *owner, FIRST_INODE),
            Self::Link { target } => (target.len(), 0o777, (0, 0), FIRST_INODE),
            Self::Removed => return None,
        };
        Some(Metadata {
            kind: self.kind()?,
            size: u64::try_from(size).unwrap_or(u64::MAX),
            mode,
            uid: owner.0,
            gid: owner.1,
            modified: i128::from(now) * 1_000_000_000,
            inode,
        })
    }
}
