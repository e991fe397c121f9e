//! The tree of command words that the methods declare, and the way down into it.

use std::collections::BTreeMap;

use innkeeper_rest::Method;

use super::globals;
use crate::methods::AREAS;

/// A command: which method, under which of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) method: usize,
    pub(super) name: usize,
}

/// One word of commands: a command, a group of commands, or both.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) target: Option<Target>,
    pub(super) help: String,
    pub(super) below: BTreeMap<&'static str, Tree>,
    /// Words that stand at this place too, but lead elsewhere: a shortened word must not mean both.
    pub(super) elsewhere: Vec<&'static str>,
}

/// Where the words of a command line led.
pub(super) struct Walked<'t> {
    /// The words in full.
    pub(super) words: Vec<&'static str>,
    /// The command or group they name.
    pub(super) tree: &'t Tree,
    /// Everything else.
    pub(super) rest: Vec<String>,
}

impl Tree {
    /// The commands that `methods` declare, below these first words only.
    pub(super) fn new(methods: &[Method], areas: Option<&[&str]>) -> Self {
        let mut root = Self::default();
        for (method, declared) in methods.iter().enumerate() {
            for (name, command) in declared.commands.iter().enumerate() {
                let mut words = command.words.split(' ').peekable();
                let offered = |word: &&str| areas.is_none_or(|areas| areas.contains(word));
                if !words.peek().is_some_and(offered) {
                    continue;
                }
                let tree = words.fold(&mut root, |tree, word| tree.below.entry(word).or_default());
                tree.target = Some(Target { method, name });
                tree.help = command.help.to_owned();
            }
        }
        for (word, tree) in &mut root.below {
            tree.name_groups(word);
        }
        root
    }

    /// Groups say what they are about, or else what is in them.
    fn name_groups(&mut self, word: &str) {
        for (word, tree) in &mut self.below {
            tree.name_groups(word);
        }
        if self.help.is_empty() {
            let area = AREAS.iter().find(|(name, _)| *name == word);
            let names = || self.below.keys().copied().collect::<Vec<_>>().join(", ");
            self.help = area.map_or_else(names, |(_, about)| (*about).to_owned());
        }
    }

    /// Follows the leading words, which may be shortened; options before and between them are left in the rest.
    pub(super) fn walk(&self, typed: Vec<String>) -> Walked<'_> {
        let mut walked = Walked { words: Vec::new(), tree: self, rest: Vec::new() };
        let mut typed = typed.into_iter();
        while let Some(word) = typed.next() {
            if word.starts_with('-') && word.len() > 1 {
                let value = if globals::takes_next(&word) { typed.next() } else { None };
                let end = word == "--";
                walked.rest.push(word);
                walked.rest.extend(value);
                if end {
                    break;
                }
                continue;
            }
            match walked.tree.find(&word) {
                Some((name, below)) => {
                    walked.words.push(name);
                    walked.tree = below;
                }
                None => {
                    walked.rest.push(word);
                    break;
                }
            }
        }
        walked.rest.extend(typed);
        walked
    }

    fn find(&self, word: &str) -> Option<(&'static str, &Self)> {
        if let Some((name, tree)) = self.below.get_key_value(word) {
            return Some((name, tree));
        }
        let mut fitting = self.below.iter().filter(|(name, _)| name.starts_with(word));
        let elsewhere = self.elsewhere.iter().any(|name| name.starts_with(word));
        match (fitting.next(), fitting.next()) {
            (Some((name, tree)), None) if !elsewhere => Some((name, tree)),
            _ => None,
        }
    }
}
