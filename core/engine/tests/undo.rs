//! Taking changes back.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the files from outside")]

mod common;

use common::{Fixture, OTHER, SOURCES, job, nothing_left};
use innkeeper_change::{Action, Content, FileChange, Invocation, Plan, Problem, Step, Undo, Value};
use innkeeper_engine::{ChangeState, Job, Outcome, Silent};

/// Takes a change back, as the command `undo` does.
fn undo(fixture: &Fixture, change: i64) -> Result<Outcome, Problem> {
    let (plan, goal) = fixture.engine.undo_plan(change)?;
    let verify = || fixture.engine.is_undone(&goal);
    let job = Job { undoes: Some(change), ..job(plan, &verify) };
    fixture.engine.apply(job, &mut Silent)
}

fn state(fixture: &Fixture, change: i64) -> (ChangeState, Option<i64>) {
    let change = fixture.engine.journal().unwrap().get(change).unwrap();
    (change.summary.state, change.summary.undone_by)
}

#[test]
fn taking_back_restores_every_byte_and_can_itself_be_taken_back() {
    let fixture = Fixture::new();
    let odd = b"deb one\r\n\xff\xfe\0 no newline".to_vec();
    std::fs::write(fixture.path(SOURCES), &odd).unwrap();
    let plan = Plan::new("three files")
        .step(Step::file("change", FileChange::write(SOURCES, Some(Content::new(odd.clone())), "new\n")))
        .step(Step::file("make", fixture.change("/etc/apt/new.list", "made\n")))
        .step(Step::file("remove", FileChange::remove(OTHER, Content::from("deb other\n"))));
    let first = fixture.apply(plan).unwrap().change;

    let offered = |change| fixture.engine.journal().unwrap().get(change).unwrap().summary.reversible;
    assert_eq!(offered(first), 1);
    let second = undo(&fixture, first).unwrap().change;
    assert_eq!((offered(first), offered(second)), (0, 1));
    assert_eq!(std::fs::read(fixture.path(SOURCES)).unwrap(), odd);
    assert_eq!(fixture.text("/etc/apt/new.list"), None);
    assert_eq!(fixture.text(OTHER).unwrap(), "deb other\n");
    assert_eq!(state(&fixture, first), (ChangeState::Undone, Some(second)));
    let problem = undo(&fixture, first).unwrap_err();
    assert_eq!(problem.to_string(), "change '1' was taken back already, by change '2'");

    let third = undo(&fixture, second).unwrap().change;
    assert_eq!(fixture.text(SOURCES).unwrap(), "new\n");
    assert_eq!(fixture.text("/etc/apt/new.list").unwrap(), "made\n");
    assert_eq!(fixture.text(OTHER), None);
    assert_eq!(state(&fixture, second), (ChangeState::Undone, Some(third)));
    assert_eq!(state(&fixture, first), (ChangeState::Done, None), "it stands again");
    undo(&fixture, first).unwrap();
    assert_eq!(std::fs::read(fixture.path(SOURCES)).unwrap(), odd);
}

/// What programs made of a file they make of it again, whichever way it goes.
#[test]
fn taking_back_what_programs_did_can_be_taken_back_too() {
    let fixture = Fixture::new();
    let file = fixture.path(SOURCES);
    let (copy, log) = (fixture.path("/copy"), fixture.path("/log"));
    let run = |script: String| {
        Action::Run(Invocation {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), Value::from(script.as_str())],
            stdin: None,
            deadline: 10,
            produces: None,
            accept: Vec::new(),
        })
    };
    let reload = || run(format!("cp {} {}; echo reload >> {}", file, copy, log));
    let note = |what: &str| run(format!("echo {what} >> {log}"));
    let step = |what: &str, action, undo| Step { what: what.to_owned(), action, undo };
    let before = fixture.text(SOURCES).unwrap();
    let plan = Plan::new("file and copy")
        .step(step("look", note("look"), Undo::By(vec![reload(), note("back")])))
        .step(Step::file("change", fixture.change(SOURCES, "new\n")))
        .step(step("reload", reload(), Undo::Nothing))
        .step(step("note", note("done"), Undo::Nothing));
    let first = fixture.apply(plan).unwrap().change;
    let told = || std::fs::read_to_string(&log).unwrap().replace('\n', " ");
    assert_eq!(told(), "look reload done ");
    let second = undo(&fixture, first).unwrap().change;
    assert_eq!(told(), "look reload done reload back ");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), before);
    let reversible = |change| fixture.engine.journal().unwrap().get(change).unwrap().summary.reversible;
    assert_eq!(reversible(second), 1);
    let third = undo(&fixture, second).unwrap().change;
    assert_eq!(told(), "look reload done reload back look reload done ");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "new\n");
    undo(&fixture, third).unwrap();
    assert_eq!(told(), "look reload done reload back look reload done reload back ");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), before);
}

