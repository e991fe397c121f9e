//! Another name for a card: what follows, what is left, what is refused.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{Machine, wrong};
use innkeeper_change::Problem;
use innkeeper_network::names::rename::interfaces;
use innkeeper_network::names::rename::mentions::{Rule, follow, mentions};
use innkeeper_rest::{Answer, Verb};
use proptest::prelude::*;
use serde_json::json;

const MAC: &str = "52:54:00:00:00:01";
const BRIDGE: &str = "auto lo\niface lo inet loopback\n\n# the uplink\niface eno1 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\t\
                      address 192.0.2.2/24\n\tbridge-ports eno1\n\tbridge-stp off\n";

/// A tree with the cards eno1 and eno2.
fn tree(files: &[(&str, &str)]) -> Machine {
    let machine = Machine::new(&[("/sys/class/net/bonding_masters", "")]);
    card(&machine, "eno1", "0000:03:00.0", MAC);
    card(&machine, "eno2", "0000:04:00.0", "52:54:00:00:00:02");
    files.iter().for_each(|(path, text)| machine.write(path, text));
    machine
}

fn card(machine: &Machine, name: &str, pci: &str, mac: &str) {
    let device = format!("/sys/devices/pci0000:00/{pci}");
    machine.write(&format!("{device}/net/{name}/address"), format!("{mac}\n"));
    machine.write(&format!("{device}/net/{name}/type"), "1\n");
    machine.link(&format!("{device}/net/{name}/device"), &format!("../../../{pci}"));
    machine.link(&format!("/sys/class/net/{name}"), &format!("../../devices/pci0000:00/{pci}/net/{name}"));
}

fn rename(machine: &Machine, old: &str, new: &str) -> Result<Answer, Problem> {
    machine.call(Verb::Post, &format!("/nics/{old}/rename"), json!({ "name": new }))
}

fn hazards(machine: &Machine, old: &str, new: &str) -> Vec<String> {
    machine.hazards(Verb::Post, &format!("/nics/{old}/rename"), json!({ "name": new }))
}

/// NET-30: one plan; the live file is as before until the restart
#[test]
fn one_plan_writes_the_link_file_and_stages_what_names_the_card() {
    let machine = tree(&[("/etc/network/interfaces", BRIDGE)]);
    let done = rename(&machine, "eno1", "enwan0").unwrap();
    assert_eq!(
        machine.text("/etc/systemd/network/10-enwan0.link"),
        format!("[Match]\nMACAddress={MAC}\nType=ether\n\n[Link]\nName=enwan0\n")
    );
    assert_eq!(machine.text("/etc/network/interfaces"), BRIDGE);
    let staged = BRIDGE.replace("eno1", "enwan0");
    assert_eq!(machine.text("/etc/network/interfaces.new"), staged);
    assert!(rename(&machine, "eno1", "enwan0").unwrap().unchanged, "there is nothing left to do");

    machine.undo(done.change.unwrap());
    assert_eq!(machine.text("/etc/systemd/network/10-enwan0.link"), "");
    assert!(!machine.path("/etc/network/interfaces.new").exists());
}

/// NET-30
#[test]
fn every_kind_of_line_follows_and_no_other_byte_changes() {
    let cases = [
        ("auto eno1 eno2\n", "auto X eno2\n"),
        ("allow-hotplug  eno1\n", "allow-hotplug  X\n"),
        ("iface eno1.5 inet manual\n", "iface X.5 inet manual\n"),
        ("iface eno1:1 inet manual\n", "iface X:1 inet manual\n"),
        ("iface eno10 inet manual\n", "iface eno10 inet manual\n"),
        ("iface vmbr0\n  bridge_ports   eno2\teno1 eno1.7\n", "iface vmbr0\n  bridge_ports   eno2\tX X.7\n"),
        (
            "iface bond0\n bond-slaves eno1 \\\n   eno2\n bond-primary eno1\n",
            "iface bond0\n bond-slaves X \\\n   eno2\n bond-primary X\n",
        ),
        ("iface vlan5\n vlan-raw-device eno1 # the wire\n", "iface vlan5\n vlan-raw-device X # the wire\n"),
        ("iface vmbr1\n ovs_ports eno1 vlan5\n", "iface vmbr1\n ovs_ports X vlan5\n"),
        ("iface vmbr0\n up ethtool -K eno1 gro off\n", "iface vmbr0\n up ethtool -K X gro off\n"),
        (
            "iface a\n post-up echo 1 >/proc/sys/net/ipv4/conf/eno1/proxy_arp\n",
            "iface a\n post-up echo 1 >/proc/sys/net/ipv4/conf/X/proxy_arp\n",
        ),
        (
            "iface a\n up sysctl -w net.ipv6.conf.eno1.accept_ra=0\n",
            "iface a\n up sysctl -w net.ipv6.conf.X.accept_ra=0\n",
        ),
        (
            "iface a\n up iptables -t nat -A POSTROUTING -o \"eno1\" -j MASQUERADE\n",
            "iface a\n up iptables -t nat -A POSTROUTING -o \"X\" -j MASQUERADE\n",
        ),
        (
            "# eno1 is the uplink\r\niface eno1\r\n# eno1\r\n mtu 9000\r\n",
            "# eno1 is the uplink\r\niface X\r\n# eno1\r\n mtu 9000\r\n",
        ),
        ("iface x inherits eno1\n", "iface x inherits X\n"),
    ];
    for (before, after) in cases {
        let followed = interfaces::follow(before, &["eno1"], "X");
        assert_eq!((followed.text.as_str(), followed.left.as_slice()), (after, &[][..]), "{before}");
    }
}

