//! Addresses with their networks.

use std::net::IpAddr;

use super::config::ip;

/// An address as a number with the bits of its family, and the first and last of its network.
#[derive(Clone, Copy)]
pub(crate) struct Net {
    /// The address.
    pub(crate) address: IpAddr,
    /// The first address of its network.
    pub(crate) first: u128,
    /// The last one.
    pub(crate) last: u128,
    /// Bits of the network.
    pub(crate) length: u8,
}

impl Net {
    /// Reads an address; without a length its network is the address alone.
    pub(crate) fn of(address: &str, length: Option<u8>) -> Option<Self> {
        let address = ip(address)?;
        let (bits, width) = match address {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let length = length.unwrap_or(width).min(width);
        let host = u128::MAX.checked_shr(u32::from(128 - width) + u32::from(length)).unwrap_or(0);
        let host = if width == 32 { host & u128::from(u32::MAX) } else { host };
        let first = bits & !host;
        Some(Self { address, first, last: first | host, length })
    }

    /// Whether an address is in its network.
    pub(crate) fn holds(&self, other: IpAddr) -> bool {
        let bits = match (self.address, other) {
            (IpAddr::V4(_), IpAddr::V4(v4)) => u128::from(u32::from(v4)),
            (IpAddr::V6(_), IpAddr::V6(v6)) => u128::from(v6),
            _ => return false,
        };
        (self.first..=self.last).contains(&bits)
    }
}
