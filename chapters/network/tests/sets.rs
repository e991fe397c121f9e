//! Change sets: each author's own edits, brought together again without losing any of them.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees and look at their files"
)]

mod common;

use common::{Machine, wrong};
use innkeeper_change::Problem;
use innkeeper_network::sets::{ChangeSet, Conflict, merge};
use innkeeper_rest::Verb;
use proptest::prelude::*;
use serde_json::{Value, json};

const LIVE: &str = include_str!("files/seed-bond");
const USERS: &str = "user:joe@pam:1:0::::::\nuser:ann@pam:1:0::::::\nuser:eve@pam:1:0::::::\n\
    acl:1:/:joe@pam,ann@pam:Administrator:\nacl:1:/:eve@pam:PVEAuditor:\n";
const LIVE_FILE: &str = "/etc/network/interfaces";
const STAGED: &str = "/etc/network/interfaces.new";

fn machine() -> Machine {
    let machine = Machine::new(&[(LIVE_FILE, LIVE), ("/etc/pve/user.cfg", USERS)]);
    for card in ["eno1", "eno2", "eno3", "eno4"] {
        machine.write(&format!("/sys/class/net/{card}/operstate"), "up\n");
    }
    machine
}

fn file(name: &str) -> String {
    format!("/var/lib/innkeeper/network-sets/{name}.json")
}

fn make(machine: &Machine, user: &str, set: &str) {
    machine.call_as(user, Verb::Post, "/network-sets", json!({ "set": set })).unwrap();
}

/// Gives an interface another MTU, in a change set.
fn mtu(machine: &Machine, user: &str, set: &str, iface: &str, kind: &str, mtu: u32) -> Result<(), Problem> {
    let params = json!({ "type": kind, "mtu": mtu, "change-set": set });
    machine.call_as(user, Verb::Put, &format!("/network/{iface}"), params).map(|_| ())
}

fn act(machine: &Machine, user: &str, set: &str, what: &str) -> Result<(), Problem> {
    let path = format!("/network-sets/{set}/{what}");
    machine.call_as(user, Verb::Post, &path, json!({})).map(|_| ())
}

/// The change sets with what the list says of each: author, lines, whether it is out of date.
fn listed(machine: &Machine) -> Vec<(String, String, u64, u64)> {
    let list = machine.call_as("eve@pam", Verb::Get, "/network-sets", json!({})).unwrap().data;
    let row = |set: &Value| {
        let text = |key: &str| set[key].as_str().unwrap().to_owned();
        (text("name"), text("author"), set["lines"].as_u64().unwrap(), set["outdated"].as_u64().unwrap())
    };
    list.as_array().unwrap().iter().map(row).collect()
}

/// NET-08: what one prepares stays away from what the other prepares, and from what everybody stages.
#[test]
fn edits_of_two_authors_do_not_meet_before_they_are_staged() {
    let machine = machine();
    make(&machine, "joe@pam", "storage");
    make(&machine, "ann@pam", "guests");
    mtu(&machine, "joe@pam", "storage", "bond0", "bond", 9000).unwrap();
    let bridge = json!({ "iface": "vmbr7", "type": "bridge", "autostart": 1, "change-set": "guests" });
    machine.call_as("ann@pam", Verb::Post, "/network", bridge).unwrap();

    assert!(!machine.path(STAGED).exists());
    assert_eq!(machine.text(LIVE_FILE), LIVE);
    assert_eq!(
        listed(&machine),
        [
            ("guests".to_owned(), "ann@pam".to_owned(), 6, 0),
            ("storage".to_owned(), "joe@pam".to_owned(), 1, 0)
        ]
    );
    let of = |set: &str, iface: &str| {
        let params = json!({ "change-set": set });
        machine.call(Verb::Get, &format!("/network/{iface}"), params).map(|answer| answer.data)
    };
    assert_eq!(of("storage", "bond0").unwrap()["mtu"], json!("9000"));
    assert!(of("storage", "vmbr7").is_err());
    assert_eq!(of("guests", "vmbr7").unwrap()["autostart"], json!(1));
    assert!(machine.get("/network/bond0").get("mtu").is_none());
}

