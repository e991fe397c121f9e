//! Logging in: a password, then a second factor where there is one, then a session with a ticket.

use innkeeper_change::Problem;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::access::{Access, refused};
use crate::password::{self, SHADOW_CFG};
use crate::secret::random;
use crate::sessions::Lockout;
use crate::tfa::{Factors, TFA_CFG, Totp};
use crate::ticket::SessionId;
use crate::{Authenticator, Identity, Need, Realm, UserId, Via};

pub(crate) const LOGIN_FAILED: &str = "authentication failure";
/// Wrong codes in a row after which codes are no longer taken until another factor or an administrator helps.
pub const TOTP_TRIES: i64 = 8;
/// Wrong answers in a row after which none is taken for an hour.
const ALL_TRIES: i64 = 100;
const LOCKED_FOR: i64 = 60 * 60;

/// What somebody shows who wants in.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// The name, with or without the realm.
    pub username: &'a str,
    /// The realm, when the name does not hold it.
    pub realm: Option<&'a str>,
    /// The password; a ticket to renew; or the answer to a challenge: `totp:CODE`, `recovery:KEY`, `webauthn:JSON`.
    pub password: &'a SecretString,
    /// The challenge that is answered.
    pub challenge: Option<&'a str>,
    /// Where they are.
    pub origin: &'a str,
}

/// The answer to a login.
#[derive(Clone, Serialize)]
pub struct Login {
    /// Who logged in.
    pub username: String,
    /// What to show from now on; with `NeedTFA` the challenge to answer; empty where nobody was let in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ticket: String,
    /// What to send along with every change.
    #[serde(rename = "CSRFPreventionToken", skip_serializing_if = "String::is_empty")]
    pub csrf: String,
    /// What they may do in broad strokes: `{area: {privilege: 1}}`.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub cap: Value,
    /// 1: a second factor is needed.
    #[serde(rename = "NeedTFA", skip_serializing_if = "Option::is_none")]
    pub need_tfa: Option<u8>,
}

/// Why somebody does not get in.
enum Refusal {
    /// For a reason that stays in the log.
    Wrong(String),
    /// Too many are at the door: nothing was looked at.
    Busy,
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Wrong(reason)
    }
}

impl From<&str> for Refusal {
    fn from(reason: &str) -> Self {
        Self::Wrong(reason.to_owned())
    }
}

/// How an attempt that was not refused ends.
enum Entry {
    In(Login),
    Asked(Login),
}

/// How a right password goes on.
enum Next {
    /// It was a ticket: its session goes on.
    Renew(SessionId),
    Begin,
    Ask,
}

impl Access {
    /// Logs a user in, or asks for the second factor. A ticket that still holds is taken for a password, which gives a
    /// fresh one of the same session.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`] with the same words for every reason; the log has the reason. Who tried too often is
    /// told how long to wait.
    pub fn login(&self, attempt: &Attempt<'_>, authenticator: &dyn Authenticator) -> Result<Login, Problem> {
        let text = |problem: Problem| problem.to_string();
        self.tried(attempt, |user| {
            let entered = match attempt.challenge {
                Some(challenge) => self.answer(user, challenge, attempt)?,
                None => match self.authenticate(user, attempt, authenticator)? {
                    Next::Renew(session) => self.renewed(user, &session).map_err(text)?,
                    Next::Begin => self.begun(user, attempt.origin, "password").map_err(text)?,
                    Next::Ask => return Ok(Entry::Asked(self.question(user).map_err(text)?)),
                },
            };
            Ok(Entry::In(entered))
        })
    }

    /// Says who somebody is if they have privileges on a path, without letting them in: for programs that have their own
    /// doors. A password alone is not enough for who has a second factor; a ticket is.
    ///
    /// # Errors
    /// As [`Access::login`], also when a privilege is missing.
    pub fn vouch(
        &self,
        attempt: &Attempt<'_>,
        path: &str,
        privileges: &[&str],
        authenticator: &dyn Authenticator,
    ) -> Result<Login, Problem> {
        let text = |problem: Problem| problem.to_string();
        self.tried(attempt, |user| {
            if let Next::Ask = self.authenticate(user, attempt, authenticator)? {
                return Err("a second factor is missing".into());
            }
            let who = Identity::new(user.clone(), Via::Ticket);
            if let Err(missing) = self.check(&who, path, privileges, Need::All) {
                // the password was right
                self.throttle.right(user.as_str(), attempt.origin, self.host.monotonic());
                return Err(missing.to_string().into());
            }
            let cap = self.users().map_err(text)?.capabilities(&user.clone().into(), self.host.now());
            let (username, nothing) = (user.to_string(), String::new());
            Ok(Entry::In(Login { username, ticket: nothing.clone(), csrf: nothing, cap, need_tfa: None }))
        })
    }

