//! OpenPGP packets and subpackets (RFC 9580, sections 4 and 5): lengths are checked before anything is taken.

use sha1::Digest as _;

use super::OpenPgpError;

pub(super) const SIGNATURE: u8 = 2;
pub(super) const SECRET_KEY: u8 = 5;
pub(super) const PUBLIC_KEY: u8 = 6;
pub(super) const SECRET_SUBKEY: u8 = 7;
pub(super) const USER_ID: u8 = 13;
pub(super) const PUBLIC_SUBKEY: u8 = 14;

/// One packet: its tag and its body.
pub(super) struct Packet<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
}

/// Takes bytes from the front of a slice; every taking is checked.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    /// A big-endian number of at most four bytes.
    pub(super) fn number(&mut self, bytes: usize) -> Option<usize> {
        let taken = self.take(bytes)?;
        Some(taken.iter().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }
}

/// All packets of `data`.
pub(super) fn packets(data: &[u8]) -> Result<Vec<Packet<'_>>, OpenPgpError> {
    let mut bytes = Bytes(data);
    let mut packets = Vec::new();
    while let Some(header) = bytes.byte() {
        if header & 0x80 == 0 {
            return Err(OpenPgpError::NotOpenPgp);
        }
        let new_format = header & 0x40 != 0;
        let tag = if new_format { header & 0x3f } else { header >> 2 & 0x0f };
        let length = if new_format { new_length(&mut bytes)? } else { old_length(&mut bytes, header)? };
        let body = bytes.take(length).ok_or(OpenPgpError::Truncated)?;
        packets.push(Packet { tag, body });
    }
    Ok(packets)
}

fn old_length(bytes: &mut Bytes<'_>, header: u8) -> Result<usize, OpenPgpError> {
    let length = match header & 3 {
        0 => bytes.number(1),
        1 => bytes.number(2),
        2 => bytes.number(4),
        _ => Some(bytes.0.len()),
    };
    length.ok_or(OpenPgpError::Truncated)
}

fn new_length(bytes: &mut Bytes<'_>) -> Result<usize, OpenPgpError> {
    match bytes.number(1) {
        // partial lengths are for streams; keys and signatures may not use them
        Some(224..=254) => Err(OpenPgpError::NotOpenPgp),
        first => long_length(first, bytes).ok_or(OpenPgpError::Truncated),
    }
}

/// The one, two or five octets of a length, of which the first was taken.
fn long_length(first: Option<usize>, bytes: &mut Bytes<'_>) -> Option<usize> {
    match first? {
        short @ 0..192 => Some(short),
        255 => bytes.number(4),
        first => Some(((first - 192) << 8) + bytes.number(1)? + 192),
    }
}

/// What the body of a version 4 key packet says.
pub(super) struct KeyPacket {
    pub(super) fingerprint: String,
    pub(super) created: i64,
    pub(super) algorithm: u8,
}

/// Reads a key packet; `None` for other versions than 4, which APT in Debian 12 and 13 does not use either.
pub(super) fn key(body: &[u8]) -> Option<KeyPacket> {
    let mut bytes = Bytes(body);
    if bytes.number(1)? != 4 {
        return None;
    }
    let created = i64::try_from(bytes.number(4)?).ok()?;
    let algorithm = bytes.byte()?;
    let length = u16::try_from(body.len()).ok()?;
    let mut sha1 = sha1::Sha1::new();
    sha1.update([0x99]);
    sha1.update(length.to_be_bytes());
    sha1.update(body);
    Some(KeyPacket { fingerprint: hex(&sha1.finalize()), created, algorithm })
}

/// What a signature says about itself.
#[derive(Default)]
pub(super) struct SignaturePacket {
    pub(super) kind: u8,
    pub(super) created: Option<i64>,
    pub(super) issuer_fingerprint: Option<String>,
    pub(super) issuer_key_id: Option<String>,
    /// Seconds from the creation of the key; from the part that is signed.
    pub(super) key_expires_after: Option<i64>,
}

/// Reads a signature packet of version 3 or 4; `None` for others and for damaged ones.
pub(super) fn signature(body: &[u8]) -> Option<SignaturePacket> {
    let mut bytes = Bytes(body);
    match bytes.number(1)? {
        3 => {
            bytes.take(1)?;
            Some(SignaturePacket {
                kind: bytes.byte()?,
                created: i64::try_from(bytes.number(4)?).ok(),
                issuer_key_id: Some(hex(bytes.take(8)?)),
                ..SignaturePacket::default()
            })
        }
        4 => {
            let mut signature = SignaturePacket { kind: bytes.byte()?, ..SignaturePacket::default() };
            bytes.take(2)?;
            let hashed = bytes.number(2)?;
            subpackets(bytes.take(hashed)?, true, &mut signature)?;
            let unhashed = bytes.number(2)?;
            subpackets(bytes.take(unhashed)?, false, &mut signature)?;
            Some(signature)
        }
        _ => None,
    }
}

fn subpackets(area: &[u8], hashed: bool, signature: &mut SignaturePacket) -> Option<()> {
    let mut bytes = Bytes(area);
    while !bytes.0.is_empty() {
        // unlike packets, subpackets use the whole range up to 254 for two octets
        let first = bytes.number(1);
        let length = long_length(first, &mut bytes)?;
        let mut body = Bytes(bytes.take(length)?);
        let kind = body.byte()? & 0x7f;
        let seconds = |mut body: Bytes<'_>| body.number(4).and_then(|number| i64::try_from(number).ok());
        match kind {
            2 if hashed => signature.created = seconds(body),
            9 if hashed => signature.key_expires_after = seconds(body).filter(|&after| after > 0),
            16 => signature.issuer_key_id = body.take(8).map(hex),
            33 if body.byte() == Some(4) => signature.issuer_fingerprint = body.take(20).map(hex),
            _ => {}
        }
    }
    Some(())
}

/// Upper-case hex, as fingerprints are written.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
