//! `/lib/firmware/amd-ucode/*.bin`: a table that translates CPU signatures into short numbers, then patches for those numbers.
//!
//! The layout is the one that the kernel documents in `arch/x86/kernel/cpu/microcode` and that AMD publishes its files in:
//! magic, table, sections; containers may follow one another in a file.

use super::{MOST, Read, Update, words};

/// "DMA\0" as a number.
const MAGIC: u32 = 0x0041_4d44;
const TABLE: u32 = 0;
const PATCH: u32 = 1;
const TABLE_ENTRY: usize = 16;
/// The largest table that Debian ships has 19 entries.
const TABLE_LIMIT: u32 = 64 * 1024;
/// What is read of a patch: up to and with the number of the CPUs that it is for.
const PATCH_HEADER: usize = 26;

/// The file that holds a family's patches.
pub fn file_name(family: u32) -> String {
    match family {
        ..=0x14 => "microcode_amd.bin".to_owned(),
        _ => format!("microcode_amd_fam{family:02x}h.bin"),
    }
}

/// The newest patch in a file for the CPU with this signature.
///
/// # Errors
/// Why the file is no container.
pub fn newest(read: Read<'_>, signature: u32) -> Result<Option<Update>, String> {
    let mut best: Option<Update> = None;
    let mut at = 0;
    let mut wanted = Vec::new();
    for sections in 0..MOST {
        let bytes = read(at, 12)?;
        if bytes.is_empty() && sections > 0 {
            return Ok(best);
        }
        if let Some([MAGIC, TABLE, size]) = words(&bytes) {
            if size > TABLE_LIMIT {
                return Err(format!("at byte {at}: the table of CPUs is too long"));
            }
            wanted = equivalents(&exactly(read, at + 12, size, at)?, signature);
            at += 12 + u64::from(size);
        } else if sections == 0 {
            return Err("not a container of microcode".to_owned());
        } else if let Some([PATCH, size]) = words(&bytes) {
            if let Some((equivalent, update)) = patch(&read(at + 8, PATCH_HEADER)?)
                && wanted.contains(&equivalent)
                && best.is_none_or(|best| update.revision > best.revision)
            {
                best = Some(update);
            }
            at += 8 + u64::from(size);
            if size == 0 || read(at - 1, 1)?.is_empty() {
                return Err(format!("before byte {at}: the patch is cut off"));
            }
        } else {
            return Err(format!("at byte {at}: neither a table nor a patch"));
        }
    }
    Err("more sections than any file has".to_owned())
}

fn exactly(read: Read<'_>, offset: u64, size: u32, at: u64) -> Result<Vec<u8>, String> {
    let size = usize::try_from(size).unwrap_or_default();
    let bytes = read(offset, size)?;
    if bytes.len() == size { Ok(bytes) } else { Err(format!("at byte {at}: the table of CPUs is cut off")) }
}

/// The short numbers that a signature has in a table.
fn equivalents(table: &[u8], signature: u32) -> Vec<u16> {
    let entries = table.chunks_exact(TABLE_ENTRY);
    entries
        .filter_map(|entry| {
            let [installed] = words(entry)?;
            let equivalent = u16::from_le_bytes([*entry.get(12)?, *entry.get(13)?]);
            (installed == signature && installed != 0).then_some(equivalent)
        })
        .collect()
}

/// Which CPUs a patch is for, and what it is.
fn patch(header: &[u8]) -> Option<(u16, Update)> {
    let [date, revision] = words(header)?;
    let equivalent = u16::from_le_bytes([*header.get(24)?, *header.get(25)?]);
    Some((equivalent, Update { revision, date }))
}
