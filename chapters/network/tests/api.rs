//! The chapter through its API: methods, parameters, staging, history, on a tree of its own.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees and run diff(1) themselves"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use camino::Utf8Path;
use innkeeper_access::{AuthId, Identity, Via};
use innkeeper_change::Problem;
use innkeeper_engine::Silent;
use innkeeper_host::RealHost;
use innkeeper_rest::{Answer, Api, Request, Verb};
use serde_json::{Value, json};

const LIVE: &str = include_str!("files/seed-bond");

struct Machine {
    tree: tempfile::TempDir,
    api: Api,
}

impl Machine {
    fn new() -> Self {
        let tree = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("etc/hostname", "pve1\n");
        write("etc/network/interfaces", LIVE);
        write(
            "etc/pve/user.cfg",
            "user:joe@pam:1:0::::::\nacl:1:/sdn/zones/localnetwork/vmbr1:joe@pam:PVESDNUser:\n",
        );
        for card in ["eno1", "eno2", "eno3", "eno4"] {
            write(&format!("sys/class/net/{card}/operstate"), if card == "eno3" { "up\n" } else { "down\n" });
        }
        let host = Arc::new(RealHost::rooted(Utf8Path::from_path(tree.path()).unwrap()).unwrap());
        let api = Api::new(innkeeper_network::methods(), host).with_checks(innkeeper_network::checks());
        Self { tree, api }
    }

    fn call_as(&self, user: &str, verb: Verb, path: &str, params: Value) -> Result<Answer, Problem> {
        let Value::Object(params) = params else { panic!("parameters are an object") };
        let user: AuthId = user.parse().unwrap();
        let identity = Some(Identity::new(user, Via::Ticket));
        let path = format!("/nodes/pve1{path}");
        let request = Request { verb, path, params, identity, origin: "127.0.0.1".to_owned() };
        self.api.call(request, &mut Silent)
    }

    fn call(&self, verb: Verb, path: &str, params: Value) -> Result<Answer, Problem> {
        self.call_as("root@pam", verb, path, params)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.tree.path().join("etc/network").join(name)
    }

    fn staged(&self) -> String {
        fs::read_to_string(self.file("interfaces.new")).unwrap()
    }

    fn names(&self, user: &str, filter: Value) -> Vec<String> {
        let listed = self.call_as(user, Verb::Get, "/network", filter).unwrap().data;
        listed.as_array().unwrap().iter().map(|one| one["iface"].as_str().unwrap().to_owned()).collect()
    }
}

/// NET-01, NET-08, NET-09: a change goes to the staged file, is shown as a difference, and is discarded.
#[test]
fn changes_are_staged_shown_and_discarded() {
    let machine = Machine::new();
    let vmbr1 = json!({ "iface": "vmbr1", "type": "bridge", "bridge_ports": "eno4", "cidr": "192.0.2.1/24", "autostart": 1 });
    let made = machine.call(Verb::Post, "/network", vmbr1).unwrap();
    assert!(made.change.is_some());
    assert_eq!(fs::read_to_string(machine.file("interfaces")).unwrap(), LIVE, "the live file is left alone");
    let more = json!({ "type": "bond", "mtu": 9000 });
    let refused = machine.call(Verb::Put, "/network/bond0", more.clone()).unwrap();
    assert!(refused.change.is_some());
    assert!(machine.call(Verb::Put, "/network/bond0", more).unwrap().unchanged);
    assert!(machine.staged().contains("      mtu 9000\n"), "{}", machine.staged());

    let list = machine.call(Verb::Get, "/network", json!({})).unwrap();
    let changes = list.changes.unwrap();
    assert!(changes.starts_with("--- /etc/network/interfaces\t"), "{changes}");
    assert!(changes.contains("\n+iface vmbr1 inet static\n"), "{changes}");
    let shown = machine.call(Verb::Get, "/network/vmbr1", json!({})).unwrap().data;
    assert_eq!((&shown["cidr"], &shown["bridge_ports"]), (&json!("192.0.2.1/24"), &json!("eno4")));

    machine.call(Verb::Delete, "/network", json!({})).unwrap();
    assert!(!machine.file("interfaces.new").exists());
    assert_eq!(machine.call(Verb::Get, "/network", json!({})).unwrap().changes, None);
    assert!(machine.call(Verb::Delete, "/network", json!({})).unwrap().unchanged);
}

