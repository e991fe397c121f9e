//! `/etc/pve/user.cfg`: users, groups, roles, tokens, access control lists.
//!
//! One record a line, fields separated by colons; free text is percent-encoded. Lines that make no sense become
//! warnings, stay in the file, and grant nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::acl::{Acl, AclSubject, normalize_path};
use crate::roles::{Privilege, builtin_role, privilege};
use crate::{TokenId, UserId};

/// A line that is not taken over as it stands, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user.cfg line {} - {}", self.line, self.message)
    }
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// May log in.
    pub enabled: bool,
    /// Seconds since 1970 after which the account ends; 0 for never.
    pub expire: i64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Mail address.
    pub email: String,
    /// A remark.
    pub comment: String,
    /// Second factors, in the way older versions kept them.
    pub keys: String,
}

impl User {
    /// Whether the account can be used at this time (seconds since 1970).
    pub fn usable(&self, now: i64) -> bool {
        self.enabled && (self.expire == 0 || now < self.expire)
    }
}

/// A group of users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Who is in it.
    pub users: BTreeSet<UserId>,
    /// A remark.
    pub comment: String,
}

/// An API token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// Seconds since 1970 after which it ends; 0 for never.
    pub expire: i64,
    /// It has only the privileges that it and its user both have.
    pub privilege_separation: bool,
    /// A remark.
    pub comment: String,
}

/// Everything in `user.cfg`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserDb {
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) roles: BTreeMap<String, BTreeSet<Privilege>>,
    pub(crate) tokens: BTreeMap<TokenId, Token>,
    pub(crate) acl: Acl,
    warnings: Vec<Warning>,
}

