//! Golden cases of recipes: a folder below `tests/recipes` has `request.json`, `interfaces` where it does not name one of
//! `tests/files`, and `plan.txt`: the difference, the hazards or the refusal. `becomes` names the file of `tests/files` that says
//! the same as what comes out: the examples of the documentation. With `UPDATE=1` the expectations are written.
//!
//! Each case is held to the laws, too: asked for again there is nothing left to do, whatever is proposed by then; foreign
//! lines and comments are all still there; ifquery of ifupdown2 (`INNKEEPER_IFQUERY`) reads what was written.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read and write expectations themselves"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use innkeeper_change::{Content, Plan, Problem};
use innkeeper_network::interfaces::changes::unified;
use innkeeper_network::interfaces::config::Config;
use innkeeper_network::interfaces::kind::Kind;
use innkeeper_network::interfaces::state::{Device, State};
use innkeeper_network::recipes::{IDS, Outlook, checks, proposed, staging};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Case {
    recipe: String,
    #[serde(default)]
    params: Map<String, Value>,
    /// One of `tests/files`, where the folder has no `interfaces`.
    file: Option<String>,
    /// The file of `tests/files` that says the same in the end.
    becomes: Option<String>,
    /// Network cards of the host, besides those that the file configures.
    #[serde(default)]
    cards: Vec<String>,
    #[serde(default)]
    guests: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    no_ovs: bool,
    #[serde(default)]
    no_iptables: bool,
    /// Guests have a firewall.
    #[serde(default)]
    firewall: bool,
}

