//! Tickets: what a browser shows instead of a password, and the header that goes with each change.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, Permissions, read_config};

use crate::UserId;
use crate::secret::{KEY_LENGTH, mac, random, same};

/// Seconds for which a ticket holds.
pub const TICKET_LIFETIME: i64 = 2 * 60 * 60;
/// Seconds that the clock of another node may be ahead.
const CLOCK_SKEW: i64 = 5 * 60;
/// The key that signs tickets: whoever reads it can be anybody.
const KEY_FILE: &str = "/etc/pve/priv/innkeeper-ticket.key";

/// Makes and checks tickets.
pub struct Tickets {
    key: [u8; KEY_LENGTH],
}

impl Tickets {
    /// With a key of one's own.
    pub fn new(key: [u8; KEY_LENGTH]) -> Self {
        Self { key }
    }

    /// With the key of this host, which is made at first use.
    ///
    /// # Errors
    /// The key file cannot be read or made, or does not hold a key: then nobody gets in until it is removed.
    pub fn load(host: &dyn Host) -> Result<Self, Problem> {
        let path = Utf8Path::new(KEY_FILE);
        if let Some(key) = read_key(host, path)? {
            return Ok(Self { key });
        }
        let key = random::<KEY_LENGTH>()?;
        if let Some(parent) = path.parent() {
            if let Some(above) = parent.parent() {
                host.make_dirs(above, Permissions { mode: 0o755, owner: None })?;
            }
            host.make_dirs(parent, Permissions { mode: 0o700, owner: None })?;
        }
        let line = format!("{}\n", STANDARD.encode(key));
        match host.create_new(path, line.as_bytes(), Permissions { mode: 0o600, owner: None }) {
            Ok(()) => Ok(Self { key }),
            // another process was faster: its key is the one
            Err(HostError::Exists { .. }) => match read_key(host, path)? {
                Some(key) => Ok(Self { key }),
                None => Err(Problem::failed(format!("{path}: vanished while it was made"))),
            },
            Err(other) => Err(other.into()),
        }
    }

    /// A ticket for a user, from `now` (seconds since 1970) on.
    pub fn issue(&self, user: &UserId, now: i64) -> String {
        let plain = format!("PVE:{user}:{now:08X}");
        let signature = mac(&self.key, &["ticket", &plain]);
        format!("{plain}::{signature}")
    }

    /// The user a ticket was made for, if it was made here and still holds.
    pub fn verify(&self, ticket: &str, now: i64) -> Option<UserId> {
        let (plain, signature) = ticket.split_once("::")?;
        if !same(signature, &mac(&self.key, &["ticket", plain])) {
            return None;
        }
        let (user, time) = plain.strip_prefix("PVE:")?.rsplit_once(':')?;
        holds(time, now).then(|| user.parse().ok())?
    }

    /// The value of the header that a user has to send with every change.
    pub fn csrf(&self, user: &UserId, now: i64) -> String {
        let time = format!("{now:08X}");
        let signature = mac(&self.key, &["csrf", &time, user.as_str()]);
        format!("{time}:{signature}")
    }

    /// Whether a header was made here for this user and still holds.
    pub fn verify_csrf(&self, user: &UserId, header: &str, now: i64) -> bool {
        header.split_once(':').is_some_and(|(time, signature)| {
            same(signature, &mac(&self.key, &["csrf", time, user.as_str()])) && holds(time, now)
        })
    }
}

fn holds(time: &str, now: i64) -> bool {
    i64::from_str_radix(time, 16)
        .is_ok_and(|made| (-CLOCK_SKEW..=TICKET_LIFETIME).contains(&now.saturating_sub(made)))
}

fn read_key(host: &dyn Host, path: &Utf8Path) -> Result<Option<[u8; KEY_LENGTH]>, Problem> {
    let Some(text) = read_config(host, path)? else { return Ok(None) };
    let key = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    let broken = || Problem::failed(format!("{path}: holds no key; remove it to have a new one made"));
    key.map(Some).ok_or_else(broken)
}
