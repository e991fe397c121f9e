//! The process dies between any two moments of a change: nothing is lost, and the journal says how far it came.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test starts this program again, to let it die")]

mod common;

use std::os::unix::process::ExitStatusExt as _;

use common::{Fixture, OTHER, SOURCES, job};
use innkeeper_change::{Action, Content, FileChange, Invocation, Plan, Step, Undo};
use innkeeper_engine::{
    Change, ChangeState, Engine, FAIL_POINTS, FileNow, Job, Silent, Source, StepState, TaskFilter,
};
use innkeeper_host::read_content;

const OLD: [&str; 2] = ["deb one\n", "deb other\n"];
const NEW: [&str; 2] = ["new one\n", "new other\n"];
const FILES: [&str; 2] = [SOURCES, OTHER];

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
    });
    if fail { plan.step(Step { what: "fail".to_owned(), action, undo: Undo::Nothing }) } else { plan }
}

fn renew(engine: &Engine, fail: bool) -> Result<innkeeper_engine::Outcome, innkeeper_change::Problem> {
    let verify = || Ok(plan(engine, false));
    let job = Job { lock: Some("/var/lock/renew.lock".into()), ..job(plan(engine, fail), &verify) };
    engine.apply(job, &mut Silent)
}

/// Lets a process of its own die at `point`, when it passes there for the `pass`th time (from 0).
fn crash(fixture: &Fixture, point: &str, pass: usize, fail: bool) -> bool {
    let action = if pass == 0 { "return".to_owned() } else { format!("{pass}*off->return") };
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_dies", "--nocapture"])
        .env("ENGINE_CRASH_ROOT", fixture.directory.path())
        .env("ENGINE_CRASH_POINT", point)
        .env("ENGINE_CRASH_ACTION", action)
        .env("ENGINE_CRASH_FAIL", if fail { "1" } else { "0" })
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    const ABORTED: i32 = 6;
    assert!(status.success() || status.signal() == Some(ABORTED), "{point}: {status}");
    !status.success()
}

/// Does nothing unless another test of this file starts it as a process of its own.
#[test]
fn the_process_that_dies() {
    let Ok(root) = std::env::var("ENGINE_CRASH_ROOT") else { return };
    let get = |name: &str| std::env::var(name).unwrap();
    fail::cfg(get("ENGINE_CRASH_POINT"), &get("ENGINE_CRASH_ACTION")).unwrap();
    let engine = Engine::new(common::TestHost::new(root.as_str().into()));
    let fail = get("ENGINE_CRASH_FAIL") == "1";
    assert_eq!(renew(&engine, fail).is_err(), fail);
}

#[test]
fn a_process_that_dies_at_any_moment_leaves_each_file_old_or_new_and_the_journal_says_which() {
    for point in FAIL_POINTS {
        let mut crashes = 0;
        for (fail, pass) in [(false, 0), (false, 1), (true, 0), (true, 1), (true, 2)] {
            let fixture = Fixture::new();
            if crash(&fixture, point, pass, fail) {
                crashes += 1;
                inspect(&fixture, &format!("{point}, pass {pass}, failing {fail}"));
                recover(&fixture);
            }
        }
        assert!(crashes > 0, "no change ever passes {point}");
    }
}

/// What the next process finds.
fn inspect(fixture: &Fixture, at: &str) {
    let texts = FILES.map(|path| fixture.text(path).unwrap());
    for (text, (old, new)) in texts.iter().zip(OLD.into_iter().zip(NEW)) {
        assert!(text == old || text == new, "{at}: {text:?}");
    }
    let engine = fixture.fresh();
    let journal = engine.journal().unwrap();
    let report = journal.verify_chain().unwrap();
    if report.changes == 0 {
        assert_eq!(texts, OLD, "{at}: nothing is done before it is written down");
    } else {
        tells_the_truth(&journal.get(1).unwrap(), &texts, at);
    }
    engine.tasks().housekeep().unwrap();
    let all = TaskFilter { source: Source::All, ..TaskFilter::default() };
    let tasks = engine.tasks().list(&all).unwrap().tasks;
    // the log is made before the task is listed: who dies between the two has done nothing yet
    let expected = usize::from(!at.starts_with("tasks::after-log"));
    assert_eq!(tasks.len(), expected, "{at}: {tasks:?}");
    assert!(tasks.iter().all(|task| task.status.as_deref() != Some("RUNNING")), "{at}: {tasks:?}");
    let left: Vec<_> = std::fs::read_dir(fixture.path("/etc/apt")).unwrap().collect();
    assert_eq!(left.len(), 2, "{at}: {left:?}");
}

fn tells_the_truth(change: &Change, texts: &[String; 2], at: &str) {
    for ((file, step), (text, new)) in change.files.iter().zip(&change.steps).zip(texts.iter().zip(NEW)) {
        let is_new = text == new;
        assert_eq!(file.now, if is_new { FileNow::New } else { FileNow::Old }, "{at}");
        match step.state {
            StepState::Pending | StepState::TakenBack => assert!(!is_new, "{at}: {step:?}"),
            StepState::Started | StepState::Failed => {}
            // while a failed change is taken back, the file may be restored just before that is written down
            StepState::Done => assert!(is_new || at.contains("take-back"), "{at}: {step:?}"),
        }
    }
    match change.summary.state {
        ChangeState::Done => assert_eq!(texts.each_ref().map(String::as_str), NEW, "{at}"),
        ChangeState::RolledBack => assert_eq!(texts.each_ref().map(String::as_str), OLD, "{at}"),
        ChangeState::Interrupted => {}
        other => panic!("{at}: {other:?}"),
    }
}

/// The administrator takes the interrupted change back, and makes it again.
fn recover(fixture: &Fixture) {
    let engine = fixture.fresh();
    if engine.journal().unwrap().verify_chain().unwrap().changes > 0 {
        let state = engine.journal().unwrap().get(1).unwrap().summary.state;
        if state != ChangeState::RolledBack {
            let (plan, goal) = engine.undo_plan(1).unwrap();
            let verify = || engine.is_undone(&goal);
            engine.apply(Job { undoes: Some(1), ..job(plan, &verify) }, &mut Silent).unwrap();
            assert_eq!(engine.journal().unwrap().get(1).unwrap().summary.state, ChangeState::Undone);
        }
    }
    assert_eq!(FILES.map(|path| fixture.text(path).unwrap()), OLD);
    renew(&engine, false).unwrap();
    let now = FILES.map(|path| read_content(&**engine.host(), path.into()).unwrap());
    assert_eq!(now, NEW.map(|text| Some(Content::from(text))));
    engine.journal().unwrap().verify_chain().unwrap();
}
