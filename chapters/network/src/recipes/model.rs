//! The nouns, as the API delivers them.

use innkeeper_change::Problem;
use innkeeper_rest::{Kind, Property, bit};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::ipv6;
use super::outlook::Outlook;
use super::plan::{IDS, card, proposed, staging};
use super::recipe::Card;

/// A whole set-up that one call makes.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Recipe {
    /// Its name in paths and commands.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What it is for, in plain words.
    pub purpose: &'static str,
    /// What it takes.
    pub parameters: Vec<RecipeParameter>,
    /// 1 when this host has it already, with what is proposed.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub done: bool,
    /// Why it cannot be made with what is proposed alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
}

/// A parameter of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RecipeParameter {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub help: &'static str,
    /// `boolean`, `integer` or `string`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The format of a text: `pve-iface`, `pve-iface-list`, `CIDRv4`, `ipv4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The only values that it may have.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub values: &'static [&'static str],
    /// What is taken when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<String>,
    /// 1 when the recipe cannot do without it, and nothing is proposed.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub required: bool,
}

/// Every recipe, with what is proposed on this host.
pub(super) fn recipes(outlook: &Outlook, six: &ipv6::State) -> Vec<Recipe> {
    let mut all: Vec<Recipe> = IDS.iter().filter_map(|id| recipe(outlook, id)).collect();
    let done = ipv6::plan(six, false, false).is_ok_and(|plan| plan.is_empty());
    all.push(shown(&ipv6::CARD, done, None, |_| None, |_| false));
    all
}

fn recipe(outlook: &Outlook, id: &str) -> Option<Recipe> {
    let card = card(id)?;
    let nothing = Map::new();
    let proposed = proposed(outlook, id, &nothing);
    let (done, missing, hindrance) = match staging(outlook, id, &nothing) {
        Ok(plan) => (plan.is_empty(), None, None),
        Err(Problem::Parameters(wrong)) => {
            let (name, message) = wrong.into_iter().next()?;
            (false, Some(name.clone()), Some(format!("{name}: {message}")))
        }
        Err(other) => (false, None, Some(other.to_string())),
    };
    let value = |name: &str| proposed.iter().find(|(known, _)| *known == name).map(|(_, value)| plain(value));
    Some(shown(&card, done, hindrance, value, |name| missing.as_deref() == Some(name)))
}

fn shown(
    card: &Card,
    done: bool,
    hindrance: Option<String>,
    proposed: impl Fn(&str) -> Option<String>,
    missing: impl Fn(&str) -> bool,
) -> Recipe {
    let parameters = card.parameters.iter().map(|property| {
        let value = proposed(property.name).or_else(|| property.default.map(str::to_owned));
        let required = value.is_none() && (!property.optional || missing(property.name));
        parameter(property, value, required)
    });
    Recipe {
        id: card.id,
        title: card.title,
        purpose: card.purpose,
        parameters: parameters.collect(),
        done,
        hindrance,
    }
}

fn parameter(property: &Property, proposed: Option<String>, required: bool) -> RecipeParameter {
    let (format, values) = match property.kind {
        Kind::String { format, one_of, .. } => (format.map(|format| format.name()), one_of),
        _ => (None, &[] as &[&str]),
    };
    RecipeParameter {
        name: property.name,
        help: property.help,
        kind: property.kind.type_name(),
        format,
        values,
        proposed,
        required,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(on) => u8::from(*on).to_string(),
        other => other.to_string(),
    }
}