#[test]
fn two_who_take_back_the_same_change_at_once_do_it_once() {
    let fixture = Fixture::new();
    let change = fixture.set(SOURCES, "deb two\n");
    let (plan, goal) = fixture.engine.undo_plan(change).unwrap();
    undo(&fixture, change).unwrap();
    let verify = || fixture.engine.is_undone(&goal);
    let late = Job { undoes: Some(change), ..job(plan, &verify) };
    let problem = fixture.engine.apply(late, &mut Silent).unwrap_err();
    assert_eq!(problem.to_string(), "change '1' was taken back already, by change '2'");
    assert_eq!(fixture.engine.journal().unwrap().verify_chain().unwrap().changes, 2);
}

#[test]
fn taking_back_takes_the_lock_under_which_the_change_was_made() {
    use innkeeper_host::Host as _;
    let fixture = Fixture::new();
    let lock = camino::Utf8Path::new("/var/lock/pvenode.lock");
    let plan = Plan::new("set").step(Step::file("write", fixture.change(SOURCES, "deb two\n")));
    let locked = Job { lock: Some(lock.to_owned()), ..job(plan, &nothing_left) };
    let change = fixture.engine.apply(locked, &mut Silent).unwrap().change;
    let guard = fixture.host.lock(lock, std::time::Duration::ZERO).unwrap();
    let log = std::thread::scope(|scope| {
        let undoing = scope.spawn(|| fixture.log_of(&undo(&fixture, change).unwrap().upid));
        std::thread::sleep(std::time::Duration::from_millis(300));
        drop(guard);
        undoing.join().unwrap()
    });
    assert!(log.starts_with("trying to acquire lock...\n OK\n"), "{log}");
}

#[test]
fn a_file_that_moved_on_is_not_overwritten_and_the_difference_is_shown() {
    let fixture = Fixture::new();
    let change = fixture.set(SOURCES, "deb two\n");
    fixture.write(SOURCES, "deb two\ndeb three\n");
    let Problem::Conflict { message, diff } = undo(&fixture, change).unwrap_err() else { panic!() };
    assert!(message.starts_with("/etc/apt/sources.list: "), "{message}");
    assert!(diff.contains("+deb three\n") && diff.contains(" deb two\n"), "{diff}");
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb two\ndeb three\n");
    std::fs::remove_file(fixture.path(SOURCES)).unwrap();
    assert!(matches!(undo(&fixture, change), Err(Problem::Conflict { .. })));
    assert_eq!(fixture.text(SOURCES), None);
    assert_eq!(state(&fixture, change), (ChangeState::Done, None));
}

#[test]
fn a_file_that_somebody_restored_already_needs_no_step() {
    let fixture = Fixture::new();
    let change = fixture.set(SOURCES, "deb two\n");
    fixture.write(SOURCES, "deb one\n");
    let (plan, goal) = fixture.engine.undo_plan(change).unwrap();
    assert!(plan.is_empty());
    assert!(fixture.engine.is_undone(&goal).unwrap().is_empty());
    fixture.write(SOURCES, "something else\n");
    assert!(!fixture.engine.is_undone(&goal).unwrap().is_empty());
}

#[test]
fn two_changes_of_one_file_are_taken_back_from_the_newer_one() {
    let fixture = Fixture::new();
    let plan = |middle: &str, end: &str| {
        let first = fixture.change(SOURCES, middle);
        let second = FileChange::write(SOURCES, first.after.clone(), end);
        Plan::new("twice").step(Step::file("first", first)).step(Step::file("second", second))
    };
    let older = fixture.apply(plan("a\n", "b\n")).unwrap().change;
    let newer = fixture.apply(plan("c\n", "d\n")).unwrap().change;
    assert!(matches!(undo(&fixture, older), Err(Problem::Conflict { .. })));
    undo(&fixture, newer).unwrap();
    undo(&fixture, older).unwrap();
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
}

fn run(what: &str, script: &str, undo: Undo) -> Step {
    Step { what: what.to_owned(), action: invocation(script, vec![], None), undo }
}

fn invocation(script: &str, more: Vec<Value>, produces: Option<&str>) -> Action {
    let mut args: Vec<Value> = vec!["-c".into(), script.into()];
    args.extend(more);
    Action::Run(Invocation {
        program: "/bin/sh".into(),
        args,
        stdin: None,
        deadline: 10,
        produces: produces.map(str::to_owned),
        accept: Vec::new(),
    })
}

