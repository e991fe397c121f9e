//! The resolver: parser, planner, methods, checks.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{Machine, wrong};
use innkeeper_change::Level;
use innkeeper_network::dns::checks::check;
use innkeeper_network::dns::format::{ResolvConf, same_server};
use innkeeper_network::dns::inspect::inspect;
use innkeeper_rest::Verb;
use proptest::prelude::*;
use serde_json::{Value, json};

const FILE: &str = "/etc/resolv.conf";
const TEXT: &str = "# our own servers
domain old.example
search\texample.org  lab.example.org
nameserver 192.0.2.53   # in the cellar
options timeout:2 rotate
nameserver\t2001:DB8::53
sortlist 192.0.2.0
";

fn put(machine: &Machine, params: Value) -> innkeeper_rest::Answer {
    machine.call(Verb::Put, "/dns", params).unwrap()
}

/// Clients compare the whole answer with what they want (Ansible's proxmox_node does).
#[test]
fn the_answer_has_the_original_s_fields_and_no_others() {
    let machine = Machine::new(&[(FILE, TEXT)]);
    let dns = machine.get("/dns");
    let expected =
        json!({"search": "example.org lab.example.org", "dns1": "192.0.2.53", "dns2": "2001:DB8::53"});
    assert_eq!(dns, expected);
    assert_eq!(Machine::new(&[]).get("/dns"), json!({}));
}

#[test]
fn all_that_is_known_of_the_file_is_told_besides() {
    let machine = Machine::new(&[(FILE, TEXT)]);
    let state = machine.get("/dns/state");
    assert_eq!(state["search"], json!(["example.org", "lab.example.org"]));
    assert_eq!(state["servers"], json!(["192.0.2.53", "2001:DB8::53"]));
    assert_eq!(state["options"], json!(["timeout:2", "rotate"]));
    assert_eq!(state["digest"].as_str().unwrap().len(), 40);
    assert_eq!((state.get("owner"), state.get("problems")), (None, None));
}

#[test]
fn a_domain_line_counts_as_search_when_it_is_the_last_of_its_kind() {
    let search = |text: &str| ResolvConf::parse(text).search();
    assert_eq!(search("search a b\ndomain c d\n").as_deref(), Some("c"));
    assert_eq!(search("domain c\nsearch a b\n").as_deref(), Some("a b"));
    assert_eq!(search(" search a\n"), None);
}

#[test]
fn an_edit_changes_the_lines_it_means_and_no_other_byte() {
    let machine = Machine::new(&[(FILE, TEXT)]);
    put(
        &machine,
        json!({"search": "example.org lab.example.org", "dns1": "192.0.2.53", "dns2": "198.51.100.53"}),
    );
    assert_eq!(machine.text(FILE), TEXT.replace("2001:DB8::53", "198.51.100.53"));

    put(&machine, json!({"search": "example.com", "dns1": "198.51.100.53"}));
    let expected = TEXT
        .replace("example.org  lab.example.org", "example.com")
        .replace("nameserver 192.0.2.53   # in the cellar\n", "")
        .replace("2001:DB8::53", "198.51.100.53");
    assert_eq!(machine.text(FILE), expected);
}

#[test]
fn a_server_that_moves_down_keeps_its_line_and_the_new_one_gets_its_own() {
    let new = ResolvConf::parse(TEXT).with(
        "example.org lab.example.org",
        &["203.0.113.1".to_owned(), "192.0.2.53".to_owned(), "2001:db8::53".to_owned()],
    );
    assert_eq!(new, TEXT.replace("nameserver 192.0.2.53", "nameserver 203.0.113.1\nnameserver 192.0.2.53"));
}

#[test]
fn asking_twice_changes_nothing_and_what_was_done_is_taken_back_byte_for_byte() {
    let machine = Machine::new(&[(FILE, TEXT)]);
    let params = json!({"search": "x.example", "dns1": "192.0.2.1", "dns2": "192.0.2.1", "dns3": "0.0.0.0"});
    let plan = machine.plan(Verb::Put, "/dns", params.clone());
    assert_eq!((&plan["empty"], &plan["reversible"]), (&json!(0), &json!(1)));
    assert_eq!(machine.text(FILE), TEXT, "a plan changes nothing");
    let first = put(&machine, params.clone());
    assert_eq!(first.data, Value::Null);
    assert_eq!(machine.get("/dns")["dns1"], "192.0.2.1");
    assert_eq!(machine.get("/dns").get("dns2"), None, "doubled servers and 0.0.0.0 are left out");
    assert!(put(&machine, params).unchanged);

    let (change, _) = machine.api.engine().undo_plan(first.change.unwrap()).unwrap();
    assert_eq!(change.files().count(), 1);
    assert_eq!(change.files().next().unwrap().after.as_ref().unwrap().as_text(), Some(TEXT));
}

