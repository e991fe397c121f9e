//! ASCII armor (RFC 9580, section 6): base64 between a `BEGIN` and an `END` line.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::OpenPgpError;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The binary data of every armored block in `text`, one after the other.
///
/// The checksum line is not needed: RFC 9580 asks readers to accept blocks without one, and what is damaged does not
/// read as packets.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, OpenPgpError> {
    let mut lines = text.lines().map(str::trim);
    let mut data = Vec::new();
    let mut found = false;
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("-----BEGIN PGP ").and_then(|rest| rest.strip_suffix("-----"))
        else {
            continue;
        };
        if kind.starts_with("PRIVATE KEY") {
            return Err(OpenPgpError::SecretKey);
        }
        found = true;
        data.extend(decode_block(&mut lines)?);
    }
    if found { Ok(data) } else { Err(OpenPgpError::NotOpenPgp) }
}

fn decode_block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<u8>, OpenPgpError> {
    let mut encoded = String::new();
    let mut headers = true;
    for line in lines {
        if line.starts_with("-----END PGP ") {
            return LENIENT.decode(encoded).map_err(|_| OpenPgpError::Armor);
        }
        match (headers, line) {
            // header lines ("Comment: …") end at an empty line, which some tools leave out
            (true, "") => headers = false,
            (true, line) if line.contains(": ") => {}
            (_, line) if line.starts_with('=') => headers = false,
            (_, line) => {
                headers = false;
                encoded.push_str(line);
            }
        }
    }
    Err(OpenPgpError::Truncated)
}
