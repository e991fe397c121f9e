//! Changes that are taken back unless somebody confirms them.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the files from outside")]

mod common;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use common::{Fixture, OTHER, SOURCES, job, nothing_left};
use innkeeper_change::{Action, Content, FileChange, Invocation, Plan, Problem, Step, Undo, UnitVerb};
use innkeeper_engine::{Alarm, ArmedState, Caller, ChangeState, Engine, Job, Outcome, Silent};

/// An alarm that only writes down what it is told: in these tests nobody else takes anything back.
#[derive(Clone, Default)]
struct Notebook(Arc<Mutex<Vec<String>>>);

impl Alarm for Notebook {
    fn set(&self, change: i64, seconds: u32) -> Result<(), Problem> {
        self.0.lock().unwrap().push(format!("set {change} {seconds}"));
        Ok(())
    }
    fn clear(&self, change: i64) {
        self.0.lock().unwrap().push(format!("clear {change}"));
    }
}

/// A fixture whose changes can be armed.
fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.engine.set_alarm(Box::new(Notebook::default()));
    fixture
}

fn arm(fixture: &Fixture, plan: Plan) -> Result<Outcome, Problem> {
    arm_under(fixture, plan, None)
}

fn arm_under(fixture: &Fixture, plan: Plan, lock: Option<&str>) -> Result<Outcome, Problem> {
    let job = Job { confirm_within: Some(60), lock: lock.map(Into::into), ..job(plan, &nothing_left) };
    fixture.engine.apply(job, &mut Silent)
}

fn set(fixture: &Fixture, path: &str, text: &str) -> Plan {
    Plan::new(format!("set {path}")).step(Step::file(format!("write {path}"), fixture.change(path, text)))
}

fn sh(what: &str, script: &str, undo: Undo) -> Step {
    Step { what: what.to_owned(), action: program(script), undo }
}

fn program(script: &str) -> Action {
    let args = vec!["-c".into(), script.into()];
    Action::Run(Invocation {
        program: "/bin/sh".into(),
        args,
        stdin: None,
        deadline: 10,
        produces: None,
        accept: Vec::new(),
    })
}

fn ann() -> Caller {
    Caller { user: "ann@pve".to_owned(), origin: "192.0.2.7".to_owned() }
}

fn pass(fixture: &Fixture, seconds: u64) {
    fixture.host.passed.fetch_add(seconds, Ordering::Relaxed);
}

fn state(engine: &Engine, change: i64) -> ChangeState {
    engine.journal().unwrap().get(change).unwrap().summary.state
}

