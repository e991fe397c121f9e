//! Everything about access in one place, reading each file again only when it changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use innkeeper_change::Problem;
use innkeeper_config::{ConfigStore, Version};
use innkeeper_host::Host;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::Value;

use crate::realm::{self, DOMAINS_CFG};
use crate::roles::Privilege;
use crate::secret::{random, same};
use crate::token::{self, TOKEN_CFG, USER_CFG};
use crate::{AuthId, Authenticator, Credentials, Identity, Need, Realm, Tickets, UserDb, UserId, Via};

const LOGIN_FAILED: &str = "authentication failure";
const NO_TICKET: &str = "No ticket";
const BAD_TICKET: &str = "permission denied - invalid PVE ticket";
const BAD_TOKEN: &str = "invalid token value!";
const BAD_CSRF: &str = "Permission denied - invalid csrf token";
/// The file with second factors, in the configuration store.
const TFA_CFG: &str = "priv/tfa.cfg";
/// One-time links that are open at the same time; the oldest goes first.
const MAX_ONE_TIME: usize = 16;

/// The answer to a login.
#[derive(Clone, Serialize)]
pub struct Login {
    /// Who logged in.
    pub username: String,
    /// What to show from now on.
    pub ticket: String,
    /// What to send along with every change.
    #[serde(rename = "CSRFPreventionToken")]
    pub csrf: String,
    /// What they may do in broad strokes: `{area: {privilege: 1}}`.
    pub cap: Value,
}

/// The part of the program that knows who may do what.
pub struct Access {
    host: Arc<dyn Host>,
    store: Arc<dyn ConfigStore>,
    tickets: Tickets,
    users: Mutex<Cached<UserDb>>,
    secrets: Mutex<Cached<SecretString>>,
    realms: Mutex<Cached<Vec<Realm>>>,
    one_time: Mutex<Vec<OneTime>>,
}

/// What was made of a file, and which version of it.
struct Cached<T> {
    seen: Option<(Version, Arc<T>)>,
}

struct OneTime {
    secret: SecretString,
    user: UserId,
    until: i64,
}

impl Access {
    /// Reads the key of tickets, or makes it.
    ///
    /// # Errors
    /// As [`Tickets::load`].
    pub fn open(host: Arc<dyn Host>, store: Arc<dyn ConfigStore>) -> Result<Self, Problem> {
        let tickets = Tickets::load(host.as_ref())?;
        Ok(Self::with_tickets(host, store, tickets))
    }

    /// With tickets made elsewhere.
    pub fn with_tickets(host: Arc<dyn Host>, store: Arc<dyn ConfigStore>, tickets: Tickets) -> Self {
        Self {
            host,
            store,
            tickets,
            users: Mutex::new(Cached { seen: None }),
            secrets: Mutex::new(Cached { seen: None }),
            realms: Mutex::new(Cached { seen: None }),
            one_time: Mutex::new(Vec::new()),
        }
    }

    /// Users, groups, roles, tokens and access control lists as they are now.
    ///
    /// # Errors
    /// The file cannot be read. Absent is fine.
    pub fn users(&self) -> Result<Arc<UserDb>, Problem> {
        self.cached(&self.users, USER_CFG, |text| {
            let db = UserDb::parse(text);
            for warning in db.warnings() {
                tracing::warn!("{warning}");
            }
            db
        })
    }

    /// The realms as they are now.
    ///
    /// # Errors
    /// The file cannot be read. Absent is fine.
    pub fn realms(&self) -> Result<Arc<Vec<Realm>>, Problem> {
        self.cached(&self.realms, DOMAINS_CFG, realm::parse)
    }

    /// The store with the files behind all this.
    pub fn store(&self) -> &Arc<dyn ConfigStore> {
        &self.store
    }

