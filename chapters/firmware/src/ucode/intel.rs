//! `/lib/firmware/intel-ucode/FF-MM-SS`: one update after another, each behind a header of 48 bytes.
//!
//! The layout is that of Intel's "Software Developer's Manual", volume 3, "Microcode Update Resources". One update may serve
//! several CPUs: a table behind its data names the others.

use super::{MOST, Read, Update, words};

const HEADER: u64 = 48;
/// What a header without sizes means.
const DEFAULT_DATA: u32 = 2000;
const DEFAULT_TOTAL: u32 = 2048;
const TABLE_HEADER: u64 = 20;
const TABLE_ENTRY: usize = 12;
/// No update serves more CPUs.
const TABLE_MOST: u32 = 1024;

/// The names under which a CPU's updates lie. The second is Debian's, for those that may only be loaded at boot.
pub fn file_names(family: u32, model: u32, stepping: u32) -> [String; 2] {
    let name = format!("{family:02x}-{model:02x}-{stepping:02x}");
    [name.clone(), name + ".initramfs"]
}

/// The newest update in a file for the CPU with this signature. `platform` is the mask of its platform id; without one
/// every platform's updates count.
///
/// # Errors
/// Why the file is no container; what stands before the damage is forgotten, as the kernel would do.
pub fn newest(read: Read<'_>, signature: u32, platform: Option<u32>) -> Result<Option<Update>, String> {
    let mut best: Option<Update> = None;
    let mut at = 0;
    for _ in 0..MOST {
        let bytes = read(at, 48)?;
        if bytes.is_empty() {
            return Ok(best);
        }
        let header = Header::parse(&bytes).map_err(|why| format!("at byte {at}: {why}"))?;
        let end = at + u64::from(header.total);
        if read(end - 1, 1)?.is_empty() {
            return Err(format!("at byte {at}: the update is cut off"));
        }
        let fits =
            |sig: u32, mask: u32| sig == signature && platform.is_none_or(|id| mask == 0 || mask & id != 0);
        let serves = fits(header.signature, header.platforms) || header.table_serves(read, at, &fits)?;
        if serves && best.is_none_or(|best| header.update.revision > best.revision) {
            best = Some(header.update);
        }
        at = end;
    }
    Err("more updates than any file has".to_owned())
}

struct Header {
    update: Update,
    signature: u32,
    platforms: u32,
    data: u32,
    total: u32,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let [version, revision, date, signature, _sum, loader, platforms, data, total] =
            words(bytes).ok_or("the header is cut off")?;
        if version != 1 || loader != 1 {
            return Err("not an update of a version that is known");
        }
        let (data, total) = if data == 0 { (DEFAULT_DATA, DEFAULT_TOTAL) } else { (data, total) };
        // the smallest header and its data must fit; all sizes are whole words
        let needed = u64::from(data) + HEADER;
        if data % 4 != 0 || total % 4 != 0 || u64::from(total) < needed {
            return Err("the sizes in the header contradict each other");
        }
        Ok(Self { update: Update { revision, date }, signature, platforms, data, total })
    }

    /// Whether the table of further signatures, if there is one, names a CPU that `fits`.
    fn table_serves(&self, read: Read<'_>, at: u64, fits: &dyn Fn(u32, u32) -> bool) -> Result<bool, String> {
        let start = u64::from(self.data) + HEADER;
        let room = u64::from(self.total) - start;
        if room < TABLE_HEADER + 12 {
            return Ok(false);
        }
        let Some([count]) = words(&read(at + start, 4)?) else { return Ok(false) };
        let count = count.min(TABLE_MOST);
        if TABLE_HEADER + u64::from(count) * 12 > room {
            return Err(format!("at byte {at}: the table of signatures is longer than the update"));
        }
        let length = usize::try_from(count).unwrap_or_default() * TABLE_ENTRY;
        let table = read(at + start + TABLE_HEADER, length)?;
        let mut entries = table.chunks_exact(TABLE_ENTRY).filter_map(words::<3>);
        Ok(entries.any(|[signature, platforms, _sum]| fits(signature, platforms)))
    }
}
