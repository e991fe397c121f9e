//! The link file that gives the new name.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange, Hazard, Plan, Problem, Severity};

use super::inspect::Situation;
use super::plan::Rename;
use crate::kernel::Link;
use crate::names::inspect::{Fate, Found, State};
use crate::names::link_file::{pinning, with_name};
use crate::names::plan::{own_mac, path_of};
use crate::names::{LINK_DIR, early};

/// Adds what makes udev give the name.
pub(super) fn steps(
    situation: &Situation,
    card: &Link,
    request: &Rename,
    mut plan: Plan,
) -> Result<Plan, Problem> {
    let state = &situation.names;
    let present = match state.fate(card) {
        Fate::Pinned(_, name) if name == request.name => return Ok(plan),
        Fate::Pinned(found, _) => Some(found),
        Fate::Unknown(found) => {
            return Err(Problem::Invalid(format!(
                "cannot rename '{}': {} may be for it and comes first",
                card.name, found.path
            )));
        }
        Fate::Scheme => None,
    };
    let mac = own_mac(state, card)
        .map_err(|why| Problem::Invalid(format!("cannot rename '{}': {why}", card.name)))?;
    let (changes, hazards) = changes(state, card, request, present, mac)?;
    for (what, change) in changes {
        plan = plan.step(early::link_file(state, what, change));
    }
    Ok(hazards.into_iter().fold(plan, Plan::hazard))
}

type Changes = (Vec<(String, FileChange)>, Vec<Hazard>);

fn changes(
    state: &State,
    card: &Link,
    request: &Rename,
    present: Option<&Found>,
    mac: &str,
) -> Result<Changes, Problem> {
    let own = present.filter(|found| is_editable(found));
    let plain = |found: &Found| found.content.as_text().is_some_and(|text| is_plain(text, card, found));
    // a file with more in it than the name keeps the rest
    if let Some(found) = own.filter(|found| !plain(found)) {
        let text =
            found.content.as_text().and_then(|text| with_name(text, &request.name)).ok_or_else(|| {
                Problem::Invalid(format!(
                    "{} names the card '{}' in a way that is not edited here",
                    found.path, card.name
                ))
            })?;
        let what = format!("call the card {mac} '{}' in {}", request.name, found.path);
        return Ok((
            vec![(what, FileChange::write(&found.path, Some(found.content.clone()), text))],
            Vec::new(),
        ));
    }
    let path = path_of(request.priority, &request.name);
    let mut changes = Vec::new();
    let mut hazards = Vec::new();
    if let Some(found) = own.filter(|found| found.path != path) {
        let what = format!(
            "remove {}, which calls the card '{}'",
            found.path,
            found.file.gives().unwrap_or_default()
        );
        changes.push((what, FileChange::remove(&found.path, found.content.clone())));
    }
    let before = in_the_way(state, &path, card, &mut hazards)?;
    comes_first(state, &path, card, own, &mut hazards)?;
    let what = format!("call the card {mac} '{}' in {path}", request.name);
    changes.push((what, FileChange::write(&path, before, Content::from(pinning(mac, &request.name)))));
    Ok((changes, hazards))
}

fn is_editable(found: &Found) -> bool {
    found.path.starts_with(LINK_DIR) && !found.is_link && found.file.pins_by_mac()
}

/// Nothing is in a file but what a pin writes.
fn is_plain(text: &str, card: &Link, found: &Found) -> bool {
    let name = found.file.gives().unwrap_or_default();
    card.permanent_mac.as_deref().is_some_and(|mac| text == pinning(mac, name))
}

/// What the place of the file has now: at most the name of a card that is not there any more.
fn in_the_way(
    state: &State,
    path: &Utf8Path,
    card: &Link,
    hazards: &mut Vec<Hazard>,
) -> Result<Option<Content>, Problem> {
    let Some(found) = state.files.iter().find(|found| found.path == path) else { return Ok(None) };
    let of_nobody = is_editable(found) && !state.cards().any(|other| found.file.is_for(other) != Some(false));
    if !of_nobody && found.file.is_for(card) != Some(true) {
        return Err(Problem::Invalid(format!("{path} is there already and is for something else")));
    }
    if of_nobody {
        hazards.push(Hazard::new(
            "nic.name-of-a-missing-card",
            Severity::Warning,
            format!("{path} gives the name to a card that is not there; it is replaced, and that card loses the name."),
            "Choose another name when that card will come back.",
        ));
    }
    Ok(Some(found.content.clone()))
}

/// Only the first file that is for a card counts.
fn comes_first(
    state: &State,
    path: &Utf8PathBuf,
    card: &Link,
    own: Option<&Found>,
    hazards: &mut Vec<Hazard>,
) -> Result<(), Problem> {
    let name = path.file_name().unwrap_or_default();
    for found in &state.files {
        let stays = own.is_none_or(|own| own.path != found.path) && found.path != *path;
        if !stays || found.file.is_for(card) == Some(false) {
            continue;
        }
        if found.path.file_name().unwrap_or_default() < name {
            return Err(Problem::Invalid(format!(
                "{} is for '{}' and is looked at before {path}: put 'Name=' there, or give a smaller priority",
                found.path, card.name
            )));
        }
        // what packages bring has nothing but policies of names
        if found.path.starts_with("/etc") && found.file.is_for(card) == Some(true) {
            hazards.push(Hazard::new(
                "nic.settings-of-another-file",
                Severity::Warning,
                format!(
                    "Only one link file counts for a card: what else {} sets for '{}' is lost.",
                    found.path, card.name
                ),
                format!("Put what is needed of it into {path} afterwards."),
            ));
        }
    }
    Ok(())
}