/// Nothing is left of what was kept about armed changes.
fn nothing_is_kept(fixture: &Fixture) {
    let names = |path: &str| -> Vec<String> {
        let entries = std::fs::read_dir(fixture.path(path)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("/var/lib/innkeeper/armed"), [""; 0]);
    let beside: Vec<_> = names("/etc/apt").into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(beside, [""; 0]);
}

#[test]
fn a_change_that_nobody_confirms_is_taken_back_byte_for_byte_when_its_time_is_up() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = fixture();
    let odd = b"deb one\r\n\xff\xfe no newline".to_vec();
    std::fs::write(fixture.path(SOURCES), &odd).unwrap();
    std::fs::set_permissions(fixture.path(OTHER), std::fs::Permissions::from_mode(0o600)).unwrap();
    let plan = Plan::new("three files")
        .step(Step::file("change", FileChange::write(SOURCES, Some(Content::new(odd.clone())), "new\n")))
        .step(Step::file("make", fixture.change("/etc/apt/new.list", "made\n")))
        .step(Step::file("remove", FileChange::remove(OTHER, Content::from("deb other\n"))));
    let change = arm(&fixture, plan).unwrap().change;
    assert_eq!(fixture.text(SOURCES).unwrap(), "new\n");
    assert_eq!(state(&fixture.engine, change), ChangeState::Armed);
    pass(&fixture, 59);
    assert!(fixture.engine.revert_due().is_empty());
    assert_eq!(fixture.text(SOURCES).unwrap(), "new\n");
    pass(&fixture, 1);
    assert!(fixture.engine.revert_due().is_empty());
    assert_eq!(std::fs::read(fixture.path(SOURCES)).unwrap(), odd);
    assert_eq!(fixture.text("/etc/apt/new.list"), None);
    assert_eq!(fixture.text(OTHER).unwrap(), "deb other\n");
    let mode = std::fs::metadata(fixture.path(OTHER)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(state(&fixture.engine, change), ChangeState::Reverted);
    let ended = fixture.engine.armed_change(change).unwrap();
    assert_eq!((ended.state, ended.left, ended.deadline), (ArmedState::Reverted, 0, None));
    assert_eq!(ended.ended_from.as_deref(), Some("timer"));
    nothing_is_kept(&fixture);
    fixture.engine.journal().unwrap().verify_chain().unwrap();
}

#[test]
fn a_confirmed_change_stays_and_says_who_confirmed_it() {
    let fixture = fixture();
    let notebook = Notebook::default();
    let engine = fixture.fresh();
    engine.set_alarm(Box::new(notebook.clone()));
    let job = Job { confirm_within: Some(60), ..job(set(&fixture, SOURCES, "new\n"), &nothing_left) };
    let change = engine.apply(job, &mut Silent).unwrap().change;
    let waiting = engine.armed_changes().unwrap().remove(0);
    assert_eq!((waiting.id, waiting.state, waiting.within), (change, ArmedState::Waiting, Some(60)));
    assert!((58..=60).contains(&waiting.left), "{waiting:?}");
    assert_eq!(waiting.holds, [SOURCES]);
    assert_eq!((&*waiting.user, &*waiting.what), ("root@pam", "set /etc/apt/sources.list"));
    engine.confirm(change, &ann()).unwrap();
    assert_eq!(*notebook.0.lock().unwrap(), ["set 1 60", "clear 1"]);
    pass(&fixture, 100);
    assert!(fixture.engine.revert_due().is_empty());
    assert_eq!(fixture.text(SOURCES).unwrap(), "new\n");
    assert_eq!(state(&engine, change), ChangeState::Done);
    assert!(engine.armed_changes().unwrap().is_empty());
    let ended = engine.armed_change(change).unwrap();
    assert_eq!(ended.state, ArmedState::Confirmed);
    assert_eq!(
        (ended.ended_by.as_deref(), ended.ended_from.as_deref()),
        (Some("ann@pve"), Some("192.0.2.7"))
    );
    nothing_is_kept(&fixture);
    let problem = engine.revert(change, &ann(), &mut Silent).unwrap_err();
    assert!(problem.to_string().contains("was confirmed and stays"), "{problem}");
    // an ordinary undo works as for every other change
    let (plan, goal) = engine.undo_plan(change).unwrap();
    let verify = || engine.is_undone(&goal);
    engine.apply(Job { undoes: Some(change), ..common::job(plan, &verify) }, &mut Silent).unwrap();
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
}

#[test]
fn confirming_too_late_says_that_it_was_taken_back() {
    let fixture = fixture();
    let change = arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap().change;
    pass(&fixture, 60);
    let problem = fixture.engine.confirm(change, &ann()).unwrap_err();
    assert_eq!(problem.status(), 409);
    assert_eq!(problem.to_string(), "change '1' was not confirmed in time and is being taken back");
    fixture.engine.revert_due();
    let problem = fixture.engine.confirm(change, &ann()).unwrap_err();
    assert_eq!(problem.to_string(), "change '1' was taken back (timer); make it again if it shall be");
    assert!(matches!(fixture.engine.confirm(7, &ann()), Err(Problem::NotFound(_))));
    let plain = fixture.set(OTHER, "plain\n");
    assert!(matches!(fixture.engine.confirm(plain, &ann()), Err(Problem::NotFound(_))), "it was not armed");
}

#[test]
fn a_clock_that_jumps_neither_loses_the_deadline_nor_brings_it_forward() {
    for jump in [86_400, -86_400] {
        let fixture = fixture();
        let change = arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap().change;
        let real = innkeeper_host::Host::now(&*fixture.host);
        fixture.host.clock.store(real + jump, Ordering::Relaxed);
        assert!(fixture.engine.revert_due().is_empty());
        assert_eq!(fixture.text(SOURCES).unwrap(), "new\n", "{jump}");
        let view = fixture.engine.armed_change(change).unwrap();
        assert!((58..=60).contains(&view.left), "{view:?}");
        assert_eq!(view.deadline, Some(real + jump + i64::try_from(view.left).unwrap()));
        pass(&fixture, 60);
        fixture.engine.revert_due();
        assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n", "{jump}");
    }
}

#[test]
fn after_the_machine_was_started_again_an_unconfirmed_change_is_taken_back_at_once() {
    let fixture = fixture();
    let change = arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap().change;
    fixture.host.boots.fetch_add(1, Ordering::Relaxed);
    assert_eq!(fixture.engine.armed_change(change).unwrap().state, ArmedState::Reverting);
    assert!(fixture.engine.confirm(change, &ann()).is_err());
    assert!(fixture.engine.revert_due().is_empty());
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
    let ended = fixture.engine.armed_change(change).unwrap();
    assert_eq!(ended.ended_from.as_deref(), Some("start of the machine"));
}

#[test]
fn two_on_different_things_wait_at_once_and_a_second_on_the_same_is_refused_with_the_seconds_left() {
    let fixture = fixture();
    let unit = |name: &str| {
        let action = Action::Unit { unit: name.to_owned(), verb: UnitVerb::Reload };
        Plan::new("unit").step(Step { what: "reload".to_owned(), action, undo: Undo::Nothing })
    };
    let first =
        arm_under(&fixture, set(&fixture, SOURCES, "new\n"), Some("/run/lock/one.lck")).unwrap().change;
    let second =
        arm_under(&fixture, set(&fixture, OTHER, "new\n"), Some("/run/lock/two.lck")).unwrap().change;
    assert_eq!(fixture.engine.armed_changes().unwrap().len(), 2);
    let refused = |outcome: Result<Outcome, Problem>, by: i64| {
        let problem = outcome.unwrap_err();
        assert_eq!(problem.status(), 409, "{problem}");
        let text = problem.to_string();
        assert!(text.contains(&format!("change '{by}' waits to be confirmed for another ")), "{text}");
        let seconds = text.split("another ").nth(1).unwrap().split(' ').next().unwrap();
        assert!((50..=60).contains(&seconds.parse::<u64>().unwrap()), "{text}");
    };
    refused(arm(&fixture, set(&fixture, SOURCES, "third\n")), first);
    // one that is not armed must not build on what may vanish either
    refused(fixture.apply(set(&fixture, OTHER, "third\n")), second);
    assert_eq!(fixture.text(OTHER).unwrap(), "new\n");
    // the same lock keeps out another armed change, and lets through one that is not
    let free = set(&fixture, "/etc/apt/free.list", "free\n");
    refused(arm_under(&fixture, free.clone(), Some("/run/lock/one.lck")), first);
    let unarmed = Job { lock: Some("/run/lock/one.lck".into()), ..job(free, &nothing_left) };
    fixture.engine.apply(unarmed, &mut Silent).unwrap();
    // an armed change that holds a unit keeps others away from it; it has no systemd here, so it never got that far
    assert!(arm(&fixture, unit("x.service")).is_err());
    fixture.engine.confirm(first, &ann()).unwrap();
    fixture.apply(set(&fixture, SOURCES, "third\n")).unwrap();
    pass(&fixture, 60);
    fixture.engine.revert_due();
    assert_eq!(
        (&*fixture.text(SOURCES).unwrap(), &*fixture.text(OTHER).unwrap()),
        ("third\n", "deb other\n")
    );
    nothing_is_kept(&fixture);
}

#[test]
fn what_is_overdue_is_taken_back_before_the_next_change_of_the_same_file() {
    let fixture = fixture();
    arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap();
    pass(&fixture, 61);
    // planned over what is about to vanish: planned again over what is there then
    let replan = || Ok(set(&fixture, SOURCES, "deb one\nlater\n"));
    let job = Job { replan: Some(&replan), ..job(set(&fixture, SOURCES, "new\nlater\n"), &nothing_left) };
    fixture.engine.apply(job, &mut Silent).unwrap();
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\nlater\n");
    assert_eq!(state(&fixture.engine, 1), ChangeState::Reverted);
}

#[test]
fn a_file_that_moved_on_is_left_alone_and_the_change_stays_stuck_with_the_difference() {
    let fixture = fixture();
    let plan = set(&fixture, SOURCES, "new\n").step(Step::file("other", fixture.change(OTHER, "new\n")));
    let change = arm(&fixture, plan).unwrap().change;
    fixture.write(SOURCES, "new\nand an editor\n");
    pass(&fixture, 60);
    let failed = fixture.engine.revert_due();
    assert!(
        matches!(failed.as_slice(), [(1, Problem::Conflict { diff, .. })] if diff.contains("+and an editor"))
    );
    assert_eq!(fixture.text(SOURCES).unwrap(), "new\nand an editor\n");
    assert_eq!(fixture.text(OTHER).unwrap(), "new\n", "all or nothing");
    let stuck = fixture.engine.armed_changes().unwrap().remove(0);
    assert_eq!(stuck.state, ArmedState::Stuck);
    assert!(stuck.error.unwrap().contains("has changed since change '1'"));
    assert!(stuck.diff.unwrap().contains("+and an editor"));
    assert!(fixture.engine.revert_due().is_empty(), "it is not tried again and again");
    // it blocks nobody
    fixture.apply(set(&fixture, OTHER, "new\n# seen\n")).unwrap();
    fixture.write(OTHER, "new\n");
    // once the administrator has cleared up, it is taken back after all
    fixture.write(SOURCES, "new\n");
    fixture.engine.revert(change, &ann(), &mut Silent).unwrap();
    assert_eq!(
        (&*fixture.text(SOURCES).unwrap(), &*fixture.text(OTHER).unwrap()),
        ("deb one\n", "deb other\n")
    );
    assert_eq!(state(&fixture.engine, change), ChangeState::Reverted);
    nothing_is_kept(&fixture);
}

#[test]
fn a_stuck_change_can_be_kept_as_it_is() {
    let fixture = fixture();
    let change = arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap().change;
    fixture.write(SOURCES, "mine\n");
    pass(&fixture, 60);
    fixture.engine.revert_due();
    fixture.engine.confirm(change, &ann()).unwrap();
    assert_eq!(fixture.text(SOURCES).unwrap(), "mine\n");
    assert_eq!(fixture.engine.armed_change(change).unwrap().state, ArmedState::Confirmed);
    nothing_is_kept(&fixture);
}

#[test]
fn somebody_can_take_it_back_before_its_time_is_up() {
    let fixture = fixture();
    let change = arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap().change;
    let problem = fixture.engine.undo_plan(change).unwrap_err();
    assert!(problem.to_string().contains("'innkeeper changes revert 1'"), "{problem}");
    let plan = fixture.engine.revert_plan(change).unwrap();
    assert_eq!(plan.steps.len(), 1);
    fixture.engine.revert(change, &ann(), &mut Silent).unwrap();
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
    let ended = fixture.engine.armed_change(change).unwrap();
    assert_eq!((ended.state, ended.ended_by.as_deref()), (ArmedState::Reverted, Some("ann@pve")));
    let problem = fixture.engine.revert(change, &ann(), &mut Silent).unwrap_err();
    assert!(problem.to_string().contains("was taken back"), "{problem}");
    let problem = fixture.engine.undo_plan(change).unwrap_err();
    assert!(problem.to_string().contains("was taken back already"), "{problem}");
}

#[test]
fn a_failing_armed_change_is_taken_back_at_once_and_leaves_nothing_pending() {
    let fixture = fixture();
    let mut plan = set(&fixture, SOURCES, "new\n").step(sh("fail", "exit 3", Undo::Nothing));
    plan.on_failure = innkeeper_change::OnFailure::Stop;
    arm(&fixture, plan).unwrap_err();
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
    assert_eq!(state(&fixture.engine, 1), ChangeState::RolledBack);
    assert!(fixture.engine.armed_changes().unwrap().is_empty());
    nothing_is_kept(&fixture);
    arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap();
}

#[test]
fn programs_are_taken_back_with_what_they_produced_without_the_journal() {
    let fixture = fixture();
    let log = fixture.path("/made").to_string();
    let mut make = Invocation {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), "echo id-42".into()],
        stdin: None,
        deadline: 10,
        produces: Some("id".to_owned()),
        accept: Vec::new(),
    };
    let action = Action::Run(make.clone());
    make.args = vec![
        "-c".into(),
        format!("echo removed $0 >> {log}").as_str().into(),
        innkeeper_change::Value::Binding("id".to_owned()),
    ];
    make.produces = None;
    let step = Step { what: "make".to_owned(), action, undo: Undo::By(vec![Action::Run(make)]) };
    let change = arm(&fixture, set(&fixture, SOURCES, "new\n").step(step)).unwrap().change;
    // the journal is gone, and cannot be made either
    std::fs::remove_file(fixture.path("/var/lib/innkeeper/journal.db")).unwrap();
    fixture.write("/var/lib/innkeeper/journal.db", &"no database\n".repeat(100));
    let engine = fixture.fresh();
    engine.revert(change, &ann(), &mut Silent).unwrap();
    assert_eq!(std::fs::read_to_string(fixture.path("/made")).unwrap(), "removed id-42\n");
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
    assert_eq!(engine.armed_change(change).unwrap().state, ArmedState::Reverted);
    // a journal that works again is not told of a change that it does not know, and nothing stays behind
    std::fs::remove_file(fixture.path("/var/lib/innkeeper/journal.db")).unwrap();
    fixture.fresh().settle_armed();
    nothing_is_kept(&fixture);
}