/// NET-08: both are there in the end; the second one has to look at what the first one did.
#[test]
fn the_second_one_to_stage_rebases_first_and_nothing_is_lost() {
    let machine = machine();
    make(&machine, "joe@pam", "storage");
    make(&machine, "ann@pam", "guests");
    mtu(&machine, "joe@pam", "storage", "bond0", "bond", 9000).unwrap();
    mtu(&machine, "ann@pam", "guests", "vmbr0", "bridge", 1400).unwrap();

    act(&machine, "joe@pam", "storage", "stage").unwrap();
    assert!(!machine.path(&file("storage")).exists());
    assert!(machine.text(STAGED).contains("mtu 9000"));

    let refused = act(&machine, "ann@pam", "guests", "stage").unwrap_err();
    let Problem::Conflict { message, diff } = &refused else { panic!("{refused}") };
    assert!(message.ends_with("rebase it first"), "{message}");
    assert!(diff.contains("+") && diff.contains("mtu 9000"), "{diff}");
    let details = machine.get("/network-sets/guests");
    assert_eq!(details["outdated"], json!(1));
    assert!(details["since"].as_str().unwrap().contains("mtu 9000"), "{details}");

    act(&machine, "ann@pam", "guests", "rebase").unwrap();
    act(&machine, "ann@pam", "guests", "stage").unwrap();
    let staged = machine.text(STAGED);
    assert!(staged.contains("mtu 9000") && staged.contains("mtu 1400"), "{staged}");
    assert!(listed(&machine).is_empty());
}

/// What both changed is named, with both values, and nothing of it is merged.
#[test]
fn a_contradiction_is_named_by_interface_and_option_and_changes_nothing() {
    let machine = machine();
    make(&machine, "joe@pam", "one");
    make(&machine, "ann@pam", "two");
    mtu(&machine, "joe@pam", "one", "bond0", "bond", 9000).unwrap();
    mtu(&machine, "ann@pam", "two", "bond0", "bond", 1400).unwrap();
    mtu(&machine, "ann@pam", "two", "vmbr0", "bridge", 1400).unwrap();
    act(&machine, "joe@pam", "one", "stage").unwrap();
    let before = machine.text(&file("two"));
    let refused = act(&machine, "ann@pam", "two", "rebase").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "change set 'two' and what was configured since contradict each other: bond0 mtu: '1400' in the change set, \
         '9000' now"
    );
    assert_eq!(refused.status(), 409);
    assert_eq!(machine.text(&file("two")), before);
    let conflicts = &machine.get("/network-sets/two")["conflicts"];
    assert_eq!(conflicts, &json!([{ "iface": "bond0", "option": "mtu", "own": "1400", "current": "9000" }]));
    // one of them gives way
    mtu(&machine, "ann@pam", "two", "bond0", "bond", 9000).unwrap();
    act(&machine, "ann@pam", "two", "rebase").unwrap();
}

/// Each of the two is right, and both together are not.
#[test]
fn what_would_be_wrong_together_is_refused_by_the_rebase() {
    let machine = machine();
    make(&machine, "joe@pam", "one");
    make(&machine, "ann@pam", "two");
    for (user, set, bridge) in [("joe@pam", "one", "vmbr1"), ("ann@pam", "two", "vmbr2")] {
        let params = json!({ "iface": bridge, "type": "bridge", "bridge_ports": "eno4", "change-set": set });
        machine.call_as(user, Verb::Post, "/network", params).unwrap();
    }
    act(&machine, "joe@pam", "one", "stage").unwrap();
    let refused = act(&machine, "ann@pam", "two", "rebase").unwrap_err().to_string();
    assert!(refused.starts_with("with what is configured by now it would be wrong: "), "{refused}");
    assert!(refused.contains("eno4"), "{refused}");
}

