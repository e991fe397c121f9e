//! Change sets as the API delivers them.

use innkeeper_change::diff;
use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use super::inspect::{Draft, Found};
use super::merge::Conflict;
use super::plan::{is_outdated, merged};
use crate::interfaces::changes::unified;
use crate::interfaces::state::State;

/// A change set in a list.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ChangeSetEntry {
    /// Its name.
    pub name: String,
    /// The user who made it, and who alone edits it, besides root@pam; empty when its file is damaged.
    pub author: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// When it was last changed, in seconds since 1970.
    pub changed: i64,
    /// How many lines it takes away and adds.
    pub lines: usize,
    /// 1 when the configuration has moved on since it was made: it has to be rebased before it can be staged.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub outdated: bool,
    /// Why its file is not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A change set, and how it stands to the configuration.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ChangeSetDetails {
    /// As it is listed.
    #[serde(flatten)]
    pub entry: ChangeSetEntry,
    /// What it changes: unified diff from its base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// What was configured since it was made: unified diff from its base to what counts now, staged or live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What both changed, each in another way: it cannot be rebased before one of them gives way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
}

fn seconds(nanoseconds: i128) -> i64 {
    i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or_default()
}

/// A change set in a list. `state` is that of the host.
pub(super) fn entry(state: &State, found: &Found) -> ChangeSetEntry {
    let (name, changed) = (found.name.clone(), seconds(found.written));
    match &found.draft {
        Ok(Draft { set, .. }) => ChangeSetEntry {
            author: set.author.clone(),
            title: set.title.clone(),
            lines: diff::lines(&set.base, &set.text),
            outdated: is_outdated(state, set),
            name,
            changed,
            error: None,
        },
        Err(error) => {
            ChangeSetEntry { name, changed, error: Some(error.clone()), ..ChangeSetEntry::default() }
        }
    }
}

/// A change set with everything that is known of it.
pub(super) fn details(state: &State, found: &Found) -> ChangeSetDetails {
    let entry = entry(state, found);
    let Ok(draft) = &found.draft else { return ChangeSetDetails { entry, ..ChangeSetDetails::default() } };
    let (set, now) = (&draft.set, state.text().unwrap_or_default());
    let diff = |old: &str, new: &str, names: [String; 2]| {
        let diff = unified(old, new, &names[0], &names[1]);
        (!diff.is_empty()).then_some(diff)
    };
    let base = || format!("{} (base)", set.name);
    ChangeSetDetails {
        diff: diff(&set.base, &set.text, [base(), set.name.clone()]),
        since: diff(&set.base, now, [base(), state.path().to_owned()]),
        conflicts: merged(state, set).err().unwrap_or_default(),
        entry,
    }
}
