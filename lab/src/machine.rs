//! Hosts: QEMU processes, and everything a test does to them.
//!
//! ```no_run
//! use innkeeper_lab::{Disk, Lab, Link};
//! # fn main() -> Result<(), innkeeper_lab::Error> {
//! let link = Link::new("wire");
//! let host = Lab::host().disks(2, "2G").disk(Disk::nvme("1G")).nic(&link).start()?;
//! host.run("zpool create tank mirror /dev/disk/by-id/virtio-LABDISK0 /dev/disk/by-id/virtio-LABDISK1")?;
//! host.cut_power()?;
//! host.boot()?;
//! # Ok(())
//! # }
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `lab.rs` | what a test asks for |
//! | `hardware.rs`, `args.rs` | disks and network cards, and the command line of QEMU they become |
//! | `state.rs` | a booted host, saved once, that others start from |
//! | `start.rs` | the way from a request to a host that answers |
//! | `host.rs`, `files.rs` | commands and files inside |
//! | `life.rs` | power, reboots, clocks |
//! | `firmware.rs` | booting as a real machine does, from one of its disks |
//! | `disks.rs`, `nics.rs` | trouble with hardware while the host runs |
//! | `link.rs`, `pcap.rs` | wires between hosts, inside this process |
//! | `peers.rs` | hosts that play the rest of a network |
//! | `product.rs` | this program inside a host |
//! | `qmp.rs`, `agent.rs` | the two sockets that a host is held by |
//! | `keeper.rs`, `admission.rs` | nothing is left behind, and no more is started than memory holds |

mod admission;
mod agent;
mod args;
mod base;
mod disks;
mod error;
mod files;
mod firmware;
mod hardware;
mod host;
mod keeper;
mod lab;
mod life;
mod link;
mod nics;
mod pcap;
mod peers;
mod product;
mod qmp;
mod start;
mod state;
mod timing;

pub use admission::clean_own_states;
pub use agent::Output;
pub use disks::{DiskHandle, Fault};
pub use error::Error;
pub use firmware::Firmware;
pub use hardware::{Disk, Nic, Transport};
pub use host::Host;
pub use lab::{HostBuilder, Lab};
pub use link::Link;
pub use nics::NicHandle;
pub use peers::{Gateway, LacpPeer};
pub(crate) use timing::say as say_timing;
