//! What is risky about a configuration at rest.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use innkeeper_change::Severity;
use innkeeper_network::interfaces::risks::all;
use innkeeper_network::interfaces::state::{Device, State};

/// The risks with this id: of whom they are, and what is said.
fn risks(state: &State, text: &str, id: &str) -> Vec<(Vec<String>, String)> {
    let found = all(state, &state.config_of(text));
    let own = found.into_iter().filter(|risk| risk.id == id && risk.severity == Severity::Warning);
    own.map(|risk| (risk.about, risk.message)).collect()
}

/// NET-21: a name that says one type while the options make another
#[test]
fn a_name_that_says_another_type_than_the_options_is_warned_of() {
    let of = |text: &str| risks(&State::default(), text, "network.name-of-another-type");
    for (text, name, types) in [
        (
            "iface vmbr0\n\tbond-slaves eno1\n",
            "vmbr0",
            "'bridge', and its options make it one of the type 'bond'",
        ),
        (
            "iface eno1\n\tbridge-ports eno2\n",
            "eno1",
            "'eth', and its options make it one of the type 'bridge'",
        ),
        (
            "iface bond0\n\tvlan-raw-device eno1\n\tvlan-id 5\n",
            "bond0",
            "'bond', and its options make it one of the type 'vlan'",
        ),
    ] {
        let found = of(text);
        assert_eq!((found.len(), found[0].0.as_slice()), (1, &[name.to_owned()][..]), "{text}");
        assert!(found[0].1.contains(types), "{found:?}");
    }
    for text in [
        "iface vmbr0\n\tbridge-ports eno1\n",
        "iface vmbr0\n\tovs_type OVSBridge\n",
        "iface eno1\n\tovs_type OVSPort\n",
        "iface eno1.5\niface bond0\niface eno1:1\niface lo\n",
        "iface lan\n\tbridge-ports eno1\n",
        "iface vlan5\n\tvlan-raw-device eno1\n",
    ] {
        assert_eq!(of(text), [], "{text}");
    }
}

/// Cards of different speeds in one bond.
#[test]
fn a_bond_of_cards_that_are_not_equally_fast_is_warned_of() {
    let card = |speed| Device { physical: true, up: true, speed };
    let state = State {
        devices: [("eno1", Some(1000)), ("eno2", Some(10_000)), ("eno3", Some(1000)), ("eno4", None)]
            .into_iter()
            .map(|(name, speed)| (name.to_owned(), card(speed)))
            .collect(),
        ..State::default()
    };
    let of = |text: &str| risks(&state, text, "network.bond-of-mixed-speeds");
    let found = of("iface bond0\n\tbond-slaves eno1 eno2\n");
    assert!(found[0].1.contains("(eno1 1000 Mbit/s, eno2 10000 Mbit/s)"), "{found:?}");
    assert_eq!(of("iface bond0\n\tbond-slaves eno1 eno3 eno4 eno5\n"), [], "what has no wire has no speed");
}
