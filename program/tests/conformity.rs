//! Every method that the original has takes and answers what the original's does, or docs/compatibility.md says where not.
#![allow(clippy::disallowed_methods, reason = "tests play the world outside")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking")]

#[path = "conformity/table.rs"]
mod table;

#[path = "../src/methods.rs"]
#[allow(dead_code, reason = "the program's own list, so that no chapter is forgotten here")]
mod methods;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8PathBuf;
use innkeeper_access::Identity;
use innkeeper_change::Problem;
use innkeeper_config::{Kind, Property};
use innkeeper_engine::Silent;
use innkeeper_host::RealHost;
use innkeeper_rest::{Api, Method, Request};
use serde_json::{Map, Value, json};
use table::{Fact, Param, Type};

const COMPATIBILITY: &str = include_str!("../../docs/compatibility.md");
const HEADING: &str = "## Parameters and answers";

fn name(method: &Method) -> String {
    format!("{} {}", method.verb.as_str(), method.path)
}

/// The methods that both have.
fn shared() -> Vec<(Method, Fact)> {
    let mut facts = table::facts();
    let both = |method: Method| facts.remove(&name(&method)).map(|fact| (method, fact));
    methods::methods().into_iter().filter_map(both).collect()
}

/// The differences that are told: method and what it is about, from the table in docs/compatibility.md; and whether the
/// difference will go.
fn told() -> BTreeMap<(String, String), bool> {
    let section = COMPATIBILITY.split_once(HEADING).unwrap().1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        ((cells[0].to_owned(), cells[1].to_owned()), cells[3].starts_with("later"))
    })
    .collect()
}

/// GEN-05: parameters, their types and limits, and the type of the answer
#[test]
fn what_differs_from_the_original_is_told() {
    let shared = shared();
    assert!(shared.len() > 60, "only {} methods are in the table", shared.len());
    let mut found = Vec::new();
    for (method, fact) in &shared {
        for (what, difference) in differences(method, fact) {
            found.push((name(method), what, difference));
        }
    }
    let told = told();
    let untold: Vec<_> = found
        .iter()
        .filter(|(method, what, _)| !told.contains_key(&(method.clone(), what.clone())))
        .map(|(method, what, difference)| format!("| `{method}` | `{what}` | {difference} |"))
        .collect();
    assert!(untold.is_empty(), "not told in docs/compatibility.md:\n{}", untold.join("\n"));
    let stale: Vec<_> = told
        .iter()
        .filter(|((method, what), later)| {
            !**later && !found.iter().any(|(one, other, _)| one == method && other == what)
        })
        .collect();
    assert!(stale.is_empty(), "told in docs/compatibility.md, but not so: {stale:?}");
}

/// What the original has below the paths of this program is here, or told
#[test]
fn methods_that_are_missing_on_a_path_are_told() {
    let ours: BTreeSet<String> = methods::methods().iter().map(name).collect();
    let paths: BTreeSet<&str> = methods::methods().iter().map(|method| method.path).collect();
    let told = told();
    let missing: Vec<_> = table::facts()
        .into_keys()
        .filter(|fact| paths.contains(fact.split_once(' ').unwrap().1) && !ours.contains(fact))
        .filter(|fact| !told.contains_key(&(fact.clone(), "missing".to_owned())))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn differences(method: &Method, fact: &Fact) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let answered = answered(method);
    let bits = fact.returns == "boolean" && answered == "integer";
    if answered != fact.returns && !bits {
        found.push(("answer".to_owned(), format!("{} | {answered}", fact.returns)));
    }
    let ours = method.all_params();
    for theirs in &fact.params {
        match ours.iter().find(|one| one.name == theirs.name) {
            // what a later version added is taken where the chapter has a use for it
            None if theirs.later => {}
            None => found.push((theirs.name.clone(), "is taken | is not".to_owned())),
            Some(one) => found.extend(difference(one, theirs).map(|text| (theirs.name.clone(), text))),
        }
    }
    let known = |one: &&Property| fact.params.iter().any(|theirs| theirs.name == one.name);
    let in_path = |one: &&Property| method.path.contains(&format!("{{{}}}", one.name));
    for one in ours.iter().filter(|one| !known(one) && !in_path(one) && !one.optional) {
        found.push((one.name.to_owned(), "is not known | must be given".to_owned()));
    }
    found
}

fn difference(ours: &Property, theirs: &Param) -> Option<String> {
    if ours.optional != theirs.optional {
        let word = |optional| if optional { "may be left out" } else { "must be given" };
        return Some(format!("{} | {}", word(theirs.optional), word(ours.optional)));
    }
    if ours.requires != theirs.requires.as_deref() {
        return Some(format!("requires {:?} | requires {:?}", theirs.requires, ours.requires));
    }
    match (&ours.kind, &theirs.kind) {
        (Kind::Boolean, Type::Boolean) | (Kind::PropertyString(_), Type::Text { .. }) => None,
        (Kind::Integer { min, max }, Type::Integer) => {
            let limits = (theirs.min, theirs.max);
            ((*min, *max) != limits).then(|| format!("{limits:?} | {:?}", (min, max)))
        }
        (Kind::String { one_of, .. }, Type::Enum(words)) => {
            let all = words.iter().all(|word| one_of.contains(&word.as_str()));
            (!all).then(|| format!("{} | {}", words.join(", "), one_of.join(", ")))
        }
        // a text without a limit has one here, so that nobody fills the memory
        (Kind::String { min_length, max_length, .. }, Type::Text { least, most }) => {
            let shorter = most.is_some_and(|most| max_length.is_some_and(|ours| ours < most));
            let longer = least.is_some_and(|least| min_length.is_some_and(|ours| ours > least));
            (shorter || longer).then(|| format!("{least:?}..{most:?} | {min_length:?}..{max_length:?}"))
        }
        (kind, _) => Some(format!("{} | {}", theirs.kind.word(), kind.type_name())),
    }
}

