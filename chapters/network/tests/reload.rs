//! Plans of applying carried out by the engine, with real programs that stand in for those of ifupdown2 and iproute2.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests build trees, programs and file systems themselves"
)]

#[path = "../../../core/engine/tests/common/mod.rs"]
mod engine;

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use engine::Fixture;
use innkeeper_change::{Action, Content, Plan, Problem, Undo};
use innkeeper_network::apply::{Port, Situation, plan};
use innkeeper_network::interfaces::state::State;

const LIVE: &str = "auto lo\niface lo inet loopback\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.10/24\n\tbridge-ports none\n";
const LIVE_FILE: &str = "/etc/network/interfaces";
const STAGED_FILE: &str = "/etc/network/interfaces.new";

fn staged() -> String {
    LIVE.replace("192.0.2.10", "192.0.2.11")
}

/// A tree in which `staged` waits, and whose programs succeed and note that they ran.
fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let fixture = Fixture::at(directory);
    fixture.write(LIVE_FILE, LIVE);
    fixture.write(STAGED_FILE, &staged());
    for program in ["ifquery", "ifreload", "ip", "bridge"] {
        program_of(&fixture, program, "");
    }
    fixture
}

/// Gives the tree a program: it notes that it ran, and does this.
fn program_of(fixture: &Fixture, name: &str, does: &str) {
    let ran = fixture.path("/ran");
    let path = format!("/usr/sbin/{name}");
    fixture.write(&path, &format!("#!/bin/sh\necho {name} >>{ran}\n{does}\n"));
    std::fs::set_permissions(fixture.path(&path), Permissions::from_mode(0o755)).unwrap();
}

fn ran(fixture: &Fixture) -> Vec<String> {
    fixture.text("/ran").unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The plan of applying what is staged, with a guest on the bridge; programs are those of the tree, and have `deadline` seconds.
fn planned(fixture: &Fixture, deadline: u32) -> Plan {
    let content = |path: &str| fixture.text(path).map(Content::from);
    let files = State { live: content(LIVE_FILE), staged: content(STAGED_FILE), ..State::default() };
    let port = Port { name: "tap100i0".to_owned(), bridge: "vmbr0".to_owned(), ..Port::default() };
    let guests = BTreeMap::from([("vmbr0".to_owned(), vec!["tap100i0".to_owned()])]);
    let situation = Situation { files, ifupdown2: true, guests, ports: vec![port], ..Situation::default() };
    let (mut plan, _) = plan(&situation).unwrap();
    let stand_in = |action: &mut Action| {
        if let Action::Run(run) = action {
            run.program = fixture.path(run.program.as_str());
            run.deadline = deadline;
        }
    };
    for step in &mut plan.steps {
        stand_in(&mut step.action);
        if let Undo::By(actions) = &mut step.undo {
            actions.iter_mut().for_each(stand_in);
        }
    }
    plan
}

fn unchanged(fixture: &Fixture) {
    assert_eq!(fixture.text(LIVE_FILE).as_deref(), Some(LIVE));
    assert_eq!(fixture.text(STAGED_FILE), Some(staged()));
}

/// NET-12: a reload that does not come back is ended with everything that it started, and the configuration before comes back.
#[test]
fn a_reload_that_hangs_is_killed_with_its_children_and_taken_back() {
    let fixture = fixture();
    let child = fixture.path("/child");
    let second = format!("[ $(grep -c ifreload {}) -gt 1 ] && exit 0", fixture.path("/ran"));
    program_of(&fixture, "ifreload", &format!("{second}\nsleep 300 &\necho $! >{child}\nwait"));
    let begun = Instant::now();
    let refused = fixture.apply(planned(&fixture, 2)).unwrap_err().to_string();
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert!(
        refused.contains("ifreload") && refused.contains("what was done before is taken back"),
        "{refused}"
    );
    unchanged(&fixture);
    let pid: u32 = fixture.text("/child").unwrap().trim().parse().unwrap();
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "its child is still there: {state}");
    assert_eq!(ran(&fixture), ["ifquery", "ifreload", "ifreload", "ip"]);
}

