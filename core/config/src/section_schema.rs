//! What the sections of a file may hold: the typed view, and edits that keep to it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::value::check_json;
use crate::{
    Format, Kind, Property, Section, SectionEditError, SectionFile, Warning, check_value, format_value,
};

/// An option of a section type.
#[derive(Clone, Copy, Debug)]
pub struct SectionOption {
    /// Its name and kind; `optional` says whether a section can do without it.
    pub property: Property,
    /// It can be given only when the section is made.
    pub fixed: bool,
}

impl SectionOption {
    /// An option that can be changed.
    pub const fn new(property: Property) -> Self {
        Self { property, fixed: false }
    }

    /// An option that is set once and for all.
    pub const fn fixed(property: Property) -> Self {
        Self { property, fixed: true }
    }
}

/// A type of section.
#[derive(Clone, Copy, Debug)]
pub struct SectionType {
    /// The word in the header.
    pub name: &'static str,
    /// What its sections may hold.
    pub options: &'static [SectionOption],
}

/// What a section file may hold.
#[derive(Clone, Copy, Debug)]
pub struct SectionSchema {
    /// Its types of section.
    pub types: &'static [SectionType],
    /// What an id must look like.
    pub id_format: Option<Format>,
}

/// A section with checked values.
#[derive(Clone, Debug, PartialEq)]
pub struct TypedSection {
    /// Its type.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its values, typed as [`check_value`] does.
    pub values: Map<String, Value>,
    /// Line number of the header, from 1.
    pub line: usize,
}

impl SectionSchema {
    /// The sections that make sense, in order, and a warning for everything else: an unknown type or a bad id costs
    /// the section, a bad value only its key. The warnings of the file itself come first.
    pub fn read(&self, file: &SectionFile) -> (Vec<TypedSection>, Vec<Warning>) {
        let mut warnings = file.warnings().to_vec();
        let mut typed: Vec<TypedSection> = Vec::new();
        for section in file.sections() {
            let warn = |message| Warning { line: section.line, section: Some(section.id.clone()), message };
            let Some(kind) = self.kind(&section.kind) else {
                warnings.push(warn(format!("skip section: unknown type '{}'", section.kind)));
                continue;
            };
            if let Some(Err(wrong)) = self.id_format.map(|format| format.check(&section.id)) {
                warnings.push(warn(format!("skip section: {wrong}")));
                continue;
            }
            if typed.iter().any(|other| other.id == section.id) {
                continue;
            }
            let values = kind.values(section, &mut warnings);
            let (kind, id) = (section.kind.clone(), section.id.clone());
            typed.push(TypedSection { kind, id, values, line: section.line });
        }
        (typed, warnings)
    }

    /// Appends a section, written as the original writes it: `comment`, a bare `disable`, required options by name,
    /// optional options by name; booleans as 1 and 0; empty texts left out.
    ///
    /// # Errors
    /// Unknown type, bad or taken id, a required option without value, values that the type does not allow.
    pub fn create(
        &self,
        file: &mut SectionFile,
        kind: &str,
        id: &str,
        values: &BTreeMap<String, Value>,
    ) -> Result<(), SectionEditError> {
        let parameter =
            |name: &str, wrong| SectionEditError::Parameters(BTreeMap::from([(name.to_owned(), wrong)]));
        let known = self.kind(kind).ok_or_else(|| {
            let names: Vec<_> = self.types.iter().map(|kind| kind.name).collect();
            let names = names.join(", ");
            parameter("type", format!("value '{kind}' does not have a value in the enumeration '{names}'"))
        })?;
        if let Some(Err(wrong)) = self.id_format.map(|format| format.check(id)) {
            return Err(parameter("id", format!("invalid format - {wrong}")));
        }
        let texts = known.texts(values)?;
        let missing = known.options.iter().find(|option| {
            !option.property.optional && texts.get(option.property.name).is_none_or(Option::is_none)
        });
        if let Some(option) = missing {
            return Err(SectionEditError::MissingOption(option.property.name.to_owned()));
        }
        let mut order: Vec<_> = texts.iter().filter_map(|(&key, text)| Some((key, text.as_ref()?))).collect();
        order.sort_by_key(|(key, _)| known.rank(key));
        let entries: Vec<_> =
            order.into_iter().map(|(key, text)| (key, known.line_value(key, text))).collect();
        file.add(kind, id, &entries)
    }

