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

use crate::roles::{NO_ACCESS, PRIVILEGES, Privilege};
use crate::{AuthId, UserDb, UserId};

/// Whom an entry is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AclSubject {
    /// A user or token.
    Auth(AuthId),
    /// A group, by name.
    Group(String),
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

    /// The roles of somebody on a path, by the entries for `auth` itself and for the groups it is in.
    fn roles(&self, auth: &AuthId, groups: &[&str], path: &str) -> Roles {
        let mut roles = Roles::new();
        for (level, is_final) in levels(path) {
            let Some(subjects) = self.entries.get(level) else { continue };
            let here = |subject: &AclSubject| -> Roles {
                let given = subjects.get(subject).into_iter().flatten();
                given
                    .filter(|&(_, &propagate)| is_final || propagate)
                    .map(|(role, &propagate)| (role.clone(), propagate))
                    .collect()
            };
            let mut found = here(&AclSubject::Auth(auth.clone()));
            if found.is_empty() {
                for group in groups {
                    for (role, propagate) in here(&AclSubject::Group((*group).to_owned())) {
                        *found.entry(role).or_default() |= propagate;
                    }
                }
            }
            if let Some(&propagate) = found.get(NO_ACCESS) {
                found = Roles::from([(NO_ACCESS.to_owned(), propagate)]);
            }
            if !found.is_empty() {
                roles = found;
            }
        }
        roles
    }
}

/// A path and all above it, from `/` down, and whether it is the path itself.
fn levels(path: &str) -> impl Iterator<Item = (&str, bool)> {
    let slashes = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]);
    let above = std::iter::once("/").filter(move |root| *root != path);
    above.chain(slashes).map(|level| (level, false)).chain(std::iter::once((path, true)))
}

/// A path as entries name it: one leading slash, none doubled, none at the end. `None` for what is no path.
pub(crate) fn normalize_path(path: &str) -> Option<String> {
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
            AuthId::User(user) if self.user_usable(user, now) => self.user_privileges(user, &path),
            AuthId::Token(token) if self.token_usable(token, now) => {
                let mut grants = self.user_privileges(token.user(), &path);
                if self.token(token).is_none_or(|token| token.privilege_separation) {
                    let own = self.grants(&self.acl.roles(auth, &[], &path));
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

    fn user_privileges(&self, user: &UserId, path: &str) -> Grants {
        if user.is_root() {
            return PRIVILEGES.iter().map(|&privilege| (privilege, true)).collect();
        }
        let mine = self.groups.iter().filter(|(_, group)| group.users.contains(user));
        let groups: Vec<&str> = mine.map(|(name, _)| name.as_str()).collect();
        self.grants(&self.acl.roles(&AuthId::User(user.clone()), &groups, path))
    }

    fn grants(&self, roles: &Roles) -> Grants {
        let mut grants = Grants::new();
        for (role, &propagate) in roles {
            for privilege in self.role(role).unwrap_or_default() {
                *grants.entry(privilege).or_default() |= propagate;
            }
        }
        grants
    }
}
