//! Recipes through their methods: who may, what is refused, what is staged, what is taken back; IPv6 and forwarding tables.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{Machine, wrong};
use innkeeper_change::{Action, Content, Plan, Problem, Severity};
use innkeeper_network::apply::Port;
use innkeeper_network::forwarding::{self, GuestNic, nics_of};
use innkeeper_network::recipes::ipv6;
use innkeeper_rest::Verb;
use serde_json::json;

const LIVE: &str = "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\tgateway 192.0.2.1\n";
const FILE: &str = "/etc/network/interfaces";
const STAGED: &str = "/etc/network/interfaces.new";

fn machine() -> Machine {
    let card = ("sys/class/net/eno1/operstate", "up\n");
    Machine::new(&[(FILE, LIVE), card, ("sys/class/net/eno2/operstate", "down\n")])
}

/// NET-05, NET-32: what there is, what it is for, and what this host would take for it.
#[test]
fn recipes_are_listed_with_what_the_host_suggests() {
    let list = machine().get("/network-recipes");
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "bridged",
            "routed",
            "nat",
            "bond-storage",
            "bond-bridge",
            "vlan-management",
            "vlan-bond",
            "ovs",
            "mac-learning",
            "ipv6"
        ]
    );
    let bridged = &list[0];
    assert!(bridged["purpose"].as_str().unwrap().contains("bridge"), "{bridged}");
    let parameter = |recipe: usize, name: &str| {
        let all = list[recipe]["parameters"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap().clone()
    };
    assert_eq!(parameter(0, "port")["proposed"], "eno1");
    assert_eq!(parameter(0, "bridge")["proposed"], "vmbr0");
    assert_eq!(parameter(2, "cidr")["proposed"], "10.10.10.1/24");
    assert_eq!(parameter(1, "cidr")["required"], 1);
    assert_eq!(parameter(3, "mode")["values"].as_array().unwrap().len(), 7);
    assert!(list[7]["hindrance"].as_str().unwrap().contains("openvswitch-switch"), "{}", list[7]);
}

/// NET-32: shown first, then staged, then found done; and taken back by the history.
#[test]
fn a_recipe_is_shown_staged_and_taken_back() {
    let machine = machine();
    let plan = machine.plan(Verb::Post, "/network-recipes/bridged", json!({}));
    assert!(plan["command"].as_str().unwrap().starts_with("innkeeper network recipe bridged "), "{plan}");
    assert!(plan["diff"].as_str().unwrap().contains("+iface vmbr0 inet static"), "{plan}");
    assert_eq!(machine.text(STAGED), "", "a plan changes nothing");
    let answer =
        machine.call(Verb::Post, "/network-recipes/bridged", json!({ "plan": plan["fingerprint"] })).unwrap();
    assert!(machine.text(STAGED).contains("bridge-ports eno1"));
    assert_eq!(machine.text(FILE), LIVE, "it is staged, not in force");
    let again = machine.call(Verb::Post, "/network-recipes/bridged", json!({})).unwrap();
    assert!(again.unchanged && again.change.is_none());
    assert_eq!(machine.get("/network-recipes")[0]["done"], 1);
    let (undo, _) = machine.api.engine().undo_plan(answer.change.unwrap()).unwrap();
    let file = undo.files().next().unwrap();
    assert_eq!((file.path.as_str(), &file.after), (STAGED, &None));
}

/// Nobody without the privilege, and nothing that is no name or address.
#[test]
fn who_may_not_and_what_is_nonsense_is_refused() {
    let machine = machine();
    let stranger = machine.call_as("joe@pam", Verb::Post, "/network-recipes/nat", json!({}));
    assert!(matches!(stranger.unwrap_err(), Problem::Forbidden(_)));
    let stranger = machine.call_as("joe@pam", Verb::Get, "/network-recipes", json!({}));
    assert!(matches!(stranger.unwrap_err(), Problem::Forbidden(_)));
    let refused = |path: &str, params, name| {
        wrong(machine.call(Verb::Post, &format!("/network-recipes/{path}"), params).unwrap_err(), name)
    };
    refused("routed", json!({ "cidr": "203.0.113.17/28; reboot" }), "cidr");
    refused("routed", json!({ "cidr": "203.0.113.16/28" }), "cidr");
    refused("nat", json!({ "uplink": "eno1 -j ACCEPT" }), "uplink");
    refused("nat", json!({ "forward": "tcp:80:10.10.10.5:80:1" }), "forward");
    refused("nat", json!({ "forward": "tcp:99999:10.10.10.5:80" }), "forward");
    refused("vlan-management", json!({ "vlan": 4095 }), "vlan");
    refused("vlan-management", json!({}), "vlan");
    refused("bond-storage", json!({ "cidr": "10.0.0.1/24", "mode": "802.3" }), "mode");
    refused("bond-storage", json!({ "cidr": "10.0.0.1/24", "slaves": "eno2,$(id)" }), "slaves");
    let stale = machine.call(Verb::Post, "/network-recipes/bridged", json!({ "digest": "00" }));
    assert!(matches!(stale.unwrap_err(), Problem::Modified));
    // a tree of another system has no network that could be applied
    let applied = machine.call(Verb::Post, "/network-recipes/bridged", json!({ "apply": 1 })).unwrap_err();
    assert!(applied.to_string().contains("applied on the host that it is of"), "{applied}");
    assert_eq!((machine.text(FILE).as_str(), machine.text(STAGED).as_str()), (LIVE, ""));
}