/// NET-09: the difference is the one that diff(1) shows.
#[test]
fn the_difference_is_that_of_diff() {
    let machine = Machine::new();
    for (name, params) in [
        ("bond0", json!({ "type": "bond", "bond_mode": "active-backup", "bond-primary": "eno1" })),
        ("vmbr0", json!({ "type": "bridge", "cidr": "10.10.10.9/24", "comments": "uplink" })),
        ("eno1", json!({ "type": "eth", "autostart": 1 })),
    ] {
        machine.call(Verb::Put, &format!("/network/{name}"), params).unwrap();
    }
    // blanks alone are no difference
    let text = machine.staged().replace("        gateway  10.10.10.1", "    gateway 10.10.10.1 ");
    fs::write(machine.file("interfaces.new"), text).unwrap();
    let ours = machine.call(Verb::Get, "/network", json!({})).unwrap().changes.unwrap();
    let diff = Command::new("diff")
        .args(["-b", "-N", "-u", "etc/network/interfaces", "etc/network/interfaces.new"])
        .env("TZ", "UTC")
        .current_dir(machine.tree.path())
        .output()
        .unwrap();
    let theirs =
        String::from_utf8(diff.stdout).unwrap().replace("--- etc", "--- /etc").replace("+++ etc", "+++ /etc");
    assert_eq!(ours, theirs);
}

/// NET-01: what is in the list, for whom.
#[test]
fn bridges_are_listed_for_who_may_see_them() {
    let machine = Machine::new();
    machine.call(Verb::Post, "/network", json!({ "iface": "vmbr1", "type": "bridge" })).unwrap();
    assert_eq!(
        machine.names("root@pam", json!({})),
        ["eno1", "eno2", "eno3", "bond0", "vmbr0", "vmbr1", "eno4"]
    );
    assert_eq!(machine.names("joe@pam", json!({})), ["eno1", "eno2", "eno3", "bond0", "vmbr1", "eno4"]);
    assert_eq!(machine.names("root@pam", json!({ "type": "any_bridge" })), ["vmbr0", "vmbr1"]);
    assert_eq!(machine.names("root@pam", json!({ "type": "bond" })), ["bond0"]);
    let eno3 = machine.call(Verb::Get, "/network/eno3", json!({})).unwrap().data;
    assert_eq!((&eno3["active"], &eno3["exists"]), (&json!(1), &json!(1)));
    let refused = machine.call_as("joe@pam", Verb::Get, "/network/eno1", json!({})).unwrap_err();
    assert_eq!(refused.to_string(), "Permission check failed (/nodes/pve1, Sys.Audit)");
    let refused =
        machine.call_as("joe@pam", Verb::Put, "/network/eno1", json!({ "type": "eth" })).unwrap_err();
    assert_eq!(refused.to_string(), "Permission check failed (/nodes/pve1, Sys.Modify)");
}

