//! What callers say, read into types: nothing else comes into a line of the file.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

use innkeeper_change::Problem;
use innkeeper_config::Format;
use serde_json::{Map, Value};

use crate::interfaces::config::names;
use crate::interfaces::validate::NAME_LENGTH;

/// Parameters that are read by name.
pub(super) struct Given<'p>(pub(super) &'p Map<String, Value>);

impl Given<'_> {
    /// The text of a parameter, unless it is missing or empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }

    fn required(&self, name: &'static str) -> Result<String, Problem> {
        self.text(name).ok_or_else(|| {
            Problem::parameter(name, "nothing on this host suggests a value; the parameter is required")
        })
    }

    /// Yes or no.
    pub(super) fn yes(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(on) => Some(*on),
            Value::Number(number) => Some(number.as_i64() != Some(0)),
            Value::String(text) => Some(matches!(text.as_str(), "1" | "yes" | "true" | "on")),
            _ => None,
        }
    }

    /// The name of an interface.
    pub(super) fn name(&self, name: &'static str) -> Result<String, Problem> {
        interface(name, &self.required(name)?)
    }

    /// Names of interfaces, each once.
    pub(super) fn names(&self, name: &'static str) -> Result<Vec<String>, Problem> {
        let mut found: Vec<String> = Vec::new();
        for one in names(&self.required(name)?) {
            let one = interface(name, one)?;
            if found.contains(&one) {
                return Err(Problem::parameter(name, format!("{one} is named twice")));
            }
            found.push(one);
        }
        Ok(found)
    }

    /// An address with its network.
    pub(super) fn cidr(&self, name: &'static str) -> Result<Cidr, Problem> {
        Cidr::parse(name, &self.required(name)?)
    }

    /// An address with its network, if one is given.
    pub(super) fn optional_cidr(&self, name: &'static str) -> Result<Option<Cidr>, Problem> {
        self.text(name).map(|text| Cidr::parse(name, &text)).transpose()
    }

    /// An address, if one is given.
    pub(super) fn optional_address(&self, name: &'static str) -> Result<Option<Ipv4Addr>, Problem> {
        let read = |text: String| {
            text.parse().map_err(|_| Problem::parameter(name, format!("'{text}' is not an IPv4 address")))
        };
        self.text(name).map(read).transpose()
    }

    /// A VLAN.
    pub(super) fn vlan(&self, name: &'static str) -> Result<u16, Problem> {
        vlan(name, &self.required(name)?)
    }

    /// A VLAN, if one is given.
    pub(super) fn optional_vlan(&self, name: &'static str) -> Result<Option<u16>, Problem> {
        self.text(name).map(|text| vlan(name, &text)).transpose()
    }

    /// One of a few words.
    pub(super) fn word(
        &self,
        name: &'static str,
        words: &'static [&'static str],
    ) -> Result<&'static str, Problem> {
        let text = self.required(name)?;
        let known = words.iter().find(|word| **word == text);
        known
            .copied()
            .ok_or_else(|| Problem::parameter(name, format!("'{text}' is not one of {}", words.join(", "))))
    }
}

fn interface(parameter: &'static str, text: &str) -> Result<String, Problem> {
    Format::Iface.check(text).map_err(|wrong| Problem::parameter(parameter, wrong))?;
    if text.len() > NAME_LENGTH {
        return Err(Problem::parameter(
            parameter,
            format!("value may only be {NAME_LENGTH} characters long"),
        ));
    }
    Ok(text.to_owned())
}

fn vlan(parameter: &'static str, text: &str) -> Result<u16, Problem> {
    let id = text.parse::<u16>().ok().filter(|id| (1..=4094).contains(id));
    id.ok_or_else(|| Problem::parameter(parameter, format!("'{text}' is not a VLAN: 1 to 4094")))
}

/// An IPv4 address of a host, with its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The address.
    pub address: Ipv4Addr,
    /// Bits of the network.
    pub length: u8,
}

impl Cidr {
    /// Reads `10.0.0.1/24`.
    ///
    /// # Errors
    /// What is no such thing, and addresses that no host can have in their network.
    pub fn parse(parameter: &'static str, text: &str) -> Result<Self, Problem> {
        let wrong = |what: &str| Problem::parameter(parameter, format!("'{text}' {what}"));
        let read = text.split_once('/').and_then(|(address, length)| {
            let plain = !length.is_empty() && length.bytes().all(|c| c.is_ascii_digit());
            Some(Self { address: address.parse().ok()?, length: length.parse().ok().filter(|_| plain)? })
        });
        let read = read
            .filter(|cidr| (8..=32).contains(&cidr.length))
            .ok_or_else(|| wrong("is not an IPv4 address with the length of its prefix, 10.10.10.1/24"))?;
        let address = read.address;
        if address.is_unspecified()
            || address.is_loopback()
            || address.is_multicast()
            || address.is_broadcast()
        {
            return Err(wrong("is not an address that a host can have"));
        }
        if read.length < 31 && address == read.first() {
            return Err(wrong("is the address of the network itself"));
        }
        if read.length < 31 && address == read.last() {
            return Err(wrong("is the broadcast address of its network"));
        }
        Ok(read)
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0)
    }

    fn first(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) & self.mask())
    }

    fn last(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) | !self.mask())
    }

    /// `10.10.10.0/24`.
    pub fn network(self) -> String {
        format!("{}/{}", self.first(), self.length)
    }

    /// Whether guests on this network can have an address.
    pub fn has_guest(self, address: Ipv4Addr) -> bool {
        let within = (self.first()..=self.last()).contains(&address);
        let edge = self.length < 31 && (address == self.first() || address == self.last());
        within && !edge && address != self.address
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// What is forwarded to a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// The port of this host.
    pub port: u16,
    /// The guest's address and port.
    pub target: SocketAddrV4,
}

