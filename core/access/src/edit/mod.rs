//! Edits of `user.cfg`: text in, text out, each touching its own lines only.
//!
//! What is not understood stays where it is, comments and blank lines included. A new record goes behind the last of
//! its kind. A record that stands in several lines is changed in the first, which is the one that counts, and removed
//! from all of them, so that no ignored line comes to life.

mod acl;
mod groups;
mod roles;
mod tokens;
mod users;

pub use acl::AclEdit;
pub use tokens::TokenOptions;
pub use users::UserChange;

use std::borrow::Cow;

/// A line that holds a record: its fields, and how it ends.
#[derive(Clone)]
struct Line<'a> {
    fields: Vec<Cow<'a, str>>,
    ending: &'a str,
}

impl<'a> Line<'a> {
    /// `None` for blank lines and comments.
    fn of(line: &'a str) -> Option<Self> {
        let body = line.trim_end_matches(['\n', '\r']);
        if body.trim().is_empty() || body.trim_start().starts_with('#') {
            return None;
        }
        let fields = body.split(':').map(Cow::from).collect();
        Some(Self { fields, ending: &line[body.len()..] })
    }

    fn field(&self, index: usize) -> &str {
        self.fields.get(index).map_or("", |field| field.trim())
    }

    fn is(&self, kind: &str, name: &str) -> bool {
        self.field(0) == kind && self.field(1) == name
    }

    /// Fields up to this one that the line does not have yet come with it, and the colon that ends a record.
    fn set(&mut self, index: usize, value: impl Into<Cow<'a, str>>) {
        while self.fields.len() < index + 2 {
            self.fields.push(Cow::from(""));
        }
        self.fields[index] = value.into();
    }

    fn items(&self, index: usize) -> Vec<&str> {
        crate::userdb::items(self.field(index)).collect()
    }

    fn text(&self) -> String {
        format!("{}{}", self.fields.join(":"), self.ending)
    }
}

/// What becomes of a line.
enum Fate {
    Stays,
    Goes,
    Becomes(String),
}

/// The text with the fate of each record's line fulfilled.
fn each_record(text: &str, mut fate: impl FnMut(Line<'_>) -> Fate) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match Line::of(line).map_or(Fate::Stays, &mut fate) {
            Fate::Stays => out.push_str(line),
            Fate::Goes => {}
            Fate::Becomes(new) => out.push_str(&new),
        }
    }
    out
}

/// The order of records, as the original writes them.
const ORDER: [&[&str]; 5] = [&["user", "token"], &["group"], &["pool"], &["role"], &["acl"]];

/// The text with a new line behind the last record of its kind; where there is none, between the kinds before and after.
fn insert(text: &str, record: &str) -> String {
    let rank = |kind: &str| ORDER.iter().position(|kinds| kinds.contains(&kind));
    let mine = rank(record.split(':').next().unwrap_or_default());
    let (mut behind, mut before) = (None, None);
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let begin = end;
        end += line.len();
        match Line::of(line).and_then(|line| rank(line.field(0))) {
            Some(other) if Some(other) <= mine => behind = Some(end),
            Some(_) if before.is_none() => before = Some(begin),
            _ => {}
        }
    }
    insert_at(text, behind.or(before).unwrap_or(text.len()), record)
}

fn insert_at(text: &str, at: usize, record: &str) -> String {
    let (before, after) = text.split_at(at);
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{gap}{record}\n{after}")
}

/// The text without what access entries give to somebody; entries that then give nothing to anybody go.
fn without_subjects(text: &str, gone: impl Fn(&str) -> bool) -> String {
    each_record(text, |mut line| {
        if line.field(0) != "acl" || !line.items(3).iter().any(|subject| gone(subject)) {
            return Fate::Stays;
        }
        let left: Vec<&str> = line.items(3).into_iter().filter(|subject| !gone(subject)).collect();
        if left.is_empty() {
            return Fate::Goes;
        }
        let left = left.join(",");
        line.set(3, left);
        Fate::Becomes(line.text())
    })
}
