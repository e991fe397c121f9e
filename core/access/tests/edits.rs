//! Edits of user.cfg: they do what they say, and nothing else to the file.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use innkeeper_access::{AclEdit, AclSubject, Source, User, UserChange, UserDb, UserId};
use innkeeper_change::Problem;
use proptest::prelude::*;

const FILE: &str = "\
# kept by hand
user:root@pam:1:0:::admin@example.org::x:
user:anna@pve:1:0:Anna:B%C3%A9la::likes %3A colons::
token:anna@pve!ci:0:1:for builds:
user:bob@pve:oops:0::::::
user:bob@pve:1:0::::::

group:staff:anna@pve,bob@pve,not a user:the staff:
group:admins:anna@pve::
strange:line:that:nobody:knows
role:Helper:Sys.Audit,VM.Frobnicate:
pool:p1:comment:100,101:local:
acl:1:/:@admins,bob@pve:Administrator,PVEAuditor:
 acl:0:/nodes//pve1/:anna@pve!ci,anna@pve:Helper:
";

fn id(name: &str) -> UserId {
    name.parse().unwrap()
}

/// The lines of a text that another lacks.
fn lost(before: &str, after: &str) -> Vec<String> {
    let mut left: Vec<&str> = after.lines().collect();
    let mut lost = Vec::new();
    for line in before.lines() {
        match left.iter().position(|other| *other == line) {
            Some(at) => drop(left.remove(at)),
            None => lost.push(line.to_owned()),
        }
    }
    lost
}

/// GEN-04
#[test]
fn a_new_user_stands_behind_the_last_user_and_every_other_line_stays() {
    let user = User { enabled: true, comment: "a:b\nü".to_owned(), ..User::default() };
    let text = UserDb::add_user(FILE, &id("carl@pve"), &user).unwrap();
    assert_eq!(lost(FILE, &text), Vec::<String>::new());
    assert!(text.contains("bob@pve:1:0::::::\nuser:carl@pve:1:0::::a%3Ab%0A%C3%BC::\n"), "{text}");
    assert_eq!(UserDb::parse(&text).user(&id("carl@pve")), Some(&user));
    let again = UserDb::add_user(&text, &id("carl@pve"), &user).unwrap_err();
    assert_eq!(again, Problem::Invalid("create user failed: user 'carl@pve' already exists".to_owned()));
    assert_eq!(UserDb::add_user("user:x@pve:1:0::::::", &id("y@pve"), &user).unwrap().lines().count(), 2);
}

/// GEN-04
#[test]
fn a_changed_user_loses_no_field_that_was_not_named() {
    let change = UserChange { expire: Some(99), ..UserChange::default() };
    let text = UserDb::change_user(FILE, &id("anna@pve"), &change).unwrap();
    assert_eq!(lost(FILE, &text), ["user:anna@pve:1:0:Anna:B%C3%A9la::likes %3A colons::"]);
    assert!(text.contains("user:anna@pve:1:99:Anna:B%C3%A9la::likes %3A colons::\n"), "{text}");
    // the damaged line stays for its owner to repair, the one that counts is changed
    let text = UserDb::change_user(FILE, &id("bob@pve"), &change).unwrap();
    assert_eq!(lost(FILE, &text), ["user:bob@pve:1:0::::::"]);
    assert_eq!(UserDb::parse(&text).user(&id("bob@pve")).unwrap().expire, 99);
    // root@pam is there without a line, too
    let mail = UserChange { email: Some("r@example.org".to_owned()), ..UserChange::default() };
    let text = UserDb::change_user("", &UserId::root(), &mail).unwrap();
    assert_eq!(text, "user:root@pam:1:0:::r@example.org:::\n");
}

/// nothing that a removed user had is there for the next of that name
#[test]
fn a_removed_user_takes_tokens_memberships_and_access_along() {
    let text = UserDb::remove_user(FILE, &id("anna@pve")).unwrap();
    assert!(!text.contains("anna@pve"), "{text}");
    assert!(text.contains("group:staff:bob@pve,not,a,user:the staff:"), "{text}");
    assert!(text.contains("strange:line") && text.contains("# kept by hand"));
    // all lines of that name go, or a damaged one could come to life
    let text = UserDb::remove_user(FILE, &id("bob@pve")).unwrap();
    assert!(!text.contains("bob@pve"), "{text}");
    assert!(text.contains("acl:1:/:@admins:Administrator,PVEAuditor:"), "{text}");
    assert!(UserDb::remove_user(FILE, &UserId::root()).is_err());
    assert!(UserDb::remove_user(FILE, &id("nobody@pve")).is_err());
}

