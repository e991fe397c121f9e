//! ([`Situation`], [`Rename`]) → Plan. Pure.

use innkeeper_change::{Content, FileChange, Hazard, Plan, Problem, Severity, Step};

use super::inspect::{MARK, Place, Situation};
use super::mentions::{Followed, Rule, follow};
use super::{interfaces, link, name};
use crate::format::{Document, Head};
use crate::interfaces::plan::{staged, understood};
use crate::interfaces::validate::NAME_LENGTH;
use crate::kernel::Link;
use crate::names::early;
use crate::names::inspect::Fate;
use crate::names::plan::card;

/// Another name for a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The card, by any of its names.
    pub nic: String,
    /// What it shall be called.
    pub name: String,
    /// The number that its link file begins with: the smallest is looked at first.
    pub priority: u8,
}

/// Plans that a card has another name from the next start on, and that everything that names it follows.
///
/// # Errors
/// No such card; a name that cannot be given, or that somebody else has; a hardware address that is not the card's alone; files
/// that are not understood.
pub fn plan(situation: &Situation, request: &Rename) -> Result<Plan, Problem> {
    let card = card(&situation.names, &request.nic)?;
    name::check(&request.name)?;
    is_free(situation, card, &request.name)?;
    let names = known_as(situation, card, &request.name);
    let mut plan =
        Plan::new(format!("call the card '{}' '{}' from the next start on", card.name, request.name));
    plan = link::steps(situation, card, request, plan)?;
    plan = configuration(situation, card, &names, &request.name, plan)?;
    plan = sourced(situation, &names, &request.name, plan)?;
    for place in &situation.places {
        plan = elsewhere(place, &names, &request.name, plan);
    }
    for unread in &situation.unread {
        plan = plan.hazard(stays(format!("{unread}: whether it names '{}' is not known.", card.name)));
    }
    plan = early::with_copies(&situation.names, plan);
    if plan.is_empty() {
        plan.hazards.clear();
        return Ok(plan);
    }
    plan = note(situation, card, &request.name, plan);
    Ok(name::advice(&request.name).into_iter().fold(plan, Plan::hazard))
}

/// Everything that leads to the card and will not: its name, others that udev gave besides, one that waits for a restart.
fn known_as<'s>(situation: &'s Situation, card: &'s Link, new: &str) -> Vec<&'s str> {
    let mut names = vec![card.name.as_str()];
    if let Fate::Pinned(_, next) = situation.names.fate(card) {
        names.push(next);
    }
    names.extend(card.altnames.iter().map(String::as_str));
    names.retain(|name| *name != new);
    names.dedup();
    names
}

fn is_free(situation: &Situation, card: &Link, new: &str) -> Result<(), Problem> {
    let refuse = |why: String| Err(Problem::parameter("name", why));
    let state = &situation.names;
    if let Some(other) = state.kernel.link(new).filter(|other| other.name != card.name) {
        let again = match state.fate(other) {
            Fate::Pinned(_, next) if next != new => " until the next start: restart first, then rename",
            _ => "; to exchange two names give one of the cards a third name, and restart in between",
        };
        return refuse(match other.name == new {
            true => format!("'{new}' is another interface of this host{again}"),
            false => format!("'{new}' leads to '{}', another interface of this host", other.name),
        });
    }
    for other in state.cards().filter(|other| other.name != card.name) {
        if let Fate::Pinned(found, next) = state.fate(other)
            && next == new
        {
            return refuse(format!("{} calls '{}' so from the next start on", found.path, other.name));
        }
    }
    Ok(())
}

/// The staged file with everything that it has, and the new name.
fn configuration(
    situation: &Situation,
    card: &Link,
    names: &[&str],
    new: &str,
    plan: Plan,
) -> Result<Plan, Problem> {
    let state = &situation.interfaces;
    let text = understood(state)?;
    let followed = interfaces::follow(text, names, new);
    let mut plan = left(state.path(), &followed, &card.name, plan);
    if followed.text == text {
        let says = interfaces::names(text, new)
            && !matches!(situation.names.fate(card), Fate::Pinned(_, next) if next == new);
        return Ok(match says {
            true => plan.hazard(Hazard::new(
                "nic.takes-the-place",
                Severity::Notice,
                format!("What {} says of '{new}' is for this card from then on.", state.path()),
                "Choose another name when it was meant for another card.",
            )),
            false => plan,
        });
    }
    if interfaces::names(text, new) {
        return Err(Problem::parameter(
            "name",
            format!(
                "{} configures both '{}' and '{new}': take one of them away first",
                state.path(),
                card.name
            ),
        ));
    }
    fits(&followed.text)?;
    if situation.running && !situation.committed {
        plan = plan.hazard(Hazard::new(
            "nic.staged-is-not-committed",
            Severity::Danger,
            "pvenetcommit.service is not enabled: after the restart the card has its new name, and the configuration that names it \
             so is not in place.",
            "systemctl enable pvenetcommit.service",
        ));
    }
    Ok(staged(state, plan, followed.text))
}