    /// Who the caller is.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`] when that is not shown, no longer true, or the header against forged requests is
    /// missing where it is needed.
    pub fn identify(
        &self,
        credentials: Option<&Credentials>,
        csrf: Option<&str>,
        needs_csrf: bool,
    ) -> Result<Identity, Problem> {
        match credentials {
            None => Err(refused(NO_TICKET)),
            Some(Credentials::Ticket(ticket)) => {
                let user = self.ticket_user(ticket)?.ok_or_else(|| refused(BAD_TICKET))?;
                let now = self.host.now();
                if needs_csrf && !csrf.is_some_and(|header| self.tickets.verify_csrf(&user, header, now)) {
                    return Err(refused(BAD_CSRF));
                }
                Ok(Identity::new(user, Via::Ticket))
            }
            Some(Credentials::Token(id, secret)) => {
                let known = self.users()?.token_usable(id, self.host.now());
                let secrets = self.cached(&self.secrets, TOKEN_CFG, |text| SecretString::from(text))?;
                // both are looked at in any case, so that the time does not tell which tokens exist
                let right = token::verify(secrets.expose_secret(), id, secret);
                if !(known & right) {
                    return Err(refused(BAD_TOKEN));
                }
                Ok(Identity::new(id.clone(), Via::Token))
            }
            Some(Credentials::OneTime(secret)) => {
                let user = self.redeem(secret)?;
                Ok(Identity::new(user, Via::OneTime))
            }
        }
    }

    /// Lets a caller pass who has the privileges on the path.
    ///
    /// # Errors
    /// [`Problem::Forbidden`] naming path and privilege.
    pub fn check(&self, who: &Identity, path: &str, privileges: &[&str], need: Need) -> Result<(), Problem> {
        if who.is_root() {
            return Ok(());
        }
        let grants = self.users()?.privileges(&who.auth, path, self.host.now());
        let missing = match need {
            Need::Any if privileges.iter().any(|name| grants.contains_key(name)) => return Ok(()),
            Need::Any => privileges.join("|"),
            Need::All => match privileges.iter().find(|&name| !grants.contains_key(name)) {
                None => return Ok(()),
                Some(name) => (*name).to_owned(),
            },
        };
        Err(Problem::Forbidden(format!("Permission check failed ({path}, {missing})")))
    }

    /// Lets `root@pam` pass and nobody else: for methods that name no privilege.
    ///
    /// # Errors
    /// [`Problem::Forbidden`].
    pub fn check_root(&self, who: &Identity) -> Result<(), Problem> {
        if who.is_root() {
            return Ok(());
        }
        Err(Problem::Forbidden("Permission check failed (user != root@pam)".to_owned()))
    }

