//! Turns settings into edits of the file: a line for an option, a stanza for an interface.

use std::collections::BTreeMap;
use std::ops::Range;

use innkeeper_change::Problem;

use super::super::config::{
    Config, Entry, Family, Interface, Place, meaning, names, prefix_length, stanza_family,
};
use super::super::field::Field;
use super::super::kind::{Kind, vlan_of_name};
use super::super::ovs;
use super::super::settings::{Addressing, Settings};
use super::super::view::{bond_mode, is_vlan_aware, mask_like};
use super::stanza;
use crate::format::{Document, Edits, Head, indentation, newline};

/// Edits of the first file of a configuration.
pub(crate) struct Editor<'c> {
    config: &'c Config<'c>,
    pub(super) edits: Edits,
    /// New lines by the stanza that they go to.
    pub(super) lines: BTreeMap<usize, Vec<String>>,
    /// New stanzas by the place that they go to.
    pub(super) stanzas: BTreeMap<usize, Vec<String>>,
    pub(super) removed: Vec<Range<usize>>,
    touched: Vec<String>,
}

impl<'c> Editor<'c> {
    pub(crate) fn new(config: &'c Config<'c>) -> Self {
        Self {
            config,
            edits: Edits::new(),
            lines: BTreeMap::new(),
            stanzas: BTreeMap::new(),
            removed: Vec::new(),
            touched: Vec::new(),
        }
    }

    pub(super) fn config(&self) -> &'c Config<'c> {
        self.config
    }

    pub(super) fn document(&self) -> &'c Document<'c> {
        &self.config.files()[0].document
    }

    /// Other interfaces that the request itself changes, besides the one that it names.
    pub(super) fn touched(&self) -> &[String] {
        &self.touched
    }

    pub(super) fn touch(&mut self, name: &str) {
        self.touched.push(name.to_owned());
    }

    /// The new text.
    pub(crate) fn finish(mut self) -> String {
        let document = self.document();
        for (at, lines) in std::mem::take(&mut self.lines) {
            let stanza = &document.stanzas()[at];
            let end = stanza.options().last().map_or(stanza.span.end, |line| line.span.end);
            self.edits.insert_lines(document, end, &lines);
        }
        for (at, lines) in std::mem::take(&mut self.stanzas) {
            self.edits.insert_lines(document, at, &lines);
        }
        for span in stanza::with_blanks(document.text(), std::mem::take(&mut self.removed)) {
            // a comment that stood apart must not come to touch the stanza before it
            let gap = stanza::would_touch(document.text(), &span);
            self.edits.replace(span, if gap { newline(document.text()) } else { "" });
        }
        self.edits.apply(document.text())
    }

    /// A new interface behind those that it may be made of.
    pub(super) fn create(&mut self, name: &str, kind: Kind, settings: &Settings) {
        let at = stanza::place(self.config, name, kind);
        let mut lines = stanza::new(name, kind, settings);
        stanza::set_off(self.document().text(), at, &mut lines);
        self.stanzas.entry(at).or_default().extend(lines);
    }

    /// Takes every stanza of an interface out, and its name out of every list.
    pub(crate) fn remove(&mut self, interface: &Interface<'_>) {
        for place in &interface.stanzas {
            let stanza = self.config.stanza(*place);
            let end = stanza::own_end(self.document(), stanza);
            self.removed.push(stanza.span.start..end);
        }
        self.unlist(interface, |_| true);
    }

    /// Takes a name out of the lists that say when it is brought up.
    pub(crate) fn unlist(&mut self, interface: &Interface<'_>, wanted: impl Fn(&str) -> bool) {
        let mut by_line: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for start in interface.starts.iter().filter(|start| start.place.file == 0) {
            if let Head::Allow { class, .. } = &self.config.stanza(start.place).head
                && wanted(class)
            {
                by_line.entry(start.place.stanza).or_default().push(start.word);
            }
        }
        let document = self.document();
        for (line, words) in by_line {
            let stanza = &document.stanzas()[line];
            let Head::Allow { names, .. } = &stanza.head else { continue };
            if names.len() == words.len() {
                self.removed.push(stanza.span.clone());
                continue;
            }
            for word in words {
                let end = names[word].at + names[word].text.len();
                // with the blanks in front of it: there is a word in front of every name
                let front = document.text()[..names[word].at].trim_end_matches([' ', '\t']).len();
                self.edits.remove(front..end);
            }
        }
    }

