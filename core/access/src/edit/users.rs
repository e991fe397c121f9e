//! Users.

use innkeeper_change::Problem;

use super::{Fate, each_record, insert, without_subjects};
use crate::userdb::encode;
use crate::{User, UserDb, UserId};

/// What shall be different about a user; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of User")]
pub struct UserChange {
    pub enabled: Option<bool>,
    pub expire: Option<i64>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub comment: Option<String>,
    pub keys: Option<String>,
}

impl UserDb {
    /// There is such a user.
    ///
    /// # Errors
    /// In the original's words.
    pub fn require_user(&self, id: &UserId) -> Result<&User, Problem> {
        self.user(id).ok_or_else(|| Problem::parameter("userid", format!("no such user ('{id}')")))
    }

    /// The text with one more user.
    ///
    /// # Errors
    /// There is such a user already.
    pub fn add_user(text: &str, id: &UserId, user: &User) -> Result<String, Problem> {
        if Self::parse(text).user(id).is_some() {
            return Err(Problem::Invalid(format!("create user failed: user '{id}' already exists")));
        }
        Ok(insert(text, &user_line(id, user)))
    }

    /// The text with a user changed: only the fields that are given.
    ///
    /// # Errors
    /// There is no such user.
    pub fn change_user(text: &str, id: &UserId, change: &UserChange) -> Result<String, Problem> {
        let db = Self::parse(text);
        let user = db.require_user(id)?;
        if !text.lines().filter_map(super::Line::of).any(|line| line.is("user", id.as_str())) {
            // root@pam exists without a line
            let user = changed(user, change);
            return Ok(insert(text, &user_line(id, &user)));
        }
        // of several lines the first that can be read counts; a damaged one before it stays for its owner to repair
        let mut to_do = true;
        Ok(each_record(text, |mut line| {
            let readable = || Self::parse(&line.text()).warnings().is_empty();
            if !line.is("user", id.as_str()) || !to_do || !readable() {
                return Fate::Stays;
            }
            to_do = false;
            let fields = [
                change.enabled.map(|enabled| u8::from(enabled).to_string()),
                change.expire.map(|expire| expire.to_string()),
                change.first_name.as_deref().map(encode),
                change.last_name.as_deref().map(encode),
                change.email.clone(),
                change.comment.as_deref().map(encode),
                change.keys.clone(),
            ];
            for (index, value) in (2..).zip(fields) {
                if let Some(value) = value {
                    line.set(index, value);
                }
            }
            Fate::Becomes(line.text())
        }))
    }

    /// The text without a user, their tokens, their places in groups and the access they were given by name.
    ///
    /// # Errors
    /// There is no such user, or it is `root@pam`.
    pub fn remove_user(text: &str, id: &UserId) -> Result<String, Problem> {
        if id.is_root() {
            return Err(Problem::parameter("userid", "unable to delete 'root@pam'"));
        }
        Self::parse(text).require_user(id)?;
        let own_token = |name: &str| name.split_once('!').is_some_and(|(owner, _)| owner == id.as_str());
        let kept = each_record(text, |line| match line.field(0) {
            "user" if line.field(1) == id.as_str() => Fate::Goes,
            "token" if own_token(line.field(1)) => Fate::Goes,
            _ => Fate::Stays,
        });
        let kept = Self::leave_groups(&kept, id, |_| true);
        Ok(without_subjects(&kept, |subject| subject == id.as_str() || own_token(subject)))
    }
}

fn changed(user: &User, change: &UserChange) -> User {
    let text = |new: &Option<String>, old: &String| new.clone().unwrap_or_else(|| old.clone());
    User {
        enabled: change.enabled.unwrap_or(user.enabled),
        expire: change.expire.unwrap_or(user.expire),
        first_name: text(&change.first_name, &user.first_name),
        last_name: text(&change.last_name, &user.last_name),
        email: text(&change.email, &user.email),
        comment: text(&change.comment, &user.comment),
        keys: text(&change.keys, &user.keys),
    }
}

fn user_line(id: &UserId, user: &User) -> String {
    let [first, last, comment] = [&user.first_name, &user.last_name, &user.comment].map(|text| encode(text));
    let enabled = u8::from(user.enabled);
    format!("user:{id}:{enabled}:{}:{first}:{last}:{}:{comment}:{}:", user.expire, user.email, user.keys)
}