#[test]
fn a_file_that_is_not_there_is_made_and_one_without_a_last_newline_is_finished() {
    let machine = Machine::new(&[]);
    put(&machine, json!({"search": "example.org", "dns1": "192.0.2.1"}));
    assert_eq!(machine.text(FILE), "search example.org\nnameserver 192.0.2.1\n");
    machine.write(FILE, "options edns0");
    put(&machine, json!({"search": "example.org", "dns1": "192.0.2.1"}));
    assert_eq!(machine.text(FILE), "options edns0\nsearch example.org\nnameserver 192.0.2.1\n");
}

#[test]
fn bad_input_is_refused_by_the_name_of_its_parameter() {
    let machine = Machine::new(&[(FILE, TEXT)]);
    let refused = |params: Value| machine.call(Verb::Put, "/dns", params).unwrap_err();
    let ip = "invalid format - value does not look like a valid IP address";
    assert_eq!(wrong(refused(json!({"search": "a", "dns1": "one"})), "dns1"), ip);
    assert_eq!(wrong(refused(json!({"search": "a", "dns3": "1.2.3.4%eth0"})), "dns3"), ip);
    assert!(wrong(refused(json!({"dns1": "192.0.2.1"})), "search").contains("not optional"));
    for bad in ["a\nnameserver 6.6.6.6", "a;b", "#", ".a..b#"] {
        assert!(
            wrong(refused(json!({ "search": bad })), "search").starts_with("invalid search domain"),
            "{bad:?}"
        );
    }
    let stale = refused(json!({"search": "a", "digest": "0123456789012345678901234567890123456789"}));
    assert!(stale.to_string().starts_with("detected modified configuration"));
    assert_eq!(machine.text(FILE), TEXT);
}

#[test]
fn a_link_to_another_program_s_file_is_said_and_never_written_to() {
    let machine = Machine::new(&[("/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\n")]);
    machine.link(FILE, "../run/systemd/resolve/stub-resolv.conf");
    let owner = &machine.get("/dns/state")["owner"];
    assert_eq!((&owner["name"], &owner["editable"]), (&json!("systemd-resolved"), &json!(0)));
    let refused = machine.call(Verb::Put, "/dns", json!({"search": "a", "dns1": "192.0.2.1"})).unwrap_err();
    assert!(refused.to_string().contains("symbolic link to ../run/systemd/resolve"), "{refused}");
    assert!(refused.to_string().contains("/etc/systemd/resolved.conf"), "{refused}");
    assert_eq!(machine.text("/run/systemd/resolve/stub-resolv.conf"), "nameserver 127.0.0.53\n");

    // what is so already needs no writing
    put(&machine, json!({"search": "", "dns1": "127.0.0.53"}));
}

#[test]
fn whoever_left_a_mark_in_the_file_is_a_hazard_before_it_is_written() {
    let marks = [
        ("# Generated by NetworkManager\nnameserver 192.0.2.1\n", "NetworkManager"),
        ("# Generated by dhcpcd from eth0.dhcp\n", "dhcpcd"),
        (
            "# Dynamic resolv.conf(5) file for glibc resolver(3) generated by resolvconf(8)\n#     DO NOT EDIT THIS FILE BY HAND\n",
            "resolvconf",
        ),
        (
            "# This is /run/systemd/resolve/stub-resolv.conf managed by man:systemd-resolved(8).\n",
            "systemd-resolved",
        ),
        ("; generated by /sbin/dhclient-script\n", "dhclient"),
    ];
    for (text, name) in marks {
        let machine = Machine::new(&[(FILE, text)]);
        let owner = &machine.get("/dns/state")["owner"];
        assert_eq!((&owner["name"], &owner["editable"]), (&json!(name), &json!(1)));
        let params = json!({"search": "a", "dns1": "192.0.2.7"});
        assert_eq!(machine.hazards(Verb::Put, "/dns", params), ["dns.overwritten"]);
    }
    let machine = Machine::new(&[(FILE, "# mine, not NetworkManager's\nnameserver 192.0.2.1\n")]);
    assert_eq!(machine.get("/dns/state").get("owner"), None);
}

