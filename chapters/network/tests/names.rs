//! Names of cards: what they mean, link files, keeping a name.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{Machine, wrong};
use innkeeper_change::Level;
use innkeeper_host::CassetteHost;
use innkeeper_network::kernel::{Kernel, Link, inspect as kernel};
use innkeeper_network::names::checks::{renamed, run, without_ipv6};
use innkeeper_network::names::inspect::inspect;
use innkeeper_network::names::link_file::{LinkFile, pinning};
use innkeeper_network::names::scheme::{Made, read};
use innkeeper_network::names::upgrade::risks;
use innkeeper_rest::Verb;
use proptest::prelude::*;
use serde_json::json;

/// A tree with three cards, two of them functions of one device.
fn tree() -> Machine {
    let machine = Machine::new(&[("/sys/class/net/bonding_masters", "")]);
    card(&machine, "enp3s0f0", "0000:03:00.0", "52:54:00:00:00:01");
    card(&machine, "enp3s0f1", "0000:03:00.1", "52:54:00:00:00:02");
    card(&machine, "wan0", "0000:04:00.0", "52:54:00:00:00:03");
    machine
}

fn card(machine: &Machine, name: &str, pci: &str, mac: &str) {
    let device = format!("/sys/devices/pci0000:00/{pci}");
    machine.write(&format!("{device}/net/{name}/address"), format!("{mac}\n"));
    machine.write(&format!("{device}/net/{name}/type"), "1\n");
    machine.link(&format!("{device}/net/{name}/device"), &format!("../../../{pci}"));
    machine.link(&format!("/sys/class/net/{name}"), &format!("../../devices/pci0000:00/{pci}/net/{name}"));
}

fn of(kernel: &Kernel, name: &str) -> Link {
    kernel.link(name).unwrap().clone()
}

/// NET-16, NET-17, NET-22
#[test]
fn every_pattern_of_the_scheme_is_taken_apart() {
    let pci = |domain, bus, slot, function, usb| Made::Pci { domain, bus, slot, function, usb };
    let cases = [
        ("eno1", Made::OnBoard { index: 1 }, None),
        ("eno12399np0", Made::OnBoard { index: 12399 }, Some("p0")),
        ("eno1d1", Made::OnBoard { index: 1 }, Some("1")),
        ("ens5", Made::Slot { slot: 5, function: None }, None),
        ("ens5f1np1", Made::Slot { slot: 5, function: Some(1) }, Some("p1")),
        ("enp3s0f1", pci(0, 3, 0, Some(1), false), None),
        ("enP2p1s0", pci(2, 1, 0, None, false), None),
        ("enp0s20u2u1c2i1", pci(0, 0, 20, None, true), None),
        ("ibp65s0f0", pci(0, 65, 0, Some(0), false), None),
        ("enx525400AABBCC", Made::Mac { mac: "52:54:00:aa:bb:cc".to_owned() }, None),
        ("eth0", Made::Order { number: 0 }, None),
        ("enwan0", Made::Given, None),
        ("lan0", Made::Given, None),
        ("enp3", Made::Given, None),
        ("eno1x", Made::Given, None),
        ("enx5254", Made::Given, None),
        ("eno99999999999", Made::Given, None),
    ];
    for (name, made, port) in cases {
        let found = read(name);
        assert_eq!((found.made, found.port.as_deref()), (made, port), "{name}");
    }
    assert_eq!(read("enp3s0f0v2").virtual_function, Some(2));
    assert!(
        read("eno1").is_of_the_scheme()
            && !read("enwan0").is_of_the_scheme()
            && !read("eth0").is_of_the_scheme()
    );
}

