//! Debian's own reader, ifquery of ifupdown2, accepts every file that is written here, and reads the same in it.
//!
//! It is looked for in `INNKEEPER_IFQUERY` and in `PATH`. Where it is not installed these tests say so and prove nothing.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests run programs, and say when they cannot"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use innkeeper_change::Content;
use innkeeper_network::interfaces::config::Family;
use innkeeper_network::interfaces::field::Field;
use innkeeper_network::interfaces::kind::Kind;
use innkeeper_network::interfaces::plan::{Request, plan};
use innkeeper_network::interfaces::settings::Settings;
use innkeeper_network::interfaces::state::{Device, State};
use serde_json::{Value, json};

/// What ifquery reads in a file: interface, option, values. `None` when it is not installed.
fn ifquery(file: &Path) -> Option<Vec<Value>> {
    let program = std::env::var("INNKEEPER_IFQUERY").unwrap_or("/usr/sbin/ifquery".to_owned());
    let output = Command::new(&program).args(["-a", "-o", "json", "-i"]).arg(file).output().ok()?;
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    if !Path::new("/usr/share/ifupdown2").exists() && std::env::var_os("INNKEEPER_IFQUERY").is_none() {
        return None;
    }
    assert!(output.status.success(), "{}: {complaints}", file.display());
    let complaints: Vec<&str> = complaints.lines().filter(|line| !line.contains("python-mako")).collect();
    assert!(complaints.is_empty(), "{}: {}", file.display(), complaints.join("\n"));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn state(text: &str) -> State {
    let mut state = State { live: Some(Content::new(text)), ifupdown2: true, ..State::default() };
    let cards = ["eno1", "eno2", "eno3", "eno4", "eno5"].map(str::to_owned);
    state.devices =
        cards.map(|name| (name, Device { physical: true, up: true, speed: None })).into_iter().collect();
    state
}

fn stage(text: &str, request: &Request) -> String {
    let state = state(text);
    let planned = plan(&state, request, None).unwrap_or_else(|problem| panic!("{request:?}: {problem:?}"));
    let after = planned.files().next().unwrap().after.clone().unwrap();
    after.as_text().unwrap().to_owned()
}

fn create(name: &str, kind: Kind, params: Value) -> Request {
    let settings = Settings::of(params.as_object().unwrap()).unwrap();
    Request::Create { name: name.to_owned(), kind, settings }
}

/// NET-02, NET-03: the same meaning for both readers.
#[test]
fn what_is_written_is_read_by_ifupdown2_with_the_same_meaning() {
    let mut text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/seed-bridge")).unwrap();
    let requests = [
        create(
            "bond0",
            Kind::Bond,
            json!({ "slaves": "eno2 eno3", "bond_mode": "802.3ad", "bond_xmit_hash_policy": "layer3+4", "autostart": true }),
        ),
        create("bond0.50", Kind::Vlan, json!({ "cidr": "192.0.2.5/24", "autostart": true })),
        create(
            "vlan60",
            Kind::Vlan,
            json!({ "vlan-raw-device": "bond0", "cidr6": "fd00:60::1/64", "autostart": true }),
        ),
        create(
            "vmbr1",
            Kind::Bridge,
            json!({ "bridge_ports": "bond0", "bridge_vlan_aware": true, "autostart": true, "comments": "for guests" }),
        ),
        create(
            "vmbr2",
            Kind::Bridge,
            json!({ "cidr": "198.51.100.1/24", "cidr6": "fd00:2::1/64", "mtu": 1400, "autostart": true }),
        ),
        create(
            "bond1",
            Kind::Bond,
            json!({ "slaves": "eno4 eno5", "bond_mode": "active-backup", "bond-primary": "eno4", "autostart": true }),
        ),
        Request::Delete { name: "vlan60".to_owned() },
    ];
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("interfaces");
    for request in &requests {
        text = stage(&text, request);
        fs::write(&file, &text).unwrap();
        let Some(read) = ifquery(&file) else {
            eprintln!("SKIPPED: ifquery of ifupdown2 is not installed; set INNKEEPER_IFQUERY");
            return;
        };
        same(&text, &read);
    }
}

/// Compares both readings option by option.
fn same(text: &str, read: &[Value]) {
    let state = state(text);
    let config = state.config_of(text);
    let mut theirs: BTreeMap<&str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for one in read {
        let options = theirs.entry(one["name"].as_str().unwrap()).or_default();
        for (key, value) in one["config"].as_object().into_iter().flatten() {
            let values = match value {
                Value::Array(all) => all.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
                one => vec![one.as_str().unwrap().to_owned()],
            };
            options.entry(key.clone()).or_default().extend::<Vec<String>>(values);
        }
    }
    let started: Vec<_> = config.interfaces().iter().filter(|interface| interface.autostart).collect();
    assert_eq!(started.len(), theirs.len(), "{theirs:?}");
    for interface in started {
        let options = &theirs[interface.name];
        let mut count = 0;
        for entry in &interface.entries {
            let line = config.line(*entry).unwrap();
            let key = line.key.replace('_', "-");
            assert!(
                options[&key].iter().any(|value| *value == line.value),
                "{}: {key} {options:?}",
                interface.name
            );
            count += 1;
        }
        assert_eq!(options.values().map(Vec::len).sum::<usize>(), count, "{}: {options:?}", interface.name);
        for family in [Family::V4, Family::V6] {
            if let Some(address) = config.value_of(interface, Field::Address, family) {
                assert!(options["address"].iter().any(|one| one == address), "{options:?}");
            }
        }
    }
}
