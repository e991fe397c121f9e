//! Wires and cards while the host runs.

use super::error::Error;
use super::hardware::{FIRST_NIC, MOST_NICS};
use super::host::Host;
use super::link::Link;
use serde_json::json;

/// One of a host's network cards.
#[derive(Clone, Copy, Debug)]
pub struct NicHandle<'a> {
    host: &'a Host,
    index: usize,
}

impl Host {
    /// The i-th network card, counted from 0 in the order of the request.
    ///
    /// # Panics
    /// When there is no such card.
    #[must_use]
    pub fn nic(&self, index: usize) -> NicHandle<'_> {
        let count = self.parts().nics.len();
        assert!(index < count, "{} has {count} network cards, no card {index}", self.name());
        NicHandle { host: self, index }
    }
}

impl NicHandle<'_> {
    /// Its address as it was made.
    #[must_use]
    pub fn mac(&self) -> &str {
        &self.host.parts().nics[self.index].mac
    }

    /// Its name in the guest, such as `ens5`.
    ///
    /// # Errors
    /// When the guest has none for it.
    pub fn name(&self) -> Result<String, Error> {
        let slot = self.host.parts().nics[self.index].slot();
        self.host.run(&format!("cd /sys/bus/pci/devices/0000:00:{slot:02x}.0/ && ls virtio*/net"))
    }

    /// Puts it into the last slot that cards can sit in, as somebody does who opens the machine: from the next boot on the guest's
    /// firmware and kernel find it there.
    ///
    /// # Errors
    /// When the host has power, or another card sits there.
    pub fn move_to_the_last_slot(&self) -> Result<(), Error> {
        let parts = self.host.parts();
        let last = FIRST_NIC + MOST_NICS - 1;
        if self.host.power().is_some() {
            return Err(Error::Request(format!(
                "{} has power: its cards stay where they are",
                self.host.name()
            )));
        }
        if parts.nics.iter().any(|nic| nic.slot() == last) {
            return Err(Error::Request(format!(
                "a card of {} sits in the last slot already",
                self.host.name()
            )));
        }
        parts.nics[self.index].put(last);
        Ok(())
    }

    /// Pulls the wire out: the guest sees the carrier go.
    ///
    /// # Errors
    /// When the host has no power.
    pub fn pull(&self) -> Result<(), Error> {
        self.carrier(false)
    }

    /// Plugs the wire in.
    ///
    /// # Errors
    /// When the host has no power.
    pub fn plug(&self) -> Result<(), Error> {
        self.carrier(true)
    }

    /// Lays the wire to another link, or to none. The card's carrier stays.
    pub fn connect(&self, link: Option<&Link>) {
        self.host.parts().ports[self.index].connect(link);
    }

    fn carrier(&self, up: bool) -> Result<(), Error> {
        let id = &self.host.parts().nics[self.index].id;
        self.host.with_power(|power| power.qmp.execute("set_link", json!({ "name": id, "up": up })).map(drop))
    }
}
