//! Access control lists, and what they grant.
//!
//! - What is set on a deeper path replaces what is inherited from above.
//! - On the same path, what is set for the user replaces what is set for groups; several groups add up.
//! - An entry that does not propagate counts on its own path only.
//! - `NoAccess` takes every other role of the same path away.
//! - A token with privilege separation has what its own entries grant and its user has as well; without, it has
//!   what its user has.
//! - `root@pam` has everything. Who is disabled or expired has nothing.

use std::collections::BTreeMap;
use std::fmt;

use crate::roles::{NO_ACCESS, PRIVILEGES, Privilege};
use crate::{AuthId, TokenId, UserDb, UserId};

/// Whom an entry is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AclSubject {
    /// A user or token.
    Auth(AuthId),
    /// A group, by name.
    Group(String),
}

impl fmt::Display for AclSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auth(auth) => auth.fmt(f),
            Self::Group(name) => write!(f, "@{name}"),
        }
    }
}

/// Roles by name, and whether each holds further down too.
type Roles = BTreeMap<String, bool>;

/// Privileges, and whether each holds further down too.
pub type Grants = BTreeMap<Privilege, bool>;

/// All entries, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl {
    entries: BTreeMap<String, BTreeMap<AclSubject, Roles>>,
}

impl Acl {
    /// Adds a role for somebody on a path (normalised). Of two entries that differ in propagation only, the last
    /// counts.
    pub(crate) fn add(&mut self, path: &str, subject: AclSubject, role: &str, propagate: bool) {
        let subjects = self.entries.entry(path.to_owned()).or_default();
        subjects.entry(subject).or_default().insert(role.to_owned(), propagate);
    }

    /// The paths that have entries.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Every entry: path, subject, role, whether it propagates.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &AclSubject, &str, bool)> {
        self.entries.iter().flat_map(|(path, subjects)| {
            subjects.iter().flat_map(move |(subject, roles)| {
                roles.iter().map(move |(role, propagate)| (path.as_str(), subject, role.as_str(), *propagate))
            })
        })
    }

    /// The entries that decide what somebody may do on a path: those for `auth` itself, or else for the groups it is
    /// in, on the deepest level that says anything.
    fn deciding<'a>(&'a self, auth: &AuthId, groups: &[&str], path: &'a str) -> Vec<Entry<'a>> {
        let mut deciding = Vec::new();
        for (level, is_final) in levels(path) {
            let Some((level, subjects)) = self.entries.get_key_value(level) else { continue };
            let here = |wanted: &AclSubject| -> Vec<Entry<'a>> {
                let Some((subject, roles)) = subjects.get_key_value(wanted) else { return Vec::new() };
                let given = roles.iter().filter(|&(_, &propagate)| is_final || propagate);
                given.map(|(role, &propagate)| Entry { path: level, subject, role, propagate }).collect()
            };
            let mut found = here(&AclSubject::Auth(auth.clone()));
            if found.is_empty() {
                let of_group = |group: &&str| here(&AclSubject::Group((*group).to_owned()));
                found = groups.iter().flat_map(of_group).collect();
            }
            if found.iter().any(|entry| entry.role == NO_ACCESS) {
                found.retain(|entry| entry.role == NO_ACCESS);
            }
            if !found.is_empty() {
                deciding = found;
            }
        }
        deciding
    }
}

/// One entry.
#[derive(Clone, Copy)]
struct Entry<'a> {
    path: &'a str,
    subject: &'a AclSubject,
    role: &'a str,
    propagate: bool,
}

/// A privilege that somebody has on a path, and the entry it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The privilege.
    pub privilege: Privilege,
    /// It holds further down too.
    pub propagate: bool,
    /// The role that has it; nothing when it comes with being `root@pam`.
    pub role: Option<String>,
    /// Path of the entry.
    pub path: String,
    /// Whom the entry is for.
    pub subject: AclSubject,
}

/// A path and all above it, from `/` down, and whether it is the path itself.
fn levels(path: &str) -> impl Iterator<Item = (&str, bool)> {
    let slashes = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]);
    let above = std::iter::once("/").filter(move |root| *root != path);
    above.chain(slashes).map(|level| (level, false)).chain(std::iter::once((path, true)))
}

/// A path as entries name it: one leading slash, none doubled, none at the end. `None` for what is no path.
pub fn normalize_path(path: &str) -> Option<String> {
    let sound = |c: char| !c.is_whitespace() && !c.is_control() && c != ':';
    if !path.starts_with('/') || !path.chars().all(sound) {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return None;
    }
    Some(format!("/{}", parts.join("/")))
}

impl UserDb {
    /// What somebody may do on a path at this time (seconds since 1970).
    pub fn privileges(&self, auth: &AuthId, path: &str, now: i64) -> Grants {
        let Some(path) = normalize_path(path) else { return Grants::new() };
        match auth {
            AuthId::User(user) if self.user_usable(user, now) => grants(self.of_user(user, &path)),
            AuthId::Token(token) if self.token_usable(token, now) => {
                let mut grants = grants(self.of_user(token.user(), &path));
                if self.is_separate(token) {
                    let own = self::grants(self.of_auth(auth, &[], &path));
                    grants.retain(|privilege, _| own.contains_key(privilege));
                    for (privilege, propagate) in &mut grants {
                        *propagate &= own.get(privilege).copied().unwrap_or_default();
                    }
                }
                grants
            }
            _ => Grants::new(),
        }
    }

    /// Where the privileges that [`UserDb::privileges`] gives come from, by privilege. One can come from several
    /// entries; of a token with privileges of its own, both its entries and its user's are listed.
    pub fn sources(&self, auth: &AuthId, path: &str, now: i64) -> Vec<Source> {
        let granted = self.privileges(auth, path, now);
        let Some(path) = normalize_path(path) else { return Vec::new() };
        let mut sources = self.of_user(auth.user(), &path);
        if auth.token().is_some_and(|token| self.is_separate(token)) {
            sources.extend(self.of_auth(auth, &[], &path));
        }
        sources.retain(|source| granted.contains_key(source.privilege));
        sources.sort();
        sources
    }

    fn is_separate(&self, token: &TokenId) -> bool {
        self.token(token).is_none_or(|token| token.privilege_separation)
    }

    fn of_user(&self, user: &UserId, path: &str) -> Vec<Source> {
        let subject = AclSubject::Auth(user.clone().into());
        if user.is_root() {
            let all = |&privilege: &Privilege| Source {
                privilege,
                propagate: true,
                role: None,
                path: "/".to_owned(),
                subject: subject.clone(),
            };
            return PRIVILEGES.iter().map(all).collect();
        }
        let mine = self.groups.iter().filter(|(_, group)| group.users.contains(user));
        let groups: Vec<&str> = mine.map(|(name, _)| name.as_str()).collect();
        self.of_auth(&user.clone().into(), &groups, path)
    }

    fn of_auth(&self, auth: &AuthId, groups: &[&str], path: &str) -> Vec<Source> {
        let mut sources = Vec::new();
        for entry in self.acl.deciding(auth, groups, path) {
            sources.extend(self.role(entry.role).unwrap_or_default().into_iter().map(|privilege| Source {
                privilege,
                propagate: entry.propagate,
                role: Some(entry.role.to_owned()),
                path: entry.path.to_owned(),
                subject: entry.subject.clone(),
            }));
        }
        sources
    }
}

fn grants(sources: Vec<Source>) -> Grants {
    let mut grants = Grants::new();
    for source in sources {
        *grants.entry(source.privilege).or_default() |= source.propagate;
    }
    grants
}
