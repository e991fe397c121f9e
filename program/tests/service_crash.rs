//! The daemon dies between any two moments of a change: afterwards the file is old or new, and the journal says which.
#![cfg(feature = "failpoints")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]

mod support;

use std::process::Command;

use support::{SOURCES_LIST, Server, Tree, wait_until};

const REPOSITORIES: &str = "/nodes/pve1/apt/repositories";
const DISABLE_FIRST: &str = "path=/etc/apt/sources.list&index=0&enabled=0";

#[test]
fn a_daemon_killed_at_any_moment_leaves_the_file_whole_and_the_journal_telling() {
    // what every write and every entry of the journal passes would kill the daemon before the change; the engine's own table
    // has those
    let of_changes = |moment: &&&str| ["engine::", "tasks::"].iter().any(|part| moment.starts_with(part));
    for moment in innkeeper_engine::FAIL_POINTS.iter().filter(of_changes) {
        let tree = Tree::new();
        let token = tree.token("ci");
        let mut server = Server::start_with(&tree, &[("FAILPOINTS", &format!("{moment}=return"))]);
        let answer = server.with_token(&token).post(REPOSITORIES, DISABLE_FIRST);
        let met = answer.status == 502;
        if met {
            wait_until("serve to notice", || matches!(server.child.try_wait(), Ok(Some(_))));
        } else {
            // not a moment of this change: nothing is rolled back here, say
            assert_eq!(answer.status, 200, "{moment}");
        }
        drop(server);

        let file = tree.read("etc/apt/sources.list");
        let new = format!("# {SOURCES_LIST}");
        assert!(file == SOURCES_LIST || file == new, "{moment}: the file is torn: {file:?}");
        tree.json(&["history", "verify"]);
        let history = tree.json(&["history", "list"]);
        let change = history
            .as_array()
            .unwrap()
            .iter()
            .find(|change| change["path"].as_str().unwrap().ends_with("/repositories"));
        let Some(change) = change else {
            assert_eq!(file, SOURCES_LIST, "{moment}: a change that is not in the journal");
            continue;
        };
        // once its end is written the change is done, and only the task's own papers are left to keep
        let late = ["engine::after-end", "tasks::after-result", "tasks::after-index"].contains(moment);
        assert_eq!(change["state"], if met && !late { "interrupted" } else { "done" }, "{moment}");
        let detail = tree.json(&["history", "show", &change["id"].to_string()]);
        let now = if file == new { "new" } else { "old" };
        assert_eq!(detail["files"][0]["now"], now, "{moment}");

        // one command brings back the old state, whichever it is now
        let undone = tree.run(&["undo", &change["id"].to_string(), "--yes"]);
        assert!(undone.status.success(), "{moment}: {}", String::from_utf8_lossy(&undone.stderr));
        assert_eq!(tree.read("etc/apt/sources.list"), SOURCES_LIST, "{moment}");
        let ended = tree.json(&["history", "show", &change["id"].to_string()]);
        assert_eq!(ended["state"], "undone", "{moment}: also where nothing was left to take back");
    }
}

#[test]
fn a_worker_killed_in_the_middle_is_seen_as_gone_and_its_change_can_be_taken_back() {
    let tree = Tree::new();
    let token = tree.token("ci");
    // long enough to be found and killed from outside, as `kill -9` by an administrator would
    let server = Server::start_with(&tree, &[("FAILPOINTS", "engine::after-step=sleep(60000)")]);
    let client = server.with_token(&token);
    let upid = client.post(REPOSITORIES, &format!("{DISABLE_FIRST}&background=1")).data();
    let status = || client.get(&format!("/nodes/pve1/tasks/{}/status", upid.as_str().unwrap())).data();
    assert_eq!(status()["status"], "running");
    wait_until("the step to be done", || tree.read("etc/apt/sources.list") != SOURCES_LIST);
    assert!(Command::new("/bin/kill").args(["-9", &status()["pid"].to_string()]).status().unwrap().success());
    wait_until("the task to be seen as stopped", || status()["status"] == "stopped");
    assert_eq!(status()["exitstatus"], "unexpected status");
    let history = client.get("/nodes/pve1/history").data();
    let change = &history[0];
    assert_eq!(change["state"], "interrupted");
    drop(server);
    let undone = tree.run(&["undo", &change["id"].to_string(), "--yes"]);
    assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
    assert_eq!(tree.read("etc/apt/sources.list"), SOURCES_LIST);
}
