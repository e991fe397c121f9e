//! How many lines a growing file has and where they are, without reading it twice; and reading one from its end.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Digest;
use innkeeper_host::{Host, HostError};
use serde::{Deserialize, Serialize};

/// Files are read in pieces of this size.
const CHUNK: usize = 1024 * 1024;
/// The first piece from the end: a page has fifty lines of a hundred bytes.
const FIRST_CHUNK: usize = 32 * 1024;
/// A line longer than this is none of ours.
const LONGEST_LINE: usize = 4 * CHUNK;
/// So many bytes tell a file from another one that was put in its place.
const SAMPLE: u64 = 256;
/// Logs whose lines are remembered.
const REMEMBERED: usize = 64;

/// What is known of the lines of a file up to some size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LineIndex {
    pub(crate) inode: u64,
    pub(crate) size: u64,
    pub(crate) newlines: u64,
    /// Digest of the last bytes of what was counted.
    sample: Digest,
    /// Offsets, and how many newlines come before each, in ascending order.
    #[serde(skip)]
    marks: Vec<(u64, u64)>,
    /// How much of the file was read to learn this.
    #[serde(skip)]
    pub(crate) counted: u64,
}

impl LineIndex {
    /// Learns about the file at `path`, starting from what is known of it; `None` when there is no such file.
    pub(crate) fn refresh(
        host: &dyn Host,
        path: &Utf8Path,
        known: Option<Self>,
    ) -> Result<Option<Self>, HostError> {
        let Some(found) = host.metadata(path)? else { return Ok(None) };
        let mut index = match known {
            Some(known) if known.is_beginning_of(host, path, found.inode, found.size)? => known,
            _ => Self::nothing(found.inode),
        };
        index.counted = 0;
        while index.size < found.size {
            let wanted = usize::try_from(found.size - index.size).unwrap_or(CHUNK).min(CHUNK);
            let bytes = host.read_at(path, index.size, wanted)?;
            if bytes.is_empty() {
                break;
            }
            index.marks.push((index.size, index.newlines));
            index.newlines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
            index.size += bytes.len() as u64;
            index.counted += bytes.len() as u64;
        }
        if index.counted > 0 {
            index.sample = sample(host, path, index.size)?;
        }
        Ok(Some(index))
    }

    fn nothing(inode: u64) -> Self {
        Self { inode, size: 0, newlines: 0, sample: Digest::of(b""), marks: Vec::new(), counted: 0 }
    }

    fn is_beginning_of(
        &self,
        host: &dyn Host,
        path: &Utf8Path,
        inode: u64,
        size: u64,
    ) -> Result<bool, HostError> {
        Ok(self.inode == inode && self.size <= size && self.sample == sample(host, path, self.size)?)
    }

    /// An offset at or before the line with this number (from 0), and the number of the line that it is in.
    pub(crate) fn before_line(&self, line: u64) -> (u64, u64) {
        let after = self.marks.partition_point(|&(_, newlines)| newlines < line);
        after.checked_sub(1).and_then(|at| self.marks.get(at)).copied().unwrap_or((0, 0))
    }
}

fn sample(host: &dyn Host, path: &Utf8Path, size: u64) -> Result<Digest, HostError> {
    let length = size.min(SAMPLE);
    let bytes = host.read_at(path, size - length, usize::try_from(length).unwrap_or_default())?;
    Ok(Digest::of(&bytes))
}

/// What this process knows of files.
#[derive(Debug, Default)]
pub(crate) struct LineCache(HashMap<Utf8PathBuf, LineIndex>);

impl LineCache {
    pub(crate) fn get(&self, path: &Utf8Path) -> Option<LineIndex> {
        self.0.get(path).cloned()
    }

    /// A file that was renamed keeps its inode.
    pub(crate) fn by_inode(&self, inode: u64) -> Option<LineIndex> {
        self.0.values().find(|index| index.inode == inode).cloned()
    }

    pub(crate) fn put(&mut self, path: &Utf8Path, index: LineIndex) {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(path) {
            self.0.clear();
        }
        self.0.insert(path.to_owned(), index);
    }
}

/// Some whole lines from the middle of a file.
pub(crate) struct Block {
    bytes: Vec<u8>,
    start: usize,
}

impl Block {
    /// The lines as bytes; only the last line of a file may lack its newline.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// The lines, last first, without their newlines.
    pub(crate) fn lines_backwards(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.bytes();
        let mut end = bytes.len();
        std::iter::from_fn(move || {
            if end == 0 {
                return None;
            }
            let last = if bytes[end - 1] == b'\n' { end - 1 } else { end };
            let start = memchr::memrchr(b'\n', &bytes[..last]).map_or(0, |newline| newline + 1);
            end = start;
            Some(&bytes[start..last])
        })
    }
}

/// A file in blocks of whole lines, from its end to its beginning.
pub(crate) struct Backwards<'a> {
    host: &'a dyn Host,
    path: &'a Utf8Path,
    /// What lies before this is still to be read.
    offset: u64,
    /// The beginning of what was read last: the end of a line that begins before `offset`.
    carry: Vec<u8>,
    chunk: usize,
}

impl<'a> Backwards<'a> {
    pub(crate) fn new(host: &'a dyn Host, path: &'a Utf8Path) -> Result<Self, HostError> {
        let offset = host.metadata(path)?.map_or(0, |found| found.size);
        Ok(Self { host, path, offset, carry: Vec::new(), chunk: FIRST_CHUNK })
    }

    pub(crate) fn next_block(&mut self) -> Result<Option<Block>, HostError> {
        while self.offset > 0 {
            let length = usize::try_from(self.offset).unwrap_or(self.chunk).min(self.chunk);
            self.offset -= length as u64;
            self.chunk = (self.chunk * 4).min(CHUNK);
            let mut bytes = self.host.read_at(self.path, self.offset, length)?;
            if bytes.len() < length {
                // another, shorter file took its place: whoever asked looks again
                return Ok(None);
            }
            let newline = if self.offset == 0 { None } else { memchr::memchr(b'\n', &bytes) };
            let begins_in_line = newline.map_or(&[][..], |newline| &bytes[..=newline]).to_vec();
            bytes.append(&mut self.carry);
            match newline {
                Some(newline) => {
                    self.carry = begins_in_line;
                    return Ok(Some(Block { bytes, start: newline + 1 }));
                }
                None if self.offset == 0 => return Ok(Some(Block { bytes, start: 0 })),
                None if bytes.len() > LONGEST_LINE => {}
                None => self.carry = bytes,
            }
        }
        Ok(None)
    }
}
