//! What the audit is told of calls: who came, who was refused, and what was done that no plan describes.
//!
//! Changes are in the journal with everything about them; they need nothing here.

use innkeeper_access::{Credentials, Identity, Via};
use innkeeper_change::Problem;
use innkeeper_engine::{AuditKind, AuditNote, AuditOutcome};
use serde_json::{Map, Value};

use crate::api::Api;
use crate::call::Answer;
use crate::method::{Handler, Verb};

/// A call, as far as the audit is interested.
pub(crate) struct Heard<'a> {
    pub(crate) verb: Verb,
    pub(crate) path: &'a str,
    /// Who it turned out to be; else who they said they were.
    pub(crate) user: String,
    pub(crate) via: Option<Via>,
    pub(crate) origin: &'a str,
}

impl<'a> Heard<'a> {
    /// A call before it is answered.
    pub(crate) fn new(
        verb: Verb,
        path: &'a str,
        params: &Map<String, Value>,
        identity: Option<&Identity>,
        origin: &'a str,
    ) -> Self {
        let user = match identity {
            Some(identity) => identity.auth.to_string(),
            None => claimed_name(params),
        };
        Self { verb, path, user, via: identity.map(|identity| identity.via), origin }
    }

    /// A call of somebody whose credentials were not accepted.
    pub(crate) fn unknown(
        verb: Verb,
        path: &'a str,
        credentials: Option<&Credentials>,
        origin: &'a str,
    ) -> Self {
        let user = credentials.map(claimed_by).unwrap_or_default();
        Self { verb, path, user, via: None, origin }
    }

    fn what(&self) -> String {
        format!("{} {}", self.verb.as_str(), self.path)
    }

    fn note(&self, kind: AuditKind, outcome: AuditOutcome, reason: Option<String>) -> AuditNote {
        AuditNote {
            kind,
            user: self.user.clone(),
            origin: self.origin.to_owned(),
            what: self.what(),
            outcome,
            reason,
            count: None,
        }
    }
}

/// The name that somebody gave who wants to log in. Only what looks like one: people type passwords into the wrong field.
fn claimed_name(params: &Map<String, Value>) -> String {
    let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = match (text("username"), text("realm")) {
        (name, "") => name.to_owned(),
        (name, realm) => format!("{name}@{realm}"),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | '!');
    match name.as_str() {
        "" => String::new(),
        plain if plain.len() <= 64 && plain.chars().all(fits) => name,
        _ => "(not a user name)".to_owned(),
    }
}

/// The name in a ticket or token that was not accepted. Nothing of the secret.
fn claimed_by(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Token(id, _) => id.to_string(),
        Credentials::Ticket(ticket) => {
            let name = ticket.split(':').nth(1).unwrap_or_default();
            claimed_name(&Map::from_iter([("username".to_owned(), Value::from(name))]))
        }
        _ => "(one-time link)".to_owned(),
    }
}

impl Api {
    /// Tells the audit how a call ended.
    pub(crate) fn tell_audit(&self, heard: &Heard<'_>, outcome: &Result<Answer, Problem>) {
        let (done, reason) = match outcome {
            Ok(_) => (AuditOutcome::Ok, None),
            Err(problem @ (Problem::Unauthenticated(_) | Problem::Forbidden(_) | Problem::Busy(_))) => {
                (AuditOutcome::Refused, Some(problem.to_string()))
            }
            Err(problem) => (AuditOutcome::Failed, Some(problem.to_string())),
        };
        if heard.via == Some(Via::Token) {
            self.engine().audit(AuditNote {
                what: "use of an API token".to_owned(),
                ..heard.note(AuditKind::Token, AuditOutcome::Ok, None)
            });
        }
        let kind = match heard.path {
            "/access/ticket" | "/access/link" if heard.verb == Verb::Post => AuditKind::Login,
            "/access/session" if heard.verb == Verb::Delete => AuditKind::Logout,
            _ if done == AuditOutcome::Refused => AuditKind::Refusal,
            _ if self.is_act(heard) && !outcome.as_ref().is_ok_and(|answer| answer.change.is_some()) => {
                AuditKind::Act
            }
            _ => return,
        };
        let mut note = heard.note(kind, done, reason);
        if let (AuditKind::Login, Ok(answer)) = (kind, outcome)
            && let Some(name) = answer.data.get("username").and_then(Value::as_str)
        {
            name.clone_into(&mut note.user);
        }
        self.engine().audit(note);
    }

    /// Whether the call does something that no plan describes.
    fn is_act(&self, heard: &Heard<'_>) -> bool {
        if heard.verb == Verb::Get {
            return false;
        }
        let method = self
            .look(heard.path)
            .and_then(|(_, methods)| methods.into_iter().find(|method| method.verb == heard.verb));
        method.is_some_and(|method| matches!(method.handler, Handler::Act(_)))
    }
}
