//! (Outlook, parameters) → Plan. Pure.

use innkeeper_change::{Content, Plan, Problem};
use serde_json::{Map, Value};

use super::bonded::{BondBridge, BondStorage};
use super::bridged::Bridged;
use super::draft::Draft;
use super::learning::MacLearning;
use super::nat::Nat;
use super::outlook::Outlook;
use super::ovs::Ovs;
use super::recipe::{Card, Recipe};
use super::routed::Routed;
use super::vlans::{VlanBond, VlanManagement};
use crate::interfaces::plan::kept;

/// What is done with one recipe, whichever it is.
pub(super) trait Task {
    /// The result.
    type Result;

    /// Does it.
    fn with<R: Recipe>(self) -> Self::Result;
}

/// The recipes by id, in the order in which they are offered.
pub const IDS: [&str; 9] = [
    "bridged",
    "routed",
    "nat",
    "bond-storage",
    "bond-bridge",
    "vlan-management",
    "vlan-bond",
    "ovs",
    "mac-learning",
];

/// Does something with the recipe of this id.
pub(super) fn with<T: Task>(id: &str, task: T) -> Option<T::Result> {
    Some(match id {
        "bridged" => task.with::<Bridged>(),
        "routed" => task.with::<Routed>(),
        "nat" => task.with::<Nat>(),
        "bond-storage" => task.with::<BondStorage>(),
        "bond-bridge" => task.with::<BondBridge>(),
        "vlan-management" => task.with::<VlanManagement>(),
        "vlan-bond" => task.with::<VlanBond>(),
        "ovs" => task.with::<Ovs>(),
        "mac-learning" => task.with::<MacLearning>(),
        _ => return None,
    })
}

/// Plans to stage a recipe. What was not given is proposed from what the host has.
///
/// # Errors
/// A recipe that there is not, parameters that do not fit, a file that is not understood, what would be wrong.
pub fn staging(outlook: &Outlook, id: &str, params: &Map<String, Value>) -> Result<Plan, Problem> {
    candidate(outlook, id, params).map(|(_, plan)| plan)
}

/// The text that a recipe makes of the current file, and the plan to stage it.
pub(super) fn candidate(
    outlook: &Outlook,
    id: &str,
    params: &Map<String, Value>,
) -> Result<(Content, Plan), Problem> {
    let full = settled(outlook, id, params)?;
    let none = || Problem::Parameters([("recipe".to_owned(), format!("there is no recipe '{id}'"))].into());
    with(id, Edit { outlook, params: &full }).ok_or_else(none)?
}

/// The parameters with what is proposed for those that were not given.
///
/// # Errors
/// A recipe that there is not.
pub(super) fn settled(
    outlook: &Outlook,
    id: &str,
    params: &Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    let mut full = params.clone();
    for (name, value) in proposed(outlook, id, params) {
        let said = full.get(name).is_some_and(|said| said.as_str() != Some(""));
        if !said {
            full.insert(name.to_owned(), value);
        }
    }
    Ok(full)
}

/// What is proposed for parameters that were not given.
pub fn proposed(outlook: &Outlook, id: &str, given: &Map<String, Value>) -> Vec<(&'static str, Value)> {
    with(id, Propose { outlook, given }).unwrap_or_default()
}

/// The card of a recipe.
pub(super) fn card(id: &str) -> Option<Card> {
    with(id, ShowCard)
}

struct Propose<'a> {
    outlook: &'a Outlook,
    given: &'a Map<String, Value>,
}

impl Task for Propose<'_> {
    type Result = Vec<(&'static str, Value)>;

    fn with<R: Recipe>(self) -> Self::Result {
        R::proposed(self.outlook, self.given)
    }
}

struct ShowCard;

impl Task for ShowCard {
    type Result = Card;

    fn with<R: Recipe>(self) -> Card {
        R::CARD
    }
}

struct Edit<'a> {
    outlook: &'a Outlook,
    params: &'a Map<String, Value>,
}

impl Task for Edit<'_> {
    type Result = Result<(Content, Plan), Problem>;

    fn with<R: Recipe>(self) -> Self::Result {
        let recipe = R::read(self.params)?;
        let state = &self.outlook.files;
        let mut draft = Draft::new(state)?;
        recipe.edit(self.outlook, &mut draft)?;
        let (text, hazards) = draft.finish();
        let plan = Plan::new(recipe.summary());
        let content = Content::new(text.as_str());
        if state.current() == Some(&content) {
            return Ok((content, plan));
        }
        let plan = kept(state, plan, text)?;
        Ok((content, hazards.into_iter().fold(plan, Plan::hazard)))
    }
}