/// NET-23
#[test]
fn a_name_is_explained_and_compared_with_where_the_card_is() {
    let machine = tree();
    let kernel = kernel(&machine.host()).unwrap();
    let card = of(&kernel, "enp3s0f1");
    assert_eq!(read("enp3s0f1").sentence(&card), "card on PCI bus 3, slot 0, function 1");
    assert_eq!(read("enp3s0f1").fits(&card), Some(true));
    assert_eq!(read("enp4s0").fits(&card), Some(false));
    assert!(read("enp4s0").sentence(&card).contains("but it is 0000:03:00.1"));
    assert_eq!(read("enx525400000002").fits(&card), Some(true));
    assert_eq!(read("eno1").fits(&card), None, "what the firmware counts cannot be seen here");

    let nics = machine.get("/nics");
    assert_eq!(nics[1]["name"], "enp3s0f1");
    assert_eq!((&nics[1]["pci"], &nics[1]["mac"]), (&json!("0000:03:00.1"), &json!("52:54:00:00:00:02")));
    machine.write(
        "/etc/network/interfaces",
        "iface vmbr0\n\tbridge-ports enp3s0f1\niface v5\n\tvlan-raw-device wan0\niface enp3s0f1.7\n",
    );
    let used = machine.get("/nics");
    assert_eq!((&used[1]["used-by"], &used[2]["used-by"]), (&json!(["vmbr0", "enp3s0f1.7"]), &json!(["v5"])));
    assert!(used[0].get("used-by").is_none());
    assert!(nics[2]["explanation"].as_str().unwrap().starts_with("a name that somebody gave"));
}

/// NET-23
#[test]
fn cards_of_a_real_host_are_explained_with_their_other_names() {
    let host =
        CassetteHost::parse(include_str!("../../../lab/recordings/network/network-plain.json")).unwrap();
    let kernel = kernel(&host).unwrap();
    let card = of(&kernel, "ens5");
    assert_eq!(read("ens5").sentence(&card), "card in slot 5, as the firmware numbers the slots");
    assert_eq!(read(&card.altnames[0]).sentence(&card), "card on PCI bus 0, slot 5");
}

/// NET-28, NET-29
#[test]
fn the_file_of_the_handbook_names_the_card_of_its_address() {
    let text = "[Match]\nMACAddress=aa:bb:cc:dd:ee:ff\n\n[Link]\nName=enwan0\n";
    let file = LinkFile::parse(text);
    assert_eq!((file.gives(), file.pins_by_mac()), (Some("enwan0"), true));
    let machine = tree();
    card(&machine, "eno7", "0000:05:00.0", "aa:bb:cc:dd:ee:ff");
    machine.write("/etc/systemd/network/10-enwan0.link", text);
    let state = inspect(&machine.host()).unwrap();
    assert_eq!(file.is_for(&of(&state.kernel, "eno7")), Some(true));
    assert_eq!(file.is_for(&of(&state.kernel, "wan0")), Some(false));
    let nics = machine.get("/nics");
    let named = nics.as_array().unwrap().iter().find(|nic| nic["name"] == "eno7").unwrap();
    assert_eq!(
        (&named["link-file"], &named["next-name"]),
        (&json!("/etc/systemd/network/10-enwan0.link"), &json!("enwan0"))
    );
    let ids: Vec<String> = renamed(&state, "").into_iter().map(|finding| finding.id).collect();
    assert_eq!(ids, ["nic.renamed-at-boot"]);
    assert_eq!(LinkFile::parse(&pinning("aa:bb:cc:dd:ee:ff", "enwan0")).gives(), Some("enwan0"));
}

#[test]
fn link_files_count_in_the_order_of_their_names_and_only_for_whom_they_are() {
    let machine = tree();
    let next = || {
        let nics = machine.get("/nics");
        nics[0].get("next-name").map(|name| name.as_str().unwrap().to_owned())
    };
    machine.write(
        "/usr/lib/systemd/network/99-default.link",
        "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel\n",
    );
    assert_eq!(next(), None);
    machine.write(
        "/usr/lib/systemd/network/50-a.link",
        "[Match]\nMACAddress=52-54-00-00-00-01\n[Link]\nName=a\n",
    );
    assert_eq!(next().as_deref(), Some("a"));
    machine.write(
        "/etc/systemd/network/20-b.link",
        "# first\n[Match]\nMACAddress=00:00:00:00:00:09 \\\n  52:54:00:00:00:01\n[Link]\nName=b\n",
    );
    assert_eq!(next().as_deref(), Some("b"), "the earlier name counts");
    machine.write("/etc/systemd/network/10-c.link", "[Match]\nPath=pci-0000:03:00.0\n[Link]\nName=c\n");
    assert_eq!(next(), None, "whether it is for this card is not known");
    machine.write(
        "/etc/systemd/network/10-c.link",
        "[Match]\nType=wlan\nPath=pci-0000:03:00.0\n[Link]\nName=c\n",
    );
    assert_eq!(next().as_deref(), Some("b"), "no card of this kind");
    machine.write("/etc/systemd/network/10-c.link", "[Link]\nName=c\n");
    assert_eq!(next().as_deref(), Some("b"), "a file that says nobody is for nobody");
    machine.write(
        "/etc/systemd/network/20-b.link",
        "[Match]\nMACAddress=52:54:00:00:00:01\n[Link]\nName=b\nNamePolicy=path\n",
    );
    assert_eq!(next(), None, "a policy goes before a name");
}

