//! Second factors: what a user has besides a password.
//!
//! `priv/tfa.cfg` is a JSON document: `{"users": {"anna@pve": {"totp": […], "recovery": {…}, "webauthn": […]}}}`. What is
//! not understood stays in it. A user with a kind of factor that is not understood does not get in by a password alone.

mod cbor;
mod totp;
pub(crate) mod webauthn;

pub use webauthn::{Credential, RelyingParty};

pub use totp::{Totp, new_secret as new_totp_secret};

use innkeeper_change::Problem;
use serde_json::{Map, Value, json};

use crate::UserId;
use crate::secret::{mac_bytes, random, same};
use crate::ticket::hex;

/// The file with second factors, in the configuration store.
pub const TFA_CFG: &str = "priv/tfa.cfg";
/// The id of a user's recovery keys.
pub const RECOVERY: &str = "recovery";
/// How many recovery keys are made at once.
const RECOVERY_KEYS: usize = 10;

/// The kinds of factors that are lists of entries.
const LISTS: [&str; 4] = ["totp", "webauthn", "u2f", "yubico"];

/// All second factors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Factors(Map<String, Value>);

/// One second factor, without what makes it work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// `totp`, `recovery`, `webauthn`, `u2f`, `yubico`.
    pub kind: String,
    /// Its id among those of the user.
    pub id: String,
    /// What its owner calls it.
    pub description: String,
    /// It can be used.
    pub enabled: bool,
    /// When it was added, in seconds since 1970.
    pub created: i64,
}

