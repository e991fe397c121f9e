//! `innkeeper access` and `pveum`, which is the same by the original's name.

use std::io::Write as _;
use std::process::Stdio;

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

/// Arguments can be read by every user of a host: passwords come by standard input, or are asked for
#[test]
fn a_password_is_read_from_standard_input_and_opens_a_ticket() {
    let tree = Tree::new();
    tree.run("pveum", &["user", "add", "anna@pve"]).success();
    let with = |words: &[&str], input: &str| {
        let mut child = tree.command(words);
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let set = with(&["access", "passwd", "anna@pve"], "opensesame\n");
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    let ticket = with(&["access", "ticket", "anna@pve", "--output-format", "json"], "opensesame\n");
    assert!(String::from_utf8_lossy(&ticket.stdout).contains("PVE:anna@pve:"));
    assert!(!with(&["access", "ticket", "anna@pve"], "wrong\n").status.success());
    let sessions = tree.innkeeper(&["access", "session", "list", "--noborder", "--noheader"]).success();
    assert!(sessions.stdout.contains("anna@pve"), "{}", sessions.whole());
    for file in ["var/lib/innkeeper/journal.db", "etc/pve/user.cfg", "etc/pve/priv/shadow.cfg"] {
        let bytes = std::fs::read(tree.path().join(file)).unwrap();
        assert!(!bytes.windows(10).any(|part| part == b"opensesame"), "{file}");
    }
}
