//! The bytes of a file and their digest.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Digest as _;

/// Bytes that are digested at once: JSON comes in pieces of a few.
const PIECE: usize = 8 * 1024;

/// Digests what is written to it.
#[derive(Default)]
struct Digesting(sha2::Sha256);

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The SHA-256 of some bytes, printed as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digests `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Digests `data` as JSON, which is made piece by piece and never as a whole.
    pub(crate) fn of_json(data: &impl Serialize) -> Self {
        let mut pieces = BufWriter::with_capacity(PIECE, Digesting::default());
        // serialising plain data into a digest cannot fail; half of it would only make the digests differ
        let _ = serde_json::to_writer(&mut pieces, data);
        let digesting = pieces.into_inner().unwrap_or_default();
        Self(digesting.0.finalize().into())
    }

    /// The 32 bytes themselves, as `GET repositories` lists them.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_hex(&text).map(Digest).ok_or_else(|| de::Error::custom("a digest has 64 hex digits"))
    }
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

/// The bytes of a file, whole.
///
/// As JSON it is `{"text": "…"}` when the bytes are UTF-8 and `{"base64": "…"}` otherwise, so that a stored plan
/// can be read by people and still restores every byte. Copies share the bytes: a plan, what is shown of it and the way back
/// name the same file again and again.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Content(Arc<Vec<u8>>);

impl Content {
    /// Wraps bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Arc::new(bytes.into()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, if the bytes are UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_text() {
            Some(text) => fmt::Debug::fmt(text, f),
            None => write!(f, "{} bytes, {}", self.0.len(), self.digest()),
        }
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// As it is written down; borrowed, as files may be long.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Written<'a> {
    Text(&'a str),
    Base64(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Read {
    Text(String),
    Base64(String),
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_text() {
            Some(text) => Written::Text(text),
            None => Written::Base64(STANDARD.encode(self.as_bytes())),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Read::deserialize(deserializer)? {
            Read::Text(text) => Ok(Self::new(text)),
            Read::Base64(text) => STANDARD.decode(text).map(Self::new).map_err(de::Error::custom),
        }
    }
}