    /// Gives an interface other settings.
    pub(super) fn update(&mut self, interface: &Interface<'_>, settings: &Settings) -> Result<(), Problem> {
        for family in [Family::V4, Family::V6] {
            self.family(interface, family, settings)?;
        }
        self.options(interface, settings)?;
        self.comments(interface, settings);
        match settings.autostart.or(settings.deletes("autostart").then_some(false)) {
            Some(true) if !interface.autostart => {
                let first = interface.stanzas.first().map(|place| self.config.stanza(*place).span.start);
                let line = vec![format!("auto {}", interface.name)];
                self.stanzas.entry(first.unwrap_or_default()).or_default().extend(line);
            }
            Some(false) => self.unlist(interface, |class| matches!(class, "auto" | "hotplug" | "ovs")),
            _ => {}
        }
        Ok(())
    }

    /// A port of a virtual switch becomes a NIC like any other.
    pub(super) fn become_plain(&mut self, interface: &Interface<'_>) -> Result<(), Problem> {
        for field in [Field::OvsType, Field::OvsBridge, Field::OvsOptions] {
            self.unset(interface, field, Family::V4)?;
        }
        Ok(())
    }

    fn options(&mut self, interface: &Interface<'_>, settings: &Settings) -> Result<(), Problem> {
        for name in &settings.delete {
            match Field::of_param(name) {
                Some(field) if field.is_address() || settings.values.contains_key(&field) => {}
                Some(Field::BridgeVlanAware) => {
                    self.unset(interface, Field::BridgeVlanAware, Family::V4)?;
                    self.unset(interface, Field::BridgeVids, Family::V4)?;
                }
                Some(Field::OvsOptions) => {}
                Some(field) => self.unset(interface, field, Family::V4)?,
                None => {}
            }
        }
        if interface.kind.is_ovs() {
            self.ovs_options(interface, settings)?;
        }
        for (&field, value) in &settings.values {
            let of_ovs = interface.kind.is_ovs() && matches!(field, Field::BondMode | Field::OvsOptions);
            match field {
                _ if of_ovs => {}
                Field::BridgeVlanAware => self.vlan_aware(interface, value != "0", settings)?,
                Field::BondMode => {
                    self.set(interface, field, value)?;
                    self.of_mode(interface, value, settings)?;
                }
                // what the mode does not know, and VLANs of a bridge that does not look at them, are not written
                Field::BondXmitHashPolicy
                    if !matches!(self.mode(interface, settings), "balance-xor" | "802.3ad") => {}
                Field::BondPrimary if self.mode(interface, settings) != "active-backup" => {}
                Field::BridgeVids if !self.looks_at_vlans(interface, settings) => {}
                // what the name says needs no line
                Field::VlanId | Field::VlanRawDevice if self.is_in_name(interface, field, value) => {}
                _ => self.set(interface, field, value)?,
            }
        }
        Ok(())
    }

    fn is_in_name(&self, interface: &Interface<'_>, field: Field, value: &str) -> bool {
        let named = vlan_of_name(interface.name)
            .is_some_and(|(parent, id)| value == if field == Field::VlanId { id } else { parent })
            || (field == Field::VlanId && super::super::kind::vlan_id_of_name(interface.name) == Some(value));
        named && self.config.entry(interface, field, Family::V4).is_none()
    }

