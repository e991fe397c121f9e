//! A real Debian host in QEMU, on which everything is proven that a recording cannot prove.
//!
//! [`image`] makes the disk that every host starts from, once, outside the checkout; [`machine`] starts hosts from it, each on
//! throw-away overlays, and holds them through QEMU's own sockets, so that a test may break the guest's network, power or disks.

#![allow(
    clippy::disallowed_methods,
    reason = "the lab runs on the developer's machine and not on a managed host: it has no Host to go through"
)]

pub mod image;
pub mod install;
pub mod machine;
pub mod record;

pub use machine::{
    Disk, DiskHandle, Error, Fault, Firmware, Gateway, Host, HostBuilder, Lab, LacpPeer, Link, Nic,
    NicHandle, Output, Transport,
};