impl UserDb {
    /// Reads a text. `root@pam` is always there and enabled, whatever the text says.
    pub fn parse(text: &str) -> Self {
        let mut db = Self::default();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let record = Record { line, fields: content.split(':').collect() };
            if let Err(message) = db.record(&record) {
                db.warn(line, message);
            }
        }
        db.warn_of_unknown_roles(text);
        let root = db.users.entry(UserId::root()).or_default();
        (root.enabled, root.expire) = (true, 0);
        db
    }

    /// What is not understood.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The users.
    pub fn users(&self) -> &BTreeMap<UserId, User> {
        &self.users
    }

    /// One user.
    pub fn user(&self, id: &UserId) -> Option<&User> {
        self.users.get(id)
    }

    /// The groups.
    pub fn groups(&self) -> &BTreeMap<String, Group> {
        &self.groups
    }

    /// The tokens.
    pub fn tokens(&self) -> &BTreeMap<TokenId, Token> {
        &self.tokens
    }

    /// One token.
    pub fn token(&self, id: &TokenId) -> Option<&Token> {
        self.tokens.get(id)
    }

    /// The tokens of a user.
    pub fn tokens_of(&self, user: &UserId) -> impl Iterator<Item = (&TokenId, &Token)> {
        self.tokens.iter().filter(move |(id, _)| id.user() == user)
    }

    /// The access control lists.
    pub fn acl(&self) -> &Acl {
        &self.acl
    }

    /// The roles that administrators made, and what they allow.
    pub fn roles(&self) -> &BTreeMap<String, BTreeSet<Privilege>> {
        &self.roles
    }

    /// The groups that a user is in.
    pub fn groups_of(&self, user: &UserId) -> impl Iterator<Item = &str> {
        let mine = self.groups.iter().filter(move |(_, group)| group.users.contains(user));
        mine.map(|(name, _)| name.as_str())
    }

    /// The privileges of a role, predefined or made by the administrator.
    pub fn role(&self, name: &str) -> Option<BTreeSet<Privilege>> {
        builtin_role(name).or_else(|| self.roles.get(name).cloned())
    }

    /// Whether a user exists, is enabled and has not expired.
    pub fn user_usable(&self, user: &UserId, now: i64) -> bool {
        self.user(user).is_some_and(|user| user.usable(now))
    }

    /// Whether a token and its user can be used.
    pub fn token_usable(&self, id: &TokenId, now: i64) -> bool {
        let valid = |token: &Token| token.expire == 0 || now < token.expire;
        self.token(id).is_some_and(valid) && self.user_usable(id.user(), now)
    }

    /// Roles may be defined below the entries that use them, so this comes last. Such an entry still replaces what
    /// is inherited: whoever wrote it did not mean to leave that in force.
    fn warn_of_unknown_roles(&mut self, text: &str) {
        for (line, content) in (1..).zip(text.lines()) {
            let Some(entry) = content.trim().strip_prefix("acl:") else { continue };
            for role in items(entry.split(':').nth(3).unwrap_or("")) {
                if self.role(role).is_none() {
                    self.warn(line, format!("role '{role}' does not exist and grants nothing"));
                }
            }
        }
    }

    fn warn(&mut self, line: usize, message: String) {
        self.warnings.push(Warning { line, message });
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), String> {
        match record.field(0) {
            "user" => self.read_user(record),
            "group" => self.read_group(record),
            "role" => self.read_role(record),
            "acl" => self.read_acl(record),
            "token" => self.read_token(record),
            // guests have a chapter of their own
            "pool" => Ok(()),
            _ => Err("ignore config line: unknown kind of record".to_owned()),
        }
    }

    fn read_user(&mut self, record: &Record<'_>) -> Result<(), String> {
        let id: UserId = record.field(1).parse().map_err(|bad| format!("ignore user: {bad}"))?;
        if self.users.contains_key(&id) {
            return Err(format!("ignore user '{id}': defined twice"));
        }
        let user = User {
            enabled: record.flag(2)?,
            expire: record.time(3)?,
            first_name: decode(record.field(4)),
            last_name: decode(record.field(5)),
            email: record.field(6).to_owned(),
            comment: decode(record.field(7)),
            keys: record.field(8).to_owned(),
        };
        self.users.insert(id, user);
        Ok(())
    }

    fn read_group(&mut self, record: &Record<'_>) -> Result<(), String> {
        let name = record.field(1);
        check_name(name, "group")?;
        let mut users = BTreeSet::new();
        for member in items(record.field(2)) {
            match member.parse() {
                Ok(user) => drop(users.insert(user)),
                Err(bad) => self.warn(record.line, format!("ignore member of group '{name}': {bad}")),
            }
        }
        let group = self.groups.entry(name.to_owned()).or_default();
        group.users.append(&mut users);
        group.comment = decode(record.field(3));
        Ok(())
    }

    fn read_role(&mut self, record: &Record<'_>) -> Result<(), String> {
        let name = record.field(1);
        check_name(name, "role")?;
        if builtin_role(name).is_some() {
            return Err(format!("ignore role '{name}': it is predefined"));
        }
        let mut privileges = BTreeSet::new();
        for item in items(record.field(2)) {
            match privilege(item) {
                Some(known) => drop(privileges.insert(known)),
                None => {
                    self.warn(record.line, format!("ignore invalid privilege '{item}' of role '{name}'"));
                }
            }
        }
        self.roles.entry(name.to_owned()).or_default().append(&mut privileges);
        Ok(())
    }

    fn read_token(&mut self, record: &Record<'_>) -> Result<(), String> {
        let id: TokenId = record.field(1).parse().map_err(|bad| format!("ignore token: {bad}"))?;
        if self.tokens.contains_key(&id) {
            return Err(format!("ignore token '{id}': defined twice"));
        }
        let token = Token {
            expire: record.time(2)?,
            privilege_separation: record.flag(3)?,
            comment: decode(record.field(4)),
        };
        self.tokens.insert(id, token);
        Ok(())
    }

    fn read_acl(&mut self, record: &Record<'_>) -> Result<(), String> {
        let propagate = record.flag(1)?;
        let path = normalize_path(record.field(2))
            .ok_or_else(|| format!("ignore invalid acl path '{}'", record.field(2)))?;
        let roles: Vec<&str> = items(record.field(4)).collect();
        for subject in items(record.field(3)) {
            let who = match subject.strip_prefix('@') {
                Some(group) => check_name(group, "group").map(|()| AclSubject::Group(group.to_owned())),
                None => subject.parse().map(AclSubject::Auth).map_err(|bad| bad.to_string()),
            };
            match who {
                Ok(who) => {
                    roles.iter().for_each(|role| self.acl.add(&path, who.clone(), role, propagate));
                }
                Err(bad) => self.warn(record.line, format!("ignore subject of acl entry: {bad}")),
            }
        }
        Ok(())
    }
}

struct Record<'a> {
    line: usize,
    fields: Vec<&'a str>,
}

impl<'a> Record<'a> {
    fn field(&self, index: usize) -> &'a str {
        self.fields.get(index).map_or("", |field| field.trim())
    }

    fn flag(&self, index: usize) -> Result<bool, String> {
        match self.field(index) {
            "1" => Ok(true),
            "0" | "" => Ok(false),
            other => Err(format!("ignore config line: '{other}' is neither 0 nor 1")),
        }
    }

    fn time(&self, index: usize) -> Result<i64, String> {
        match self.field(index) {
            "" => Ok(0),
            text => text
                .parse()
                .ok()
                .filter(|&time: &i64| time >= 0)
                .ok_or_else(|| format!("ignore config line: '{text}' is not a time")),
        }
    }
}

pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    innkeeper_config::Format::items(list)
}

fn check_name(name: &str, what: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!("ignore {what} '{name}': not a valid name"));
    }
    Ok(())
}

/// Text out of its percent-encoding; what is no encoding stays.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match hex.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Text in percent-encoding: whatever could end a field or a line, or is not ASCII.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | b':' | 0..0x20 | 0x7f.. => encoded.push_str(&format!("%{byte:02X}")),
            plain => encoded.push(char::from(plain)),
        }
    }
    encoded
}
