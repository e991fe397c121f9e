//! What a value may be: kinds, bounds, and the properties that carry them.
//!
//! Everything is `Copy` and can be built in a `const` or `static`, so that a method, a section type or a property
//! string is declared once, as data.

use serde_json::{Map, Value, json};

use crate::{Format, PropertySchema};

/// A rule that a text must match, for what no [`Format`] names.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// The rule as a regular expression, for documents and people.
    pub source: &'static str,
    /// The rule as code: must agree with `source`.
    pub matches: fn(&str) -> bool,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text.
    String {
        /// Its named format.
        format: Option<Format>,
        /// Least number of characters.
        min_length: Option<usize>,
        /// Greatest number of characters.
        max_length: Option<usize>,
        /// The only values it may have; any when empty.
        one_of: &'static [&'static str],
        /// A rule without a name.
        pattern: Option<Pattern>,
    },
    /// A whole number.
    Integer {
        /// Least value.
        min: Option<i64>,
        /// Greatest value.
        max: Option<i64>,
    },
    /// A number.
    Number {
        /// Least value.
        min: Option<f64>,
        /// Greatest value.
        max: Option<f64>,
    },
    /// Yes or no: 1 or 0.
    Boolean,
    /// `key=value,key=value` inside one text; checked values are objects.
    PropertyString(&'static PropertySchema),
}

impl Kind {
    /// Any text.
    pub const STRING: Self =
        Self::String { format: None, min_length: None, max_length: None, one_of: &[], pattern: None };

    /// The original's name of the type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::String { .. } | Self::PropertyString(_) => "string",
            Self::Integer { .. } => "integer",
            Self::Number { .. } => "number",
            Self::Boolean => "boolean",
        }
    }

    /// The kind as a JSON Schema (2020-12, as OpenAPI 3.1 uses it).
    ///
    /// Booleans travel as 1 and 0, and are accepted as true and false: the schema says so.
    pub fn json_schema(&self) -> Value {
        let mut schema = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                schema.insert(key.to_owned(), value);
            }
        };
        match self {
            Self::String { format, min_length, max_length, one_of, pattern } => {
                put("type", Some(json!("string")));
                put("format", format.map(|format| json!(format.name())));
                put("minLength", min_length.map(|length| json!(length)));
                put("maxLength", max_length.map(|length| json!(length)));
                put("enum", (!one_of.is_empty()).then(|| json!(one_of)));
                let source = pattern.map(|pattern| pattern.source).or_else(|| format.and_then(Format::regex));
                put("pattern", source.map(|source| json!(source)));
            }
            Self::Integer { min, max } => {
                put("type", Some(json!("integer")));
                put("minimum", min.map(|min| json!(min)));
                put("maximum", max.map(|max| json!(max)));
            }
            Self::Number { min, max } => {
                put("type", Some(json!("number")));
                put("minimum", min.map(|min| json!(min)));
                put("maximum", max.map(|max| json!(max)));
            }
            Self::Boolean => {
                put("type", Some(json!(["boolean", "integer"])));
                put("enum", Some(json!([0, 1, false, true])));
            }
            Self::PropertyString(schema) => {
                put("type", Some(json!("string")));
                put("format", Some(json!("property-string")));
                put("description", Some(json!(schema.synopsis())));
            }
        }
        Value::Object(schema)
    }
}

/// A named value: a parameter, an option of a section, a key of a property string.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// It may be left out.
    pub optional: bool,
    /// What holds when it is left out, as it would be written.
    pub default: Option<&'static str>,
    /// Another property that must be there too.
    pub requires: Option<&'static str>,
    /// One sentence for documents and `--help`.
    pub help: &'static str,
    /// Its value is shown to nobody: not in the journal, not in command lines.
    pub secret: bool,
}

