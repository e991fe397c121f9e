//! Users, groups, roles and access entries through the API, on a tree of their own.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees themselves"
)]

mod common;

use common::Machine;
use innkeeper_change::Problem;
use innkeeper_rest::Verb::{Delete, Get, Post, Put};
use serde_json::json;

const USERS: &str = "\
# the company's people
user:root@pam:1:0::::::
user:anna@pve:1:0:Anna:::::

group:staff:anna@pve:the staff:

broken line
acl:1:/:anna@pve:PVEAuditor:
";

fn forbidden(path: &str, privilege: &str) -> Option<Problem> {
    Some(Problem::Forbidden(format!("Permission check failed ({path}, {privilege})")))
}

#[test]
fn a_user_is_made_changed_and_removed_by_plans_that_can_be_taken_back() {
    let machine = Machine::new(USERS);
    let made = machine.ok(
        Post,
        "/access/users",
        json!({"userid": "bob@pve", "groups": "staff", "comment": "new: one"}),
    );
    assert!(made.task.unwrap().contains(":useradd:bob@pve:root@pam:"));
    let shown = machine.ok(Get, "/access/users/bob@pve", json!({})).data;
    assert_eq!(
        shown,
        json!({"enable": 1, "expire": 0, "comment": "new: one", "groups": ["staff"], "tokens": {}})
    );
    assert!(machine.text("etc/pve/user.cfg").contains("# the company's people\n"));
    assert!(machine.text("etc/pve/user.cfg").contains("broken line\n"));
    let before = machine.text("etc/pve/user.cfg");
    let change = json!({"email": "bob@example.org", "enable": 0});
    let changed = machine.ok(Put, "/access/users/bob@pve", change.clone());
    assert!(machine.ok(Put, "/access/users/bob@pve", change).unchanged, "asked twice, nothing is left to do");
    machine.undo(changed.change.unwrap());
    assert_eq!(machine.text("etc/pve/user.cfg"), before);
    let removed = machine.ok(Delete, "/access/users/bob@pve", json!({}));
    assert!(!machine.text("etc/pve/user.cfg").contains("bob@pve"));
    machine.undo(removed.change.unwrap());
    assert_eq!(machine.text("etc/pve/user.cfg"), before);
}

#[test]
fn a_dry_run_shows_the_lines_and_changes_none() {
    let machine = Machine::new(USERS);
    let plan = machine.ok(Post, "/access/groups", json!({"groupid": "ops", "dry-run": 1})).data;
    assert!(plan["diff"].as_str().unwrap().contains("+group:ops:::"), "{plan}");
    assert_eq!(machine.text("etc/pve/user.cfg"), USERS);
}

#[test]
fn what_is_wrong_is_said_in_the_originals_words() {
    let machine = Machine::new(USERS);
    let failed = |text: &str| Some(Problem::Invalid(text.to_owned()));
    let parameter = |name: &str, text: &str| Some(Problem::parameter(name, text));
    let add = |params| machine.call(Post, "/access/users", params).err();
    assert_eq!(
        add(json!({"userid": "anna@pve"})),
        failed("create user failed: user 'anna@pve' already exists")
    );
    assert_eq!(add(json!({"userid": "x@nowhere"})), parameter("userid", "realm 'nowhere' does not exist"));
    assert_eq!(add(json!({"userid": "x@pve", "groups": "nobodys"})), failed("no such group 'nobodys'"));
    assert_eq!(
        add(json!({"userid": "no"})),
        parameter("userid", "invalid format - value does not look like a valid user name")
    );
    assert!(matches!(add(json!({"userid": "x@pve", "email": "a:b@c"})), Some(Problem::Parameters(_))));
    let acl = |params| machine.call(Put, "/access/acl", params).err();
    assert_eq!(
        acl(json!({"path": "/nonsense", "users": "anna@pve", "roles": "PVEAdmin"})),
        parameter("path", "invalid ACL path '/nonsense'")
    );
    assert_eq!(
        acl(json!({"path": "/", "users": "anna@pve", "roles": "Nothing"})),
        failed("role 'Nothing' does not exist")
    );
    assert_eq!(
        acl(json!({"path": "/", "users": "carl@pve", "roles": "PVEAdmin"})),
        parameter("userid", "no such user ('carl@pve')")
    );
    assert!(
        matches!(acl(json!({"path": "/", "roles": "PVEAdmin"})), Some(Problem::Parameters(all)) if all.len() == 3)
    );
    let role = machine.call(Put, "/access/roles/PVEAdmin", json!({"privs": "Sys.Audit"})).err();
    assert_eq!(role, failed("auto-generated role 'PVEAdmin' cannot be modified"));
    assert_eq!(
        machine.call(Post, "/access/roles", json!({"roleid": "r", "privs": "Sys.Nothing"})).err(),
        parameter("privs", "invalid privilege 'Sys.Nothing'")
    );
    assert!(machine.call(Delete, "/access/users/root@pam", json!({})).is_err());
    assert!(machine.call(Put, "/access/users/root@pam", json!({"enable": 0})).is_err());
}

