//! Tasks: their logs, the lists of active and finished ones, their processes.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the files from outside and starts processes")]

mod common;

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{Fixture, TestHost};
use innkeeper_change::Problem;
use innkeeper_engine::{RunState, Source, TaskFilter, TaskName, Tasks, Upid};
use innkeeper_host::{Host, RealHost};

const ACTIVE: &str = "/var/log/pve/tasks/active";
const INDEX: &str = "/var/log/pve/tasks/index";

fn upids(fixture: &Fixture, source: Source) -> Vec<(Upid, Option<String>)> {
    let filter = TaskFilter { source, limit: 10_000, ..TaskFilter::default() };
    let page = fixture.engine.tasks().list(&filter).unwrap();
    page.tasks.into_iter().map(|task| (task.upid, task.status)).collect()
}

/// NODE-08, NODE-10
#[test]
fn a_task_is_running_until_it_is_finished_and_its_log_can_be_read_meanwhile() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    let writer = tasks.start("root@pam", "vzdump", "100").unwrap();
    let upid = writer.upid().clone();
    writer.line("first\nsecond");
    writer.progress(3, 7, "copy");

    let status = tasks.status(&upid).unwrap();
    assert_eq!(status.status, RunState::Running);
    assert_eq!(status.progress.map(|it| (it.done, it.total, it.what)), Some((3, 7, "copy".to_owned())));
    assert_eq!(upids(&fixture, Source::Active), [(upid.clone(), Some("RUNNING".to_owned()))]);
    assert_eq!(upids(&fixture, Source::Archive), []);
    let (lines, total) = tasks.log(&upid, 1, 50).unwrap();
    assert_eq!((lines.len(), total, lines[0].n, &*lines[0].t), (1, 2, 2, "second"));

    assert_eq!(writer.finish(Ok(())), "OK");
    let status = tasks.status(&upid).unwrap();
    assert_eq!((status.status, status.exitstatus.as_deref()), (RunState::Stopped, Some("OK")));
    assert_eq!(status.progress, None);
    assert_eq!(upids(&fixture, Source::Active), []);
    assert_eq!(upids(&fixture, Source::Archive), [(upid.clone(), Some("OK".to_owned()))]);
    let index = fixture.text(INDEX).unwrap();
    assert!(index.starts_with(&format!("{upid} ")) && index.ends_with(" OK\n"), "{index}");
    assert_eq!(fixture.log_of(&upid), "first\nsecond\nTASK OK\n");
}

/// NODE-08
#[test]
fn the_last_line_says_how_a_task_ended() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    let end = |work: &dyn Fn(&innkeeper_engine::TaskWriter), result| {
        let writer = tasks.start("root@pam", "test", "").unwrap();
        work(&writer);
        let upid = writer.upid().clone();
        let status = writer.finish(result);
        assert_eq!(tasks.status(&upid).unwrap().exitstatus.as_deref(), Some(&*status));
        (status, fixture.log_of(&upid))
    };
    let (status, log) = end(&|_| (), Err("two\nlines\r\n".to_owned()));
    assert_eq!((&*status, &*log), ("two lines", "TASK ERROR: two lines\n"));
    let (status, log) = end(
        &|writer| {
            writer.warn("a");
            writer.warn("b");
        },
        Ok(()),
    );
    assert_eq!((&*status, &*log), ("WARNINGS: 2", "WARN: a\nWARN: b\nTASK WARNINGS: 2\n"));
    let (status, _) = end(&|_| (), Err(String::new()));
    assert_eq!(status, "unknown error");
    let (status, _) = end(&|_| (), Err("ä".repeat(100_000)));
    assert!(status.len() < 9000 && status.starts_with("ää"));
}

#[test]
fn a_program_that_prints_the_end_of_a_task_does_not_end_it() {
    let fixture = Fixture::new();
    let writer = fixture.engine.tasks().start("root@pam", "test", "").unwrap();
    writer.line("TASK OK");
    assert!(fixture.engine.tasks().is_running(writer.upid()));
}

#[test]
fn a_task_that_is_dropped_has_failed() {
    let fixture = Fixture::new();
    let upid = fixture.engine.tasks().start("root@pam", "test", "").unwrap().upid().clone();
    assert!(fixture.log_of(&upid).starts_with("TASK ERROR: "));
    assert!(!fixture.engine.tasks().is_running(&upid));
}