    /// What somebody may do, by path. See [`UserDb::permissions`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn permissions(
        &self,
        auth: &AuthId,
        path: Option<&str>,
    ) -> Result<BTreeMap<String, BTreeMap<Privilege, u8>>, Problem> {
        Ok(self.users()?.permissions(auth, path, self.host.now()))
    }

    /// Logs a user in. The name may hold the realm, or the realm comes beside it. A ticket that still holds is taken
    /// for a password, which gives a fresh one.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`] with the same words for every reason; the log has the reason.
    pub fn login(
        &self,
        username: &str,
        realm: Option<&str>,
        password: &SecretString,
        authenticator: &dyn Authenticator,
    ) -> Result<Login, Problem> {
        let attempt = full_name(username, realm).map_err(|bad| bad.to_string());
        match attempt.and_then(|user| self.authenticate(&user, password, authenticator).map(|()| user)) {
            Ok(user) => self.issue(&user),
            Err(reason) => {
                let user: String = username.chars().take(64).collect();
                tracing::warn!(?user, reason, "login failed");
                Err(refused(LOGIN_FAILED))
            }
        }
    }

    /// Makes the secret of a login link that works once, for some seconds.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub fn issue_one_time(&self, user: &UserId, seconds: i64) -> Result<SecretString, Problem> {
        let text: String = random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = SecretString::from(text);
        let now = self.host.now();
        let mut open = locked(&self.one_time);
        open.retain(|link| link.until > now);
        if open.len() >= MAX_ONE_TIME {
            open.remove(0);
        }
        open.push(OneTime { secret: secret.clone(), user: user.clone(), until: now.saturating_add(seconds) });
        Ok(secret)
    }

    /// Logs in whoever a one-time link was made for, and uses it up.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`]: unknown, used or too old.
    pub fn login_one_time(&self, secret: &SecretString) -> Result<Login, Problem> {
        let user = self.redeem(secret)?;
        self.issue(&user)
    }

    /// A fresh ticket for somebody who was identified by one that still holds.
    ///
    /// # Errors
    /// The file with the users cannot be read.
    pub fn renew(&self, user: &UserId) -> Result<Login, Problem> {
        self.issue(user)
    }

    fn issue(&self, user: &UserId) -> Result<Login, Problem> {
        let now = self.host.now();
        Ok(Login {
            username: user.to_string(),
            ticket: self.tickets.issue(user, now),
            csrf: self.tickets.csrf(user, now),
            cap: self.users()?.capabilities(&AuthId::User(user.clone()), now),
        })
    }

    fn ticket_user(&self, ticket: &str) -> Result<Option<UserId>, Problem> {
        let now = self.host.now();
        let Some(user) = self.tickets.verify(ticket, now) else { return Ok(None) };
        // root stays able to repair a user.cfg that cannot be read
        let usable = user.is_root() || self.users()?.user_usable(&user, now);
        Ok(usable.then_some(user))
    }

    /// Says yes, or why not.
    fn authenticate(
        &self,
        user: &UserId,
        password: &SecretString,
        authenticator: &dyn Authenticator,
    ) -> Result<(), String> {
        let ticket = self.ticket_user(password.expose_secret()).map_err(|problem| problem.to_string())?;
        if ticket.as_ref() == Some(user) {
            return Ok(());
        }
        let users = self.users().map_err(|problem| problem.to_string())?;
        if !users.user_usable(user, self.host.now()) {
            return Err("unknown, disabled or expired".to_owned());
        }
        if password.expose_secret().is_empty() {
            return Err("no password".to_owned());
        }
        let realms = self.realms().map_err(|problem| problem.to_string())?;
        let realm = realms.iter().find(|realm| realm.realm == user.realm()).ok_or("no such realm")?;
        if self.needs_second_factor(user, realm, &users)? {
            return Err("a second factor is set up, which cannot be checked yet".to_owned());
        }
        authenticator.authenticate(realm, user, password).map_err(|error| error.to_string())
    }

    /// Whether a password alone must not be enough.
    fn needs_second_factor(&self, user: &UserId, realm: &Realm, users: &UserDb) -> Result<bool, String> {
        let old_style = users.user(user).is_some_and(|user| !user.keys.trim().is_empty());
        let Some(stored) = self.store.get(TFA_CFG).map_err(|problem| problem.to_string())? else {
            return Ok(old_style || realm.tfa.is_some());
        };
        let factors: Value =
            serde_json::from_slice(&stored.content).map_err(|error| format!("{TFA_CFG}: {error}"))?;
        let entry = factors.get("users").and_then(|users| users.get(user.as_str()));
        let has_factor = entry.is_some_and(|entry| entry.as_object().is_none_or(|kinds| !kinds.is_empty()));
        Ok(old_style || realm.tfa.is_some() || has_factor)
    }

    fn redeem(&self, secret: &SecretString) -> Result<UserId, Problem> {
        let now = self.host.now();
        let mut open = locked(&self.one_time);
        open.retain(|link| link.until > now);
        let found = open.iter().position(|link| same(link.secret.expose_secret(), secret.expose_secret()));
        let user = found.map(|at| open.remove(at).user).ok_or_else(|| refused(LOGIN_FAILED))?;
        drop(open);
        if self.users()?.user_usable(&user, now) { Ok(user) } else { Err(refused(LOGIN_FAILED)) }
    }

    fn cached<T>(
        &self,
        slot: &Mutex<Cached<T>>,
        name: &str,
        parse: impl FnOnce(&str) -> T,
    ) -> Result<Arc<T>, Problem> {
        // asked before reading: a change in between makes the next call read again
        let version = self.store.version(name)?;
        let mut slot = locked(slot);
        if let Some((seen, value)) = &slot.seen
            && *seen == version
        {
            return Ok(Arc::clone(value));
        }
        let bytes = self.store.get(name)?.map(|stored| stored.content).unwrap_or_default();
        // a stray byte costs its line, not the file: replaced, it fits no name
        let value = Arc::new(parse(&String::from_utf8_lossy(&bytes)));
        slot.seen = Some((version, Arc::clone(&value)));
        Ok(value)
    }
}

/// A panic of another thread leaves whole values behind: they are replaced, never edited in place.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(message: &str) -> Problem {
    Problem::Unauthenticated(message.to_owned())
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
