//! Recipes on real hosts: applied by one call, reached from another host, and still there after a reboot.

#![allow(clippy::unwrap_used, reason = "a test")]

mod pair;

use innkeeper_lab::Error;
use pair::{OURS, Pair, SOON};

/// NET-33, NET-38, NET-39: the card's address is on the bridge afterwards; a guest is a neighbour with its own hardware address.
#[test]
fn a_bridged_host_and_its_guest_are_reached_before_and_after_a_reboot() -> Result<(), Error> {
    let pair = Pair::installed(1)?;
    pair.cook("bridged")?;
    pair.reached(OURS)?;
    assert!(pair.host.run("cat /etc/network/interfaces")?.contains("# first cable"));
    for turn in 0..2 {
        pair.guest("vmbr0", "bc:24:11:00:00:01", "10.1.0.7/24", OURS)?;
        pair.reached("10.1.0.7")?;
        let known = pair.other.run("ip neighbour show 10.1.0.7")?;
        assert!(known.contains("bc:24:11:00:00:01"), "{known}");
        if turn == 0 {
            pair.reboot()?;
            pair.reached(OURS)?;
        }
    }
    Ok(())
}

/// NET-40, NET-42: the guest's packets pass this host, and the wire shows the host's hardware address for both.
#[test]
fn a_routed_guest_is_reached_behind_the_hosts_own_hardware_address() -> Result<(), Error> {
    let pair = Pair::installed(1)?;
    pair.cook("routed --cidr 203.0.113.17/28")?;
    // on the link, as a provider's router sees the block
    pair.other.run(&format!("ip route add 203.0.113.16/28 dev {}", pair.theirs))?;
    for turn in 0..2 {
        pair.guest("vmbr0", "bc:24:11:00:00:01", "203.0.113.18/28", "203.0.113.17")?;
        pair.reached("203.0.113.18")?;
        let known = pair.other.run("ip neighbour show 203.0.113.18")?;
        assert!(known.contains(pair.host.nic(0).mac()), "{known}");
        if turn == 0 {
            pair.reboot()?;
            pair.reached(OURS)?;
        }
    }
    Ok(())
}

/// NET-58: a bond with an address lives on one leg.
#[test]
fn a_bond_for_storage_answers_with_a_leg_pulled() -> Result<(), Error> {
    let pair = Pair::installed(3)?;
    pair.cook("bond-storage --cidr 10.5.0.1/24")?;
    let second = |pair: &Pair| pair.other.run(&format!("ip address add 10.5.0.2/24 dev {}", pair.theirs));
    second(&pair)?;
    pair.reached("10.5.0.1")?;
    pair.reboot()?;
    pair.reached("10.5.0.1")?;
    pair.reached(OURS)?;
    let active = pair.host.run("cat /sys/class/net/bond0/bonding/active_slave")?;
    for leg in [1, 2] {
        if pair.host.nic(leg).name()? == active {
            pair.host.nic(leg).pull()?;
        }
    }
    pair.reached("10.5.0.1")
}

/// NET-59, NET-36: from one card to a bond below a bridge in one call, without losing the address.
#[test]
fn the_guests_bridge_moves_onto_a_bond() -> Result<(), Error> {
    let pair = Pair::installed(2)?;
    pair.cook("bridged")?;
    pair.cook("bond-bridge")?;
    pair.reached(OURS)?;
    pair.reboot()?;
    pair.reached(OURS)?;
    let members = pair.host.run("cat /sys/class/net/bond0/bonding/slaves; ls /sys/class/net/vmbr0/brif")?;
    assert!(members.contains(&pair.card) && members.contains("bond0"), "{members}");
    Ok(())
}

/// The other host has its address in a VLAN alone.
fn vlan(pair: &Pair) -> Result<(), Error> {
    let theirs = &pair.theirs;
    pair.other
        .run(&format!(
            "set -e; ip address flush dev {theirs}; ip link add link {theirs} name v5 type vlan id 5
            ip address add 10.1.0.2/24 dev v5; ip link set v5 up"
        ))
        .map(drop)
}

/// NET-69: with the traditional bridge.
#[test]
fn the_host_is_reached_in_a_vlan_beside_the_bridge() -> Result<(), Error> {
    let pair = Pair::installed(1)?;
    pair.cook("bridged")?;
    pair.cook("vlan-management --vlan 5")?;
    assert!(!pair.answers(OURS)?, "without a tag nobody answers");
    vlan(&pair)?;
    pair.reached(OURS)?;
    pair.reboot()?;
    pair.reached(OURS)
}

/// NET-36, NET-67, NET-71: the same on a bond, in one call.
#[test]
fn the_host_is_reached_in_a_vlan_on_a_bond_beside_the_bridge() -> Result<(), Error> {
    let pair = Pair::installed(2)?;
    pair.cook("vlan-bond --vlan 5 --mode active-backup")?;
    vlan(&pair)?;
    pair.reached(OURS)?;
    let names = |path: &str| pair.host.run(&format!("ls {path}"));
    assert_eq!(names("/sys/class/net/vmbr0v5/brif")?, "bond0.5");
    assert_eq!(names("/sys/class/net/vmbr0/brif")?, "bond0");
    pair.reboot()?;
    pair.reached(OURS)
}

