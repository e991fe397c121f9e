//! Task ids come from URLs: one that reads has one way to be written, and its log stays in its directory.
#![no_main]

use innkeeper_engine::Upid;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(upid) = text.parse::<Upid>() else { return };
    let written = upid.to_string();
    assert_eq!(written.parse::<Upid>().as_ref(), Ok(&upid));
    let log = upid.log_path();
    assert!(log.starts_with("/var/log/pve/tasks") && !log.as_str().contains("/../"));
    assert_eq!(log.file_name(), Some(written.as_str()));
});