fn manifest(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn file(name: &str) -> String {
    fs::read_to_string(manifest("tests/files").join(name)).unwrap()
}

/// A host whose network cards are all there.
fn outlook(text: &str, cards: &[&str]) -> Outlook {
    let mut files = State { live: Some(Content::new(text)), ovs: true, ifupdown2: true, ..State::default() };
    let config = files.config_of(text);
    let configured =
        config.interfaces().iter().filter(|one| one.kind == Kind::Eth).map(|one| one.name.to_owned());
    let all: Vec<String> = configured.chain(cards.iter().map(|card| (*card).to_owned())).collect();
    files.devices =
        all.into_iter().map(|name| (name, Device { physical: true, ..Device::default() })).collect();
    Outlook { files, iptables: true, ..Outlook::default() }
}

fn after(outlook: &Outlook, plan: &Plan) -> String {
    match plan.files().next() {
        Some(change) => {
            change.after.as_ref().or(outlook.files.live.as_ref()).unwrap().as_text().unwrap().to_owned()
        }
        None => outlook.files.text().unwrap().to_owned(),
    }
}

/// The same host once a plan was carried out.
fn next(outlook: &Outlook, text: &str) -> Outlook {
    let mut next = outlook.clone();
    next.files.staged = Some(Content::new(text));
    next
}

fn params(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn refusal(problem: &Problem) -> String {
    let details = match problem {
        Problem::Parameters(wrong) => {
            wrong.iter().map(|(name, message)| format!("{name}: {message}\n")).collect()
        }
        _ => String::new(),
    };
    format!("refused ({}): {problem}\n{details}", problem.status())
}

fn run(folder: &Path) -> (String, Option<String>) {
    let case: Case = serde_json::from_slice(&fs::read(folder.join("request.json")).unwrap())
        .unwrap_or_else(|bad| panic!("{}: {bad}", folder.display()));
    let text = match &case.file {
        Some(name) => file(name),
        None => fs::read_to_string(folder.join("interfaces")).unwrap_or_default(),
    };
    let cards: Vec<&str> = case.cards.iter().map(String::as_str).collect();
    let mut host = outlook(&text, &cards);
    if text.is_empty() {
        host.files.live = None;
    }
    (host.files.guests, host.files.ovs) = (case.guests.clone(), !case.no_ovs);
    (host.iptables, host.firewall) = (!case.no_iptables, case.firewall);
    let plan = match staging(&host, &case.recipe, &case.params) {
        Ok(plan) => plan,
        Err(problem) => return (refusal(&problem), None),
    };
    let result = after(&host, &plan);
    let mut shown = format!("{}\n", plan.summary);
    for hazard in &plan.hazards {
        shown += &format!("{:?} [{}]: {} {}\n", hazard.severity, hazard.id, hazard.message, hazard.avoid);
    }
    shown += &unified(&text, &result, "before", "after");
    let name = folder.display();
    let again = staging(&next(&host, &result), &case.recipe, &case.params);
    let again = again.unwrap_or_else(|problem| panic!("{name}: {}", refusal(&problem)));
    assert!(again.is_empty(), "{name}: still to do: {}", innkeeper_change::render::text(&again));
    for line in text.lines().filter(|line| is_foreign(line)) {
        assert!(result.lines().any(|kept| kept == line), "{name}: lost '{line}'");
    }
    if let Some(expected) = &case.becomes {
        assert_eq!(meaning(&result), meaning(&file(expected)), "{name}");
    }
    (shown, Some(result))
}

/// Comments, commands and what reads other files.
fn is_foreign(line: &str) -> bool {
    let line = line.trim_start();
    ["#", "source", "mapping", "post-up", "post-down", "up ", "down "]
        .iter()
        .any(|word| line.starts_with(word))
}

type Stanza = (String, Vec<String>);

/// What a file says, interface by interface: its first line, whether it is brought up, and its options. The order of options is that
/// of commands alone.
fn meaning(text: &str) -> BTreeMap<String, (bool, Vec<Stanza>)> {
    let state = State { live: Some(Content::new(text)), ..State::default() };
    let config: Config<'_> = state.config_of(text);
    let stanzas = |one: &innkeeper_network::interfaces::config::Interface<'_>| {
        let of = |stanza: &innkeeper_network::format::Stanza<'_>| {
            let head = text[stanza.span.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
            let all = stanza
                .options()
                .map(|line| (line.key, line.value.split_whitespace().collect::<Vec<_>>().join(" ")));
            let (commands, mut options): (Vec<_>, Vec<_>) =
                all.partition(|(key, _)| key.starts_with("post-"));
            options.sort();
            (head, options.into_iter().chain(commands).map(|(key, value)| format!("{key} {value}")).collect())
        };
        one.stanzas.iter().map(|place| of(config.stanza(*place))).collect::<Vec<Stanza>>()
    };
    config.interfaces().iter().map(|one| (one.name.to_owned(), (one.autostart, stanzas(one)))).collect()
}

/// Whether ifquery reads a file without a word of complaint; `None` when it is not installed.
fn is_read(text: &str) -> Option<Result<(), String>> {
    let own = std::env::var("INNKEEPER_IFQUERY").ok();
    if own.is_none() && !Path::new("/usr/share/ifupdown2").exists() {
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("interfaces");
    fs::write(&path, text).unwrap();
    let program = own.unwrap_or("/usr/sbin/ifquery".to_owned());
    let output = Command::new(program).args(["-a", "-o", "json", "-i"]).arg(&path).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // it passes over `inet6 auto`, which a host may have had before: that is said as a hazard
    let known = ["python-mako", "unsupported address method 'auto'"];
    let complaints: Vec<&str> =
        said.lines().filter(|line| !known.iter().any(|one| line.contains(one))).collect();
    Some(if output.status.success() && complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) })
}

