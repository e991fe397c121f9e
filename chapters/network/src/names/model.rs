//! The nouns, as the API delivers them.

use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use super::inspect::{Fate, State};
use super::scheme;
use crate::kernel::Link;

/// A network card and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Nic {
    /// Its name.
    pub name: String,
    /// Names that lead to it as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub altnames: Vec<String>,
    /// What the name means.
    pub explanation: String,
    /// The hardware address that its maker gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// The kernel's driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Its place on the PCI bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pci: Option<String>,
    /// Mbit/s, while something is at the other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<u32>,
    /// Something is at the other end of the wire.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub carrier: bool,
    /// The bridge or bond that it is a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master: Option<String>,
    /// The link file that names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_file: Option<String>,
    /// What that file calls it from the next start on, where that is another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_name: Option<String>,
}

/// The cards as the API delivers them.
pub fn view(state: &State) -> Vec<Nic> {
    state.cards().map(|card| nic(state, card)).collect()
}

fn nic(state: &State, card: &Link) -> Nic {
    let pinned = match state.fate(card) {
        Fate::Pinned(found, name) => Some((found.path.to_string(), name.to_owned())),
        Fate::Scheme | Fate::Unknown(_) => None,
    };
    let (link_file, next_name) = pinned.unzip();
    Nic {
        name: card.name.clone(),
        altnames: card.altnames.clone(),
        explanation: scheme::read(&card.name).sentence(card),
        mac: card.permanent_mac.clone(),
        driver: card.driver.clone(),
        pci: card.pci.clone(),
        speed: card.speed,
        carrier: card.carrier,
        master: card.master.clone(),
        link_file,
        next_name: next_name.filter(|name| *name != card.name),
    }
}
