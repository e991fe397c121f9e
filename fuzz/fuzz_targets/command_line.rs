//! The kernel's command line where boot loaders keep it: what is set is read again, and what is taken away is gone.
#![no_main]

use innkeeper_config::command_line::{CommandLineFile, GrubDefaults, set, value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(grub) = GrubDefaults::parse(text) {
        if let Ok(again) = GrubDefaults::parse(&grub.set("net.naming-scheme", Some("v252"))) {
            assert_eq!(again.value("net.naming-scheme"), Some("v252"));
        }
        if let Ok(again) = GrubDefaults::parse(&grub.set("net.naming-scheme", None)) {
            assert_eq!(again.value("net.naming-scheme"), None);
        }
    }
    if let Ok(file) = CommandLineFile::parse(text) {
        let after = file.set("net.naming-scheme", None);
        assert_eq!(CommandLineFile::parse(&after).map(|file| file.value("net.naming-scheme")), Ok(None));
    }
    let line = text.lines().next().unwrap_or_default();
    // a quote that never ends takes everything behind it along
    if line.matches('"').count() % 2 == 0 {
        assert_eq!(value(&set(line, "a", Some("1")), "a"), Some("1"));
        assert_eq!(value(&set(line, "a", None), "a"), None);
    }
});