#[test]
fn only_the_author_and_root_change_a_set_and_everybody_who_may_read_sees_it() {
    let machine = machine();
    make(&machine, "joe@pam", "mine");
    let forbidden = |problem: Problem| {
        assert_eq!(
            (problem.status(), problem.to_string()),
            (403, "change set 'mine' belongs to joe@pam".to_owned())
        );
    };
    forbidden(mtu(&machine, "ann@pam", "mine", "bond0", "bond", 9000).unwrap_err());
    for what in ["rebase", "stage"] {
        forbidden(act(&machine, "ann@pam", "mine", what).unwrap_err());
    }
    forbidden(machine.call_as("ann@pam", Verb::Delete, "/network-sets/mine", json!({})).unwrap_err());
    forbidden(
        machine.call_as("ann@pam", Verb::Delete, "/network", json!({ "change-set": "mine" })).unwrap_err(),
    );
    let reading = json!({ "change-set": "mine" });
    machine.call_as("eve@pam", Verb::Get, "/network-changes", reading).unwrap();
    machine.call_as("eve@pam", Verb::Get, "/network-sets/mine", json!({})).unwrap();
    let eve = machine.call_as("eve@pam", Verb::Post, "/network-sets", json!({ "set": "hers" })).unwrap_err();
    assert_eq!(eve.status(), 403);
    mtu(&machine, "root@pam", "mine", "bond0", "bond", 9000).unwrap();
    machine.call(Verb::Delete, "/network-sets/mine", json!({})).unwrap();
}

#[test]
fn a_set_whose_edits_or_whole_are_discarded_can_be_had_back() {
    let machine = machine();
    make(&machine, "joe@pam", "mine");
    mtu(&machine, "joe@pam", "mine", "bond0", "bond", 9000).unwrap();
    let edited = machine.text(&file("mine"));
    let done = machine.call_as("joe@pam", Verb::Delete, "/network-sets/mine", json!({})).unwrap();
    assert!(!machine.path(&file("mine")).exists());
    let change = done.change.unwrap();
    machine.undo(change);
    assert_eq!(machine.text(&file("mine")), edited);
    machine.call_as("joe@pam", Verb::Delete, "/network", json!({ "change-set": "mine" })).unwrap();
    assert_eq!(listed(&machine)[0].2, 0);
    let staged = machine.call_as("joe@pam", Verb::Post, "/network-sets/mine/stage", json!({})).unwrap();
    assert!(!machine.path(&file("mine")).exists() && !machine.path(STAGED).exists());
    machine.undo(staged.change.unwrap());
    assert!(machine.path(&file("mine")).exists());
}

#[test]
fn names_are_names_and_sets_that_are_not_there_are_said_to_be_missing() {
    let machine = machine();
    for name in ["../evil", "a/b", "a.b", ".hidden", "1st", "x", "", "a b", "ä-umlaut"] {
        let problem = machine.call(Verb::Post, "/network-sets", json!({ "set": name })).unwrap_err();
        assert_eq!(problem.status(), 400, "{name}: {problem}");
    }
    let missing = machine.call(Verb::Get, "/network", json!({ "change-set": "nothing" })).unwrap_err();
    assert_eq!(wrong(missing, "change-set"), "change set does not exist");
    assert_eq!(machine.call(Verb::Get, "/network-sets/nothing", json!({})).unwrap_err().status(), 404);
    make(&machine, "joe@pam", "mine");
    let twice =
        machine.call_as("ann@pam", Verb::Post, "/network-sets", json!({ "set": "mine" })).unwrap_err();
    assert_eq!(wrong(twice, "set"), "change set already exists");
    assert_eq!(act(&machine, "joe@pam", "mine", "rebase").map_err(|problem| problem.to_string()), Ok(()));
}

/// Another one has edited the same set in another window.
#[test]
fn an_edit_of_a_set_that_has_moved_on_is_refused_by_its_digest() {
    let machine = machine();
    make(&machine, "joe@pam", "mine");
    let shown = machine.call(Verb::Get, "/network-changes", json!({ "change-set": "mine" })).unwrap().data;
    mtu(&machine, "joe@pam", "mine", "bond0", "bond", 9000).unwrap();
    let params = json!({ "type": "bond", "mtu": 1400, "change-set": "mine", "digest": shown["digest"] });
    let refused = machine.call_as("joe@pam", Verb::Put, "/network/bond0", params).unwrap_err();
    assert_eq!(refused, Problem::Modified);
}

