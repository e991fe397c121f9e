//! From one-line syntax to deb822: the same repositories, the same comments, in a file of the new name.
//!
//! `NAME.list` becomes `NAME.sources` beside it. `sources.list` has no twin that APT would read, so it becomes
//! `sources.list.d/debian.sources`, the name that Debian itself uses, and is then absent. The new file is written before
//! the old one is removed; if anything fails both are as they were.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Plan, Problem};

use super::{file_type, known_file, notice, rewrite, taken, unlocked};
use crate::format::document::{Document, FileType};
use crate::format::entry::{Entry, EntryOption};
use crate::state::{SOURCES_DIR, SOURCES_LIST, State};

/// Options in brackets and the fields that mean the same.
const FIELDS: [(&str, &str); 17] = [
    ("arch", "Architectures"),
    ("lang", "Languages"),
    ("target", "Targets"),
    ("pdiffs", "PDiffs"),
    ("by-hash", "By-Hash"),
    ("allow-insecure", "Allow-Insecure"),
    ("allow-weak", "Allow-Weak"),
    ("allow-downgrade-to-insecure", "Allow-Downgrade-To-Insecure"),
    ("trusted", "Trusted"),
    ("signed-by", "Signed-By"),
    ("check-valid-until", "Check-Valid-Until"),
    ("valid-until-min", "Valid-Until-Min"),
    ("valid-until-max", "Valid-Until-Max"),
    ("check-date", "Check-Date"),
    ("date-max-future", "Date-Max-Future"),
    ("inrelease-path", "InRelease-Path"),
    ("snapshot", "Snapshot"),
];

pub(super) fn plan(state: &State, path: &Utf8Path) -> Result<Plan, Problem> {
    let summary = format!("convert {path} to deb822");
    let target = target(path);
    let Ok(file) = known_file(state, path) else {
        // already converted: the request is true when the old file is gone and the new one is there
        if state.error(path).is_none() && path.extension() == Some("list") && state.file(&target).is_some() {
            return Ok(Plan::new(summary));
        }
        return Err(known_file(state, path).err().unwrap_or(Problem::Modified));
    };
    if file_type(file) == FileType::Sources {
        return Ok(Plan::new(summary));
    }
    unlocked(file)?;
    if taken(state, &target) {
        return Err(Problem::Invalid(format!(
            "{target} exists already: move it away, or merge the two by hand"
        )));
    }
    let Document::List(list) = &file.document else { return Ok(Plan::new(summary)) };
    let text = converted(list.lines(), file.document.entries())?;
    verify(file.document.entries(), &text)?;
    let mut plan = Plan::new(&summary);
    if let Some(first) = overtaken(state, path, &target) {
        let message = format!("{first} will be read before these repositories, which came first until now.");
        plan = plan.hazard(notice(
            "apt.order-changes",
            message,
            "Where two repositories offer the same version APT takes the first one.",
        ));
    }
    Ok(rewrite(
        state,
        plan,
        vec![
            (
                target.clone(),
                None,
                Some(Content::from(text)),
                format!("write the same repositories to {target}"),
            ),
            (path.to_owned(), Some(file.content.clone()), None, format!("remove {path}")),
        ],
    ))
}

fn target(path: &Utf8Path) -> Utf8PathBuf {
    if path == SOURCES_LIST {
        Utf8Path::new(SOURCES_DIR).join("debian.sources")
    } else {
        path.with_extension("sources")
    }
}

/// The first file that would be read before the converted one and was not before.
fn overtaken<'a>(state: &'a State, path: &Utf8Path, target: &Utf8Path) -> Option<&'a Utf8Path> {
    let before = |file: &&crate::state::SourceFile| {
        path == SOURCES_LIST && file.path.as_str() < target.as_str() && file.path != path
    };
    state.files.iter().find(before).map(|file| file.path.as_path())
}

/// The whole text: comments where they stood, a stanza for each entry, blank lines between them.
fn converted(lines: &[String], entries: &[Entry]) -> Result<String, Problem> {
    let mut text = String::new();
    // after a stanza whatever comes needs a blank line, or it would belong to it
    let mut open = false;
    for (number, line) in (1..).zip(lines) {
        let line = line.trim_ascii();
        let entry = entries.iter().find(|entry| entry.line == number);
        if std::mem::take(&mut open) && !text.ends_with("\n\n") {
            text.push('\n');
        }
        match entry {
            Some(entry) => {
                text.push_str(&trailing_comment(line));
                text.push_str(&stanza(entry)?);
                open = true;
            }
            None if line.is_empty() && (text.is_empty() || text.ends_with("\n\n")) => {}
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    Ok(text)
}

/// The comment behind an entry as a comment line of its own.
fn trailing_comment(line: &str) -> String {
    let bare = line.trim_start_matches('#');
    let parsed = crate::format::one_line::OneLine::parse(bare);
    let comment = parsed.entries().first().map_or("", |entry| entry.comment.as_str());
    if comment.is_empty() { String::new() } else { format!("#{comment}") }
}

fn stanza(entry: &Entry) -> Result<String, Problem> {
    let mut text = String::new();
    if !entry.enabled {
        text.push_str("Enabled: no\n");
    }
    field(&mut text, "Types", &entry.types)?;
    field(&mut text, "URIs", &entry.uris)?;
    field(&mut text, "Suites", &entry.suites)?;
    field(&mut text, "Components", &entry.components)?;
    for (position, option) in entry.options.iter().enumerate() {
        // of an option that stands twice the last one counts
        let again = |later: &EntryOption| later.key.eq_ignore_ascii_case(&option.key);
        if !entry.options[position + 1..].iter().any(again) {
            field(&mut text, &field_name(&option.key)?, &option.values)?;
        }
    }
    Ok(text)
}

fn field(text: &mut String, name: &str, values: &[String]) -> Result<(), Problem> {
    let unfit = |value: &&String| value.is_empty() || value.contains(|c: char| c.is_ascii_whitespace());
    if let Some(bad) = values.iter().find(unfit) {
        return Err(Problem::Invalid(format!(
            "'{bad}' holds blanks, which a .sources file cannot express in {name}"
        )));
    }
    if !values.is_empty() {
        // writing into a String cannot fail
        let _ = writeln!(text, "{name}: {}", values.join(" "));
    }
    Ok(())
}

fn field_name(key: &str) -> Result<String, Problem> {
    let (bare, suffix) = match (key.strip_suffix('+'), key.strip_suffix('-')) {
        (Some(bare), _) => (bare, "-Add"),
        (_, Some(bare)) => (bare, "-Remove"),
        _ => (key, ""),
    };
    let known = FIELDS.iter().find(|(option, _)| option.eq_ignore_ascii_case(bare));
    known
        .map(|(_, name)| format!("{name}{suffix}"))
        .ok_or_else(|| Problem::Invalid(format!("the option '{key}' has no counterpart in a .sources file")))
}

/// The new text must say the same as the old one.
fn verify(entries: &[Entry], text: &str) -> Result<(), Problem> {
    let after = Document::parse(FileType::Sources, text);
    let same = |(old, new): (&Entry, &Entry)| {
        (old.enabled, &old.types, &old.uris, &old.suites, &old.components)
            == (new.enabled, &new.types, &new.uris, &new.suites, &new.components)
    };
    let all = entries.len() == after.entries().len() && entries.iter().zip(after.entries()).all(same);
    if after.malformed().is_empty() && all {
        Ok(())
    } else {
        Err(Problem::failed("the converted file would not say the same as the old one"))
    }
}
