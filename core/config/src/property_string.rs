//! Property strings: `key=value,key=value` inside one value.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{Property, check_object, format_value};

/// What a property string may hold.
#[derive(Clone, Copy, Debug)]
pub struct PropertySchema {
    /// Its keys.
    pub properties: &'static [Property],
    /// The key that a value without a key belongs to.
    pub default_key: Option<&'static str>,
}

impl PropertySchema {
    /// The keys and values in a text, checked.
    ///
    /// # Errors
    /// `format error`, then on lines of their own what is wrong.
    pub fn parse(&self, text: &str) -> Result<Map<String, Value>, String> {
        let pairs = self.split(text).map_err(|wrong| format!("format error\n{wrong}"))?;
        let given = pairs.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
        check_object(self.properties, given).map_err(|wrong| {
            let lines: Vec<String> = wrong.iter().map(|(key, message)| format!("{key}: {message}")).collect();
            format!("format error\n{}", lines.join("\n"))
        })
    }

    fn split<'a>(&self, text: &'a str) -> Result<BTreeMap<&'a str, &'a str>, String>
    where
        'static: 'a,
    {
        let mut pairs = BTreeMap::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) if !key.is_empty() && !value.is_empty() => (key.trim(), value),
                Some(_) => return Err("missing key in comma-separated list property".to_owned()),
                None => match self.default_key {
                    Some(key) => (key, part),
                    None => {
                        return Err("value without key, but schema does not define a default key".to_owned());
                    }
                },
            };
            if !self.properties.iter().any(|property| property.name == key) {
                return Err(format!("invalid key in comma-separated list property: {key}"));
            }
            if pairs.insert(key, value).is_some() {
                return Err(format!("duplicate key in comma-separated list property: {key}"));
            }
        }
        Ok(pairs)
    }

    /// The text for some values: the default key first and without its name, then what is required, then what is
    /// optional, each by name.
    ///
    /// # Errors
    /// A key that the schema does not have, a required one that is missing, a value that a property string cannot
    /// hold.
    pub fn print(&self, values: &Map<String, Value>) -> Result<String, String> {
        if let Some(key) = values.keys().find(|&key| !self.properties.iter().any(|one| one.name == key)) {
            return Err(format!("invalid key in comma-separated list property: {key}"));
        }
        let mut order: Vec<&Property> = self.properties.iter().collect();
        order.sort_by_key(|one| (Some(one.name) != self.default_key, one.optional, one.name));
        let mut parts = Vec::new();
        for property in order {
            let Some(value) = values.get(property.name) else {
                if property.optional {
                    continue;
                }
                return Err(format!("{}: property is missing and it is not optional", property.name));
            };
            let text = format_value(&property.kind, value)?;
            let is_default = Some(property.name) == self.default_key;
            check_printable(property.name, &text)?;
            // a value with '=' would be read as a key of its own when it stands alone
            let bare = is_default && !text.contains('=');
            parts.push(if bare { text } else { format!("{}={text}", property.name) });
        }
        Ok(parts.join(","))
    }

    /// How such a text looks, for documents: `[mac=]<mac>[,bind-interface=<bind-interface>]`.
    pub fn synopsis(&self) -> String {
        let mut order: Vec<&Property> = self.properties.iter().collect();
        order.sort_by_key(|one| (Some(one.name) != self.default_key, one.optional, one.name));
        let mut text = String::new();
        for property in order {
            let name = property.name;
            let key = if Some(name) == self.default_key { format!("[{name}=]") } else { format!("{name}=") };
            let comma = if text.is_empty() { "" } else { "," };
            let part = format!("{comma}{key}<{name}>");
            text.push_str(&if property.optional { format!("[{part}]") } else { part });
        }
        text
    }
}

fn check_printable(name: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{name}: value must not be empty"));
    }
    if text.contains([',', '\n', '\r']) || text.trim().is_empty() {
        return Err(format!("{name}: value contains a comma or a line feed"));
    }
    Ok(())
}