/// NET-05, NET-33, NET-36, NET-38, NET-42 to NET-45, NET-58 to NET-60, NET-64, NET-65, NET-67, NET-69 to NET-71, NET-76: the
/// folder says what happens, and the examples of the documentation come out.
#[test]
fn every_recipe_makes_what_the_documentation_shows() {
    let mut folders: Vec<_> =
        fs::read_dir(manifest("tests/recipes")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut wrong = Vec::new();
    let mut unread = false;
    for folder in folders {
        let (text, result) = run(&folder);
        let path = folder.join("plan.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let known = fs::read_to_string(&path).unwrap_or_default();
        if text != known {
            wrong.push(format!("{}\n--- expected\n{known}\n--- found\n{text}", path.display()));
        }
        match result.map(|result| is_read(&result)) {
            Some(Some(Err(complaints))) => wrong.push(format!("{}: ifquery: {complaints}", folder.display())),
            Some(None) => unread = true,
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if unread {
        eprintln!("SKIPPED: ifquery of ifupdown2 is not installed; set INNKEEPER_IFQUERY");
    }
}

/// NET-05: every recipe has a case that makes something.
#[test]
fn every_recipe_has_a_case() {
    let cases: Vec<Case> = fs::read_dir(manifest("tests/recipes"))
        .unwrap()
        .map(|entry| {
            serde_json::from_slice(&fs::read(entry.unwrap().path().join("request.json")).unwrap()).unwrap()
        })
        .collect();
    for id in IDS {
        assert!(cases.iter().any(|case| case.recipe == id), "{id}");
    }
}

/// NET-37: the 4095th bridge is refused.
#[test]
fn a_host_with_every_bridge_gets_no_other_one() {
    use std::fmt::Write as _;
    let mut text =
        "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\tgateway 192.0.2.1\n".to_owned();
    for number in 0..4094 {
        writeln!(
            text,
            "\niface vmbr{number} inet manual\n\tbridge-ports none\n\tbridge-stp off\n\tbridge-fd 0"
        )
        .unwrap();
    }
    let host = outlook(&text, &[]);
    let found = staging(&host, "nat", &params(json!({ "bridge": "vmbr4094", "cidr": "10.10.10.1/24" })));
    assert_eq!(found.unwrap_err().to_string(), "4095 bridges: there can be 4094 on one host");
}

/// Nothing that is no address, no name and no port comes into a line that a shell reads.
#[test]
fn what_is_no_name_and_no_address_is_refused() {
    let host = outlook(&file("seed-routed"), &["eno7"]);
    let hostile =
        ["x;reboot", "$(id)", "eno0 -j ACCEPT", "../../x", "eno0\npost-up id", "a'b", "", "eno0`id`", "-x"];
    for bad in hostile {
        for (recipe, name) in [
            ("nat", "uplink"),
            ("nat", "bridge"),
            ("nat", "cidr"),
            ("nat", "forward"),
            ("routed", "uplink"),
            ("routed", "cidr"),
            ("bridged", "port"),
            ("bridged", "cidr"),
            ("bridged", "gateway"),
            ("bond-storage", "slaves"),
            ("bond-storage", "mode"),
            ("bond-storage", "xmit-hash-policy"),
            ("ovs", "host-port"),
            ("ovs", "tag"),
            ("vlan-management", "vlan"),
            ("mac-learning", "bridge"),
        ] {
            let mut given =
                params(json!({ "bridge": "vmbr7", "cidr": "10.9.9.1/24", "slaves": "eno7", "vlan": 5 }));
            given.insert(name.to_owned(), Value::from(bad));
            if let Ok(plan) = staging(&host, recipe, &given) {
                let text = after(&host, &plan);
                assert!(bad.is_empty() || !text.contains(bad), "{recipe} {name} {bad:?}: {text}");
                assert!(bad.is_empty(), "{recipe} took {bad:?} for {name}");
            }
        }
    }
}

/// NET-45: said where guests have a firewall, with the call that cures it; and only there.
#[test]
fn masquerading_beside_a_firewall_without_a_zone_is_a_finding() {
    let text: String = file("seed-nat")
        .lines()
        .filter(|line| !line.contains("-t raw"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut host = outlook(&text, &[]);
    assert_eq!(checks::check(&host, "pve1"), []);
    host.firewall = true;
    let found = checks::check(&host, "pve1");
    assert_eq!(found.len(), 1);
    let fix = &found[0].fixes[0];
    assert_eq!((fix.verb.as_str(), fix.path.as_str()), ("POST", "/nodes/pve1/network-recipes/nat"));
    let given = fix.params.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let plan = staging(&host, "nat", &given).unwrap();
    let cured = after(&host, &plan);
    assert_eq!(meaning(&cured), meaning(&file("seed-nat")));
    assert_eq!(checks::check(&next(&host, &cured), "pve1"), []);
}

/// NET-57: said where the cluster's own address lies on a bond, by way of a bridge or not.
#[test]
fn the_clusters_address_on_a_bond_is_said() {
    for (start, address, count) in
        [("seed-bond-port", "10.10.10.2", 1), ("seed-bond", "192.168.1.2", 1), ("seed-bond", "10.10.10.2", 0)]
    {
        let mut host = outlook(&file(start), &[]);
        host.cluster = vec![address.parse().unwrap(), "10.0.0.99".parse().unwrap()];
        let found = checks::check(&host, "pve1");
        assert_eq!(found.len(), count, "{start} {address}: {found:?}");
        assert!(
            found
                .iter()
                .all(|one| one.message.contains("bond0") && one.level == innkeeper_change::Level::Info)
        );
    }
}

/// NET-56: what is proposed works with every switch.
#[test]
fn what_is_proposed_comes_from_the_host() {
    let host = outlook(&file("seed-routed"), &["eno5", "eno6", "eno7"]);
    let of = |recipe: &str| -> BTreeMap<String, String> {
        let found = proposed(&host, recipe, &Map::new());
        found.into_iter().map(|(name, value)| (name.to_owned(), value.to_string().replace('"', ""))).collect()
    };
    assert_eq!(
        of("bridged"),
        BTreeMap::from([("port", "eno0"), ("bridge", "vmbr1")].map(|(a, b)| (a.to_owned(), b.to_owned())))
    );
    let nat = of("nat");
    assert_eq!([&nat["uplink"], &nat["bridge"], &nat["cidr"]], ["eno0", "vmbr1", "10.10.10.1/24"]);
    let bond = of("bond-storage");
    assert_eq!([&bond["slaves"], &bond["bond"], &bond["mode"]], ["eno5 eno6", "bond0", "active-backup"]);
}

fn any_params() -> impl Strategy<Value = Map<String, Value>> {
    let card =
        prop_oneof![Just("eno1"), Just("eno2"), Just("eno3"), Just("bond0"), Just("vmbr0"), Just("vmbr3")];
    let cards = proptest::collection::vec(card.clone(), 1..3).prop_map(|all| all.join(" "));
    let cidr = (1_u8..250, 1_u8..250, 8_u8..32).prop_map(|(a, b, length)| format!("10.{a}.{b}.1/{length}"));
    (proptest::option::of(card.clone()), proptest::option::of(card), cards, cidr, 1_u16..4095, any::<bool>())
        .prop_map(|(bridge, port, slaves, cidr, vlan, aware)| {
            let mut given = params(
                json!({ "slaves": slaves, "ports": slaves, "cidr": cidr, "vlan": vlan, "vlan-aware": aware }),
            );
            given.extend(bridge.map(|bridge| ("bridge".to_owned(), Value::from(bridge))));
            given.extend(port.into_iter().flat_map(|port| {
                [("port", port), ("uplink", port)].map(|(a, b)| (a.to_owned(), Value::from(b)))
            }));
            given
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Law: whatever is asked for is either refused, or done and then nothing is left to do; and what is foreign stays.
    #[test]
    fn a_recipe_twice_is_a_recipe_once(
        start in prop::sample::select(vec!["seed-bridge", "seed-routed", "seed-nat", "seed-bond", "seed-bond-port", "seed-vlan-aware", "hosting-provider", "debian-installer"]),
        recipe in prop::sample::select(IDS.to_vec()),
        given in any_params(),
    ) {
        let text = file(start);
        let host = outlook(&text, &["eno1", "eno2", "eno3"]);
        if let Ok(plan) = staging(&host, recipe, &given) {
            let result = after(&host, &plan);
            for line in text.lines().filter(|line| is_foreign(line)) {
                prop_assert!(result.lines().any(|kept| kept == line), "lost '{}'", line);
            }
            let again = staging(&next(&host, &result), recipe, &given);
            match again {
                Ok(again) => prop_assert!(again.is_empty(), "{}\n{}", result, innkeeper_change::render::text(&again)),
                Err(problem) => prop_assert!(false, "{} {}\n{}", recipe, refusal(&problem), result),
            }
        }
    }
}
