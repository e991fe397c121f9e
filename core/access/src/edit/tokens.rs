//! Tokens.

use innkeeper_change::Problem;

use super::{Fate, Line, each_record, insert_at, without_subjects};
use crate::userdb::encode;
use crate::{TokenId, UserDb, UserId};

/// What a new token is to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOptions {
    /// Seconds since 1970 after which it ends; 0 for never.
    pub expire: i64,
    /// It shall have only the privileges that it and its user both have.
    pub privilege_separation: bool,
    /// A remark.
    pub comment: String,
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self { expire: 0, privilege_separation: true, comment: String::new() }
    }
}

impl UserDb {
    /// The text with one more token, put behind its user and the tokens that user has.
    ///
    /// # Errors
    /// There is no such user, or there is such a token already (parameter `tokenid`).
    pub fn add_token(text: &str, id: &TokenId, options: &TokenOptions) -> Result<String, Problem> {
        let db = Self::parse(text);
        db.require_user(id.user())?;
        if db.token(id).is_some() {
            return Err(Problem::parameter("tokenid", "Token already exists."));
        }
        Ok(insert(text, id.user(), &token_line(id, options)))
    }

    /// The text with what a token is like replaced. Its line keeps its place and its ending.
    ///
    /// # Errors
    /// There is no such token.
    pub fn change_token(text: &str, id: &TokenId, options: &TokenOptions) -> Result<String, Problem> {
        Self::parse(text).require_token(id)?;
        let name = id.to_string();
        let mut first = true;
        Ok(each_record(text, |mut line| {
            if !line.is("token", &name) || !std::mem::take(&mut first) {
                return Fate::Stays;
            }
            line.set(2, options.expire.to_string());
            line.set(3, if options.privilege_separation { "1" } else { "0" });
            line.set(4, encode(&options.comment));
            Fate::Becomes(line.text())
        }))
    }

    /// The text without a token, and without the access it was given by name.
    ///
    /// # Errors
    /// There is no such token.
    pub fn remove_token(text: &str, id: &TokenId) -> Result<String, Problem> {
        Self::parse(text).require_token(id)?;
        let name = id.to_string();
        let kept = each_record(text, |line| if line.is("token", &name) { Fate::Goes } else { Fate::Stays });
        Ok(without_subjects(&kept, |subject| subject == name))
    }

    /// There is such a token.
    ///
    /// # Errors
    /// Naming token and user, as the original does.
    pub fn require_token(&self, id: &TokenId) -> Result<&crate::Token, Problem> {
        self.token(id).ok_or_else(|| {
            let message = format!("no such token '{}' for user '{}'", id.name(), id.user());
            Problem::parameter("tokenid", message)
        })
    }
}

fn token_line(id: &TokenId, options: &TokenOptions) -> String {
    let separate = i32::from(options.privilege_separation);
    format!("token:{id}:{}:{separate}:{}:", options.expire, encode(&options.comment))
}

fn insert(text: &str, user: &UserId, record: &str) -> String {
    let mut at = None;
    let mut end = 0;
    for old in text.split_inclusive('\n') {
        end += old.len();
        let Some(line) = Line::of(old) else { continue };
        let mine = match line.field(0) {
            "user" => line.field(1) == user.as_str(),
            "token" => {
                let owner = line.field(1).split_once('!').map(|(owner, _)| owner);
                at.is_some() && owner == Some(user.as_str())
            }
            _ => false,
        };
        if mine {
            at = Some(end);
        }
    }
    match at {
        Some(at) => insert_at(text, at, record),
        // only root@pam exists without a line; the token needs one to belong to
        None => insert_at(text, text.len(), &format!("user:{user}:1:0::::::\n{record}")),
    }
}
