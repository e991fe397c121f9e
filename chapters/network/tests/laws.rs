//! Laws of planning, over the files that people have: asked again there is nothing to do, and nothing but what was asked for
//! says anything else afterwards.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests read files themselves"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use innkeeper_change::{Content, Problem};
use innkeeper_network::interfaces::changes::unified;
use innkeeper_network::interfaces::kind::Kind;
use innkeeper_network::interfaces::plan::{Request, plan};
use innkeeper_network::interfaces::settings::Settings;
use innkeeper_network::interfaces::state::{Device, State};
use innkeeper_network::interfaces::view;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn files() -> Vec<(String, String)> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let mut all: Vec<_> = fs::read_dir(at)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none() && !path.ends_with("not-understood-template"))
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    all.sort();
    all
}

fn state(text: &str) -> State {
    let mut state = State { live: Some(Content::new(text)), ovs: true, ifupdown2: true, ..State::default() };
    let config = state.config_of(text);
    let cards = ["eno1", "eno2", "eno7", "eno8", "eth2", "eth3"].map(str::to_owned).into_iter();
    let configured =
        config.interfaces().iter().filter(|one| one.kind == Kind::Eth).map(|one| one.name.to_owned());
    let all: Vec<String> = configured.chain(cards).collect();
    state.devices =
        all.into_iter().map(|name| (name, Device { physical: true, up: true, speed: None })).collect();
    state
}

