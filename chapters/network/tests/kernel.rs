//! What the kernel has: recordings of real hosts, and trees without a running kernel.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::Machine;
use innkeeper_change::Level;
use innkeeper_host::CassetteHost;
use innkeeper_network::hosts::checks::Own;
use innkeeper_network::kernel::checks::check;
use innkeeper_network::kernel::{BondMember, Kernel, Kind, Link, Scope, hostile, inspect};
use proptest::prelude::*;

fn recorded(text: &str) -> Kernel {
    inspect(&CassetteHost::parse(text).unwrap()).unwrap()
}

fn plain() -> Kernel {
    recorded(include_str!("../../../lab/recordings/network/network-plain.json"))
}

fn lacp() -> Kernel {
    recorded(include_str!("../../../lab/recordings/network/bond-lacp.json"))
}

fn leg_down() -> Kernel {
    recorded(include_str!("../../../lab/recordings/network/bond-one-leg-down.json"))
}

fn vlan_aware() -> Kernel {
    recorded(include_str!("../../../lab/recordings/network/bridge-vlan-aware.json"))
}

fn open_vswitch() -> Kernel {
    recorded(include_str!("../../../lab/recordings/network/open-vswitch.json"))
}

fn link<'k>(kernel: &'k Kernel, name: &str) -> &'k Link {
    kernel.link(name).unwrap()
}

#[test]
fn cards_have_their_state_addresses_and_other_names() {
    let kernel = plain();
    let names: Vec<_> = kernel.links().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["ens5", "ens6", "ens7", "lo"]);
    let card = link(&kernel, "ens5");
    assert_eq!((&card.kind, card.up, card.carrier, card.mtu), (&Kind::Physical, true, true, 1500));
    assert_eq!(card.altnames, ["enp0s5"]);
    assert_eq!(link(&kernel, "enp0s5"), card, "a link is found by its other names");
    assert_eq!(
        (card.mac.as_deref(), card.permanent_mac.as_deref()),
        (Some("52:54:00:00:01:00"), Some("52:54:00:00:01:00"))
    );
    let first = &card.addresses[0];
    assert_eq!(
        (first.address.to_string(), first.prefix, first.scope),
        ("192.0.2.10".to_owned(), 24, Scope::Global)
    );
    let without_wire = link(&kernel, "ens6");
    assert_eq!((without_wire.up, without_wire.carrier), (true, false));
    assert!(!link(&kernel, "ens7").up);
    assert_eq!((&link(&kernel, "lo").kind, &link(&kernel, "lo").mac), (&Kind::Loopback, &None));
    assert!(kernel.exists("ens7") && !kernel.exists("ens8"));
}

#[test]
fn the_default_route_says_which_address_is_the_own_one() {
    let kernel = plain();
    let [route] = &kernel.default_routes()[..] else { panic!() };
    assert_eq!(
        (route.interface.as_str(), route.gateway.unwrap().to_string()),
        ("ens5", "192.0.2.1".to_owned())
    );
    assert!(kernel.routes.iter().all(|route| route.table.as_deref() != Some("local")));
    assert!(kernel.routes.iter().any(|route| route.v6 && route.destination == "fe80::/64"));
    let own = Own::of(&kernel);
    assert_eq!((own.all.len(), own.main), (1, "192.0.2.10".parse().ok()));
    assert_eq!(lacp().main_address(), None, "without a default route there is none");
}

/// NET-53, NET-56
#[test]
fn an_lacp_bond_has_its_partner_and_both_members() {
    let kernel = lacp();
    let bond = link(&kernel, "bond0");
    let Kind::Bond(how) = &bond.kind else { panic!("{:?}", bond.kind) };
    assert_eq!((how.mode.as_str(), how.hash_policy.as_deref()), ("802.3ad", Some("layer2+3")));
    assert_eq!(how.partner.as_deref(), Some("32:84:e3:9e:3d:c4"));
    assert_eq!(
        (&bond.members[..], bond.master.as_deref()),
        (&["ens5".to_owned(), "ens6".to_owned()][..], Some("vmbr0"))
    );
    assert_eq!(bond.permanent_mac, None, "nobody made a bond");
    let second = link(&kernel, "ens6");
    assert_eq!(second.bond_member, Some(BondMember { active: true, up: true }));
    assert_eq!(
        second.mac.as_deref(),
        Some("52:54:00:00:0a:00"),
        "in the bond it answers to the bond's address"
    );
    assert_eq!(second.permanent_mac.as_deref(), Some("52:54:00:00:0a:01"));
    assert_eq!(link(&kernel, "vmbr0").members, ["bond0"]);
}

