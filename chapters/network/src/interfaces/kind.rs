//! What an interface is: told from its options first, and from its name where they say nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::Field;

/// What an interface is, in the API's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the API")]
pub enum Kind {
    #[serde(rename = "eth")]
    Eth,
    #[serde(rename = "bridge")]
    Bridge,
    #[serde(rename = "bond")]
    Bond,
    #[serde(rename = "vlan")]
    Vlan,
    #[serde(rename = "alias")]
    Alias,
    #[serde(rename = "vxlan")]
    Vxlan,
    #[serde(rename = "dummy")]
    Dummy,
    #[serde(rename = "loopback")]
    Loopback,
    OVSBridge,
    OVSBond,
    OVSPort,
    OVSIntPort,
    #[serde(rename = "unknown")]
    Unknown,
}

impl Kind {
    /// Its name in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Eth => "eth",
            Self::Bridge => "bridge",
            Self::Bond => "bond",
            Self::Vlan => "vlan",
            Self::Alias => "alias",
            Self::Vxlan => "vxlan",
            Self::Dummy => "dummy",
            Self::Loopback => "loopback",
            Self::OVSBridge => "OVSBridge",
            Self::OVSBond => "OVSBond",
            Self::OVSPort => "OVSPort",
            Self::OVSIntPort => "OVSIntPort",
            Self::Unknown => "unknown",
        }
    }

    /// The type with this name in the API.
    pub fn of_word(word: &str) -> Option<Self> {
        const ALL: [Kind; 13] = [
            Kind::Eth,
            Kind::Bridge,
            Kind::Bond,
            Kind::Vlan,
            Kind::Alias,
            Kind::Vxlan,
            Kind::Dummy,
            Kind::Loopback,
            Kind::OVSBridge,
            Kind::OVSBond,
            Kind::OVSPort,
            Kind::OVSIntPort,
            Kind::Unknown,
        ];
        ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Of Open vSwitch.
    pub fn is_ovs(self) -> bool {
        matches!(self, Self::OVSBridge | Self::OVSBond | Self::OVSPort | Self::OVSIntPort)
    }

    /// A virtual switch that guests are attached to.
    pub fn is_bridge(self) -> bool {
        matches!(self, Self::Bridge | Self::OVSBridge)
    }

    /// Where it stands in a file: what others are made of comes first.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Loopback | Self::Dummy => 1,
            Self::Eth | Self::OVSPort => 2,
            Self::OVSIntPort => 3,
            Self::Bond | Self::OVSBond => 4,
            Self::Bridge | Self::OVSBridge => 5,
            Self::Vlan | Self::Vxlan => 6,
            Self::Alias | Self::Unknown => 7,
        }
    }
}

/// Letters and then digits only.
fn numbered(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()))
}

/// A name that says that it is a physical NIC.
pub fn is_physical_name(name: &str) -> bool {
    let plain = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && !rest.contains([':', '.']))
    };
    numbered(name, "eth") || plain("en") || plain("ib") || numbered(name, "nic") || numbered(name, "if")
}

/// `bond0` and the like.
pub fn is_bond_name(name: &str) -> bool {
    numbered(name, "bond")
}

/// `vmbr0` and the like.
pub fn is_bridge_name(name: &str) -> bool {
    numbered(name, "vmbr")
}

/// The parent and the VLAN that a name of the form `PARENT.ID` means.
pub fn vlan_of_name(name: &str) -> Option<(&str, &str)> {
    let (parent, id) = name.rsplit_once('.')?;
    (!parent.is_empty() && !id.is_empty() && id.bytes().all(|c| c.is_ascii_digit())).then_some((parent, id))
}

/// The VLAN that a name of the form `vlanID` means.
pub fn vlan_id_of_name(name: &str) -> Option<&str> {
    numbered(name, "vlan").then(|| &name[4..])
}

/// The interface that a name of the form `INTERFACE:NUMBER` is an alias of.
pub fn alias_of_name(name: &str) -> Option<&str> {
    let (parent, number) = name.rsplit_once(':')?;
    (!parent.is_empty() && !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit())).then_some(parent)
}

/// What an interface is: by its name, and by `value`, which says what its options are.
pub(crate) fn kind_of<'v>(
    name: &str,
    fields: impl Iterator<Item = Field> + Clone,
    value: impl Fn(Field) -> Option<&'v str>,
) -> Kind {
    let has = |wanted: fn(Field) -> bool| fields.clone().any(wanted);
    if name == "lo" {
        return Kind::Loopback;
    }
    match value(Field::OvsType) {
        Some("OVSBridge") => return Kind::OVSBridge,
        Some("OVSBond") => return Kind::OVSBond,
        Some("OVSPort") => return Kind::OVSPort,
        Some("OVSIntPort") => return Kind::OVSIntPort,
        _ => {}
    }
    if has(Field::is_of_bonds) {
        Kind::Bond
    } else if has(Field::is_of_bridges) {
        Kind::Bridge
    } else if has(|field| field == Field::VxlanId) {
        Kind::Vxlan
    } else if has(|field| field == Field::VlanRawDevice) {
        Kind::Vlan
    } else if value(Field::LinkType) == Some("dummy") {
        Kind::Dummy
    } else {
        kind_of_name(name)
    }
}

/// What the name alone says.
pub fn kind_of_name(name: &str) -> Kind {
    if name == "lo" {
        Kind::Loopback
    } else if is_bond_name(name) {
        Kind::Bond
    } else if is_bridge_name(name) {
        Kind::Bridge
    } else if alias_of_name(name).is_some() {
        Kind::Alias
    } else if vlan_of_name(name).is_some() {
        Kind::Vlan
    } else if is_physical_name(name) {
        Kind::Eth
    } else {
        Kind::Unknown
    }
}
