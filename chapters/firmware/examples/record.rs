//! Records what reading the microcode of a tree asks, for `tests/cassettes`: headers only, for these CPUs.
//!
//! ```text
//! cargo run -p innkeeper-firmware --example record -- DIRECTORY "what it is" > tests/cassettes/NAME.json
//! ```
#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::sync::Arc;

use innkeeper_firmware::cpu::Cpu;
use innkeeper_firmware::inspect::carried;
use innkeeper_host::{RealHost, Recorder};

/// Maker, family, model, stepping.
const CPUS: [(&str, u32, u32, u32); 12] = [
    ("GenuineIntel", 6, 0x8e, 10),
    ("GenuineIntel", 6, 0x8f, 8),
    ("GenuineIntel", 6, 0x8f, 6),
    ("GenuineIntel", 6, 0x55, 4),
    ("GenuineIntel", 15, 4, 10),
    ("GenuineIntel", 6, 0x99, 9),
    ("AuthenticAMD", 25, 1, 1),
    ("AuthenticAMD", 23, 0x71, 0),
    ("AuthenticAMD", 21, 2, 0),
    ("AuthenticAMD", 16, 2, 10),
    ("AuthenticAMD", 25, 1, 9),
    ("AuthenticAMD", 26, 2, 1),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (directory, about) = (args.next().unwrap_or_else(|| "/".to_owned()), args.next().unwrap_or_default());
    let recorder = Recorder::new(Arc::new(RealHost::rooted(directory)?)).about(about);
    for (vendor, family, model, stepping) in CPUS {
        let cpu = Cpu { vendor: vendor.to_owned(), family, model, stepping, ..Cpu::default() };
        let _ = carried(&recorder, Some(&cpu));
    }
    print!("{}", recorder.save());
    Ok(())
}
