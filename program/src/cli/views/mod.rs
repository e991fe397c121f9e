//! How commands for people show the results of some methods. Everything else is shown as tables.

mod changes;
mod checks;
mod firmware;
mod history;
mod log;
mod names;
mod network;
mod repositories;
mod tasks;
mod updates;

use innkeeper_rest::{Api, Method, Verb};
use serde_json::Value;

use super::output::Style;

/// A way to show the result of one method.
pub(super) struct View {
    path: &'static str,
    /// Parameters that the command decides, because the original's command of this name does.
    pub(super) fixed: &'static [(&'static str, &'static str)],
    /// They are left alone when this one is given.
    pub(super) unless: Option<&'static str>,
    /// What is new can be waited for: entries have a `cursor` from which reading goes on.
    pub(super) follows: bool,
    /// Makes of the result what is printed in every format.
    pub(super) prepare: Option<fn(Value) -> Value>,
    /// Prints it as text.
    pub(super) show: fn(&Value, &Style, &Context<'_>) -> String,
}

/// What a view may want to know besides the result.
pub(super) struct Context<'a> {
    /// The method that was called.
    pub(super) method: &'a Method,
    /// All of them, to say by which command something can be done.
    pub(super) api: &'a Api,
}

impl View {
    const fn new(path: &'static str, show: fn(&Value, &Style, &Context<'_>) -> String) -> Self {
        Self { path, fixed: &[], unless: None, follows: false, prepare: None, show }
    }
}

/// Lines enough for every log.
const ALL_LINES: &str = "1000000";

const VIEWS: [View; 19] = [
    View { prepare: Some(tasks::in_few_words), ..View::new("/nodes/{node}/tasks", tasks::list) },
    View {
        fixed: &[("limit", ALL_LINES)],
        unless: Some("download"),
        ..View::new("/nodes/{node}/tasks/{upid}/log", tasks::log)
    },
    View { follows: true, ..View::new("/nodes/{node}/log", log::entries) },
    View::new("/nodes/{node}/changes", changes::list),
    View::new("/nodes/{node}/history", history::list),
    View::new("/nodes/{node}/history/{change}", history::detail),
    View::new("/nodes/{node}/history/verify", history::verified),
    View::new("/nodes/{node}/checks", checks::list),
    View::new("/nodes/{node}/apt/repositories", repositories::list),
    View::new("/nodes/{node}/network", network::list),
    View::new("/nodes/{node}/network-recipes", network::recipes),
    View::new("/nodes/{node}/network-changes", network::staged),
    View::new("/nodes/{node}/dns/state", names::resolver),
    View::new("/nodes/{node}/hosts/entries", names::list),
    View::new("/nodes/{node}/nics", names::list),
    View::new("/nodes/{node}/firmware/status", firmware::overview),
    View::new("/nodes/{node}/apt/update", updates::list),
    View::new("/nodes/{node}/apt/preview", updates::preview),
    View::new("/nodes/{node}/apt/versions", updates::versions),
];

/// The view of a method's result, if it has one of its own.
pub(super) fn of(method: &Method) -> Option<&'static View> {
    VIEWS.iter().find(|view| method.verb == Verb::Get && method.path == view.path)
}

/// A text field; empty when it is not there.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A number field; 0 when it is not there.
fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// The items of a list field; none when it is not there.
fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A list of words as one text.
fn joined(value: &Value, name: &str) -> String {
    items(value, name).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

/// Prose in lines of at most `width` characters, each behind `indent`.
fn wrapped(prose: &str, indent: &str, width: usize) -> String {
    let room = width.saturating_sub(indent.len()).max(20);
    let mut out = String::new();
    let mut used = 0;
    for word in prose.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            out.push('\n');
            used = 0;
        }
        out.push_str(if used == 0 { indent } else { " " });
        used += length + usize::from(used > 0);
        out.push_str(&super::output::escape(word));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}