fn settings() -> impl Strategy<Value = Map<String, Value>> {
    let one = prop::sample::select(vec![
        ("cidr", json!("192.0.2.9/24")),
        ("cidr", json!("10.10.10.77/25")),
        ("cidr6", json!("fd00:7::7/64")),
        ("gateway", json!("192.0.2.1")),
        ("gateway6", json!("fe80::1")),
        ("method", json!("dhcp")),
        ("method", json!("manual")),
        ("method6", json!("auto")),
        ("mtu", json!(1400)),
        ("comments", json!("one\n two\n")),
        ("comments", json!("")),
        ("comments6", json!("six")),
        ("autostart", json!(true)),
        ("autostart", json!(false)),
        ("bridge_ports", json!("eno7 eno8")),
        ("bridge_ports", json!("")),
        ("bridge_vlan_aware", json!(true)),
        ("bridge_vlan_aware", json!(false)),
        ("bridge_vids", json!("2 5 7-9")),
        ("bridge_stp", json!("on")),
        ("bridge_fd", json!(15)),
        ("slaves", json!("eno8 eno7")),
        ("bond_mode", json!("balance-xor")),
        ("bond_mode", json!("active-backup")),
        ("bond_xmit_hash_policy", json!("layer3+4")),
        ("bond-primary", json!("eno7")),
        ("vlan-raw-device", json!("eno7")),
        ("vlan-id", json!(77)),
        ("ovs_tag", json!(77)),
        ("ovs_options", json!("vlan_mode=access")),
        ("delete", json!("cidr,gateway")),
        ("delete", json!("cidr6,gateway6,comments")),
        ("delete", json!("mtu,bridge_vids,autostart")),
        ("delete", json!("bridge_vlan_aware,bond_mode,ovs_tag")),
    ]);
    prop::collection::vec(one, 1..5)
        .prop_map(|all| all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn after(state: &State, plan: &innkeeper_change::Plan) -> String {
    match plan.files().next() {
        Some(change) => change.after.as_ref().or(state.live.as_ref()).unwrap().as_text().unwrap().to_owned(),
        None => state.text().unwrap().to_owned(),
    }
}

/// What the API says of every interface but one, without its place.
fn others(state: &State, text: &str, name: &str) -> BTreeMap<String, Value> {
    let mut shown: BTreeMap<_, _> = view::interfaces(state, &state.config_of(text))
        .filter(|one| one.iface != name)
        .map(|one| (one.iface.to_owned(), serde_json::to_value(&one).unwrap()))
        .collect();
    for one in shown.values_mut() {
        one.as_object_mut().unwrap().remove("priority");
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// NET-03. Law: a change is complete, and it is that of one interface.
    #[test]
    fn a_change_leaves_nothing_to_do_and_nothing_else_changed(
        file in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        params in settings(),
    ) {
        let all = files();
        let (file, text) = &all[file.index(all.len())];
        let state = state(text);
        let config = state.config_of(text);
        let interface = &config.interfaces()[which.index(config.interfaces().len())];
        prop_assume!(interface.kind != Kind::Loopback && !interface.kind.is_ovs());
        let settings = Settings::of(&params).unwrap();
        let request = Request::Update { name: interface.name.to_owned(), kind: interface.kind, settings };
        let planned = match plan(&state, &request, None) {
            Ok(planned) => planned,
            Err(Problem::Failed(message)) => {
                prop_assert!(!message.contains("nothing was done"), "{file} {}: {message}", interface.name);
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        let text_after = after(&state, &planned);
        prop_assert_eq!(others(&state, text, interface.name), others(&state, &text_after, interface.name));
        let next = State { staged: Some(Content::new(text_after.as_str())), ..state.clone() };
        match plan(&next, &request, None) {
            Ok(second) => prop_assert!(second.is_empty(), "{file} {}:\n{}", interface.name, innkeeper_change::render::text(&second)),
            // an interface whose type was told by what was taken away
            Err(problem) => prop_assert!(matches!(problem, Problem::Parameters(_)), "{file} {}: {problem}", interface.name),
        }
    }

    /// NET-03. Law: what is taken away again leaves the file as it was, blank lines at its end aside.
    #[test]
    fn an_interface_that_comes_and_goes_leaves_no_trace(
        file in any::<prop::sample::Index>(),
        params in settings(),
        kind in prop::sample::select(vec![Kind::Bridge, Kind::Vlan]),
    ) {
        let all = files();
        let (file, text) = &all[file.index(all.len())];
        let state = state(text);
        let settings = Settings::of(&params).unwrap();
        let name = if kind == Kind::Bridge { "vmbr77" } else { "eno7.77" };
        let create = Request::Create { name: name.to_owned(), kind, settings };
        let Ok(planned) = plan(&state, &create, None) else { return Ok(()) };
        let made = after(&state, &planned);
        prop_assert_eq!(others(&state, text, name), others(&state, &made, name));
        let next = State { staged: Some(Content::new(made.as_str())), ..state.clone() };
        let gone = plan(&next, &Request::Delete { name: name.to_owned() }, None).unwrap();
        let left = after(&next, &gone);
        prop_assert!(unified(text, &left, "", "").is_empty() || text.trim_end() == left.trim_end(), "{file}:\n{}", unified(text, &left, "a", "b"));
    }
}

/// Lines that make sense, in an order that makes none, and lines that make none at all.
fn hostile() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        6 => prop::sample::select(vec![
            "auto a", "auto a b", "iface a inet static", "iface a inet6 static", "iface a", "iface a:1 inet static", "iface a.0 inet manual",
            "iface b inet manual", "iface bond0 inet manual", "iface vmbr0 inet manual", "iface c inet manual inherits c", "mapping *",
            "template t", "source /etc/network/interfaces.d/*", "\taddress 10.0.0.1", "\taddress 10.0.0.1/99", "\taddress ::/0",
            "\tnetmask 255.0.255.0", "\tnetmask 999", "\tgateway 10.0.0.1", "\tbridge-ports a b vmbr0", "\tbridge-ports none",
            "\tslaves bond0", "\tvlan-raw-device a", "\tvlan-id 99999999999999", "\tmtu 4294967296", "\tovs_type OVSBridge",
            "\tovs_type OVSPort", "\tovs_options tag= bond_mode=", "\tovs_ports a", "\tvxlan-id 1", "# comment", "", "\t", "\tup \\", "\\",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec((line, prop::sample::select(vec!["\n", "\n", "\n", "\r\n", ""])), 0..20)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// NET-02. Law: no text makes anything panic, and what is planned for it is understood afterwards.
    #[test]
    fn hostile_text_is_read_checked_and_planned_for(text in hostile(), params in settings(), which in any::<prop::sample::Index>()) {
        let state = state(&text);
        let config = state.config_of(&text);
        prop_assert!(view::interfaces(&state, &config).count() >= config.interfaces().len());
        let _ = innkeeper_network::interfaces::checks::check(&state);
        if config.interfaces().is_empty() {
            return Ok(());
        }
        let interface = &config.interfaces()[which.index(config.interfaces().len())];
        let name = interface.name.to_owned();
        let requests = [
            Request::Update { name: name.clone(), kind: interface.kind, settings: Settings::of(&params).unwrap() },
            Request::Delete { name },
        ];
        for request in requests {
            match plan(&state, &request, None) {
                Ok(planned) => {
                    let after = after(&state, &planned);
                    let read = innkeeper_network::format::Document::parse(&after);
                    prop_assert_eq!(read.malformed(), &[]);
                }
                Err(Problem::Failed(message)) => prop_assert!(!message.contains("nothing was done"), "{message}\n{text}"),
                Err(_) => {}
            }
        }
    }
}

/// Loads with as many VLANs as a link has take no longer for it than their length asks for: nothing is looked for in a loop
/// over everything. (How long it takes is measured in `bench`.)
#[test]
fn a_host_with_every_vlan_is_listed_and_edited() {
    let mut text = "auto lo\niface lo inet loopback\n\niface eno1 inet manual\n\n".to_owned();
    for id in 1..=4094 {
        text += &format!(
            "auto eno1.{id}\niface eno1.{id} inet manual\n\nauto br{id}\niface br{id} inet manual\n\tbridge-ports eno1.{id}\n\tbridge-stp off\n\tbridge-fd 0\n\n"
        );
    }
    let state = state(&text);
    let config = state.config_of(&text);
    assert_eq!(view::interfaces(&state, &config).count(), 2 + 2 * 4094 + 5);
    let params = json!({ "comments": "the last one" });
    let settings = Settings::of(params.as_object().unwrap()).unwrap();
    let request = Request::Update { name: "br4094".to_owned(), kind: Kind::Bridge, settings };
    let planned = plan(&state, &request, None).unwrap();
    let changed = after(&state, &planned);
    assert_eq!(changed.len(), text.len() + "#the last one\n".len());
}