/// NET-30: what cannot be edited safely is named with file and line
#[test]
fn what_may_mean_the_card_and_is_not_edited_is_named_with_its_line() {
    let cases = [
        "iface a\n up /etc/network/eno1.sh\n",
        "iface a\n up echo eno1-is-up\n",
        "iface a\n up iptables -A FORWARD -i eno+ -j ACCEPT\n",
        "iface a\n bridge-ports regex eno.*\n",
        "iface a\nauto en*\n",
        "iface a\nmapping eno1\n script x\n",
    ];
    for text in cases {
        let followed = interfaces::follow(text, &["eno1"], "wan0");
        assert_eq!((followed.text.as_str(), followed.left.as_slice()), (text, &[2][..]), "{text}");
    }
    let machine = tree(&[
        ("/etc/network/interfaces", "iface eno1 inet manual\n\tup /usr/local/bin/tune 5\n"),
        ("/usr/local/bin/tune", "#!/bin/sh\n# for eno1\nethtool -G eno1 rx 4096\n"),
        ("/etc/default/isc-dhcp-server", "INTERFACESv4=\"eno1\"\n"),
    ]);
    let plan = machine.plan(Verb::Post, "/nics/eno1/rename", json!({"name": "enwan0"}));
    let text = plan["hazards"].to_string();
    assert!(text.contains("/usr/local/bin/tune, line 3, may mean 'eno1'"), "{text}");
    assert!(text.contains("/etc/default/isc-dhcp-server, line 1, may mean"), "{text}");
}

/// NET-30
#[test]
fn files_of_other_programs_follow() {
    let files = [
        (
            "/etc/sysctl.d/50-net.conf",
            "# eno1\nnet.ipv4.conf.eno1.rp_filter = 2\nnet.ipv4.conf.eno1/5.rp_filter=2\nnet/ipv6/conf/eno1/accept_ra = 0\n",
        ),
        ("/etc/dnsmasq.d/lan", "interface=eno1\nno-dhcp-interface=eno2,eno1\n"),
        (
            "/etc/udev/rules.d/70-net.rules",
            "SUBSYSTEM==\"net\", KERNEL==\"eno1\", RUN+=\"/sbin/ethtool -s eno1 wol d\"\n",
        ),
        ("/etc/systemd/network/20-wan.network", "[Match]\nName=eno1\n"),
        ("/etc/chrony/chrony.conf", "pool ntp.example iburst\nbindacqdevice eno1\n"),
        ("/etc/network/interfaces.d/vlans", "auto eno1.5\niface eno1.5 inet manual\n"),
    ];
    let machine = tree(&files);
    machine.write("/etc/network/interfaces", format!("{BRIDGE}\nsource /etc/network/interfaces.d/*\n"));
    machine.write("/etc/hosts", "192.0.2.9 eno1\n");
    let found = hazards(&machine, "eno1", "enwan0");
    assert!(
        found.contains(&"nic.changes-at-once".to_owned()) && !found.contains(&"nic.mention-stays".to_owned()),
        "{found:?}"
    );
    let done = rename(&machine, "eno1", "enwan0").unwrap();
    for (path, text) in files {
        let after = text.replace("eno1", "enwan0").replace("# enwan0", "# eno1");
        assert_eq!(machine.text(path), after, "{path}");
    }
    assert_eq!(machine.text("/etc/hosts"), "192.0.2.9 eno1\n", "a name of a host is none of a card");
    machine.undo(done.change.unwrap());
    for (path, text) in files {
        assert_eq!(machine.text(path), text, "{path}");
    }
}

