//! Files that hold users, sessions, keys and history, damaged in every way that comes to mind: the service starts, says what
//! is damaged, lets root in, and loses nothing that can be read.
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking")]

mod support;

use support::{Client, Server, Tree};

const USERS: &str = "user:anna@pve:1:0::::::\ngroup:staff:anna@pve::\nacl:1:/:anna@pve:PVEAuditor:\n";
const HASHED: &str = "the password of anna that was set";

/// What an administrator does on a host: logs in, looks, changes something.
struct Damage {
    /// File below the tree.
    file: &'static str,
    /// What becomes of it.
    spoil: fn(Vec<u8>) -> Vec<u8>,
    /// A word of a health check that names it.
    told: &'static str,
    /// anna still gets in by her password.
    anna: bool,
}

fn tail_lost(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() / 2);
    bytes
}

fn noise(bytes: Vec<u8>) -> Vec<u8> {
    (0..bytes.len().max(64)).map(|n| (n * 181 + 7) as u8).collect()
}

fn with_noise_before(bytes: Vec<u8>) -> Vec<u8> {
    [b"\xff\xfe nothing that is a record\nuser:\nacl:::::\n".to_vec(), bytes].concat()
}

const DAMAGES: [Damage; 9] = [
    Damage { file: "etc/pve/user.cfg", spoil: with_noise_before, told: "user.cfg", anna: true },
    Damage { file: "etc/pve/user.cfg", spoil: noise, told: "user.cfg", anna: false },
    Damage { file: "etc/pve/domains.cfg", spoil: noise, told: "domains.cfg", anna: true },
    Damage {
        file: "etc/pve/priv/innkeeper-ticket.key",
        spoil: noise,
        told: "innkeeper-ticket.key",
        anna: true,
    },
    Damage { file: "etc/pve/priv/tfa.cfg", spoil: noise, told: "tfa.cfg", anna: false },
    Damage { file: "etc/pve/priv/shadow.cfg", spoil: noise, told: "shadow.cfg", anna: false },
    Damage { file: "var/lib/innkeeper/journal.db", spoil: noise, told: "journal.db", anna: true },
    Damage { file: "var/lib/innkeeper/journal.db", spoil: tail_lost, told: "journal.db", anna: true },
    Damage { file: "var/lib/innkeeper/sessions.db", spoil: noise, told: "sessions.db", anna: true },
];

/// A tree on which people have worked.
fn worked_on() -> Tree {
    let tree = Tree::new();
    tree.write("etc/pve/user.cfg", USERS);
    tree.write("etc/pve/domains.cfg", "pam: pam\n\tcomment the system's\n\npve: pve\n\tcomment ours\n");
    let server = Server::start(&tree);
    let root = server.logged_in();
    let form = format!("userid=anna@pve&password={}", HASHED.replace(' ', "+"));
    root.put("/access/password", &form).data();
    tree.write("etc/pve/priv/tfa.cfg", "{\"users\":{}}");
    assert_eq!(log_in(&server), 200);
    for enabled in [0, 1, 0, 1, 0, 1] {
        toggle(&root, enabled);
    }
    drop(server);
    // the last who has it open writes everything into the file itself
    tree.json(&["history", "verify"]);
    tree
}

fn log_in(server: &Server) -> u16 {
    let form = format!("username=anna@pve&password={}", HASHED.replace(' ', "+"));
    server.client().post("/access/ticket", &form).status
}

fn toggle(client: &Client, enabled: u8) {
    let form = format!("path=/etc/apt/sources.list&index=0&enabled={enabled}");
    assert_eq!(client.post("/nodes/pve1/apt/repositories", &form).status, 200);
}

fn findings(client: &Client) -> String {
    client.get("/nodes/pve1/checks").data().to_string()
}

#[test]
fn whatever_is_damaged_the_service_starts_says_so_and_lets_root_in() {
    let before = worked_on();
    for damage in &DAMAGES {
        let Damage { file, .. } = damage;
        let tree = copy_of(&before);
        let spoilt = (damage.spoil)(std::fs::read(tree.path().join(file)).unwrap());
        tree.write(file, &spoilt);
        let server = Server::start(&tree);
        // the one-time link is root's way in; a ticket and a change are what he needs then
        let root = server.logged_in();
        assert_eq!(root.get("/version").status, 200, "{file}");
        assert_eq!(log_in(&server) == 200, damage.anna, "{file}: anna");
        toggle(&root, 0);
        toggle(&root, 1);
        let said = findings(&root);
        assert!(said.contains(damage.told), "{file}: {said}");
        drop(server);
        // what was there is there still: in its place, or put aside
        assert!(
            holds(&tree.path().join("etc"), &spoilt) || holds(&tree.path().join("var"), &spoilt),
            "{file}"
        );
        let found = tree.json(&["history", "verify"]);
        assert!(found["changes"].as_i64().is_some_and(|changes| changes >= 2), "{file}: {found}");
    }
}

/// A user.cfg of which a line is spoilt: what can be read counts, and a later change leaves the spoilt line where it is.
#[test]
fn a_change_of_users_keeps_the_lines_that_nobody_understands() {
    let tree = worked_on();
    tree.write("etc/pve/user.cfg", format!("user:???\n{USERS}acl:1:broken\n"));
    let server = Server::start(&tree);
    let root = server.logged_in();
    root.post("/access/users", "userid=bob@pve").data();
    let text = tree.read("etc/pve/user.cfg");
    assert!(text.starts_with("user:???\n") && text.contains("acl:1:broken\n"), "{text}");
    assert!(USERS.lines().all(|line| text.contains(line)), "{text}");
    let said = findings(&root);
    assert!(said.contains("line 1 of user.cfg") && said.contains("line 6 of user.cfg"), "{said}");
    assert_eq!(log_in(&server), 200);
}

fn copy_of(tree: &Tree) -> Tree {
    let copy = Tree(tempfile::tempdir().unwrap());
    let done = std::process::Command::new("cp")
        .arg("-a")
        .args([tree.path().join("."), copy.path().to_owned()])
        .status()
        .unwrap();
    assert!(done.success());
    copy
}

/// Whether a file below the directory has this content, or begins with it and was added to.
fn holds(directory: &std::path::Path, content: &[u8]) -> bool {
    std::fs::read_dir(directory).unwrap().flatten().any(|entry| match entry.file_type().unwrap().is_dir() {
        true => holds(&entry.path(), content),
        false => std::fs::read(entry.path()).is_ok_and(|bytes| bytes == content),
    })
}