/// NODE-10
#[test]
fn empty_missing_and_unreadable_logs_are_said_to_be_so() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    let upid: Upid = "UPID:pve1:7FFFFFFF:001CA6EA:6124E1B9:vzdump:100:root@pam:".parse().unwrap();
    let missing = Problem::parameter("upid", "no such task");
    assert_eq!(tasks.status(&upid).unwrap_err(), missing);
    assert_eq!(tasks.log(&upid, 0, 0).unwrap_err(), missing);
    assert_eq!(tasks.raw_log(&upid).unwrap_err(), missing);
    assert_eq!(tasks.stop(&upid).unwrap_err(), missing);

    let says = |text: &str| {
        fixture.write(upid.log_path().as_str(), text);
        tasks.status(&upid).unwrap().exitstatus.unwrap()
    };
    assert_eq!(says(""), "unable to read tail (got 0 bytes)");
    let (lines, total) = tasks.log(&upid, 0, 50).unwrap();
    assert_eq!((lines[0].n, &*lines[0].t, total), (1, "no content", 1));
    assert_eq!(says("begun\n"), "unexpected status");
    assert_eq!(says("TASK ERROR: \n"), "unexpected status");
    assert_eq!(says("TASK WARNINGS: x\n"), "unexpected status");
    assert_eq!(says("TASK OK\nmore\n"), "unexpected status");
    assert_eq!(says("x\nTASK WARNINGS: 3"), "WARNINGS: 3");
    assert_eq!(says("TASK ERROR: exit code 1\n"), "exit code 1");
}

/// NODE-10
#[test]
fn a_page_of_a_long_log_is_read_without_the_rest_once_its_lines_are_counted() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    let upid: Upid = "UPID:pve1:7FFFFFFF:001CA6EA:6124E1B9:vzdump:100:root@pam:".parse().unwrap();
    let mut text: String = (1..=500_000).map(|number| format!("line {number}\n")).collect();
    text.push_str("unfinished");
    fixture.write(upid.log_path().as_str(), &text);
    let (lines, total) = tasks.log(&upid, 499_998, 50).unwrap();
    assert_eq!(total, 500_001);
    let shown: Vec<_> = lines.iter().map(|line| (line.n, &*line.t)).collect();
    assert_eq!(shown, [(499_999, "line 499999"), (500_000, "line 500000"), (500_001, "unfinished")]);

    for start in [0, 1, 7, 100_000, 123_456, 250_001, 499_000] {
        fixture.host.bytes_read.store(0, Ordering::Relaxed);
        let (lines, _) = tasks.log(&upid, start, 2).unwrap();
        assert_eq!(lines[0].t, format!("line {}", start + 1));
        assert_eq!(lines[1].n, start + 2);
        let read = fixture.host.bytes_read.load(Ordering::Relaxed);
        assert!(read < 1_600_000, "{read} bytes for two lines at {start}");
    }
    assert_eq!(tasks.log(&upid, 0, 0).unwrap().0.len(), 500_001);
    assert_eq!(tasks.log(&upid, 600_000, 10).unwrap(), (vec![], 500_001));
}

/// NODE-08
#[test]
fn the_list_of_active_tasks_keeps_25_and_the_index_keeps_all_once() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    let running = tasks.start("root@pam", "stays", "").unwrap();
    for number in 0..40 {
        tasks.start("root@pam", "test", &number.to_string()).unwrap().finish(Ok(()));
    }
    tasks.housekeep().unwrap();
    let active = fixture.text(ACTIVE).unwrap();
    assert_eq!(active.lines().count(), 25);
    assert!(active.starts_with(&format!("{} 0\n", running.upid())), "{active}");
    assert!(active.lines().skip(1).all(|line| line.contains(": 1 ") && line.ends_with(" OK")), "{active}");
    let index = fixture.text(INDEX).unwrap();
    let ids: BTreeSet<_> = index.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!((index.lines().count(), ids.len()), (40, 40));
}

#[test]
fn a_task_that_was_saved_by_a_process_that_died_at_once_is_not_saved_twice() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    let writer = tasks.start("root@pam", "test", "").unwrap();
    let active = fixture.text(ACTIVE).unwrap();
    writer.finish(Ok(()));
    fixture.write(ACTIVE, &active);
    fixture.fresh().tasks().housekeep().unwrap();
    assert_eq!(fixture.text(INDEX).unwrap().lines().count(), 1);
    fixture.write(ACTIVE, &active);
    std::fs::rename(fixture.path(INDEX), fixture.path("/var/log/pve/tasks/index.1")).unwrap();
    fixture.fresh().tasks().housekeep().unwrap();
    assert_eq!(fixture.text(INDEX), None);
}