    /// Counts an attempt while it is looked at, and tells the log how it went.
    fn tried(
        &self,
        attempt: &Attempt<'_>,
        look: impl FnOnce(&UserId) -> Result<Entry, Refusal>,
    ) -> Result<Login, Problem> {
        let failed = |reason: &str| {
            let user: String = attempt.username.chars().take(64).collect();
            tracing::warn!(?user, origin = attempt.origin, reason, "login failed");
            refused(LOGIN_FAILED)
        };
        let user = full_name(attempt.username, attempt.realm).map_err(|bad| failed(&bad.to_string()))?;
        let now = self.host.monotonic();
        self.throttle.begin(user.as_str(), attempt.origin, now).map_err(|wait| {
            let seconds = wait.as_secs() + 1;
            let _ = failed("too many attempts");
            refused(&format!("too many failed logins; try again in {seconds} seconds"))
        })?;
        match look(&user) {
            Ok(Entry::In(login)) => {
                self.throttle.right(user.as_str(), attempt.origin, now);
                tracing::info!(%user, origin = attempt.origin, "logged in");
                Ok(login)
            }
            // not in yet: the attempt still counts until the second factor is right
            Ok(Entry::Asked(question)) => Ok(question),
            Err(Refusal::Busy) => Err(self.sent_away(&user, attempt.origin)),
            Err(Refusal::Wrong(reason)) => Err(failed(&reason)),
        }
    }

    /// Checks the password of a user who is logged in and about to change something delicate.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`]: wrong, or tried too often.
    pub fn confirm(
        &self,
        user: &UserId,
        password: &SecretString,
        origin: &str,
        authenticator: &dyn Authenticator,
    ) -> Result<(), Problem> {
        let now = self.host.monotonic();
        self.throttle.begin(user.as_str(), origin, now).map_err(|wait| {
            refused(&format!("too many failed logins; try again in {} seconds", wait.as_secs() + 1))
        })?;
        let realm = self.realm_of(user).map_err(|_| refused(LOGIN_FAILED))?;
        let checked = self.check_password(user, &realm, password, origin, authenticator);
        checked.map_err(|refusal| match refusal {
            Refusal::Busy => self.sent_away(user, origin),
            Refusal::Wrong(reason) => {
                tracing::warn!(%user, origin, reason, "password not confirmed");
                refused(LOGIN_FAILED)
            }
        })?;
        self.throttle.right(user.as_str(), origin, now);
        Ok(())
    }

    /// What somebody is told whom nobody had time for.
    fn sent_away(&self, user: &UserId, origin: &str) -> Problem {
        self.throttle.not_tried(user.as_str(), origin);
        Problem::Busy("too many logins at once; try again in a moment".to_owned())
    }

    fn realm_of(&self, user: &UserId) -> Result<Realm, String> {
        let realms = self.realms().map_err(|problem| problem.to_string())?;
        let realm = realms.iter().find(|realm| realm.realm == user.realm());
        realm.cloned().ok_or_else(|| "no such realm".to_owned())
    }

