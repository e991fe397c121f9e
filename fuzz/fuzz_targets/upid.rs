//! Task ids come from URLs: one that reads prints as it was, and its log stays in its directory.
#![no_main]

use innkeeper_engine::Upid;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(upid) = text.parse::<Upid>() else { return };
    assert_eq!(upid.to_string(), text);
    let log = upid.log_path();
    assert!(log.starts_with("/var/log/pve/tasks"));
    assert!(!log.as_str().contains("/../") && log.file_name() == Some(text));
});
