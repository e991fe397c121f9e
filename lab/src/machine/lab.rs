//! What a test asks for.

use super::args::Profile;
use super::error::Error;
use super::hardware::{Disk, MOST_NICS, Nic};
use super::host::Host;
use super::link::Link;
use super::peers::{Gateway, LacpPeer};
use super::start;
use crate::image::Suite;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where tests begin.
#[derive(Debug)]
pub struct Lab;

impl Lab {
    /// A host, to be furnished and started.
    #[must_use]
    pub fn host() -> HostBuilder {
        let number = HOSTS.fetch_add(1, Ordering::Relaxed) + 1;
        HostBuilder {
            number,
            name: format!("lab{number}"),
            suite: Suite::default(),
            profile: Profile { memory_mib: 2048, cpus: 2 },
            disks: Vec::new(),
            nics: Vec::new(),
            cold: false,
        }
    }

    /// Makes the state that hosts of a release start from, unless it is there: what is slow, before tests that have limits.
    ///
    /// # Errors
    /// When there is no image, QEMU or memory, or the host to be saved does not come up.
    pub fn prepare(suite: Suite) -> Result<(), Error> {
        start::prepare(&Self::host().suite(suite))
    }

    /// A router on a link, with DHCP and DNS.
    ///
    /// # Errors
    /// When its host does not start, or a service on it does not.
    pub fn gateway(link: &Link) -> Result<Gateway, Error> {
        Gateway::start(link)
    }

    /// A switch that speaks LACP on these two links.
    ///
    /// # Errors
    /// When its host does not start, or refuses the bond.
    pub fn lacp_peer(legs: [&Link; 2]) -> Result<LacpPeer, Error> {
        LacpPeer::start(legs)
    }
}

static HOSTS: AtomicU32 = AtomicU32::new(0);

/// A host before it starts.
#[derive(Clone, Debug)]
pub struct HostBuilder {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) suite: Suite,
    pub(super) profile: Profile,
    pub(super) disks: Vec<Disk>,
    pub(super) nics: Vec<Nic>,
    pub(super) cold: bool,
}

impl HostBuilder {
    /// Called so, in place of `lab1`, `lab2`, …
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// With this release of Debian. Without it: the one that the tests run on.
    #[must_use]
    pub fn suite(mut self, suite: Suite) -> Self {
        self.suite = suite;
        self
    }

    /// With this many blank virtio disks more. Sizes are like `2G`, `512M`.
    #[must_use]
    pub fn disks(mut self, count: usize, size: &str) -> Self {
        self.disks.extend(std::iter::repeat_n(Disk::virtio(size), count));
        self
    }

    /// With this disk.
    #[must_use]
    pub fn disk(mut self, disk: Disk) -> Self {
        self.disks.push(disk);
        self
    }

    /// With this many network cards more, which are on no link.
    #[must_use]
    pub fn nics(mut self, count: usize) -> Self {
        self.nics.extend(std::iter::repeat_n(Nic::new(), count));
        self
    }

    /// With this network card; a link stands for a card on it.
    #[must_use]
    pub fn nic(mut self, nic: impl Into<Nic>) -> Self {
        self.nics.push(nic.into());
        self
    }

    /// With as much memory, in MiB. Without it: 2048.
    #[must_use]
    pub fn memory_mib(mut self, mib: u64) -> Self {
        self.profile.memory_mib = mib;
        self
    }

    /// With as many processors. Without it: 2.
    #[must_use]
    pub fn cpus(mut self, cpus: u8) -> Self {
        self.profile.cpus = cpus;
        self
    }

    /// Boots instead of starting from the saved state.
    #[must_use]
    pub fn cold(mut self) -> Self {
        self.cold = true;
        self
    }

    /// Starts it and waits until it answers and has found all its hardware.
    ///
    /// # Errors
    /// When the request is one that no host can have, or no image, QEMU or memory is there for it, or it does not come up.
    pub fn start(self) -> Result<Host, Error> {
        self.check()?;
        start::start(self)
    }

    fn check(&self) -> Result<(), Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.name.is_empty()
            || self.name.len() > 63
            || !self.name.chars().all(plain)
            || self.name.starts_with('-')
        {
            return Err(Error::Request(format!("{:?} is no host name", self.name)));
        }
        if !(256..=65536).contains(&self.profile.memory_mib) {
            return Err(Error::Request(format!("{} MiB of memory: 256 to 65536", self.profile.memory_mib)));
        }
        if !(1..=16).contains(&self.profile.cpus) {
            return Err(Error::Request(format!("{} processors: 1 to 16", self.profile.cpus)));
        }
        if self.nics.len() > usize::from(MOST_NICS) {
            return Err(Error::Request(format!("{} network cards: at most {MOST_NICS}", self.nics.len())));
        }
        self.disks.iter().try_for_each(|disk| disk.check().map(drop))?;
        self.nics.iter().try_for_each(Nic::check)
    }
}
