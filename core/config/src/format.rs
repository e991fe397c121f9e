//! The formats of values: what an id, an address, a list may look like.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A named format of a string value, checked after its type and before its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Name of an option or of a configured thing: a letter, then at least one letter, digit, `_` or `-`.
    PveConfigid,
    /// Id of a storage.
    StorageId,
    /// Name of an LVM volume group.
    Vgname,
    /// Name of a network interface as the API accepts it.
    Iface,
    /// Id of a guest: 100 to 999999999.
    Vmid,
    /// Unicast MAC address.
    MacAddr,
    /// Contiguous netmask in dotted notation.
    Ipv4Mask,
    /// IPv4 network `address/length`, length 8 to 32.
    CidrV4,
    /// IPv6 network `address/length`, length 8 to 128.
    CidrV6,
    /// IPv4 or IPv6 network.
    Cidr,
    /// IPv4 address.
    Ipv4,
    /// IPv6 address.
    Ipv6,
    /// IPv4 or IPv6 address.
    Ip,
    /// DNS name.
    DnsName,
    /// IP address or DNS name.
    Address,
    /// Dot-separated path of a Graphite metric.
    GraphitePath,
    /// Domain for a certificate: at least two labels, no wildcard.
    AcmeDomain,
    /// Domain that validation is delegated to: labels may start with `_`.
    AcmeAlias,
    /// Name of a node.
    Node,
    /// `user@realm`.
    UserId,
    /// Name of an authentication realm.
    Realm,
    /// Name of a user's API token: the part behind `!`.
    TokenId,
    /// Class of a task's end: ok, error, warning, unknown.
    TaskStatusType,
    /// List of [`Format::TaskStatusType`].
    TaskStatusTypeList,
    /// List of [`Format::PveConfigid`], as `delete` takes it.
    ConfigidList,
    /// Items of one format, separated by commas, semicolons, white space or NUL; may be empty.
    List(&'static Format),
}

/// A check of one text, with what is wrong with it.
type Checked = Result<(), String>;

impl Format {
    /// The original's name of the format, as API documents give it.
    pub fn name(self) -> String {
        let name = match self {
            Self::PveConfigid => "pve-configid",
            Self::StorageId => "pve-storage-id",
            Self::Vgname => "pve-storage-vgname",
            Self::Iface => "pve-iface",
            Self::Vmid => "pve-vmid",
            Self::MacAddr => "mac-addr",
            Self::Ipv4Mask => "ipv4mask",
            Self::CidrV4 => "CIDRv4",
            Self::CidrV6 => "CIDRv6",
            Self::Cidr => "CIDR",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Ip => "ip",
            Self::DnsName => "dns-name",
            Self::Address => "address",
            Self::GraphitePath => "graphite-path",
            Self::AcmeDomain => "pve-acme-domain",
            Self::AcmeAlias => "pve-acme-alias",
            Self::Node => "pve-node",
            Self::UserId => "pve-userid",
            Self::Realm => "pve-realm",
            Self::TokenId => "pve-tokenid",
            Self::TaskStatusType => "pve-task-status-type",
            Self::TaskStatusTypeList => "pve-task-status-type-list",
            Self::ConfigidList => "pve-configid-list",
            Self::List(item) => return format!("{}-list", item.name()),
        };
        name.to_owned()
    }

    /// Whether the value is a list, and of what.
    pub fn item(self) -> Option<Self> {
        match self {
            Self::TaskStatusTypeList => Some(Self::TaskStatusType),
            Self::ConfigidList => Some(Self::PveConfigid),
            Self::List(item) => Some(*item),
            _ => None,
        }
    }

