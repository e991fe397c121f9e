//! What the kernel said about microcode when it started.
//!
//! The words changed over time. Up to 6.1 (Debian 12) the first is written on Intel and the last on AMD; 6.2 to 6.6 say where
//! an Intel CPU came from; 6.7 and later (Debian 13) have one wording for both:
//!
//! ```text
//! microcode: microcode updated early to revision 0xf0, date = 2021-11-12
//! microcode: updated early: 0x96 -> 0xf4, date = 2023-02-23
//! microcode: Current revision: 0x0a60120a
//! microcode: Updated early from: 0x0a601206
//! microcode: microcode updated early to new patch_level=0x0830107a
//! ```

use crate::cpu::hex;

/// What a kernel log tells of microcode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The log has lines about microcode at all: without any, nothing is known.
    pub anything: bool,
    /// The microcode was updated before the kernel started.
    pub early: bool,
    /// The revision before that: what the CPU had from the BIOS.
    pub from: Option<u32>,
    /// The revision after that.
    pub to: Option<u32>,
    /// When the microcode was made: `2021-11-12`.
    pub date: Option<String>,
    /// Version of the driver.
    pub driver: Option<String>,
}

/// Reads the lines of a kernel log; those about other things are passed over.
pub fn parse(log: &str) -> Said {
    let mut said = Said::default();
    for line in log.lines() {
        let Some(words) = about_microcode(line) else { continue };
        said.anything = true;
        said.take(words);
    }
    said
}

/// What stands behind `microcode: `, whatever stands before it: a time, a host.
fn about_microcode(line: &str) -> Option<&str> {
    match line.split_once("microcode: ") {
        Some((_, words)) => Some(words),
        // up to 4.x the processor stood in the place of the prefix
        None => line.contains("microcode updated early").then_some(line),
    }
}

impl Said {
    fn take(&mut self, words: &str) {
        if let Some((_, to)) = words.split_once("updated early to ") {
            self.early = true;
            let value = to.strip_prefix("revision ").or_else(|| to.strip_prefix("new patch_level="));
            self.to = value.and_then(number).or(self.to);
            self.date = date(to).or(self.date.take());
        } else if let Some(change) = words.strip_prefix("updated early: ") {
            self.early = true;
            let (from, to) = change.split_once(" -> ").unwrap_or((change, ""));
            self.from = number(from).or(self.from);
            self.to = number(to).or(self.to);
            self.date = date(to).or(self.date.take());
        } else if let Some(from) = words.strip_prefix("Updated early from: ") {
            self.early = true;
            self.from = number(from).or(self.from);
        } else if let Some(current) = words.strip_prefix("Current revision: ") {
            self.to = number(current).or(self.to);
        } else if let Some(version) = words.strip_prefix("Microcode Update Driver: v") {
            let version: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            self.driver =
                Some(version.trim_end_matches('.').to_owned()).filter(|version| !version.is_empty());
        }
    }
}

/// The number that a text begins with: `0xf0, date = …`.
fn number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    hex(&text[..end])
}

/// `…, date = 2021-11-12`.
fn date(text: &str) -> Option<String> {
    let (_, date) = text.split_once("date = ")?;
    let date = date.get(..10)?;
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    (shape == "0000-00-00").then(|| date.to_owned())
}