/// NET-05, NET-08: a set-up goes into the change set that is meant, and what everybody stages stays as it is.
#[test]
fn a_set_up_goes_into_a_change_set_and_nowhere_else() {
    let machine = machine();
    machine.call(Verb::Post, "/network-sets", json!({ "set": "weekend" })).unwrap();
    machine.call(Verb::Post, "/network-recipes/bridged", json!({ "change-set": "weekend" })).unwrap();
    assert_eq!((machine.text(FILE).as_str(), machine.text(STAGED).as_str()), (LIVE, ""));
    assert_eq!(machine.get("/network-recipes")[0]["done"], 0);
    let of_set = |path: &str| machine.call(Verb::Get, path, json!({ "change-set": "weekend" })).unwrap().data;
    assert_eq!(of_set("/network-recipes")[0]["done"], 1);
    let changes = of_set("/network-changes")["changes"].as_str().unwrap().to_owned();
    assert!(changes.contains("+auto vmbr0") && changes.contains("+\tbridge-ports eno1"), "{changes}");
    let again =
        machine.call(Verb::Post, "/network-recipes/bridged", json!({ "change-set": "weekend" })).unwrap();
    assert!(again.unchanged);

    let refused = |path: &str, params, name| {
        wrong(machine.call(Verb::Post, &format!("/network-recipes/{path}"), params).unwrap_err(), name)
    };
    refused("nat", json!({ "change-set": "nobody-s" }), "change-set");
    refused("nat", json!({ "change-set": "weekend", "apply": 1 }), "apply");
    refused("ipv6", json!({ "change-set": "weekend" }), "change-set");
    machine.call(Verb::Post, "/network-sets/weekend/stage", json!({})).unwrap();
    assert!(machine.text(STAGED).contains("iface vmbr0 inet static"));
}

fn six(file: Option<&str>, value: &str) -> ipv6::State {
    ipv6::State {
        file: file.map(Content::new),
        values: vec![
            ("net.ipv6.conf.all.disable_ipv6", value.to_owned()),
            ("net.ipv6.conf.default.disable_ipv6", value.to_owned()),
        ],
        ..ipv6::State::default()
    }
}

fn hazards(plan: &Plan) -> Vec<(&str, Severity)> {
    plan.hazards.iter().map(|hazard| (hazard.id.as_str(), hazard.severity)).collect()
}

/// NET-73: the file of the documentation, letter by letter, and the kernel's parameters where it is applied; both ways.
#[test]
fn ipv6_is_switched_off_by_the_file_of_the_documentation_and_on_again() {
    let off = ipv6::plan(&six(None, "0"), false, true).unwrap();
    let written = off.files().next().unwrap();
    assert_eq!(written.path, "/etc/sysctl.d/disable-ipv6.conf");
    assert_eq!(
        written.after.as_ref().unwrap().as_text().unwrap(),
        "net.ipv6.conf.all.disable_ipv6 = 1\nnet.ipv6.conf.default.disable_ipv6 = 1\n"
    );
    let set = |plan: &Plan| {
        plan.steps.iter().filter(|step| matches!(step.action, Action::KernelParameter { .. })).count()
    };
    assert_eq!((set(&off), off.reversal().unwrap().steps.len()), (2, 3));
    assert_eq!(set(&ipv6::plan(&six(None, "0"), false, false).unwrap()), 0);
    assert!(ipv6::plan(&six(Some(ipv6::TEXT), "1"), false, true).unwrap().is_empty());
    let on = ipv6::plan(&six(Some(ipv6::TEXT), "1"), true, true).unwrap();
    assert_eq!((set(&on), on.files().next().unwrap().after.clone()), (2, None));
    // what somebody else wrote is not removed
    assert!(ipv6::plan(&six(Some("net.ipv6.conf.all.disable_ipv6=1\n# ours\n"), "1"), true, true).is_err());
}

/// NET-72, NET-73: who comes by IPv6 is told before it is gone.
#[test]
fn whoever_comes_by_ipv6_has_to_accept_that_it_goes() {
    let mut state = six(None, "0");
    state.peer = Some("2001:db8::7".parse().unwrap());
    state.configured = vec!["vmbr0".to_owned()];
    let plan = ipv6::plan(&state, false, true).unwrap();
    assert_eq!(
        hazards(&plan),
        [("network.own-session", Severity::Danger), ("network.ipv6-addresses", Severity::Warning)]
    );
    let staged = ipv6::plan(&state, false, false).unwrap();
    assert_eq!(hazards(&staged)[0], ("network.own-session", Severity::Warning));
    state.peer = Some("192.0.2.7".parse().unwrap());
    assert_eq!(hazards(&ipv6::plan(&state, false, true).unwrap()).len(), 1);
}

