//! `innkeeper access` and `pveum`, which is the same by the original's name.

use insta::assert_snapshot;

use crate::support::{Tree, run};

#[test]
fn pveum_offers_the_originals_commands() {
    assert_snapshot!(run("pveum", &["help"]).success().whole());
    let user = run("pveum", &["user", "--help"]).success().stdout;
    for verb in ["add", "modify", "delete", "list", "permissions", "token"] {
        assert!(user.contains(&format!("\n  {verb} ")), "{verb}: {user}");
    }
}

/// As a page of instructions for the original says it
#[test]
fn users_groups_roles_and_access_are_set_up_as_with_the_original() {
    let tree = Tree::new();
    for line in [
        "group add admin -comment Administrators",
        "aclmod / -group admin -role Administrator",
        "user add testuser@pve -comment tester",
        "user modify testuser@pve -group admin",
        "role add Sys_Power-only --privs Sys.PowerMgmt,Sys.Console",
        "acl modify /nodes/pve --users testuser@pve --roles Sys_Power-only --propagate 0",
        "user token add testuser@pve monitoring -privsep 1",
        "acl modify /nodes -token testuser@pve!monitoring -role PVEAuditor",
        "useradd second@pve -enable 0",
        "userdel second@pve",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        tree.run("pveum", &words).success();
    }
    assert_eq!(
        tree.read("etc/pve/user.cfg"),
        "user:testuser@pve:1:0::::tester::\n\
         token:testuser@pve!monitoring:0:1::\n\
         group:admin:testuser@pve:Administrators:\n\
         role:Sys_Power-only:Sys.Console,Sys.PowerMgmt:\n\
         acl:1:/:@admin:Administrator:\n\
         acl:0:/nodes/pve:testuser@pve:Sys_Power-only:\n\
         acl:1:/nodes:testuser@pve!monitoring:PVEAuditor:\n"
    );
    assert_snapshot!(tree.innkeeper(&["access", "user", "list", "--full"]).success().whole());
    assert_snapshot!(tree.innkeeper(&["access", "acl"]).success().whole());
    let token = tree.run("pveum", &["user", "permissions", "testuser@pve!monitoring"]).success();
    assert!(
        token.stdout.contains("Sys.Audit") && !token.stdout.contains("Sys.PowerMgmt"),
        "{}",
        token.whole()
    );
    let acl = tree.run("pveum", &["acl", "delete", "/", "--groups", "admin", "--roles", "Administrator"]);
    acl.success();
    assert!(!tree.read("etc/pve/user.cfg").contains("acl:1:/:"));
    let wrong =
        tree.run("pveum", &["acl", "modify", "/nowhere", "--users", "testuser@pve", "--roles", "PVEAdmin"]);
    assert_snapshot!(wrong.whole());
}
