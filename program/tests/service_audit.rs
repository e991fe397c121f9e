//! Who came, who was refused and what was done is written down, can be looked up and exported, and holds no secret.
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Server, Tree, secrets};

const AUDIT: &str = "/nodes/pve1/audit";
const DISABLE: &str = "path=/etc/apt/sources.list&index=0&enabled=0";

/// Kind, user and outcome of each entry.
fn told(entries: &Value) -> Vec<[&str; 3]> {
    fn text<'v>(entry: &'v Value, name: &str) -> &'v str {
        entry.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    let entries = entries.as_array().into_iter().flatten();
    entries.map(|entry| ["kind", "user", "outcome"].map(|name| text(entry, name))).collect()
}

#[test]
fn logins_refusals_tokens_and_changes_are_told_with_who_from_where_and_how_it_went() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let browser = server.logged_in();
    let wrong =
        server.client().post("/access/ticket", "username=root@pam&password=a-wrong-password-of-length");
    assert_eq!(wrong.status, 401);
    let bad = "PVEAPIToken=root@pam!ci=00000000-0000-4000-8000-000000000000";
    assert_eq!(server.with_token(bad).get("/version").status, 401);
    let client = server.with_token(&token);
    for _ in 0..3 {
        client.get("/version").data();
    }
    assert_eq!(client.post("/nodes/pve1/apt/repositories", DISABLE).status, 200);
    assert_eq!(browser.delete("/access/session").status, 200);

    let entries = client.get(AUDIT).data();
    let told = told(&entries);
    for expected in [
        ["login", "root@pam", "ok"],
        ["login", "root@pam", "refused"],
        ["refusal", "root@pam!ci", "refused"],
        ["change", "root@pam!ci", "ok"],
        ["logout", "root@pam", "ok"],
    ] {
        assert!(told.contains(&expected), "{expected:?} is missing in {told:?}");
    }
    assert_eq!(told.iter().filter(|entry| entry[0] == "token").count(), 1, "{told:?}");
    let refused = client.get(&format!("{AUDIT}?kind=login&outcome=refused")).data();
    assert_eq!(refused.as_array().unwrap().len(), 1);
    assert_eq!(
        (&refused[0]["origin"], &refused[0]["what"]),
        (&json!("127.0.0.1"), &json!("POST /access/ticket"))
    );
    assert_eq!(client.get(&format!("{AUDIT}?user=nobody@pam")).data(), json!([]));
    let page = client.get(&format!("{AUDIT}?limit=1&start=1"));
    assert_eq!(page.json()["data"].as_array().unwrap().len(), 1);
    assert!(page.json()["total"].as_u64().unwrap() >= 6);
    assert_eq!(client.get(&format!("{AUDIT}?kind=nonsense")).status, 400);

    let export = client.get("/nodes/pve1/history/export");
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    let lines = String::from_utf8(export.body).unwrap();
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0]["seq"], 1);
    assert!(events.windows(2).all(|pair| pair[0]["hash"] == pair[1]["prev"]), "{lines}");
    drop(server);
    let typed = String::from_utf8(tree.run(&["history", "export"]).stdout).unwrap();
    assert!(typed.starts_with(&lines), "the command line exports the same");
    assert_eq!(tree.json(&["history", "verify"])["events"], typed.lines().count());
}

#[test]
fn somebody_who_may_not_is_told_in_the_audit_and_cannot_read_it() {
    let tree = Tree::new();
    tree.write("etc/pve/user.cfg", "user:ann@pve:1:0:::::\n");
    let made = tree.json(&["token", "add", "ann@pve", "audit", "--privsep", "0", "--yes"]);
    let secret = made["data"]["value"].as_str().unwrap();
    secrets::keep(secret);
    let admin = tree.token("ci");
    let server = Server::start(&tree);
    let ann = server.with_token(&format!("PVEAPIToken=ann@pve!audit={secret}"));
    for path in [AUDIT, "/nodes/pve1/history/export", "/nodes/pve1/changes"] {
        assert_eq!(ann.get(path).status, 403, "{path}");
    }
    let refused = server.with_token(&admin).get(&format!("{AUDIT}?user=ann@pve!audit&kind=refusal")).data();
    assert_eq!(refused.as_array().unwrap().len(), 3);
    assert!(refused[0]["reason"].as_str().unwrap().contains("Sys.Audit"), "{refused}");
}

/// Nobody fills the disk by guessing passwords.
#[test]
fn many_strangers_are_counted() {
    let tree = Tree::new();
    let admin = tree.token("ci");
    let server = Server::start(&tree);
    for _ in 0..60 {
        assert_eq!(server.client().get("/nodes").status, 401);
    }
    let client = server.with_token(&admin);
    let size = client.get(AUDIT).json()["total"].as_u64().unwrap();
    assert!(size < 10, "{size}");
}

/// Nor is what only answers may hold.
#[test]
#[should_panic(expected = "is in the log")]
fn a_ticket_in_the_log_is_found() {
    secrets::keep_of_answer(&json!({"data": {"ticket": "PVE:anna@pve:12345678::c2lnbmF0dXJl"}}));
    secrets::must_not_be_in(b"here is PVE:anna@pve:12345678::c2lnbmF0dXJl", "an answer");
    secrets::must_not_be_written_in(b"here is PVE:anna@pve:12345678::c2lnbmF0dXJl", "the log");
}

/// The search itself must be able to find something.
#[test]
#[should_panic(expected = "is in an answer")]
fn a_secret_in_an_answer_is_found() {
    secrets::keep("correct horse battery staple");
    secrets::must_not_be_in(b"say: correct horse battery staple!", "an answer");
}
