//! How everything hangs together, now and later.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use innkeeper_change::Content;
use innkeeper_host::CassetteHost;
use innkeeper_network::interfaces::state::State;
use innkeeper_network::kernel::{Kernel, hostile, inspect};
use innkeeper_network::topology::{Guest, Node, NodeKind, Pending, Topology, topology};

const LIVE: &str = "iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
\taddress 192.0.2.10/24
\tbridge-ports eno1

auto vmbr7
iface vmbr7 inet manual
\tbridge-ports none
";

/// A card with a bridge, a guest on it, and one behind a firewall.
const LINKS: &str = r#"[
 {"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"link_type":"loopback","address":"00:00:00:00:00:00","addr_info":[]},
 {"ifindex":2,"ifname":"eno1","flags":["UP","LOWER_UP"],"mtu":1500,"master":"vmbr0","link_type":"ether","address":"52:54:00:00:00:01","addr_info":[]},
 {"ifindex":3,"ifname":"vmbr0","flags":["UP","LOWER_UP"],"mtu":1500,"link_type":"ether","linkinfo":{"info_kind":"bridge","info_data":{}},"addr_info":[]},
 {"ifindex":4,"ifname":"tap100i0","flags":["UP","LOWER_UP"],"mtu":1500,"master":"vmbr0","link_type":"ether","linkinfo":{"info_kind":"tun","info_data":{"type":"tap"}},"addr_info":[]},
 {"ifindex":5,"ifname":"tap101i1","flags":["UP","LOWER_UP"],"mtu":1500,"master":"fwbr101i1","link_type":"ether","linkinfo":{"info_kind":"tun","info_data":{"type":"tap"}},"addr_info":[]},
 {"ifindex":6,"ifname":"fwbr101i1","flags":["UP","LOWER_UP"],"mtu":1500,"link_type":"ether","linkinfo":{"info_kind":"bridge","info_data":{}},"addr_info":[]},
 {"ifindex":7,"ifname":"fwln101i1","flags":["UP","LOWER_UP"],"mtu":1500,"master":"fwbr101i1","link_type":"ether","linkinfo":{"info_kind":"veth"},"addr_info":[]},
 {"ifindex":8,"ifname":"fwpr101p1","flags":["UP","LOWER_UP"],"mtu":1500,"master":"vmbr0","link_type":"ether","linkinfo":{"info_kind":"veth"},"addr_info":[]},
 {"ifindex":9,"ifname":"vmbr7","flags":["UP"],"mtu":1500,"link_type":"ether","linkinfo":{"info_kind":"bridge","info_data":{}},"addr_info":[]}
]"#;

fn kernel() -> Kernel {
    Kernel::new(hostile::read(LINKS).0, Vec::new())
}

fn state(staged: Option<&str>) -> State {
    let content = |text: &str| Content::from(text.as_bytes().to_vec());
    State { live: Some(content(LIVE)), staged: staged.map(content), ..State::default() }
}

fn node<'t>(topology: &'t Topology, name: &str) -> &'t Node {
    topology.nodes.iter().find(|node| node.name == name).unwrap()
}

/// `lower-upper`, with `+` for what will be and is not yet, and `-` for what will be no more.
fn ties(topology: &Topology) -> Vec<String> {
    let sign = |now, then| match (now, then) {
        (true, true) => "",
        (false, true) => "+",
        (true, false) => "-",
        (false, false) => "?",
    };
    topology
        .ties
        .iter()
        .map(|tie| format!("{}{} {}", sign(tie.now, tie.then), tie.lower, tie.upper))
        .collect()
}

#[test]
fn guests_are_on_their_bridge_with_and_without_a_firewall() {
    let found = topology(&state(None), &kernel());
    let names: Vec<_> = found.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["eno1", "tap100i0", "tap101i1", "vmbr0", "vmbr7"]);
    assert_eq!(ties(&found), ["eno1 vmbr0", "tap100i0 vmbr0", "tap101i1 vmbr0"]);
    let guest = node(&found, "tap101i1");
    assert_eq!((guest.kind, guest.guest), (NodeKind::Guest, Some(Guest { vmid: 101, net: 1 })));
    assert!(found.nodes.iter().all(|node| node.pending.is_none()));
}

#[test]
fn what_is_staged_is_told_apart_from_what_is() {
    let staged = "iface eno1 inet manual

auto bond0
iface bond0 inet manual
\tbond-slaves eno1 eno2
\tbond-mode active-backup

auto vmbr0
iface vmbr0 inet static
\taddress 192.0.2.10/24
\tbridge-ports bond0

auto bond0.7
iface bond0.7 inet static
\taddress 198.51.100.1/24
";
    let found = topology(&state(Some(staged)), &kernel());
    assert_eq!(
        ties(&found),
        ["+bond0 bond0.7", "+bond0 vmbr0", "+eno1 bond0", "-eno1 vmbr0", "tap100i0 vmbr0", "tap101i1 vmbr0"],
        "eno2 is nowhere, so nothing is tied to it"
    );
    let bond = node(&found, "bond0");
    assert_eq!(
        (bond.kind, bond.exists, bond.pending, bond.bond_mode.as_deref()),
        (NodeKind::Bond, false, Some(Pending::New), Some("active-backup"))
    );
    let vlan = node(&found, "bond0.7");
    assert_eq!((vlan.vlan, vlan.addresses.as_slice()), (Some(7), &["198.51.100.1/24".to_owned()][..]));
    let bridge = node(&found, "vmbr0");
    assert_eq!(bridge.pending, Some(Pending::Changed));
    assert_eq!(bridge.differences, ["bridge-ports eno1 -> bond0"]);
    assert_eq!(node(&found, "vmbr7").pending, Some(Pending::Removed));
}

/// NET-50, NET-53: on recordings of real hosts
#[test]
fn bonds_of_real_hosts_say_which_member_they_use_and_how_fast_they_are() {
    let of = |text: &str| {
        let kernel = inspect(&CassetteHost::parse(text).unwrap()).unwrap();
        topology(&State::default(), &kernel)
    };
    let lacp = of(include_str!("../../../lab/recordings/network/bond-lacp.json"));
    let bond = lacp.nodes.iter().find(|node| node.kind == NodeKind::Bond).unwrap();
    assert_eq!(bond.bond_mode.as_deref(), Some("802.3ad"));
    let members: Vec<_> = lacp.ties.iter().filter(|tie| tie.upper == bond.name).collect();
    assert_eq!(members.len(), 2);
    assert!(members.iter().all(|tie| node(&lacp, &tie.lower).bond_active == Some(1)));
    let half = of(include_str!("../../../lab/recordings/network/bond-one-leg-down.json"));
    let used: Vec<_> = half.nodes.iter().filter_map(|node| node.bond_active).collect();
    assert_eq!(used.iter().sum::<u8>(), 1, "{used:?}");
    let aware = of(include_str!("../../../lab/recordings/network/bridge-vlan-aware.json"));
    assert!(aware.nodes.iter().any(|node| node.kind == NodeKind::Guest || node.kind == NodeKind::Bridge));
}
