//! Names of hosts: parser, planner, methods, checks.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{Machine, wrong};
use innkeeper_network::hosts::checks::{Own, check};
use innkeeper_network::hosts::format::{HostsFile, Wanted};
use innkeeper_network::hosts::inspect::inspect;
use innkeeper_rest::Verb;
use proptest::prelude::*;
use serde_json::{Value, json};

const FILE: &str = "/etc/hosts";
const TEXT: &str = "127.0.0.1\tlocalhost localhost.localdomain
192.0.2.10  pve1.example.org   pve1  # rack 3

# The following lines are desirable for IPv6 capable hosts
::1     ip6-localhost ip6-loopback
192.0.2.50 odd_name
ff02::1 ip6-allnodes";

fn machine() -> Machine {
    Machine::new(&[(FILE, TEXT)])
}

#[test]
fn the_answer_has_the_whole_text_its_digest_and_its_entries() {
    let machine = machine();
    let hosts = machine.get("/hosts");
    assert_eq!(hosts["data"], TEXT);
    assert_eq!(hosts["digest"].as_str().unwrap().len(), 40);
    let own = json!({"line": 2, "address": "192.0.2.10", "names": ["pve1.example.org", "pve1"], "comment": "rack 3"});
    assert_eq!(hosts["entries"][1], own);
    assert_eq!(machine.get("/hosts/entries"), hosts["entries"]);
    assert_eq!(hosts["entries"][4]["line"], 7);
}

#[test]
fn the_whole_file_is_written_as_the_original_s_clients_do_it() {
    let machine = machine();
    let digest = machine.get("/hosts")["digest"].clone();
    let data = TEXT.replace("192.0.2.10", "192.0.2.11");
    let answer = machine.call(Verb::Post, "/hosts", json!({"data": data, "digest": digest})).unwrap();
    assert_eq!((answer.data, machine.text(FILE)), (Value::Null, data.clone()));
    assert!(machine.call(Verb::Post, "/hosts", json!({ "data": data })).unwrap().unchanged);
    let stale = machine.call(Verb::Post, "/hosts", json!({"data": "", "digest": digest})).unwrap_err();
    assert!(stale.to_string().starts_with("detected modified configuration"));
    assert_eq!(machine.text(FILE), data);
}

#[test]
fn new_lines_are_judged_in_the_original_s_words_and_old_ones_are_left_alone() {
    let machine = machine();
    let refused = |line: &str| {
        let data = format!("{TEXT}\n{line}\n");
        wrong(machine.call(Verb::Post, "/hosts", json!({ "data": data })).unwrap_err(), "data")
    };
    assert_eq!(refused("192.0.2.300 a"), "Invalid IP '192.0.2.300'");
    assert_eq!(refused("192.0.2.3 a_b"), "Invalid Hostname 'a_b'");
    assert_eq!(refused("name 192.0.2.3"), "Invalid IP 'name'");
    assert_eq!(machine.text(FILE), TEXT);
    // the odd name was there before
    let data = format!("{TEXT}\n192.0.2.3 a-b # a_b\n");
    machine.call(Verb::Post, "/hosts", json!({ "data": data })).unwrap();
    assert_eq!(machine.text(FILE), data);
}

#[test]
fn an_entry_is_added_changed_and_removed_and_every_other_byte_stays() {
    let machine = machine();
    let add = json!({"address": "192.0.2.20", "names": "nas.example.org, nas", "comment": "storage"});
    machine.call(Verb::Post, "/hosts/entries", add.clone()).unwrap();
    let added = format!("{TEXT}\n192.0.2.20\tnas.example.org nas # storage\n");
    assert_eq!(machine.text(FILE), added);
    assert!(machine.call(Verb::Post, "/hosts/entries", add).unwrap().unchanged);

    let edit = |line: u32, params: Value| {
        machine.call(Verb::Put, &format!("/hosts/entries/{line}"), params).unwrap()
    };
    edit(2, json!({"address": "192.0.2.12"}));
    edit(2, json!({"names": "pve1.example.org pve1 console"}));
    edit(2, json!({"comment": ""}));
    edit(7, json!({"comment": "all"}));
    let changed = added
        .replace("192.0.2.10  pve1.example.org   pve1  # rack 3", "192.0.2.12  pve1.example.org pve1 console")
        .replace("ff02::1 ip6-allnodes", "ff02::1 ip6-allnodes # all");
    assert_eq!(machine.text(FILE), changed);
    assert!(edit(7, json!({"comment": "all", "address": "FF02:0::1"})).unchanged);

    machine.call(Verb::Delete, "/hosts/entries/6", json!({})).unwrap();
    assert_eq!(machine.text(FILE), changed.replace("192.0.2.50 odd_name\n", ""));
}