#[test]
fn groups_are_made_filled_emptied_and_removed() {
    let text = UserDb::add_group(FILE, "ops", "night: shift").unwrap();
    assert!(UserDb::add_group(&text, "ops", "").is_err());
    let text = UserDb::set_groups(&text, &id("bob@pve"), &["ops"], true).unwrap();
    let of = |text: &str, user: &str| -> Vec<String> {
        UserDb::parse(text).groups_of(&id(user)).map(str::to_owned).collect()
    };
    assert_eq!(of(&text, "bob@pve"), ["ops", "staff"]);
    assert_eq!(UserDb::set_groups(&text, &id("bob@pve"), &["ops"], true).unwrap(), text);
    let text = UserDb::set_groups(&text, &id("bob@pve"), &["admins"], false).unwrap();
    assert_eq!(of(&text, "bob@pve"), ["admins"]);
    assert!(UserDb::set_groups(&text, &id("bob@pve"), &["nowhere"], false).is_err());
    let text = UserDb::remove_group(&text, "admins").unwrap();
    assert!(text.contains("acl:1:/:bob@pve:Administrator,PVEAuditor:"), "{text}");
    assert_eq!(UserDb::parse(&text).groups()["ops"].comment, "night: shift");
}

#[test]
fn roles_keep_what_is_no_privilege_here_and_predefined_ones_are_left_alone() {
    let text = UserDb::change_role(FILE, "Helper", &["Sys.Modify"], true).unwrap();
    assert!(text.contains("role:Helper:Sys.Audit,VM.Frobnicate,Sys.Modify:"), "{text}");
    let text = UserDb::change_role(&text, "Helper", &["Sys.Syslog"], false).unwrap();
    assert!(text.contains("role:Helper:VM.Frobnicate,Sys.Syslog:"), "{text}");
    let text = UserDb::remove_role(&text, "Helper").unwrap();
    // what it replaced must not come back: the entry stays and grants nothing
    assert!(text.contains("anna@pve:Helper:"), "{text}");
    for refused in [
        UserDb::change_role(FILE, "PVEAdmin", &[], false),
        UserDb::remove_role(FILE, "NoAccess"),
        UserDb::add_role(FILE, "Administrator", &[]),
        UserDb::add_role(FILE, "Helper", &[]),
        UserDb::remove_role(FILE, "Nobody"),
    ] {
        assert!(matches!(refused, Err(Problem::Invalid(_))), "{refused:?}");
    }
}

fn entries(text: &str) -> Vec<(String, String, String, bool)> {
    let db = UserDb::parse(text);
    let all = db.acl().entries();
    all.map(|(path, who, role, below)| (path.to_owned(), who.to_string(), role.to_owned(), below)).collect()
}

fn edit(path: &str, who: &[&str], roles: &[&str], propagate: bool) -> AclEdit {
    let subject = |name: &&str| match name.strip_prefix('@') {
        Some(group) => AclSubject::Group(group.to_owned()),
        None => AclSubject::Auth(name.parse().unwrap()),
    };
    AclEdit {
        path: path.to_owned(),
        subjects: who.iter().map(subject).collect(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        propagate,
    }
}

#[test]
fn access_is_given_and_taken_one_role_of_one_user_at_a_time() {
    let text = UserDb::remove_acl(FILE, &edit("/", &["bob@pve"], &["Administrator"], true));
    assert!(
        text.contains("acl:1:/:@admins:Administrator,PVEAuditor:\nacl:1:/:bob@pve:PVEAuditor:\n"),
        "{text}"
    );
    // a role with another reach is the same role: it is changed, not doubled
    let text = UserDb::add_acl(&text, &edit("/", &["bob@pve"], &["PVEAuditor"], false));
    let bob: Vec<_> = entries(&text).into_iter().filter(|entry| entry.1 == "bob@pve").collect();
    assert_eq!(bob, [("/".to_owned(), "bob@pve".to_owned(), "PVEAuditor".to_owned(), false)]);
    // the path is found however it is written
    let text = UserDb::remove_acl(&text, &edit("/nodes/pve1", &["anna@pve"], &["Helper"], true));
    assert!(text.contains(" acl:0:/nodes//pve1/:anna@pve!ci:Helper:"), "{text}");
    let text = UserDb::add_acl(&text, &edit("/nodes/pve1", &["@staff"], &["Helper"], true));
    assert!(text.ends_with("Helper:\nacl:1:/nodes/pve1:@staff:Helper:\n"), "{text}");
}

fn someone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["anna@pve", "bob@pve", "@staff", "@admins", "anna@pve!ci"][..])
}