    /// Says how to go on, or why not.
    fn authenticate(
        &self,
        user: &UserId,
        attempt: &Attempt<'_>,
        authenticator: &dyn Authenticator,
    ) -> Result<Next, Refusal> {
        let text = |problem: Problem| problem.to_string();
        let Attempt { password, origin, .. } = *attempt;
        let shown = self.ticket_shown(password.expose_secret()).map_err(text)?;
        if let Some(shown) = shown.filter(|shown| shown.user == *user) {
            return Ok(Next::Renew(shown.session));
        }
        if password.expose_secret().is_empty() {
            return Err("no password".into());
        }
        let realm = self.realm_of(user)?;
        let usable = self.users().map_err(text)?.user_usable(user, self.host.now());
        if !usable && realm.kind == "pve" {
            // as long as a real check, so that the time does not tell who exists
            if let Err(Refusal::Busy) = self.check_password(user, &realm, password, origin, authenticator) {
                return Err(Refusal::Busy);
            }
        }
        if !usable {
            return Err("unknown, disabled or expired".into());
        }
        let asks = self.asks_second_factor(user, &realm)?;
        self.check_password(user, &realm, password, origin, authenticator)?;
        Ok(if asks { Next::Ask } else { Next::Begin })
    }

    fn check_password(
        &self,
        user: &UserId,
        realm: &Realm,
        password: &SecretString,
        origin: &str,
        authenticator: &dyn Authenticator,
    ) -> Result<(), Refusal> {
        let _turn = self.doors.enter(origin).ok_or(Refusal::Busy)?;
        if realm.kind != "pve" {
            return authenticator
                .authenticate(realm, user, password)
                .map_err(|error| error.to_string().into());
        }
        let stored = self.store.get(SHADOW_CFG).map_err(|problem| problem.to_string())?;
        let text =
            stored.map(|stored| SecretString::from(String::from_utf8_lossy(&stored.content).into_owned()));
        let text = text.as_ref().map_or("", |text| text.expose_secret());
        if password::verify(text, user, password) { Ok(()) } else { Err("wrong password".into()) }
    }

    /// Whether a password alone must not be enough. What cannot be checked here is never passed over.
    fn asks_second_factor(&self, user: &UserId, realm: &Realm) -> Result<bool, String> {
        let users = self.users().map_err(|problem| problem.to_string())?;
        let old_style = users.user(user).is_some_and(|user| !matches!(user.keys.trim(), "" | "x"));
        if old_style || realm.tfa.is_some() {
            return Err("a second factor is set up in a way that cannot be checked here".to_owned());
        }
        Ok(self.factors().map_err(|problem| problem.to_string())?.asks(user))
    }

