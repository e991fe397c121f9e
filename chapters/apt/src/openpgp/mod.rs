//! A small reader of OpenPGP data: who a keyring belongs to, until when its keys are good, who made a signature.
//!
//! It reads what keys and signatures *say* and verifies nothing cryptographically: that is APT's work, and nothing
//! here decides whether a repository is trusted. Hostile data gives an error or less information, never a panic:
//! every length is checked, and the work is linear in the input.

mod armor;
mod packet;

use thiserror::Error;

use packet::{
    PUBLIC_KEY, PUBLIC_SUBKEY, SECRET_KEY, SECRET_SUBKEY, SIGNATURE, SignaturePacket, USER_ID, packets,
};

/// More user ids than this are not kept for a key.
const USER_IDS: usize = 16;
/// Longer user ids are cut.
const USER_ID_LENGTH: usize = 256;

/// Why data cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenPgpError {
    /// Neither packets nor armor.
    #[error("not OpenPGP data")]
    NotOpenPgp,
    /// A GnuPG keybox: APT does not read it.
    #[error("a GnuPG keybox, which APT cannot read; export the keys with 'gpg --export'")]
    Keybox,
    /// It ends in the middle of a packet or an armored block.
    #[error("cut short in the middle of OpenPGP data")]
    Truncated,
    /// The armor holds something other than base64.
    #[error("damaged ASCII armor")]
    Armor,
    /// It holds a secret key, which has no place in a keyring for verification.
    #[error("holds a secret key; only public keys belong here")]
    SecretKey,
}

/// A part of a key that can make signatures by itself: the primary key, or a subkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// SHA-1 of the key packet, 40 upper-case hex digits.
    pub fingerprint: String,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970; absent when it does not expire.
    pub expires: Option<i64>,
    /// A revocation was seen.
    pub revoked: bool,
    /// The number of its algorithm in OpenPGP's registry: 1 RSA, 22 EdDSA.
    pub algorithm: u8,
    newest: i64,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The primary key.
    pub primary: KeyPart,
    /// Its subkeys.
    pub subkeys: Vec<KeyPart>,
    /// Whom it belongs to, in its own words.
    pub user_ids: Vec<String>,
}

impl KeyPart {
    fn read(body: &[u8]) -> Option<Self> {
        let key = packet::key(body)?;
        Some(Self {
            fingerprint: key.fingerprint,
            created: key.created,
            expires: None,
            revoked: false,
            algorithm: key.algorithm,
            newest: i64::MIN,
        })
    }

    /// The last 16 digits of the fingerprint.
    pub fn key_id(&self) -> &str {
        &self.fingerprint[24..]
    }

    fn made(&self, signature: &SignaturePacket) -> bool {
        match (&signature.issuer_fingerprint, &signature.issuer_key_id) {
            (Some(fingerprint), _) => *fingerprint == self.fingerprint,
            (None, Some(id)) => id == self.key_id(),
            (None, None) => false,
        }
    }

    /// Takes the expiry from a self-signature, if it is the newest one so far: a newer one replaces an older one.
    fn bind(&mut self, signature: &SignaturePacket) {
        let made = signature.created.unwrap_or(i64::MIN);
        if made >= self.newest {
            self.newest = made;
            self.expires = signature.key_expires_after.map(|after| self.created.saturating_add(after));
        }
    }
}

impl Key {
    /// The primary key and the subkeys.
    pub fn parts(&self) -> impl Iterator<Item = &KeyPart> {
        std::iter::once(&self.primary).chain(&self.subkeys)
    }

    /// The part that made a signature, going by what the signature says.
    pub fn maker(&self, signature: &Signature) -> Option<&KeyPart> {
        self.parts().find(|part| match (&signature.issuer_fingerprint, &signature.issuer_key_id) {
            (Some(fingerprint), _) => *fingerprint == part.fingerprint,
            (None, Some(id)) => id == part.key_id(),
            (None, None) => false,
        })
    }
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Fingerprint of the key that made it, when it says so.
    pub issuer_fingerprint: Option<String>,
    /// Key id of the key that made it, when it says so.
    pub issuer_key_id: Option<String>,
    /// Seconds since 1970.
    pub created: Option<i64>,
}

