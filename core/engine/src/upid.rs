//! The name of a task, in the original's format.

use std::fmt;
use std::str::FromStr;

use camino::Utf8PathBuf;
use innkeeper_change::Problem;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// Where the logs of tasks live.
pub(crate) const TASK_DIR: &str = "/var/log/pve/tasks";

/// A file name has at most 255 bytes, and a task's log is named after the task.
const LONGEST: usize = 255;

/// What a task is about, before it has a process: its type and the id of what it works on (may be empty).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskName {
    /// Type of the task: `aptupdate`, `vzdump`.
    pub kind: String,
    /// What it works on: the number of a guest, the name of a disk, or nothing.
    pub id: String,
}

impl TaskName {
    /// A name from its two parts.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }
}

/// The unique id of a task: `UPID:<node>:<pid>:<pstart>:<starttime>:<type>:<id>:<user>:`.
///
/// The three numbers are upper-case hexadecimal: process id, start time of that process in clock ticks since boot,
/// and the time at which the task was started in seconds since 1970. Lower-case digits are understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upid {
    node: String,
    pid: u32,
    pstart: u64,
    starttime: u32,
    kind: String,
    id: String,
    user: String,
}

/// A text that is not the id of a task.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unable to parse worker upid '{0}'")]
pub struct InvalidUpid(pub String);

impl From<InvalidUpid> for Problem {
    fn from(invalid: InvalidUpid) -> Self {
        Self::parameter("upid", invalid.to_string())
    }
}

impl Upid {
    /// Puts a task id together from its parts.
    ///
    /// # Errors
    /// When a part holds what the format cannot carry, or the whole would be too long for a file name.
    pub fn new(
        node: &str,
        process: (u32, u64),
        starttime: i64,
        task: &TaskName,
        user: &str,
    ) -> Result<Self, InvalidUpid> {
        let (pid, pstart) = process;
        let text =
            format!("UPID:{node}:{pid:08X}:{pstart:08X}:{starttime:08X}:{}:{}:{user}:", task.kind, task.id);
        text.parse()
    }

    /// The node it ran on.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The process it ran in.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// When that process was started, in clock ticks since boot.
    pub fn pstart(&self) -> u64 {
        self.pstart
    }

    /// When the task was started, in seconds since 1970.
    pub fn starttime(&self) -> i64 {
        i64::from(self.starttime)
    }

    /// Its type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it worked on; may be empty.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who started it: a user id, or `user!token`.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The user and, when it was a token, the token's name.
    pub fn user_and_token(&self) -> (&str, Option<&str>) {
        match self.user.split_once('!') {
            Some((user, token)) => (user, Some(token)),
            None => (&self.user, None),
        }
    }

    /// The directory of its log: one of sixteen, named by the last hex digit of the start time.
    pub fn log_dir(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{TASK_DIR}/{:X}", self.starttime & 0xF))
    }

    /// Its log.
    pub fn log_path(&self) -> Utf8PathBuf {
        self.log_dir().join(self.to_string())
    }
}

impl fmt::Display for Upid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, pid, pstart, starttime, kind, id, user } = self;
        write!(f, "UPID:{node}:{pid:08X}:{pstart:08X}:{starttime:08X}:{kind}:{id}:{user}:")
    }
}

impl FromStr for Upid {
    type Err = InvalidUpid;

    fn from_str(text: &str) -> Result<Self, InvalidUpid> {
        parse(text).ok_or_else(|| InvalidUpid(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Upid> {
    if text.len() > LONGEST {
        return None;
    }
    let mut parts = text.split(':');
    let mut next = || parts.next();
    if next()? != "UPID" {
        return None;
    }
    let (node, pid, pstart, starttime) = (next()?, next()?, next()?, next()?);
    let (kind, id, user, rest) = (next()?, next()?, next()?, next()?);
    let well_formed = is_node_name(node)
        && !kind.is_empty()
        && !user.is_empty()
        && [kind, id, user].iter().all(|word| is_word(word))
        && rest.is_empty()
        && parts.next().is_none();
    well_formed.then_some(())?;
    Some(Upid {
        node: node.to_owned(),
        pid: u32::try_from(hex(pid, 8..=8)?).ok()?,
        pstart: hex(pstart, 8..=9)?,
        starttime: u32::try_from(hex(starttime, 8..=8)?).ok()?,
        kind: kind.to_owned(),
        id: id.to_owned(),
        user: user.to_owned(),
    })
}

/// `/` would leave the directory of logs, and a control character could fake a line of a list.
fn is_word(word: &str) -> bool {
    !word.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/')
}

fn is_node_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.bytes().all(inner) && !name.is_empty() && !name.starts_with('-') && !name.ends_with('-')
}

fn hex(digits: &str, length: std::ops::RangeInclusive<usize>) -> Option<u64> {
    let plain = length.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, 16).ok())?
}

impl Serialize for Upid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Upid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
