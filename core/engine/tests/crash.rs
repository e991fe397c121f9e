//! The process dies between any two moments of a change: no file is torn, the journal holds and says how far it came, the
//! task list tells the truth, and one command finishes the change or takes it back.
//!
//! The table is generated: every moment there is, each time that it is passed, in every way that a change can go.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test starts this program again, to let it die")]

mod common;

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use common::{Fixture, OTHER, SOURCES, TestHost, job};
use innkeeper_change::{Action, FileChange, Invocation, Plan, Problem, Step, Undo};
use innkeeper_engine::{
    Alarm, Caller, Change, ChangeState, Engine, FAIL_POINTS, FileNow, HistoryFilter, Job, Outcome, Retention,
    Silent, Source, StepState, TaskFilter,
};
use innkeeper_host::{Host as _, read_content, remove_left_overs};

const OLD: [&str; 2] = ["deb one\n", "deb other\n"];
const NEW: [&str; 2] = ["new one\n", "new other\n"];
const FILES: [&str; 2] = [SOURCES, OTHER];
/// Nothing passes a moment more often than this.
const MANY: usize = 60;

/// The ways that a change can go.
const WAYS: [&str; 6] = ["done", "failing", "confirmed", "reverted", "undone", "archived"];

/// In these tests the next process looks for what is overdue.
struct NoAlarm;

impl Alarm for NoAlarm {
    fn set(&self, _change: i64, _seconds: u32) -> Result<(), Problem> {
        Ok(())
    }
    fn clear(&self, _change: i64) {}
}

/// Inspects and plans: both files shall be new. With `fail`, a last step fails.
fn plan(engine: &Engine, fail: bool) -> Plan {
    let mut plan = Plan::new("renew both");
    for (path, new) in FILES.into_iter().zip(NEW) {
        let before = read_content(&**engine.host(), path.into()).unwrap();
        plan = plan.step(Step::file(format!("renew {path}"), FileChange::write(path, before, new)));
    }
    let action = Action::Run(Invocation {
        program: "/bin/false".into(),
        args: vec![],
        stdin: None,
        deadline: 10,
        produces: None,
        accept: Vec::new(),
    });
    if fail { plan.step(Step { what: "fail".to_owned(), action, undo: Undo::Nothing }) } else { plan }
}

fn renew(engine: &Engine, fail: bool, confirm_within: Option<u32>) -> Result<Outcome, Problem> {
    let verify = || Ok(plan(engine, false));
    let lock = Some("/var/lock/renew.lock".into());
    let job = Job { lock, confirm_within, ..job(plan(engine, fail), &verify) };
    engine.apply(job, &mut Silent)
}

fn undo(engine: &Engine, change: i64) {
    let (plan, goal) = engine.undo_plan(change).unwrap();
    let verify = || engine.is_undone(&goal);
    engine.apply(Job { undoes: Some(change), ..job(plan, &verify) }, &mut Silent).unwrap();
}

fn finish(engine: &Engine, change: i64) {
    let (plan, goal) = engine.finish_plan(change).unwrap();
    let verify = || engine.is_undone(&goal);
    engine.apply(Job { finishes: Some(change), ..job(plan, &verify) }, &mut Silent).unwrap();
}

fn somebody() -> Caller {
    Caller { user: "ann@pve".to_owned(), origin: "192.0.2.7".to_owned() }
}

fn go(way: &str, host: &TestHost, engine: &Engine) {
    match way {
        "done" => drop(renew(engine, false, None).unwrap()),
        "failing" => drop(renew(engine, true, Some(600)).unwrap_err()),
        "confirmed" => {
            let change = renew(engine, false, Some(600)).unwrap().change;
            engine.confirm(change, &somebody()).unwrap();
        }
        "reverted" => {
            let change = renew(engine, false, Some(600)).unwrap().change;
            engine.revert(change, &somebody(), &mut Silent).unwrap();
        }
        "undone" => undo(engine, renew(engine, false, None).unwrap().change),
        "archived" => {
            let change = renew(engine, false, None).unwrap().change;
            undo(engine, change);
            host.clock.store(host.now() + 25 * 60 * 60, Ordering::Relaxed);
            engine.journal().unwrap().rotate(Retention { journal: 0, archives: u64::MAX }).unwrap();
        }
        other => panic!("{other}"),
    }
}

