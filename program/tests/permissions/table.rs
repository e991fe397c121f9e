//! The tables of who may call what, and what their words mean.

use std::collections::BTreeMap;

use innkeeper_access::privilege;
use innkeeper_rest::Method;

use crate::world;

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Atom {
    World,
    User,
    Root,
    /// All of these on the path.
    All(String, Vec<&'static str>),
    /// One of these on the path.
    Any(String, Vec<&'static str>),
    Oneself,
    Realm(Vec<&'static str>),
    Group(Vec<&'static str>),
    Delegate,
    InPerson,
}

/// Who may call one method: whoever fulfils all of one way.
pub(crate) struct Fact {
    pub(crate) ways: Vec<Vec<Atom>>,
    pub(crate) custom: bool,
}

/// Both tables; a method in both is a mistake.
pub(crate) fn facts() -> BTreeMap<String, Fact> {
    let mut facts = read(include_str!("original.txt"));
    for (name, fact) in own() {
        assert!(facts.insert(name.clone(), fact).is_none(), "{name} stands in both tables");
    }
    facts
}

/// The methods that the original does not have.
pub(crate) fn own() -> BTreeMap<String, Fact> {
    read(include_str!("own.txt"))
}

fn read(text: &str) -> BTreeMap<String, Fact> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(line).collect()
}

fn line(line: &str) -> (String, Fact) {
    let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [name, who, rest @ ..] = parts.as_slice() else { panic!("not a line of the table: {line}") };
    let ways = who.split(" or ").map(|way| way.split(" and ").map(atom).collect()).collect();
    ((*name).to_owned(), Fact { ways, custom: rest == ["custom"] })
}

fn atom(word: &str) -> Atom {
    let inside = |kind: &str| word.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
    let names = |list: &str| -> Vec<&'static str> {
        list.split(',')
            .map(|name| privilege(name.trim()).unwrap_or_else(|| panic!("privilege {name}")))
            .collect()
    };
    match word {
        "world" => return Atom::World,
        "user:all" => return Atom::User,
        "root@pam only" => return Atom::Root,
        "self" => return Atom::Oneself,
        "delegate" => return Atom::Delegate,
        "in-person" => return Atom::InPerson,
        _ => {}
    }
    if let Some(list) = inside("realm") {
        return Atom::Realm(names(list));
    }
    if let Some(list) = inside("group") {
        return Atom::Group(names(list));
    }
    let (path, list) =
        inside("perm").and_then(|inside| inside.split_once(": ")).unwrap_or_else(|| panic!("{word}"));
    match list.strip_suffix(" any") {
        Some(list) => Atom::Any(path.to_owned(), names(list)),
        None => Atom::All(path.to_owned(), names(list)),
    }
}

impl Atom {
    /// The privileges it speaks of.
    pub(crate) fn privileges(&self) -> &[&'static str] {
        match self {
            Self::All(_, names) | Self::Any(_, names) | Self::Realm(names) | Self::Group(names) => names,
            Self::Delegate => &["Permissions.Modify"],
            _ => &[],
        }
    }

    /// The path it speaks of, with the values that the tests call with.
    pub(crate) fn path(&self, method: &Method) -> Option<String> {
        match self {
            Self::All(path, _) | Self::Any(path, _) => {
                let fill = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                    Some(name) => world::value(name, world::TARGET).to_owned(),
                    None => part.to_owned(),
                };
                Some(path.split('/').map(fill).collect::<Vec<_>>().join("/"))
            }
            Self::Realm(_) => Some("/access/realm/pve".to_owned()),
            Self::Group(_) => Some(format!("/access/groups/{}", world::GROUP)),
            Self::Delegate => Some(world::value("path", method.path).to_owned()),
            _ => None,
        }
    }
}