fn wrong(problem: Problem) -> String {
    match problem {
        Problem::Parameters(wrong) => {
            wrong.iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

/// NET-04, NET-61: wrong values are refused by the name of their parameter, and nothing is staged.
#[test]
fn wrong_values_are_refused_by_name() {
    let machine = Machine::new();
    let cases = [
        (
            json!({ "cidr": "192.0.2.1/24", "address": "192.0.2.2", "netmask": "255.255.255.0" }),
            "address: address conflicts with cidr",
        ),
        (
            json!({ "cidr": "192.0.2.1/24", "address": "192.0.2.1", "netmask": "255.255.0.0" }),
            "netmask: netmask conflicts with cidr",
        ),
        (
            json!({ "cidr6": "ff02::1/64" }),
            "address6: ff02::1 with type 'MULTICAST', cannot be used as host IPv6 address.",
        ),
        (
            json!({ "cidr6": "fd00::/64" }),
            "address6: fd00:: with type 'ANYCAST', cannot be used as host IPv6 address.",
        ),
        (
            json!({ "cidr6": "2001:db8::1/64" }),
            "address6: 2001:db8::1 with type 'DOCUMENTATION', cannot be used as host IPv6 address.",
        ),
        (json!({ "address": "192.0.2.1" }), "netmask: missing property - 'address' requires this property"),
        (json!({ "mtu": 100 }), "mtu: value must have a minimum value of 1280"),
        (json!({ "gateway": "10.10.10.7" }), "gateway: Default gateway already exists on interface 'vmbr0'."),
        (json!({ "bridge_ports": "eno1" }), "bridge_ports: eno1 is already used on interface 'bond0'."),
        (json!({ "bridge_vids": "5-2" }), "bridge_vids: value does not match the regex pattern"),
        (json!({ "bridge_vids": "4095" }), "bridge_vids: value does not match the regex pattern"),
        (json!({ "vlan-id": 4095 }), "vlan-id: value must have a maximum value of 4094"),
    ];
    for (mut params, expected) in cases {
        params["iface"] = json!("vmbr1");
        params["type"] = json!("bridge");
        assert_eq!(wrong(machine.call(Verb::Post, "/network", params).unwrap_err()), expected);
    }
    assert!(!machine.file("interfaces.new").exists());
}

/// A value with a line break would be a line of its own in the file.
#[test]
fn values_cannot_bring_lines_of_their_own() {
    let machine = Machine::new();
    let params = json!({ "type": "bridge", "ovs_options": "a\n\tpost-up reboot" });
    assert_eq!(
        wrong(machine.call(Verb::Put, "/network/vmbr0", params).unwrap_err()),
        "ovs_options: value must be one line without backslashes"
    );
    let comments = json!({ "type": "bridge", "comments": "one\r\ntwo \\\nauto eno4\u{b}" });
    machine.call(Verb::Put, "/network/vmbr0", comments).unwrap();
    assert!(!machine.staged().contains("\nauto eno4"), "{}", machine.staged());
}

/// A dry run plans and stages nothing.
#[test]
fn a_dry_run_stages_nothing() {
    let machine = Machine::new();
    let params = json!({ "iface": "vmbr1", "type": "bridge", "dry-run": 1 });
    let plan = machine.call(Verb::Post, "/network", params).unwrap().data;
    assert!(plan["diff"].as_str().unwrap().contains("+iface vmbr1 inet manual"), "{plan}");
    assert!(!machine.file("interfaces.new").exists());
}

/// NET-03: a file that is not understood is listed as far as it goes, and never written.
#[test]
fn a_file_that_is_not_understood_is_never_written() {
    let machine = Machine::new();
    let text = format!("{LIVE}\n\tnonsense\n");
    fs::write(machine.file("interfaces"), text.replace("\n\tnonsense", "\nauto x\n\tnonsense")).unwrap();
    let refused =
        machine.call(Verb::Put, "/network/eno1", json!({ "type": "eth", "mtu": 9000 })).unwrap_err();
    assert!(refused.to_string().contains("is not understood and is left alone: line "), "{refused}");
    assert!(!machine.file("interfaces.new").exists());
    assert_eq!(machine.names("root@pam", json!({})).len(), 6);
    let files = machine.call(Verb::Get, "/network-changes", json!({})).unwrap().data;
    assert_eq!(files["files"][0]["editable"], json!(0));
}

/// NET-06: interfaces of files that are read are listed, and not edited here.
#[test]
fn files_that_are_read_are_listed_and_not_edited() {
    let machine = Machine::new();
    fs::create_dir(machine.file("interfaces.d")).unwrap();
    fs::write(machine.file("interfaces.d/sdn"), "auto vnet1\niface vnet1\n\tbridge_ports none\n").unwrap();
    fs::write(machine.file("interfaces"), format!("{LIVE}\nsource /etc/network/interfaces.d/*\n")).unwrap();
    let vnet1 = machine.call(Verb::Get, "/network/vnet1", json!({})).unwrap().data;
    assert_eq!((&vnet1["type"], &vnet1["file"]), (&json!("bridge"), &json!("/etc/network/interfaces.d/sdn")));
    let refused = machine.call(Verb::Delete, "/network/vnet1", json!({})).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "interface 'vnet1' is configured in /etc/network/interfaces.d/sdn, which is not edited here"
    );
    machine.call(Verb::Post, "/network", json!({ "iface": "vmbr1", "type": "bridge" })).unwrap();
    assert!(machine.staged().ends_with("source /etc/network/interfaces.d/*\n"));
}

/// What is put back to what is live leaves nothing staged.
#[test]
fn a_change_that_is_taken_back_by_hand_leaves_nothing_staged() {
    let machine = Machine::new();
    machine.call(Verb::Put, "/network/vmbr0", json!({ "type": "bridge", "mtu": 1400 })).unwrap();
    machine.call(Verb::Put, "/network/vmbr0", json!({ "type": "bridge", "delete": "mtu" })).unwrap();
    assert!(!machine.file("interfaces.new").exists());
}

/// Health checks say what waits to be applied and what is wrong.
#[test]
fn checks_name_what_waits_and_what_is_wrong() {
    let machine = Machine::new();
    fs::write(
        machine.file("interfaces.new"),
        LIVE.replace("eno1 eno2", "eno1 eno9").replace("10.10.10.1\n", "10.10.99.1\n"),
    )
    .unwrap();
    let findings = machine.api.findings();
    let ids: Vec<&str> = findings.iter().map(|(_, finding)| finding.id.as_str()).collect();
    for id in [
        "network.wrong",
        "network.gateway-outside",
        "network.staged",
        "network.no-ifupdown2",
        "network.missing-hardware",
    ] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
}