/// NET-28
#[test]
fn a_card_keeps_its_name_by_a_link_file_that_can_be_taken_back() {
    let machine = tree();
    let file = "/etc/systemd/network/10-enp3s0f0.link";
    let pin = |nic: &str| machine.call(Verb::Post, "/nics", json!({ "nic": nic }));
    assert_eq!(machine.hazards(Verb::Post, "/nics", json!({"nic": "enp3s0f0"})), ["nic.name-of-the-scheme"]);
    assert_eq!(machine.hazards(Verb::Post, "/nics", json!({"nic": "wan0"})), Vec::<String>::new());
    card(&machine, "eth7", "0000:07:00.0", "52:54:00:00:00:07");
    assert_eq!(machine.hazards(Verb::Post, "/nics", json!({"nic": "eth7"})), ["nic.name-of-the-kernel"]);
    pin("enp3s0f0").unwrap();
    assert_eq!(
        machine.text(file),
        "[Match]\nMACAddress=52:54:00:00:00:01\nType=ether\n\n[Link]\nName=enp3s0f0\n"
    );
    assert!(pin("enp3s0f0").unwrap().unchanged);
    machine.call(Verb::Post, "/nics", json!({})).unwrap();
    assert!(machine.text("/etc/systemd/network/10-wan0.link").contains("52:54:00:00:00:03"));
    assert!(machine.call(Verb::Post, "/nics", json!({})).unwrap().unchanged, "all of them are pinned");

    let unpin = || machine.call(Verb::Delete, "/nics/enp3s0f0", json!({})).unwrap();
    let removed = unpin();
    assert_eq!(machine.text(file), "");
    assert!(unpin().unchanged);
    let (undo, _) = machine.api.engine().undo_plan(removed.change.unwrap()).unwrap();
    assert_eq!(undo.files().count(), 1);
}

#[test]
fn a_name_is_not_pinned_where_it_would_go_wrong() {
    let machine = tree();
    let refused = |nic: &str| machine.call(Verb::Post, "/nics", json!({ "nic": nic })).unwrap_err();
    assert_eq!(wrong(refused("eno9"), "nic"), "there is no network card 'eno9'");
    machine.write("/etc/systemd/network/10-wan0.link", "[Match]\nDriver=e1000e\n[Link]\nWakeOnLan=off\n");
    assert!(refused("wan0").to_string().contains("10-wan0.link is there already"));
    machine.write(
        "/etc/systemd/network/05-x.link",
        "[Match]\nMACAddress=52:54:00:00:00:02\n[Link]\nName=lan0\n",
    );
    assert!(refused("enp3s0f1").to_string().contains("calls it 'lan0' from the next start on"));
    card(&machine, "twin", "0000:06:00.0", "52:54:00:00:00:01");
    assert!(refused("enp3s0f0").to_string().contains("'twin' has the same hardware address"));

    machine.write(
        "/usr/lib/systemd/network/05-x.link",
        "[Match]\nMACAddress=52:54:00:00:00:03\n[Link]\nName=wan0\n",
    );
    std::assert_eq!(machine.text("/etc/systemd/network/05-x.link").lines().count(), 4);
    let state = inspect(&machine.host()).unwrap();
    assert!(
        state.files.iter().all(|found| found.path != "/usr/lib/systemd/network/05-x.link"),
        "the administrator's counts"
    );
}

#[test]
fn two_cards_that_files_call_alike_are_found() {
    let machine = tree();
    machine.write(
        "/etc/systemd/network/10-a.link",
        "[Match]\nMACAddress=52:54:00:00:00:01 52:54:00:00:00:02\n[Link]\nName=lan0\n",
    );
    let ids: Vec<String> =
        renamed(&inspect(&machine.host()).unwrap(), "").into_iter().map(|finding| finding.id).collect();
    assert_eq!(ids, ["nic.renamed-at-boot", "nic.renamed-at-boot", "nic.name-given-twice"]);
}

