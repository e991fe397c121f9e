//! What apt-get, apt-cache, dpkg and the kernel say about packages and processes.
#![no_main]

use innkeeper_apt::format::refresh_log;
use innkeeper_config::SectionFile;
use innkeeper_updates::format::{control, dpkg_status, madison, maps, policy, simulation, version};
use innkeeper_updates::webhook::Webhook;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines = text.lines().count();
    let found = simulation::parse(text);
    assert!(found.installs.len() + found.removals.len() <= lines);
    assert!(madison::parse(text).count() <= lines);
    assert!(policy::parse(text).len() <= lines);
    assert!(maps::deleted(text).iter().all(|path| path.starts_with('/')));
    let _ = (maps::unit(text), innkeeper_host::holder(text, 1), refresh_log::failures(text));
    for stanza in control::stanzas(text) {
        let _ = stanza.description();
    }
    for package in dpkg_status::parse(text) {
        assert!(package.conffiles.iter().all(|(path, sum)| path.starts_with('/') && sum.len() == 32));
    }
    let (one, other) = text.split_once('\n').unwrap_or((text, ""));
    assert_eq!(version::compare(one, other), version::compare(other, one).reverse());
    for section in SectionFile::parse(text).sections() {
        if let Ok(webhook) = Webhook::of(section) {
            assert!(!webhook.server.is_empty());
        }
    }
    let changed = refresh_log::changed_fields(text);
    assert!(changed.iter().all(|field| refresh_log::CHANGED_FIELDS.contains(field)));
    if version::is_package(one) {
        assert!(!one.starts_with('-') && !one.contains(['/', ' ', '=']));
    }
});