impl Property {
    /// A property of any kind; required until [`Property::optional`] says otherwise.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, optional: false, default: None, requires: None, help: "", secret: false }
    }

    /// A text.
    pub const fn string(name: &'static str) -> Self {
        Self::new(name, Kind::STRING)
    }

    /// A whole number.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer { min: None, max: None })
    }

    /// A number.
    pub const fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Number { min: None, max: None })
    }

    /// A boolean.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// One of some words.
    pub const fn one_of(name: &'static str, words: &'static [&'static str]) -> Self {
        let kind =
            Kind::String { format: None, min_length: None, max_length: None, one_of: words, pattern: None };
        Self::new(name, kind)
    }

    /// A property string.
    pub const fn property_string(name: &'static str, schema: &'static PropertySchema) -> Self {
        Self::new(name, Kind::PropertyString(schema))
    }

    /// The digest of the file the caller saw, as every changing method takes it.
    pub const fn digest() -> Self {
        Self::string("digest")
            .max_length(64)
            .optional()
            .help("Refuse the change when the file no longer has this digest.")
    }

    /// Gives a text its format. No effect on other kinds.
    #[must_use]
    pub const fn format(mut self, new: Format) -> Self {
        if let Kind::String { format, .. } = &mut self.kind {
            *format = Some(new);
        }
        self
    }

    /// Gives a text a rule of its own. No effect on other kinds.
    #[must_use]
    pub const fn pattern(mut self, source: &'static str, matches: fn(&str) -> bool) -> Self {
        if let Kind::String { pattern, .. } = &mut self.kind {
            *pattern = Some(Pattern { source, matches });
        }
        self
    }

    /// Least number of characters of a text. No effect on other kinds.
    #[must_use]
    pub const fn min_length(mut self, length: usize) -> Self {
        if let Kind::String { min_length, .. } = &mut self.kind {
            *min_length = Some(length);
        }
        self
    }

    /// Greatest number of characters of a text. No effect on other kinds.
    #[must_use]
    pub const fn max_length(mut self, length: usize) -> Self {
        if let Kind::String { max_length, .. } = &mut self.kind {
            *max_length = Some(length);
        }
        self
    }

    /// Least value of a number. No effect on other kinds.
    #[must_use]
    pub const fn min(mut self, least: i64) -> Self {
        match &mut self.kind {
            Kind::Integer { min, .. } => *min = Some(least),
            Kind::Number { min, .. } => *min = Some(least as f64),
            _ => {}
        }
        self
    }

    /// Greatest value of a number. No effect on other kinds.
    #[must_use]
    pub const fn max(mut self, most: i64) -> Self {
        match &mut self.kind {
            Kind::Integer { max, .. } => *max = Some(most),
            Kind::Number { max, .. } => *max = Some(most as f64),
            _ => {}
        }
        self
    }

    /// It may be left out.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// It may be left out, and this holds then.
    #[must_use]
    pub const fn default(mut self, default: &'static str) -> Self {
        self.optional = true;
        self.default = Some(default);
        self
    }

    /// It makes sense only beside another.
    #[must_use]
    pub const fn requires(mut self, other: &'static str) -> Self {
        self.requires = Some(other);
        self
    }

    /// Its value is shown to nobody.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// One sentence about it.
    #[must_use]
    pub const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    /// The default as a value; `None` when there is none, or when the default is words for people.
    pub fn default_value(&self) -> Option<Value> {
        self.default.and_then(|text| crate::check_value(&self.kind, text).ok())
    }

    /// The kind as JSON Schema with description and default.
    pub fn json_schema(&self) -> Value {
        let mut schema = self.kind.json_schema();
        if let Value::Object(map) = &mut schema {
            if !self.help.is_empty() {
                map.insert("description".to_owned(), json!(self.help));
            }
            let default = match (&self.kind, self.default_value()) {
                (Kind::Boolean, Some(value)) => Some(json!(i32::from(value == Value::Bool(true)))),
                (Kind::PropertyString(_), Some(_)) => self.default.map(|text| json!(text)),
                (_, value) => value,
            };
            if let Some(default) = default {
                map.insert("default".to_owned(), default);
            }
        }
        schema
    }
}
