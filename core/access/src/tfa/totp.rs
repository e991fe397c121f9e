//! Codes that change with time (RFC 6238), described by an `otpauth://` address as authenticator apps read it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use innkeeper_change::Problem;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::secret::{random, same};
use crate::userdb::decode;

/// Time steps before and after the present one whose codes are accepted: clocks differ, and people are slow.
const WINDOW: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Bytes of a new secret, as RFC 4226 recommends.
const SECRET_LENGTH: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

/// A generator of codes.
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    secret: Vec<u8>,
    algorithm: Algorithm,
    digits: u32,
    period: i64,
}

impl Totp {
    /// Reads `otpauth://totp/LABEL?secret=…&algorithm=…&digits=…&period=…`.
    ///
    /// # Errors
    /// What is wrong with it; never the secret.
    pub fn parse(uri: &str) -> Result<Self, Problem> {
        let bad = |what: &str| Problem::parameter("totp", format!("invalid otpauth URI: {what}"));
        let rest = uri
            .strip_prefix("otpauth://totp/")
            .ok_or_else(|| bad("it does not begin with otpauth://totp/"))?;
        let query = rest.split_once('?').map(|(_, query)| query).ok_or_else(|| bad("it has no secret"))?;
        let mut totp = Self { secret: Vec::new(), algorithm: Algorithm::Sha1, digits: 6, period: 30 };
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match name {
                "secret" => totp.secret = base32(&value).ok_or_else(|| bad("the secret is not base32"))?,
                "algorithm" => {
                    totp.algorithm = match value.to_ascii_uppercase().as_str() {
                        "SHA1" => Algorithm::Sha1,
                        "SHA256" => Algorithm::Sha256,
                        "SHA512" => Algorithm::Sha512,
                        _ => return Err(bad("the algorithm is none of SHA1, SHA256, SHA512")),
                    }
                }
                "digits" => {
                    let digits = value.parse().ok().filter(|digits| (6..=8).contains(digits));
                    totp.digits = digits.ok_or_else(|| bad("digits must be 6 to 8"))?;
                }
                "period" => {
                    let period = value.parse().ok().filter(|period| (10..=300).contains(period));
                    totp.period = period.ok_or_else(|| bad("period must be 10 to 300 seconds"))?;
                }
                _ => {}
            }
        }
        if totp.secret.len() < 10 {
            return Err(bad("the secret is shorter than 80 bits"));
        }
        Ok(totp)
    }

    /// The time step whose code this is, if it is one of those around `now`.
    pub fn step_of(&self, code: &str, now: i64) -> Option<i64> {
        let current = now.div_euclid(self.period);
        let mut found = None;
        // every step is looked at, so that the time does not tell which fits
        for step in current - WINDOW..=current + WINDOW {
            if same(&self.code(step), code) {
                found = Some(step);
            }
        }
        found
    }

    /// The code at a time (seconds since 1970).
    pub fn code_at(&self, now: i64) -> String {
        self.code(now.div_euclid(self.period))
    }

    fn code(&self, step: i64) -> String {
        let message = step.to_be_bytes();
        let digest = match self.algorithm {
            Algorithm::Sha1 => Hmac::<Sha1>::new_from_slice(&self.secret)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
            Algorithm::Sha256 => Hmac::<Sha256>::new_from_slice(&self.secret)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
            Algorithm::Sha512 => Hmac::<Sha512>::new_from_slice(&self.secret)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
        };
        // HMAC takes keys of every length
        let digest = digest.unwrap_or_default();
        let at = digest.last().map_or(0, |last| usize::from(last & 0xf));
        let Some(&[a, b, c, d]) = digest.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
            return String::new();
        };
        let number = u32::from_be_bytes([a & 0x7f, b, c, d]) % 10_u32.pow(self.digits);
        format!("{number:0width$}", width = self.digits as usize)
    }
}

/// A new random secret in base32, for an authenticator app.
///
/// # Errors
/// The kernel gives no random numbers.
pub fn new_secret() -> Result<String, Problem> {
    Ok(to_base32(&random::<SECRET_LENGTH>()?))
}

fn to_base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for &byte in bytes {
        buffer = (buffer << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
    }
    out
}

/// Bytes of a text in base32: letters of either case, spaces and padding are passed over.
fn base32(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'=' | b'-')) {
        let value = ALPHABET.iter().position(|letter| *letter == byte.to_ascii_uppercase())?;
        buffer = (buffer << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]
    use super::*;
    use proptest::prelude::*;

    fn totp(secret: &[u8], algorithm: &str) -> Totp {
        let secret = to_base32(secret);
        Totp::parse(&format!("otpauth://totp/x?secret={secret}&algorithm={algorithm}&digits=8&period=30"))
            .unwrap()
    }

    /// RFC 6238, appendix B
    #[test]
    fn codes_are_those_of_the_standard() {
        let sha1 = totp(b"12345678901234567890", "SHA1");
        let sha256 = totp(b"12345678901234567890123456789012", "SHA256");
        let sha512 = totp(b"1234567890123456789012345678901234567890123456789012345678901234", "SHA512");
        for (time, one, two, three) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            assert_eq!(
                (sha1.code_at(time), sha256.code_at(time), sha512.code_at(time)),
                (one.into(), two.into(), three.into())
            );
        }
    }

    #[test]
    fn a_code_holds_for_a_step_before_and_after_its_own() {
        let totp = totp(b"12345678901234567890", "SHA1");
        let code = totp.code_at(600);
        assert_eq!(
            [540, 570, 600, 630, 659, 660].map(|now| totp.step_of(&code, now)),
            [None, Some(20), Some(20), Some(20), Some(20), None]
        );
        assert_eq!(totp.step_of("", 600), None);
    }

    #[test]
    fn addresses_that_are_none_are_refused_without_telling_the_secret() {
        for uri in [
            "",
            "otpauth://hotp/x?secret=AAAAAAAAAAAAAAAAAAAA",
            "otpauth://totp/x",
            "otpauth://totp/x?secret=GEZDGNBVGY1",
            "otpauth://totp/x?secret=GEZDGNBV",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=5",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=0",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5",
        ] {
            let refused = Totp::parse(uri).err().unwrap();
            assert!(!format!("{refused:?}").contains("GEZDGNBV"), "{refused:?}");
        }
        assert!(Totp::parse("otpauth://totp/a%40b?issuer=x&secret=gezd gnbv-gy3tqojq====").is_ok());
    }

    proptest! {
        #[test]
        fn base32_comes_back_as_it_went(bytes in prop::collection::vec(any::<u8>(), 0..40), text in any::<String>()) {
            prop_assert_eq!(base32(&to_base32(&bytes)), Some(bytes));
            let _ = base32(&text);
            let _ = Totp::parse(&format!("otpauth://totp/{text}"));
        }
    }
}
