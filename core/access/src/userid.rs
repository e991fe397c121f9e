//! Names of users and of their tokens.

use std::fmt;
use std::str::FromStr;

use innkeeper_config::Format;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest name of a user, realm included.
const MAX_LENGTH: usize = 64;

/// A text that is no name of a user or token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("value '{0}' does not look like a valid {1}")]
pub struct BadId(String, &'static str);

/// A user: `user@realm`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UserId {
    text: String,
    /// Where `@` is; the name itself may hold others.
    at: usize,
}

impl UserId {
    /// The user who may do everything.
    pub const ROOT: &'static str = "root@pam";

    /// `root@pam`.
    pub fn root() -> Self {
        Self { text: Self::ROOT.to_owned(), at: 4 }
    }

    /// Name and realm put together.
    ///
    /// # Errors
    /// When they do not make a name.
    pub fn new(name: &str, realm: &str) -> Result<Self, BadId> {
        format!("{name}@{realm}").parse()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the realm.
    pub fn name(&self) -> &str {
        &self.text[..self.at]
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Whether this is `root@pam`.
    pub fn is_root(&self) -> bool {
        self.text == Self::ROOT
    }
}

impl FromStr for UserId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId(text.chars().take(MAX_LENGTH).collect(), "user name");
        if text.len() > MAX_LENGTH || text.contains('!') || Format::UserId.check(text).is_err() {
            return Err(bad());
        }
        let at = text.rfind('@').ok_or_else(bad)?;
        Ok(Self { text: text.to_owned(), at })
    }
}

/// An API token of a user: `user@realm!name`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TokenId {
    user: UserId,
    name: String,
}

impl TokenId {
    /// The token `name` of a user.
    ///
    /// # Errors
    /// When `name` is no name of a token.
    pub fn new(user: UserId, name: &str) -> Result<Self, BadId> {
        if name.len() > MAX_LENGTH || Format::TokenId.check(name).is_err() {
            return Err(BadId(name.chars().take(MAX_LENGTH).collect(), "token ID"));
        }
        Ok(Self { user, name: name.to_owned() })
    }

    /// Whose it is.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// Its name among the tokens of its user.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for TokenId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId(text.chars().take(2 * MAX_LENGTH).collect(), "token ID");
        let (user, name) = text.split_once('!').ok_or_else(bad)?;
        Self::new(user.parse().map_err(|_| bad())?, name).map_err(|_| bad())
    }
}

/// Whoever calls: a user, or one of their tokens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum AuthId {
    /// A user.
    User(UserId),
    /// A token.
    Token(TokenId),
}

impl AuthId {
    /// The user, also of a token.
    pub fn user(&self) -> &UserId {
        match self {
            Self::User(user) => user,
            Self::Token(token) => token.user(),
        }
    }

    /// The token, if it is one.
    pub fn token(&self) -> Option<&TokenId> {
        match self {
            Self::User(_) => None,
            Self::Token(token) => Some(token),
        }
    }
}

impl FromStr for AuthId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        if text.contains('!') { text.parse().map(Self::Token) } else { text.parse().map(Self::User) }
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.user, self.name)
    }
}

impl fmt::Display for AuthId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Token(token) => token.fmt(f),
        }
    }
}

macro_rules! text_like {
    ($($id:ident),*) => {$(
        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl From<$id> for String {
            fn from(id: $id) -> Self {
                id.to_string()
            }
        }
        impl TryFrom<String> for $id {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }
    )*};
}
text_like!(UserId, TokenId, AuthId);

impl From<UserId> for AuthId {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl From<TokenId> for AuthId {
    fn from(token: TokenId) -> Self {
        Self::Token(token)
    }
}
