//! Guests behind the one address of a host: translated, forwarded to, and with a firewall between them and their bridge.

mod pair;

use innkeeper_lab::Error;
use pair::{OURS, Pair, SOON, THEIRS};

const GUEST: &str = "10.10.10.5";
const MAC: &str = "bc:24:11:00:00:01";
/// Answers whoever connects to port 22 with the address that it sees.
const ANSWERER: &str = "systemd-run --quiet --unit answerer ip netns exec guest python3 -c '
import socket
s = socket.create_server((\"\", 22))
while True:
    c, a = s.accept()
    c.sendall(a[0].encode())
    c.close()
'";

impl Pair {
    fn gets_out(&self) -> Result<bool, Error> {
        Ok(self.host.output(&format!("ip netns exec guest ping -c 1 -w 5 {THEIRS}"))?.success())
    }

    /// What who connects to a port of the host gets to hear.
    fn hears(&self, port: u16) -> Result<String, Error> {
        let call = format!(
            "python3 -c 'import socket; print(socket.create_connection((\"{OURS}\", {port}), 5).recv(99).decode())'"
        );
        Ok(self.other.output(&call)?.stdout)
    }

    fn rules(&self) -> Result<Vec<String>, Error> {
        let said = self.host.run("iptables -t nat -S; iptables -t raw -S")?;
        Ok(said.lines().filter(|line| line.starts_with("-A")).map(str::to_owned).collect())
    }
}

/// NET-35, NET-43: a guest with a private address reaches the other host, which sees this host's address; a forwarded port leads to the
/// guest. What is applied again stands there once, and what is taken back is gone.
#[test]
fn a_guest_shares_the_address_of_its_host_and_is_reached_on_a_port() -> Result<(), Error> {
    let pair = Pair::installed(1)?;
    let before = pair.live()?;
    pair.cook(&format!("nat --cidr 10.10.10.1/24 --forward tcp:2222:{GUEST}:22"))?;
    for turn in 0..2 {
        pair.guest("vmbr0", MAC, &format!("{GUEST}/24"), "10.10.10.1")?;
        pair.host.wait_until("the way out", SOON, || pair.gets_out())?;
        pair.host.run(ANSWERER)?;
        pair.host.wait_until("the guest", SOON, || Ok(pair.hears(2222)?.contains(THEIRS)))?;
        let routes = pair.other.run("ip route")?;
        assert!(!routes.contains("10.10.10."), "the other host knows one address: {routes}");
        if turn == 0 {
            pair.reboot()?;
            pair.reached(OURS)?;
        }
    }
    let rules = pair.rules()?;
    assert_eq!(rules.len(), 2, "{rules:?}");
    // another application of another change
    pair.stage(&pair.live()?.replace("\tbridge-fd 0\n", "\tbridge-fd 0\n\tmtu 1400\n"))?;
    pair.host.run("innkeeper api set /nodes/localhost/network")?;
    assert_eq!(pair.rules()?, rules);
    pair.host.wait_until("the way out", SOON, || pair.gets_out())?;
    pair.stage(&before)?;
    pair.host.run("innkeeper network apply --yes --accept network.guests-on-bridge")?;
    let rules = pair.rules()?;
    assert!(rules.is_empty(), "{rules:?}");
    Ok(())
}

/// NET-45: a guest with a firewall is on a bridge of its own before the guests' one. Its connections are known from there when they are to
/// be translated, and are not: the zone of the set-up keeps the two apart.
#[test]
fn a_firewalled_guest_gets_out_once_its_connections_have_a_zone() -> Result<(), Error> {
    let pair = Pair::installed(1)?;
    pair.cook("nat --cidr 10.10.10.1/24 --conntrack-zone 0")?;
    // as the firewall of the original has it: the guest's port, its own bridge, and a pair to the guests' bridge. The former is not
    // somebody who answers for the host
    pair.host.run(
        "set -e; modprobe br_netfilter; sysctl -q net.bridge.bridge-nf-call-iptables=1
        ip link add fwbr100i0 type bridge; ip link set fwbr100i0 arp off up
        ip link add fwpr100p0 type veth peer name fwln100i0
        ip link set fwln100i0 master fwbr100i0 up; ip link set fwpr100p0 master vmbr0 up
        iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    )?;
    pair.guest("fwbr100i0", MAC, &format!("{GUEST}/24"), "10.10.10.1")?;
    pair.host.wait_until("the gateway", SOON, || {
        Ok(pair.host.output("ip netns exec guest ping -c 1 -w 5 10.10.10.1")?.success())
    })?;
    assert!(!pair.gets_out()?, "the packets leave with an address that nobody answers");
    pair.cook("nat --cidr 10.10.10.1/24 --conntrack-zone")?;
    pair.host.wait_until("the way out", SOON, || pair.gets_out())?;
    let tracked = pair.host.run("grep icmp /proc/net/nf_conntrack")?;
    let has = |zone: &str, answer: &str| {
        tracked.lines().any(|line| {
            line.contains(&format!("src={GUEST} dst={THEIRS} "))
                && line.contains(&format!("dst={answer} "))
                && line.contains(zone)
        })
    };
    assert!(has("zone=1", GUEST) && has("zone=0", OURS), "{tracked}");
    assert_eq!(pair.rules()?.len(), 2);
    Ok(())
}