#[test]
fn what_cannot_be_taken_back_cannot_be_armed() {
    let fixture = fixture();
    let plan = Plan::new("wipe").step(sh("wipe", "true", Undo::Impossible("the data is gone".to_owned())));
    let Problem::Parameters(wrong) = fixture.engine.require_armable(&plan).unwrap_err() else { panic!() };
    assert!(wrong["confirm-within"].contains("the data is gone"), "{wrong:?}");
    let problem = Fixture::new().engine.require_armable(&Plan::new("nothing")).unwrap_err();
    assert_eq!(problem.status(), 501, "{problem}");
}

#[test]
fn a_damaged_record_harms_nobody_and_is_told() {
    let fixture = fixture();
    let change = arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap().change;
    fixture.write("/var/lib/innkeeper/armed/1.waiting", "{ torn");
    let failed = fixture.engine.revert_due();
    assert!(
        matches!(failed.as_slice(), [(1, problem)] if problem.to_string().contains("is damaged")),
        "{failed:?}"
    );
    assert!(fixture.engine.armed_changes().unwrap().is_empty());
    fixture.apply(set(&fixture, OTHER, "works\n")).unwrap();
    assert!(fixture.engine.armed_change(change).is_err());
}

#[test]
fn many_who_confirm_and_take_back_at_once_agree_in_the_end() {
    for _ in 0..5 {
        let fixture = fixture();
        let change = arm(&fixture, set(&fixture, SOURCES, "new\n")).unwrap().change;
        let (confirmed, reverted) = std::thread::scope(|scope| {
            let confirming: Vec<_> =
                (0..4).map(|_| scope.spawn(|| fixture.fresh().confirm(change, &ann()).is_ok())).collect();
            let reverting: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| fixture.fresh().revert(change, &ann(), &mut Silent).is_ok()))
                .collect();
            let count = |all: Vec<std::thread::ScopedJoinHandle<'_, bool>>| {
                all.into_iter().filter_map(|one| one.join().unwrap().then_some(())).count()
            };
            (count(confirming), count(reverting))
        });
        assert_eq!(confirmed + reverted, 1, "one decides");
        let expected = if confirmed == 1 { "new\n" } else { "deb one\n" };
        assert_eq!(fixture.text(SOURCES).unwrap(), expected);
        fixture.engine.settle_armed();
        nothing_is_kept(&fixture);
        fixture.engine.journal().unwrap().verify_chain().unwrap();
    }
}
