//! What the files say, interface by interface, and where each word of it stands.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use super::field::Field;
use super::kind::{Kind, kind_of};
use crate::format::{Document, Head, Item, OptionLine, Stanza};

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A stanza of one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which file.
    pub file: usize,
    /// Which stanza of it.
    pub stanza: usize,
}

/// An option that has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which one.
    pub field: Field,
    /// Whose addresses it is about; IPv4 for what is about none.
    pub family: Family,
    /// Where it stands.
    pub place: Place,
    /// Which item of the stanza it is.
    pub item: usize,
}

/// A word in an `auto` or `allow-` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The line.
    pub place: Place,
    /// Which of its names.
    pub word: usize,
}

/// One interface, as all stanzas of it together configure it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub kind: Kind,
    /// Its `iface` stanzas in the order of the files.
    pub stanzas: Vec<Place>,
    /// Where it is named in `auto` and `allow-` lines.
    pub starts: Vec<Start>,
    /// It is brought up at boot, or when it is there.
    pub autostart: bool,
    /// Its options with a meaning. An option that is given twice stands here once; the others of its kind are carried along.
    pub entries: Vec<Entry>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// Its path.
    pub path: &'a str,
    /// What it says.
    pub document: Document<'a>,
}

/// The configuration: the file itself, and those it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config<'a> {
    files: Vec<File<'a>>,
    interfaces: Vec<Interface<'a>>,
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Config<'a> {
    /// Reads files. The first is the one that is edited.
    pub fn parse(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files =
            files.into_iter().map(|(path, text)| File { path, document: Document::parse(text) }).collect();
        let mut config = Self { files, interfaces: Vec::new(), by_name: HashMap::new() };
        config.gather();
        config
    }

    /// The files, the one that is edited first.
    pub fn files(&self) -> &[File<'a>] {
        &self.files
    }

    /// The interfaces in the order in which they are first configured.
    pub fn interfaces(&self) -> &[Interface<'a>] {
        &self.interfaces
    }

    /// The interface with this name.
    pub fn get(&self, name: &str) -> Option<&Interface<'a>> {
        self.by_name.get(name).map(|&index| &self.interfaces[index])
    }

    /// A stanza.
    pub fn stanza(&self, place: Place) -> &Stanza<'a> {
        &self.files[place.file].document.stanzas()[place.stanza]
    }

    /// The line of an option.
    pub fn line(&self, entry: Entry) -> Option<&OptionLine<'a>> {
        match &self.stanza(entry.place).items[entry.item] {
            Item::Option(line) => Some(line),
            Item::Comment(_) => None,
        }
    }

    /// The entry of an option of an interface.
    pub fn entry(&self, interface: &Interface<'_>, field: Field, family: Family) -> Option<Entry> {
        interface.entries.iter().find(|entry| entry.field == field && entry.family == family).copied()
    }

    /// The value of an option that is about no family.
    pub fn value(&self, interface: &Interface<'_>, field: Field) -> Option<&str> {
        self.value_of(interface, field, Family::V4)
    }

    /// The value of an option.
    pub fn value_of(&self, interface: &Interface<'_>, field: Field, family: Family) -> Option<&str> {
        self.entry(interface, field, family)
            .and_then(|entry| self.line(entry))
            .map(|line| line.value.as_ref())
    }

    /// The names in a list of interfaces, `none` left out.
    pub fn list(&self, interface: &Interface<'_>, field: Field) -> impl Iterator<Item = &str> {
        names(self.value(interface, field).unwrap_or_default())
    }

    /// The address with the length of its prefix, and the prefix when it is given at all.
    pub fn address(&self, interface: &Interface<'_>, family: Family) -> Option<(&str, Option<u8>)> {
        let value = self.value_of(interface, Field::Address, family)?;
        let (address, length) = match value.split_once('/') {
            Some((address, length)) => (address, prefix_length(length)),
            None => (value, None),
        };
        let netmask = || self.value_of(interface, Field::Netmask, family).and_then(prefix_length);
        Some((address, length.or_else(netmask)))
    }

    /// The method of a family, where a stanza gives it one.
    pub fn method(&self, interface: &Interface<'_>, family: Family) -> Option<&'a str> {
        interface.stanzas.iter().find_map(|&place| match &self.stanza(place).head {
            Head::Iface { family: Some(found), method, .. } if family_of(found.text) == Some(family) => {
                method.map(|method| method.text)
            }
            _ => None,
        })
    }

    /// The parent and the id of a VLAN, as options or name give them.
    pub fn vlan<'s>(&'s self, interface: &Interface<'s>) -> (Option<&'s str>, Option<&'s str>) {
        let named = super::kind::vlan_of_name(interface.name);
        let parent = self.value(interface, Field::VlanRawDevice).or(named.map(|(parent, _)| parent));
        let id = self.value(interface, Field::VlanId).or(named.map(|(_, id)| id));
        (parent, id.or_else(|| super::kind::vlan_id_of_name(interface.name)))
    }

    fn gather(&mut self) {
        let mut starts = Vec::new();
        let stanzas = self.files.iter().flat_map(|file| file.document.stanzas());
        let capacity = stanzas.filter(|stanza| matches!(stanza.head, Head::Iface { .. })).count();
        let mut interfaces: Vec<Interface<'a>> = Vec::with_capacity(capacity);
        let mut by_name: HashMap<&'a str, usize> = HashMap::with_capacity(capacity);
        for (file, found) in self.files.iter().enumerate() {
            for (stanza, read) in found.document.stanzas().iter().enumerate() {
                let place = Place { file, stanza };
                match &read.head {
                    Head::Allow { class, names } => {
                        let auto = matches!(*class, "auto" | "hotplug" | "ovs");
                        for (word, name) in names.iter().enumerate() {
                            starts.push((name.text, Start { place, word }, auto));
                        }
                    }
                    Head::Iface { name, .. } => {
                        let index = *by_name.entry(name.text).or_insert_with(|| {
                            interfaces.push(Interface::new(name.text));
                            interfaces.len() - 1
                        });
                        interfaces[index].take(place, read);
                    }
                    _ => {}
                }
            }
        }
        // behind them, as a line may name what is configured further down
        let mut next = 0;
        for (name, start, auto) in starts {
            // most files bring interfaces up in the order in which they configure them
            let index = match interfaces.get(next) {
                Some(interface) if interface.name == name => Some(next),
                _ => by_name.get(name).copied(),
            };
            if let Some(index) = index {
                interfaces[index].autostart |= auto;
                interfaces[index].starts.push(start);
                next = index + 1;
            }
        }
        (self.interfaces, self.by_name) = (interfaces, by_name);
        let kinds: Vec<Kind> = self.interfaces.iter().map(|interface| self.kind(interface)).collect();
        for (interface, kind) in self.interfaces.iter_mut().zip(kinds) {
            interface.kind = kind;
        }
    }

    fn kind(&self, interface: &Interface<'a>) -> Kind {
        let fields = interface.entries.iter().map(|entry| entry.field);
        kind_of(interface.name, fields, |field| self.value(interface, field))
    }
}

