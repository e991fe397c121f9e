//! Disks and network cards as a test asks for them, and where they sit in the machine.

use super::error::Error;
use super::link::Link;
use camino::Utf8PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// How a disk is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `/dev/vdX`, the fastest under emulation. The kernel calls it rotational, whatever it is.
    Virtio,
    /// `/dev/sdX` on a SCSI controller.
    Scsi,
    /// `/dev/sdX` on an AHCI controller. Cannot be unplugged while the host runs.
    Sata,
    /// `/dev/nvmeXn1`.
    Nvme,
}

/// A blank disk.
#[derive(Clone, Debug)]
pub struct Disk {
    pub(super) transport: Transport,
    pub(super) size: String,
    pub(super) serial: Option<String>,
    /// Revolutions per minute; 1 for none, as ATA and SCSI have it.
    pub(super) rpm: Option<u16>,
}

impl Disk {
    /// A paravirtual disk. Sizes are like `2G`, `512M`.
    #[must_use]
    pub fn virtio(size: &str) -> Self {
        Self { transport: Transport::Virtio, size: size.to_owned(), serial: None, rpm: None }
    }

    /// A SCSI disk.
    #[must_use]
    pub fn scsi(size: &str) -> Self {
        Self { transport: Transport::Scsi, ..Self::virtio(size) }
    }

    /// A SATA disk.
    #[must_use]
    pub fn sata(size: &str) -> Self {
        Self { transport: Transport::Sata, ..Self::virtio(size) }
    }

    /// An NVMe disk.
    #[must_use]
    pub fn nvme(size: &str) -> Self {
        Self { transport: Transport::Nvme, ..Self::virtio(size) }
    }

    /// With this serial number, of at most 20 characters. Without it the i-th disk of a host has `LABDISKi`.
    #[must_use]
    pub fn serial(self, serial: &str) -> Self {
        Self { serial: Some(serial.to_owned()), ..self }
    }

    /// Without moving parts. SCSI and SATA disks can say so.
    #[must_use]
    pub fn ssd(self) -> Self {
        Self { rpm: Some(1), ..self }
    }

    /// Turning at this speed. SCSI and SATA disks can say so.
    #[must_use]
    pub fn rpm(self, rpm: u16) -> Self {
        Self { rpm: Some(rpm), ..self }
    }

    pub(super) fn check(&self) -> Result<u64, Error> {
        let bytes = bytes(&self.size)?;
        if let Some(serial) = &self.serial {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if serial.is_empty() || serial.len() > 20 || !serial.chars().all(plain) {
                return Err(Error::Request(format!(
                    "serial {serial:?}: 1 to 20 letters, digits, '-', '_' and '.'"
                )));
            }
        }
        if self.rpm.is_some() && matches!(self.transport, Transport::Virtio | Transport::Nvme) {
            return Err(Error::Request("only SCSI and SATA disks tell whether they turn".to_owned()));
        }
        Ok(bytes)
    }
}

/// A network card.
#[derive(Clone, Debug, Default)]
pub struct Nic {
    pub(super) mac: Option<String>,
    pub(super) link: Option<Link>,
}

impl Nic {
    /// A card with nothing plugged in but power: it has a carrier, and nobody hears it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this address, like `52:54:00:01:02:03`.
    #[must_use]
    pub fn mac(self, mac: &str) -> Self {
        Self { mac: Some(mac.to_ascii_lowercase()), ..self }
    }

    /// On this link.
    #[must_use]
    pub fn link(self, link: &Link) -> Self {
        Self { link: Some(link.clone()), ..self }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let Some(mac) = &self.mac else { return Ok(()) };
        let octets: Option<Vec<u8>> = mac
            .split(':')
            .map(|octet| u8::from_str_radix(octet, 16).ok().filter(|_| octet.len() == 2))
            .collect();
        match octets.as_deref() {
            Some([first, _, _, _, _, _]) if first & 1 == 0 => Ok(()),
            _ => Err(Error::Request(format!("{mac:?} is no address of a single card"))),
        }
    }
}

impl From<&Link> for Nic {
    fn from(link: &Link) -> Self {
        Self::new().link(link)
    }
}

/// A size as bytes.
pub(super) fn bytes(size: &str) -> Result<u64, Error> {
    let shift = match size.chars().last().map(|c| c.to_ascii_uppercase()) {
        Some('K') => 10,
        Some('M') => 20,
        Some('G') => 30,
        Some('T') => 40,
        _ => 0,
    };
    let digits = if shift == 0 { size } else { &size[..size.len() - 1] };
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .filter(|bytes| *bytes > 0 && bytes % 512 == 0 && *bytes <= 1 << 46)
        .ok_or_else(|| Error::Request(format!("{size:?} is no size of a disk: a number with K, M, G or T")))
}

/// Where a device sits: a slot of the PCI bus, or a place on a controller in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Slot(u8),
    Ahci(u8),
    Scsi(u8),
}

/// A disk in its place.
#[derive(Clone, Debug)]
pub(super) struct PlacedDisk {
    pub(super) id: String,
    pub(super) disk: Disk,
    pub(super) serial: String,
    pub(super) file: Utf8PathBuf,
    pub(super) place: Place,
    pub(super) plugged: bool,
}

/// A network card in its place.
#[derive(Clone, Debug)]
pub(super) struct PlacedNic {
    pub(super) id: String,
    pub(super) mac: String,
    pub(super) socket: Utf8PathBuf,
    slot: Arc<AtomicU8>,
}

impl PlacedNic {
    pub(super) fn new(id: String, mac: String, socket: Utf8PathBuf, slot: u8) -> Self {
        Self { id, mac, socket, slot: Arc::new(AtomicU8::new(slot)) }
    }

    /// Its slot of the PCI bus.
    pub(super) fn slot(&self) -> u8 {
        self.slot.load(Ordering::Relaxed)
    }

    /// Where it sits from the next boot on.
    pub(super) fn put(&self, slot: u8) {
        self.slot.store(slot, Ordering::Relaxed);
    }
}

/// The serial line of the agent and the root disk.
pub(super) const SERIAL_SLOT: u8 = 3;
pub(super) const ROOT_SLOT: u8 = 4;
/// Network cards come first, so that their names do not move when a test adds a disk: `ens5`, `ens6`, …
pub(super) const FIRST_NIC: u8 = 5;
pub(super) const MOST_NICS: u8 = 10;
pub(super) const AHCI_SLOT: u8 = 15;
pub(super) const SCSI_SLOT: u8 = 16;
pub(super) const FIRST_DISK: u8 = 17;
pub(super) const LAST_SLOT: u8 = 31;

/// Of the SCSI controller, for files on their way in.
pub(super) const LAST_TARGET: u8 = 255;

/// Finds a place for one more disk.
pub(super) fn place(transport: Transport, others: &[PlacedDisk]) -> Result<Place, Error> {
    let free = |place: &Place| !others.iter().any(|other| other.place == *place);
    match transport {
        Transport::Sata => (0..6).map(Place::Ahci).find(free),
        Transport::Scsi => (0..LAST_TARGET).map(Place::Scsi).find(free),
        Transport::Virtio | Transport::Nvme => (FIRST_DISK..=LAST_SLOT).map(Place::Slot).find(free),
    }
    .ok_or_else(|| {
        Error::Request(
            "too many disks: a host has room for 6 SATA, 255 SCSI, and 15 virtio and NVMe disks".to_owned(),
        )
    })
}
