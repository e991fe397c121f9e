//! (State, Request) → Plan: keep the names that cards have.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange, Hazard, Plan, Problem, Severity, Step};

use super::inspect::{Fate, Found, State};
use super::link_file::pinning;
use super::scheme::Made;
use super::{LINK_DIR, early, scheme};
use crate::kernel::Link;

/// What shall become of the names of cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// This card, or all of them, keep their names.
    Pin(Option<String>),
    /// The link file that names this card is gone.
    Unpin(String),
}

/// Plans link files.
///
/// # Errors
/// No such card, one whose hardware address is not its own alone, a file in the way.
pub fn plan(state: &State, request: &Request) -> Result<Plan, Problem> {
    match request {
        Request::Pin(Some(name)) => pin(state, &[card(state, name)?]),
        Request::Pin(None) => pin(state, &state.cards().collect::<Vec<_>>()),
        Request::Unpin(name) => unpin(state, card(state, name)?),
    }
}

/// A card by any of its names.
pub(super) fn card<'s>(state: &'s State, name: &str) -> Result<&'s Link, Problem> {
    let mut cards = state.cards();
    cards
        .find(|card| card.name == name || card.altnames.iter().any(|other| other == name))
        .ok_or_else(|| Problem::parameter("nic", format!("there is no network card '{name}'")))
}

fn pin(state: &State, cards: &[&Link]) -> Result<Plan, Problem> {
    let names: Vec<&str> = cards.iter().map(|card| card.name.as_str()).collect();
    let mut plan = Plan::new(match names[..] {
        [] => "keep the names of all cards: there is none".to_owned(),
        _ => format!("keep the names {}", names.join(", ")),
    });
    for card in cards {
        if let Some(step) = pin_one(state, card)? {
            plan = plan.step(step);
            plan = hazard(card).into_iter().fold(plan, Plan::hazard);
        }
    }
    Ok(early::with_copies(state, plan))
}

/// The file for a card, unless one keeps its name already.
fn pin_one(state: &State, card: &Link) -> Result<Option<Step>, Problem> {
    let refuse = |why: String| Err(Problem::Invalid(format!("cannot pin '{}': {why}", card.name)));
    match state.fate(card) {
        Fate::Pinned(_, name) if name == card.name => return Ok(None),
        Fate::Pinned(found, name) => {
            return refuse(format!("{} calls it '{name}' from the next start on", found.path));
        }
        Fate::Unknown(found) => return refuse(format!("{} may be for it and comes first", found.path)),
        Fate::Scheme => {}
    }
    let mac = match own_mac(state, card) {
        Ok(mac) => mac,
        Err(why) => return refuse(why),
    };
    let path = path_of(PRIORITY, &card.name);
    if let Some(found) = state.files.iter().find(|found| found.path == path) {
        return refuse(format!("{} is there already and is for something else", found.path));
    }
    let change = FileChange::write(&path, None, Content::from(pinning(mac, &card.name)));
    Ok(Some(early::link_file(state, format!("call the card {mac} '{}' in {path}", card.name), change)))
}

/// The hardware address by which a card is told from all others.
///
/// # Errors
/// Why there is none.
pub(super) fn own_mac<'s>(state: &State, card: &'s Link) -> Result<&'s str, String> {
    let Some(mac) = card.permanent_mac.as_deref().filter(|mac| !mac.starts_with("00:00:00:00:00:00")) else {
        return Err("it has no hardware address".to_owned());
    };
    let same = |other: &&Link| other.name != card.name && other.permanent_mac.as_deref() == Some(mac);
    match state.cards().find(same) {
        Some(twin) => Err(format!("'{}' has the same hardware address {mac}", twin.name)),
        None => Ok(mac),
    }
}

/// Ten comes before whatever packages bring.
pub const PRIORITY: u8 = 10;

/// The link file of a name.
pub(super) fn path_of(priority: u8, name: &str) -> Utf8PathBuf {
    Utf8Path::new(LINK_DIR).join(format!("{priority:02}-{name}.link"))
}

/// A name of the scheme may be given to another card, too, that comes to sit at that place; one of the kernel's own to any.
fn hazard(card: &Link) -> Option<Hazard> {
    let name = scheme::read(&card.name);
    if matches!(name.made, Made::Order { .. }) {
        return Some(Hazard::new(
            "nic.name-of-the-kernel",
            Severity::Warning,
            format!(
                "'{}' is a name that the kernel gives while it finds the cards: when another card has it at that moment, this one \
                 does not get it.",
                card.name
            ),
            "Leave it where this is the only card, or use names of the scheme.",
        ));
    }
    name.is_of_the_scheme().then(|| {
        Hazard::new(
            "nic.name-of-the-scheme",
            Severity::Notice,
            format!(
                "'{}' is a name that systemd may also give to another card, when one is put in this one's place.",
                card.name
            ),
            "Pin cards before hardware is moved, and look at the names afterwards.",
        )
    })
}

fn unpin(state: &State, card: &Link) -> Result<Plan, Problem> {
    let plan = Plan::new(format!("leave the name of '{}' to the scheme", card.name));
    let Some(found) = pinning_file(state, card) else { return Ok(plan) };
    let refuse = |why: &str| Err(Problem::Invalid(format!("{} {why}", found.path)));
    if !found.path.starts_with(LINK_DIR) {
        return refuse("belongs to a package or to another program");
    }
    if found.is_link {
        return refuse("is a symbolic link");
    }
    if !found.file.pins_by_mac() {
        return refuse("is for more than this card");
    }
    let what =
        format!("remove {}, which calls the card '{}'", found.path, found.file.gives().unwrap_or_default());
    let plan =
        plan.step(early::link_file(state, what, FileChange::remove(&found.path, found.content.clone())));
    Ok(early::with_copies(state, plan).hazard(Hazard::new(
        "nic.may-be-renamed",
        Severity::Warning,
        format!(
            "From the next start on '{}' may have another name, and what names it in /etc/network/interfaces would not be brought up.",
            card.name
        ),
        "Compare with the other names of the card before the next start.",
    )))
}

fn pinning_file<'s>(state: &'s State, card: &Link) -> Option<&'s Found> {
    match state.fate(card) {
        Fate::Pinned(found, _) => Some(found),
        Fate::Scheme | Fate::Unknown(_) => None,
    }
}
