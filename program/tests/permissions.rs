//! Who may call what: for every method, every kind of caller, against a table that was not made from the declarations.
#![allow(clippy::disallowed_methods, reason = "tests play the world outside")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking")]

#[path = "permissions/table.rs"]
mod table;
#[path = "permissions/world.rs"]
mod world;

#[path = "../src/methods.rs"]
#[allow(dead_code, reason = "the program's own list, so that no chapter is forgotten here")]
mod methods;

use std::collections::BTreeSet;

use innkeeper_access::PRIVILEGES;
use innkeeper_rest::Method;
use table::{Atom, Fact};
use world::{CALLER, World};

/// What is expected of one kind of caller.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expect {
    Unknown,
    Refused,
    LetPass,
}

/// One caller: a sentence, and what they hold.
struct Case {
    who: String,
    /// `None` is nobody.
    caller: Option<String>,
    /// Whom a method with `userid` is about.
    about: &'static str,
    /// Privileges, path, holder, and whether they hold below it too.
    grants: Vec<(Vec<&'static str>, String, String, bool)>,
    expect: Expect,
}

/// nobody without a ticket, without the privilege, with every other privilege, with the privilege elsewhere or
/// with a token that lacks it gets in; whoever has exactly what the table says does
#[test]
fn every_method_lets_pass_whom_the_table_says_and_nobody_else() {
    let facts = table::facts();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for method in methods::methods() {
        let name = format!("{} {}", method.verb.as_str(), method.path);
        let Some(fact) = facts.get(&name) else {
            wrong.push(format!("{name}: stands in neither table of program/tests/permissions"));
            continue;
        };
        for case in cases(fact, &method) {
            asked += 1;
            let status = World::new(&case).call(&method, &case);
            let fits = match case.expect {
                Expect::Unknown => status == Some(401),
                Expect::Refused => status == Some(403),
                Expect::LetPass if fact.custom => status != Some(401),
                Expect::LetPass => status != Some(401) && status != Some(403),
            };
            if !fits {
                wrong.push(format!("{name}: {} should be {:?}, got {status:?}", case.who, case.expect));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 300, "only {asked} calls were made");
}

/// the table of our own methods holds nothing that does not exist
#[test]
fn the_table_of_own_methods_names_only_methods_that_exist() {
    let known: BTreeSet<String> =
        methods::methods().iter().map(|method| format!("{} {}", method.verb.as_str(), method.path)).collect();
    let stale: Vec<_> = table::own().into_keys().filter(|name| !known.contains(name)).collect();
    assert!(stale.is_empty(), "{stale:?}");
}

fn case(who: impl Into<String>, caller: Option<&str>, expect: Expect) -> Case {
    let caller = caller.map(str::to_owned);
    Case { who: who.into(), caller, about: world::TARGET, grants: Vec::new(), expect }
}

fn cases(fact: &Fact, method: &Method) -> Vec<Case> {
    let world = fact.ways.iter().any(|way| way.contains(&Atom::World));
    let everybody = world || fact.ways.iter().any(|way| way.contains(&Atom::User));
    let unless = |open: bool, or: Expect| if open { Expect::LetPass } else { or };
    let root = world::ROOT;
    let mut cases = vec![
        case("nobody", None, unless(world, Expect::Unknown)),
        case("a user without privileges", Some(CALLER), unless(everybody, Expect::Refused)),
        case("root@pam", Some(root), Expect::LetPass),
    ];
    let everything = || (PRIVILEGES.to_vec(), "/".to_owned(), CALLER.to_owned(), true);
    if fact.ways.iter().any(|way| way.contains(&Atom::Root)) {
        cases.push(Case {
            grants: vec![everything()],
            ..case("an Administrator who is not root@pam", Some(CALLER), Expect::Refused)
        });
        cases.push(case("a token of root@pam", Some("root@pam!whole"), Expect::Refused));
    }
    let needed: BTreeSet<&str> =
        fact.ways.iter().flatten().flat_map(|atom| atom.privileges().iter().copied()).collect();
    if !needed.is_empty() && !everybody {
        let others = PRIVILEGES.iter().copied().filter(|name| !needed.contains(name)).collect();
        cases.push(Case {
            grants: vec![(others, "/".to_owned(), CALLER.to_owned(), true)],
            ..case("a user with every privilege but the needed ones", Some(CALLER), Expect::Refused)
        });
        let somewhere = |atom: &Atom| atom.path(method).is_some_and(|path| path != "/");
        if fact.ways.iter().flatten().filter(|atom| !atom.privileges().is_empty()).all(somewhere) {
            cases.push(Case {
                grants: vec![(PRIVILEGES.to_vec(), "/elsewhere".to_owned(), CALLER.to_owned(), true)],
                ..case("a user with every privilege, but elsewhere", Some(CALLER), Expect::Refused)
            });
        }
    }
    for way in &fact.ways {
        cases.extend(cases_of_way(way, fact, method));
    }
    cases
}

/// Callers who fulfil one way in, or all of it but one part; and tokens of theirs.
fn cases_of_way(way: &[Atom], fact: &Fact, method: &Method) -> Vec<Case> {
    if way.iter().any(|atom| matches!(atom, Atom::World | Atom::User | Atom::Root)) {
        return Vec::new();
    }
    let (oneself, in_person) = (way.contains(&Atom::Oneself), way.contains(&Atom::InPerson));
    let about = if oneself { CALLER } else { world::TARGET };
    let grant = |atom: &Atom, privileges: &[&'static str], holder: &str| {
        (privileges.to_vec(), atom.path(method).unwrap(), holder.to_owned(), false)
    };
    let mut cases = Vec::new();
    for choice in choices(way) {
        let held: Vec<_> = choice.iter().map(|(atom, names)| grant(atom, names, CALLER)).collect();
        let token = format!("{CALLER}!separate");
        let same: Vec<_> = choice.iter().map(|(atom, names)| grant(atom, names, &token)).collect();
        let about_case = |who: &str, caller: &str, expect| Case {
            about,
            ..case(format!("{who} ({choice:?})"), Some(caller), expect)
        };
        cases.push(Case { grants: held.clone(), ..about_case("the right user", CALLER, Expect::LetPass) });
        cases.push(Case {
            grants: held.clone(),
            ..about_case("a token with fewer privileges than its user", &token, Expect::Refused)
        });
        let both = if oneself || in_person { Expect::Refused } else { Expect::LetPass };
        cases.push(Case {
            grants: held.iter().chain(&same).cloned().collect(),
            ..about_case("a token with the same privileges", &token, both)
        });
        cases.push(Case {
            grants: same.clone(),
            ..about_case("a token with more privileges than its user", &token, Expect::Refused)
        });
        for left_out in 0..held.len() {
            let mut fewer = held.clone();
            fewer.remove(left_out);
            let others = !oneself && fact.ways.len() == 1;
            if others {
                cases.push(Case {
                    grants: fewer,
                    ..about_case("a user who lacks one of them", CALLER, Expect::Refused)
                });
            }
        }
    }
    cases
}

/// Each way to hold exactly what a conjunction asks for: one privilege where one is enough, all where all are needed.
fn choices(way: &[Atom]) -> Vec<Vec<(Atom, Vec<&'static str>)>> {
    let mut choices: Vec<Vec<(Atom, Vec<&'static str>)>> = vec![Vec::new()];
    for atom in way {
        let options: Vec<Vec<&'static str>> = match atom {
            Atom::Any(_, names) | Atom::Group(names) => names.iter().map(|name| vec![*name]).collect(),
            Atom::All(_, names) | Atom::Realm(names) => vec![names.clone()],
            Atom::Delegate => vec![vec!["Permissions.Modify"]],
            Atom::World | Atom::User | Atom::Root | Atom::Oneself | Atom::InPerson => continue,
        };
        choices = choices
            .into_iter()
            .flat_map(|before| {
                options.iter().map(move |option| {
                    let mut longer = before.clone();
                    longer.push((atom.clone(), option.clone()));
                    longer
                })
            })
            .collect();
    }
    choices
}
