//! Passwords of the realm `pve`: argon2id hashes in `priv/shadow.cfg`, a line `NAME:HASH:` each, where only root reads.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use innkeeper_change::{Problem, Step};
use innkeeper_config::ConfigStore;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::{Mutex, PoisonError};

use crate::UserId;
use crate::files::plan_secret;
use crate::secret::{random, same_bytes};

/// The file with the hashes, in the configuration store.
pub const SHADOW_CFG: &str = "priv/shadow.cfg";

/// OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// A hash asks for no more than this, whoever wrote it into the file.
const MOST_MEMORY: u32 = 64 * 1024;
const MOST_PASSES: u32 = 16;
const SALT: usize = 16;
const HASH: usize = 32;

/// One hash at a time: a crowd at the door must not cost 19 MiB each.
static HASHING: Mutex<()> = Mutex::new(());
/// Room that is asked for, in KiB: glibc gives back at once what is larger than 32 MiB, and keeps what is smaller for the
/// thread that asked, for each of many threads. Pages that are not touched cost nothing.
const ROOM: usize = 33 * 1024;

/// A hash as the file keeps it, in the usual notation of argon2.
struct Stored {
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (params, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut numbers = params.split(',');
        let mut number = |name: &str| -> Option<u32> { numbers.next()?.strip_prefix(name)?.parse().ok() };
        let (memory, passes, lanes) = (number("m=")?, number("t=")?, number("p=")?);
        if memory > MOST_MEMORY || passes > MOST_PASSES || parts.next().is_some() {
            return None;
        }
        let salt = STANDARD_NO_PAD.decode(salt).ok()?;
        let hash = STANDARD_NO_PAD.decode(hash).ok()?;
        let params = Params::new(memory, passes, lanes, Some(hash.len())).ok()?;
        Some(Self { params, salt, hash })
    }

    fn matches(&self, password: &SecretString) -> bool {
        let mut hash = vec![0; self.hash.len()];
        derive(self.params.clone(), password, &self.salt, &mut hash) && same_bytes(&hash, &self.hash)
    }
}

fn derive(params: Params, password: &SecretString, salt: &[u8], out: &mut [u8]) -> bool {
    let _alone = HASHING.lock().unwrap_or_else(PoisonError::into_inner);
    let needed = params.block_count();
    let mut room = Vec::new();
    if room.try_reserve_exact(needed.max(ROOM)).is_err() {
        return false;
    }
    room.resize(needed, Block::new());
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into_with_memory(password.expose_secret().as_bytes(), salt, out, &mut room).is_ok()
}

fn usual() -> Params {
    Params::new(MEMORY, PASSES, LANES, Some(HASH)).unwrap_or_default()
}

/// The hash of a new password.
///
/// # Errors
/// The kernel gives no random numbers.
pub fn hash(password: &SecretString) -> Result<SecretString, Problem> {
    let salt = random::<SALT>()?;
    let mut out = [0; HASH];
    if !derive(usual(), password, &salt, &mut out) {
        return Err(Problem::failed("the password cannot be hashed"));
    }
    let (salt, out) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(out));
    Ok(SecretString::from(format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${salt}${out}")))
}

/// Whether this is the user's password, by the text of `shadow.cfg`. Takes as long for users who have none.
pub(crate) fn verify(shadow: &str, user: &UserId, password: &SecretString) -> bool {
    let mine = shadow.lines().filter_map(entry).find(|(name, _)| *name == user.name());
    match mine.and_then(|(_, hash)| Stored::parse(hash)) {
        Some(stored) => stored.matches(password),
        None => {
            derive(usual(), password, &[0; SALT], &mut [0; HASH]);
            false
        }
    }
}

/// Name and hash of a line.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.trim().split_once(':')?;
    Some((name, rest.split(':').next().unwrap_or(rest)))
}

/// Lines of `shadow.cfg` in which no password of anybody can be read, counted from 1. Hashes of other programs are theirs.
pub fn damaged_lines(shadow: &str) -> Vec<usize> {
    let sound = |line: &str| match entry(line) {
        Some((name, hash)) => {
            !name.is_empty() && (hash == "x" || foreign(hash) || Stored::parse(hash).is_some())
        }
        None => line.trim().is_empty() || line.starts_with('#'),
    };
    (1..).zip(shadow.lines()).filter(|(_, line)| !sound(line)).map(|(number, _)| number).collect()
}

/// Of crypt(3), as the original writes it.
fn foreign(hash: &str) -> bool {
    hash.starts_with('$') && !hash.starts_with("$argon2") && hash.chars().all(|c| c.is_ascii_graphic())
}

fn without(shadow: &str, user: &UserId) -> String {
    let other = |line: &&str| entry(line).is_none_or(|(name, _)| name != user.name());
    shadow.split_inclusive('\n').filter(other).collect()
}

/// A step that keeps the hash of a new password. Secrets are not kept, so an old one cannot come back; of a user who is
/// made with the same plan nothing has to.
///
/// # Errors
/// The file cannot be read.
pub fn plan_set(
    store: &dyn ConfigStore,
    user: &UserId,
    hash: &SecretString,
    is_new: bool,
) -> Result<Option<Step>, Problem> {
    let kept = (!is_new).then_some("the password before is not kept");
    plan_secret(store, SHADOW_CFG, &format!("keep the password of {user}"), kept, |text| {
        let kept = without(text, user);
        let gap = if kept.is_empty() || kept.ends_with('\n') { "" } else { "\n" };
        Ok(format!("{kept}{gap}{}:{}:\n", user.name(), hash.expose_secret()))
    })
}

/// A step that forgets a password; nothing when there is none.
///
/// # Errors
/// The file cannot be read.
pub fn plan_forget(store: &dyn ConfigStore, user: &UserId) -> Result<Option<Step>, Problem> {
    let what = format!("forget the password of {user}");
    plan_secret(store, SHADOW_CFG, &what, None, |text| Ok(without(text, user)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn a_password_fits_its_own_hash_and_no_other() {
        let anna: UserId = "anna@pve".parse().unwrap();
        let hash = hash(&secret("correct horse")).unwrap();
        let file = format!("bob:x:\nanna:{}:\n", hash.expose_secret());
        assert!(verify(&file, &anna, &secret("correct horse")));
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert!(!verify(&file, &anna, &secret(wrong)), "{wrong}");
        }
        assert!(!verify(&file, &"bob@pve".parse().unwrap(), &secret("x")));
        assert!(!verify(&file, &"carl@pve".parse().unwrap(), &secret("")));
        // of somebody else's file, or one that would take a machine's memory
        for hash in
            ["$5$salt$hash", "$argon2id$v=19$m=4000000000,t=2,p=1$AAAAAAAAAAA$AAAA", "$argon2id$v=19$m=8"]
        {
            assert!(!verify(&format!("anna:{hash}:\n"), &anna, &secret("x")), "{hash}");
        }
    }

    #[test]
    fn lines_without_a_password_are_named() {
        let hash = hash(&secret("correct horse")).unwrap();
        let text = format!(
            "anna:{}:\nbob:$5$salt$hash:\n\ncarl\n:x:\ndora:$argon2id$v=19$m=1:\n",
            hash.expose_secret()
        );
        assert_eq!(damaged_lines(&text), [4, 5, 6]);
    }

    /// RFC 9106's algorithm as Python's argon2-cffi wrote it, for the parameters in use
    #[test]
    fn hashes_of_other_programs_are_understood() {
        let anna: UserId = "anna@pve".parse().unwrap();
        let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify(&format!("anna:{hash}:"), &anna, &secret("password")));
    }
}