#[test]
fn a_damaged_file_is_listed_left_alone_and_can_be_thrown_away_by_root() {
    let machine = machine();
    make(&machine, "joe@pam", "mine");
    let sound = machine.text(&file("mine"));
    for damage in ["", "{", "null", &sound.replacen("auto lo", "auto low", 1), "\u{0}"] {
        machine.write(&file("mine"), damage);
        let list = machine.get("/network-sets");
        assert!(list[0]["error"].is_string(), "{damage}: {list}");
        let refused = mtu(&machine, "joe@pam", "mine", "bond0", "bond", 9000).unwrap_err().to_string();
        assert!(refused.contains("mine.json is not understood and is left alone"), "{refused}");
        assert_eq!(machine.text(&file("mine")), damage);
    }
    machine.write(&file("mine"), [0xff, 0xfe]);
    assert!(machine.get("/network-sets/mine")["error"].is_string());
    let refused = machine.call_as("joe@pam", Verb::Delete, "/network-sets/mine", json!({})).unwrap_err();
    assert_eq!(refused.status(), 403);
    machine.write(&file("mine"), "{");
    machine.call(Verb::Delete, "/network-sets/mine", json!({})).unwrap();
    assert!(listed(&machine).is_empty());
}

/// Whatever the text, and however its lines end.
#[test]
fn a_file_is_read_as_it_was_written() {
    for text in ["", "\n", "a", "a\n", "a\r\nb\r\n", "\u{2028}\u{1}\n\n"] {
        let set = ChangeSet {
            name: "mine".to_owned(),
            author: "joe@pam".to_owned(),
            title: "x".to_owned(),
            base: text.to_owned(),
            text: format!("{text}b\n"),
        };
        let written = set.content().unwrap();
        assert_eq!(ChangeSet::parse("mine", written.as_text().unwrap()), Ok(set));
    }
}

// --- merging ---------------------------------------------------------------------------------------------------------------

const THREE: &str = "# head

auto lo eno1
iface lo inet loopback

iface eno1 inet manual

# apart

auto vmbr0
iface vmbr0 inet static
    address 192.0.2.10/24
    gateway 192.0.2.1
    bridge-ports eno1
    bridge-fd 0
    post-up echo one
    # inside

iface vmbr0 inet6 auto

auto vmbr1
iface vmbr1 inet manual
\tbridge_ports none
\tmtu 1500

