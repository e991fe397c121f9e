//! A host whose network is changed, and another on the same wire that notices.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of this")]

use std::time::Duration;

use innkeeper_lab::{Error, Host, Lab, Link};

pub const SOON: Duration = Duration::from_secs(120);
/// The address of the host.
pub const OURS: &str = "10.1.0.1";
/// That of the other one.
pub const THEIRS: &str = "10.1.0.2";

/// Two hosts: on `host` is the program, and the files say nothing of its cards yet.
pub struct Pair {
    pub host: Host,
    pub other: Host,
    /// The first card of the host.
    pub card: String,
    /// The card of the other one.
    pub theirs: String,
}

impl Pair {
    /// All cards of the host are on the wire that the other host is on.
    pub fn with_cards(cards: usize) -> Result<Self, Error> {
        let wire = Link::new("wire");
        let mut builder = Lab::host().name("pve1");
        for _ in 0..cards {
            builder = builder.nic(&wire);
        }
        let host = builder.start()?;
        let other = Lab::host().name("other").nic(&wire).start()?;
        host.install_product()?;
        let (card, theirs) = (host.nic(0).name()?, other.nic(0).name()?);
        other.run(&format!("ip address add {THEIRS}/24 dev {theirs} && ip link set {theirs} up"))?;
        Ok(Self { host, other, card, theirs })
    }

    /// One card, below a bridge with the address, as these commands put it in force.
    pub fn bridged(commands: &str) -> Result<Self, Error> {
        let pair = Self::with_cards(1)?;
        pair.host.write("/etc/network/interfaces", pair.bridge(&format!("{OURS}/24"), ""))?;
        pair.host.run(commands)?;
        pair.reached(OURS)?;
        Ok(pair)
    }

    /// The address is on the first card, as an installation leaves it.
    pub fn installed(cards: usize) -> Result<Self, Error> {
        let pair = Self::with_cards(cards)?;
        let card = &pair.card;
        let file = format!(
            "auto lo\niface lo inet loopback\n\n# first cable\nauto {card}\niface {card} inet static\n\taddress {OURS}/24\n\
             \tgateway {THEIRS}\n"
        );
        pair.host.write("/etc/network/interfaces", file)?;
        pair.host.run("systemctl --quiet enable networking; ifreload --all")?;
        pair.reached(OURS)?;
        Ok(pair)
    }

    /// The configuration with this address and these options of the bridge.
    pub fn bridge(&self, address: &str, options: &str) -> String {
        let card = &self.card;
        format!(
            "auto lo\niface lo inet loopback\n\niface {card} inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\
             \taddress {address}\n\tbridge-ports {card}\n\tbridge-stp off\n\tbridge-fd 0\n{options}"
        )
    }

    /// Lets units of the package start with the host.
    pub fn enable(&self, units: &[(&str, &str)]) -> Result<(), Error> {
        for (unit, text) in units {
            self.host.write(&format!("/etc/systemd/system/{unit}"), *text)?;
            self.host.run(&format!("systemctl daemon-reload && systemctl --quiet enable {unit}"))?;
        }
        Ok(())
    }

    /// Applies a recipe by one call, confirms it, and finds nothing left to do.
    pub fn cook(&self, recipe: &str) -> Result<(), Error> {
        let call = format!("innkeeper network recipe {recipe} --apply --yes");
        let said = self.host.run(&call)?;
        assert!(said.contains("taken back in"), "{said}");
        self.host.run(
            "innkeeper changes confirm $(ls /var/lib/innkeeper/armed | grep -o '^[0-9]*' | tail -1) && sync",
        )?;
        assert!(
            !self.host.output("test -e /etc/network/interfaces.new")?.success(),
            "nothing is left staged"
        );
        let again = self.host.run(&call)?;
        assert!(again.contains("lready") || again.contains("othing"), "{again}");
        Ok(())
    }

    pub fn stage(&self, text: &str) -> Result<(), Error> {
        self.host.write("/etc/network/interfaces.new", text)
    }

    /// The other host asks this address once.
    pub fn answers(&self, address: &str) -> Result<bool, Error> {
        Ok(self.other.output(&format!("ping -c 1 -w 5 {address}"))?.success())
    }

    pub fn reached(&self, address: &str) -> Result<(), Error> {
        self.host.wait_until("an answer", SOON, || self.answers(address))
    }

    /// The configuration in force.
    pub fn live(&self) -> Result<String, Error> {
        self.host.run("cat /etc/network/interfaces")
    }

    pub fn reboot(&self) -> Result<(), Error> {
        self.host.run("sync")?;
        self.host.reboot()
    }

    /// A container on a bridge, with its address and its way out.
    pub fn guest(&self, bridge: &str, mac: &str, address: &str, gateway: &str) -> Result<(), Error> {
        self.host
            .run(&format!(
                "set -e; ip netns add guest; ip link add veth100i0 type veth peer name eth0 netns guest
                ip link set veth100i0 master {bridge} up; ip -n guest link set eth0 address {mac} up
                ip -n guest address add {address} dev eth0; ip -n guest link set lo up
                ip -n guest route add default via {gateway}"
            ))
            .map(drop)
    }

    /// The other host pings without a pause until [`Ping::end`].
    pub fn ping(&self) -> Result<Ping<'_>, Error> {
        self.other.run(&format!("ping -q -i 0.2 {OURS} >/root/ping 2>&1 & echo $! >/root/ping.pid"))?;
        Ok(Ping(&self.other))
    }
}

/// A ping that runs.
pub struct Ping<'h>(&'h Host);

impl Ping<'_> {
    /// What it says at its end.
    pub fn end(self) -> Result<String, Error> {
        self.0.run("kill -INT $(cat /root/ping.pid); sleep 1")?;
        self.0.run("cat /root/ping")
    }
}