#[test]
fn the_index_becomes_index_1_beyond_its_limit_and_both_are_listed() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    tasks.set_index_limit(1000);
    for number in 0..20 {
        tasks.start("root@pam", "test", &number.to_string()).unwrap().finish(Ok(()));
    }
    let older = fixture.text("/var/log/pve/tasks/index.1").unwrap();
    assert!(older.len() > 1000 && older.len() < 1200, "{}", older.len());
    let page = tasks.list(&TaskFilter::default()).unwrap();
    let kept = older.lines().count() + fixture.text(INDEX).unwrap().lines().count();
    assert_eq!((page.total, page.tasks.len()), (Some(kept as u64), kept));
    let ids: Vec<_> = page.tasks.iter().map(|task| task.id.parse::<u32>().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "newest first: {ids:?}");
}

#[test]
fn logs_that_no_list_names_any_more_are_removed() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    let writer = tasks.start("root@pam", "test", "").unwrap();
    let old: Upid = "UPID:pve1:7FFFFFFF:001CA6EA:6124E1B9:vzdump:100:root@pam:".parse().unwrap();
    fixture.write(old.log_path().as_str(), "TASK OK\n");
    assert_eq!(tasks.remove_old_logs().unwrap(), 0, "nothing was rotated out yet");
    fixture.write("/var/log/pve/tasks/index.1", &format!("{old} 00000010 OK\n"));
    assert_eq!(tasks.remove_old_logs().unwrap(), 0, "the log is younger than that");
    fixture.write("/var/log/pve/tasks/index.1", &format!("{old} F0000000 OK\n"));
    assert_eq!(tasks.remove_old_logs().unwrap(), 1);
    assert!(tasks.status(&old).is_err());
    assert!(tasks.is_running(writer.upid()), "what runs stays");
}

/// NODE-08
#[test]
fn threads_that_start_tasks_at_once_lose_none() {
    let fixture = Fixture::new();
    let tasks = fixture.engine.tasks();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    tasks.start("root@pam", "same", "").unwrap().finish(Ok(()));
                }
            });
        }
    });
    let ids: BTreeSet<_> = upids(&fixture, Source::All).into_iter().map(|(upid, _)| upid).collect();
    assert_eq!(ids.len(), 40);
}

