//! Keys, message authentication codes, random secrets.

use hmac::{Hmac, KeyInit as _, Mac as _};
use innkeeper_change::Problem;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Bytes of a key: as many as the hash has.
pub(crate) const KEY_LENGTH: usize = 32;

/// The code of `parts` under `key`. Parts are separated so that no two lists give the same input.
pub(crate) fn mac_bytes(key: &[u8], parts: &[&str]) -> [u8; 32] {
    // HMAC takes keys of every length
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        hmac.update(part.as_bytes());
        hmac.update(&[0]);
    }
    hmac.finalize().into_bytes().into()
}

/// Whether two codes are equal, in a time that does not tell where they differ.
pub(crate) fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    !a.is_empty() && bool::from(a.ct_eq(b))
}

/// Whether two texts are equal, in a time that does not tell where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

/// Random bytes from the kernel.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Problem::failed(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

/// A random UUID, version 4.
///
/// # Errors
/// The kernel gives no random numbers.
pub fn uuid() -> Result<String, Problem> {
    let mut bytes = random::<16>()?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-"))
}