impl Forward {
    /// Reads `tcp:2222:10.10.10.5:22`.
    pub fn parse(text: &str) -> Option<Self> {
        let (protocol, rest) = text.split_once(':')?;
        let (port, target) = rest.split_once(':')?;
        let protocol = ["tcp", "udp"].into_iter().find(|known| *known == protocol)?;
        let plain = port.bytes().all(|c| c.is_ascii_digit());
        let port = port.parse().ok().filter(|port: &u16| *port > 0 && plain)?;
        let target: SocketAddrV4 = target.parse().ok()?;
        (target.port() > 0).then_some(Self { protocol, port, target })
    }

    /// Reads a list, separated by commas or blanks.
    ///
    /// # Errors
    /// The first item that is none, and ports that are forwarded twice.
    pub fn list(parameter: &'static str, text: &str) -> Result<Vec<Self>, Problem> {
        let mut all: Vec<Self> = Vec::new();
        for item in items(text) {
            let one = Self::parse(item).ok_or_else(|| {
                Problem::parameter(
                    parameter,
                    format!("'{item}' is not PROTOCOL:PORT:ADDRESS:PORT, tcp:2222:10.10.10.5:22"),
                )
            })?;
            if all.iter().any(|known| (known.protocol, known.port) == (one.protocol, one.port)) {
                return Err(Problem::parameter(
                    parameter,
                    format!("{} port {} is forwarded twice", one.protocol, one.port),
                ));
            }
            all.push(one);
        }
        Ok(all)
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', ';', '\t', '\n']).filter(|item| !item.is_empty())
}

/// Whether a text is a list of port forwards.
pub(super) fn is_forward_list(text: &str) -> bool {
    items(text).all(|item| Forward::parse(item).is_some())
}

/// The pattern of it, for documents.
pub(super) const FORWARD_LIST: &str = "^((tcp|udp):[0-9]+:[0-9]+(\\.[0-9]+){3}:[0-9]+[ ,;]*)*$";

#[cfg(test)]
mod tests {
    use super::{Cidr, Forward};

    #[test]
    fn addresses_are_read_and_those_that_no_host_has_are_refused() {
        let net = Cidr::parse("cidr", "10.10.10.1/24").unwrap();
        assert_eq!((net.to_string().as_str(), net.network().as_str()), ("10.10.10.1/24", "10.10.10.0/24"));
        assert!(net.has_guest("10.10.10.5".parse().unwrap()));
        for other in ["10.10.10.1", "10.10.10.0", "10.10.10.255", "10.10.11.5"] {
            assert!(!net.has_guest(other.parse().unwrap()), "{other}");
        }
        for wrong in [
            "10.10.10.0/24",
            "10.10.10.255/24",
            "10.10.10.1",
            "10.10.10.1/",
            "10.10.10.1/33",
            "10.10.10.1/4",
            "10.10.10.1/+24",
            "127.0.0.1/8",
            "224.0.0.1/24",
            "0.0.0.0/24",
            "10.10.10.1/24;reboot",
            "fd00::1/64",
            "",
        ] {
            assert!(Cidr::parse("cidr", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn forwards_are_read_whole_or_not_at_all() {
        let one = Forward::parse("tcp:2222:10.10.10.5:22").unwrap();
        assert_eq!((one.protocol, one.port, one.target.to_string().as_str()), ("tcp", 2222, "10.10.10.5:22"));
        for wrong in [
            "tcp:0:10.10.10.5:22",
            "tcp:2222:10.10.10.5:0",
            "tcp:2222:10.10.10.5",
            "sctp:1:10.10.10.5:1",
            "tcp:+22:10.10.10.5:22",
            "tcp:22:host:22",
            "tcp:22:10.10.10.5:22;id",
            "tcp:70000:10.10.10.5:22",
            "$(id)",
            "",
        ] {
            assert!(Forward::parse(wrong).is_none(), "{wrong}");
        }
        assert!(Forward::list("forward", "tcp:80:10.0.0.2:80, udp:80:10.0.0.2:80").is_ok());
        assert!(Forward::list("forward", "tcp:80:10.0.0.2:80,tcp:80:10.0.0.3:80").is_err());
    }
}
