//! What waits to be applied on a real host: two authors, a restart, edits by hand, many edits in a row, and what comes back.

#![allow(clippy::unwrap_used, reason = "a test")]

mod pair;

use std::time::Duration;

use innkeeper_lab::{Error, Host};
use pair::{OURS, Pair, SOON, THEIRS};

const UNITS: [(&str, &str); 2] = [
    ("innkeeper-revert.service", include_str!("../../packaging/systemd/innkeeper-revert.service")),
    ("pvenetcommit.service", include_str!("../../packaging/systemd/pvenetcommit.service")),
];
const SERVICE: &str = "[Unit]
Description=Innkeeper
[Service]
ExecStart=/usr/bin/innkeeper serve --listen 127.0.0.1:8006
";

/// A host with a bridge on its card, in force, and another on the same wire.
fn start() -> Result<Pair, Error> {
    let pair = Pair::bridged("innkeeper api set /nodes/localhost/network")?;
    pair.enable(&UNITS)?;
    Ok(pair)
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Somebody who may change this host, with a token.
struct Author<'h> {
    host: &'h Host,
    token: String,
}

impl<'h> Author<'h> {
    fn new(host: &'h Host, name: &str) -> Result<Self, Error> {
        let user = format!("{name}@pve");
        host.run(&format!("innkeeper access user add {user} --yes"))?;
        host.run(&format!("innkeeper access acl modify / --users {user} --roles Administrator --yes"))?;
        let made =
            host.run(&format!("innkeeper token add {user} lab --privsep 0 --yes --output-format json"))?;
        let token = format!("{user}!lab={}", json(&made)["data"]["value"].as_str().unwrap());
        Ok(Self { host, token })
    }

    fn api(&self, verb: &str, path: &str, form: &str) -> Result<innkeeper_lab::Output, Error> {
        let data = if form.is_empty() { String::new() } else { format!("--data '{form}'") };
        self.host.output(&format!(
            "curl --silent --show-error --fail-with-body --insecure --max-time 120 --request {verb} {data} \
             --header 'Authorization: PVEAPIToken={}' https://127.0.0.1:8006/api2/json/nodes/pve1{path}",
            self.token
        ))
    }

    fn does(&self, verb: &str, path: &str, form: &str) -> Result<(), Error> {
        let done = self.api(verb, path, form)?;
        assert!(done.success(), "{verb} {path}: {}{}", done.stdout, done.stderr);
        Ok(())
    }
}

/// NET-08, NET-15: two authors prepare a bridge each, stage one behind the other, and both are there once it is applied. What is
/// staged after that is in force when the host has started again.
#[test]
fn two_authors_lose_nothing_of_each_other_and_a_restart_brings_what_is_staged() -> Result<(), Error> {
    let pair = start()?;
    let host = &pair.host;
    host.write("/etc/systemd/system/innkeeper.service", SERVICE)?;
    host.run("systemctl daemon-reload && systemctl start innkeeper.service")?;
    host.wait_until("the service", SOON, || {
        Ok(host.output("curl --silent --insecure --max-time 5 https://127.0.0.1:8006/")?.success())
    })?;
    let (joe, ann) = (Author::new(host, "joe")?, Author::new(host, "ann")?);
    for (author, set, bridge, address) in
        [(&joe, "storage", "vmbr1", "10.11.0.1/24"), (&ann, "guests", "vmbr2", "10.12.0.1/24")]
    {
        author.does("POST", "/network-sets", &format!("set={set}"))?;
        let form = format!("iface={bridge}&type=bridge&cidr={address}&autostart=1&change-set={set}");
        author.does("POST", "/network", &form)?;
    }
    assert!(!ann.api("POST", "/network-sets/storage/stage", "")?.success(), "it is not hers");
    joe.does("POST", "/network-sets/storage/stage", "")?;
    let early = ann.api("POST", "/network-sets/guests/stage", "")?;
    assert!(!early.success() && early.stdout.contains("rebase it first"), "{}", early.stdout);
    ann.does("POST", "/network-sets/guests/rebase", "")?;
    ann.does("POST", "/network-sets/guests/stage", "")?;
    host.run("innkeeper network apply --yes")?;
    let waiting = json(&host.run("innkeeper changes list --output-format json")?);
    host.run(&format!("innkeeper changes confirm {}", waiting[0]["id"]))?;
    for address in ["10.11.0.1", "10.12.0.1", OURS] {
        assert!(host.run("ip -brief address")?.contains(address), "{address}");
    }
    host.run(
        "innkeeper network set vmbr1 bridge --cidr 10.13.0.1/24 --yes && test -f /etc/network/interfaces.new",
    )?;
    assert!(!host.run("ip -brief address")?.contains("10.13.0.1"));
    host.reboot()?;
    host.wait_until("the staged address", SOON, || Ok(host.run("ip -brief address")?.contains("10.13.0.1")))?;
    assert!(
        pair.live()?.contains("10.13.0.1/24")
            && !host.output("test -e /etc/network/interfaces.new")?.success()
    );
    assert!(host.run("ip -brief address")?.contains("10.12.0.1"));
    host.run("innkeeper history verify").map(drop)
}

