//! Edits of `user.cfg`: text in, text out, each touching its own lines only.

use innkeeper_change::Problem;

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
        if db.user(id.user()).is_none() {
            return Err(Problem::parameter("userid", format!("no such user ('{}')", id.user())));
        }
        if db.token(id).is_some() {
            return Err(Problem::parameter("tokenid", "Token already exists."));
        }
        Ok(insert(text, id.user(), &format!("{}\n", token_line(id, options))))
    }

    /// The text with what a token is like replaced. Its line keeps its place and its ending.
    ///
    /// # Errors
    /// There is no such token.
    pub fn change_token(text: &str, id: &TokenId, options: &TokenOptions) -> Result<String, Problem> {
        if Self::parse(text).token(id).is_none() {
            return Err(no_such_token(id));
        }
        let name = id.to_string();
        let changed = text.split_inclusive('\n').map(|line| {
            let body = line.trim_end_matches(['\n', '\r']);
            let mut fields = body.split(':').map(str::trim);
            match (fields.next(), fields.next()) {
                (Some("token"), Some(found)) if found == name => {
                    format!("{}{}", token_line(id, options), &line[body.len()..])
                }
                _ => line.to_owned(),
            }
        });
        Ok(changed.collect())
    }

    /// The text without a token, and without the access it was given by name.
    ///
    /// # Errors
    /// There is no such token.
    pub fn remove_token(text: &str, id: &TokenId) -> Result<String, Problem> {
        if Self::parse(text).token(id).is_none() {
            return Err(no_such_token(id));
        }
        let kept = text.split_inclusive('\n').filter_map(|line| without_token(line, &id.to_string()));
        Ok(kept.collect())
    }
}

fn no_such_token(id: &TokenId) -> Problem {
    Problem::parameter("tokenid", format!("no such token '{}'", id.name()))
}

fn token_line(id: &TokenId, options: &TokenOptions) -> String {
    let separate = i32::from(options.privilege_separation);
    format!("token:{id}:{}:{separate}:{}:", options.expire, encode(&options.comment))
}

fn insert(text: &str, user: &UserId, line: &str) -> String {
    let mut at = None;
    let mut end = 0;
    for old in text.split_inclusive('\n') {
        end += old.len();
        let mut fields = old.trim().split(':').map(str::trim);
        let (kind, name) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        let mine = match kind {
            "user" => name == user.as_str(),
            "token" => at.is_some() && name.split_once('!').is_some_and(|(owner, _)| owner == user.as_str()),
            _ => false,
        };
        if mine {
            at = Some(end);
        }
    }
    match at {
        Some(at) => {
            let gap = if text[..at].ends_with('\n') { "" } else { "\n" };
            format!("{}{gap}{line}{}", &text[..at], &text[at..])
        }
        // only root@pam exists without a line; the token needs one to belong to
        None => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            format!("{text}{gap}user:{user}:1:0::::::\n{line}")
        }
    }
}

/// The line as it is without the token: gone, shorter, or the same.
fn without_token(line: &str, id: &str) -> Option<String> {
    let ending = &line[line.trim_end_matches(['\n', '\r']).len()..];
    let mut fields: Vec<&str> = line[..line.len() - ending.len()].split(':').collect();
    match fields.first().map(|kind| kind.trim()) {
        Some("token") if fields.get(1).is_some_and(|name| name.trim() == id) => None,
        Some("acl") if fields.len() > 3 => {
            let subjects: Vec<&str> = crate::userdb::items(fields[3]).collect();
            if !subjects.contains(&id) {
                return Some(line.to_owned());
            }
            let left: Vec<&str> = subjects.into_iter().filter(|subject| *subject != id).collect();
            let left = left.join(",");
            fields[3] = &left;
            (!left.is_empty()).then(|| format!("{}{ending}", fields.join(":")))
        }
        _ => Some(line.to_owned()),
    }
}
