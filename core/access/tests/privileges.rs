//! What `user.cfg` grants, and what it does not.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use innkeeper_access::{AuthId, PRIVILEGES, UserDb, UserId, builtin_role, builtin_role_names};
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000;

fn may(text: &str, who: &str, path: &str, privilege: &str) -> bool {
    let who: AuthId = who.parse().unwrap();
    UserDb::parse(text).privileges(&who, path, NOW).contains_key(privilege)
}

const USERS: &str = "\
user:root@pam:1:0:::root@example.com:::
user:anna@pve:1:0:Anna:B%C3%A4r::a%3Ab::
user:ben@pve:1:0::::::
user:off@pve:0:0::::::
user:gone@pve:1:1600000000::::::
user:later@pve:1:1800000000::::::
token:anna@pve!full:0:0::
token:anna@pve!part:0:1::
token:anna@pve!old:1600000000:0::
token:off@pve!tk:0:0::
token:root@pam!all:0:0::
token:root@pam!none:0:1::

group:ops:anna@pve,ben@pve::
group:aud:anna@pve::

role:Rebooter:Sys.PowerMgmt,Sys.Audit:

";

fn with(acl: &str) -> String {
    format!("{USERS}{acl}")
}

#[test]
fn root_may_everything_even_without_a_file() {
    for privilege in PRIVILEGES {
        assert!(may("", "root@pam", "/nodes/x", privilege));
        assert!(may("user:root@pam:0:1::::::\nacl:1:/:root@pam:NoAccess:\n", "root@pam", "/", privilege));
    }
}

#[test]
fn who_is_unknown_disabled_or_expired_has_nothing() {
    let text = with("acl:1:/:nobody@pve,off@pve,gone@pve,later@pve:Administrator:\n");
    assert!(may(&text, "later@pve", "/", "Sys.Audit"));
    for who in ["nobody@pve", "off@pve", "gone@pve", "off@pve!tk", "anna@pve"] {
        assert!(!may(&text, who, "/", "Sys.Audit"), "{who}");
    }
}

#[test]
fn entries_hold_further_down_only_when_they_propagate() {
    let text = with("acl:1:/nodes:anna@pve:PVEAuditor:\nacl:0:/vms:anna@pve:PVEVMUser:\n");
    assert!(may(&text, "anna@pve", "/nodes", "Sys.Audit"));
    assert!(may(&text, "anna@pve", "/nodes/a/b", "Sys.Audit"));
    assert!(!may(&text, "anna@pve", "/", "Sys.Audit"));
    assert!(!may(&text, "anna@pve", "/nodesx", "Sys.Audit"));
    assert!(may(&text, "anna@pve", "/vms", "VM.Console"));
    assert!(!may(&text, "anna@pve", "/vms/100", "VM.Console"));
}

#[test]
fn what_is_set_deeper_replaces_what_is_inherited() {
    let text = with("acl:1:/:anna@pve:Administrator:\nacl:1:/nodes/a:anna@pve:PVEAuditor:\n");
    assert!(may(&text, "anna@pve", "/nodes/b", "Sys.Modify"));
    assert!(!may(&text, "anna@pve", "/nodes/a", "Sys.Modify"));
    assert!(may(&text, "anna@pve", "/nodes/a", "Sys.Audit"));
}

#[test]
fn an_entry_of_the_user_replaces_those_of_groups_on_the_same_path() {
    let text = with("acl:1:/:@ops:Administrator:\nacl:1:/:anna@pve:PVEAuditor:\n");
    assert!(!may(&text, "anna@pve", "/", "Sys.Modify"));
    assert!(may(&text, "ben@pve", "/", "Sys.Modify"));
    // deeper group entries count again
    let text = with("acl:1:/:anna@pve:PVEAuditor:\nacl:1:/nodes:@ops:Administrator:\n");
    assert!(may(&text, "anna@pve", "/nodes/a", "Sys.Modify"));
}

