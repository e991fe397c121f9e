//! ([`State`], [`Request`]) → [`Plan`]. Pure: the same state and request give the same plan.

mod components;
mod convert;
mod refresh;

pub use refresh::{PROXY_FILE, Refresh, refresh};

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Action, Content, FileChange, Hazard, Plan, Problem, Step, Undo};

use crate::format::document::{Document, Edit, FileType};
use crate::format::entry::{EditError, Entry};
use crate::release_key::{self, KeyFile};
use crate::risks;
use crate::standard;
use crate::state::{SOURCES_DIR, SOURCES_LIST, SourceFile, State};

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Switch a repository on or off. Without a value nothing is asked for, as in the original.
    SetEnabled {
        /// The file.
        path: Utf8PathBuf,
        /// Its position in the file, from 0.
        index: usize,
        /// On or off.
        enabled: Option<bool>,
    },
    /// Have a standard repository configured and enabled.
    AddStandard {
        /// Its handle.
        handle: String,
    },
    /// Take a repository out of its file.
    Remove {
        /// The file.
        path: Utf8PathBuf,
        /// Its position in the file, from 0.
        index: usize,
    },
    /// Give a repository these components.
    SetComponents {
        /// The file.
        path: Utf8PathBuf,
        /// Its position in the file, from 0.
        index: usize,
        /// The whole list.
        components: Vec<String>,
    },
    /// Have the firmware component in every entry of Debian's own archives.
    EnableFirmware,
    /// Rewrite a `.list` file as a `.sources` file of equal meaning.
    ConvertToSources {
        /// The `.list` file.
        path: Utf8PathBuf,
    },
    /// Install a key file whose checksum is right.
    InstallKey(KeyFile),
}

/// Plans what a request asks for. `digest` is what the caller last saw of all files; empty or absent means whatever.
///
/// # Errors
/// [`Problem`] in the original's terms: an unknown path, index or handle, a file that cannot be understood or must not
/// be written, a digest that is not the present one.
pub fn plan(state: &State, request: &Request, digest: Option<&str>) -> Result<Plan, Problem> {
    if digest.is_some_and(|digest| !digest.is_empty() && !digest.eq_ignore_ascii_case(&state.digest())) {
        return Err(Problem::Modified);
    }
    match request {
        Request::SetEnabled { path, index, enabled } => set_enabled(state, path, *index, *enabled),
        Request::AddStandard { handle } => add_standard(state, handle),
        Request::Remove { path, index } => remove(state, path, *index),
        Request::SetComponents { path, index, components } => {
            components::set(state, path, *index, components)
        }
        Request::EnableFirmware => components::enable_firmware(state),
        Request::ConvertToSources { path } => convert::plan(state, path),
        Request::InstallKey(file) => release_key::plan(file),
    }
}

fn set_enabled(state: &State, path: &Utf8Path, index: usize, enabled: Option<bool>) -> Result<Plan, Problem> {
    let (file, entry) = editable_entry(state, path, index)?;
    let wanted = enabled.unwrap_or(entry.enabled);
    let verb = if wanted { "enable" } else { "disable" };
    let what = format!("{verb} {} in {path}", describe(entry));
    edit(state, file, &Edit::SetEnabled(index, wanted), what)
}

fn add_standard(state: &State, handle: &str) -> Result<Plan, Problem> {
    let codename = state.codename.as_deref().ok_or_else(|| {
        Problem::failed(
            "/etc/os-release: no VERSION_CODENAME, so it is not known which repositories fit this host",
        )
    })?;
    let wanted = standard::find(codename, handle)
        .ok_or_else(|| Problem::Invalid(format!("unknown repository handle '{handle}'")))?;
    let what = format!("add the repository {} ({handle})", wanted.name());
    let mut present: Vec<_> = state.entries().filter(|located| wanted.matches(located.entry)).collect();
    // an enabled one first: then there is nothing to do
    present.sort_by_key(|located| !located.entry.enabled);
    if let Some(found) = present.first() {
        let (file, _) = editable_entry(state, &found.file.path, found.index).or_else(|problem| {
            if found.entry.enabled { Ok((found.file, found.entry)) } else { Err(problem) }
        })?;
        return edit(state, file, &Edit::SetEnabled(found.index, true), what);
    }
    let path = Utf8Path::new(wanted.path());
    if let Some(error) = state.error(path) {
        return Err(Problem::Invalid(format!("unable to parse existing file {path} - {error}")));
    }
    match state.file(path) {
        Some(file) => {
            unlocked(file)?;
            edit(state, file, &Edit::Append(&wanted.entry_text()), what)
        }
        None => {
            let empty = Document::parse(wanted.file_type(), "");
            let text = empty.edit(&Edit::Append(&wanted.entry_text())).map_err(refusal)?;
            Ok(rewrite(state, Plan::new(&what), vec![(path.to_owned(), None, Some(text.into()), what)]))
        }
    }
}

fn remove(state: &State, path: &Utf8Path, index: usize) -> Result<Plan, Problem> {
    let (file, entry) = editable_entry(state, path, index)?;
    let what = format!("remove {} from {path}", describe(entry));
    let text = file.document.edit(&Edit::Remove(index)).map_err(refusal)?;
    // a file of which nothing is left says nothing, except the one that people look for
    let gone = text.trim_ascii().is_empty() && path != SOURCES_LIST;
    let after = (!gone).then(|| Content::from(text));
    Ok(rewrite(state, Plan::new(&what), vec![(path.to_owned(), Some(file.content.clone()), after, what)]))
}