source /etc/network/interfaces.d/*
";

fn merged(own: &str, current: &str) -> Result<String, Vec<String>> {
    merge(THREE, own, current).map_err(|all: Vec<Conflict>| all.iter().map(ToString::to_string).collect())
}

/// Lines that stand side by side are not the same line.
#[test]
fn options_of_one_stanza_that_stand_side_by_side_are_merged() {
    let own = THREE.replace("gateway 192.0.2.1\n", "gateway 192.0.2.254\n");
    let current =
        THREE.replace("address 192.0.2.10/24", "address 192.0.2.11/24").replace("bridge-fd 0", "bridge-fd 2");
    let both = current.replace("gateway 192.0.2.1\n", "gateway 192.0.2.254\n");
    assert_eq!(merged(&own, &current), Ok(both.clone()));
    assert_eq!(merged(&current, &own), Ok(both));
}

#[test]
fn new_interfaces_stanzas_options_and_removals_are_merged() {
    let own = THREE
        .replace("\n\nauto vmbr1\niface vmbr1 inet manual\n\tbridge_ports none\n\tmtu 1500\n", "\n")
        .replace("auto lo eno1", "auto lo")
        + "\nauto vmbr9\niface vmbr9 inet manual\n\tbridge-ports none\n\t# mine\n";
    let current = THREE
        .replace("    post-up echo one\n", "    post-up echo one\n    post-up echo two\n    mtu 9000\n")
        .replace("iface vmbr0 inet6 auto\n\n", "")
        .replace("source ", "iface vmbr8 inet manual\n\tbridge-ports none\n\nsource ");
    let text = merged(&own, &current).unwrap();
    for line in [
        "vmbr9 inet manual",
        "# mine",
        "vmbr8 inet manual",
        "echo two",
        "mtu 9000",
        "auto lo\n",
        "# head",
        "# apart",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    for line in ["vmbr1", "inet6", "eno1\niface lo"] {
        assert!(!text.contains(line), "{line}:\n{text}");
    }
}

#[test]
fn what_contradicts_is_named_with_both_values() {
    let conflict = |own: &str, current: &str| merged(own, current).unwrap_err();
    let gone =
        THREE.replace("\n\nauto vmbr1\niface vmbr1 inet manual\n\tbridge_ports none\n\tmtu 1500\n", "\n");
    let large = THREE.replace("mtu 1500", "mtu 9000");
    assert_eq!(conflict(&gone, &large), ["vmbr1: removed in the change set, changed now"]);
    assert_eq!(conflict(&large, &gone), ["vmbr1: changed in the change set, removed now"]);
    let bare = THREE.replace("\tmtu 1500\n", "");
    assert_eq!(conflict(&bare, &large), ["vmbr1 mtu: none in the change set, '9000' now"]);
    let dhcp = THREE.replace("iface vmbr1 inet manual", "iface vmbr1 inet dhcp");
    let fixed = THREE.replace("iface vmbr1 inet manual", "iface vmbr1 inet static");
    assert_eq!(conflict(&dhcp, &fixed), ["vmbr1 iface vmbr1 inet: 'dhcp' in the change set, 'static' now"]);
    let new = |mtu: u32| format!("{THREE}\niface vmbr9 inet manual\n\tbridge-ports none\n\tmtu {mtu}\n");
    assert_eq!(conflict(&new(1400), &new(9000)), ["vmbr9 mtu: '1400' in the change set, '9000' now"]);
    assert_eq!(merged(&new(1400), &new(1400)), Ok(new(1400)));
    let said = |text: &str| THREE.replace("# inside", text);
    assert_eq!(
        conflict(&said("# mine"), &said("# yours")),
        ["vmbr0 comments: ' mine' in the change set, ' yours' now"]
    );
}

/// An address and its mask are one thing although they have a line each.
#[test]
fn an_address_and_its_mask_are_not_changed_by_two() {
    let base = "iface eno1 inet static\n\taddress 192.0.2.10\n\tnetmask 255.255.255.0\n";
    let own = base.replace("192.0.2.10", "198.51.100.10");
    let current = base.replace("255.255.255.0", "255.255.0.0");
    let conflicts = merge(base, &own, &current).unwrap_err();
    assert_eq!(conflicts.iter().map(|one| one.option.as_str()).collect::<Vec<_>>(), ["address"]);
}

/// What can be changed in `THREE` one at a time: what stands there, what comes in its place, and what is only there afterwards.
const EDITS: &[(&str, &str, &str)] = &[
    ("    address 192.0.2.10/24\n", "    address 192.0.2.11/24\n", "192.0.2.11"),
    ("    gateway 192.0.2.1\n", "    gateway 192.0.2.254\n", "192.0.2.254"),
    ("    bridge-ports eno1\n", "    bridge-ports eno2\n", "ports eno2"),
    ("    bridge-fd 0\n", "    bridge-fd 0\n    bridge-stp on\n", "bridge-stp on"),
    ("    post-up echo one\n", "    post-up echo one\n    post-up echo two\n", "echo two"),
    ("    # inside\n", "    # elsewhere\n", "# elsewhere"),
    ("iface vmbr0 inet6 auto\n", "iface vmbr0 inet6 static\n\taddress fd00::1/64\n", "fd00::1/64"),
    ("\tmtu 1500\n", "\tmtu 9000\n", "mtu 9000"),
    ("\tbridge_ports none\n", "\tbridge_ports eno4\n", "ports eno4"),
    ("auto vmbr1\n", "", ""),
    ("iface eno1 inet manual\n", "iface eno1 inet manual\n\tmtu 1400\n", "mtu 1400"),
    (
        "source /etc",
        "auto vmbr7\niface vmbr7 inet manual\n\tbridge-ports none\n\nsource /etc",
        "auto vmbr7\niface vmbr7",
    ),
    ("auto lo eno1", "auto lo", ""),
];

fn edited(which: &[bool]) -> String {
    let chosen = EDITS.iter().zip(which).filter(|(_, on)| **on);
    chosen.fold(THREE.to_owned(), |text, ((old, new, _), _)| text.replacen(old, new, 1))
}

proptest! {
    /// Law: edits of different options are both there afterwards, whoever made which, and what nobody touched is as it was.
    #[test]
    fn edits_of_different_options_are_never_lost(owners in prop::collection::vec(0..3_u8, EDITS.len())) {
        let of = |owner: u8| owners.iter().map(|one| *one == owner).collect::<Vec<_>>();
        let (own, current) = (edited(&of(1)), edited(&of(2)));
        let both = edited(&owners.iter().map(|owner| *owner > 0).collect::<Vec<_>>());
        let text = merge(THREE, &own, &current).unwrap();
        for ((old, new, mark), owner) in EDITS.iter().zip(&owners) {
            if *owner > 0 && !mark.is_empty() {
                prop_assert!(text.contains(mark), "{new} is lost:\n{text}");
            } else if *owner == 0 {
                prop_assert!(text.contains(old), "{old} is lost:\n{text}");
            }
        }
        // the same says the same, whatever the order of its lines: merging it with what was wanted is no contradiction
        prop_assert_eq!(merge(&both, &both, &text), Ok(text.clone()));
        prop_assert_eq!(innkeeper_network::sets::says_the_same(&text, &both), true, "{}\n--- instead of\n{}", text, both);
    }

    /// Law: on top of itself nothing changes, on top of an unchanged base neither, and an unchanged set takes what is there.
    #[test]
    fn a_rebase_onto_itself_is_the_identity(
        own in prop::collection::vec(any::<bool>(), EDITS.len()),
        current in prop::collection::vec(any::<bool>(), EDITS.len()),
    ) {
        let (own, current) = (edited(&own), edited(&current));
        prop_assert_eq!(merge(THREE, &own, THREE), Ok(own.clone()));
        prop_assert_eq!(merge(THREE, &own, &own), Ok(own.clone()));
        prop_assert_eq!(merge(THREE, THREE, &current), Ok(current.clone()));
        let again = merge(THREE, &own, &current).and_then(|once| merge(&current, &once, &current).map(|twice| (once, twice)));
        if let Ok((once, twice)) = again {
            prop_assert_eq!(once, twice);
        }
    }

    /// Law: any three texts are merged or refused; what is merged is understood.
    #[test]
    fn any_three_texts_are_merged_or_refused(
        texts in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![
            "auto a\n", "allow-hotplug a b\n", "iface a inet static\n", "iface a inet6 auto\n", "iface b\n", "iface a inherits b\n",
            "\taddress 10.0.0.1/24\n", "\taddress 10.0.0.2/24\n", "\tnetmask 24\n", "\tup x \\\n  y\n", "\tup z\n", "# c\n", "\n",
            "\tbridge_ports a\n", "\tbridge-ports b\n", "source x\n", "mapping m*\n\tscript s\n", "\tmtu 1500\r\n", "auto b", "\t# in\n",
        ]), 0..12).prop_map(|lines| lines.concat()), 3..4)
    ) {
        if let Ok(text) = merge(&texts[0], &texts[1], &texts[2]) {
            let whole = innkeeper_network::format::Document::parse(&text);
            let trivial = [&texts[1], &texts[2]].iter().any(|side| **side == text);
            prop_assert!(trivial || whole.malformed().is_empty(), "{text}");
        }
    }
}

/// A file may name one interface as often as it likes: its stanzas are counted and not looked for. Ten thousand would take minutes
/// otherwise.
#[test]
fn thousands_of_stanzas_for_one_interface_are_merged_as_quickly_as_those_of_many() {
    let base = "iface eno1 inet manual\n".repeat(10_000);
    let own = base.clone() + "\tmtu 1400\n";
    let current = "auto lo\niface lo inet loopback\n\n".to_owned() + &base;
    assert_eq!(merge(&base, &own, &current), Ok(current.clone() + "\tmtu 1400\n"));
}
