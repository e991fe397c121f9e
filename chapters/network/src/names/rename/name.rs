//! Names that a card can be given.

use innkeeper_change::{Hazard, Problem, Severity};

use crate::interfaces::inspect::is_guest_port;
use crate::interfaces::kind::{Kind, kind_of_name};
use crate::interfaces::validate::NAME_LENGTH;
use crate::names::scheme::{self, Made};

/// Words that mean something else where a name is expected.
const WORDS: [&str; 7] = ["all", "any", "auto", "default", "lo", "none", "bonding_masters"];

/// Whether a card can be called so, whatever else is on the host.
///
/// # Errors
/// Why not.
pub fn check(name: &str) -> Result<(), Problem> {
    let refuse = |why: String| Err(Problem::parameter("name", why));
    if name.is_empty() {
        return refuse("a name is needed".to_owned());
    }
    if name.len() > NAME_LENGTH {
        return refuse(format!("value may only be {NAME_LENGTH} characters long"));
    }
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if let Some(wrong) = name.chars().find(|c| !fine(*c)) {
        return refuse(match wrong {
            '.' => "a dot stands before the number of a VLAN".to_owned(),
            ':' => "a colon stands before the number of an alias".to_owned(),
            _ => format!("'{}' cannot stand in the name of a card", wrong.escape_default()),
        });
    }
    if name.starts_with('-') || name.bytes().all(|c| c.is_ascii_digit()) || WORDS.contains(&name) {
        return refuse(format!("'{name}' means something else where a name is expected"));
    }
    if is_guest_port(name) {
        return refuse(format!("'{name}' is a name of ports of guests"));
    }
    match kind_of_name(name) {
        Kind::Eth | Kind::Unknown if !name.starts_with("vlan") => Ok(()),
        Kind::Eth | Kind::Unknown => refuse(format!("'{name}' is a name of VLANs")),
        kind => refuse(format!("'{name}' is a name of the type '{}'", kind.word())),
    }
}

/// What is to be said against a name that is possible.
pub fn advice(name: &str) -> Vec<Hazard> {
    let warning = |id: &str, message: String, avoid: &str| Hazard::new(id, Severity::Warning, message, avoid);
    let mut hazards = Vec::new();
    if !name.starts_with("en") && !name.starts_with("eth") {
        hazards.push(warning(
            "nic.name-not-of-a-card",
            format!("'{name}' begins with neither 'en' nor 'eth': other programs do not take it for a network card."),
            "Choose a name like 'enwan0'.",
        ));
    }
    let made = scheme::read(name);
    if matches!(made.made, Made::Order { .. }) {
        hazards.push(warning(
            "nic.name-of-the-kernel",
            format!(
                "'{name}' is a name that the kernel gives while it finds the cards: when another card has it at that moment, \
                 this one does not get it."
            ),
            "Choose a name that nobody else gives, like 'enwan0'.",
        ));
    } else if made.is_of_the_scheme() {
        hazards.push(warning(
            "nic.name-of-the-scheme",
            format!("'{name}' is a name that systemd may also give to another card."),
            "Choose a name that nobody else gives, like 'enwan0'.",
        ));
    }
    hazards
}
