//! The modes of bonds by name. Whoever offers, checks or reads one looks here.

/// Those of the kernel, in the order of their numbers.
pub const LINUX: [&str; 7] =
    ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];

/// Those of Open vSwitch.
pub const OVS: [&str; 5] =
    ["active-backup", "balance-slb", "balance-tcp", "lacp-balance-slb", "lacp-balance-tcp"];

/// Those that the API takes, as the original has them.
pub const ALL: [&str; 10] =
    [LINUX[0], LINUX[1], LINUX[2], LINUX[3], LINUX[4], LINUX[5], LINUX[6], OVS[1], OVS[3], OVS[4]];

/// The modes whose choice of an interface for a packet can be given (`bond-xmit-hash-policy`).
pub const HASHING: [&str; 2] = ["balance-xor", "802.3ad"];

/// What the choice can go by.
pub const HASH_POLICIES: [&str; 3] = ["layer2", "layer2+3", "layer3+4"];
