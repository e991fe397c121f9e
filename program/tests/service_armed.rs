//! Changes that are taken back unless somebody confirms them, by the running program.
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking")]

mod support;

use std::process::Command;

use support::{SOURCES_LIST, Server, Tree, wait_until};

const REPOSITORIES: &str = "/nodes/pve1/apt/repositories";
const ARMED: &str = "path=/etc/apt/sources.list&index=0&enabled=0&confirm-within=10";

fn kill_9(pid: u32) {
    assert!(Command::new("/bin/kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

fn is_restored(tree: &Tree) -> bool {
    tree.read("etc/apt/sources.list") == SOURCES_LIST
}

#[test]
fn an_armed_change_is_taken_back_in_time_although_every_service_was_killed() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let mut server = Server::start(&tree);
    let client = server.with_token(&token);
    let answer = client.post(REPOSITORIES, ARMED);
    assert_eq!(answer.status, 200, "{}", answer.reason);
    let change = answer.json()["change"].as_i64().unwrap();
    assert!(!is_restored(&tree));
    let waiting = client.get("/nodes/pve1/changes").data();
    assert_eq!((&waiting[0]["id"], &waiting[0]["state"]), (&change.into(), &"waiting".into()));
    assert!((7..=10).contains(&waiting[0]["left"].as_i64().unwrap()), "{waiting}");
    let second = client.post(REPOSITORIES, "path=/etc/apt/sources.list&index=1&enabled=0");
    assert_eq!(second.status, 409);
    assert!(second.reason.contains("waits to be confirmed for another "), "{}", second.reason);
    for pid in server.children() {
        kill_9(pid);
    }
    wait_until("serve to notice", || matches!(server.child.try_wait(), Ok(Some(_))));
    wait_until("the change to be taken back", || is_restored(&tree));
    let show = || tree.json(&["changes", "show", &change.to_string()]);
    wait_until("the journal to know", || show()["ended-from"] == "timer");
    assert_eq!(show()["state"], "reverted");
    let late = tree.run(&["changes", "confirm", &change.to_string()]);
    assert!(!late.status.success());
    assert!(String::from_utf8_lossy(&late.stderr).contains("was taken back (timer)"));
    tree.json(&["history", "verify"]);
}

#[test]
fn a_change_of_a_worker_is_confirmed_over_http_and_stays() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let upid = client.post(REPOSITORIES, &format!("{ARMED}&background=1")).data();
    let status = || client.get(&format!("/nodes/pve1/tasks/{}/status", upid.as_str().unwrap())).data();
    wait_until("the worker to end", || status()["status"] == "stopped");
    assert_eq!(status()["exitstatus"], "OK");
    let change = client.get("/nodes/pve1/changes").data()[0]["id"].as_i64().unwrap();
    let kept = client.post(&format!("/nodes/pve1/changes/{change}/confirm"), "").data();
    assert_eq!((&kept["state"], &kept["ended-by"]), (&"confirmed".into(), &"root@pam!ci".into()));
    assert_eq!(client.get("/nodes/pve1/changes").data(), serde_json::json!([]));
    std::thread::sleep(std::time::Duration::from_secs(11));
    assert!(!is_restored(&tree), "it was confirmed");
    let again = client.post(&format!("/nodes/pve1/changes/{change}/confirm"), "");
    assert_eq!(again.status, 409);
    assert!(again.reason.contains("was confirmed already"), "{}", again.reason);
}

#[test]
fn on_the_command_line_a_change_is_armed_and_taken_back_at_once_or_by_its_watcher() {
    let tree = Tree::new();
    let disable = ["apt", "disable", "/etc/apt/sources.list", "0", "--yes", "--confirm-within"];
    let armed = tree.run(&[&disable[..], &["3600"]].concat());
    let said = String::from_utf8_lossy(&armed.stdout);
    assert!(said.contains("unless you confirm it: innkeeper changes confirm 1"), "{said}");
    let list = String::from_utf8(tree.run(&["changes", "list"]).stdout).unwrap();
    assert!(list.contains("waiting") && list.contains("innkeeper changes revert ID"), "{list}");
    let reverted = tree.run(&["changes", "revert", "1", "--yes"]);
    assert!(reverted.status.success(), "{}", String::from_utf8_lossy(&reverted.stderr));
    assert!(is_restored(&tree));
    tree.json(&[&disable[..], &["10"]].concat());
    assert!(!is_restored(&tree));
    wait_until("its watcher to take it back", || is_restored(&tree));
    let few = tree.run(&[&disable[..], &["9"]].concat());
    assert!(
        String::from_utf8_lossy(&few.stderr)
            .contains("confirm-within: value must have a minimum value of 10")
    );
}

/// As after a crash of the whole machine: neither watcher nor daemon live, and the unit of the start runs.
#[test]
fn what_is_overdue_is_taken_back_by_the_command_that_runs_when_the_machine_starts() {
    let tree = Tree::new();
    tree.json(&["apt", "disable", "/etc/apt/sources.list", "0", "--yes", "--confirm-within", "3600"]);
    let nothing_due = tree.run(&["revert"]);
    assert!(nothing_due.status.success() && !is_restored(&tree));
    let record = "var/lib/innkeeper/armed/1.waiting";
    let mut armed: serde_json::Value = serde_json::from_str(&tree.read(record)).unwrap();
    armed["boot"] = "another start of the machine".into();
    tree.write(record, armed.to_string());
    let reverted = tree.run(&["revert"]);
    assert!(reverted.status.success(), "{}", String::from_utf8_lossy(&reverted.stderr));
    assert!(is_restored(&tree));
    assert_eq!(tree.json(&["changes", "show", "1"])["ended-from"], "start of the machine");
}

#[test]
fn changes_of_one_file_that_come_at_once_are_planned_one_after_another() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let client = server.with_token(&token);
        let all: Vec<_> = (0..3)
            .map(|index| {
                let client = client.clone();
                let form = format!("path=/etc/apt/sources.list&index={index}&enabled=0");
                scope.spawn(move || client.post(REPOSITORIES, &form))
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.reason);
    }
    let text = tree.read("etc/apt/sources.list");
    assert_eq!(text.lines().filter(|line| line.starts_with("# deb ")).count(), 3, "{text}");
}