#[test]
fn one_of_two_equal_entries_is_removed_and_the_removal_is_verified() {
    let machine = Machine::new(&[(FILE, "10.0.0.1 a\n10.0.0.1 a\n")]);
    machine.call(Verb::Delete, "/hosts/entries/1", json!({})).unwrap();
    assert_eq!(machine.text(FILE), "10.0.0.1 a\n");
    let gone = machine.call(Verb::Delete, "/hosts/entries/2", json!({})).unwrap_err();
    assert_eq!((gone.status(), gone.to_string().as_str()), (400, "line 2 of /etc/hosts has no entry"));
}

#[test]
fn only_the_names_that_are_missing_are_added() {
    let machine = machine();
    machine
        .call(Verb::Post, "/hosts/entries", json!({"address": "192.0.2.10", "names": "PVE1 console console"}))
        .unwrap();
    assert_eq!(machine.text(FILE), format!("{TEXT}\n192.0.2.10\tconsole\n"));
}

#[test]
fn bad_entries_are_refused_by_the_name_of_their_parameter() {
    let machine = machine();
    let refused = |params: Value, name: &str| {
        wrong(machine.call(Verb::Post, "/hosts/entries", params).unwrap_err(), name)
    };
    assert_eq!(refused(json!({"address": "1.2.3", "names": "a"}), "address"), "Invalid IP '1.2.3'");
    assert_eq!(refused(json!({"address": "::1", "names": "a_b"}), "names"), "Invalid Hostname 'a_b'");
    assert_eq!(refused(json!({"address": "::1", "names": " , "}), "names"), "at least one name is needed");
    let comment = json!({"address": "::1", "names": "a", "comment": "x\n6.6.6.6 bank.example"});
    assert_eq!(refused(comment, "comment"), "a comment is one line");
    let edited = machine.call(Verb::Put, "/hosts/entries/6", json!({"comment": "kept as it is"})).unwrap();
    assert!(!edited.unchanged, "an odd name does not keep its line from being commented");
    assert!(machine.text(FILE).contains("192.0.2.50 odd_name # kept as it is\n"));
}

#[test]
fn losing_the_own_name_or_localhost_is_warned_of_before() {
    let machine = machine();
    let remove = |line: u32| machine.hazards(Verb::Delete, &format!("/hosts/entries/{line}"), json!({}));
    assert_eq!(remove(1), ["hosts.localhost-lost"]);
    assert_eq!(remove(2), ["hosts.own-name-lost"]);
    assert_eq!(remove(7), Vec::<String>::new());
    let loopback = json!({"address": "127.0.1.1"});
    assert_eq!(machine.hazards(Verb::Put, "/hosts/entries/2", loopback), ["hosts.own-name-lost"]);
    let second = json!({"address": "192.0.2.99", "names": "pve1"});
    assert_eq!(machine.hazards(Verb::Post, "/hosts/entries", second), ["hosts.several-addresses"]);
}

#[test]
fn a_file_that_somebody_else_keeps_is_said() {
    let text = "# Your system has configured 'manage_etc_hosts' as True.\n127.0.0.1 localhost\n";
    let machine = Machine::new(&[(FILE, text)]);
    assert!(machine.get("/hosts")["owner"].as_str().unwrap().contains("cloud-init"));
    let entry = json!({"address": "192.0.2.1", "names": "a"});
    assert_eq!(machine.hazards(Verb::Post, "/hosts/entries", entry.clone()), ["hosts.overwritten"]);

    let machine = Machine::new(&[("/etc/hosts.site", "127.0.0.1 localhost\n")]);
    machine.link(FILE, "hosts.site");
    let refused = machine.call(Verb::Post, "/hosts/entries", entry).unwrap_err();
    assert_eq!(refused.to_string(), "/etc/hosts is a symbolic link to hosts.site: edit that file");
    assert_eq!(machine.text("/etc/hosts.site"), "127.0.0.1 localhost\n");
}

#[test]
fn a_file_that_is_no_text_is_said_with_its_line_and_never_written() {
    let machine = machine();
    machine.write(FILE, b"127.0.0.1 localhost\n10.0.0.1 \xff\n");
    let refused = machine.call(Verb::Get, "/hosts", json!({})).unwrap_err();
    assert_eq!(refused.to_string(), "/etc/hosts:2: not valid UTF-8");
    machine.call(Verb::Post, "/hosts", json!({"data": ""})).unwrap_err();
    assert_eq!(machine.size(FILE), 31);
}

/// A node with two addresses, one of which it sends from.
fn own() -> Own {
    let address = |text: &str| text.parse().unwrap();
    Own { all: vec![address("2001:db8::10"), address("192.0.2.10")], main: Some(address("192.0.2.10")) }
}

