//! Who a caller turned out to be, and what a method asks of them.

use secrecy::SecretString;

use crate::{AuthId, TokenId, UserId};

/// What a caller shows.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A ticket, from the cookie or the header.
    Ticket(String),
    /// An API token and its secret.
    Token(TokenId, SecretString),
    /// The secret of a one-time login link. Showing it uses it up.
    OneTime(SecretString),
}

impl Credentials {
    /// Token credentials from an `Authorization` header, if it holds any.
    pub fn from_header(header: &str) -> Option<Self> {
        crate::token::parse_header(header).map(|(id, secret)| Self::Token(id, secret))
    }
}

/// How a caller showed who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// With a ticket.
    Ticket,
    /// With an API token.
    Token,
    /// With a one-time login link.
    OneTime,
    /// By running a command on this host.
    Local,
}

/// A caller who is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user or token.
    pub auth: AuthId,
    /// How they showed it.
    pub via: Via,
    /// Where they call from, as the server knows it: an address, a terminal.
    pub origin: Option<String>,
    /// The session that their ticket belongs to.
    pub session: Option<String>,
}

impl Identity {
    /// A caller, not yet known where from.
    pub fn new(auth: impl Into<AuthId>, via: Via) -> Self {
        Self { auth: auth.into(), via, origin: None, session: None }
    }

    /// Root at the command line.
    pub fn local_root() -> Self {
        Self::new(UserId::root(), Via::Local)
    }

    /// The user, also of a token.
    pub fn user(&self) -> &UserId {
        self.auth.user()
    }

    /// Whether this is `root@pam` in person. A token of root is not.
    pub fn is_root(&self) -> bool {
        matches!(&self.auth, AuthId::User(user) if user.is_root())
    }

    /// Says where the call comes from.
    #[must_use]
    pub fn from(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }
}

/// Whether one or all of some privileges are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// One is enough.
    Any,
    /// All of them.
    All,
}