#[test]
fn several_groups_add_up_unless_one_has_no_access() {
    let text = with("acl:1:/:@ops:PVEVMUser:\nacl:1:/:@aud:PVEDatastoreUser:\n");
    assert!(may(&text, "anna@pve", "/", "VM.Console") && may(&text, "anna@pve", "/", "Datastore.Audit"));
    let text = with("acl:1:/:@ops:PVEVMUser:\nacl:1:/:@aud:NoAccess:\n");
    assert!(!may(&text, "anna@pve", "/", "VM.Console"));
    assert!(may(&text, "ben@pve", "/", "VM.Console"));
    let text = with("acl:1:/:anna@pve:Administrator:\nacl:1:/nodes:anna@pve:NoAccess:\n");
    assert!(!may(&text, "anna@pve", "/nodes/a", "Sys.Audit") && may(&text, "anna@pve", "/vms", "VM.Audit"));
}

#[test]
fn an_entry_that_does_not_reach_the_path_hides_nothing() {
    let text = with("acl:1:/:@ops:PVEAuditor:\nacl:0:/:anna@pve:NoAccess:\n");
    assert!(!may(&text, "anna@pve", "/", "Sys.Audit"));
    assert!(may(&text, "anna@pve", "/nodes", "Sys.Audit"));
}

#[test]
fn a_token_has_what_its_user_has_or_what_both_have() {
    let text = with(
        "acl:1:/:anna@pve:PVEAuditor:\nacl:1:/nodes:anna@pve!part:Administrator:\n\
         acl:1:/vms:anna@pve!full:NoAccess:\nacl:1:/:root@pam!none:PVEVMUser:\n",
    );
    assert!(may(&text, "anna@pve!full", "/vms", "VM.Audit"));
    assert!(!may(&text, "anna@pve!old", "/vms", "VM.Audit"));
    assert!(!may(&text, "anna@pve!part", "/vms", "VM.Audit"));
    assert!(may(&text, "anna@pve!part", "/nodes/a", "Sys.Audit"));
    assert!(!may(&text, "anna@pve!part", "/nodes/a", "Sys.Modify"));
    assert!(may(&text, "root@pam!all", "/", "Sys.Modify"));
    assert!(may(&text, "root@pam!none", "/", "VM.Console") && !may(&text, "root@pam!none", "/", "Sys.Audit"));
    assert!(!may(&text, "anna@pve!unknown", "/", "VM.Audit"));
}

#[test]
fn own_roles_grant_what_they_list_and_unknown_roles_nothing() {
    let text = with("acl:1:/nodes:anna@pve:Rebooter:\nacl:1:/nodes/a:anna@pve:Gone:\n");
    assert!(may(&text, "anna@pve", "/nodes/b", "Sys.PowerMgmt"));
    assert!(!may(&text, "anna@pve", "/nodes/a", "Sys.PowerMgmt"));
    let said: Vec<_> = UserDb::parse(&text).warnings().iter().map(|one| one.message.clone()).collect();
    assert_eq!(said, ["role 'Gone' does not exist and grants nothing"]);
    // nobody widens or narrows a predefined role
    let text = with("role:PVEAuditor:Sys.Modify:\nacl:1:/:anna@pve:PVEAuditor:\n");
    assert!(!may(&text, "anna@pve", "/", "Sys.Modify") && may(&text, "anna@pve", "/", "Sys.Audit"));
}

#[test]
fn paths_are_the_same_however_they_are_written() {
    let text = with("acl:1://nodes//a/:anna@pve:PVEAuditor:\n");
    for path in ["/nodes/a", "/nodes/a/", "//nodes/a"] {
        assert!(may(&text, "anna@pve", path, "Sys.Audit"), "{path}");
    }
    for path in ["nodes/a", "", "/nodes/../nodes/a", "/nodes/ a"] {
        assert!(!may(&text, "anna@pve", path, "Sys.Audit"), "{path}");
    }
}

