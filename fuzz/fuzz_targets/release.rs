//! Release files, and the names of cached files: a name never leads out of its directory.
#![no_main]

use innkeeper_apt::format::release::{cache_names, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = parse(text);
    let (uri, suite) = text.split_once('\n').unwrap_or((text, "./"));
    for name in cache_names(uri, suite) {
        assert!(!name.contains('/') && name.ends_with("Release"));
    }
});
