//! Which tasks of a list are wanted, decided on the bytes of a line before anything is parsed.

use memchr::memmem::Finder;

use crate::task_status::StatusClass;

/// Where tasks are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Finished tasks.
    #[default]
    Archive,
    /// Running tasks.
    Active,
    /// Running tasks, then finished ones.
    All,
}

impl Source {
    /// The source that goes by this name in requests.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "archive" => Some(Self::Archive),
            "active" => Some(Self::Active),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}

/// Which tasks are listed. All conditions hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFilter {
    /// How many matching tasks are left out at the beginning.
    pub start: u64,
    /// How many are returned at most; 0 returns none.
    pub limit: u64,
    /// Only those that did not end with OK; `statusfilter` does not count then.
    pub errors: bool,
    /// Where they are looked for.
    pub source: Source,
    /// Only those that ended in one of these ways; empty for all.
    pub statusfilter: Vec<StatusClass>,
    /// Only this type.
    pub typefilter: Option<String>,
    /// Only users (and tokens) whose name contains this, in either case.
    pub userfilter: Option<String>,
    /// Only this id: the number of a guest.
    pub vmid: Option<String>,
    /// Only tasks started at this time or later, in seconds since 1970.
    pub since: Option<i64>,
    /// Only tasks started at this time or earlier.
    pub until: Option<i64>,
    /// Only what this user may see: tasks of their own and of their tokens; a token sees only its own.
    pub visible: Option<String>,
    /// Also count all matching tasks, which with conditions means reading the whole history.
    pub with_total: bool,
}

impl Default for TaskFilter {
    fn default() -> Self {
        Self {
            start: 0,
            limit: 50,
            errors: false,
            source: Source::Archive,
            statusfilter: Vec::new(),
            typefilter: None,
            userfilter: None,
            vmid: None,
            since: None,
            until: None,
            visible: None,
            with_total: true,
        }
    }
}

/// A filter made ready for many lines.
pub(crate) struct Matcher<'a> {
    filter: &'a TaskFilter,
    userfilter: Option<Vec<u8>>,
    /// What every matching line contains, if there is such a thing.
    needle: Option<Finder<'static>>,
    by_status: bool,
    by_field: bool,
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(filter: &'a TaskFilter) -> Self {
        let word = |word: &String| format!(":{word}:");
        let needle = (filter.vmid.as_ref().map(word))
            .or_else(|| filter.typefilter.as_ref().map(word))
            .or_else(|| filter.visible.as_ref().map(|user| format!(":{user}")));
        let by_time = filter.since.is_some() || filter.until.is_some();
        Self {
            filter,
            userfilter: filter.userfilter.as_ref().map(|text| text.to_ascii_lowercase().into_bytes()),
            by_status: filter.errors || !filter.statusfilter.is_empty(),
            by_field: by_time || needle.is_some() || filter.userfilter.is_some(),
            needle: needle.map(|needle| Finder::new(needle.as_bytes()).into_owned()),
        }
    }

    /// Every task matches.
    pub(crate) fn is_trivial(&self) -> bool {
        !self.by_status && !self.by_field
    }

    pub(crate) fn needle(&self) -> Option<&Finder<'static>> {
        self.needle.as_ref()
    }

    /// Whether the line `<UPID> <endtime> <status>` is wanted.
    pub(crate) fn wants_finished(&self, line: &[u8]) -> bool {
        let Some(space) = memchr::memchr(b' ', line) else { return false };
        let (upid, rest) = (&line[..space], &line[space + 1..]);
        (!self.by_status || self.wants_status(after_time(rest))) && self.wants_upid(upid)
    }

    /// Whether a running task is wanted. It has not ended in any way yet.
    pub(crate) fn wants_running(&self, upid: &str) -> bool {
        !self.by_status && self.wants_upid(upid.as_bytes())
    }

    fn wants_status(&self, status: &[u8]) -> bool {
        if self.filter.errors {
            return status != b"OK";
        }
        let class = std::str::from_utf8(status).map_or(StatusClass::Error, StatusClass::of);
        self.filter.statusfilter.contains(&class)
    }

    /// Looks at those fields only that a condition is about: a history has a million lines.
    fn wants_upid(&self, upid: &[u8]) -> bool {
        if !self.by_field {
            return true;
        }
        let filter = self.filter;
        let Some(fields) = Fields::of(upid) else { return false };
        let is = |wanted: &Option<String>, field: &[u8]| {
            wanted.as_ref().is_none_or(|wanted| wanted.as_bytes() == field)
        };
        self.wants_time(fields.starttime)
            && filter.visible.as_ref().is_none_or(|user| sees(user.as_bytes(), fields.user))
            && self.userfilter.as_ref().is_none_or(|part| contains_ignoring_case(fields.user, part))
            && (filter.vmid.is_none() && filter.typefilter.is_none()
                || fields
                    .kind_and_id()
                    .is_some_and(|(kind, id)| is(&filter.vmid, id) && is(&filter.typefilter, kind)))
    }

    fn wants_time(&self, digits: &[u8]) -> bool {
        if self.filter.since.is_none() && self.filter.until.is_none() {
            return true;
        }
        let Some(time) = digits
            .iter()
            .try_fold(0, |time, &digit| Some(time * 16 + i64::from(char::from(digit).to_digit(16)?)))
        else {
            return false;
        };
        self.filter.since.is_none_or(|since| since <= time)
            && self.filter.until.is_none_or(|until| time <= until)
    }
}

/// The status, after the eight digits of a time.
fn after_time(rest: &[u8]) -> &[u8] {
    match rest.get(8) {
        Some(b' ') => &rest[9..],
        _ => memchr::memchr(b' ', rest).map_or(&b""[..], |space| &rest[space + 1..]),
    }
}

/// The fields of a task id that filters look at.
struct Fields<'a> {
    starttime: &'a [u8],
    /// Type and id, with the colon between them.
    middle: &'a [u8],
    user: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Cuts at the known lengths of the numbers: `UPID:<node>:<8>:<8 or 9>:<8>:<type>:<id>:<user>:`.
    fn of(upid: &'a [u8]) -> Option<Self> {
        let after_node =
            upid.strip_prefix(b"UPID:").and_then(|rest| after_colon(rest, memchr::memchr(b':', rest)?))?;
        let pstart = after_colon(after_node, 8)?;
        let starttime = after_colon(pstart, 8).or_else(|| after_colon(pstart, 9))?;
        let rest = after_colon(starttime, 8)?.strip_suffix(b":")?;
        let last = memchr::memrchr(b':', rest)?;
        Some(Self { starttime: &starttime[..8], middle: &rest[..last], user: &rest[last + 1..] })
    }

    fn kind_and_id(&self) -> Option<(&'a [u8], &'a [u8])> {
        let colon = memchr::memchr(b':', self.middle)?;
        Some((&self.middle[..colon], &self.middle[colon + 1..]))
    }
}

/// What comes after the colon that is at `at`.
fn after_colon(text: &[u8], at: usize) -> Option<&[u8]> {
    (*text.get(at)? == b':').then(|| &text[at + 1..])
}

/// A user sees tasks of their own and of their tokens.
fn sees(viewer: &[u8], user: &[u8]) -> bool {
    user.strip_prefix(viewer).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"!"))
}

fn contains_ignoring_case(text: &[u8], lower: &[u8]) -> bool {
    lower.is_empty() || text.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower))
}
