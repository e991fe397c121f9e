//! The table of what the original's methods take and answer.

use std::collections::BTreeMap;

/// One method.
pub(crate) struct Fact {
    /// Type of `data`.
    pub(crate) returns: String,
    pub(crate) params: Vec<Param>,
}

/// One parameter.
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) optional: bool,
    pub(crate) kind: Type,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) requires: Option<String>,
    /// A version after 8.1 brought it.
    pub(crate) later: bool,
}

pub(crate) enum Type {
    Boolean,
    Integer,
    Enum(Vec<String>),
    Text { least: Option<usize>, most: Option<usize> },
}

impl Type {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Enum(_) | Self::Text { .. } => "string",
        }
    }
}

/// Every method of the table, by verb and path.
pub(crate) fn facts() -> BTreeMap<String, Fact> {
    let lines = include_str!("original.txt").lines();
    let lines = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut cells = line.split(" | ");
            let (name, returns) = (cells.next().unwrap(), cells.next().unwrap());
            (name.to_owned(), Fact { returns: returns.to_owned(), params: cells.map(param).collect() })
        })
        .collect()
}

fn param(cell: &str) -> Param {
    let (name, rest) = cell.split_once(' ').unwrap();
    let (kind, rest) = match rest.strip_prefix("enum{").and_then(|rest| rest.split_once('}')) {
        Some((words, rest)) if !words.contains(':') => {
            (Type::Enum(words.split('|').map(str::to_owned).collect()), rest)
        }
        Some((_, rest)) => (Type::Text { least: None, most: None }, rest),
        None => {
            let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            let kind = match word {
                "boolean" => Type::Boolean,
                "integer" => Type::Integer,
                "string" => Type::Text { least: None, most: None },
                other => panic!("{cell}: {other}"),
            };
            (kind, rest)
        }
    };
    let optional = name.ends_with('?');
    let name = name.trim_end_matches('?').to_owned();
    let mut param = Param { name, optional, kind, min: None, max: None, requires: None, later: false };
    let mut words = rest.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "requires" => param.requires = words.next().map(str::to_owned),
            "since" => param.later = words.next().is_some(),
            "len" => {
                let (least, most) = words.next().unwrap().split_once("..").unwrap();
                param.kind = Type::Text { least: least.parse().ok(), most: most.parse().ok() };
            }
            range => {
                let (min, max) = range.split_once("..").unwrap_or_else(|| panic!("{cell}: {range}"));
                (param.min, param.max) = (min.parse().ok(), max.parse().ok());
            }
        }
    }
    param
}
