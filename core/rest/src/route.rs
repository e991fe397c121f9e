//! From a path to a method, and from a method back to a command line.

use std::collections::BTreeMap;

use innkeeper_change::render;
use serde_json::{Map, Value};

use crate::method::{Method, Verb};
use crate::params::OF_THE_CALL;

/// One level of the tree of paths.
#[derive(Default)]
struct Branch {
    fixed: BTreeMap<&'static str, Branch>,
    /// The one segment in braces that may stand here.
    variable: Option<(&'static str, Box<Branch>)>,
    methods: BTreeMap<Verb, usize>,
}

/// The tree of paths over a list of methods.
#[derive(Default)]
pub(crate) struct Routes {
    root: Branch,
}

/// Where a path led.
pub(crate) struct Found<'p> {
    pub(crate) methods: BTreeMap<Verb, usize>,
    /// Names and values of the segments in braces.
    pub(crate) values: Vec<(&'static str, &'p str)>,
    /// The fixed names one level below.
    pub(crate) children: Vec<&'static str>,
}

impl Routes {
    pub(crate) fn new(methods: &[Method]) -> Self {
        let mut routes = Self::default();
        for (index, method) in methods.iter().enumerate() {
            let mut branch = &mut routes.root;
            for segment in segments(method.path) {
                branch = match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) => &mut branch.variable.get_or_insert_with(|| (name, Box::default())).1,
                    None => branch.fixed.entry(segment).or_default(),
                };
            }
            branch.methods.insert(method.verb, index);
        }
        routes
    }

    /// Walks down `path`; `None` when nothing is there.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<Found<'p>> {
        let mut branch = &self.root;
        let mut values = Vec::new();
        for segment in segments(path) {
            branch = match (branch.fixed.get(segment), &branch.variable) {
                (Some(next), _) => next,
                (None, Some((name, next))) => {
                    values.push((*name, segment));
                    next
                }
                (None, None) => return None,
            };
        }
        let children = branch.fixed.keys().copied().collect();
        Some(Found { methods: branch.methods.clone(), values, children })
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Fills the segments in braces of `path` from `params`.
pub(crate) fn fill(path: &str, params: &Map<String, Value>) -> String {
    let filled: Vec<String> = segments(path)
        .map(|segment| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => params.get(name).map_or_else(|| segment.to_owned(), plain),
            None => segment.to_owned(),
        })
        .collect();
    format!("/{}", filled.join("/"))
}

/// A parameter as a person would type it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => u8::from(*value).to_string(),
        other => other.to_string(),
    }
}

/// The command line for a call: the area command whose presets fit, else `innkeeper api VERB PATH`.
pub(crate) fn command_line(method: &Method, params: &Map<String, Value>) -> String {
    let given = |name: &str| params.get(name).map(plain);
    let fitting = method
        .commands
        .iter()
        .find(|command| command.preset.iter().all(|(name, value)| given(name).as_deref() == Some(*value)));
    let mut words = vec!["innkeeper".to_owned()];
    let mut said: Vec<&str> = method.path.split(['{', '}']).skip(1).step_by(2).collect();
    match fitting {
        Some(command) => {
            words.extend(command.words.split(' ').map(str::to_owned));
            words.extend(
                command.positional.iter().filter_map(|name| given(name)).map(|word| render::quote(&word)),
            );
            let named = |name: &str| {
                command.positional.contains(&name) || command.preset.iter().any(|(preset, _)| *preset == name)
            };
            // a path parameter that is not given by position must be said as an option, but for the node
            said.retain(|name| *name == "node" || named(name));
            said.extend(command.positional);
            said.extend(command.preset.iter().map(|(name, _)| *name));
        }
        None => {
            words.extend(["api".to_owned(), method.verb.command().to_owned()]);
            words.push(render::quote(&fill(method.path, params)));
        }
    }
    let optional = params.iter().filter(|(name, _)| {
        let name = name.as_str();
        !said.contains(&name) && !OF_THE_CALL.contains(&name) && name != "digest"
    });
    for (name, value) in optional {
        words.push(format!("--{name}"));
        words.push(render::quote(&plain(value)));
    }
    words.join(" ")
}