#[test]
fn the_own_name_must_lead_to_an_address_of_this_node() {
    let own = own();
    let found = |text: &str| {
        let machine = Machine::new(&[(FILE, text)]);
        let findings = check(&inspect(&machine.host()).unwrap(), Some(&own));
        findings.into_iter().map(|finding| (finding.id, finding.fixes)).collect::<Vec<_>>()
    };
    assert!(found("127.0.0.1 localhost\n192.0.2.10 pve1\n").is_empty());
    let [(id, fixes)] = &found("127.0.0.1 localhost\n127.0.1.1 pve1.example.org pve1\n")[..] else {
        panic!()
    };
    assert_eq!(
        (id.as_str(), fixes[0].path.as_str()),
        ("hosts.own-name-loopback", "/nodes/pve1/hosts/entries/2")
    );
    let [(id, fixes)] = &found("127.0.0.1 localhost\n")[..] else { panic!() };
    assert_eq!((id.as_str(), fixes[0].params["names"].as_str()), ("hosts.own-name-missing", "pve1"));
    let [(id, fixes)] = &found("127.0.0.1 localhost pve1\n")[..] else { panic!() };
    assert_eq!((id.as_str(), fixes.len()), ("hosts.own-name-loopback", 0), "localhost stays where it is");
    assert_eq!(found("198.51.100.1 pve1\n")[0].0, "hosts.own-name-elsewhere");
    assert_eq!(found("192.0.2.10 pve1\none two\n")[0].0, "hosts.line-without-effect");
}

/// The fix that a finding offers cures it.
#[test]
fn the_fix_of_a_name_that_leads_to_loopback_cures_it() {
    let machine = Machine::new(&[(FILE, "127.0.0.1 localhost\n127.0.1.1 pve1\n")]);
    let own = own();
    let fix = check(&inspect(&machine.host()).unwrap(), Some(&own)).remove(0).fixes.remove(0);
    let path = fix.path.strip_prefix("/nodes/pve1").unwrap();
    machine.call(Verb::Put, path, serde_json::to_value(&fix.params).unwrap()).unwrap();
    assert!(check(&inspect(&machine.host()).unwrap(), Some(&own)).is_empty());
}

#[test]
fn reading_needs_audit_on_everything_and_writing_modify_on_the_node() {
    let machine = machine();
    machine.write(
        "/etc/pve/user.cfg",
        "user:ada@pve:1:0:::::\nuser:bob@pve:1:0:::::\nacl:1:/nodes/pve1:ada@pve:PVEAuditor:\nacl:1:/:bob@pve:PVEAuditor:\n",
    );
    let status = |user, verb, params: Value| {
        machine.call_as(user, verb, "/hosts", params).map_or_else(|problem| problem.status(), |_| 200)
    };
    assert_eq!(status("ada@pve", Verb::Get, json!({})), 403);
    assert_eq!(status("bob@pve", Verb::Get, json!({})), 200);
    assert_eq!(status("bob@pve", Verb::Post, json!({"data": ""})), 403);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "([a-c. \t\r\n#]|10.0.0.1 |::1 |localhost|\n){0,40}"]
}

fn any_wanted() -> impl Strategy<Value = Wanted> {
    let address = prop_oneof![Just("10.0.0.1"), Just("10.0.0.2"), Just("2001:db8::1")];
    let comment = prop::option::of("[a-c# ]{0,5}");
    (address, prop::collection::vec("[a-c.-]{1,4}", 1..4), comment).prop_map(|(address, names, comment)| {
        Wanted {
            address: address.to_owned(),
            names,
            comment: comment.map(|comment| comment.trim().to_owned()),
        }
    })
}

/// Every line but one, with those ends of lines that it has.
fn others(text: &str, line: usize) -> Vec<&str> {
    text.split('\n').enumerate().filter(|(at, _)| at + 1 != line).map(|(_, text)| text).collect()
}

proptest! {
    /// Law: an entry that is changed says what was asked for; every other line stays; a second time changes nothing.
    #[test]
    fn a_changed_entry_says_what_was_asked_for_and_nothing_else_changes(text in any_text(), wanted in any_wanted()) {
        let file = HostsFile::parse(&text);
        prop_assert_eq!(file.text(), text.as_str());
        for entry in file.entries() {
            let after = file.changed(entry, &wanted);
            let read = HostsFile::parse(&after);
            let new = read.entry(entry.line).unwrap();
            prop_assert_eq!(Ok(new.address), wanted.address.parse());
            prop_assert_eq!(&new.names, &wanted.names);
            let said = |comment: &Option<String>| comment.clone().unwrap_or_default();
            prop_assert_eq!(said(&new.comment), said(&wanted.comment));
            prop_assert_eq!(others(&after, entry.line), others(&text, entry.line));
            prop_assert_eq!(read.changed(new, &wanted), after);
        }
    }

    /// Law: adding and removing again gives every byte back, but for the end of an unfinished last line.
    #[test]
    fn what_is_added_is_there_and_what_is_removed_is_not(text in any_text(), wanted in any_wanted()) {
        let file = HostsFile::parse(&text);
        let after = HostsFile::parse(&file.added(&wanted));
        prop_assert_eq!(after.entries().len(), file.entries().len() + 1);
        let last = after.entries().last().unwrap();
        prop_assert_eq!(&last.names, &wanted.names);
        let back = after.removed(last);
        let finished = format!("{text}\n");
        prop_assert!(back == text || back == finished, "{:?}", back);
    }
}
