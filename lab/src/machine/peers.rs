//! Hosts that play the rest of a network.

use super::error::Error;
use super::host::Host;
use super::lab::Lab;
use super::link::Link;
use std::ops::Deref;

/// A router with DHCP and DNS on one link, and an address behind it that only routed packets reach.
#[derive(Debug)]
pub struct Gateway(Host);

impl Gateway {
    /// Its address on the link, of a network of 24 bits.
    pub const ADDRESS: &str = "10.77.0.1";
    /// An address on its other side.
    pub const BEYOND: &str = "203.0.113.1";
    /// The name it has in its own DNS.
    pub const NAME: &str = "gateway.lab.test";

    pub(super) fn start(link: &Link) -> Result<Self, Error> {
        let host = Lab::host().name("gateway").nic(link).start()?;
        let nic = host.nic(0).name()?;
        let (address, beyond, name) = (Self::ADDRESS, Self::BEYOND, Self::NAME);
        host.run(&format!(
            "set -e; echo 1 >/proc/sys/net/ipv4/ip_forward
            ip address add {address}/24 dev {nic}; ip link set {nic} up
            ip link add beyond type bridge; ip address add {beyond}/24 dev beyond; ip link set beyond up
            dnsmasq --conf-file=/dev/null --interface={nic} --bind-interfaces --no-resolv --no-hosts --log-dhcp \\
              --dhcp-authoritative --dhcp-range=10.77.0.100,10.77.0.199,10m --domain=lab.test \\
              --host-record={name},{address} --dhcp-leasefile=/run/lab.leases --pid-file=/run/lab-dnsmasq.pid"
        ))?;
        Ok(Self(host))
    }

    /// The leases it has given: a line for each, as dnsmasq writes them (end, address of the card, address, name, identity).
    ///
    /// # Errors
    /// When its host does not answer.
    pub fn leases(&self) -> Result<Vec<String>, Error> {
        let bytes = self.0.read("/run/lab.leases")?;
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    }
}

impl Deref for Gateway {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.0
    }
}

/// The other end of a bond: a switch that speaks LACP, quickly.
///
/// It is Linux, which goes on sending into a leg on which only LACP has died: pull the cards at both ends, as a cable that is
/// pulled does.
#[derive(Debug)]
pub struct LacpPeer(Host);

impl LacpPeer {
    /// Its address on the bond, of a network of 24 bits.
    pub const ADDRESS: &str = "10.78.0.1";

    pub(super) fn start([one, other]: [&Link; 2]) -> Result<Self, Error> {
        let host = Lab::host().name("lacp-peer").nic(one).nic(other).start()?;
        let (one, other) = (host.nic(0).name()?, host.nic(1).name()?);
        host.run(&format!(
            "set -e; modprobe bonding max_bonds=0
            ip link add bond0 type bond mode 802.3ad miimon 100 lacp_rate fast
            for nic in {one} {other}; do ip link set $nic down; ip link set $nic master bond0; done
            ip address add {}/24 dev bond0; ip link set bond0 up",
            Self::ADDRESS
        ))?;
        Ok(Self(host))
    }

    /// The address of its bond, which a partner sees.
    ///
    /// # Errors
    /// When its host does not answer.
    pub fn mac(&self) -> Result<String, Error> {
        self.0.run("cat /sys/class/net/bond0/address")
    }
}

impl Deref for LacpPeer {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.0
    }
}