/// The public keys in `data`, binary or armored. Keys of other versions than 4 are passed over.
///
/// # Errors
/// [`OpenPgpError`]: the data is something else, damaged, or holds a secret key.
pub fn keyring(data: &[u8]) -> Result<Vec<Key>, OpenPgpError> {
    let binary = dearmored(data)?;
    let mut keys: Vec<Key> = Vec::new();
    // what follows a key that was passed over belongs to it
    let mut open: Option<Owner> = None;
    for packet in packets(&binary)? {
        match packet.tag {
            SECRET_KEY | SECRET_SUBKEY => return Err(OpenPgpError::SecretKey),
            PUBLIC_KEY => {
                open = KeyPart::read(packet.body).map(|primary| {
                    keys.push(Key { primary, subkeys: Vec::new(), user_ids: Vec::new() });
                    Owner::Primary
                });
            }
            _ => {
                if let (Some(owner), Some(key)) = (open, keys.last_mut()) {
                    open = Some(key.absorb(owner, packet.tag, packet.body));
                }
            }
        }
    }
    Ok(keys)
}

/// What the signatures of a key block are about at this point.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Primary,
    Subkey,
    /// A subkey that was passed over.
    Nothing,
}

impl Key {
    fn absorb(&mut self, owner: Owner, tag: u8, body: &[u8]) -> Owner {
        match tag {
            PUBLIC_SUBKEY => {
                return match KeyPart::read(body) {
                    Some(subkey) => {
                        self.subkeys.push(subkey);
                        Owner::Subkey
                    }
                    None => Owner::Nothing,
                };
            }
            USER_ID if self.user_ids.len() < USER_IDS => {
                let text = String::from_utf8_lossy(body);
                let shown = text.chars().filter(|c| !c.is_control()).take(USER_ID_LENGTH);
                self.user_ids.push(shown.collect());
            }
            SIGNATURE => {
                if let Some(signature) = packet::signature(body).filter(|made| self.primary.made(made)) {
                    self.heed(owner, &signature);
                }
            }
            _ => {}
        }
        owner
    }

    /// Heeds a signature that the primary key says it made about itself or a subkey.
    fn heed(&mut self, owner: Owner, signature: &SignaturePacket) {
        match (owner, signature.kind) {
            (Owner::Primary, 0x10..=0x13) => self.primary.bind(signature),
            // a signature on the bare key often only names who may revoke it, and then says nothing about expiry
            (Owner::Primary, 0x1f) if signature.key_expires_after.is_some() => self.primary.bind(signature),
            (_, 0x20) => self.primary.revoked = true,
            (Owner::Subkey, 0x18) => {
                if let Some(subkey) = self.subkeys.last_mut() {
                    subkey.bind(signature);
                }
            }
            (Owner::Subkey, 0x28) => {
                if let Some(subkey) = self.subkeys.last_mut() {
                    subkey.revoked = true;
                }
            }
            _ => {}
        }
    }
}

/// The signatures in `data`, binary or armored (a detached signature, or the end of a clear-signed text).
///
/// # Errors
/// [`OpenPgpError`].
pub fn signatures(data: &[u8]) -> Result<Vec<Signature>, OpenPgpError> {
    let binary = dearmored(data)?;
    let packets = packets(&binary)?;
    let made = packets.iter().filter(|packet| packet.tag == SIGNATURE);
    let read = made.filter_map(|packet| packet::signature(packet.body));
    let signature = |read: SignaturePacket| Signature {
        issuer_fingerprint: read.issuer_fingerprint,
        issuer_key_id: read.issuer_key_id,
        created: read.created,
    };
    Ok(read.map(signature).collect())
}

fn dearmored(data: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, OpenPgpError> {
    // the magic of a keybox stands behind the header of its first block
    if data.get(8..12) == Some(b"KBXf") {
        return Err(OpenPgpError::Keybox);
    }
    match data.first() {
        None => Ok(data.into()),
        Some(first) if first & 0x80 != 0 => Ok(data.into()),
        Some(_) => armor::decode(&String::from_utf8_lossy(data)).map(Into::into),
    }
}