/// NET-25: a configured port that will not exist after the next start is found before it
#[test]
fn what_names_a_card_that_will_be_called_something_else_is_found_before_the_next_start() {
    let machine = tree();
    machine.write(
        "/etc/systemd/network/10-lan0.link",
        "[Match]\nMACAddress=52:54:00:00:00:01\n[Link]\nName=lan0\n",
    );
    let found = |interfaces: &str| {
        let mut found = renamed(&inspect(&machine.host()).unwrap(), interfaces);
        assert_eq!(found.len(), 1);
        (found[0].level, found.remove(0).evidence)
    };
    let file = "/etc/systemd/network/10-lan0.link: Name=lan0";
    assert_eq!(found("auto enp3s0f1\niface enp3s0f1 inet manual\n"), (Level::Info, file.to_owned()));
    for (interfaces, line) in [
        ("auto lo\nauto enp3s0f0\n", 2),
        ("iface enp3s0f0.5 inet manual\n", 1),
        ("iface vmbr0 inet manual\n\tbridge-ports wan0 enp3s0f0\n", 2),
        ("iface vlan5 inet manual\n\tvlan-raw-device enp3s0f0\n", 2),
    ] {
        let evidence = format!("{file}; /etc/network/interfaces:{line} names 'enp3s0f0'");
        assert_eq!(found(interfaces), (Level::Critical, evidence), "{interfaces}");
    }
}

/// The check reads what the next start will read.
#[test]
fn what_is_staged_counts_for_the_next_start() {
    let machine = tree();
    machine.write(
        "/etc/systemd/network/10-lan0.link",
        "[Match]\nMACAddress=52:54:00:00:00:01\n[Link]\nName=lan0\n",
    );
    let level = || run(&machine.host()).unwrap().remove(0).level;
    assert_eq!(level(), Level::Info, "no file names anything");
    machine.write("/etc/network/interfaces", "iface enp3s0f0 inet manual\n");
    assert_eq!(level(), Level::Critical);
    machine.write("/etc/network/interfaces.new", "iface lan0 inet manual\n");
    assert_eq!(level(), Level::Info);
}

/// NET-25: a card that came back under another name, because it sits in another slot now
#[test]
fn a_configured_card_that_is_absent_while_another_has_nothing_to_do_is_critical_and_has_a_cure() {
    let machine = tree();
    let look = |interfaces: &str| {
        machine.write("/etc/network/interfaces", interfaces);
        let mut found = run(&machine.host()).unwrap();
        found.retain(|finding| finding.id == "nic.absent");
        found
    };
    let used = "iface enp3s0f0 inet manual\niface enp3s0f1 inet manual\n";
    assert!(look(used).is_empty(), "wan0 has nothing to do, and nothing is missing");
    let bridge = format!("{used}iface vmbr0 inet manual\n\tbridge-ports enp9s0.7\n");
    let found = look(&bridge);
    assert_eq!((found.len(), found[0].level), (1, Level::Critical));
    assert!(
        found[0].message.contains("'enp9s0'")
            && found[0].evidence.contains("wan0 (52:54:00:00:00:03, PCI 0000:04:00.0)")
    );
    let fix = &found[0].fixes[0];
    assert_eq!((fix.verb.as_str(), fix.path.as_str()), ("POST", "/nodes/pve1/nics/wan0/rename"));
    let params = serde_json::to_value(&fix.params).unwrap();
    machine.call(Verb::Post, "/nics/wan0/rename", params).unwrap();
    assert!(machine.text("/etc/systemd/network/10-enp9s0.link").contains("52:54:00:00:00:03"));
    assert!(look(&bridge).is_empty(), "the restart will cure it");

    // two are missing and two are free: nobody can tell which is which, but for an address that somebody wrote down
    let two = "iface enp8s0 inet manual\n\thwaddress ether 52:54:00:00:00:02\niface enp7s0 inet manual\niface enp3s0f0\n";
    machine.write("/etc/systemd/network/10-enp9s0.link", "");
    let found = look(two);
    let fixes: Vec<_> =
        found.iter().map(|finding| finding.fixes.first().map(|fix| fix.path.clone())).collect();
    assert_eq!(fixes, [Some("/nodes/pve1/nics/enp3s0f1/rename".to_owned()), None]);
    assert!(
        look("iface enp3s0f0\niface enp3s0f1\niface wan0\niface enp9s0\n").is_empty(),
        "every card has something to do"
    );
}