fn some_edit() -> impl Strategy<Value = AclEdit> {
    let path = prop::sample::select(&["/", "/nodes", "/nodes/pve1", "/vms/100"][..]);
    let roles = prop::sample::subsequence(&["Administrator", "PVEAuditor", "NoAccess", "Helper"][..], 1..3);
    (path, prop::collection::btree_set(someone(), 1..3), roles, any::<bool>()).prop_map(
        |(path, who, roles, propagate)| edit(path, &who.into_iter().collect::<Vec<_>>(), &roles, propagate),
    )
}

/// Edits, one after another, as people make them.
fn edited() -> impl Strategy<Value = String> {
    prop::collection::vec((some_edit(), any::<bool>()), 0..8).prop_map(|edits| {
        edits.into_iter().fold(FILE.to_owned(), |text, (edit, add)| {
            if add { UserDb::add_acl(&text, &edit) } else { UserDb::remove_acl(&text, &edit) }
        })
    })
}

proptest! {
    /// Law: after giving, exactly the entries that were named are there besides those that were not touched.
    #[test]
    fn giving_access_gives_it_and_touches_nothing_else(text in edited(), edit in some_edit()) {
        let after = UserDb::add_acl(&text, &edit);
        let named = |entry: &(String, String, String, bool)| {
            entry.0 == edit.path
                && edit.subjects.iter().any(|who| who.to_string() == entry.1)
                && edit.roles.contains(&entry.2)
        };
        let (mut before, mut now) = (entries(&text), entries(&after));
        let given: Vec<_> = now.iter().filter(|entry| named(entry)).cloned().collect();
        prop_assert_eq!(given.len(), edit.subjects.len() * edit.roles.len());
        prop_assert!(given.iter().all(|entry| entry.3 == edit.propagate));
        before.retain(|entry| !named(entry));
        now.retain(|entry| !named(entry));
        prop_assert_eq!(before, now);
        prop_assert_eq!(UserDb::add_acl(&after, &edit), after.clone());
        let taken = UserDb::remove_acl(&after, &edit);
        prop_assert!(!entries(&taken).iter().any(named));
        for kept in ["# kept by hand", "strange:line:that:nobody:knows", "user:bob@pve:oops:0::::::"] {
            prop_assert!(taken.lines().any(|line| line == kept));
        }
    }

    /// Law: the entries that are shown as sources give what is granted, no less and no more.
    #[test]
    fn every_privilege_has_a_source_and_every_source_a_privilege(text in edited(), who in someone()) {
        prop_assume!(!who.starts_with('@'));
        let db = UserDb::parse(&text);
        let auth = who.parse().unwrap();
        for path in ["/", "/nodes", "/nodes/pve1", "/nodes/pve1/deep", "/vms/100"] {
            let granted = db.privileges(&auth, path, 0);
            let sources = db.sources(&auth, path, 0);
            for (privilege, propagate) in &granted {
                let mine: Vec<&Source> = sources.iter().filter(|source| source.privilege == *privilege).collect();
                prop_assert!(!mine.is_empty());
                prop_assert!(!propagate || mine.iter().any(|source| source.propagate));
            }
            for source in &sources {
                prop_assert!(granted.contains_key(source.privilege));
                let role = source.role.clone().unwrap();
                prop_assert!(db.role(&role).unwrap().contains(source.privilege));
                let subject = source.subject.clone();
                let wanted = (source.path.as_str(), &subject, role.as_str(), source.propagate);
                let stands_there = db.acl().entries().any(|entry| entry == wanted);
                prop_assert!(stands_there);
            }
        }
    }

    /// GEN-04. Law: no edit of any text panics, and a line that holds no record stays.
    #[test]
    fn edits_of_any_text_keep_what_is_no_record(text in "(?s)((user|group|acl|token|role|#)[:a-z@!,/ 01]{0,30}\n|.{0,20}\n){0,8}") {
        let user = id("anna@pve");
        let comments: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with('#')).collect();
        let mut all = vec![UserDb::add_acl(&text, &edit("/", &["anna@pve"], &["PVEAdmin"], true))];
        all.extend(UserDb::add_user(&text, &user, &User::default()));
        all.extend(UserDb::change_user(&text, &user, &UserChange { expire: Some(1), ..UserChange::default() }));
        all.extend(UserDb::add_group(&text, "g", ""));
        all.extend(UserDb::remove_user(&text, &user));
        for after in all {
            for comment in &comments {
                prop_assert!(after.lines().any(|line| line == *comment), "{comment:?} is lost");
            }
        }
    }
}
