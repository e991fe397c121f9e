//! Bonds and VLANs that the program makes, on real kernels: every mode, a leg that goes, a trunk between two hosts.

#![allow(clippy::unwrap_used, reason = "a test")]

mod pair;

use std::time::Duration;

use innkeeper_lab::{Error, Host, Lab, LacpPeer, Link};
use pair::Pair;

const SOON: Duration = Duration::from_secs(90);

fn innkeeper(host: &Host, words: &str) -> Result<String, Error> {
    host.run(&format!("innkeeper {words} --yes"))
}

/// Puts what is staged in force, for good: as a client of the original does it.
fn apply(host: &Host) -> Result<(), Error> {
    host.run("innkeeper api set /nodes/localhost/network").map(drop)
}

fn bond(host: &Host) -> Result<String, Error> {
    host.run("cat /proc/net/bonding/bond0")
}

/// What the topology says of an interface, as JSON.
fn node(host: &Host, name: &str) -> Result<serde_json::Value, Error> {
    let said = host.run("innkeeper network topology --output-format json")?;
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    Ok(said["nodes"].as_array().unwrap().iter().find(|node| node["name"] == name).unwrap().clone())
}

/// NET-48, NET-49, NET-51, NET-52, NET-54, NET-55: each mode is made, read back from the kernel, and carries traffic.
#[test]
fn every_mode_of_a_bond_is_made_and_changed_into_the_next() -> Result<(), Error> {
    const MODES: [(&str, &str); 7] = [
        ("balance-rr", "load balancing (round-robin)"),
        ("active-backup", "fault-tolerance (active-backup)"),
        ("balance-xor", "load balancing (xor)"),
        ("broadcast", "fault-tolerance (broadcast)"),
        ("802.3ad", "IEEE 802.3ad Dynamic link aggregation"),
        ("balance-tlb", "transmit load balancing"),
        ("balance-alb", "adaptive load balancing"),
    ];
    let host = Lab::host().name("pve1").nics(2).start()?;
    host.install_product()?;
    let members = format!("{} {}", host.nic(0).name()?, host.nic(1).name()?);
    for (turn, (mode, in_words)) in MODES.iter().enumerate() {
        let verb = if turn == 0 { "create" } else { "set" };
        innkeeper(
            &host,
            &format!(
                "network {verb} bond0 bond --slaves '{members}' --bond_mode {mode} --cidr 10.1.0.1/24 --autostart"
            ),
        )?;
        apply(&host)?;
        let found = bond(&host)?;
        assert!(found.contains(&format!("Bonding Mode: {in_words}")), "{mode}: {found}");
        assert_eq!(found.matches("Slave Interface: ").count(), 2, "{mode}: {found}");
        assert_eq!(node(&host, "bond0")?["bond_mode"], *mode);
        host.run("ping -c 1 -w 5 10.1.0.1")?;
    }
    Ok(())
}

/// NET-50: the member that is used loses its cable: the other one takes over, and back.
#[test]
fn a_bond_of_two_cards_fails_over_and_back() -> Result<(), Error> {
    let pair = Pair::with_cards(2)?;
    let (host, other) = (&pair.host, &pair.other);
    let (first, second) = (host.nic(0).name()?, host.nic(1).name()?);
    innkeeper(
        host,
        &format!(
            "network create bond0 bond --slaves '{first} {second}' --bond_mode active-backup \
             --bond-primary {first} --cidr 10.1.0.1/24 --autostart"
        ),
    )?;
    apply(host)?;
    let used = |name: &str| Ok::<_, Error>(node(host, name)?["bond_active"] == 1);
    host.wait_until("the primary member", SOON, || used(&first))?;
    other.run("ping -c 2 -w 20 10.1.0.1")?;
    host.nic(0).pull()?;
    host.wait_until("the other member", SOON, || used(&second))?;
    assert!(!used(&first)?, "{}", bond(host)?);
    other.run("ping -c 2 -w 30 10.1.0.1")?;
    assert!(
        host.run("innkeeper checks --output-format json")?.contains("bond0"),
        "the lost leg is a finding"
    );
    host.nic(0).plug()?;
    host.wait_until("the primary member again", SOON, || used(&first))?;
    other.run("ping -c 2 -w 30 10.1.0.1").map(drop)
}