/// A rule of the firewall is missing at no moment: it counts under the old name until the restart, and under the new one then.
#[test]
fn rules_of_the_firewall_stand_under_both_names() {
    let rules = "[OPTIONS]\nenable: 1\n\n[RULES]\nIN ACCEPT -i eno1 -p tcp -dport 22\n|IN DROP -iface eno1\nIN ACCEPT -i eno2";
    let machine = tree(&[
        ("/etc/pve/nodes/pve1/host.fw", rules),
        ("/etc/pve/firewall/cluster.fw", "[RULES]\nIN DROP -i eno1"),
    ]);
    assert!(hazards(&machine, "eno1", "enwan0").contains(&"nic.rules-stand-twice".to_owned()));
    rename(&machine, "eno1", "enwan0").unwrap();
    let after = "[OPTIONS]\nenable: 1\n\n[RULES]\nIN ACCEPT -i eno1 -p tcp -dport 22\nIN ACCEPT -i enwan0 -p tcp -dport 22\n\
                 |IN DROP -iface eno1\n|IN DROP -iface enwan0\nIN ACCEPT -i eno2";
    assert_eq!(machine.text("/etc/pve/nodes/pve1/host.fw"), after);
    assert_eq!(machine.text("/etc/pve/firewall/cluster.fw"), "[RULES]\nIN DROP -i eno1\nIN DROP -i enwan0");
    assert!(rename(&machine, "eno1", "enwan0").unwrap().unchanged);
}

/// NET-31
#[test]
fn names_are_judged() {
    let machine = tree(&[("/etc/network/interfaces", BRIDGE)]);
    let refused = |name: &str| wrong(rename(&machine, "eno1", name).unwrap_err(), "name");
    for (name, why) in [
        ("eno2", "is another interface"),
        ("vmbr0", "of the type 'bridge'"),
        ("bond1", "of the type 'bond'"),
        ("vlan5", "of VLANs"),
        ("wan0.5", "dot"),
        ("wan0:1", "colon"),
        ("a/b", "'/' cannot"),
        ("a b", "' ' cannot"),
        ("caf\u{e9}", "cannot"),
        ("lo", "something else"),
        ("default", "something else"),
        ("12", "something else"),
        ("tap100i0", "ports of guests"),
        ("0123456789abcdef", "15 characters"),
    ] {
        let found = refused(name);
        assert!(found.contains(why), "{name}: {found}");
    }
    let advice = |name: &str| {
        let mut found = hazards(&machine, "eno1", name);
        found.retain(|id| id.starts_with("nic.name"));
        found
    };
    assert_eq!(advice("enwan0"), Vec::<String>::new());
    assert_eq!(advice("eno7"), ["nic.name-of-the-scheme"]);
    assert_eq!(advice("eth0"), ["nic.name-of-the-kernel"]);
    assert_eq!(advice("lan0"), ["nic.name-not-of-a-card"]);
    let call = json!({ "name": "enwan0", "priority": 99 });
    let late = machine.call(Verb::Post, "/nics/eno1/rename", call).unwrap_err();
    assert!(wrong(late, "priority").contains("98"), "NET-28: n is smaller than 99");
}

#[test]
fn what_would_go_wrong_is_refused() {
    let machine =
        tree(&[("/etc/network/interfaces", "iface eno1 inet manual\niface eno1.1234 inet manual\n")]);
    let refused = |name: &str| rename(&machine, "eno1", name).unwrap_err();
    assert!(wrong(refused("enabcdefghi"), "name").contains("'enabcdefghi.1234' would be longer"));
    machine.write("/etc/network/interfaces", "iface eno1 inet manual\niface enwan0 inet manual\n");
    assert!(wrong(refused("enwan0"), "name").contains("configures both 'eno1' and 'enwan0'"));
    machine.write("/etc/network/interfaces", "iface eno1 inet manual\n\tnonsense\n");
    assert!(refused("enwan1").to_string().contains("not understood"));
    machine.write("/etc/network/interfaces", "");
    machine.write(
        "/etc/systemd/network/05-wol.link",
        format!("[Match]\nMACAddress={MAC}\n[Link]\nWakeOnLan=off\n"),
    );
    assert!(refused("enwan0").to_string().contains("05-wol.link is for 'eno1' and is looked at before"));
    machine.write(
        "/etc/systemd/network/05-wol.link",
        "[Match]\nMACAddress=52:54:00:00:00:02\n[Link]\nName=enwan0\n",
    );
    assert!(wrong(refused("enwan0"), "name").contains("calls 'eno2' so from the next start on"));
    machine.write("/etc/systemd/network/05-wol.link", "[Match]\nPath=pci-0000:03:00.0\n[Link]\nName=x\n");
    assert!(refused("enwan0").to_string().contains("may be for it and comes first"));
    machine.write("/etc/systemd/network/05-wol.link", "");
    card(&machine, "twin", "0000:06:00.0", MAC);
    assert!(refused("enwan0").to_string().contains("'twin' has the same hardware address"));
}