    /// Sets and deletes options of a section; lines of other options stay as they are.
    ///
    /// # Errors
    /// No such section, values that its type does not allow, what [`SectionEditError`] lists. The file is then
    /// unchanged.
    pub fn update(
        &self,
        file: &mut SectionFile,
        id: &str,
        set: &BTreeMap<String, Value>,
        delete: &[&str],
    ) -> Result<(), SectionEditError> {
        let section = file.section(id).ok_or_else(|| SectionEditError::NoSuchSection(id.to_owned()))?;
        let kind = self.kind(&section.kind).ok_or_else(|| SectionEditError::NoSuchSection(id.to_owned()))?;
        kind.check_deletions(set, delete)?;
        let texts = kind.texts(set)?;
        for (key, text) in &texts {
            let now = section.entry(key).map(|entry| entry.value.as_deref().unwrap_or("1"));
            if kind.option(key).is_some_and(|option| option.fixed) && now != text.as_deref() {
                return Err(SectionEditError::Fixed((*key).to_owned()));
            }
            if text.is_none() && kind.option(key).is_some_and(|option| !option.property.optional) {
                return Err(SectionEditError::MissingOption((*key).to_owned()));
            }
        }
        let mut edited = file.clone();
        for (key, text) in &texts {
            let rank = kind.rank(key);
            match text {
                // a line that says the same in another way stays
                Some(text) if edited.section(id).is_some_and(|now| kind.says(now, key, text)) => {}
                Some(text) => {
                    let value = kind.line_value(key, text);
                    edited.put(id, key, value, &|other| kind.rank(other) < rank)?;
                }
                None => drop(edited.unset(id, key)?),
            }
        }
        for key in delete {
            edited.unset(id, key)?;
        }
        *file = edited;
        Ok(())
    }

    fn kind(&self, name: &str) -> Option<&SectionType> {
        self.types.iter().find(|kind| kind.name == name)
    }
}

impl SectionType {
    fn option(&self, key: &str) -> Option<&SectionOption> {
        self.options.iter().find(|option| option.property.name == key)
    }

    fn values(&self, section: &Section, warnings: &mut Vec<Warning>) -> Map<String, Value> {
        let mut values = Map::new();
        for entry in &section.entries {
            if values.contains_key(&entry.key) {
                continue;
            }
            let checked = match self.option(&entry.key) {
                Some(option) => read_value(&option.property.kind, entry.value.as_deref()),
                None => Err("unexpected property".to_owned()),
            };
            match checked {
                Ok(value) => drop(values.insert(entry.key.clone(), value)),
                Err(wrong) => warnings.push(Warning {
                    line: entry.line,
                    section: Some(section.id.clone()),
                    message: format!("invalid value for '{}': {wrong}", entry.key),
                }),
            }
        }
        values
    }

    /// The values as texts for the file; `None` for those that leave no line behind.
    fn texts(
        &self,
        values: &BTreeMap<String, Value>,
    ) -> Result<BTreeMap<&'static str, Option<String>>, SectionEditError> {
        let mut texts = BTreeMap::new();
        let mut wrong = BTreeMap::new();
        for (key, value) in values {
            let Some(option) = self.option(key) else {
                wrong.insert(key.clone(), format!("unexpected property '{key}'"));
                continue;
            };
            let kind = &option.property.kind;
            match check_json(kind, value).and_then(|value| format_value(kind, &value)) {
                Ok(text) => {
                    let gone = text.is_empty() || (option.is_flag() && text == "0");
                    texts.insert(option.property.name, (!gone).then_some(text));
                }
                Err(message) => drop(wrong.insert(key.clone(), message)),
            }
        }
        if wrong.is_empty() { Ok(texts) } else { Err(SectionEditError::Parameters(wrong)) }
    }

    fn check_deletions(
        &self,
        set: &BTreeMap<String, Value>,
        delete: &[&str],
    ) -> Result<(), SectionEditError> {
        for &key in delete {
            let option = self.option(key).ok_or_else(|| SectionEditError::NoSuchOption(key.to_owned()))?;
            if option.fixed {
                return Err(SectionEditError::DeleteFixed(key.to_owned()));
            }
            if !option.property.optional {
                return Err(SectionEditError::DeleteRequired(key.to_owned()));
            }
            if set.contains_key(key) {
                return Err(SectionEditError::SetAndDelete(key.to_owned()));
            }
        }
        Ok(())
    }

    /// Where a key stands among the others.
    fn rank<'a>(&self, key: &'a str) -> (u8, &'a str) {
        let optional = self.option(key).is_none_or(|option| option.property.optional);
        let group = match key {
            "comment" => 0,
            "disable" => 1,
            _ if !optional => 2,
            _ => 3,
        };
        (group, key)
    }

    fn line_value<'a>(&self, key: &str, text: &'a str) -> Option<&'a str> {
        let bare = text == "1" && self.option(key).is_some_and(SectionOption::is_flag);
        (!bare).then_some(text)
    }

    /// Whether the section already has this value for the key, however it is written.
    fn says(&self, section: &Section, key: &str, text: &str) -> bool {
        let (Some(option), Some(entry)) = (self.option(key), section.entry(key)) else { return false };
        let kind = &option.property.kind;
        read_value(kind, entry.value.as_deref()).is_ok_and(|now| check_value(kind, text) == Ok(now))
    }
}

impl SectionOption {
    /// The one option that is written without a value.
    fn is_flag(&self) -> bool {
        self.property.name == "disable" && matches!(self.property.kind, Kind::Boolean)
    }
}

/// A value as it stands in a file, where booleans are strictly 1 or 0 and a key alone means yes.
fn read_value(kind: &Kind, text: Option<&str>) -> Result<Value, String> {
    match (kind, text) {
        (Kind::Boolean, None) => Ok(Value::Bool(true)),
        (_, None) => Err("the option has no value".to_owned()),
        (Kind::Boolean, Some(text)) if text != "1" && text != "0" => {
            Err(format!("type check ('boolean') failed - got '{text}'"))
        }
        (kind, Some(text)) => check_value(kind, text),
    }
}