/// Whether a removal has come true: planned again, the same index would mean the next entry. `removed` is the entry
/// that was taken out of `path`, `others` how many equal ones were to stay.
///
/// # Errors
/// The file can no longer be understood.
pub fn removal_left(state: &State, path: &Utf8Path, removed: &Entry, others: usize) -> Result<Plan, Problem> {
    let plan = Plan::new(format!("remove {} from {path}", describe(removed)));
    if let Some(error) = state.error(path) {
        return Err(Problem::Invalid(format!("unable to parse file {path} - {error}")));
    }
    let Some(file) = state.file(path) else { return Ok(plan) };
    let same = file.document.entries().iter().position(|entry| same_repository(entry, removed));
    match same {
        Some(index) if equal_entries(file, removed) > others => remove(state, path, index),
        _ => Ok(plan),
    }
}

/// How many entries of a file say the same as `entry`.
pub fn equal_entries(file: &SourceFile, entry: &Entry) -> usize {
    file.document.entries().iter().filter(|other| same_repository(other, entry)).count()
}

fn same_repository(a: &Entry, b: &Entry) -> bool {
    let bare = |entry: &Entry| Entry { line: 0, comment: String::new(), ..entry.clone() };
    bare(a) == bare(b)
}

/// The file and entry that a caller means, if it may be written.
pub(crate) fn editable_entry<'a>(
    state: &'a State,
    path: &Utf8Path,
    index: usize,
) -> Result<(&'a SourceFile, &'a Entry), Problem> {
    let file = known_file(state, path)?;
    let entry = file.document.entries().get(index);
    let entry = entry.ok_or_else(|| Problem::Invalid(format!("invalid index - {index}")))?;
    unlocked(file)?;
    Ok((file, entry))
}

fn known_file<'a>(state: &'a State, path: &Utf8Path) -> Result<&'a SourceFile, Problem> {
    if let Some(error) = state.error(path) {
        return Err(Problem::Invalid(format!("unable to parse file {path} - {error}")));
    }
    state.file(path).ok_or_else(|| Problem::Invalid(format!("invalid path - {path}")))
}

fn unlocked(file: &SourceFile) -> Result<(), Problem> {
    match &file.locked {
        Some(reason) => Err(Problem::Invalid(format!("{}: {reason}", file.path))),
        None => Ok(()),
    }
}

/// One edit of one file as a plan.
fn edit(state: &State, file: &SourceFile, edit: &Edit<'_>, what: String) -> Result<Plan, Problem> {
    let text = file.document.edit(edit).map_err(refusal)?;
    let change = (file.path.clone(), Some(file.content.clone()), Some(Content::from(text)), what.clone());
    Ok(rewrite(state, Plan::new(what), vec![change]))
}

/// A file, what was seen in it, what shall be in it, and the sentence that says why.
type Rewrite = (Utf8PathBuf, Option<Content>, Option<Content>, String);

/// Adds file changes to a plan, with what they put at risk all together.
fn rewrite(state: &State, mut plan: Plan, changes: Vec<Rewrite>) -> Plan {
    let contents: Vec<_> = changes.iter().map(|(path, _, after, _)| (path.clone(), after.clone())).collect();
    let after = state.with_files(&contents);
    for (path, before, after, what) in changes {
        let change = match (before, after) {
            (Some(before), None) => FileChange::remove(&path, before),
            (before, Some(after)) => FileChange::write(&path, before, after),
            (None, None) => continue,
        };
        plan = plan.step(Step { what, action: Action::File(change), undo: Undo::Inverse });
    }
    if plan.is_empty() {
        return plan;
    }
    risks::of_change(state, &after).into_iter().fold(plan, Plan::hazard)
}

fn refusal(error: EditError) -> Problem {
    match error {
        EditError::NoSuchEntry(_) => Problem::Invalid(error.to_string()),
        EditError::Malformed(bad) => Problem::Invalid(format!("unable to parse file - {bad}")),
        EditError::Refused(reason) => Problem::Invalid(reason),
    }
}

/// An entry in a few words.
pub(crate) fn describe(entry: &Entry) -> String {
    let words = [&entry.types, &entry.uris, &entry.suites, &entry.components];
    let words: Vec<_> = words.into_iter().flatten().map(String::as_str).collect();
    format!("'{}'", words.join(" "))
}

/// Whether `name` is taken in the directory of sources files, by whatever kind of file.
fn taken(state: &State, path: &Utf8Path) -> bool {
    let in_directory = path.parent().is_some_and(|parent| parent == SOURCES_DIR);
    in_directory && path.file_name().is_some_and(|name| state.names.iter().any(|have| have == name))
}

/// The syntax of a known file.
fn file_type(file: &SourceFile) -> FileType {
    file.document.file_type()
}

/// A remark that needs no consent.
fn notice(id: &str, message: String, avoid: &str) -> Hazard {
    Hazard::new(id, innkeeper_change::Severity::Notice, message, avoid)
}
