//! What a text says, interface by interface and option by option, apart from where it says it.

use std::collections::{BTreeMap, BTreeSet};

use crate::format::{Document, Head, Item, Stanza, Word};
use crate::interfaces::field::Field;

/// A stanza of an interface: its family, and which one of that family it is.
pub(super) type StanzaKey = (String, usize);

/// A whole text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// The interfaces that have stanzas.
    pub(super) interfaces: BTreeMap<String, InterfaceRecord>,
    /// Everything else that means something: other files that are read, mappings, templates.
    pub(super) rest: Vec<String>,
}

/// One interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InterfaceRecord {
    /// The classes by which it is brought up: `auto`.
    pub(super) starts: BTreeSet<String>,
    /// Its stanzas.
    pub(super) stanzas: BTreeMap<StanzaKey, StanzaRecord>,
}

/// One stanza.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StanzaRecord {
    /// What stands behind the family: the method, and what it inherits from.
    pub(super) method: String,
    /// Values by their option, which has one name whatever its spelling.
    pub(super) options: BTreeMap<String, Vec<String>>,
    /// Comments.
    pub(super) comments: Vec<String>,
}

/// The name of an option, the same for all its spellings.
pub(super) fn option_of(key: &str) -> &str {
    Field::of_key(key).map_or(key, |field| field.key())
}

fn words(words: &[Option<Word<'_>>]) -> String {
    words.iter().flatten().map(|word| word.text).collect::<Vec<_>>().join(" ")
}

/// Where the stanzas of interfaces stand in a document.
pub(super) fn places(document: &Document<'_>) -> BTreeMap<(String, StanzaKey), usize> {
    let mut places = BTreeMap::new();
    // counted: a file may have any number of stanzas for one interface
    let mut numbers: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (at, stanza) in document.stanzas().iter().enumerate() {
        let Head::Iface { name, family, .. } = &stanza.head else { continue };
        let family = words(&[*family]);
        let next = numbers.entry((name.text, family.clone())).or_default();
        let number = *next;
        *next += 1;
        places.insert((name.text.to_owned(), (family, number)), at);
    }
    places
}

impl Record {
    /// What a document says.
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut record = Self::default();
        for ((name, key), at) in places(document) {
            let stanza = StanzaRecord::of(&document.stanzas()[at]);
            record.interfaces.entry(name).or_default().stanzas.insert(key, stanza);
        }
        for stanza in document.stanzas() {
            match &stanza.head {
                Head::Iface { .. } => {}
                Head::Allow { class, names } => {
                    for name in names {
                        match record.interfaces.get_mut(name.text) {
                            Some(interface) => _ = interface.starts.insert((*class).to_owned()),
                            None => record.rest.push(format!("{class} {}", name.text)),
                        }
                    }
                }
                _ => record.rest.push(said(document, stanza)),
            }
        }
        record
    }
}

/// Whether two texts configure the same: the order of lines apart that mean the same wherever they stand.
pub fn says_the_same(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(Document::parse);
    let understood = one.malformed().is_empty() && other.malformed().is_empty();
    understood && Record::of(&one) == Record::of(&other)
}

/// The words of a stanza.
fn said(document: &Document<'_>, stanza: &Stanza<'_>) -> String {
    let text = &document.text()[stanza.span.start..stanza.end()];
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl StanzaRecord {
    fn of(stanza: &Stanza<'_>) -> Self {
        let mut record = Self::default();
        if let Head::Iface { method, inherits, .. } = &stanza.head {
            let inherits = inherits.map_or(String::new(), |word| format!(" inherits {}", word.text));
            record.method = words(&[*method]) + &inherits;
        }
        for item in &stanza.items {
            match item {
                Item::Option(line) => {
                    let values = record.options.entry(option_of(line.key).to_owned()).or_default();
                    values.push(line.value.clone().into_owned());
                }
                Item::Comment(comment) => record.comments.push(comment.text.trim_end().to_owned()),
            }
        }
        record
    }
}