/// The type of `data`.
fn answered(method: &Method) -> String {
    let (schema, named) = (method.returns)();
    let mut schema = json!(schema);
    while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let wanted = reference.rsplit('/').next().unwrap();
        schema = named.iter().find(|(name, _)| name == wanted).map(|(_, schema)| json!(schema)).unwrap();
    }
    schema["type"].as_str().unwrap_or("object").to_owned()
}

/// A host on which every method can be called.
fn api() -> (Api, tempfile::TempDir) {
    let tree = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(tree.path().to_owned()).unwrap();
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/hostname"), "pve1\n").unwrap();
    let host = Arc::new(RealHost::rooted(&root).unwrap());
    (Api::new(methods::methods(), host), tree)
}

/// What root is told who calls a method with these parameters besides those of the path.
fn told_of(api: &Api, method: &Method, params: Map<String, Value>) -> Result<(), Problem> {
    let part = |part: &str| match part {
        "{node}" => "pve1".to_owned(),
        "{userid}" => "anna@pve".to_owned(),
        "{upid}" => "UPID:pve1:00000001:00000001:65A0B1C2:aptupdate::root@pam:".to_owned(),
        "{service}" => "pveproxy".to_owned(),
        part if part.starts_with('{') => "thing".to_owned(),
        part => part.to_owned(),
    };
    let path: Vec<String> = method.path.split('/').map(part).collect();
    let identity = Some(Identity::local_root());
    let (verb, origin) = (method.verb, "192.0.2.1".to_owned());
    api.call(Request { verb, path: path.join("/"), params, identity, origin }, &mut Silent).map(drop)
}

/// Values that a parameter refuses, each with the words of the original.
fn wrong_values(theirs: &Param, ours: &Property) -> Vec<(Value, String)> {
    let mut wrong = Vec::new();
    match &theirs.kind {
        Type::Boolean => {
            wrong.push((json!("maybe"), "type check ('boolean') failed - got 'maybe'".to_owned()))
        }
        Type::Integer => {
            wrong.push((json!("x1"), "type check ('integer') failed - got 'x1'".to_owned()));
            wrong.extend(theirs.min.map(|min| {
                (json!((min - 1).to_string()), format!("value must have a minimum value of {min}"))
            }));
            wrong.extend(theirs.max.map(|max| {
                (json!((max + 1).to_string()), format!("value must have a maximum value of {max}"))
            }));
        }
        Type::Enum(words) => wrong.push((
            json!("nonsense"),
            format!("value 'nonsense' does not have a value in the enumeration '{}", words[0]),
        )),
        Type::Text { .. } => {
            let Kind::String { min_length: least, max_length: most, .. } = ours.kind else { return wrong };
            wrong.extend(most.map(|most| {
                (json!("a".repeat(most + 1)), format!("value may only be {most} characters long"))
            }));
            wrong.extend(least.map(|least| {
                (json!("a".repeat(least - 1)), format!("value must be at least {least} characters long"))
            }));
        }
    }
    wrong
}

/// GEN-05: what is wrong with a parameter is answered with 400, under its name, in the original's words
#[test]
fn wrong_parameters_are_refused_in_the_originals_words() {
    let (api, _tree) = api();
    let told = told();
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for (method, fact) in shared() {
        let mut cases = vec![(
            "no-such-parameter".to_owned(),
            Some(json!("1")),
            "property is not defined in schema and the schema does not allow additional properties"
                .to_owned(),
        )];
        for theirs in &fact.params {
            let ours = method.all_params().into_iter().find(|ours| ours.name == theirs.name);
            let Some(ours) = ours.filter(|_| !told.contains_key(&(name(&method), theirs.name.clone())))
            else {
                continue;
            };
            if !theirs.optional {
                let missing = "property is missing and it is not optional";
                cases.push((theirs.name.clone(), None, missing.to_owned()));
            }
            cases.extend(
                wrong_values(theirs, &ours)
                    .into_iter()
                    .map(|(value, words)| (theirs.name.clone(), Some(value), words)),
            );
        }
        for (param, value, words) in cases {
            asked += 1;
            let params = value.iter().map(|value| (param.clone(), value.clone())).collect();
            let refused = told_of(&api, &method, params).err();
            let said = match &refused {
                Some(Problem::Parameters(errors)) => errors.get(&param).map_or("", String::as_str),
                _ => "",
            };
            // a text that is too long may have been found wrong for its form before
            let formed = words.contains("characters long")
                && ["invalid format", "value does not match"].iter().any(|form| said.starts_with(form));
            if !said.starts_with(&words) && !formed {
                wrong.push(format!("{} {param}={value:?}: {refused:?} instead of {words:?}", name(&method)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 150, "only {asked} calls were made");
}