/// NET-73: through the method, on a tree: the file is written, and taken away again.
#[test]
fn the_file_that_switches_ipv6_off_comes_and_goes() {
    let machine = machine();
    machine.call(Verb::Post, "/network-recipes/ipv6", json!({})).unwrap();
    assert_eq!(machine.text(ipv6::FILE), ipv6::TEXT);
    assert!(machine.call(Verb::Post, "/network-recipes/ipv6", json!({})).unwrap().unchanged);
    machine.call(Verb::Post, "/network-recipes/ipv6", json!({ "enabled": 1 })).unwrap();
    assert!(!machine.path(ipv6::FILE).exists());
}

const QEMU: &str = "name: web\nnet0: virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=5\nnet1: virtio=BC:24:11:00:00:02,bridge=vmbr0,firewall=1\n\
                    net2: virtio,bridge=vmbr0\n[before]\nnet0: virtio=BC:24:11:00:00:99,bridge=vmbr0\n";
const LXC: &str = "hostname: dns\nnet0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:03,ip=dhcp,type=veth\n";

/// NET-41, NET-77: addresses and ports, as the guests' files have them; not those of snapshots.
#[test]
fn the_cards_of_guests_are_listed_with_their_addresses() {
    let machine = Machine::new(&[
        (FILE, LIVE),
        ("/etc/pve/nodes/pve1/qemu-server/100.conf", QEMU),
        ("/etc/pve/qemu-server/100.conf", QEMU),
        ("/etc/pve/lxc/101.conf", LXC),
        ("/etc/pve/lxc/backup.conf.old", LXC),
    ]);
    let list = machine.get("/network-forwarding");
    let found: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{} {} {}", one["vmid"], one["mac"].as_str().unwrap(), one["port"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            "100 bc:24:11:00:00:01 tap100i0",
            "100 bc:24:11:00:00:02 fwpr100p1",
            "101 bc:24:11:00:00:03 veth101i0"
        ]
    );
    for bad in [
        "net0: virtio=BC:24:11:00:00:01; id,bridge=x",
        "net999: virtio=BC:24:11:00:00:01",
        "net0",
        "net0:",
        "\u{0}",
    ] {
        assert_eq!(nics_of(100, false, bad), [], "{bad:?}");
    }
}

fn port(flags: &[(&'static str, bool)], entries: &[&str]) -> Port {
    Port {
        name: "tap100i0".to_owned(),
        bridge: "vmbr0".to_owned(),
        up: true,
        flags: flags.to_vec(),
        entries: entries.iter().map(|mac| ((*mac).to_owned(), None)).collect(),
        ..Port::default()
    }
}

fn table(unlearning: bool, port: Port) -> forwarding::State {
    let nics: Vec<GuestNic> = nics_of(100, false, "net0: virtio=BC:24:11:00:00:01,bridge=vmbr0\n");
    let unlearning = if unlearning { vec!["vmbr0".to_owned()] } else { Vec::new() };
    forwarding::State { unlearning, nics, ports: vec![port] }
}

fn lines(plan: &Plan) -> Vec<String> {
    let of = |action: &Action| match action {
        Action::Run(run) => run.stdin.as_ref().map(|text| format!("{text:?}")).unwrap_or_default(),
        other => format!("{other:?}"),
    };
    plan.steps.iter().map(|step| of(&step.action)).collect()
}

const OFF: &[(&str, bool)] = &[("learning", false), ("flood", false)];
const MAC: &str = "bc:24:11:00:00:01";

/// NET-77: the configured address gets through, others do not; a second time there is nothing to do.
#[test]
fn only_the_configured_address_is_entered() {
    let plan = forwarding::plan(&table(true, port(&[], &["bc:24:11:00:00:66"])));
    let said = lines(&plan).join("\n");
    for line in [
        "fdb replace bc:24:11:00:00:01 dev tap100i0 master static",
        "link set dev tap100i0 learning off",
        "link set dev tap100i0 flood off",
        "fdb del bc:24:11:00:00:66 dev tap100i0 master",
    ] {
        assert!(said.contains(line), "{said}");
    }
    plan.reversal().unwrap();
    assert!(forwarding::plan(&table(true, port(OFF, &[MAC]))).is_empty());
    assert!(forwarding::plan(&table(false, port(&[], &[]))).is_empty());
    assert!(forwarding::plan(&table(false, port(OFF, &[]))).is_empty(), "somebody else's flags are theirs");
    assert_eq!(
        lines(&forwarding::plan(&table(false, port(OFF, &[MAC])))).len(),
        1,
        "a bridge that learns again"
    );
}

/// NET-77: an entry that is missing is said, with the call that enters it.
#[test]
fn a_missing_entry_is_a_finding() {
    let found = forwarding::checks::check(&table(true, port(OFF, &[])), "pve1");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].fixes[0].path, "/nodes/pve1/network-forwarding");
    assert_eq!(forwarding::checks::check(&table(true, port(OFF, &[MAC])), "pve1"), []);
}
