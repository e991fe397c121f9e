//! Pieces of what a step hands to a program: plain text, secrets, and what an earlier step produced.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A value that cannot be printed, serialised or compared by accident.
///
/// `Debug`, `Display` and JSON all give its name in angle brackets. A secret that was read back from JSON has no
/// value any more: [`Secret::expose`] returns `None` and a step that needs it refuses to run.
#[derive(Clone, Deserialize, Serialize)]
#[serde(from = "SecretName", into = "SecretName")]
pub struct Secret {
    name: String,
    value: Option<SecretString>,
}

#[derive(Deserialize, Serialize)]
struct SecretName {
    name: String,
}

impl From<SecretName> for Secret {
    fn from(SecretName { name }: SecretName) -> Self {
        Self { name, value: None }
    }
}

impl From<Secret> for SecretName {
    fn from(secret: Secret) -> Self {
        Self { name: secret.name }
    }
}

impl Secret {
    /// Hides `value`; `name` says what it is ("password of root@pam") and is what people get to see.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(SecretString::from(value.into())) }
    }

    /// What the secret is, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, unless it was lost on the way through a file.
    pub fn expose(&self) -> Option<&str> {
        self.value.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// Two secrets are the same thing when they have the same name: their values are nobody's to compare.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Secret {}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.name)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One argument of a program, or its standard input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// Text as it is.
    Text(String),
    /// Text that nobody may see. Allowed on standard input only: every user can read a program's arguments.
    Secret(Secret),
    /// What an earlier step of the plan produced under this name, known only while the plan runs.
    Binding(String),
}

/// A step asks for a value that no earlier step produced.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("no earlier step produced '{0}'")]
pub struct MissingBinding(pub String);

impl Value {
    /// The text to hand over, with bindings filled in from `produced`.
    ///
    /// # Errors
    /// A binding that is not there, or a secret whose value was lost.
    pub fn resolve<'a>(&'a self, produced: &'a BTreeMap<String, String>) -> Result<&'a str, MissingBinding> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Secret(secret) => secret.expose().ok_or_else(|| MissingBinding(secret.to_string())),
            Self::Binding(name) => {
                produced.get(name).map(String::as_str).ok_or_else(|| MissingBinding(name.clone()))
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Secret(secret) => secret.fmt(f),
            Self::Binding(name) => write!(f, "<{name}>"),
        }
    }
}
