//! EFI variables: which partition this host was started from.
//!
//! Layouts by the UEFI specification, 3.1.3 (load options) and 10.3.5.1 (the device path of a hard disk's partition). In
//! efivarfs four bytes of attributes stand before the value.

/// The vendor under which the specification's own variables lie.
pub const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const ATTRIBUTES: usize = 4;
const MEDIA: u8 = 4;
const HARD_DRIVE: u8 = 1;
const END: u8 = 0x7f;
/// The partition is named by its GUID.
const BY_GUID: u8 = 2;

/// The number that `BootCurrent` holds: that of the boot entry in use.
pub fn boot_current(variable: &[u8]) -> Option<u16> {
    match variable.get(ATTRIBUTES..)? {
        [low, high] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}

/// The name of a boot entry's variable.
pub fn boot_entry(number: u16) -> String {
    format!("Boot{number:04X}-{GLOBAL}")
}

/// The GUID of the partition that a boot entry names, as `/dev/disk/by-partuuid` writes it. Entries for the network, or for
/// a whole disk, name none.
pub fn partition(variable: &[u8]) -> Option<String> {
    let option = variable.get(ATTRIBUTES..)?;
    let paths = usize::from(u16::from_le_bytes([*option.get(4)?, *option.get(5)?]));
    let description = option.get(6..)?.chunks_exact(2).position(|unit| unit == [0, 0])?;
    let start = 6 + 2 * (description + 1);
    let mut path = option.get(start..start.checked_add(paths)?)?;
    loop {
        let [kind, part, low, high] = *path.first_chunk::<4>()?;
        let length = usize::from(u16::from_le_bytes([low, high]));
        if kind == END || length < 4 {
            return None;
        }
        let node = path.get(..length)?;
        if (kind, part) == (MEDIA, HARD_DRIVE) {
            return guid_of(node);
        }
        path = &path[length..];
    }
}

/// Number, start and size of the partition stand before its signature; the kind of the signature stands behind it.
fn guid_of(node: &[u8]) -> Option<String> {
    let signature: [u8; 16] = node.get(24..40)?.try_into().ok()?;
    (*node.get(41)? == BY_GUID).then(|| guid(signature))
}

/// The first three numbers of a GUID are stored backwards.
fn guid(b: [u8; 16]) -> String {
    let [a0, a1, a2, a3, b0, b1, c0, c1, rest @ ..] = b;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let tail = (hex(&rest[..2]), hex(&rest[2..]));
    format!("{}-{}-{}-{}-{}", hex(&[a3, a2, a1, a0]), hex(&[b1, b0]), hex(&[c1, c0]), tail.0, tail.1)
}
