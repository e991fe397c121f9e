//! The digest that callers send back to say which version of a file they saw.

use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

/// SHA-1 of the raw bytes, in hex, as the original computes it. A file that does not exist has the digest of
/// no bytes. It guards against lost updates between honest callers, not against forgery.
pub fn sha1_hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(40);
    for byte in Sha1::digest(bytes) {
        // writing into a String cannot fail
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