/// Does nothing unless another test of this file starts it as a process of its own.
#[test]
fn the_process_that_dies() {
    let Ok(root) = std::env::var("ENGINE_CRASH_ROOT") else { return };
    let get = |name: &str| std::env::var(name).unwrap();
    fail::cfg(get("ENGINE_CRASH_POINT"), &get("ENGINE_CRASH_ACTION")).unwrap();
    let host = TestHost::new(root.as_str().into());
    let engine = Engine::new(host.clone());
    engine.set_alarm(Box::new(NoAlarm));
    go(&get("ENGINE_CRASH_WAY"), &host, &engine);
}

/// Lets a process of its own die at `point`, when it passes there for the `pass`th time (from 0).
fn crash(fixture: &Fixture, way: &str, point: &str, pass: usize) -> bool {
    let action = if pass == 0 { "return".to_owned() } else { format!("{pass}*off->return") };
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_dies", "--nocapture"])
        .env("ENGINE_CRASH_ROOT", fixture.directory.path())
        .env("ENGINE_CRASH_POINT", point)
        .env("ENGINE_CRASH_ACTION", action)
        .env("ENGINE_CRASH_WAY", way)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    const ABORTED: i32 = 6;
    assert!(status.success() || status.signal() == Some(ABORTED), "{way} {point}: {status}");
    !status.success()
}

/// Every moment that this way passes, each time; returns the moments.
fn die_everywhere(way: &str) -> BTreeSet<&'static str> {
    let mut met = BTreeSet::new();
    for point in FAIL_POINTS {
        for pass in 0..MANY {
            let fixture = Fixture::new();
            if !crash(&fixture, way, point, pass) {
                break;
            }
            met.insert(*point);
            let at = format!("{way}: {point}, pass {pass}");
            inspect(&fixture, &at);
            // what fails cannot be finished
            recover(&fixture, pass % 2 == 0 || way == "failing", &at);
        }
    }
    met
}

macro_rules! ways {
    ($($name:ident: $way:literal),*) => {
        $(#[test] fn $name() {
            assert!(WAYS.contains(&$way));
            let met = die_everywhere($way);
            assert!(met.contains("engine::after-step"), "{met:?}");
        })*
    };
}

ways! {
    whoever_dies_over_a_change_leaves_it_whole_and_one_command_ends_it: "done",
    whoever_dies_over_a_failing_armed_change_leaves_nothing_of_it: "failing",
    whoever_dies_over_an_armed_change_or_its_confirmation_leaves_it_kept_or_taken_back: "confirmed",
    whoever_dies_over_taking_an_armed_change_back_leaves_that_to_the_next: "reverted",
    whoever_dies_over_an_undo_leaves_it_whole_and_one_command_ends_it: "undone",
    whoever_dies_over_an_archive_loses_no_event: "archived"
}

/// A moment that no way passes would be a moment that is not tested.
#[test]
fn every_moment_is_passed_by_some_way() {
    let passed = |point: &&str| WAYS.iter().any(|way| crash(&Fixture::new(), way, point, 0));
    let never: Vec<_> = FAIL_POINTS.iter().filter(|point| !passed(point)).collect();
    assert!(never.is_empty(), "{never:?}");
}

fn texts(fixture: &Fixture) -> [String; 2] {
    FILES.map(|path| fixture.text(path).unwrap())
}

/// What the next process finds.
fn inspect(fixture: &Fixture, at: &str) {
    let texts = texts(fixture);
    for (text, (old, new)) in texts.iter().zip(OLD.into_iter().zip(NEW)) {
        assert!(text == old || text == new, "{at}: {text:?}");
    }
    let engine = fixture.fresh();
    let journal = engine.journal().unwrap();
    let report = journal.verify_chain().unwrap();
    if report.changes == 0 {
        assert_eq!(texts, OLD, "{at}: nothing is done before it is written down");
    } else if report.changes == 1 {
        tells_the_truth(&journal.get(1).unwrap(), &texts, at);
    }
    engine.tasks().housekeep().unwrap();
    let all = TaskFilter { source: Source::All, ..TaskFilter::default() };
    let tasks = engine.tasks().list(&all).unwrap().tasks;
    assert!(tasks.iter().all(|task| task.status.as_deref() != Some("RUNNING")), "{at}: {tasks:?}");
    for change in journal.list(&HistoryFilter::default()).unwrap().0 {
        assert!(change.state != ChangeState::Running, "{at}: {change:?}");
        let ended_well =
            tasks.iter().any(|task| task.upid == change.upid && task.status.as_deref() == Some("OK"));
        let is_done =
            !matches!(change.state, ChangeState::Interrupted | ChangeState::RolledBack | ChangeState::Failed);
        assert!(!ended_well || is_done, "{at}: the task says more than the journal: {change:?}");
    }
}

