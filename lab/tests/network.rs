//! Wires, and the hosts at their other ends.

use camino::Utf8PathBuf;
use innkeeper_lab::{Error, Gateway, Lab, LacpPeer, Link, Nic};
use std::time::Duration;

/// Brings a card up with an address.
fn address(host: &innkeeper_lab::Host, nic: usize, address: &str) -> Result<String, Error> {
    let name = host.nic(nic).name()?;
    host.run(&format!("ip address add {address} dev {name} && ip link set {name} up"))?;
    Ok(name)
}

/// Lab: two hosts on one link, and a third that is on none.
#[test]
fn two_hosts_on_one_link_reach_each_other_until_it_is_cut() -> Result<(), Error> {
    let wire = Link::new("wire");
    let a = Lab::host().nic(&wire).nics(1).start()?;
    let b = Lab::host().nic(Nic::new().link(&wire).mac("52:54:00:AA:BB:01")).start()?;
    address(&a, 0, "10.1.0.1/24")?;
    let name = address(&b, 0, "10.1.0.2/24")?;
    a.run("ping -c 2 -w 20 10.1.0.2")?;
    assert_eq!(b.run(&format!("cat /sys/class/net/{name}/address"))?, "52:54:00:aa:bb:01");
    assert!(a.run("ip neighbour show 10.1.0.2")?.contains("52:54:00:aa:bb:01"));
    assert_ne!(a.run("cat /etc/machine-id; hostname")?, b.run("cat /etc/machine-id; hostname")?);

    // udev makes up the addresses of virtual interfaces, from the identity of the machine
    let bridge = "ip link add br0 type bridge; udevadm settle; cat /sys/class/net/br0/address";
    assert_ne!(a.run(bridge)?, b.run(bridge)?, "two hosts are two machines");

    wire.cut();
    assert!(!a.output("ping -c 1 -w 2 10.1.0.2")?.success(), "a wire that is cut carries nothing");
    wire.mend();
    a.run("ping -c 2 -w 20 10.1.0.2")?;

    b.nic(0).connect(None);
    assert!(!a.output("ping -c 1 -w 2 10.1.0.2")?.success(), "nothing is at the other end");
    a.nic(1).connect(Some(&wire));
    b.nic(0).connect(Some(&wire));
    a.run("ping -c 2 -w 20 10.1.0.2")?;
    Ok(())
}

/// Lab: what goes over a link, in a file that tcpdump reads.
#[test]
fn what_goes_over_a_link_is_captured_for_tcpdump() -> Result<(), Error> {
    let folder = tempfile::tempdir().map_err(|error| Error::Request(error.to_string()))?;
    let file = Utf8PathBuf::from(folder.path().join("wire.pcap").to_string_lossy().as_ref());
    let wire = Link::new("wire");
    let host = Lab::host().nic(&wire).start()?;
    wire.capture(&file)?;
    address(&host, 0, "10.1.0.1/24")?;
    assert!(!host.output("ping -c 1 -w 3 10.1.0.2")?.success(), "there is nobody else");
    assert!(wire.frames() > 0);
    host.put(&file, "/root/wire.pcap")?;
    let frames = host.run("tcpdump -enr /root/wire.pcap arp")?;
    let question = "Request who-has 10.1.0.2 tell 10.1.0.1";
    assert!(frames.contains(question) && frames.contains(host.nic(0).mac()), "{frames}");
    Ok(())
}

/// Lab: a pulled cable.
#[test]
fn a_pulled_wire_is_seen_by_the_guest_and_so_is_its_return() -> Result<(), Error> {
    let host = Lab::host().nics(2).start()?;
    let (pulled, other) = (address(&host, 0, "10.1.0.1/24")?, address(&host, 1, "10.2.0.1/24")?);
    let carrier = |name: &str| host.run(&format!("cat /sys/class/net/{name}/carrier"));
    let within = Duration::from_secs(20);
    host.wait_until("a carrier", within, || Ok(carrier(&pulled)? == "1"))?;
    host.nic(0).pull()?;
    host.wait_until("the carrier's loss", within, || Ok(carrier(&pulled)? == "0"))?;
    assert_eq!(carrier(&other)?, "1", "the other card keeps its own");
    host.nic(0).plug()?;
    host.wait_until("the carrier's return", within, || Ok(carrier(&pulled)? == "1"))
}

/// Lab: a gateway with DHCP, DNS and a way beyond.
#[test]
fn a_host_gets_its_address_name_server_and_route_from_the_gateway() -> Result<(), Error> {
    let wire = Link::new("wire");
    let gateway = Lab::gateway(&wire)?;
    let host = Lab::host().nic(&wire).start()?;
    let name = host.nic(0).name()?;
    host.run(&format!("dhclient -1 -v {name}"))?;
    assert!(
        host.run(&format!("ip -4 address show {name}"))?.contains(" 10.77.0.1"),
        "an address of the range"
    );
    assert!(host.run("ip route show default")?.contains(Gateway::ADDRESS));
    assert!(host.run("cat /etc/resolv.conf")?.contains(Gateway::ADDRESS));
    host.run(&format!("ping -c 2 -w 20 {}", Gateway::BEYOND))?;
    assert_eq!(host.run(&format!("getent hosts {} | cut -d' ' -f1", Gateway::NAME))?, Gateway::ADDRESS);
    let leases = gateway.leases()?;
    assert!(leases.iter().any(|lease| lease.contains(host.nic(0).mac())), "{leases:?}");
    Ok(())
}

/// Lab: a switch that speaks LACP, and a leg of the bond that goes down.
#[test]
fn a_bond_negotiates_lacp_with_its_peer_and_lives_on_one_leg() -> Result<(), Error> {
    let (one, other) = (Link::new("one"), Link::new("other"));
    let peer = Lab::lacp_peer([&one, &other])?;
    let host = Lab::host().nic(&one).nic(&other).start()?;
    let (first, second) = (host.nic(0).name()?, host.nic(1).name()?);
    host.run(&format!(
        "set -e; modprobe bonding max_bonds=0
        ip link add bond0 type bond mode 802.3ad miimon 100 lacp_rate fast
        for nic in {first} {second}; do ip link set $nic down; ip link set $nic master bond0; done
        ip address add 10.78.0.2/24 dev bond0; ip link set bond0 up"
    ))?;
    let partner = format!("Partner Mac Address: {}", peer.mac()?);
    let within = Duration::from_secs(60);
    let bond = || host.run("cat /proc/net/bonding/bond0");
    host.wait_until("both legs with the peer", within, || {
        let bond = bond()?;
        Ok(bond.contains(&partner) && bond.contains("Number of ports: 2"))
    })?;
    host.run(&format!("ping -c 2 -w 20 {}", LacpPeer::ADDRESS))?;

    // a cable is dark at both ends
    host.nic(0).pull()?;
    peer.nic(0).pull()?;
    host.wait_until("the bond on one leg", within, || Ok(bond()?.contains("Number of ports: 1")))?;
    assert_eq!(host.run(&format!("cat /sys/class/net/{first}/bonding_slave/mii_status"))?, "down");
    host.run(&format!("ping -c 2 -w 30 {}", LacpPeer::ADDRESS))?;
    peer.nic(0).plug()?;
    host.nic(0).plug()?;
    host.wait_until("both legs again", within, || Ok(bond()?.contains("Number of ports: 2")))
}