#[test]
fn users_see_only_whom_they_may_see() {
    let machine = Machine::new(
        "user:anna@pve:1:0::::::\nuser:bob@pve:1:0::::::\nuser:carl@pve:1:0::::::\n\
         group:staff:bob@pve::\nacl:1:/access/groups/staff:anna@pve:PVEUserAdmin:\n",
    );
    let seen = |user: &str| -> Vec<String> {
        let list = machine.ok_as(user, Get, "/access/users", json!({})).data;
        list.as_array().unwrap().iter().map(|entry| entry["userid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(seen("carl@pve"), ["carl@pve"]);
    assert_eq!(seen("anna@pve"), ["anna@pve", "bob@pve"]);
    assert_eq!(seen("root@pam").len(), 4);
    let groups =
        |user: &str| machine.ok_as(user, Get, "/access/groups", json!({})).data.as_array().unwrap().len();
    assert_eq!((groups("carl@pve"), groups("anna@pve")), (0, 1));
    let refused = machine.call_as("carl@pve", Get, "/access/users/bob@pve", json!({})).err();
    assert_eq!(refused, forbidden("/access/groups", "User.Modify|Sys.Audit"));
}

/// Escalation: who manages users gets no further than that
#[test]
fn who_manages_users_can_neither_become_root_nor_put_somebody_into_any_group() {
    let machine = Machine::new(
        "user:admin@pve:1:0::::::\nuser:bob@pve:1:0::::::\ngroup:admins:::\ngroup:staff:bob@pve::\n\
         acl:1:/access/groups/staff:admin@pve:PVEUserAdmin:\nacl:1:/access/realm/pve:admin@pve:PVEUserAdmin:\n",
    );
    let as_admin = |verb, path: &str, params| machine.call_as("admin@pve", verb, path, params).err();
    assert_eq!(
        as_admin(Put, "/access/users/bob@pve", json!({"groups": "admins", "append": 1})),
        forbidden("/access/groups/admins", "User.Modify")
    );
    assert_eq!(
        as_admin(Post, "/access/users", json!({"userid": "new@pve", "groups": "admins"})),
        forbidden("/access/groups/admins", "User.Modify")
    );
    assert_eq!(as_admin(Post, "/access/users", json!({"userid": "new@pve", "groups": "staff"})), None);
    assert_eq!(
        as_admin(Post, "/access/users", json!({"userid": "new@pam"})),
        forbidden("/access/realm/pam", "Realm.AllocateUser")
    );
    let all = Machine::new("user:admin@pve:1:0::::::\nacl:1:/:admin@pve:Administrator:\n");
    assert!(all.call_as("admin@pve", Post, "/access/users/root@pam/token/mine", json!({})).is_err());
    assert!(all.call_as("admin@pve", Post, "/access/users/admin@pve/token/mine", json!({})).is_ok());
}

/// Escalation: who manages one guest hands on no more than they have there
#[test]
fn who_manages_a_guest_shares_it_and_no_more() {
    let machine = Machine::new(
        "user:anna@pve:1:0::::::\nuser:bob@pve:1:0::::::\nacl:1:/vms/100:anna@pve:PVEVMAdmin:\n",
    );
    let give = |path: &str, role: &str| {
        let params = json!({"path": path, "users": "bob@pve", "roles": role});
        machine.call_as("anna@pve", Put, "/access/acl", params).err()
    };
    assert_eq!(give("/vms/100", "PVEVMUser"), None);
    assert!(matches!(give("/vms/100", "Administrator"), Some(Problem::Forbidden(_))));
    assert!(matches!(give("/vms/101", "PVEVMUser"), Some(Problem::Forbidden(_))));
    assert!(matches!(give("/", "PVEVMUser"), Some(Problem::Forbidden(_))));
}

#[test]
fn every_privilege_is_shown_with_the_entry_it_comes_from() {
    let machine = Machine::new(
        "user:anna@pve:1:0::::::\ngroup:staff:anna@pve::\nacl:1:/:@staff:PVEAuditor:\nacl:1:/nodes:anna@pve:PVESysAdmin:\n",
    );
    let sources =
        machine.ok_as("anna@pve", Get, "/access/permissions/sources", json!({"path": "/nodes/pve1"})).data;
    let console =
        sources.as_array().unwrap().iter().find(|grant| grant["privilege"] == "Sys.Console").unwrap().clone();
    assert_eq!(
        console,
        json!({"path": "/nodes/pve1", "privilege": "Sys.Console", "propagate": 1, "role": "PVESysAdmin",
               "source": "/nodes", "type": "user", "ugid": "anna@pve"})
    );
    let above = machine.ok_as("anna@pve", Get, "/access/permissions/sources", json!({"path": "/"})).data;
    assert!(
        above.as_array().unwrap().iter().all(|grant| grant["ugid"] == "staff" && grant["type"] == "group")
    );
    let refused =
        machine.call_as("anna@pve", Get, "/access/permissions/sources", json!({"userid": "root@pam"}));
    // an auditor of everything may look
    assert!(refused.is_ok());
}

/// Bad input: every line that can be read counts, and each that cannot is named
#[test]
fn a_damaged_file_is_reported_line_by_line_and_loses_nothing() {
    let machine = Machine::new(USERS);
    let findings = machine.api.findings();
    let found: Vec<_> = findings.iter().map(|(area, finding)| (*area, finding.evidence.as_str())).collect();
    assert_eq!(found, [("access", "/etc/pve/user.cfg line 7: ignore config line: unknown kind of record")]);
    machine.write("etc/pve/user.cfg", b"user:anna@pve:1:0::::::\nuser:b\xffd@pve:1:0::::::\n");
    assert!(machine.ok(Get, "/access/users/anna@pve", json!({})).data["enable"] == 1);
    let refused = machine.call(Post, "/access/groups", json!({"groupid": "ops"})).err();
    assert_eq!(refused, Some(Problem::Failed("user.cfg: not valid UTF-8, so it is not edited".to_owned())));
    let evidence: Vec<_> = machine.api.findings().into_iter().map(|(_, finding)| finding.evidence).collect();
    assert!(evidence.iter().any(|text| text.contains("line 2: bytes that are not UTF-8")), "{evidence:?}");
}

#[test]
fn realms_are_described_and_the_built_in_ones_stay() {
    let machine = Machine::new("");
    machine.ok(Put, "/access/domains/pve", json!({"comment": "our own people", "default": 1}));
    assert_eq!(machine.text("etc/pve/domains.cfg"), "pve: pve\n\tcomment our own people\n\tdefault 1\n\n");
    let shown = machine.ok(Get, "/access/domains/pve", json!({})).data;
    assert_eq!((&shown["comment"], &shown["default"]), (&json!("our own people"), &json!(1)));
    machine.ok(Put, "/access/domains/pam", json!({"default": 1}));
    let list = machine.ok(Get, "/access/domains", json!({})).data;
    let default: Vec<_> = list.as_array().unwrap().iter().filter(|realm| realm["default"] == 1).collect();
    assert_eq!(default.len(), 1);
    assert!(machine.call(Delete, "/access/domains/pam", json!({})).is_err());
    assert!(machine.call(Get, "/access/domains/none", json!({})).is_err());
    let stale = json!({"comment": "x", "digest": "0000000000000000000000000000000000000000"});
    assert_eq!(machine.call(Put, "/access/domains/pve", stale).err(), Some(Problem::Modified));
}

/// Files that a plan makes belong to root and the proxy's group, and only what is private is closed to it
#[test]
fn a_new_user_file_has_the_originals_mode() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let machine = Machine::new("");
    std::fs::remove_file(machine.path("etc/pve/user.cfg")).unwrap();
    machine.write("etc/group", b"root:x:0:\nwww-data:x:33:\n");
    std::fs::remove_dir(machine.path("etc/pve")).unwrap();
    machine.ok(Post, "/access/users/root@pam/token/one", json!({}));
    let mode = |name: &str| std::fs::metadata(machine.path(name)).unwrap();
    assert_eq!(mode("etc/pve/user.cfg").permissions().mode() & 0o777, 0o640);
    assert_eq!(mode("etc/pve/priv/token.cfg").permissions().mode() & 0o777, 0o600);
    if mode("etc/pve").uid() == 0 {
        assert_eq!((mode("etc/pve/user.cfg").uid(), mode("etc/pve/user.cfg").gid()), (0, 33));
        assert_eq!(mode("etc/pve/priv/token.cfg").gid(), 33);
    }
}
