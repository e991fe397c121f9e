//! Microcode containers: which revision a package carries for a CPU.
//!
//! Only headers are read, through a function that gives bytes of the file: a container has up to some megabytes, of which
//! a few hundred bytes matter here. Whether the microcode in it is sound is for the kernel and the CPU to say.

pub mod amd;
pub mod intel;

/// Microcode for one kind of CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    /// Its revision.
    pub revision: u32,
    /// When it was made, as its header writes it: 0xMMDDYYYY.
    pub date: u32,
}

impl Update {
    /// The date as people write it, if it is one: `2025-05-29`.
    pub fn day(self) -> Option<String> {
        let (month, day, year) = (self.date >> 24, self.date >> 16 & 0xff, self.date & 0xffff);
        let is_decimal = |mut number: u32| {
            while number > 0 {
                if number & 0xf > 9 {
                    return false;
                }
                number >>= 4;
            }
            true
        };
        let plausible = (1..=0x12).contains(&month) && (1..=0x31).contains(&day) && year >= 0x1990;
        (plausible && is_decimal(self.date)).then(|| format!("{year:04x}-{month:02x}-{day:02x}"))
    }
}

/// Gives up to `length` bytes of a file from `offset` on; fewer at its end.
pub type Read<'r> = &'r dyn Fn(u64, usize) -> Result<Vec<u8>, String>;

/// As [`Read`], over bytes in memory.
pub fn slice(bytes: &[u8]) -> impl Fn(u64, usize) -> Result<Vec<u8>, String> + '_ {
    move |offset, length| {
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        Ok(rest[..rest.len().min(length)].to_vec())
    }
}

/// Little-endian words of 32 bits.
fn words<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let mut words = [0; N];
    for (word, four) in words.iter_mut().zip(bytes.get(..4 * N)?.chunks_exact(4)) {
        *word = u32::from_le_bytes(four.try_into().ok()?);
    }
    Some(words)
}

/// A file may have so many headers: Debian's largest has some dozens.
const MOST: usize = 4096;
