//! (State, change set) → Plan. Pure.

use std::collections::BTreeSet;

use innkeeper_change::{FileChange, Plan, Problem, Step};

use super::inspect::{Draft, Found};
use super::merge::{Conflict, merge};
use super::model::{ChangeSet, path_of};
use super::record::Record;
use crate::format::Document;
use crate::interfaces::changes::unified;
use crate::interfaces::plan::{sound, staged, understood};
use crate::interfaces::risks;
use crate::interfaces::state::State;

/// Makes a change set of the configuration that counts now.
///
/// # Errors
/// When there is one of this name; when the configuration is not understood.
pub(super) fn create(
    state: &State,
    known: Option<&Found>,
    name: &str,
    author: &str,
    title: &str,
) -> Result<Plan, Problem> {
    if known.is_some() {
        return Err(Problem::parameter("set", "change set already exists"));
    }
    let text = understood(state)?.to_owned();
    let set = ChangeSet {
        name: name.to_owned(),
        author: author.to_owned(),
        title: title.to_owned(),
        base: text.clone(),
        text,
    };
    let change = FileChange { after: Some(set.content()?), ..FileChange::write(path_of(name), None, "") };
    Ok(Plan::new(format!("make change set {name}"))
        .step(Step::file(format!("write {}", change.path), change)))
}

/// Whether the configuration has moved on since the change set was made.
pub(super) fn is_outdated(state: &State, set: &ChangeSet) -> bool {
    state.text() != Some(set.base.as_str())
}

/// The change set's text on top of the configuration that counts now.
pub(super) fn merged(state: &State, set: &ChangeSet) -> Result<String, Vec<Conflict>> {
    merge(&set.base, &set.text, state.text().unwrap_or_default())
}

/// Makes the configuration that counts now the base of a change set.
///
/// # Errors
/// What both changed, each in another way; what would be wrong with both together.
pub(super) fn rebase(state: &State, draft: &Draft) -> Result<Plan, Problem> {
    let set = &draft.set;
    let plan = Plan::new(format!("rebase change set {}", set.name));
    let base = understood(state)?;
    if !is_outdated(state, set) {
        return Ok(plan);
    }
    let text = merged(state, set).map_err(|conflicts| refusal(state, set, &conflicts))?;
    fits(state, base, &text)?;
    let rebased = ChangeSet { base: base.to_owned(), text, ..set.clone() };
    let change = FileChange {
        after: Some(rebased.content()?),
        ..FileChange::write(&draft.path, Some(draft.file.clone()), "")
    };
    Ok(plan.step(Step::file(format!("write {}", draft.path), change)))
}

fn fits(state: &State, current: &str, text: &str) -> Result<(), Problem> {
    sound(state, &state.config_of(current), &state.config_of(text)).map_err(|problem| match problem {
        Problem::Failed(message) => {
            Problem::Failed(format!("with what is configured by now it would be wrong: {message}"))
        }
        other => other,
    })
}

/// What was configured since, from the base to what is there now.
fn since(state: &State, set: &ChangeSet) -> String {
    let name = |what: &str| format!("{} {what}", state.path());
    unified(&set.base, state.text().unwrap_or_default(), &name("(base)"), &name("(now)"))
}

fn refusal(state: &State, set: &ChangeSet, conflicts: &[Conflict]) -> Problem {
    let each: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
    let message = format!(
        "change set '{}' and what was configured since contradict each other: {}",
        set.name,
        each.join("; ")
    );
    Problem::Conflict { message, diff: since(state, set) }
}

/// Makes a change set the staged configuration.
///
/// # Errors
/// When the configuration has moved on since it was made; what would be wrong with it.
pub(super) fn stage(state: &State, draft: &Draft) -> Result<Plan, Problem> {
    let set = &draft.set;
    let current = understood(state)?;
    if is_outdated(state, set) {
        let message = format!(
            "change set '{}' was made from another configuration than the one that is there now: rebase it first",
            set.name
        );
        return Err(Problem::Conflict { message, diff: since(state, set) });
    }
    fits(state, current, &set.text)?;
    let mut plan = Plan::new(format!("stage change set {}", set.name));
    if set.text != current {
        let (old, new) = (state.config_of(current), state.config_of(&set.text));
        let changed = changed(current, &set.text);
        let names: BTreeSet<&str> = changed.iter().map(String::as_str).collect();
        plan = risks::of_changes(state, &old, &new, &names).into_iter().fold(plan, Plan::hazard);
        plan = staged(state, plan, set.text.clone());
    }
    Ok(remove(plan, &draft.path, &draft.file))
}

/// The interfaces that are not the same in both.
fn changed(old: &str, new: &str) -> BTreeSet<String> {
    let [old, new] = [old, new].map(|text| Record::of(&Document::parse(text)).interfaces);
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    all.into_iter().filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
}

/// Throws a change set away.
pub(super) fn discard(found: &Found) -> Plan {
    let plan = Plan::new(format!("discard change set {}", found.name));
    remove(plan, path_of(&found.name).as_str(), &found.file)
}

fn remove(plan: Plan, path: &str, file: &innkeeper_change::Content) -> Plan {
    plan.step(Step::file(format!("remove {path}"), FileChange::remove(path, file.clone())))
}