/// NET-50
#[test]
fn the_bond_says_which_member_it_uses_when_a_leg_is_down() {
    let kernel = leg_down();
    let Kind::Bond(how) = &link(&kernel, "bond0").kind else { panic!() };
    assert_eq!(
        (how.mode.as_str(), how.active.as_deref(), how.primary.as_deref()),
        ("active-backup", Some("ens6"), Some("ens5"))
    );
    assert_eq!(link(&kernel, "ens5").bond_member, Some(BondMember { active: false, up: false }));
    assert!(!link(&kernel, "ens5").carrier);
}

/// NET-63, NET-67
#[test]
fn a_vlan_aware_bridge_its_guest_and_its_vlans_are_told_apart() {
    let kernel = vlan_aware();
    let bridge = link(&kernel, "vmbr0");
    assert_eq!(bridge.kind, Kind::Bridge { vlan_filtering: true, stp: false });
    assert_eq!(bridge.members, ["ens5", "tap100i0"]);
    assert_eq!(link(&kernel, "tap100i0").kind, Kind::Tap);
    for (name, id, parent) in [("vmbr0.5", 5, "vmbr0"), ("ens6.7", 7, "ens6")] {
        let vlan = link(&kernel, name);
        assert_eq!(vlan.kind, Kind::Vlan { id: Some(id), protocol: Some("802.1Q".to_owned()) });
        assert_eq!((vlan.parent.as_deref(), &vlan.pci), (Some(parent), &None));
    }
    assert_eq!(link(&lacp(), "vmbr0").kind, Kind::Bridge { vlan_filtering: false, stp: false });
}

/// NET-65
#[test]
fn ports_of_open_vswitch_are_known_as_such() {
    let kernel = open_vswitch();
    assert_eq!(link(&kernel, "vmbr1").kind, Kind::OpenVswitch);
    assert_eq!(link(&kernel, "mgmt").addresses[0].address.to_string(), "192.0.2.10");
    assert_eq!(
        (&link(&kernel, "ens5").kind, link(&kernel, "ens5").master.as_deref()),
        (&Kind::Physical, Some("ovs-system"))
    );
}

/// A tree as the kernel lays it out.
fn tree() -> Machine {
    let machine = Machine::new(&[
        ("/sys/class/net/bonding_masters", "bond0\n"),
        ("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1/net/eno2/address", "52:54:00:00:00:02\n"),
        ("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1/net/eno2/mtu", "9000\n"),
        ("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1/net/eno2/flags", "0x1803\n"),
        ("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1/net/eno2/speed", "10000\n"),
        ("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1/net/eno2/duplex", "full\n"),
        ("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1/net/eno2/type", "1\n"),
        ("/sys/bus/pci/drivers/ixgbe/bind", ""),
        ("/sys/devices/virtual/net/bond0/bonding/mode", "802.3ad 4\n"),
        ("/sys/devices/virtual/net/bond0/bonding/slaves", "eno2\n"),
        ("/sys/devices/virtual/net/vmbr0/bridge/vlan_filtering", "1\n"),
        ("/sys/devices/virtual/net/vmbr0/bridge/stp_state", "0\n"),
        ("/sys/devices/virtual/net/vmbr0/brif/bond0/state", "3\n"),
        ("/sys/devices/virtual/net/vmbr0.5/uevent", "DEVTYPE=vlan\nINTERFACE=vmbr0.5\n"),
        ("/sys/devices/virtual/net/lo/type", "772\n"),
    ]);
    let card = "/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1";
    machine.link(&format!("{card}/net/eno2/device"), "../../../0000:03:00.1");
    machine.link(&format!("{card}/driver"), "../../../../bus/pci/drivers/ixgbe");
    machine.link(&format!("{card}/net/eno2/master"), "../../../../../virtual/net/bond0");
    machine.link("/sys/devices/virtual/net/vmbr0.5/lower_vmbr0", "../vmbr0");
    machine.link("/sys/class/net/eno2", "../../devices/pci0000:00/0000:00:1c.0/0000:03:00.1/net/eno2");
    for name in ["bond0", "vmbr0", "vmbr0.5", "lo"] {
        machine.link(&format!("/sys/class/net/{name}"), &format!("../../devices/virtual/net/{name}"));
    }
    machine
}

