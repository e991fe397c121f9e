//! The options of an interface that have a meaning here, under all their spellings.

/// An option with a meaning. All others are carried along as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are those of the options")]
pub enum Field {
    Address,
    Netmask,
    Gateway,
    Broadcast,
    BridgePorts,
    BridgeStp,
    BridgeFd,
    BridgeVlanAware,
    BridgeVids,
    Slaves,
    BondMiimon,
    BondMode,
    BondXmitHashPolicy,
    BondPrimary,
    VlanId,
    VlanRawDevice,
    VlanProtocol,
    VxlanId,
    VxlanSvcnodeip,
    VxlanPhysdev,
    VxlanLocalTunnelip,
    VxlanRemoteip,
    OvsType,
    OvsBridge,
    OvsBonds,
    OvsPorts,
    OvsOptions,
    Mtu,
    LinkType,
    UplinkId,
    BridgeAccess,
    BridgeLearning,
    BridgeArpNdSuppress,
    BridgeUnicastFlood,
    BridgeMulticastFlood,
    BridgeDisableMacLearning,
}

/// An option: its name in the API, the key it is written with, and the other keys it is read from (`_` and `-` are the same
/// for all of them).
struct Known(Field, &'static str, &'static str, &'static [&'static str]);

const KNOWN: &[Known] = &[
    Known(Field::Address, "address", "address", &[]),
    Known(Field::Netmask, "netmask", "netmask", &[]),
    Known(Field::Gateway, "gateway", "gateway", &[]),
    Known(Field::Broadcast, "broadcast", "broadcast", &[]),
    Known(Field::BridgePorts, "bridge_ports", "bridge-ports", &[]),
    Known(Field::BridgeStp, "bridge_stp", "bridge-stp", &[]),
    Known(Field::BridgeFd, "bridge_fd", "bridge-fd", &[]),
    Known(Field::BridgeVlanAware, "bridge_vlan_aware", "bridge-vlan-aware", &[]),
    Known(Field::BridgeVids, "bridge_vids", "bridge-vids", &["bridge-trunk"]),
    Known(Field::Slaves, "slaves", "bond-slaves", &["slaves", "bond-ports"]),
    Known(Field::BondMiimon, "bond_miimon", "bond-miimon", &[]),
    Known(Field::BondMode, "bond_mode", "bond-mode", &[]),
    Known(Field::BondXmitHashPolicy, "bond_xmit_hash_policy", "bond-xmit-hash-policy", &[]),
    Known(Field::BondPrimary, "bond-primary", "bond-primary", &[]),
    Known(Field::VlanId, "vlan-id", "vlan-id", &[]),
    Known(Field::VlanRawDevice, "vlan-raw-device", "vlan-raw-device", &[]),
    Known(Field::VlanProtocol, "vlan-protocol", "vlan-protocol", &[]),
    Known(Field::VxlanId, "vxlan-id", "vxlan-id", &[]),
    Known(Field::VxlanSvcnodeip, "vxlan-svcnodeip", "vxlan-svcnodeip", &[]),
    Known(Field::VxlanPhysdev, "vxlan-physdev", "vxlan-physdev", &[]),
    Known(Field::VxlanLocalTunnelip, "vxlan-local-tunnelip", "vxlan-local-tunnelip", &[]),
    Known(Field::VxlanRemoteip, "vxlan-remoteip", "vxlan-remoteip", &[]),
    Known(Field::OvsType, "ovs_type", "ovs_type", &[]),
    Known(Field::OvsBridge, "ovs_bridge", "ovs_bridge", &[]),
    Known(Field::OvsBonds, "ovs_bonds", "ovs_bonds", &[]),
    Known(Field::OvsPorts, "ovs_ports", "ovs_ports", &[]),
    Known(Field::OvsOptions, "ovs_options", "ovs_options", &[]),
    Known(Field::Mtu, "mtu", "mtu", &["ovs-mtu"]),
    Known(Field::LinkType, "link-type", "link-type", &[]),
    Known(Field::UplinkId, "uplink-id", "uplink-id", &[]),
    Known(Field::BridgeAccess, "bridge-access", "bridge-access", &[]),
    Known(Field::BridgeLearning, "bridge-learning", "bridge-learning", &[]),
    Known(Field::BridgeArpNdSuppress, "bridge-arp-nd-suppress", "bridge-arp-nd-suppress", &[]),
    Known(Field::BridgeUnicastFlood, "bridge-unicast-flood", "bridge-unicast-flood", &[]),
    Known(Field::BridgeMulticastFlood, "bridge-multicast-flood", "bridge-multicast-flood", &[]),
    Known(Field::BridgeDisableMacLearning, "bridge-disable-mac-learning", "bridge-disable-mac-learning", &[]),
];