#[test]
fn predefined_roles_are_those_of_the_original() {
    assert_eq!(builtin_role_names().count(), 18);
    assert_eq!(builtin_role("Administrator").unwrap().len(), PRIVILEGES.len());
    assert!(builtin_role("NoAccess").unwrap().is_empty());
    let admin = builtin_role("PVEAdmin").unwrap();
    for kept_from in ["Sys.PowerMgmt", "Sys.Modify", "Sys.Incoming", "Sys.AccessNetwork", "Realm.Allocate"] {
        assert!(!admin.contains(kept_from));
    }
    assert!(admin.contains("VM.Allocate") && admin.contains("Sys.Console"));
    let sys: Vec<_> = builtin_role("PVESysAdmin").unwrap().into_iter().collect();
    assert_eq!(sys, ["Sys.Audit", "Sys.Console", "Sys.Syslog"]);
    assert_eq!(builtin_role("Nonsense"), None);
    assert!(PRIVILEGES.is_sorted());
}

#[test]
fn records_are_read_with_their_texts_decoded() {
    let db = UserDb::parse(USERS);
    assert!(db.warnings().is_empty(), "{:?}", db.warnings());
    let anna = db.user(&"anna@pve".parse().unwrap()).unwrap();
    assert_eq!((&*anna.first_name, &*anna.last_name, &*anna.comment), ("Anna", "Bär", "a:b"));
    assert_eq!(db.tokens_of(&"anna@pve".parse().unwrap()).count(), 3);
    assert_eq!(db.groups()["ops"].users.len(), 2);
}

#[test]
fn lines_that_make_no_sense_are_warned_of_and_grant_nothing() {
    let text = "user:x:1:0::::::\nuser:a@pve:yes:0::::::\nwhat\nacl:1:nodes:a@pve:Administrator:\n\
                acl:2:/:a@pve:Administrator:\ntoken:a@pve:0:0::\ngroup:a b:a@pve::\npool:p::100::\n\
                acl:1:/:@,!xx:Administrator:\nuser:b@pve:1:soon::::::\nrole:r:Sys.Everything:\n";
    let db = UserDb::parse(text);
    let lines: Vec<_> = db.warnings().iter().map(|warning| warning.line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5, 6, 7, 9, 9, 10, 11]);
    assert_eq!(db.users().len(), 1);
    assert_eq!(db.acl().paths().count(), 0);
}

/// Lines that are close to those of user.cfg.
fn line() -> impl Strategy<Value = String> {
    let users = "(root@pam|anna@pve|ben@pve|@ops|anna@pve!part)";
    let roles = "(Administrator|PVEAuditor|NoAccess|Rebooter)";
    let entry = format!("acl:[01]:/(nodes(/a)?|vms)?:{users}(,{users})?:{roles}:");
    prop_oneof![
        3 => proptest::string::string_regex(&entry).unwrap(),
        1 => "(user|token|acl|group|role|pool)(:.{0,4}){0,6}",
        1 => any::<String>(),
    ]
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let db = UserDb::parse(&text);
        prop_assert!(db.user_usable(&UserId::root(), NOW));
    }

    #[test]
    fn an_entry_for_somebody_else_changes_nothing_for_me(
        lines in prop::collection::vec(line(), 0..8),
        other in "acl:[01]:/(nodes(/a)?)?:(ben@pve|anna@pve!part|@nobody):(Administrator|NoAccess|PVEAuditor):",
    ) {
        let before = with(&lines.join("\n"));
        let (before, after) = (UserDb::parse(&before), UserDb::parse(&format!("{before}\n{other}\n")));
        let anna: AuthId = "anna@pve".parse().unwrap();
        for path in ["/", "/nodes", "/nodes/a", "/vms/100"] {
            prop_assert_eq!(before.privileges(&anna, path, NOW), after.privileges(&anna, path, NOW));
        }
    }

    #[test]
    fn a_separated_token_never_has_more_than_its_user(lines in prop::collection::vec(line(), 0..8)) {
        let db = UserDb::parse(&with(&lines.join("\n")));
        for path in ["/", "/nodes", "/nodes/a", "/vms/100"] {
            let user = db.privileges(&"anna@pve".parse().unwrap(), path, NOW);
            let token = db.privileges(&"anna@pve!part".parse().unwrap(), path, NOW);
            prop_assert!(token.keys().all(|privilege| user.contains_key(privilege)));
        }
    }
}