#[test]
fn a_host_without_a_name_server_is_warned_of_before_and_found_afterwards() {
    let machine = Machine::new(&[(
        FILE,
        "nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n",
    )]);
    let found = check(&inspect(&machine.host()).unwrap());
    assert_eq!((found.len(), found[0].id.as_str()), (1, "dns.too-many-servers"));
    assert_eq!(machine.get("/dns/state")["never-asked"], json!(["4.4.4.4"]));
    let params = json!({"search": ""});
    assert_eq!(machine.hazards(Verb::Put, "/dns", params.clone()), ["dns.no-server", "dns.beyond-third"]);
    put(&machine, params);
    let found = check(&inspect(&machine.host()).unwrap());
    assert_eq!((found.len(), found[0].id.as_str(), found[0].level), (1, "dns.no-server", Level::Warning));
}

#[test]
fn lines_without_effect_are_named_and_kept() {
    let text =
        "nameserver one\n nameserver 192.0.2.1\nnamserver 192.0.2.2\nnameserver\nnameserver 192.0.2.3\n";
    let machine = Machine::new(&[(FILE, text)]);
    let problems = machine.get("/dns/state")["problems"].clone();
    let lines: Vec<_> = problems.as_array().unwrap().iter().map(|problem| problem["line"].clone()).collect();
    assert_eq!(lines, [1, 2, 3, 4]);
    assert_eq!(problems[0]["reason"], "'one' is no address");
    put(&machine, json!({"search": "", "dns1": "192.0.2.9"}));
    assert_eq!(machine.text(FILE), text.replace("192.0.2.3", "192.0.2.9"));
}

#[test]
fn only_who_may_audit_reads_and_only_who_may_modify_writes() {
    let machine = Machine::new(&[
        (FILE, TEXT),
        (
            "/etc/pve/user.cfg",
            "user:eve@pve:1:0:::::\nuser:ada@pve:1:0:::::\nacl:1:/nodes/pve1:ada@pve:PVEAuditor:\n",
        ),
    ]);
    let status = |user, verb, params: Value| {
        machine.call_as(user, verb, "/dns", params).map_or_else(|problem| problem.status(), |_| 200)
    };
    assert_eq!(status("eve@pve", Verb::Get, json!({})), 403);
    assert_eq!(status("ada@pve", Verb::Get, json!({})), 200);
    assert_eq!(status("ada@pve", Verb::Put, json!({"search": "a"})), 403);
    assert_eq!(machine.text(FILE), TEXT);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "([a-c.:%1 \t\r\n;#]|nameserver |search |domain |options |192.0.2.1|fe80::1%e|\n){0,40}",
    ]
}

fn any_servers() -> impl Strategy<Value = Vec<String>> {
    let server = prop_oneof![
        Just("192.0.2.1".to_owned()),
        Just("192.0.2.2".to_owned()),
        Just("2001:db8::1".to_owned()),
        Just("fe80::1%e".to_owned()),
    ];
    prop::collection::hash_set(server, 0..4).prop_map(|set| set.into_iter().collect())
}

proptest! {
    /// Law: an edit gives what was asked for, a second one changes nothing, and lines of another kind stay.
    #[test]
    fn an_edit_gives_what_was_asked_for_and_nothing_else(
        text in any_text(), search in "([a-c]{1,3}( [a-c.]{1,4})?)?", servers in any_servers()
    ) {
        let file = ResolvConf::parse(&text);
        prop_assert_eq!(file.text(), text.as_str());
        let after = file.with(&search, &servers);
        let read = ResolvConf::parse(&after);
        prop_assert_eq!(read.search().unwrap_or_default(), search.clone());
        let found: Vec<&str> = read.servers().collect();
        prop_assert_eq!(found.len(), servers.len());
        prop_assert!(found.iter().zip(&servers).all(|(one, other)| same_server(one, other)));
        prop_assert_eq!(read.options(), file.options());
        prop_assert_eq!(read.odd().len(), file.odd().len());
        prop_assert_eq!(read.with(&search, &servers), after.clone());
        let stays = |line: &&str| !["nameserver", "search", "domain"].iter().any(|word| line.starts_with(word));
        let kept = |text: &str| text.split('\n').filter(stays).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(kept(&after), kept(&text));
    }

    /// Law: what a file says, asked for again, is no change.
    #[test]
    fn what_is_so_already_is_not_written(text in any_text()) {
        let file = ResolvConf::parse(&text);
        let servers: Vec<String> = file.servers().map(str::to_owned).collect();
        prop_assert_eq!(file.with(&file.search().unwrap_or_default(), &servers), text);
    }
}