#[test]
fn in_a_tree_only_its_sys_class_net_is_read() {
    let kernel = inspect(&tree().host()).unwrap();
    let names: Vec<_> = kernel.links().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["bond0", "eno2", "lo", "vmbr0", "vmbr0.5"]);
    let card = link(&kernel, "eno2");
    assert_eq!(
        (&card.kind, card.mtu, card.up, card.speed, card.full_duplex),
        (&Kind::Physical, 9000, true, Some(10_000), Some(true))
    );
    assert_eq!((card.pci.as_deref(), card.driver.as_deref()), (Some("0000:03:00.1"), Some("ixgbe")));
    assert_eq!((card.master.as_deref(), card.mac.as_deref()), (Some("bond0"), Some("52:54:00:00:00:02")));
    let Kind::Bond(bond) = &link(&kernel, "bond0").kind else { panic!() };
    assert_eq!(
        (bond.mode.as_str(), &link(&kernel, "bond0").members[..]),
        ("802.3ad", &["eno2".to_owned()][..])
    );
    assert_eq!(link(&kernel, "vmbr0").kind, Kind::Bridge { vlan_filtering: true, stp: false });
    assert_eq!(link(&kernel, "vmbr0").members, ["bond0"]);
    assert_eq!(
        (&link(&kernel, "vmbr0.5").kind, link(&kernel, "vmbr0.5").parent.as_deref()),
        (&Kind::Vlan { id: None, protocol: None }, Some("vmbr0"))
    );
    assert_eq!(link(&kernel, "lo").kind, Kind::Loopback);
    assert!(kernel.routes.is_empty());

    let none = inspect(&Machine::new(&[]).host()).unwrap();
    assert_eq!(none.links().count(), 0, "an empty tree has no links, which is no error");
}

/// NET-56
#[test]
fn a_bond_that_has_lost_a_member_or_has_no_partner_is_a_finding() {
    let ids = |kernel: &Kernel| {
        check(kernel).into_iter().map(|finding| (finding.id, finding.level)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&lacp()), []);
    assert_eq!(ids(&leg_down()), [("network.bond-member-down".to_owned(), Level::Warning)]);
    assert!(check(&leg_down())[0].evidence.ends_with("ens5"));

    let machine = tree();
    machine.write("/sys/devices/virtual/net/bond0/flags", "0x1443\n");
    machine.write("/sys/devices/virtual/net/bond0/bonding/ad_partner_mac", "00:00:00:00:00:00\n");
    let alone = [
        ("network.bond-member-down".to_owned(), Level::Critical),
        ("network.lacp-without-partner".to_owned(), Level::Warning),
    ];
    assert_eq!(ids(&inspect(&machine.host()).unwrap()), alone);
    machine.write("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1/net/eno2/carrier", "1\n");
    machine.write("/sys/devices/virtual/net/bond0/bonding/ad_partner_mac", "32:84:e3:9e:3d:c4\n");
    assert_eq!(ids(&inspect(&machine.host()).unwrap()), []);
    machine.write("/sys/devices/virtual/net/bond0/flags", "0x1402\n");
    machine.write("/sys/devices/virtual/net/bond0/bonding/ad_partner_mac", "00:00:00:00:00:00\n");
    assert_eq!(ids(&inspect(&machine.host()).unwrap()), [], "a bond that is down on purpose is left alone");
}

proptest! {
    /// Law: whatever ip(8) may print, reading it ends.
    #[test]
    fn text_that_is_no_answer_is_survived(text in "[\\[\\]{}\":,a-z0-9]{0,80}") {
        let _ = hostile::read(&text);
    }
}