    /// Checks a text.
    ///
    /// # Errors
    /// What is wrong, without the prefix "invalid format - ".
    pub fn check(self, text: &str) -> Checked {
        if let Some(item) = self.item() {
            return Self::items(text).try_for_each(|one| item.check(one));
        }
        let fine = match self {
            Self::PveConfigid => is_configid(text),
            Self::StorageId => {
                return if is_word(text, |c| c.is_ascii_alphabetic()) {
                    Ok(())
                } else {
                    Err(format!("storage ID '{text}' contains illegal characters"))
                };
            }
            Self::Vgname => {
                return if is_word(text, |c| c.is_ascii_alphanumeric()) {
                    Ok(())
                } else {
                    Err(format!("lvm name '{text}' contains illegal characters"))
                };
            }
            Self::Iface => is_iface(text),
            Self::Vmid => is_vmid(text),
            Self::MacAddr => is_unicast_mac(text),
            Self::Ipv4Mask => is_ipv4_mask(text),
            Self::CidrV4 => is_cidr_v4(text),
            Self::CidrV6 => is_cidr_v6(text),
            Self::Cidr => is_cidr_v4(text) || is_cidr_v6(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Ip => text.parse::<IpAddr>().is_ok(),
            Self::DnsName => is_dns_name(text),
            Self::Address => text.parse::<IpAddr>().is_ok() || is_dns_name(text),
            Self::GraphitePath => text.split('.').all(is_label),
            Self::AcmeDomain => is_domain(text, |c| c.is_ascii_alphanumeric()),
            Self::AcmeAlias => is_domain(text, |c| c.is_ascii_alphanumeric() || c == '_'),
            Self::Node => is_label(text),
            Self::UserId => is_user_id(text),
            Self::Realm | Self::TokenId => is_realm(text),
            Self::TaskStatusType => matches!(text, "ok" | "error" | "warning" | "unknown"),
            Self::TaskStatusTypeList | Self::ConfigidList | Self::List(_) => true,
        };
        if fine { Ok(()) } else { Err(self.complaint(text)) }
    }

    /// The items of a list value.
    pub fn items(text: &str) -> impl Iterator<Item = &str> {
        text.split(|c: char| matches!(c, ',' | ';' | '\0') || c.is_whitespace())
            .filter(|item| !item.is_empty())
    }

    fn complaint(self, text: &str) -> String {
        let thing = match self {
            Self::PveConfigid => return format!("invalid configuration ID '{text}'"),
            Self::Iface => return format!("invalid network interface name '{text}'"),
            Self::TaskStatusType => {
                return format!("value '{text}' is none of the task states ok, error, warning, unknown");
            }
            Self::Vmid => "VM ID",
            Self::MacAddr => "unicast MAC address",
            Self::Ipv4Mask => "IP netmask",
            Self::CidrV4 => "IPv4 network",
            Self::CidrV6 => "IPv6 network",
            Self::Cidr => "CIDR network",
            Self::Ipv4 => "IPv4 address",
            Self::Ipv6 => "IPv6 address",
            Self::Ip => "IP address",
            Self::DnsName => "DNS name",
            Self::Address => "address or DNS name",
            Self::GraphitePath => "graphite path",
            Self::AcmeDomain => "domain name",
            Self::AcmeAlias => "alias name",
            Self::Node => "node name",
            Self::UserId => "user name",
            Self::Realm => "realm name",
            Self::TokenId => "token ID",
            Self::StorageId | Self::Vgname => "name",
            Self::TaskStatusTypeList | Self::ConfigidList | Self::List(_) => "list",
        };
        format!("value does not look like a valid {thing}")
    }

    /// The rule as a regular expression (ECMA-262), where one says it all.
    pub fn regex(self) -> Option<&'static str> {
        Some(match self {
            Self::PveConfigid => "^[A-Za-z][A-Za-z0-9_-]+$",
            Self::StorageId => "^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]$",
            Self::Vgname => "^[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9]$",
            Self::Iface => "^[A-Za-z][A-Za-z0-9_]{1,20}([:.][0-9]+)?$",
            Self::Vmid => "^[1-9][0-9]{2,8}$",
            Self::MacAddr => "^[A-Fa-f0-9][02468aceACE](:[A-Fa-f0-9]{2}){5}$",
            Self::GraphitePath => {
                r"^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$"
            }
            Self::AcmeDomain => r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)+$",
            Self::AcmeAlias => r"^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)+$",
            Self::Node => "^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$",
            Self::UserId => r"^[^\s:/\x00-\x1f\x7f-\x9f]+@[A-Za-z][A-Za-z0-9._-]+$",
            Self::Realm | Self::TokenId => "^[A-Za-z][A-Za-z0-9._-]+$",
            Self::TaskStatusType => "^(ok|error|warning|unknown)$",
            _ => return None,
        })
    }
}

fn is_configid(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// At least two characters; the first as given, the last alphanumeric, `-_.` allowed between.
fn is_word(text: &str, first: fn(char) -> bool) -> bool {
    text.len() >= 2
        && text.starts_with(first)
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn is_iface(text: &str) -> bool {
    let (name, suffix) = match text.find([':', '.']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    (2..=21).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && suffix.is_none_or(is_digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_vmid(text: &str) -> bool {
    is_digits(text)
        && !text.starts_with('0')
        && text.parse::<u32>().is_ok_and(|id| (100..=999_999_999).contains(&id))
}

fn is_unicast_mac(text: &str) -> bool {
    let octets: Vec<&str> = text.split(':').collect();
    octets.len() == 6
        && octets.iter().all(|octet| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit()))
        && u8::from_str_radix(octets[0], 16).is_ok_and(|first| first & 1 == 0)
}

fn is_ipv4_mask(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok_and(|mask| {
        let bits = u32::from(mask);
        bits.leading_ones() + bits.trailing_zeros() == 32 || bits == 0
    })
}

fn prefix_length(text: &str, most: u8) -> bool {
    is_digits(text)
        && text.len() <= 3
        && !text.starts_with('0')
        && text.parse::<u8>().is_ok_and(|length| (8..=most).contains(&length))
}

fn is_cidr_v4(text: &str) -> bool {
    text.split_once('/').is_some_and(|(ip, len)| ip.parse::<Ipv4Addr>().is_ok() && prefix_length(len, 32))
}

fn is_cidr_v6(text: &str) -> bool {
    text.split_once('/').is_some_and(|(ip, len)| ip.parse::<Ipv6Addr>().is_ok() && prefix_length(len, 128))
}

fn is_label(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn is_dns_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|label| is_label(label) && label.len() <= 63)
}

fn is_domain(text: &str, first: fn(char) -> bool) -> bool {
    let label = |label: &str| {
        label.starts_with(first) && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    text.contains('.') && text.split('.').all(label)
}

fn is_user_id(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(user, realm)| {
        !user.is_empty()
            && user.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != ':' && c != '/')
            && is_realm(realm)
    })
}

fn is_realm(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}