/// What is called after the card must not get too long either.
fn fits(text: &str) -> Result<(), Problem> {
    for stanza in Document::parse(text).stanzas() {
        if let Head::Iface { name, .. } = &stanza.head
            && name.text.len() > NAME_LENGTH
        {
            let message = format!("'{}' would be longer than {NAME_LENGTH} characters", name.text);
            return Err(Problem::parameter("name", message));
        }
    }
    Ok(())
}

fn sourced(situation: &Situation, names: &[&str], new: &str, mut plan: Plan) -> Result<Plan, Problem> {
    for (path, text) in &situation.interfaces.sourced {
        let followed = interfaces::follow(text, names, new);
        plan = left(path, &followed, names.first().unwrap_or(&""), plan);
        if followed.text == *text {
            continue;
        }
        if let Some(bad) = Document::parse(text).malformed().first() {
            return Err(Problem::Failed(format!("{path} is not understood and is left alone: {bad}")));
        }
        fits(&followed.text)?;
        plan = plan.step(edit(path.as_str(), text, followed.text, new)).hazard(Hazard::new(
            "nic.changes-at-once",
            Severity::Warning,
            format!("{path} cannot be staged: it has the new name at once, and the card only from the next start on."),
            "Do not reload the network before the restart.",
        ));
    }
    for unread in &situation.interfaces.unread {
        plan = plan.hazard(stays(format!("{unread}: what it names is not known.")));
    }
    Ok(plan)
}

fn elsewhere(place: &Place, names: &[&str], new: &str, plan: Plan) -> Plan {
    let followed = follow(&place.text, names, new, place.rule);
    let mut plan = left(place.path.as_str(), &followed, names.first().unwrap_or(&""), plan);
    if followed.text == place.text {
        return plan;
    }
    if place.rule == Rule::Lines {
        plan = plan.hazard(Hazard::new(
            "nic.rules-stand-twice",
            Severity::Notice,
            format!(
                "{} has its rules for the card under both names, so that none is missing at any moment.",
                place.path
            ),
            "Take those of the old name away after the restart.",
        ));
    }
    plan.step(edit(place.path.as_str(), &place.text, followed.text, new))
}

fn edit(path: &str, before: &str, after: String, new: &str) -> Step {
    let change = FileChange::write(path, Some(Content::from(before.to_owned())), after);
    Step::file(format!("name '{new}' in {path}"), change)
}

fn left(path: &str, followed: &Followed, old: &str, plan: Plan) -> Plan {
    let lines: Vec<String> = followed.left.iter().map(ToString::to_string).collect();
    match lines.as_slice() {
        [] => plan,
        [line] => plan.hazard(stays(format!("{path}, line {line}, may mean '{old}' and is not edited."))),
        _ => plan.hazard(stays(format!(
            "{path}, lines {}, may mean '{old}' and are not edited.",
            lines.join(", ")
        ))),
    }
}

fn stays(message: String) -> Hazard {
    Hazard::new(
        "nic.mention-stays",
        Severity::Warning,
        message,
        "Look at it and edit it by hand before the restart.",
    )
}

fn note(situation: &Situation, card: &Link, new: &str, mut plan: Plan) -> Plan {
    plan = plan.hazard(Hazard::new(
        "nic.restart-needed",
        Severity::Notice,
        format!("Until this host is restarted the card is called '{}'.", card.name),
        "Restart it when its guests can be stopped; until then apply no staged network changes.",
    ));
    if !situation.running {
        return plan;
    }
    let what = format!("The card '{}' waits for the name '{new}'.", card.name);
    let text = format!("{}\n{what}\n", situation.boot_id);
    // the note of another card's name says the same
    match situation.mark.as_ref().and_then(Content::as_text) {
        Some(mark) if mark.starts_with(&situation.boot_id) => plan,
        _ => plan.step(Step::file(
            "note that a restart is needed",
            FileChange::write(MARK, situation.mark.clone(), text),
        )),
    }
}