/// NET-25: what udev would call a card now is what it will call it at the next start
#[test]
fn a_name_that_udev_would_not_give_again_is_found_before_the_next_start() {
    let machine = tree();
    machine.write(
        "/usr/lib/systemd/network/99-default.link",
        "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel database onboard slot path\n",
    );
    let mut state = inspect(&machine.host()).unwrap();
    let made =
        |slot: &str| vec![("PATH".to_owned(), "enp3s0f0".to_owned()), ("SLOT".to_owned(), slot.to_owned())];
    state.made.insert("enp3s0f0".to_owned(), made("ens9f0"));
    let found = renamed(&state, "iface enp3s0f0 inet manual\n");
    assert_eq!((found.len(), found[0].level), (1, Level::Critical));
    assert!(
        found[0].message.contains("is called 'ens9f0'")
            && found[0].evidence.contains("udev: ID_NET_NAME_SLOT=ens9f0")
    );
    assert_eq!(found[0].fixes[0].path, "/nodes/pve1/nics");
    state.made.insert("enp3s0f0".to_owned(), made("enp3s0f0"));
    assert!(renamed(&state, "").is_empty());
    // with a link file udev's own names do not count
    state.made.insert("enp3s0f0".to_owned(), made("ens9f0"));
    machine.call(Verb::Post, "/nics", json!({"nic": "enp3s0f0"})).unwrap();
    state.files = inspect(&machine.host()).unwrap().files;
    assert!(renamed(&state, "").is_empty());
}

/// NET-24, NET-25: said before systemd or the kernel is upgraded
#[test]
fn an_upgrade_of_systemd_or_of_the_kernel_says_which_names_nothing_keeps() {
    let machine = tree();
    machine.write("/etc/network/interfaces", "iface enp3s0f0\nsource /etc/network/interfaces.d/*\n");
    machine.write("/etc/network/interfaces.d/more", "iface vmbr0\n\tbridge-ports wan0\n");
    machine.write("/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
    let kernels = ["6.1.0-40-amd64".to_owned()];
    let ids = |systemd, kernels: &[String]| {
        let found = risks(&machine.host(), systemd, kernels);
        found.into_iter().map(|hazard| (hazard.id, hazard.message)).collect::<Vec<_>>()
    };
    let newer = Some(("252.39-1~deb12u1", "257.8-1~deb13u2"));
    let found = ids(newer, &kernels);
    assert_eq!(
        (found[0].0.as_str(), found[1].0.as_str()),
        ("nic.systemd-may-rename", "nic.kernel-may-rename")
    );
    assert!(found[0].1.contains("systemd 257") && found[0].1.contains("enp3s0f0, wan0"), "{found:?}");
    assert!(ids(Some(("252.38-1", "252.39-1")), &[]).is_empty(), "the same systemd makes the same names");
    machine.call(Verb::Put, "/nics-scheme", json!({"version": "v252"})).unwrap();
    assert_eq!(ids(newer, &[]), []);
    assert_eq!(ids(newer, &kernels).len(), 1, "a kernel may rename whatever the scheme");
    machine.call(Verb::Post, "/nics", json!({})).unwrap();
    assert_eq!(ids(newer, &kernels), []);
}

/// NET-74
#[test]
fn ipv6_that_is_switched_off_on_the_command_line_is_said() {
    assert!(without_ipv6("quiet ipv6.disable=0").is_none());
    let found = without_ipv6("BOOT_IMAGE=/vmlinuz ipv6.disable=1 quiet\n").unwrap();
    assert!(found.advice.contains("net.ipv6.conf.all.disable_ipv6"));
}

proptest! {
    /// Law: every name and every file can be read.
    #[test]
    fn whatever_is_there_is_survived(name in "(en|eth|ib)?[PopsfuxcindvA-F0-9é]{0,12}", file in "(\\[Match\\]\n|\\[Link\\]\n|Name=|MACAddress=|[a-z*!\\\\\n= ]){0,12}") {
        let made = read(&name);
        prop_assert!(made.port.is_none() || made.is_of_the_scheme());
        let _ = LinkFile::parse(&file).gives();
    }
}
