//! The nouns, as the API delivers them.

use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use super::inspect::{Fate, State};
use super::scheme;
use crate::interfaces::config::{Config, Interface};
use crate::interfaces::kind::{Kind, vlan_of_name};
use crate::interfaces::validate::port_field;
use crate::kernel::Link;

/// Another name of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Alternative {
    /// The name.
    pub name: String,
    /// What it means.
    pub explanation: String,
}

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
    /// What its other names mean, and those that udev would give it besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    /// Interfaces of the configuration that stand on it: bridges, bonds, VLANs.
    #[serde(rename = "used-by", skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<String>,
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

/// The cards as the API delivers them; `files` is what interfaces(5) says.
pub fn view(state: &State, files: &[String]) -> Vec<Nic> {
    let config = Config::parse(files.iter().map(|text| ("", text.as_str())));
    state.cards().map(|card| nic(state, &config, card)).collect()
}

fn nic(state: &State, config: &Config<'_>, card: &Link) -> Nic {
    let pinned = match state.fate(card) {
        Fate::Pinned(found, name) => Some((found.path.to_string(), name.to_owned())),
        Fate::Scheme | Fate::Unknown(_) => None,
    };
    let (link_file, next_name) = pinned.unzip();
    Nic {
        name: card.name.clone(),
        altnames: card.altnames.clone(),
        explanation: scheme::read(&card.name).sentence(card),
        alternatives: alternatives(state, card),
        used_by: used_by(config, card, next_name.as_deref()),
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

fn alternatives(state: &State, card: &Link) -> Vec<Alternative> {
    let made = state.made.get(&card.name).into_iter().flatten().map(|(_, name)| name);
    let mut names: Vec<&String> =
        card.altnames.iter().chain(made).filter(|name| **name != card.name).collect();
    names.sort();
    names.dedup();
    let explained =
        |name: &String| Alternative { name: name.clone(), explanation: scheme::read(name).sentence(card) };
    names.into_iter().map(explained).collect()
}

/// What stands on a card by any of its names, the one that it waits for among them.
fn used_by(config: &Config<'_>, card: &Link, next: Option<&str>) -> Vec<String> {
    let own = |name: &str| {
        let carrier = vlan_of_name(name).map_or(name, |(parent, _)| parent);
        carrier == card.name || next == Some(carrier) || card.altnames.iter().any(|other| other == carrier)
    };
    let stands = |interface: &&Interface<'_>| {
        let mut members =
            port_field(interface.kind).into_iter().flat_map(|field| config.list(interface, field));
        let carrier = config.vlan(interface).0.filter(|_| interface.kind == Kind::Vlan);
        members.any(own) || carrier.is_some_and(own)
    };
    config.interfaces().iter().filter(stands).map(|interface| interface.name.to_owned()).collect()
}