fn tells_the_truth(change: &Change, texts: &[String; 2], at: &str) {
    let taken_back =
        change.summary.state == ChangeState::Reverted || at.contains("armed::") || at.contains("files::");
    for ((file, step), (text, new)) in change.files.iter().zip(&change.steps).zip(texts.iter().zip(NEW)) {
        let is_new = text == new;
        assert_eq!(file.now, if is_new { FileNow::New } else { FileNow::Old }, "{at}");
        match step.state {
            StepState::Pending | StepState::TakenBack => assert!(!is_new, "{at}: {step:?}"),
            StepState::Started | StepState::Failed => {}
            // while a change is taken back, the file may be restored just before that is written down
            StepState::Done => assert!(
                is_new
                    || taken_back
                    || at.contains("take-back")
                    || at.contains("failing")
                    || at.contains("reverted"),
                "{at}: {step:?}"
            ),
        }
    }
    match change.summary.state {
        ChangeState::Done => assert_eq!(texts.each_ref().map(String::as_str), NEW, "{at}"),
        ChangeState::RolledBack | ChangeState::Reverted => {
            assert_eq!(texts.each_ref().map(String::as_str), OLD, "{at}");
        }
        ChangeState::Interrupted | ChangeState::Armed => {}
        other => panic!("{at}: {other:?}"),
    }
}

/// What the machine does by itself, then the one command of the administrator; afterwards nothing is half done or left over.
fn recover(fixture: &Fixture, by_undo: bool, at: &str) {
    let host = TestHost::new(camino::Utf8Path::from_path(fixture.directory.path()).unwrap());
    host.boots.store(1, Ordering::Relaxed);
    let engine = Engine::new(host.clone());
    engine.set_alarm(Box::new(NoAlarm));
    let failed = engine.revert_due();
    assert!(failed.is_empty(), "{at}: {failed:?}");
    let list = || engine.journal().unwrap().list(&HistoryFilter::default()).unwrap().0;
    let interrupted: Vec<_> =
        list().iter().filter(|one| one.state == ChangeState::Interrupted).map(|one| one.id).collect();
    let findings = engine.findings().unwrap();
    assert_eq!(findings.len(), interrupted.len(), "{at}: {findings:?}");
    assert!(interrupted.len() <= 1, "{at}: {interrupted:?}");
    for change in interrupted {
        if by_undo { undo(&engine, change) } else { finish(&engine, change) }
    }
    let now = texts(fixture);
    assert!(now == OLD || now == NEW, "{at}: {now:?}");
    for change in list() {
        let ended =
            !matches!(change.state, ChangeState::Interrupted | ChangeState::Armed | ChangeState::Running);
        assert!(ended, "{at}: {change:?}");
    }
    assert!(engine.findings().unwrap().is_empty(), "{at}");
    assert!(engine.armed_changes().unwrap().is_empty(), "{at}");
    nothing_is_left_over(fixture, &host, at);
    renew(&engine, false, Some(600)).unwrap_or_else(|problem| panic!("{at}: {problem}"));
    assert_eq!(texts(fixture), NEW, "{at}");
    engine.journal().unwrap().verify_chain().unwrap_or_else(|broken| panic!("{at}: {broken}"));
}

/// Temporary files of the dead are swept once they are old; copies of armed changes are gone by now.
fn nothing_is_left_over(fixture: &Fixture, host: &TestHost, at: &str) {
    for directory in
        ["/etc/apt", "/var/lib/innkeeper", "/var/lib/innkeeper/armed", "/var/lib/innkeeper/archive"]
    {
        let names = || {
            let entries = std::fs::read_dir(fixture.path(directory)).into_iter().flatten();
            entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
        };
        for path in names().iter().filter(|path| path.to_string_lossy().contains(".innkeeper-")) {
            let file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(25 * 60 * 60)).unwrap();
        }
        remove_left_overs(host, directory.into(), 0).unwrap();
        let left: Vec<_> =
            names().into_iter().filter(|path| path.to_string_lossy().contains(".innkeeper-")).collect();
        assert!(left.is_empty(), "{at}: {left:?}");
    }
    assert_eq!(std::fs::read_dir(fixture.path("/etc/apt")).unwrap().count(), 2, "{at}");
}
