//! Tickets: what a browser shows instead of a password, and the header that goes with each change.
//!
//! A ticket reads `PVE:USER:TIME::` and a text that only this program reads: which key signed it, which session it
//! belongs to, and the signature. A new key is made every day; the old ones stay until nothing that they signed holds
//! any more.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use innkeeper_change::Problem;
use innkeeper_config::{ConfigStore, Version};

use crate::UserId;
use crate::secret::{KEY_LENGTH, mac_bytes, random, same_bytes};

/// Seconds for which a ticket holds.
pub const TICKET_LIFETIME: i64 = 2 * 60 * 60;
/// Seconds that the clock of another node may be ahead.
const CLOCK_SKEW: i64 = 5 * 60;
/// Seconds after which a new key takes over.
const KEY_AGE: i64 = 24 * 60 * 60;
/// The keys that sign tickets, in the configuration store: whoever reads them can be anybody.
pub const KEY_FILE: &str = "priv/innkeeper-ticket.key";
/// Where a file is kept in which no key could be read.
pub const KEY_FILE_ASIDE: &str = "priv/innkeeper-ticket.key.damaged";
const HEAD: &str =
    "# Keys that sign tickets, the newest last: when it was made (seconds since 1970), and the key.";
/// Bytes of a key's name.
const NAME_LENGTH: usize = 4;
/// Bytes of a session's id.
pub(crate) const SESSION_LENGTH: usize = 16;

/// The id of a session.
pub type SessionId = [u8; SESSION_LENGTH];

/// Makes and checks tickets.
pub struct Tickets {
    store: Option<Arc<dyn ConfigStore>>,
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    seen: Option<Version>,
    /// The newest last.
    keys: Vec<Key>,
}

#[derive(Clone, Copy)]
struct Key {
    made: i64,
    secret: [u8; KEY_LENGTH],
}

impl Key {
    fn name(&self) -> [u8; NAME_LENGTH] {
        let code = mac_bytes(&self.secret, &["name"]);
        [code[0], code[1], code[2], code[3]]
    }
}

/// What a ticket says, when it was made here and still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whose it is.
    pub user: UserId,
    /// The session it belongs to.
    pub session: SessionId,
}

impl Tickets {
    /// With one key that stays.
    pub fn new(secret: [u8; KEY_LENGTH]) -> Self {
        Self { store: None, ring: Mutex::new(Ring { seen: None, keys: vec![Key { made: 0, secret }] }) }
    }

    /// With the keys in the store, which are made when they are needed.
    pub fn of(store: Arc<dyn ConfigStore>) -> Self {
        Self { store: Some(store), ring: Mutex::default() }
    }

    /// A ticket for a user, from `now` (seconds since 1970) on.
    ///
    /// # Errors
    /// The keys can neither be read nor made.
    pub fn issue(&self, user: &UserId, session: &SessionId, now: i64) -> Result<String, Problem> {
        let plain = format!("PVE:{user}:{now:08X}");
        let code = self.sign("ticket", &plain, session, now)?;
        Ok(format!("{plain}::{code}"))
    }