/// NET-53, NET-36: a bond that speaks LACP with its peer carries a bridge with an address; one leg is pulled and put back, and
/// all of it is there again after a restart.
#[test]
fn a_bridge_on_an_lacp_bond_lives_on_one_leg_and_over_a_restart() -> Result<(), Error> {
    let (one, two) = (Link::new("one"), Link::new("two"));
    let peer = Lab::lacp_peer([&one, &two])?;
    let host = Lab::host().name("pve1").nic(&one).nic(&two).start()?;
    host.install_product()?;
    let members = format!("{} {}", host.nic(0).name()?, host.nic(1).name()?);
    innkeeper(
        &host,
        &format!(
            "network create bond0 bond --slaves '{members}' --bond_mode 802.3ad --bond_xmit_hash_policy layer2+3 --autostart"
        ),
    )?;
    innkeeper(&host, "network create vmbr0 bridge --bridge_ports bond0 --cidr 10.78.0.2/24 --autostart")?;
    apply(&host)?;
    let partner = format!("Partner Mac Address: {}", peer.mac()?);
    let ports = |count: u8| {
        let found = bond(&host)?;
        Ok(found.contains(&partner) && found.contains(&format!("Number of ports: {count}")))
    };
    let ping = || host.run(&format!("ping -c 2 -w 40 {}", LacpPeer::ADDRESS));
    host.wait_until("both legs with the peer", SOON, || ports(2))?;
    assert!(bond(&host)?.contains("Transmit Hash Policy: layer2+3 (2)"));
    ping()?;
    host.nic(0).pull()?;
    peer.nic(0).pull()?;
    host.wait_until("the bond on one leg", SOON, || ports(1))?;
    ping()?;
    peer.nic(0).plug()?;
    host.nic(0).plug()?;
    host.wait_until("both legs again", SOON, || ports(2))?;
    host.reboot()?;
    host.wait_until("both legs after the restart", SOON, || ports(2))?;
    ping().map(drop)
}

/// A guest's card on a bridge, with its other end in a network of its own.
fn guest(host: &Host, vmid: u32, bridge: &str, tag: u16, address: &str) -> Result<(), Error> {
    host.run(&format!(
        "set -e; ip netns add g{vmid}; ip link add veth{vmid}i0 type veth peer name eth0 netns g{vmid}
        ip link set veth{vmid}i0 master {bridge} up
        bridge vlan add dev veth{vmid}i0 vid {tag} pvid untagged; bridge vlan del dev veth{vmid}i0 vid 1
        ip -n g{vmid} address add {address}/24 dev eth0; ip -n g{vmid} link set eth0 up"
    ))
    .map(drop)
}

/// NET-61 to NET-63, NET-67: two hosts with VLAN-aware bridges on one wire: guests of one VLAN reach each other over the trunk,
/// those of another do not, and each host has its own address in a third.
#[test]
fn guests_of_one_vlan_reach_each_other_over_a_trunk_of_two_hosts() -> Result<(), Error> {
    let wire = Link::new("wire");
    let hosts = [Lab::host().name("pve1").nic(&wire).start()?, Lab::host().name("pve2").nic(&wire).start()?];
    for (number, host) in hosts.iter().enumerate().map(|(at, host)| (at + 1, host)) {
        host.install_product()?;
        let card = host.nic(0).name()?;
        innkeeper(
            host,
            &format!("network create vmbr0 bridge --bridge_ports {card} --bridge_vlan_aware --autostart"),
        )?;
        innkeeper(host, &format!("network create vmbr0.5 vlan --cidr 10.5.0.{number}/24 --autostart"))?;
        apply(host)?;
        guest(host, 100, "vmbr0", 7, &format!("10.7.0.{number}"))?;
        guest(host, 101, "vmbr0", 8, &format!("10.7.0.{}", number + 10))?;
    }
    let [one, _] = &hosts;
    one.run("ping -c 2 -w 30 10.5.0.2")?;
    one.run("ip netns exec g100 ping -c 2 -w 30 10.7.0.2")?;
    one.run("ip netns exec g101 ping -c 2 -w 30 10.7.0.12")?;
    assert!(!one.output("ip netns exec g100 ping -c 2 -w 4 10.7.0.12")?.success(), "VLAN 7 is not VLAN 8");
    // the bridge changes under them
    innkeeper(one, "network set vmbr0 bridge --bridge_vids 2-100 --mtu 1400")?;
    apply(one)?;
    one.run("ip netns exec g100 ping -c 2 -w 30 10.7.0.2")?;
    let wire_side = one.run(&format!("bridge vlan show dev {}", one.nic(0).name()?))?;
    assert!(wire_side.contains("100") && !wire_side.contains("101"), "{wire_side}");
    Ok(())
}

/// NET-64, NET-69: the same without a VLAN-aware bridge: a VLAN on the card, and a bridge on the VLAN.
#[test]
fn a_bridge_of_its_own_for_a_vlan_carries_it_untagged() -> Result<(), Error> {
    let wire = Link::new("wire");
    let host = Lab::host().name("pve1").nic(&wire).start()?;
    let other = Lab::host().name("other").nic(&wire).start()?;
    host.install_product()?;
    let (card, theirs) = (host.nic(0).name()?, other.nic(0).name()?);
    other.run(&format!(
        "ip link set {theirs} up; ip link add link {theirs} name v5 type vlan id 5; \
         ip address add 10.5.0.2/24 dev v5; ip link set v5 up"
    ))?;
    innkeeper(&host, &format!("network create {card}.5 vlan --autostart"))?;
    innkeeper(
        &host,
        &format!("network create vmbr0v5 bridge --bridge_ports {card}.5 --cidr 10.5.0.1/24 --autostart"),
    )?;
    apply(&host)?;
    other.run("ping -c 2 -w 30 10.5.0.1")?;
    assert_eq!(node(&host, &format!("{card}.5"))?["vlan"], 5);
    host.reboot()?;
    other.run("ping -c 5 -w 60 10.5.0.1").map(drop)
}
