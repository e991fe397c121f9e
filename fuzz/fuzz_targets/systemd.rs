//! What systemctl and journalctl print, and the times that callers name.
#![no_main]

use innkeeper_services::{entry, names, show, times};
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert!(show::parse(text).len() <= text.lines().count());
    for line in text.lines() {
        if let Some(entry) = entry::parse(line) {
            assert!(!entry::lines(&entry, &TimeZone::UTC).is_empty());
        }
        assert_eq!(times::seconds(line, &TimeZone::UTC).is_some(), times::is_moment(line));
        if names::is_unit_name(line) {
            assert!(names::units_of(line).iter().all(|unit| !unit.starts_with('-') && !unit.contains(['/', '*'])));
        }
    }
});