/// A guest that stops in this very moment takes its port along: ip(8) says so, goes on with the others and ends with 1.
#[test]
fn a_port_that_is_gone_takes_nothing_back() {
    let fixture = fixture();
    program_of(&fixture, "ip", "echo 'Cannot find device \"tap100i0\"' >&2; exit 1");
    fixture.apply(planned(&fixture, 10)).unwrap();
    assert_eq!(fixture.text(LIVE_FILE), Some(staged()));
    assert_eq!(fixture.text(STAGED_FILE), None);
    // what is no answer of ip(8) about a device is an error as before
    let fixture = self::fixture();
    program_of(&fixture, "ip", "exit 255");
    fixture.apply(planned(&fixture, 10)).unwrap_err();
    unchanged(&fixture);
}

/// NET-09: what was read is what is applied, or nothing is.
#[test]
fn a_staged_file_that_is_edited_by_hand_after_it_was_read_is_not_applied() {
    let fixture = fixture();
    let plan = planned(&fixture, 10);
    let by_hand = LIVE.replace("192.0.2.10", "192.0.2.66");
    fixture.write(STAGED_FILE, &by_hand);
    assert_eq!(fixture.apply(plan.clone()).unwrap_err(), Problem::Modified);
    assert_eq!(fixture.text(LIVE_FILE).as_deref(), Some(LIVE));
    assert_eq!(fixture.text(STAGED_FILE), Some(by_hand));
    assert!(ran(&fixture).is_empty());
    fixture.write(STAGED_FILE, &staged());
    fixture.write(LIVE_FILE, &format!("{LIVE}# by hand\n"));
    assert_eq!(fixture.apply(plan).unwrap_err(), Problem::Modified);
    assert!(ran(&fixture).is_empty());
}

const INNER: &str = "INNKEEPER_TEST_FILE_SYSTEM";

/// Runs a test of this file again by itself, in a file system of its own that `script` makes below `etc/network`.
fn in_a_file_system(test: &str, script: &str) {
    let this = std::env::current_exe().unwrap();
    let again = format!("{script}\nexec \"$1\" --exact {test} --nocapture");
    let done = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-ec", &again, "sh"])
        .arg(this)
        .env(INNER, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}

/// Mounts are made by root alone: for anybody else there is nothing to see here.
fn may_mount() -> bool {
    Command::new("unshare").args(["--mount", "true"]).output().is_ok_and(|done| done.status.success())
}

fn mount(fixture: &Fixture, words: &[&str]) {
    let done = Command::new("mount").args(words).arg(fixture.path("/etc/network").as_str()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A disk without room for another file: nothing is changed, and the error says why.
#[test]
fn machine_a_full_disk_changes_nothing() {
    if std::env::var_os(INNER).is_none() {
        if may_mount() {
            in_a_file_system("machine_a_full_disk_changes_nothing", "");
        }
        return;
    }
    let fixture = fixture();
    mount(&fixture, &["-t", "tmpfs", "-o", "size=32k", "tmpfs"]);
    fixture.write(LIVE_FILE, LIVE);
    fixture.write(STAGED_FILE, &staged());
    let plan = planned(&fixture, 10);
    let filler = std::fs::write(fixture.path("/etc/network/filler"), vec![0; 64 * 1024]).unwrap_err();
    assert_eq!(filler.kind(), std::io::ErrorKind::StorageFull);
    let refused = fixture.apply(plan).unwrap_err().to_string();
    assert!(refused.contains("No space left on device") && refused.contains("/etc/network"), "{refused}");
    unchanged(&fixture);
    assert_eq!(ran(&fixture).iter().filter(|name| *name == "ifreload").count(), reloads_of(&refused));
    let left: Vec<_> = std::fs::read_dir(fixture.path("/etc/network")).unwrap().collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

/// How often ifreload may have run: once, to be sure of the configuration before, when a step was taken back.
fn reloads_of(refused: &str) -> usize {
    usize::from(refused.contains("is taken back"))
}

/// Where nothing can be written nothing is changed.
#[test]
fn machine_a_read_only_etc_changes_nothing() {
    if std::env::var_os(INNER).is_none() {
        if may_mount() {
            in_a_file_system("machine_a_read_only_etc_changes_nothing", "");
        }
        return;
    }
    let fixture = fixture();
    let directory = fixture.path("/etc/network");
    mount(&fixture, &["--bind", directory.as_str()]);
    mount(&fixture, &["-o", "remount,bind,ro"]);
    let refused = fixture.apply(planned(&fixture, 10)).unwrap_err().to_string();
    assert!(refused.contains("Read-only file system") && refused.contains("/etc/network"), "{refused}");
    unchanged(&fixture);
}
