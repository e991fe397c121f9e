//! Laws of the parsers: nothing that is printed makes them panic, and versions are ordered as dpkg orders them.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

use std::cmp::Ordering;

use innkeeper_host::{Command, Host, RealHost};
use innkeeper_updates::format::{control, dpkg_status, madison, maps, policy, simulation, version};
use proptest::prelude::*;

proptest! {
    #[test]
    fn nothing_that_is_printed_makes_a_parser_panic(text in "(Inst|Remv|Status:|Package:|release|Description|[ \\[\\]():=|,.a-z0-9/~+\n-]){0,60}") {
        let _ = (simulation::parse(&text), dpkg_status::parse(&text), policy::parse(&text));
        let _ = (madison::parse(&text).count(), maps::deleted(&text).len(), maps::unit(&text).is_some());
        for stanza in control::stanzas(&text) {
            let _ = stanza.description();
        }
    }

    #[test]
    fn versions_are_totally_ordered(a in "[0-9a-c.~+:-]{0,8}", b in "[0-9a-c.~+:-]{0,8}", c in "[0-9a-c.~+:-]{0,8}") {
        prop_assert_eq!(version::compare(&a, &b), version::compare(&b, &a).reverse());
        prop_assert_eq!(version::compare(&a, &a), Ordering::Equal);
        if version::compare(&a, &b).is_le() && version::compare(&b, &c).is_le() {
            prop_assert!(version::compare(&a, &c).is_le(), "{} {} {}", a, b, c);
        }
    }
}

#[test]
fn machine_versions_are_ordered_as_dpkg_itself_orders_them() {
    let host = RealHost::new();
    let parts = [
        "0",
        "1",
        "1.0",
        "1.0~rc1",
        "1.0~",
        "1.0a",
        "1.0+b1",
        "1.10",
        "01.2",
        "1.0-1",
        "1.0-1.1",
        "1:0",
        "1.0-1~bpo12+1",
    ];
    for one in parts {
        for other in parts {
            for (word, expected) in
                [("lt", Ordering::Less), ("eq", Ordering::Equal), ("gt", Ordering::Greater)]
            {
                let command = Command::new("/usr/bin/dpkg").args(["--compare-versions", one, word, other]);
                let says = host.run(&command.accept(&[1])).unwrap().code == 0;
                assert_eq!(says, version::compare(one, other) == expected, "{one} {word} {other}");
            }
        }
    }
}
