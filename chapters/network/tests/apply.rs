//! Applying a configuration: the plan in words, what it puts at risk, whether it came true.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use innkeeper_change::{Action, Content, Plan, Severity};
use innkeeper_network::apply::{Port, Situation, Tag, deviations, plan};
use innkeeper_network::interfaces::config::Config;
use innkeeper_network::interfaces::state::{Device, State};
use innkeeper_network::kernel::{Address, Kernel, Scope, hostile};
use innkeeper_rest::origin;

const LIVE: &str = "auto lo
iface lo inet loopback

iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
\taddress 192.0.2.10/24
\tgateway 192.0.2.1
\tbridge-ports eno1
\tbridge-stp off
\tbridge-fd 0
";

/// What the kernel has when all of `LIVE` is in force, and a guest is on the bridge.
const LINKS: &str = r#"[
 {"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"operstate":"UNKNOWN","link_type":"loopback","address":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},
 {"ifindex":2,"ifname":"eno1","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"master":"vmbr0","operstate":"UP","link_type":"ether","address":"52:54:00:00:00:01","addr_info":[]},
 {"ifindex":3,"ifname":"vmbr0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"operstate":"UP","link_type":"ether","address":"52:54:00:00:00:01","linkinfo":{"info_kind":"bridge","info_data":{"stp_state":0,"vlan_filtering":0}},"addr_info":[{"family":"inet","local":"192.0.2.10","prefixlen":24,"scope":"global"}]},
 {"ifindex":4,"ifname":"tap100i0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"master":"vmbr0","operstate":"UP","link_type":"ether","address":"fe:54:00:00:00:02","linkinfo":{"info_kind":"tun","info_data":{"type":"tap"}},"addr_info":[]}
]"#;
const ROUTES: &str = r#"[
 {"dst":"default","gateway":"192.0.2.1","dev":"vmbr0","flags":[]},
 {"dst":"192.0.2.0/24","dev":"vmbr0","protocol":"kernel","scope":"link","prefsrc":"192.0.2.10","flags":[]}
]"#;

fn kernel() -> Kernel {
    let (mut links, _) = hostile::read(LINKS);
    let address = "192.0.2.10".parse().unwrap();
    let vmbr0 = links.iter_mut().find(|link| link.name == "vmbr0").unwrap();
    vmbr0.addresses.push(Address { address, prefix: 24, scope: Scope::Global, dynamic: false });
    Kernel::new(links, hostile::read(ROUTES).1)
}

fn port() -> Port {
    Port {
        name: "tap100i0".to_owned(),
        bridge: "vmbr0".to_owned(),
        up: true,
        tags: vec![Tag { first: 7, last: 7, pvid: true, untagged: true }],
        ..Port::default()
    }
}

/// A host on which `LIVE` is in force; `staged` waits.
fn situation(staged: Option<&str>) -> Situation {
    let device = |physical| Device { physical, up: true, speed: None };
    let files = State {
        live: Some(Content::new(LIVE)),
        staged: staged.map(Content::new),
        devices: BTreeMap::from([("eno1".to_owned(), device(true)), ("vmbr0".to_owned(), device(false))]),
        ifupdown2: true,
        ..State::default()
    };
    let guests = BTreeMap::from([("vmbr0".to_owned(), vec!["tap100i0".to_owned()])]);
    Situation {
        files,
        kernel: kernel(),
        ifupdown2: true,
        guests,
        ports: vec![port()],
        ..Situation::default()
    }
}

fn hazards(plan: &Plan) -> Vec<(&str, Severity)> {
    plan.hazards.iter().map(|hazard| (hazard.id.as_str(), hazard.severity)).collect()
}

/// What programs of a plan read, whose errors are looked at afterwards.
fn tolerated(plan: &Plan) -> Vec<(&str, &[i32])> {
    let run = |action: &'_ Action| matches!(action, Action::Run(run) if !run.accept.is_empty());
    let all = plan.steps.iter().filter(|step| run(&step.action));
    all.filter_map(|step| match &step.action {
        Action::Run(run) => Some((run.program.file_name().unwrap_or_default(), run.accept.as_slice())),
        _ => None,
    })
    .collect()
}

/// What each step runs or writes.
fn doings(plan: &Plan) -> Vec<String> {
    let doing = |action: &Action| match action {
        Action::File(change) if change.after.is_none() => format!("remove {}", change.path),
        Action::File(change) => format!("write {}", change.path),
        Action::Run(run) => format!("run {}", run.program.file_name().unwrap_or_default()),
        other => format!("{other:?}"),
    };
    plan.steps.iter().map(|step| doing(&step.action)).collect()
}

/// NET-13: somebody may have edited it by hand.
#[test]
fn without_anything_staged_the_live_file_is_reloaded() {
    let (plan, _) = plan(&situation(None)).unwrap();
    assert_eq!(doings(&plan), ["run ifquery", "run ifreload", "run ip", "run bridge"]);
    assert_eq!(plan.steps[1].what, "reload: 3 stay as they are");
    // a guest that stops meanwhile takes its port along, which is no reason to take everything back
    assert_eq!(tolerated(&plan), [("ip", &[1][..]), ("bridge", &[1][..])]);
}

/// NET-12: what is done, in this order; and back: files first, then ifreload, then the guests.
#[test]
fn a_staged_configuration_is_read_put_in_place_and_reloaded_and_guests_get_their_ports_back() {
    let staged = LIVE.replace("192.0.2.10/24", "192.0.2.11/24");
    let (plan, before) = plan(&situation(Some(&staged))).unwrap();
    assert_eq!(
        doings(&plan),
        [
            "run ifquery",
            "write /etc/network/interfaces",
            "remove /etc/network/interfaces.new",
            "run ifreload",
            "run ip",
            "run bridge"
        ]
    );
    let words = &plan.steps[3].what;
    assert_eq!(
        words,
        "reload: vmbr0 changes while it is up (address 192.0.2.10/24 -> 192.0.2.11/24); 2 stay as they are"
    );
    assert_eq!(before.ports, [port()]);
    let back = plan.reversal().unwrap();
    assert_eq!(
        doings(&back),
        [
            "write /etc/network/interfaces.new",
            "write /etc/network/interfaces",
            "run ifreload",
            "run ip",
            "run bridge"
        ]
    );
}

/// NET-07, NET-10
#[test]
fn what_cuts_somebody_off_is_said_and_has_to_be_accepted() {
    let hazards_of = |staged: &str, peer: Option<&str>| {
        let session = peer.and_then(origin::session);
        let name_servers = vec!["192.0.2.53".parse().unwrap()];
        let cluster = vec!["192.0.2.10".parse().unwrap(), "192.0.2.12".parse().unwrap()];
        let (plan, _) =
            plan(&Situation { session, name_servers, cluster, ..situation(Some(staged)) }).unwrap();
        hazards(&plan).into_iter().map(|(id, severity)| (id.to_owned(), severity)).collect::<Vec<_>>()
    };
    let has = |found: &[(String, Severity)], id: &str, severity| found.contains(&(id.to_owned(), severity));

    let moved = hazards_of(&LIVE.replace("192.0.2.10/24", "192.0.2.11/24"), Some("192.0.2.99"));
    assert!(has(&moved, "network.own-session", Severity::Danger), "{moved:?}");
    assert!(has(&moved, "network.cluster-link", Severity::Danger), "{moved:?}");
    assert!(has(&moved, "network.guests-interrupted", Severity::Warning), "{moved:?}");

    let other = hazards_of(&LIVE.replace("\tgateway 192.0.2.1\n", ""), Some("192.0.2.99"));
    assert!(has(&other, "network.no-default-route", Severity::Danger), "{other:?}");
    assert!(!other.iter().any(|(id, _)| id == "network.own-session"), "{other:?}");

    // who came by ssh depends on the address that they came to, and on no other one
    let ssh = origin::of_command(Some("203.0.113.5 50122 192.0.2.10 22"));
    let moved = hazards_of(&LIVE.replace("192.0.2.10/24", "192.0.2.11/24"), Some(&ssh));
    assert!(has(&moved, "network.own-session", Severity::Danger), "{moved:?}");
    let restarted = hazards_of(&LIVE.replace("bridge-ports eno1", "bond-slaves eno1"), Some(&ssh));
    assert!(has(&restarted, "network.own-session-interrupted", Severity::Warning), "{restarted:?}");

    let gone = hazards_of("auto lo\niface lo inet loopback\n\niface eno1 inet manual\n", None);
    assert!(has(&gone, "network.guests-on-bridge", Severity::Danger), "{gone:?}");
    assert!(has(&gone, "network.name-servers", Severity::Warning), "{gone:?}");

    let harmless = hazards_of(
        &format!("{LIVE}\nauto dummy5\niface dummy5 inet manual\n\tlink-type dummy\n"),
        Some("192.0.2.99"),
    );
    assert_eq!(harmless, [("network.guests-interrupted".to_owned(), Severity::Warning)]);
}

#[test]
fn an_interface_that_must_go_down_is_named() {
    let tagged =
        format!("{LIVE}\nauto vlan5\niface vlan5 inet manual\n\tvlan-raw-device eno1\n\tvlan-id 5\n");
    let other = tagged.replace("vlan-id 5", "vlan-id 6");
    let mut host = situation(Some(&other));
    host.files.live = Some(Content::new(tagged));
    let (plan, _) = plan(&host).unwrap();
    assert!(
        plan.steps[3].what.contains("vlan5 goes down for a moment (vlan-id 5 -> 6)"),
        "{}",
        plan.steps[3].what
    );
}

/// NET-14
#[test]
fn without_ifupdown2_nothing_is_applied_and_nothing_is_lost() {
    let staged = LIVE.replace("192.0.2.10/24", "192.0.2.11/24");
    let problem = plan(&Situation { ifupdown2: false, ..situation(Some(&staged)) }).unwrap_err().to_string();
    assert!(problem.starts_with("you need ifupdown2 to reload network configuration"), "{problem}");
}

/// NET-30: a card that waits for its new name keeps the old network until the restart
#[test]
fn what_names_a_card_as_it_is_called_after_the_restart_is_not_applied_before() {
    let staged = LIVE.replace("eno1", "enwan0");
    let waiting = vec![("eno1".to_owned(), "enwan0".to_owned())];
    let problem =
        plan(&Situation { waiting: waiting.clone(), ..situation(Some(&staged)) }).unwrap_err().to_string();
    assert!(
        problem.contains("'enwan0', which the card 'eno1' is called only when this host was restarted"),
        "{problem}"
    );
    let staged = LIVE.replace("192.0.2.10/24", "192.0.2.11/24");
    assert!(plan(&Situation { waiting, ..situation(Some(&staged)) }).is_ok(), "nothing names it");
}

#[test]
fn a_file_that_is_not_understood_is_not_applied() {
    let problem = plan(&situation(Some("iface\n"))).unwrap_err().to_string();
    assert!(problem.contains("is not understood and is not applied"), "{problem}");
}

#[test]
fn the_kernel_is_compared_with_the_configuration() {
    let found = |text: &str| deviations(&Config::parse([("/etc/network/interfaces", text)]), &kernel());
    assert_eq!(found(LIVE), [""; 0]);
    assert_eq!(found(&LIVE.replace("10/24", "11/24")), ["vmbr0 does not have the address 192.0.2.11/24"]);
    assert_eq!(
        found(&LIVE.replace("gateway 192.0.2.1", "gateway 192.0.2.2")),
        ["there is no default route over 192.0.2.2"]
    );
    assert_eq!(found(&LIVE.replace("bridge-fd 0", "mtu 9000")), ["vmbr0 has the MTU 1500, not 9000"]);
    assert_eq!(
        found(&LIVE.replace("bridge-fd 0", "bridge-vlan-aware yes")),
        ["vmbr0 does not look at VLAN tags"]
    );
    let bond = format!("{LIVE}\nauto bond0\niface bond0 inet manual\n\tbond-slaves eno1 eno9\n");
    assert_eq!(found(&bond), ["bond0 is not there"]);
    let port =
        format!("{LIVE}\nauto vmbr0\n").replace("bridge-ports eno1", "bridge-ports tap100i0 eno1 nosuch0");
    assert_eq!(found(&port), [""; 0]);
}
