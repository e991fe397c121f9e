//! Access entries.

use super::{Fate, Line, each_record, insert, insert_at};
use crate::{AclSubject, UserDb};

/// Which roles somebody shall have on a path, or have no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEdit {
    /// The path, normalised.
    pub path: String,
    /// Who.
    pub subjects: Vec<AclSubject>,
    /// Which roles.
    pub roles: Vec<String>,
    /// They hold further down too. Means nothing when they are taken away.
    pub propagate: bool,
}

impl AclEdit {
    fn names(&self) -> Vec<String> {
        self.subjects.iter().map(ToString::to_string).collect()
    }

    /// Whether this line gives one of the roles to one of the subjects on the path.
    fn touches(&self, line: &Line<'_>, names: &[String]) -> bool {
        line.field(0) == "acl"
            && crate::acl::normalize_path(line.field(2)).as_deref() == Some(self.path.as_str())
            && line.items(3).iter().any(|subject| names.iter().any(|name| name == subject))
            && line.items(4).iter().any(|role| self.roles.iter().any(|gone| gone == role))
    }
}

impl UserDb {
    /// The text with these roles given. Who has one of them with another reach has it with this one from now on.
    pub fn add_acl(text: &str, edit: &AclEdit) -> String {
        let has = |db: &Self, subject: &AclSubject, role: &str| {
            db.acl().entries().any(|entry| entry == (edit.path.as_str(), subject, role, edit.propagate))
        };
        let db = Self::parse(text);
        let mut open = AclEdit { subjects: Vec::new(), ..edit.clone() };
        for subject in &edit.subjects {
            if !edit.roles.iter().all(|role| has(&db, subject, role)) {
                open.subjects.push(subject.clone());
            }
        }
        if open.subjects.is_empty() {
            return text.to_owned();
        }
        let kept = Self::remove_acl(text, &open);
        let propagate = u8::from(open.propagate);
        let (names, roles) = (open.names().join(","), open.roles.join(","));
        let record = format!("acl:{propagate}:{}:{names}:{roles}:", open.path);
        match end_of_path(&kept, &open.path) {
            Some(at) => insert_at(&kept, at, &record),
            None => insert(&kept, &record),
        }
    }

    /// The text with these roles taken away. Everything else that the same lines give stays given.
    pub fn remove_acl(text: &str, edit: &AclEdit) -> String {
        let names = edit.names();
        each_record(text, |line| {
            if !edit.touches(&line, &names) {
                return Fate::Stays;
            }
            let (subjects, roles) = (line.items(3), line.items(4));
            let is_meant = |subject: &&str| names.iter().any(|name| name == subject);
            let (meant, others): (Vec<&str>, Vec<&str>) = subjects.into_iter().partition(is_meant);
            let left: Vec<&str> =
                roles.into_iter().filter(|role| !edit.roles.iter().any(|gone| gone == role)).collect();
            let mut out = String::new();
            for (subjects, roles) in [(others, None), (meant, Some(left))] {
                if subjects.is_empty() || roles.as_ref().is_some_and(Vec::is_empty) {
                    continue;
                }
                let mut part = line.clone();
                part.set(3, subjects.join(","));
                if let Some(roles) = roles {
                    part.set(4, roles.join(","));
                }
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
                out.push_str(&part.text());
            }
            if out.is_empty() { Fate::Goes } else { Fate::Becomes(out) }
        })
    }
}

/// Where the last entry for a path ends.
fn end_of_path(text: &str, path: &str) -> Option<usize> {
    let mut found = None;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        let here = Line::of(line).is_some_and(|line| {
            line.field(0) == "acl" && crate::acl::normalize_path(line.field(2)).as_deref() == Some(path)
        });
        if here {
            found = Some(end);
        }
    }
    found
}