#[test]
fn a_step_that_cannot_be_taken_back_is_named_and_nothing_is_done() {
    let fixture = Fixture::new();
    let plan = Plan::new("wipe").step(Step::file("write", fixture.change(SOURCES, "new\n"))).step(run(
        "wipe a disk",
        "true",
        Undo::Impossible("the data is gone".to_owned()),
    ));
    let change = fixture.apply(plan).unwrap().change;
    let offered = |change| fixture.engine.journal().unwrap().get(change).unwrap().summary.reversible;
    assert_eq!(offered(change), 0, "nobody is offered what would be refused");
    let problem = fixture.engine.undo_plan(change).unwrap_err();
    assert_eq!(problem, Problem::Invalid("'wipe a disk' cannot be taken back: the data is gone".to_owned()));

    let mut secret = FileChange::write("/etc/secret", None, "hunter2\n");
    secret.secret = true;
    let plan = Plan::new("secret").step(Step::file("write a secret", secret));
    let change = fixture.apply(plan).unwrap().change;
    let problem = fixture.engine.undo_plan(change).unwrap_err();
    assert!(problem.to_string().contains("held a secret, which is not kept"), "{problem}");
    assert_eq!(offered(change), 0);
    let refresh = Plan::new("look").step(run("look", "true", Undo::Nothing));
    assert_eq!(offered(fixture.apply(refresh).unwrap().change), 0, "there is nothing to take back");
}

#[test]
fn a_program_that_takes_back_another_is_told_what_that_one_made() {
    let fixture = Fixture::new();
    let log = fixture.path("/made").to_string();
    let remove =
        invocation(&format!("echo \"removed $0\" >> {log}"), vec![Value::Binding("id".to_owned())], None);
    let action = invocation("echo id-42", vec![], Some("id"));
    let step = Step { what: "make it".to_owned(), action, undo: Undo::By(vec![remove]) };
    let change = fixture.apply(Plan::new("make").step(step)).unwrap().change;
    undo(&fixture, change).unwrap();
    assert_eq!(fixture.text("/made").unwrap(), "removed id-42\n");
}

#[test]
fn what_failed_and_was_taken_back_at_once_has_nothing_left_to_take_back() {
    let fixture = Fixture::new();
    let plan = Plan::new("fails").step(Step::file("write", fixture.change(SOURCES, "new\n"))).step(run(
        "fail",
        "exit 1",
        Undo::Nothing,
    ));
    fixture.apply(plan).unwrap_err();
    let problem = fixture.engine.undo_plan(1).unwrap_err();
    assert!(problem.to_string().contains("nothing of it is left"), "{problem}");
    assert_eq!(fixture.engine.undo_plan(7).unwrap_err(), Problem::NotFound("no such change '7'".to_owned()));
}

#[test]
fn a_change_that_failed_half_way_and_stayed_is_taken_back_as_far_as_it_got() {
    let fixture = Fixture::new();
    let mut plan = Plan::new("fails")
        .step(Step::file("write", fixture.change(SOURCES, "new\n")))
        .step(run("fail", "exit 1", Undo::By(vec![invocation("exit 1", vec![], None)])))
        .step(Step::file("never", fixture.change(OTHER, "never\n")));
    plan.on_failure = innkeeper_change::OnFailure::Stop;
    fixture.apply(plan).unwrap_err();
    assert_eq!(fixture.text(SOURCES).unwrap(), "new\n");
    undo(&fixture, 1).unwrap();
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
    assert_eq!(fixture.text(OTHER).unwrap(), "deb other\n");
    assert_eq!(state(&fixture, 1).0, ChangeState::Undone);
}

#[test]
fn a_failing_attempt_to_take_back_leaves_the_change_as_it_was() {
    let fixture = Fixture::new();
    let plan = Plan::new("make")
        .step(Step::file("write", fixture.change(SOURCES, "new\n")))
        .step(Step::file("other", fixture.change(OTHER, "new\n")));
    let change = fixture.apply(plan).unwrap().change;
    let (plan, _) = fixture.engine.undo_plan(change).unwrap();
    let job =
        Job { undoes: Some(change), ..job(plan.step(run("fail", "exit 1", Undo::Nothing)), &nothing_left) };
    fixture.engine.apply(job, &mut Silent).unwrap_err();
    assert_eq!(
        (fixture.text(SOURCES).unwrap(), fixture.text(OTHER).unwrap()),
        ("new\n".to_owned(), "new\n".to_owned())
    );
    assert_eq!(state(&fixture, change), (ChangeState::Done, None));
    undo(&fixture, change).unwrap();
}