    /// What a ticket says, if it was made here and still holds.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub fn verify(&self, ticket: &str, now: i64) -> Result<Option<Shown>, Problem> {
        let Some((plain, session)) = self.verified("ticket", ticket)? else { return Ok(None) };
        let said = plain.strip_prefix("PVE:").and_then(|rest| rest.rsplit_once(':'));
        let Some((user, _)) = said.filter(|(_, time)| holds(time, now)) else { return Ok(None) };
        Ok(user.parse().ok().map(|user| Shown { user, session }))
    }

    /// A text that comes back with the answer to a question about a second factor. `question` is what the client needs
    /// to know, `nonce` what the answer will be looked up by.
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub(crate) fn challenge(&self, question: &str, nonce: &SessionId, now: i64) -> Result<String, Problem> {
        let question: String = question
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect();
        let plain = format!("PVE:!tfa!{question}:{now:08X}");
        let code = self.sign("tfa", &plain, nonce, now)?;
        Ok(format!("{plain}::{code}"))
    }

    /// The nonce of a question that was asked here.
    pub(crate) fn asked(&self, challenge: &str, now: i64) -> Result<Option<SessionId>, Problem> {
        let found = self.verified("tfa", challenge)?;
        let fresh = |plain: &str| plain.rsplit_once(':').is_some_and(|(_, time)| holds(time, now));
        Ok(found.filter(|(plain, _)| fresh(plain)).map(|(_, nonce)| nonce))
    }

    /// The value of the header that a user has to send with every change.
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub fn csrf(&self, user: &UserId, now: i64) -> Result<String, Problem> {
        let time = format!("{now:08X}");
        let key = self.newest(now)?;
        let code = STANDARD.encode(mac_bytes(&key.secret, &["csrf", &time, user.as_str()]));
        Ok(format!("{time}:{code}"))
    }

    /// Whether a header was made here for this user and still holds.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub fn verify_csrf(&self, user: &UserId, header: &str, now: i64) -> Result<bool, Problem> {
        let Some((time, code)) = header.split_once(':') else { return Ok(false) };
        let Ok(code) = STANDARD.decode(code) else { return Ok(false) };
        let mut right = false;
        for key in self.keys()? {
            right |= same_bytes(&code, &mac_bytes(&key.secret, &["csrf", time, user.as_str()]));
        }
        Ok(right && holds(time, now))
    }

    fn sign(&self, kind: &str, plain: &str, id: &SessionId, now: i64) -> Result<String, Problem> {
        let key = self.newest(now)?;
        let mut bytes = key.name().to_vec();
        bytes.extend(id);
        bytes.extend(mac_bytes(&key.secret, &[kind, plain, &hex(id)]));
        Ok(STANDARD.encode(bytes))
    }

    fn verified<'t>(&self, kind: &str, text: &'t str) -> Result<Option<(&'t str, SessionId)>, Problem> {
        let Some((plain, code)) = text.split_once("::") else { return Ok(None) };
        let Ok(bytes) = STANDARD.decode(code) else { return Ok(None) };
        let Some((name, rest)) = bytes.split_first_chunk::<NAME_LENGTH>() else { return Ok(None) };
        let Some((id, signature)) = rest.split_first_chunk::<SESSION_LENGTH>() else { return Ok(None) };
        let signed = self.keys()?.into_iter().filter(|key| key.name() == *name);
        let right = signed
            .map(|key| mac_bytes(&key.secret, &[kind, plain, &hex(id)]))
            .any(|code| same_bytes(&code, signature));
        Ok(right.then_some((plain, *id)))
    }

    fn keys(&self) -> Result<Vec<Key>, Problem> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &self.store {
            let version = store.version(KEY_FILE)?;
            if ring.seen != Some(version) {
                ring.keys = read(store.as_ref())?.0;
                ring.seen = Some(version);
            }
        }
        Ok(ring.keys.clone())
    }

    /// The key to sign with; a new one when the newest has had its day.
    fn newest(&self, now: i64) -> Result<Key, Problem> {
        let fresh = |keys: &[Key]| keys.last().copied().filter(|key| now.saturating_sub(key.made) < KEY_AGE);
        let keys = self.keys()?;
        let Some(store) = &self.store else {
            return keys
                .last()
                .copied()
                .ok_or_else(|| Problem::failed("there is no key to sign tickets with"));
        };
        if let Some(key) = fresh(&keys) {
            return Ok(key);
        }
        if keys.is_empty()
            && let Err(problem) = store.lay_out()
        {
            // what is missing of it need not concern the key
            tracing::warn!(%problem, "the configuration store is not laid out");
        }
        let _alone = store.lock(KEY_FILE)?;
        // another process may have been faster
        let (mut keys, digest) = read(store.as_ref())?;
        if let Some(key) = fresh(&keys) {
            return Ok(key);
        }
        keep_what_is_damaged(store.as_ref(), &keys)?;
        // an old key goes when everything is too old that it signed before the next one took over
        let over = now.saturating_sub(TICKET_LIFETIME + CLOCK_SKEW);
        let taken_over: Vec<i64> = keys.iter().skip(1).map(|next| next.made).collect();
        let mut index = 0;
        keys.retain(|_| {
            index += 1;
            taken_over.get(index - 1).is_none_or(|&made| made > over)
        });
        let key = Key { made: now, secret: random()? };
        keys.push(key);
        let lines: String =
            keys.iter().map(|key| format!("{} {}\n", key.made, STANDARD.encode(key.secret))).collect();
        store.put_if_digest(KEY_FILE, format!("{HEAD}\n{lines}").as_bytes(), Some(&digest))?;
        Ok(key)
    }
}

/// A file in which no key can be read is put aside: it may be all that is left of a backup.
fn keep_what_is_damaged(store: &dyn ConfigStore, keys: &[Key]) -> Result<(), Problem> {
    match store.get(KEY_FILE)? {
        Some(stored) if keys.is_empty() && !stored.content.is_empty() => {
            let aside = KEY_FILE_ASIDE;
            tracing::error!("{KEY_FILE} holds no key: kept as {aside}, a new one is made, logins begin anew");
            store.put_if_digest(aside, &stored.content, None)
        }
        _ => Ok(()),
    }
}

/// The keys in the file, and its digest.
fn read(store: &dyn ConfigStore) -> Result<(Vec<Key>, String), Problem> {
    let Some(stored) = store.get(KEY_FILE)? else { return Ok((Vec::new(), innkeeper_config::sha1_hex(b""))) };
    let text = String::from_utf8_lossy(&stored.content);
    let mut keys = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match key(line) {
            Some(key) => keys.push(key),
            // the line is not shown: it may be most of a key
            None => tracing::warn!("{KEY_FILE} line {number} holds no key"),
        }
    }
    Ok((keys, stored.digest))
}

/// Lines of the file with keys in which there is none, counted from 1.
pub fn damaged_key_lines(text: &str) -> Vec<usize> {
    let sound =
        |line: &str| line.trim().is_empty() || line.trim().starts_with('#') || key(line.trim()).is_some();
    (1..).zip(text.lines()).filter(|(_, line)| !sound(line)).map(|(number, _)| number).collect()
}

/// `TIME KEY`, or `KEY` as the first versions wrote it.
fn key(line: &str) -> Option<Key> {
    let (made, secret) =
        line.split_once(' ').map_or((0, line), |(time, key)| (time.parse().unwrap_or(-1), key));
    let secret = STANDARD.decode(secret.trim()).ok()?.try_into().ok()?;
    (made >= 0).then_some(Key { made, secret })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn holds(time: &str, now: i64) -> bool {
    i64::from_str_radix(time, 16)
        .is_ok_and(|made| (-CLOCK_SKEW..=TICKET_LIFETIME).contains(&now.saturating_sub(made)))
}
