//! A network that is changed while others look: applied with ifupdown2, verified, taken back by itself.

#![allow(clippy::unwrap_used, reason = "a test")]

mod pair;

use innkeeper_lab::{Error, Host};
use pair::{OURS, Pair, SOON};

const REVERT: (&str, &str) =
    ("innkeeper-revert.service", include_str!("../../packaging/systemd/innkeeper-revert.service"));

/// A host with a bridge on its card, by a plan that was confirmed, and another on the same wire.
fn start() -> Result<Pair, Error> {
    let pair = Pair::with_cards(1)?;
    pair.enable(&[REVERT])?;
    pair.stage(&pair.bridge(&format!("{OURS}/24"), ""))?;
    let said = pair.host.run("innkeeper network apply --yes")?;
    assert!(said.contains("vmbr0 is new") && said.contains("taken back in"), "{said}");
    pair.host.run("innkeeper changes confirm 1 && sync")?;
    assert!(pair.answers(OURS)?);
    Ok(pair)
}

/// What the bridge knows of a guest's port.
fn port(host: &Host) -> Result<String, Error> {
    host.run(
        "bridge -compressvlans vlan show dev tap100i0; bridge -details link show dev tap100i0 | tr ' ' '\\n' \
         | grep -A1 -E '^(master|learning|flood|state)$'",
    )
}

/// NET-11, NET-12: a bridge is staged, applied, confirmed, and reached from another host. ifupdown2 takes the ports of guests off a bridge that
/// it touches: they are back with their VLANs and flags after every change, and nobody on the wire has noticed.
#[test]
fn guests_keep_their_ports_through_changes_of_their_bridge() -> Result<(), Error> {
    let pair = start()?;
    let host = &pair.host;
    const AWARE: &str = "\tbridge-vlan-aware yes\n\tbridge-vids 2-4094\n";
    pair.stage(&pair.bridge(&format!("{OURS}/24"), AWARE))?;
    host.run("innkeeper api set /nodes/localhost/network")?;
    host.run(
        "ip tuntap add tap100i0 mode tap && ip link set tap100i0 master vmbr0 up && \
         bridge vlan add dev tap100i0 vid 7 pvid untagged && bridge vlan del dev tap100i0 vid 1 && \
         bridge link set dev tap100i0 learning off flood off",
    )?;
    let before = port(host)?;
    assert!(before.contains("7 PVID Egress Untagged") && before.contains("vmbr0"), "{before}");
    let ping = pair.ping()?;
    for turn in 1..=5 {
        pair.stage(&pair.bridge(&format!("{OURS}/24"), &format!("{AWARE}\tmtu 15{turn}0\n")))?;
        host.run("innkeeper api set /nodes/localhost/network")?;
        assert_eq!(port(host)?, before, "after change {turn}");
    }
    let ping = ping.end()?;
    assert!(ping.contains(" 0% packet loss"), "{ping}");
    // the bridge does not go from under its guests unless somebody says so
    pair.stage("auto lo\niface lo inet loopback\n")?;
    let refused = host.output("innkeeper api set /nodes/localhost/network")?;
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(!refused.success() && said.contains("vmbr0 goes") && said.contains("tap100i0"), "{said}");
    assert_eq!(port(host)?, before);
    host.run("innkeeper history verify").map(drop)
}

/// NET-10: whoever gives the host a wrong address and loses it has it back in time, whatever became of the program.
#[test]
fn a_wrong_address_is_taken_back_when_nobody_is_left_to_do_it() -> Result<(), Error> {
    let pair = start()?;
    let before = pair.live()?;
    pair.stage(&pair.bridge("10.99.0.1/24", ""))?;
    pair.host.run("innkeeper network apply --yes --confirm-within 60")?;
    assert!(!pair.answers(OURS)?);
    pair.host.run("pkill -9 -x innkeeper; true")?;
    pair.host.wait_until("the old address", SOON, || pair.answers(OURS))?;
    assert_eq!(pair.live()?, before);
    // what was staged is staged again
    assert!(pair.host.run("cat /etc/network/interfaces.new")?.contains("10.99.0.1/24"));
    Ok(())
}

/// NET-10: power is cut while nobody has confirmed: the host starts as it was before.
#[test]
fn a_power_cut_before_the_confirmation_starts_with_the_old_network() -> Result<(), Error> {
    let pair = start()?;
    let before = pair.live()?;
    pair.stage(&pair.bridge("10.99.0.1/24", ""))?;
    pair.host.run("innkeeper network apply --yes --confirm-within 600")?;
    assert!(!pair.answers(OURS)?);
    pair.host.cut_power()?;
    pair.host.boot()?;
    pair.host.wait_until("the old address", SOON, || pair.answers(OURS))?;
    assert_eq!(pair.live()?, before);
    assert_eq!(
        pair.host.run("ls -A /var/lib/innkeeper/armed")?,
        "",
        "it is ended, and nothing is left of it"
    );
    Ok(())
}

/// NET-12: what ifreload says is well and the kernel does not have is taken back at once.
#[test]
fn what_the_kernel_refuses_is_taken_back_at_once() -> Result<(), Error> {
    let pair = start()?;
    let before = pair.live()?;
    // a VLAN cannot carry more than the card below it
    let vlan = format!("\nauto {0}.5\niface {0}.5 inet manual\n\tmtu 9000\n", pair.card);
    pair.stage(&pair.bridge(&format!("{OURS}/24"), &vlan))?;
    let refused = pair.host.output("innkeeper api set /nodes/localhost/network")?;
    assert!(!refused.success(), "{}", refused.stdout);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("has the MTU 1500, not 9000"), "{said}");
    assert_eq!(pair.live()?, before);
    assert!(pair.answers(OURS)?);
    assert!(!pair.host.output(&format!("ip link show {}.5", pair.card))?.success());
    Ok(())
}