/// The same key, apart from `_` and `-`.
fn same(key: &str, canonical: &str) -> bool {
    key.len() == canonical.len()
        && key
            .bytes()
            .zip(canonical.bytes())
            .all(|(a, b)| a == b || (a == b'_' && b == b'-') || (a == b'-' && b == b'_'))
}

impl Field {
    /// The field that a key of the file means.
    pub fn of_key(key: &str) -> Option<Self> {
        // most keys are told apart by their length and first letter
        let first = key.as_bytes().first()?;
        KNOWN
            .iter()
            .find(|Known(_, _, written, others)| {
                (written.as_bytes()[0] == *first && same(key, written))
                    || others.iter().any(|other| same(key, other))
            })
            .map(|Known(field, ..)| *field)
    }

    /// The field that a parameter of the API means.
    pub fn of_param(name: &str) -> Option<Self> {
        KNOWN.iter().find(|Known(_, param, ..)| *param == name).map(|Known(field, ..)| *field)
    }

    fn known(self) -> &'static Known {
        // the table is in the order of the variants: a test holds it to that
        &KNOWN[self as usize]
    }

    /// Its name in the API.
    pub fn param(self) -> &'static str {
        self.known().1
    }

    /// The key it is written with.
    pub fn key(self) -> &'static str {
        self.known().2
    }

    /// Whether it belongs to one family of addresses.
    pub fn is_address(self) -> bool {
        matches!(self, Self::Address | Self::Netmask | Self::Gateway | Self::Broadcast)
    }

    /// Whether its value is a list of interfaces, whose order means nothing.
    pub fn is_list(self) -> bool {
        matches!(self, Self::BridgePorts | Self::Slaves | Self::OvsBonds | Self::OvsPorts)
    }

    /// Whether only a port of a bridge can have it.
    pub fn is_port_option(self) -> bool {
        matches!(
            self,
            Self::BridgeLearning
                | Self::BridgeArpNdSuppress
                | Self::BridgeUnicastFlood
                | Self::BridgeMulticastFlood
                | Self::BridgeAccess
        )
    }

    /// Whether it says that the interface is a bridge.
    pub(crate) fn is_of_bridges(self) -> bool {
        matches!(self, Self::BridgePorts | Self::BridgeStp | Self::BridgeFd | Self::BridgeVlanAware)
    }

    /// Whether it says that the interface is a bond.
    pub(crate) fn is_of_bonds(self) -> bool {
        matches!(self, Self::Slaves | Self::BondMode)
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, KNOWN, Known};

    #[test]
    fn every_field_finds_its_own_row() {
        for (index, Known(field, param, key, _)) in KNOWN.iter().enumerate() {
            assert_eq!(*field as usize, index);
            assert_eq!((field.param(), field.key()), (*param, *key));
            assert_eq!(Field::of_key(key), Some(*field));
        }
    }

    /// Old spellings mean what the new ones do.
    #[test]
    fn underscores_and_dashes_are_the_same() {
        assert_eq!(Field::of_key("bridge_ports"), Some(Field::BridgePorts));
        assert_eq!(Field::of_key("slaves"), Some(Field::Slaves));
        assert_eq!(Field::of_key("bond_slaves"), Some(Field::Slaves));
        assert_eq!(Field::of_key("ovs-mtu"), Some(Field::Mtu));
        assert_eq!(Field::of_key("ovs_mtu"), Some(Field::Mtu));
        assert_eq!(Field::of_key("hwaddress"), None);
    }
}
