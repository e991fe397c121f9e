//! Name servers, names of hosts, names of cards: lists of words as people write them.

use serde_json::{Map, Value};

use super::{Context, items, number, text};
use crate::cli::output::{self, Style};

/// Entries whose lists are words.
pub(super) fn list(entries: &Value, style: &Style, context: &Context<'_>) -> String {
    let rows: Vec<Value> = entries.as_array().into_iter().flatten().map(in_words).collect();
    output::value(&Value::from(rows), style, &output::times_of(context.method))
}

/// How names are resolved, who else writes the file, and which lines have no effect.
pub(super) fn resolver(state: &Value, style: &Style, context: &Context<'_>) -> String {
    let mut plain = in_words(state);
    if let Some(fields) = plain.as_object_mut() {
        fields.remove("problems");
        if let Some(owner) = fields.remove("owner") {
            fields.insert("owner".to_owned(), text(&owner, "name").into());
            fields.insert("owner-seen".to_owned(), text(&owner, "evidence").into());
            fields.insert("set-instead".to_owned(), text(&owner, "advice").into());
        }
    }
    let mut out = output::value(&plain, style, &output::times_of(context.method));
    for problem in items(state, "problems") {
        let reason = output::escape(text(problem, "reason"));
        out.push_str(&format!("without effect: line {}: {reason}\n", number(problem, "line")));
    }
    out
}

/// An object whose lists of words are joined by blanks.
fn in_words(object: &Value) -> Value {
    let fields = object.as_object().into_iter().flatten();
    let joined = fields.map(|(name, value)| {
        let words: Option<Vec<&str>> =
            value.as_array().map(|list| list.iter().filter_map(Value::as_str).collect());
        (name.clone(), words.map_or_else(|| value.clone(), |words| words.join(" ").into()))
    });
    Value::Object(joined.collect::<Map<_, _>>())
}
