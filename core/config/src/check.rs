//! All parameters of a call at once: every mistake is reported, not only the first.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::Property;
use crate::value::check_json;

const MISSING: &str = "property is missing and it is not optional";
const UNKNOWN: &str = "property is not defined in schema and the schema does not allow additional properties";

/// Checks values against properties and gives them their types (see [`crate::check_value`]).
///
/// The result is in the order of `properties`. Defaults are not filled in: whether something was given can
/// matter. JSON `null` counts as not given.
///
/// # Errors
/// Name and message of every property that is wrong, missing or unknown.
pub fn check_object(
    properties: &[Property],
    mut given: BTreeMap<String, Value>,
) -> Result<Map<String, Value>, BTreeMap<String, String>> {
    given.retain(|_, value| !value.is_null());
    let mut checked = Map::new();
    let mut wrong = BTreeMap::new();
    for property in properties {
        let Some(value) = given.get(property.name) else {
            if !property.optional {
                wrong.entry(property.name.to_owned()).or_insert_with(|| MISSING.to_owned());
            }
            continue;
        };
        match check_json(&property.kind, value) {
            Ok(value) => drop(checked.insert(property.name.to_owned(), value)),
            Err(message) => drop(wrong.insert(property.name.to_owned(), message)),
        }
        if let Some(other) = property.requires.filter(|&other| !given.contains_key(other)) {
            let message = format!("missing property - '{}' requires this property", property.name);
            wrong.insert(other.to_owned(), message);
        }
    }
    for name in given.keys().filter(|&name| !properties.iter().any(|property| property.name == name)) {
        wrong.insert(name.clone(), UNKNOWN.to_owned());
    }
    if wrong.is_empty() { Ok(checked) } else { Err(wrong) }
}

/// Adds the defaults of properties that were not given.
pub fn fill_defaults(properties: &[Property], values: &mut Map<String, Value>) {
    for property in properties {
        if let Some(default) = property.default_value()
            && !values.contains_key(property.name)
        {
            values.insert(property.name.to_owned(), default);
        }
    }
}