impl Factors {
    /// Reads the file; an empty one holds nothing.
    ///
    /// # Errors
    /// It is not such a document: then nobody may get in by a password alone.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        // what the parser says could quote a secret
        let broken = |what: &str| Problem::failed(format!("{TFA_CFG}: {what}"));
        let document: Value = serde_json::from_str(text).map_err(|error| {
            broken(&format!("not a JSON document (line {}, column {})", error.line(), error.column()))
        })?;
        let Value::Object(map) = document else { return Err(broken("not a JSON object")) };
        if map.get("users").is_some_and(|users| !users.is_object()) {
            return Err(broken("\"users\" is not an object"));
        }
        Ok(Self(map))
    }

    /// The document as it is written.
    pub fn text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    fn of(&self, user: &UserId) -> Option<&Value> {
        self.0.get("users")?.get(user.as_str())
    }

    /// The user's own part; made when there is none.
    fn of_mut(&mut self, user: &UserId) -> Option<&mut Map<String, Value>> {
        let users = self.0.entry("users").or_insert_with(|| json!({})).as_object_mut()?;
        users.entry(user.as_str()).or_insert_with(|| json!({})).as_object_mut()
    }

    /// Whether a password alone must not be enough: any factor that is enabled, or something that is not understood.
    pub fn asks(&self, user: &UserId) -> bool {
        match self.of(user) {
            None => false,
            Some(Value::Object(kinds)) => kinds.iter().any(|(kind, value)| match (kind.as_str(), value) {
                ("totp-locked" | "tfa-locked-until", _) => false,
                (kind, Value::Array(entries)) if LISTS.contains(&kind) => entries.iter().any(is_enabled),
                _ => true,
            }),
            Some(_) => true,
        }
    }

    /// The users who have factors.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        let users = self.0.get("users").and_then(Value::as_object);
        users.into_iter().flat_map(|users| users.keys()).filter_map(|name| name.parse().ok())
    }

    /// The factors of a user.
    pub fn list(&self, user: &UserId) -> Vec<Factor> {
        let Some(kinds) = self.of(user).and_then(Value::as_object) else { return Vec::new() };
        let mut found = Vec::new();
        for kind in LISTS {
            let entries = kinds.get(kind).and_then(Value::as_array);
            found.extend(entries.into_iter().flatten().filter_map(|entry| factor(kind, entry)));
        }
        if let Some(recovery) = kinds.get(RECOVERY).filter(|value| value.is_object()) {
            found.push(Factor {
                kind: RECOVERY.to_owned(),
                id: RECOVERY.to_owned(),
                description: String::new(),
                enabled: true,
                created: recovery.get("created").and_then(Value::as_i64).unwrap_or_default(),
            });
        }
        found
    }

    /// One factor of a user.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn get(&self, user: &UserId, id: &str) -> Result<Factor, Problem> {
        let found = self.list(user).into_iter().find(|factor| factor.id == id);
        found.ok_or_else(|| Problem::Invalid(format!("no such TFA entry '{id}' for user '{user}'")))
    }

    /// The entries of a kind that can be used: id and what makes it work.
    pub(crate) fn usable<'f>(&'f self, user: &UserId, kind: &str) -> Vec<(&'f str, &'f Value)> {
        let entries = self.of(user).and_then(|kinds| kinds.get(kind)).and_then(Value::as_array);
        let usable = entries.into_iter().flatten().filter(|entry| is_enabled(entry));
        usable.filter_map(|entry| Some((entry.get("id")?.as_str()?, entry.get("entry")?))).collect()
    }

    /// The security keys of a user that can be used: id of the entry, and the key.
    pub fn credentials(&self, user: &UserId) -> Vec<(String, Credential)> {
        let entries = self.usable(user, "webauthn").into_iter();
        entries.filter_map(|(id, entry)| Some((id.to_owned(), Credential::from_json(entry)?))).collect()
    }

    /// Replaces what makes a factor work: a counter that moved on.
    pub(crate) fn replace(&mut self, user: &UserId, kind: &str, id: &str, entry: Value) {
        if let Some(found) = self.entry_mut(user, kind, id) {
            found.insert("entry".to_owned(), entry);
        }
    }

    /// Adds an entry to a list of factors.
    ///
    /// # Errors
    /// What is there is no list.
    pub fn add(
        &mut self,
        user: &UserId,
        kind: &str,
        id: &str,
        description: &str,
        now: i64,
        entry: Value,
    ) -> Result<(), Problem> {
        let list =
            self.of_mut(user).and_then(|kinds| kinds.entry(kind).or_insert_with(|| json!([])).as_array_mut());
        let list =
            list.ok_or_else(|| Problem::failed(format!("{TFA_CFG}: the part of {user} is not understood")))?;
        list.push(json!({ "id": id, "description": description, "created": now, "entry": entry }));
        Ok(())
    }

    fn entry_mut(&mut self, user: &UserId, kind: &str, id: &str) -> Option<&mut Map<String, Value>> {
        let list = self.of_mut(user)?.get_mut(kind)?.as_array_mut()?;
        let mut entries = list.iter_mut().filter_map(Value::as_object_mut);
        entries.find(|entry| entry.get("id").and_then(Value::as_str) == Some(id))
    }

    /// Changes what a factor is called, or whether it can be used.
    ///
    /// # Errors
    /// There is none of this id; recovery keys have neither.
    pub fn change(
        &mut self,
        user: &UserId,
        id: &str,
        description: Option<&str>,
        enabled: Option<bool>,
    ) -> Result<(), Problem> {
        let kind = self.get(user, id)?.kind;
        let entry = self.entry_mut(user, &kind, id);
        let entry = entry.ok_or_else(|| Problem::Invalid("recovery keys cannot be changed".to_owned()))?;
        if let Some(description) = description {
            entry.insert("description".to_owned(), json!(description));
        }
        match enabled {
            Some(true) => drop(entry.remove("enable")),
            Some(false) => drop(entry.insert("enable".to_owned(), json!(false))),
            None => {}
        }
        Ok(())
    }

    /// Takes a factor away, and the user's part with the last one.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn remove(&mut self, user: &UserId, id: &str) -> Result<(), Problem> {
        let kind = self.get(user, id)?.kind;
        if let Some(kinds) = self.of_mut(user) {
            if kind == RECOVERY {
                kinds.remove(RECOVERY);
            } else if let Some(list) = kinds.get_mut(&kind).and_then(Value::as_array_mut) {
                list.retain(|entry| entry.get("id").and_then(Value::as_str) != Some(id));
                if list.is_empty() {
                    kinds.remove(&kind);
                }
            }
        }
        self.forget_if_empty(user);
        Ok(())
    }

    /// Forgets everything of a user.
    pub fn remove_user(&mut self, user: &UserId) {
        if let Some(users) = self.0.get_mut("users").and_then(Value::as_object_mut) {
            users.remove(user.as_str());
        }
    }

    fn forget_if_empty(&mut self, user: &UserId) {
        if self.of(user).and_then(Value::as_object).is_some_and(Map::is_empty) {
            self.remove_user(user);
        }
    }

    /// Gives a user new recovery keys, instead of those before; answers them. Only codes of them are kept.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub fn renew_recovery(&mut self, user: &UserId, now: i64) -> Result<Vec<String>, Problem> {
        let secret = hex(&random::<16>()?);
        let mut keys = Vec::new();
        for _ in 0..RECOVERY_KEYS {
            let digits = hex(&random::<8>()?);
            keys.push([&digits[..4], &digits[4..8], &digits[8..12], &digits[12..]].join("-"));
        }
        let codes: Vec<String> = keys.iter().map(|key| recovery_code(&secret, key)).collect();
        let recovery = json!({ "secret": secret, "entries": codes, "created": now });
        let kinds = self.of_mut(user);
        kinds
            .ok_or_else(|| Problem::failed(format!("{TFA_CFG}: the part of {user} is not understood")))?
            .insert(RECOVERY.to_owned(), recovery);
        Ok(keys)
    }

    /// The numbers of the recovery keys that were not used yet.
    pub fn unused_recovery(&self, user: &UserId) -> Vec<usize> {
        let entries = self.of(user).and_then(|kinds| kinds.get(RECOVERY)?.get("entries")?.as_array());
        entries
            .into_iter()
            .flatten()
            .enumerate()
            .filter(|(_, entry)| entry.is_string())
            .map(|(n, _)| n)
            .collect()
    }

    /// Uses a recovery key up; says whether it was one.
    pub(crate) fn use_recovery(&mut self, user: &UserId, key: &str) -> bool {
        let Some(recovery) = self.of_mut(user).and_then(|kinds| kinds.get_mut(RECOVERY)) else {
            return false;
        };
        let secret = recovery.get("secret").and_then(Value::as_str).unwrap_or_default().to_owned();
        let code = recovery_code(&secret, key.trim());
        let Some(entries) = recovery.get_mut("entries").and_then(Value::as_array_mut) else { return false };
        let mut found = None;
        for (index, entry) in entries.iter().enumerate() {
            if entry.as_str().is_some_and(|entry| same(entry, &code)) {
                found = Some(index);
            }
        }
        if let Some(index) = found {
            entries[index] = Value::Null;
        }
        found.is_some()
    }
}

fn recovery_code(secret: &str, key: &str) -> String {
    hex(&mac_bytes(secret.as_bytes(), &["recovery", &key.to_ascii_lowercase()]))
}

fn is_enabled(entry: &Value) -> bool {
    entry.get("enable").is_none_or(|enable| enable != &json!(false) && enable != &json!(0))
}

fn factor(kind: &str, entry: &Value) -> Option<Factor> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Factor {
        kind: kind.to_owned(),
        id: text("id")?,
        description: text("description").unwrap_or_default(),
        enabled: is_enabled(entry),
        created: entry.get("created").and_then(Value::as_i64).unwrap_or_default(),
    })
}