    /// The second factors of everybody, as they are now.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn factors(&self) -> Result<Factors, Problem> {
        let stored = self.store.get(TFA_CFG)?;
        Factors::parse(
            &stored.map(|stored| String::from_utf8_lossy(&stored.content).into_owned()).unwrap_or_default(),
        )
    }

    /// Asks for the second factor.
    fn question(&self, user: &UserId) -> Result<Login, Problem> {
        let (now, nonce) = (self.host.now(), random()?);
        let factors = self.factors()?;
        let mut question = Map::new();
        question.insert("totp".to_owned(), json!(!factors.usable(user, "totp").is_empty()));
        let keys = factors.unused_recovery(user);
        if !keys.is_empty() {
            question.insert("recovery".to_owned(), json!(keys));
        }
        let challenge = random()?;
        let keys: Vec<_> = factors.credentials(user).into_iter().map(|(_, key)| key).collect();
        // a site that cannot be read must not cost the other factors
        let site = self.relying_party().unwrap_or_else(|problem| {
            tracing::error!(%problem, "security keys cannot be asked for");
            None
        });
        if let Some(site) = site.filter(|_| !keys.is_empty()) {
            question.insert("webauthn".to_owned(), site.request(&challenge, &keys));
        }
        let ticket = self.tickets.challenge(&Value::Object(question).to_string(), &nonce, now)?;
        self.questions.ask(nonce, user, challenge, now);
        let username = user.to_string();
        Ok(Login { username, ticket, csrf: String::new(), cap: Value::Null, need_tfa: Some(1) })
    }

    /// Takes the answer to a question; says why not.
    fn answer(&self, user: &UserId, challenge: &str, attempt: &Attempt<'_>) -> Result<Login, String> {
        let text = |problem: Problem| problem.to_string();
        let now = self.host.now();
        let nonce =
            self.tickets.asked(challenge, now).map_err(text)?.ok_or("not a challenge of this host")?;
        let challenge = self.questions.try_answer(&nonce, user, now);
        let challenge = challenge.ok_or("the challenge is over, or was somebody else's")?;
        if !self.users().map_err(text)?.user_usable(user, now) {
            return Err("unknown, disabled or expired".to_owned());
        }
        let sessions = self.sessions().map_err(text)?;
        let before = sessions.lockout(user).map_err(text)?;
        if now < before.until {
            return Err("second factors are locked after too many wrong answers".to_owned());
        }
        let (kind, value) = attempt
            .password
            .expose_secret()
            .split_once(':')
            .ok_or("the answer does not say of which kind it is")?;
        let outcome = match kind {
            "totp" if before.totp >= TOTP_TRIES => {
                Err("codes are locked after too many wrong ones".to_owned())
            }
            "totp" => self.check_totp(user, value, now),
            "recovery" => self.use_recovery(user, value),
            "webauthn" => self.check_key(user, &challenge, value),
            _ => Err("a second factor of a kind that cannot be checked here".to_owned()),
        };
        if let Err(reason) = outcome {
            let every = before.every.saturating_add(1);
            let after = Lockout {
                totp: before.totp.saturating_add(i64::from(kind == "totp")),
                every,
                until: if every % ALL_TRIES == 0 { now.saturating_add(LOCKED_FOR) } else { 0 },
            };
            sessions.set_lockout(user, after).map_err(text)?;
            return Err(reason);
        }
        if !self.questions.close(&nonce) {
            return Err("the challenge was answered before".to_owned());
        }
        if before != Lockout::default() {
            sessions.set_lockout(user, Lockout::default()).map_err(text)?;
        }
        self.begun(user, attempt.origin, &format!("password and {kind}")).map_err(text)
    }

    fn check_totp(&self, user: &UserId, code: &str, now: i64) -> Result<(), String> {
        let text = |problem: Problem| problem.to_string();
        let factors = self.factors().map_err(text)?;
        for (id, entry) in factors.usable(user, "totp") {
            let Some(totp) = entry.as_str().and_then(|uri| Totp::parse(uri).ok()) else { continue };
            if let Some(step) = totp.step_of(code.trim(), now) {
                let fresh = self.sessions().map_err(text)?.use_step(user, id, step).map_err(text)?;
                return if fresh { Ok(()) } else { Err("the code was used before".to_owned()) };
            }
        }
        Err("wrong code".to_owned())
    }

    /// A recovery key works once: it is struck off before it opens anything.
    fn use_recovery(&self, user: &UserId, key: &str) -> Result<(), String> {
        let text = |problem: Problem| problem.to_string();
        let _alone = self.store.lock(TFA_CFG).map_err(text)?;
        let stored = self.store.get(TFA_CFG).map_err(text)?.ok_or("there are no recovery keys")?;
        let mut factors = Factors::parse(&String::from_utf8_lossy(&stored.content)).map_err(text)?;
        if !factors.use_recovery(user, key) {
            return Err("wrong recovery key".to_owned());
        }
        self.store.put_if_digest(TFA_CFG, factors.text().as_bytes(), Some(&stored.digest)).map_err(text)
    }

    pub(crate) fn begun(&self, user: &UserId, origin: &str, via: &str) -> Result<Login, Problem> {
        let session = self.sessions()?.begin(user, origin, via, self.host.now())?;
        self.issue(user, &session)
    }

    pub(crate) fn renewed(&self, user: &UserId, session: &SessionId) -> Result<Login, Problem> {
        self.sessions()?.renew(session, self.host.now())?;
        self.issue(user, session)
    }

    fn issue(&self, user: &UserId, session: &SessionId) -> Result<Login, Problem> {
        let now = self.host.now();
        Ok(Login {
            username: user.to_string(),
            ticket: self.tickets.issue(user, session, now)?,
            csrf: self.tickets.csrf(user, now)?,
            cap: self.users()?.capabilities(&user.clone().into(), now),
            need_tfa: None,
        })
    }
}

fn full_name(username: &str, realm: Option<&str>) -> Result<UserId, crate::BadId> {
    match realm.filter(|realm| !realm.is_empty()) {
        Some(realm) => match username.parse::<UserId>() {
            Ok(user) if user.realm() == realm => Ok(user),
            _ => UserId::new(username, realm),
        },
        None => username.parse(),
    }
}
