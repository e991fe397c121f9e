//! A text edited until it says what a merge came to.

use std::collections::BTreeMap;

use super::record::{InterfaceRecord, Record, StanzaKey, StanzaRecord, option_of, places};
use crate::format::{Document, OptionLine, Stanza};
use crate::interfaces::config::{Config, Interface};
use crate::interfaces::plan::Editor;

/// `current`, edited to say `merged`. What is new in it is taken from `own`.
pub(super) fn text(current: &Document<'_>, own: &Document<'_>, merged: &Record) -> String {
    let (here, there) = (Config::parse([("", current.text())]), Config::parse([("", own.text())]));
    let said = Record::of(current);
    let mut replay =
        Replay { current, own, places: places(current), own_places: places(own), editor: Editor::new(&here) };
    for interface in here.interfaces() {
        match merged.interfaces.get(interface.name) {
            None => replay.editor.remove(interface),
            Some(wanted) => {
                if let Some(found) = said.interfaces.get(interface.name).filter(|found| *found != wanted) {
                    replay.interface(interface, found, wanted);
                }
            }
        }
    }
    let new = there.interfaces().iter().filter(|interface| here.get(interface.name).is_none());
    for interface in new {
        if let Some(wanted) = merged.interfaces.get(interface.name) {
            let lines = replay.lines_of(interface.name, wanted);
            replay.editor.take_over(interface.name, interface.kind, lines);
        }
    }
    replay.editor.finish()
}

struct Replay<'c> {
    current: &'c Document<'c>,
    own: &'c Document<'c>,
    places: BTreeMap<(String, StanzaKey), usize>,
    own_places: BTreeMap<(String, StanzaKey), usize>,
    editor: Editor<'c>,
}

impl<'c> Replay<'c> {
    fn interface(&mut self, interface: &Interface<'_>, found: &InterfaceRecord, wanted: &InterfaceRecord) {
        for class in wanted.starts.difference(&found.starts) {
            self.editor.start(interface, class);
        }
        self.editor.unlist(interface, |class| found.starts.contains(class) && !wanted.starts.contains(class));
        for (key, before) in &found.stanzas {
            let Some(stanza) = self.stanza(interface.name, key) else { continue };
            match wanted.stanzas.get(key) {
                None => self.editor.drop_stanza(stanza),
                Some(after) if after != before => self.change(interface.name, key, stanza, before, after),
                Some(_) => {}
            }
        }
        let end = interface.stanzas.last().map(|place| self.current.stanzas()[place.stanza].end());
        for key in wanted.stanzas.keys().filter(|key| !found.stanzas.contains_key(*key)) {
            let lines = self.own_stanza(interface.name, key).map(|stanza| raw(self.own, stanza));
            self.editor.put_stanza(end.unwrap_or_default(), lines.unwrap_or_default());
        }
    }

    fn change(
        &mut self,
        name: &str,
        key: &StanzaKey,
        stanza: &Stanza<'_>,
        before: &StanzaRecord,
        after: &StanzaRecord,
    ) {
        let own = self.own_stanza(name, key);
        if before.method != after.method
            && let Some(own) = own
        {
            self.editor.head(stanza, self.own.text()[own.span.clone()].trim());
        }
        if before.comments != after.comments {
            let lines = own.into_iter().flat_map(Stanza::comments);
            let lines = lines.map(|comment| self.own.text()[comment.span.clone()].trim_end().to_owned());
            self.editor.comments_of(stanza, lines.collect());
        }
        let none = Vec::new();
        let mut keys: Vec<&String> = before.options.keys().collect();
        // what is new keeps the order that it has in the change set
        let new = own.into_iter().flat_map(Stanza::options).map(|line| option_of(line.key));
        let new: Vec<&String> = new.filter_map(|key| Some(after.options.get_key_value(key)?.0)).collect();
        keys.extend(new.into_iter().filter(|key| !before.options.contains_key(*key)));
        let mut done: Vec<&String> = Vec::new();
        for key in keys {
            let values = after.options.get(key).unwrap_or(&none);
            if done.contains(&key) || before.options.get(key).unwrap_or(&none) == values {
                continue;
            }
            done.push(key);
            let lines: Vec<&OptionLine<'_>> =
                stanza.options().filter(|line| option_of(line.key) == key.as_str()).collect();
            self.editor.values(stanza, key, &lines, values);
        }
    }

    fn stanza(&self, name: &str, key: &StanzaKey) -> Option<&'c Stanza<'c>> {
        let at = self.places.get(&(name.to_owned(), key.clone()))?;
        self.current.stanzas().get(*at)
    }

    fn own_stanza(&self, name: &str, key: &StanzaKey) -> Option<&'c Stanza<'c>> {
        let at = self.own_places.get(&(name.to_owned(), key.clone()))?;
        self.own.stanzas().get(*at)
    }

    /// Every line of an interface that is new.
    fn lines_of(&self, name: &str, wanted: &InterfaceRecord) -> Vec<String> {
        let start = |class: &String| match class.as_str() {
            "auto" => format!("auto {name}"),
            class => format!("allow-{class} {name}"),
        };
        let mut lines: Vec<String> = wanted.starts.iter().map(start).collect();
        for (number, key) in wanted.stanzas.keys().enumerate() {
            if number > 0 {
                lines.push(String::new());
            }
            lines.extend(self.own_stanza(name, key).map(|stanza| raw(self.own, stanza)).unwrap_or_default());
        }
        lines
    }
}

/// The lines of a stanza as they are.
fn raw(document: &Document<'_>, stanza: &Stanza<'_>) -> Vec<String> {
    document.text()[stanza.span.start..stanza.end()].lines().map(str::to_owned).collect()
}
