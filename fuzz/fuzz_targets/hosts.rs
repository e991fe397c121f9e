//! /etc/hosts: an entry that is changed says what was asked for; every other line stays; what is added can be removed.
#![no_main]

use innkeeper_network::hosts::format::{HostsFile, Wanted, check_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = HostsFile::parse(text);
    assert_eq!(file.text(), text);
    let wanted = Wanted {
        address: "192.0.2.1".to_owned(),
        names: vec!["a.example.org".to_owned(), "a".to_owned()],
        comment: Some("why".to_owned()),
    };
    for entry in file.entries().iter().take(8) {
        let changed = file.changed(entry, &wanted);
        let after = HostsFile::parse(&changed);
        let new = after.entry(entry.line).expect("it stays on its line");
        assert_eq!((&new.names, new.comment.as_deref()), (&wanted.names, Some("why")));
        let others = |text: &str| -> Vec<String> {
            let lines = text.split('\n').enumerate().filter(|(at, _)| at + 1 != entry.line);
            lines.map(|(_, line)| line.to_owned()).collect()
        };
        assert_eq!(others(&changed), others(text));
        assert_eq!(HostsFile::parse(&file.removed(entry)).entries().len() + 1, file.entries().len());
    }
    let added = HostsFile::parse(&file.added(&wanted));
    assert_eq!(added.entries().len(), file.entries().len() + 1);
    text.lines().for_each(|line| drop(check_line(line)));
});