impl<'a> Interface<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            name,
            kind: Kind::Unknown,
            // one of each, as a rule
            stanzas: Vec::with_capacity(1),
            starts: Vec::with_capacity(1),
            autostart: false,
            entries: Vec::new(),
        }
    }

    fn take(&mut self, place: Place, stanza: &Stanza<'a>) {
        self.stanzas.push(place);
        if self.entries.is_empty() {
            self.entries.reserve_exact(stanza.items.len());
        }
        for (item, line) in stanza.items.iter().enumerate() {
            let Some((field, family)) = meaning(stanza, line) else { continue };
            let known = self.entries.iter().any(|entry| entry.field == field && entry.family == family);
            if !known {
                self.entries.push(Entry { field, family, place, item });
            }
        }
    }

    /// The entry that an item of a stanza of it is: none where it has no meaning, or is given a second time.
    pub fn entry_at(&self, place: Place, item: usize) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.place == place && entry.item == item).copied()
    }
}

/// The option that a line of a stanza is, and whose addresses it is about.
pub fn meaning(stanza: &Stanza<'_>, item: &Item<'_>) -> Option<(Field, Family)> {
    let Item::Option(line) = item else { return None };
    let field = Field::of_key(line.key)?;
    let of_stanza = || stanza_family(stanza);
    let of_value = || family_of_value(&line.value);
    let family = match field {
        // a number is a mask of either family: that of the stanza
        Field::Netmask => of_stanza().or_else(of_value),
        _ if field.is_address() => of_value().or_else(of_stanza),
        _ => None,
    };
    Some((field, family.unwrap_or(Family::V4)))
}

/// The family of a stanza; `None` for one without.
pub fn stanza_family(stanza: &Stanza<'_>) -> Option<Family> {
    match &stanza.head {
        Head::Iface { family: Some(family), .. } => family_of(family.text),
        _ => None,
    }
}

fn family_of(word: &str) -> Option<Family> {
    match word {
        "inet" => Some(Family::V4),
        "inet6" => Some(Family::V6),
        _ => None,
    }
}

fn family_of_value(value: &str) -> Option<Family> {
    let address = value.split_once('/').map_or(value, |(address, _)| address);
    // cheaper than parsing, and enough to tell which of the two it would be
    if address.contains(':') {
        Some(Family::V6)
    } else if address.contains('.') {
        Some(Family::V4)
    } else {
        None
    }
}

/// The names in a list, `none` left out.
pub fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split([' ', '\t', ',', ';', '\0', '\n', '\r']).filter(|name| !name.is_empty() && *name != "none")
}

/// The length of the prefix that a mask means, dotted or as a number.
pub fn prefix_length(mask: &str) -> Option<u8> {
    if let Ok(length) = mask.parse::<u8>() {
        return (length <= 128).then_some(length);
    }
    let bits = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    let length = bits.leading_ones();
    let contiguous = bits.checked_shl(length).unwrap_or(0) == 0;
    contiguous.then(|| u8::try_from(length).ok())?
}

/// The mask of a length in dotted notation.
pub fn dotted(length: u8) -> String {
    Ipv4Addr::from(u32::MAX.checked_shl(32_u32.saturating_sub(length.into())).unwrap_or(0)).to_string()
}

/// An address whatever its family.
pub fn ip(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}