    /// The mode that the bond will have.
    fn mode<'s>(&'s self, interface: &Interface<'_>, settings: &'s Settings) -> &'s str {
        let given = settings.values.get(&Field::BondMode).map(String::as_str);
        given.or_else(|| self.config.value(interface, Field::BondMode)).map_or("balance-rr", bond_mode)
    }

    fn looks_at_vlans(&self, interface: &Interface<'_>, settings: &Settings) -> bool {
        match settings.values.get(&Field::BridgeVlanAware) {
            Some(wanted) => wanted != "0",
            None => is_vlan_aware(self.config, interface) && !settings.deletes("bridge_vlan_aware"),
        }
    }

    fn vlan_aware(
        &mut self,
        interface: &Interface<'_>,
        on: bool,
        settings: &Settings,
    ) -> Result<(), Problem> {
        match (is_vlan_aware(self.config, interface), on) {
            (false, true) => {
                self.set(interface, Field::BridgeVlanAware, "yes")?;
                let vids = self.config.value(interface, Field::BridgeVids).is_some();
                let given = settings.values.contains_key(&Field::BridgeVids);
                if !vids && !given && !settings.deletes("bridge_vids") {
                    self.set(interface, Field::BridgeVids, "2-4094")?;
                }
                Ok(())
            }
            (_, false) => {
                self.unset(interface, Field::BridgeVlanAware, Family::V4)?;
                match settings.values.contains_key(&Field::BridgeVids) {
                    true => Ok(()),
                    false => self.unset(interface, Field::BridgeVids, Family::V4),
                }
            }
            (true, true) => Ok(()),
        }
    }

    /// Options that only some modes of a bond know.
    fn of_mode(&mut self, interface: &Interface<'_>, mode: &str, settings: &Settings) -> Result<(), Problem> {
        let changed = self.config.value(interface, Field::BondMode).map(bond_mode) != Some(mode);
        let hashes = matches!(mode, "balance-xor" | "802.3ad");
        if changed && !hashes && !settings.values.contains_key(&Field::BondXmitHashPolicy) {
            self.unset(interface, Field::BondXmitHashPolicy, Family::V4)?;
        }
        if changed && mode != "active-backup" && !settings.values.contains_key(&Field::BondPrimary) {
            self.unset(interface, Field::BondPrimary, Family::V4)?;
        }
        Ok(())
    }

    fn ovs_options(&mut self, interface: &Interface<'_>, settings: &Settings) -> Result<(), Problem> {
        let old = self.config.value(interface, Field::OvsOptions).unwrap_or_default();
        let read = ovs::Options::parse(old);
        let rest = match settings.values.get(&Field::OvsOptions) {
            Some(given) => Some(given.clone()),
            None if settings.deletes("ovs_options") => None,
            None => read.rest(),
        };
        let mode = settings.values.get(&Field::BondMode).cloned().or_else(|| read.mode());
        let tag = settings.ovs_tag.as_deref().or(read.tag.filter(|_| !settings.deletes("ovs_tag")));
        let new = ovs::Options::write(rest.as_deref(), mode.as_deref(), tag);
        let same = |new: &str| {
            let new = ovs::Options::parse(new);
            (new.mode(), new.tag, new.rest()) == (read.mode(), read.tag, read.rest())
        };
        match new {
            Some(new) if same(&new) => Ok(()),
            Some(new) => self.set(interface, Field::OvsOptions, &new),
            None => self.unset(interface, Field::OvsOptions, Family::V4),
        }
    }

    /// Gives an option a value: the same line, or a new one.
    pub(super) fn set(
        &mut self,
        interface: &Interface<'_>,
        field: Field,
        value: &str,
    ) -> Result<(), Problem> {
        let value = match field {
            Field::BridgePorts | Field::Slaves if value.is_empty() => "none",
            _ if field.is_list() && value.is_empty() => return self.unset(interface, field, Family::V4),
            _ => value,
        };
        match self.config.entry(interface, field, Family::V4) {
            Some(entry) => {
                let line = self.editable(interface, entry)?;
                if !same(field, &line.value, value) {
                    self.edits.set_value(line, value);
                }
            }
            None => self.add(interface, None, field, value),
        }
        Ok(())
    }

    /// A new line for an option in the stanza that it belongs to.
    fn add(&mut self, interface: &Interface<'_>, family: Option<Family>, field: Field, value: &str) {
        if let Some(place) = self.stanza_for(interface, family) {
            let document = self.document();
            let indent = indentation(document, self.config.stanza(place));
            let line = format!("{indent}{} {value}", field.key());
            self.lines.entry(place.stanza).or_default().push(line);
        }
    }

    /// Takes an option away, in every stanza. One of several addresses is not: nobody could tell which one was meant.
    fn unset(&mut self, interface: &Interface<'_>, field: Field, family: Family) -> Result<(), Problem> {
        let mut lines = Vec::new();
        for &place in &interface.stanzas {
            let stanza = self.config.stanza(place);
            let own = stanza
                .items
                .iter()
                .enumerate()
                .filter(|(_, item)| meaning(stanza, item) == Some((field, family)));
            lines.extend(own.map(|(item, _)| Entry { field, family, place, item }));
        }
        if field == Field::Address && lines.len() > 1 {
            let message = format!(
                "interface '{}' has several addresses of this family; take them away in the file",
                interface.name
            );
            return Err(Problem::parameter("delete", message));
        }
        for entry in lines {
            let span = self.editable(interface, entry)?.span.clone();
            self.edits.remove(span);
        }
        Ok(())
    }

    fn editable(
        &self,
        interface: &Interface<'_>,
        entry: Entry,
    ) -> Result<&'c crate::format::OptionLine<'c>, Problem> {
        match self.config.line(entry).filter(|_| entry.place.file == 0) {
            Some(line) => Ok(line),
            None => Err(Problem::Invalid(format!(
                "interface '{}' is configured in {}, too, which is not edited here",
                interface.name,
                self.config.files()[entry.place.file].path
            ))),
        }
    }

    /// The stanza of a family, one without a family, or for what belongs to none the first of all.
    fn stanza_for(&self, interface: &Interface<'_>, family: Option<Family>) -> Option<Place> {
        let mut own = interface.stanzas.iter().filter(|place| place.file == 0);
        match family {
            None => own.next().copied(),
            Some(family) => own
                .clone()
                .find(|place| stanza_family(self.config.stanza(**place)) == Some(family))
                .or_else(|| own.find(|place| is_bare(self.config, **place)))
                .copied(),
        }
    }

    fn family(
        &mut self,
        interface: &Interface<'_>,
        family: Family,
        settings: &Settings,
    ) -> Result<(), Problem> {
        let six = if family == Family::V6 { "6" } else { "" };
        let gone = |name: &str| settings.deletes(&format!("{name}{six}"));
        let wanted = settings.family(family);
        let drops = wanted.address.is_none() && (gone("cidr") || gone("address"));
        let had = self.config.entry(interface, Field::Address, family).is_some();
        let given = wanted.address.is_some() || wanted.method.is_some() || wanted.gateway.is_some();
        if given || drops || gone("gateway") || gone("broadcast") {
            self.families_known(interface)?;
        }
        if self.stanza_for(interface, Some(family)).is_none() {
            self.new_family(interface, family, wanted);
            return Ok(());
        }
        if let Some((address, length)) = &wanted.address {
            self.address(interface, family, address, *length)?;
        }
        if drops {
            self.unset(interface, Field::Address, family)?;
            self.unset(interface, Field::Netmask, family)?;
        }
        match &wanted.gateway {
            Some(gateway) => match self.config.entry(interface, Field::Gateway, family) {
                Some(entry) => self.edits.set_value(self.editable(interface, entry)?, gateway),
                None => self.add(interface, Some(family), Field::Gateway, gateway),
            },
            None if gone("gateway") => self.unset(interface, Field::Gateway, family)?,
            None => {}
        }
        if gone("broadcast") {
            self.unset(interface, Field::Broadcast, family)?;
        }
        let method = match &wanted.method {
            Some(method) => Some(method.as_str()),
            None if wanted.address.is_some() => Some("static"),
            None if drops && had => Some("manual"),
            None => None,
        };
        if drops && had && wanted.method.is_none() && self.empties(interface, family, wanted, settings) {
            self.drop_family(interface, family);
        } else if let Some(method) = method {
            self.method(interface, family, method);
        }
        Ok(())
    }

    /// Refuses to give or take addresses where a stanza is of another family than IPv4 and IPv6: which of its lines would count
    /// is not known.
    fn families_known(&self, interface: &Interface<'_>) -> Result<(), Problem> {
        let unknown = |place: &Place| match &self.config.stanza(*place).head {
            Head::Iface { family: Some(word), .. } if !matches!(word.text, "inet" | "inet6") => {
                Some(word.text)
            }
            _ => None,
        };
        match interface.stanzas.iter().find_map(unknown) {
            Some(family) => Err(Problem::Invalid(format!(
                "interface '{}' has a stanza of the address family '{family}', whose addresses are not edited here",
                interface.name
            ))),
            None => Ok(()),
        }
    }

    /// Whether a stanza of IPv6 says nothing any more without its address, and nobody needs it.
    fn empties(
        &self,
        interface: &Interface<'_>,
        family: Family,
        wanted: &Addressing,
        settings: &Settings,
    ) -> bool {
        let Some(place) = self.stanza_for(interface, Some(family)) else { return false };
        let stanza = self.config.stanza(place);
        let others = interface.stanzas.iter().filter(|other| **other != place).count();
        let six = if family == Family::V6 { "6" } else { "" };
        let goes = |field: Field| match field {
            Field::Address | Field::Netmask => true,
            Field::Gateway | Field::Broadcast => settings.deletes(&format!("{}{six}", field.param())),
            _ => false,
        };
        stanza_family(stanza) == Some(Family::V6)
            && others > 0
            && wanted.gateway.is_none()
            && stanza.comments().next().is_none()
            && stanza.options().all(|line| Field::of_key(line.key).is_some_and(goes))
    }

    fn drop_family(&mut self, interface: &Interface<'_>, family: Family) {
        if let Some(place) = self.stanza_for(interface, Some(family)) {
            let stanza = self.config.stanza(place);
            self.removed.push(stanza.span.start..stanza.end());
        }
    }

    fn new_family(&mut self, interface: &Interface<'_>, family: Family, wanted: &Addressing) {
        if wanted.address.is_none() && wanted.method.is_none() && wanted.gateway.is_none() {
            return;
        }
        let own = interface.stanzas.iter().filter(|place| place.file == 0);
        let Some(last) = own.map(|place| self.config.stanza(*place)).next_back() else { return };
        let at = last.end();
        let mut lines = stanza::of_family(interface.name, family, wanted);
        stanza::set_off(self.document().text(), at, &mut lines);
        self.stanzas.entry(at).or_default().extend(lines);
    }

    fn address(
        &mut self,
        interface: &Interface<'_>,
        family: Family,
        address: &str,
        length: u8,
    ) -> Result<(), Problem> {
        let whole = format!("{address}/{length}");
        let Some(entry) = self.config.entry(interface, Field::Address, family) else {
            self.add(interface, Some(family), Field::Address, &whole);
            return Ok(());
        };
        if self.config.address(interface, family) == Some((address, Some(length))) {
            return Ok(());
        }
        let line = self.editable(interface, entry)?;
        match self.config.entry(interface, Field::Netmask, family) {
            // address and mask on a line each stay so
            Some(mask) if !line.value.contains('/') => {
                let mask = self.editable(interface, mask)?;
                self.edits.set_value(line, address);
                if prefix_length(&mask.value) != Some(length) {
                    self.edits.set_value(mask, &mask_like(&mask.value, length));
                }
            }
            _ => self.edits.set_value(line, &whole),
        }
        Ok(())
    }

    fn method(&mut self, interface: &Interface<'_>, family: Family, method: &str) {
        // the stanza that has the address; one without a family has no method
        let entry = self.config.entry(interface, Field::Address, family).map(|entry| entry.place);
        let Some(place) = entry.or_else(|| self.stanza_for(interface, Some(family))) else { return };
        if let Head::Iface { family: Some(word), method: old, .. } = &self.config.stanza(place).head {
            match old {
                Some(old) if old.text == method => {}
                Some(old) => self.edits.replace(old.at..old.at + old.text.len(), method),
                None => {
                    let end = word.at + word.text.len();
                    self.edits.replace(end..end, format!(" {method}"));
                }
            }
        }
    }

    fn comments(&mut self, interface: &Interface<'_>, settings: &Settings) {
        let wanted4 = settings.v4.comments.clone().or(settings.deletes("comments").then(String::new));
        let wanted6 = settings.v6.comments.clone().or(settings.deletes("comments6").then(String::new));
        let wanted = match (wanted4, wanted6) {
            (None, None) => return,
            (a, b) => {
                let text = [a.unwrap_or_default(), b.unwrap_or_default()];
                stanza::comment_lines(&text[0])
                    .into_iter()
                    .chain(stanza::comment_lines(&text[1]))
                    .collect::<Vec<_>>()
            }
        };
        let places: Vec<Place> = interface.stanzas.iter().filter(|place| place.file == 0).copied().collect();
        // as they are shown: those of IPv4 first
        let six = |place: &&Place| stanza_family(self.config.stanza(**place)) == Some(Family::V6);
        let ordered = places.iter().filter(|place| !six(place)).chain(places.iter().filter(six));
        let old: Vec<_> = ordered.flat_map(|place| self.config.stanza(*place).comments()).collect();
        let texts: Vec<String> = old.iter().map(|comment| format!("#{}", comment.text.trim_end())).collect();
        if texts == wanted {
            return;
        }
        for comment in &old {
            self.edits.remove(comment.span.clone());
        }
        if !wanted.is_empty()
            && let Some(place) = places.first()
        {
            let stanza = self.config.stanza(*place);
            let at = stanza.comments().next().map_or(stanza.end(), |comment| comment.span.start);
            // in front of a new stanza that goes to the same place
            self.stanzas.entry(at).or_default().splice(0..0, wanted);
        }
    }
}

/// A stanza without a family, as ifupdown2 has them.
fn is_bare(config: &Config<'_>, place: Place) -> bool {
    matches!(config.stanza(place).head, Head::Iface { family: None, .. })
}

/// Whether two values mean the same.
fn same(field: Field, old: &str, new: &str) -> bool {
    let set = |list: &str| {
        let mut all: Vec<String> = names(list).map(str::to_owned).collect();
        all.sort();
        all.dedup();
        all
    };
    match field {
        _ if old == new => true,
        Field::BondMode => bond_mode(old) == bond_mode(new),
        Field::BridgeVids => set(old) == set(new),
        Field::BridgeStp => {
            let on = |value: &str| matches!(value, "on" | "yes" | "1");
            on(old) == on(new)
        }
        _ if field.is_list() => set(old) == set(new),
        _ => false,
    }
}