/// A second change of mind before the restart, and one back.
#[test]
fn a_card_that_waits_for_a_name_can_get_another_and_its_own_again() {
    let machine = tree(&[("/etc/network/interfaces", BRIDGE)]);
    rename(&machine, "eno1", "enwan0").unwrap();
    let taken = wrong(rename(&machine, "eno2", "enwan0").unwrap_err(), "name");
    assert!(taken.contains("10-enwan0.link calls 'eno1' so"), "{taken}");
    rename(&machine, "eno1", "enlan0").unwrap();
    assert_eq!(machine.text("/etc/systemd/network/10-enwan0.link"), "");
    assert!(machine.text("/etc/systemd/network/10-enlan0.link").contains("Name=enlan0"));
    assert_eq!(machine.text("/etc/network/interfaces.new"), BRIDGE.replace("eno1", "enlan0"));
    rename(&machine, "eno1", "eno1").unwrap();
    assert!(machine.text("/etc/systemd/network/10-eno1.link").contains("Name=eno1"));
    assert!(
        !machine.path("/etc/network/interfaces.new").exists(),
        "nothing differs from the live file any more"
    );
}

/// A file with more in it keeps the rest.
#[test]
fn a_link_file_of_the_administrator_gets_the_new_name_alone() {
    let text =
        format!("# the uplink\n[Match]\nMACAddress={MAC}\n\n[Link]\n  Name = old0 \nWakeOnLan=magic\n");
    let machine = tree(&[("/etc/systemd/network/20-uplink.link", &text)]);
    rename(&machine, "eno1", "enwan0").unwrap();
    assert_eq!(machine.text("/etc/systemd/network/20-uplink.link"), text.replace("old0", "enwan0"));
    // that of a package, or of the original's tool, is overruled
    let machine = tree(&[]);
    let file = "/usr/local/lib/systemd/network/50-pve-nic0.link";
    let text = format!("[Match]\nMACAddress={MAC}\nType=ether\n[Link]\nName=nic0\n");
    machine.write(file, &text);
    rename(&machine, "eno1", "enwan0").unwrap();
    assert_eq!(machine.text(file), text);
    assert!(machine.text("/etc/systemd/network/10-enwan0.link").contains(MAC));
}

/// NET-25: the card that took the place of another one gets the name that the configuration has.
#[test]
fn a_card_gets_the_name_that_the_configuration_has_and_nobody_else() {
    let machine =
        tree(&[("/etc/network/interfaces", "iface ens5 inet manual\niface vmbr0\n\tbridge-ports ens5\n")]);
    assert!(hazards(&machine, "eno1", "ens5").contains(&"nic.takes-the-place".to_owned()));
    rename(&machine, "eno1", "ens5").unwrap();
    assert!(machine.text("/etc/systemd/network/10-ens5.link").contains(MAC));
    assert!(!machine.path("/etc/network/interfaces.new").exists());
    assert!(rename(&machine, "eno1", "ens5").unwrap().unchanged);
}

proptest! {
    /// Law: whatever the text, a mention is the name; following twice is following once; nothing else changes.
    #[test]
    fn following_is_idempotent_and_touches_the_name_alone(text in "(eno1|eno10|enwan0|iface |auto |up |\\.5|[ \n\t/.:\"\\\\a-]){0,24}") {
        for found in mentions(&text, "eno1") {
            prop_assert_eq!(&text[found.range], "eno1");
        }
        let once = follow(&text, &["eno1"], "enwan0", Rule::Words);
        prop_assert_eq!(&follow(&once.text, &["eno1"], "enwan0", Rule::Words), &once);
        prop_assert_eq!(once.text.replace("enwan0", "eno1"), text.replace("enwan0", "eno1"));
        let once = interfaces::follow(&text, &["eno1"], "enwan0");
        prop_assert_eq!(&interfaces::follow(&once.text, &["eno1"], "enwan0").text, &once.text);
        prop_assert_eq!(once.text.replace("enwan0", "eno1"), text.replace("enwan0", "eno1"));
    }
}

/// A hostile file nests VLANs as deeply as it is long.
#[test]
fn a_name_with_a_million_vlans_behind_it_is_read_to_its_end() {
    let deep = "eno1".to_owned() + &".1".repeat(500_000);
    assert!(mentions(&deep, "eno1").iter().all(|mention| mention.sure));
    assert!(mentions(&(deep + ".x"), "eno1").iter().all(|mention| !mention.sure));
}
