//! Everything about access in one place, reading each file again only when it changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use innkeeper_change::Problem;
use innkeeper_config::{ConfigStore, Version};
use innkeeper_host::Host;
use secrecy::{ExposeSecret as _, SecretString};

use crate::doors::Doors;
use crate::login::LOGIN_FAILED;
use crate::questions::Questions;
use crate::realm::{self, DOMAINS_CFG};
use crate::roles::Privilege;
use crate::secret::{random, same};
use crate::sessions::Sessions;
use crate::throttle::Throttle;
use crate::ticket::{Shown, hex};
use crate::token::{self, TOKEN_CFG, USER_CFG};
use crate::{AuthId, Credentials, Identity, Login, Need, Realm, Tickets, UserDb, UserId, Via};

const NO_TICKET: &str = "No ticket";
const BAD_TICKET: &str = "permission denied - invalid PVE ticket";
const BAD_TOKEN: &str = "invalid token value!";
const BAD_CSRF: &str = "Permission denied - invalid csrf token";
/// One-time links that are open at the same time; the oldest goes first.
const MAX_ONE_TIME: usize = 16;

/// The part of the program that knows who may do what.
pub struct Access {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) store: Arc<dyn ConfigStore>,
    pub(crate) tickets: Tickets,
    /// Opened when somebody logs in or shows a ticket: a command run by root needs none of it.
    sessions: OnceLock<Sessions>,
    pub(crate) throttle: Throttle,
    pub(crate) doors: Doors,
    pub(crate) questions: Questions,
    pub(crate) registrations: Questions,
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
    /// With tickets signed by the keys in the store. Nothing is read before it is needed.
    pub fn open(host: Arc<dyn Host>, store: Arc<dyn ConfigStore>) -> Self {
        let tickets = Tickets::of(Arc::clone(&store));
        Self::with_tickets(host, store, tickets)
    }

    /// With tickets made elsewhere.
    pub fn with_tickets(host: Arc<dyn Host>, store: Arc<dyn ConfigStore>, tickets: Tickets) -> Self {
        Self {
            host,
            store,
            tickets,
            sessions: OnceLock::new(),
            throttle: Throttle::default(),
            doors: Doors::default(),
            questions: Questions::default(),
            registrations: Questions::default(),
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

    /// Who is logged in.
    ///
    /// # Errors
    /// There is no place to keep that, not even in memory.
    pub fn sessions(&self) -> Result<&Sessions, Problem> {
        if let Some(sessions) = self.sessions.get() {
            return Ok(sessions);
        }
        let opened = Sessions::open(&self.host)?;
        Ok(self.sessions.get_or_init(|| opened))
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
                let Shown { user, session } =
                    self.ticket_shown(ticket)?.ok_or_else(|| refused(BAD_TICKET))?;
                let header = csrf.unwrap_or_default();
                if needs_csrf && !self.tickets.verify_csrf(&user, header, self.host.now())? {
                    return Err(refused(BAD_CSRF));
                }
                Ok(Identity { session: Some(hex(&session)), ..Identity::new(user, Via::Ticket) })
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
    pub fn login_one_time(&self, secret: &SecretString, origin: &str) -> Result<Login, Problem> {
        let user = self.redeem(secret)?;
        self.begun(&user, origin, "link")
    }

    /// A fresh ticket for somebody who was identified by one that still holds.
    ///
    /// # Errors
    /// The caller has no session; the file with the users cannot be read.
    pub fn renew(&self, who: &Identity) -> Result<Login, Problem> {
        let session = who.session.as_deref().and_then(session_id);
        let session = session.ok_or_else(|| Problem::Forbidden("only a ticket has a session".to_owned()))?;
        self.renewed(who.user(), &session)
    }

    /// What a ticket says, if it holds, its session goes on and its user may log in.
    pub(crate) fn ticket_shown(&self, ticket: &str) -> Result<Option<Shown>, Problem> {
        let now = self.host.now();
        let Some(shown) = self.tickets.verify(ticket, now)? else { return Ok(None) };
        if !self.sessions()?.goes_on(&shown.session, &shown.user, now)? {
            return Ok(None);
        }
        // root stays able to repair a user.cfg that cannot be read
        let usable = shown.user.is_root() || self.users()?.user_usable(&shown.user, now);
        Ok(usable.then_some(shown))
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
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn refused(message: &str) -> Problem {
    Problem::Unauthenticated(message.to_owned())
}

fn session_id(text: &str) -> Option<crate::SessionId> {
    let bytes: Option<Vec<u8>> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
    bytes?.try_into().ok()
}
