//! From a path that was typed to the methods that are declared there.

use innkeeper_rest::{Method, Verb};

/// What the methods offer at one path.
pub(super) struct Place<'m> {
    here: Vec<&'m Method>,
    /// What was given for the path's variable parts.
    pub(super) values: Vec<(&'static str, String)>,
    /// Names one level below.
    pub(super) fixed: Vec<&'static str>,
    /// What a name one level below stands for, when any may stand there.
    pub(super) variable: Option<&'static str>,
}

/// The path as the API writes it: one slash before each part.
pub(super) fn tidy(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

/// Goes to `path`; `None` when nothing is declared there or below.
pub(super) fn find<'m>(methods: &'m [Method], path: &str) -> Option<Place<'m>> {
    let mut left: Vec<(&Method, Vec<&'static str>)> =
        methods.iter().map(|method| (method, parts(method.path))).collect();
    let mut values = Vec::new();
    let mut depth = 0;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        // a fixed name hides what a variable one could stand for, as in the API itself
        let exact = left.iter().any(|(_, parts)| parts.get(depth) == Some(&part));
        let name = |parts: &[&'static str]| parts.get(depth).copied().and_then(variable);
        if !exact {
            let meant = left.iter().find_map(|(_, parts)| name(parts))?;
            values.push((meant, part.to_owned()));
        }
        left.retain(|(_, parts)| if exact { parts.get(depth) == Some(&part) } else { name(parts).is_some() });
        depth += 1;
    }
    let mut fixed: Vec<&'static str> = left
        .iter()
        .filter_map(|(_, parts)| parts.get(depth).copied())
        .filter(|part| variable(part).is_none())
        .collect();
    fixed.sort_unstable();
    fixed.dedup();
    let variable = left.iter().find_map(|(_, parts)| parts.get(depth).copied().and_then(variable));
    let here: Vec<&Method> =
        left.iter().filter(|(_, parts)| parts.len() == depth).map(|(method, _)| *method).collect();
    (!left.is_empty()).then_some(Place { here, values, fixed, variable })
}

impl<'m> Place<'m> {
    /// The method for a verb.
    pub(super) fn method(&self, verb: Verb) -> Option<&'m Method> {
        self.here.iter().find(|method| method.verb == verb).copied()
    }

    /// What can be done here, as `ls` shows it: directory, read, set, create, delete.
    pub(super) fn capabilities(&self) -> String {
        let is_directory = !self.fixed.is_empty() || self.variable.is_some();
        let can = |verb| self.method(verb).is_some();
        let flags = [
            (is_directory, 'D'),
            (can(Verb::Get), 'r'),
            (can(Verb::Put), 'w'),
            (can(Verb::Post), 'c'),
            (can(Verb::Delete), 'd'),
        ];
        flags.map(|(yes, letter)| if yes { letter } else { '-' }).iter().collect()
    }
}

fn parts(path: &'static str) -> Vec<&'static str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

fn variable(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}
