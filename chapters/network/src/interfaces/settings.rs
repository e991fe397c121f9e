//! What a caller wants of an interface: parameters, checked as far as they can be without looking at others.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use innkeeper_change::Problem;
use serde_json::{Map, Value};

use super::config::{Family, names, prefix_length};
use super::field::Field;

/// What is wanted for one family of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressing {
    /// Address and length of its prefix.
    pub address: Option<(String, u8)>,
    /// Default gateway.
    pub gateway: Option<String>,
    /// `static`, `dhcp`, `auto`, `manual`.
    pub method: Option<String>,
    /// Comments, without `#`.
    pub comments: Option<String>,
}

/// What is wanted of an interface. What is not named stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// IPv4.
    pub v4: Addressing,
    /// IPv6.
    pub v6: Addressing,
    /// Options that belong to no family, as the API has them.
    pub values: BTreeMap<Field, String>,
    /// Bring it up at boot.
    pub autostart: Option<bool>,
    /// VLAN of a port of Open vSwitch.
    pub ovs_tag: Option<String>,
    /// Options to take away, by their names in the API.
    pub delete: Vec<String>,
}

impl Settings {
    /// Reads checked parameters.
    ///
    /// # Errors
    /// Parameters that contradict each other, and addresses that no host can have.
    pub fn of(params: &Map<String, Value>) -> Result<Self, Problem> {
        let text = |name: &str| params.get(name).map(plain).filter(|text| !text.is_empty());
        let mut settings = Self {
            autostart: params.get("autostart").and_then(Value::as_bool),
            ovs_tag: text("ovs_tag"),
            delete: text("delete").map(|list| names(&list).map(str::to_owned).collect()).unwrap_or_default(),
            ..Self::default()
        };
        for (family, six, addressing) in
            [(Family::V4, "", &mut settings.v4), (Family::V6, "6", &mut settings.v6)]
        {
            addressing.address = address(&text, six)?;
            addressing.gateway = text(&format!("gateway{six}"));
            addressing.method = text(&format!("method{six}"));
            addressing.comments = params.get(&format!("comments{six}")).map(plain);
            if let (Family::V6, Some((address, length))) = (family, &addressing.address) {
                usable(address, *length)?;
            }
        }
        for (name, value) in params {
            if let Some(field) = Field::of_param(name).filter(|field| !field.is_address()) {
                settings.values.insert(field, canonical(field, value)?);
            }
        }
        if settings.values.get(&Field::BridgeVids).is_some_and(|list| names(list).next().is_none()) {
            return Err(Problem::parameter("bridge_vids", "VLAN list items are empty"));
        }
        Ok(settings)
    }

    /// What is wanted for a family.
    pub fn family(&self, family: Family) -> &Addressing {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// Whether an option is to be taken away.
    pub fn deletes(&self, name: &str) -> bool {
        self.delete.iter().any(|wanted| wanted == name)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as it is compared and written: lists separated by blanks.
fn canonical(field: Field, value: &Value) -> Result<String, Problem> {
    let text = match value {
        Value::Bool(on) => u8::from(*on).to_string(),
        other => plain(other),
    };
    // one value is one line of the file, whoever sends it
    if text.contains(['\n', '\r', '\0', '\\']) {
        return Err(Problem::parameter(field.param(), "value must be one line without backslashes"));
    }
    let list = field.is_list() || field == Field::BridgeVids;
    Ok(if list { names(&text).collect::<Vec<_>>().join(" ") } else { text.trim().to_owned() })
}

/// The address of one family from its three parameters.
fn address(text: &impl Fn(&str) -> Option<String>, six: &str) -> Result<Option<(String, u8)>, Problem> {
    let (address, netmask) = (text(&format!("address{six}")), text(&format!("netmask{six}")));
    let length = netmask.as_deref().and_then(prefix_length);
    let cidr = match text(&format!("cidr{six}")) {
        Some(cidr) => match cidr.split_once('/') {
            Some((address, length)) => (address.to_owned(), length.parse::<u8>().ok()),
            None => (cidr, None),
        },
        None => return Ok(address.zip(length)),
    };
    if address.is_some_and(|address| address != cidr.0) {
        return Err(Problem::parameter(
            format!("address{six}"),
            format!("address{six} conflicts with cidr{six}"),
        ));
    }
    if length.is_some() && length != cidr.1 {
        return Err(Problem::parameter(
            format!("netmask{six}"),
            format!("netmask{six} conflicts with cidr{six}"),
        ));
    }
    Ok(cidr.1.map(|length| (cidr.0, length)))
}

/// Whether a host can have an IPv6 address.
fn usable(address: &str, length: u8) -> Result<(), Problem> {
    let Ok(parsed) = address.parse::<Ipv6Addr>() else { return Ok(()) };
    let bits = u128::from(parsed);
    let first = parsed.segments()[0];
    let host = u128::MAX.checked_shr(length.into()).unwrap_or(0);
    let kind = match first {
        _ if bits == 0 => "UNSPECIFIED",
        _ if bits == 1 => "LOOPBACK",
        _ if first & 0xff00 == 0xff00 => "MULTICAST",
        0x2001 if parsed.segments()[1] == 0x0db8 => "DOCUMENTATION",
        // the address of the network itself
        _ if host != 0 && bits & host == 0 && length < 127 => "ANYCAST",
        _ if first & 0xe000 == 0x2000 || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 => {
            return Ok(());
        }
        _ => "RESERVED",
    };
    let message = format!("{address} with type '{kind}', cannot be used as host IPv6 address.");
    Err(Problem::parameter("address6", message))
}