/// NET-70: with the VLAN-aware one, on a bond, in one call.
#[test]
fn the_host_is_reached_in_a_vlan_on_a_bond() -> Result<(), Error> {
    let pair = Pair::installed(2)?;
    pair.cook("bridged")?;
    pair.cook("vlan-bond --vlan 5 --vlan-aware")?;
    vlan(&pair)?;
    pair.reached(OURS)?;
    pair.reboot()?;
    pair.reached(OURS)
}

/// NET-65: Open vSwitch takes the card, and the host's own port its address.
#[test]
fn open_vswitch_takes_the_card_and_the_host_keeps_its_address() -> Result<(), Error> {
    let pair = Pair::installed(1)?;
    pair.host.run("systemctl enable --now --quiet openvswitch-switch")?;
    pair.cook(&format!("ovs --ports {}", pair.card))?;
    pair.reached(OURS)?;
    pair.reboot()?;
    pair.reached(OURS)
}

/// NET-65: several cards become a bond of Open vSwitch, and the host's own port is in a VLAN.
#[test]
fn open_vswitch_has_a_bond_and_the_host_in_a_vlan() -> Result<(), Error> {
    let pair = Pair::installed(2)?;
    pair.host.run("systemctl enable --now --quiet openvswitch-switch")?;
    let second = pair.host.nic(1).name()?;
    pair.cook(&format!("ovs --ports '{} {second}' --tag 5", pair.card))?;
    vlan(&pair)?;
    pair.reached(OURS)?;
    assert!(pair.host.run("ovs-vsctl list-ifaces vmbr0")?.contains(&second));
    let legs = pair.host.run("ovs-appctl bond/show")?;
    assert!(legs.contains("active-backup") && legs.contains(&pair.card) && legs.contains(&second), "{legs}");
    pair.reboot()?;
    pair.reached(OURS)
}

/// NET-72, NET-73: no link has an IPv6 address any more, now and after a reboot, and they are back when it is taken back.
#[test]
fn ipv6_goes_and_comes_back() -> Result<(), Error> {
    let pair = Pair::installed(1)?;
    let six = || pair.host.run("ip -6 -brief address show | wc -l");
    assert_ne!(six()?, "0");
    pair.cook("ipv6")?;
    assert_eq!(six()?, "0");
    pair.reboot()?;
    assert_eq!(six()?, "0");
    pair.reached(OURS)?;
    pair.host.run("systemd-run --quiet --unit innkeeper-serve innkeeper serve --listen [::]:8006")?;
    pair.host.wait_until("the page", SOON, || {
        let page =
            pair.other.output(&format!("curl --silent --insecure --max-time 5 https://{OURS}:8006/"))?;
        Ok(page.stdout.contains("<title>Innkeeper"))
    })?;
    pair.cook("ipv6 --enabled")?;
    assert!(!pair.host.output("test -e /etc/sysctl.d/disable-ipv6.conf")?.success());
    pair.reboot()?;
    assert_ne!(six()?, "0");
    Ok(())
}

/// NET-75 to NET-77: a guest gets through with the hardware address of its configuration, and with no other; one that starts later, too.
#[test]
fn a_guest_with_a_false_hardware_address_gets_no_answer() -> Result<(), Error> {
    const MAC: &str = "bc:24:11:00:00:01";
    let pair = Pair::installed(1)?;
    pair.cook("bridged")?;
    pair.host.run("mkdir -p /etc/pve/nodes/pve1/lxc")?;
    let file =
        format!("hostname: dns\nnet0: name=eth0,bridge=vmbr0,hwaddr={},type=veth\n", MAC.to_uppercase());
    pair.host.write("/etc/pve/nodes/pve1/lxc/100.conf", file)?;
    pair.guest("vmbr0", MAC, "10.1.0.7/24", OURS)?;
    let ping = || Ok(pair.host.output("ip netns exec guest ping -c 1 -w 3 10.1.0.2")?.success());
    let become_mac = |mac: &str| {
        pair.host
            .run(&format!("ip -n guest link set eth0 address {mac}; ip -n guest neighbour flush dev eth0"))?;
        pair.other.run(&format!("ip neighbour flush dev {}", pair.theirs))
    };
    pair.host.wait_until("the guest's way out", SOON, ping)?;
    become_mac("bc:24:11:00:00:66")?;
    assert!(ping()?, "a bridge that learns lets any address through");
    become_mac(MAC)?;

    pair.cook("mac-learning")?;
    let table = || pair.host.run("bridge fdb show dev veth100i0; bridge -details link show dev veth100i0");
    let known = table()?;
    assert!(
        known.contains(&format!("{MAC} master vmbr0 static")) && known.contains("learning off"),
        "{known}"
    );
    pair.host.wait_until("the guest's way out", SOON, ping)?;
    become_mac("bc:24:11:00:00:66")?;
    assert!(!ping()?, "answers to a false address reach nobody");
    become_mac(MAC)?;
    pair.host.wait_until("the guest's way out", SOON, ping)?;

    // another start of the guest: the daemon enters it by itself
    pair.host.run("ip netns delete guest; ip link delete veth100i0 2>/dev/null; true")?;
    pair.host.run("systemd-run --quiet --unit innkeeper-serve innkeeper serve")?;
    pair.guest("vmbr0", MAC, "10.1.0.7/24", OURS)?;
    pair.host
        .wait_until("the entry", SOON, || Ok(table()?.contains(&format!("{MAC} master vmbr0 static"))))?;
    pair.host.wait_until("the guest's way out", SOON, ping)?;
    assert!(!pair.host.run("innkeeper checks")?.contains("forwarding-entries"));
    pair.host.run("innkeeper history verify").map(drop)
}