/// NET-12, NET-13: the live file is edited by hand and applied, again and again, while somebody pings and guests are attached: no
/// packet is lost. The undo of an application waits for a confirmation as that does.
#[test]
fn fifty_edits_in_a_row_cost_nobody_a_packet() -> Result<(), Error> {
    let pair = start()?;
    let host = &pair.host;
    for guest in ["tap100i0", "tap101i0"] {
        host.run(&format!("ip tuntap add {guest} mode tap && ip link set {guest} master vmbr0 up"))?;
    }
    let ping = pair.ping()?;
    for turn in 1..=50 {
        let option = format!("\tbridge-ageing {}\n", 200 + turn);
        host.write("/etc/network/interfaces", pair.bridge(&format!("{OURS}/24"), &option))?;
        host.run("innkeeper api set /nodes/localhost/network")?;
        let bridge = host.run("cat /sys/class/net/vmbr0/bridge/ageing_time; ls /sys/class/net/vmbr0/brif")?;
        assert!(bridge.starts_with(&format!("{}\n", (200 + turn) * 100)), "turn {turn}: {bridge}");
        assert!(bridge.contains("tap100i0") && bridge.contains("tap101i0"), "turn {turn}: {bridge}");
    }
    let ping = ping.end()?;
    assert!(ping.contains(" 0% packet loss"), "{ping}");
    host.write("/etc/network/interfaces.new", pair.bridge(&format!("{OURS}/24"), "\tmtu 1400\n"))?;
    host.run("innkeeper api set /nodes/localhost/network")?;
    let newest = host.run("innkeeper history list --limit 1 --output-format json")?;
    let undone = host.run(&format!("innkeeper undo {} --yes", json(&newest)[0]["id"]))?;
    assert!(undone.contains("it is taken back within 90 s unless you confirm it"), "{undone}");
    host.run("innkeeper history verify").map(drop)
}

/// NET-10: a gateway that leads nowhere, and nothing is left that could take it back but the alarm: the way out is there in time.
#[test]
fn a_wrong_gateway_is_gone_in_time_although_everything_was_killed() -> Result<(), Error> {
    let pair = start()?;
    let host = &pair.host;
    pair.other
        .run("ip link add far type dummy && ip address add 10.99.0.1/32 dev far && ip link set far up")?;
    host.write(
        "/etc/network/interfaces",
        pair.bridge(&format!("{OURS}/24"), &format!("\tgateway {THEIRS}\n")),
    )?;
    host.run("innkeeper api set /nodes/localhost/network")?;
    let reaches = || Ok(host.output("ping -c 1 -w 5 10.99.0.1")?.success());
    assert!(reaches()?);
    let before = pair.live()?;
    host.write("/etc/network/interfaces.new", pair.bridge(&format!("{OURS}/24"), "\tgateway 10.1.0.77\n"))?;
    let connection = format!("SSH_CONNECTION='10.99.0.1 50122 {OURS} 22'");
    let said = host.run(&format!("{connection} innkeeper network apply --yes --confirm-within 30"))?;
    assert!(said.contains("taken back within 30 s"), "{said}");
    host.run("pkill -9 -x innkeeper; true")?;
    assert!(!reaches()?);
    host.wait_until("the gateway from before", Duration::from_secs(75), reaches)?;
    assert_eq!(pair.live()?, before);
    let history = host.run("innkeeper history list --output-format json")?;
    assert!(history.contains(&format!("command line, by ssh from 10.99.0.1 to {OURS}")), "{history}");
    // the address that the session came to is not given up without a word
    let moved = pair.bridge(&format!("{OURS}/24"), "").replace(&format!("{OURS}/24"), "10.1.0.8/24");
    host.write("/etc/network/interfaces.new", moved)?;
    let refused = host.output(&format!("{connection} innkeeper network apply --yes"))?;
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(!refused.success() && said.contains("network.own-session"), "{said}");
    assert_eq!(pair.live()?, before);
    Ok(())
}