/// NODE-08
#[test]
fn processes_that_start_tasks_at_once_lose_none() {
    let fixture = Fixture::new();
    let mut children: Vec<_> = (0..8).map(|_| child(&fixture, "finish").spawn().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let all = upids(&fixture, Source::All);
    assert_eq!(all.len(), 24);
    assert!(all.iter().all(|(_, status)| status.as_deref() == Some("OK")));
    assert_eq!(fixture.text(INDEX).unwrap().lines().count(), 24);
}

/// NODE-08
#[test]
fn a_task_whose_process_was_killed_is_not_running_any_more() {
    let fixture = Fixture::new();
    let (mut child, upid) = hanging_task(&fixture);
    assert!(fixture.engine.tasks().is_running(&upid));
    assert_eq!(upids(&fixture, Source::Active).len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let tasks = fixture.engine.tasks();
    assert_eq!(tasks.status(&upid).unwrap().status, RunState::Stopped);
    assert_eq!(tasks.status(&upid).unwrap().exitstatus.as_deref(), Some("unexpected status"));
    assert_eq!(upids(&fixture, Source::Active), []);
    let expected = [(upid.clone(), Some("unexpected status".to_owned()))];
    assert_eq!(upids(&fixture, Source::Archive), expected, "before anyone tidied up");
    tasks.housekeep().unwrap();
    assert_eq!(upids(&fixture, Source::Archive), expected);
    assert!(fixture.text(INDEX).unwrap().ends_with(" unexpected status\n"));
}

/// NODE-08
#[test]
fn a_process_id_that_was_given_to_another_process_is_not_the_task() {
    let fixture = Fixture::new();
    let (pid, start) = RealHost::new().own_process();
    let upid =
        Upid::new("pve1", (pid, start + 1), 1_600_000_000, &TaskName::new("test", ""), "root@pam").unwrap();
    fixture.write(upid.log_path().as_str(), "begun\n");
    assert!(!fixture.engine.tasks().is_running(&upid));
}

#[test]
fn a_worker_is_stopped_and_its_log_says_so() {
    let fixture = Fixture::new();
    let (child, upid) = hanging_task(&fixture);
    let reaper = reap(child);
    fixture.engine.tasks().stop(&upid).unwrap();
    reaper.join().unwrap();
    assert!(fixture.log_of(&upid).ends_with("\nTASK ERROR: received interrupt\n"));
    let status = fixture.engine.tasks().status(&upid).unwrap();
    assert_eq!(status.exitstatus.as_deref(), Some("received interrupt"));
    assert_eq!(upids(&fixture, Source::Active), []);
    fixture.engine.tasks().stop(&upid).unwrap();
    assert_eq!(fixture.log_of(&upid).matches("TASK").count(), 1, "stopping twice changes nothing");
}

#[test]
fn a_worker_that_does_not_listen_is_killed() {
    let fixture = Fixture::new();
    let child = std::process::Command::new("/bin/sh")
        .args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"])
        .stdout(std::process::Stdio::piped())
        .process_group(0)
        .spawn();
    let mut child = child.unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let start = RealHost::new().process_start(child.id()).unwrap();
    let upid = Upid::new("pve1", (child.id(), start), 1_600_000_000, &TaskName::new("test", ""), "root@pam")
        .unwrap();
    fixture.write(upid.log_path().as_str(), "half a li");
    let reaper = reap(child);
    fixture.engine.tasks().stop(&upid).unwrap();
    reaper.join().unwrap();
    assert_eq!(fixture.log_of(&upid), "half a li\nTASK ERROR: received interrupt\n");
}

#[test]
fn a_task_inside_a_process_that_does_other_work_is_not_killed_with_it() {
    let fixture = Fixture::new();
    let own = fixture.engine.tasks().start("root@pam", "test", "").unwrap();
    assert!(fixture.engine.tasks().stop(own.upid()).is_err());

    let (mut child, upid) = hanging_child(&fixture, "hang-shared");
    let refused = fixture.engine.tasks().stop(&upid).unwrap_err();
    assert!(refused.to_string().contains("cannot be stopped"), "{refused}");
    assert!(child.try_wait().unwrap().is_none(), "it lives");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn hanging_task(fixture: &Fixture) -> (std::process::Child, Upid) {
    hanging_child(fixture, "hang")
}

fn hanging_child(fixture: &Fixture, role: &str) -> (std::process::Child, Upid) {
    let mut child = child(fixture, role).spawn().unwrap();
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_secs(60) {
        let running = upids(fixture, Source::Active).into_iter().map(|(upid, _)| upid);
        let ours = running.into_iter().find(|upid| upid.pid() == child.id());
        if let Some(upid) = ours.filter(|upid| fixture.log_of(upid) == "hanging\n") {
            return (child, upid);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("the child does not start its task");
}

/// A parent that waits, as init would.
fn reap(mut child: std::process::Child) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        child.wait().unwrap();
    })
}

/// This program again, as a process of its own that runs tasks in the tree of the fixture.
fn child(fixture: &Fixture, role: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "the_child_process_of_other_tests"])
        .env("ENGINE_TEST_ROOT", fixture.directory.path())
        .env("ENGINE_TEST_ROLE", role)
        .stdout(std::process::Stdio::null())
        .process_group(0);
    command
}

/// Does nothing unless another test of this file starts it as a process of its own.
#[test]
fn the_child_process_of_other_tests() {
    let (Ok(root), Ok(role)) = (std::env::var("ENGINE_TEST_ROOT"), std::env::var("ENGINE_TEST_ROLE")) else {
        return;
    };
    let tasks = Tasks::new(TestHost::new(root.as_str().into()));
    match role.as_str() {
        "finish" => {
            for _ in 0..3 {
                tasks.start("root@pam", "same", "").unwrap().finish(Ok(()));
            }
        }
        _ => {
            if role == "hang-shared" {
                tasks.set_shared_process();
            }
            let writer = tasks.start("root@pam", "hang", "").unwrap();
            writer.line("hanging");
            std::thread::sleep(Duration::from_secs(60));
            writer.finish(Ok(()));
        }
    }
}
