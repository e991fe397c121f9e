//! Network interfaces by command: staged, shown, discarded.

use insta::assert_snapshot;

use crate::support::Tree;

const LIVE: &str = "auto lo
iface lo inet loopback

iface eno1 inet manual

# the switch for guests
auto vmbr0
iface vmbr0 inet static
	address 192.0.2.2/24
	gateway 192.0.2.1
	bridge-ports eno1
	bridge-stp off
	bridge-fd 0
";

fn tree() -> Tree {
    let tree = Tree::new();
    for (path, text) in [
        ("etc/network/interfaces", LIVE),
        ("sys/class/net/eno1/flags", "0x1003\n"),
        ("sys/class/net/eno2/flags", "0x1002\n"),
    ] {
        let path = tree.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    tree
}

#[test]
fn interfaces_are_listed_in_the_order_of_the_file() {
    assert_snapshot!(tree().innkeeper(&["network", "list"]).success().whole());
}

#[test]
fn a_new_bridge_is_shown_staged_and_discarded() {
    let tree = tree();
    let create = [
        "network",
        "create",
        "vmbr1",
        "bridge",
        "--bridge_ports",
        "eno2",
        "--cidr",
        "198.51.100.1/24",
        "--autostart",
        "1",
    ];
    let plan: Vec<&str> = create.iter().copied().chain(["--plan"]).collect();
    assert_snapshot!(tree.innkeeper(&plan).success().whole());
    let yes: Vec<&str> = create.iter().copied().chain(["--yes"]).collect();
    tree.innkeeper(&yes).success();
    assert_eq!(tree.read("etc/network/interfaces"), LIVE);
    let changes = tree.innkeeper(&["network", "changes"]).success();
    assert!(
        changes.stdout.contains("+iface vmbr1 inet static\n+\taddress 198.51.100.1/24\n"),
        "{}",
        changes.whole()
    );
    tree.innkeeper(&["network", "revert", "--yes"]).success();
    assert_eq!(tree.innkeeper(&["network", "changes"]).success().stdout, "Nothing is staged.\n");
}
