//! Carrying out plans.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the files from outside")]

mod common;

use std::cell::Cell;
use std::sync::atomic::Ordering;

use common::{Fixture, OTHER, SOURCES, job, nothing_left};
use innkeeper_change::{
    Action, Content, FileChange, Invocation, OnFailure, Plan, Problem, Secret, Step, Undo, Value,
};
use innkeeper_engine::{
    ChangeState, Console, FileNow, HistoryFilter, Job, Silent, Source, StepState, TaskFilter, Upid,
};

fn run(what: &str, program: &str, args: Vec<Value>) -> Step {
    let action = Action::Run(Invocation {
        program: program.into(),
        args,
        stdin: None,
        deadline: 10,
        produces: None,
        accept: Vec::new(),
    });
    Step { what: what.to_owned(), action, undo: Undo::Nothing }
}

fn sh(what: &str, script: &str) -> Step {
    run(what, "/bin/sh", vec!["-c".into(), script.into()])
}

/// Disables one line of the sources.
fn small_plan(fixture: &Fixture) -> Plan {
    let step = Step::file("disable it", fixture.change(SOURCES, "# deb one\n"));
    Plan::new("disable a repository").step(step)
}

#[derive(Default)]
struct Screen {
    upid: Option<Upid>,
    text: String,
}

impl Console for Screen {
    fn started(&mut self, upid: &Upid) {
        self.upid = Some(upid.clone());
    }
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
}

#[test]
fn a_plan_is_carried_out_as_a_task_logged_and_written_down() {
    let fixture = Fixture::new();
    let mut screen = Screen::default();
    let outcome = fixture.engine.apply(job(small_plan(&fixture), &nothing_left), &mut screen).unwrap();
    assert_eq!(fixture.text(SOURCES).unwrap(), "# deb one\n");
    assert_eq!((outcome.change, &*outcome.status, outcome.warnings.len()), (1, "OK", 0));
    assert_eq!(screen.upid.as_ref(), Some(&outcome.upid));
    let log = fixture.log_of(&outcome.upid);
    assert_eq!(log, format!("{}TASK OK\n", screen.text), "who watches sees what is logged");
    for part in ["change 1: disable a repository", "step 1: disable it", "  -deb one", "  +# deb one"] {
        assert!(log.lines().any(|line| line == part), "{part} is missing in {log}");
    }

    let change = fixture.engine.journal().unwrap().get(1).unwrap();
    assert_eq!((change.summary.state, &*change.summary.user), (ChangeState::Done, "root@pam"));
    assert_eq!((&*change.summary.verb, &*change.summary.origin), ("POST", "command line"));
    assert_eq!(change.summary.upid, outcome.upid);
    assert_eq!(change.params["enabled"], "0");
    assert_eq!(change.steps[0].state, StepState::Done);
    assert_eq!(change.files[0].now, FileNow::New);
    assert_eq!(change.files[0].before_digest, Some(Content::from("deb one\n").digest()));
    assert!(change.files[0].diff.contains("-deb one\n+# deb one\n"));
    let json = serde_json::to_value(&change).unwrap();
    assert_eq!(json["files"][0]["now"], "new");
    assert_eq!(json["files"][0]["before-digest"].as_str().unwrap().len(), 64);
    fixture.write(SOURCES, "something else\n");
    let now = |fixture: &Fixture| fixture.engine.journal().unwrap().get(1).unwrap().files[0].now;
    assert_eq!(now(&fixture), FileNow::Other);
    fixture.write(SOURCES, "deb one\n");
    assert_eq!(now(&fixture), FileNow::Old);
}

#[test]
fn a_failing_second_step_restores_the_bytes_of_the_first() {
    let fixture = Fixture::new();
    let odd = "deb one\r\n\tno newline at the end \u{fffd}";
    fixture.write(SOURCES, odd);
    let plan = small_plan(&fixture)
        .step(Step::file("make a new file", fixture.change("/etc/apt/new.list", "new\n")))
        .step(Step::file("remove a file", FileChange::remove(OTHER, Content::from("deb other\n"))))
        .step(sh("fail", "echo to the log; echo broken >&2; exit 3"))
        .step(Step::file("never done", fixture.change("/etc/apt/never.list", "never\n")));
    let problem = fixture.apply(plan).unwrap_err();
    assert!(problem.to_string().contains("broken"), "{problem}");
    assert!(problem.to_string().ends_with("; what was done before is taken back"), "{problem}");
    assert_eq!(fixture.text(SOURCES).unwrap(), odd);
    assert_eq!(fixture.text(OTHER).unwrap(), "deb other\n");
    assert_eq!(fixture.text("/etc/apt/new.list"), None);
    assert_eq!(fixture.text("/etc/apt/never.list"), None);
    let change = fixture.engine.journal().unwrap().get(1).unwrap();
    assert_eq!(change.summary.state, ChangeState::RolledBack);
    let states: Vec<_> = change.steps.iter().map(|step| step.state).collect();
    let back = StepState::TakenBack;
    assert_eq!(states, [back, back, back, StepState::Failed, StepState::Pending]);
    let log = fixture.log_of(&change.summary.upid);
    assert!(log.lines().last().unwrap().starts_with("TASK ERROR: "), "{log}");
    assert!(log.find("take back step 3").unwrap() < log.find("take back step 1").unwrap(), "newest first");
}

#[test]
fn a_removed_file_gets_its_permissions_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::new();
    std::fs::set_permissions(fixture.path(OTHER), std::fs::Permissions::from_mode(0o600)).unwrap();
    let plan = Plan::new("remove")
        .step(Step::file("remove a file", FileChange::remove(OTHER, Content::from("deb other\n"))))
        .step(sh("fail", "exit 1"));
    fixture.apply(plan).unwrap_err();
    let mode = std::fs::metadata(fixture.path(OTHER)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_plan_that_stops_on_failure_reports_what_is_done() {
    let fixture = Fixture::new();
    let mut plan = small_plan(&fixture).step(sh("fail", "exit 3")).step(sh("never", "true"));
    plan.on_failure = OnFailure::Stop;
    let problem = fixture.apply(plan).unwrap_err();
    let text = problem.to_string();
    assert!(text.ends_with("; done and left so: 'disable it'; not done: 'fail', 'never'"), "{text}");
    assert_eq!(fixture.text(SOURCES).unwrap(), "# deb one\n");
    let change = fixture.engine.journal().unwrap().get(1).unwrap();
    assert_eq!(change.summary.state, ChangeState::Failed);
}

#[test]
fn what_verification_finds_left_is_said_and_the_change_is_taken_back() {
    let fixture = Fixture::new();
    let left = || Ok(Plan::new("again").step(sh("still this", "true")));
    let problem = fixture.engine.apply(job(small_plan(&fixture), &left), &mut Silent).unwrap_err();
    let text = problem.to_string();
    assert!(text.starts_with("verification failed: still to be done: still this"), "{text}");
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
    assert_eq!(fixture.host.slept.load(Ordering::Relaxed), 0, "a file is there at once");

    let cannot = || Err(Problem::failed("cannot look"));
    let problem = fixture.engine.apply(job(small_plan(&fixture), &cannot), &mut Silent).unwrap_err();
    assert!(problem.to_string().starts_with("verification failed: cannot look"), "{problem}");
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
}

#[test]
fn what_a_program_did_may_take_a_moment_to_be_seen() {
    let fixture = Fixture::new();
    let looks = Cell::new(0);
    let slow = |seen_after: i32| {
        let looks = &looks;
        move || {
            looks.set(looks.get() + 1);
            let rest = Plan::new("again");
            Ok(if looks.get() >= seen_after { rest } else { rest.step(sh("wait", "true")) })
        }
    };
    let plan = || Plan::new("run").step(sh("run", "true"));
    fixture.engine.apply(job(plan(), &slow(3)), &mut Silent).unwrap();
    assert_eq!(looks.get(), 3);
    looks.set(0);
    fixture.engine.apply(job(plan(), &slow(4)), &mut Silent).unwrap_err();
    assert_eq!(looks.get(), 3, "it is not waited for without end");
}

#[test]
fn a_file_that_is_not_as_planned_is_not_touched_and_nothing_begins() {
    let fixture = Fixture::new();
    let plan = Plan::new("two files")
        .step(Step::file("other", fixture.change(OTHER, "changed\n")))
        .step(Step::file("sources", fixture.change(SOURCES, "changed\n")));
    fixture.write(SOURCES, "somebody was here\n");
    assert_eq!(fixture.apply(plan).unwrap_err(), Problem::Modified);
    assert_eq!(fixture.text(SOURCES).unwrap(), "somebody was here\n");
    assert_eq!(fixture.text(OTHER).unwrap(), "deb other\n");
    assert_eq!(fixture.engine.journal().unwrap().list(&HistoryFilter::default()).unwrap().1, 0);
    let tasks = fixture.engine.tasks().list(&TaskFilter::default()).unwrap().tasks;
    assert_eq!(
        tasks[0].status.as_deref(),
        Some("detected modified configuration - file changed by other user? Try again.")
    );
}

#[test]
fn two_steps_may_change_one_file() {
    let fixture = Fixture::new();
    let two = || {
        let first = fixture.change(SOURCES, "middle\n");
        let second = FileChange::write(SOURCES, first.after.clone(), "end\n");
        Plan::new("twice").step(Step::file("first", first)).step(Step::file("second", second))
    };
    fixture.apply(two().step(sh("fail", "exit 1"))).unwrap_err();
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n");
    fixture.apply(two()).unwrap();
    assert_eq!(fixture.text(SOURCES).unwrap(), "end\n");
    let change = fixture.engine.journal().unwrap().get(2).unwrap();
    assert_eq!((change.files.len(), change.files[0].now), (1, FileNow::New));
}

#[test]
fn what_one_step_prints_is_filled_in_for_later_ones() {
    let fixture = Fixture::new();
    let made = fixture.path("/made").to_string();
    let mut first = sh("make an id", "echo '  id-42  '; echo more");
    if let Action::Run(run) = &mut first.action {
        run.produces = Some("uuid".to_owned());
    }
    let script = format!("echo \"$0\" > {made}");
    let second =
        run("use it", "/bin/sh", vec!["-c".into(), Value::Text(script), Value::Binding("uuid".to_owned())]);
    fixture.apply(Plan::new("bind").step(first).step(second.clone())).unwrap();
    assert_eq!(fixture.text("/made").unwrap(), "id-42\n");
    let problem = fixture.apply(Plan::new("unbound").step(second)).unwrap_err();
    assert!(problem.to_string().contains("no earlier step produced 'uuid'"), "{problem}");
}

#[test]
fn a_secret_reaches_the_program_and_nothing_else() {
    let fixture = Fixture::new();
    let made = fixture.path("/made").to_string();
    let mut step = sh("set a password", &format!("cat > {made}"));
    if let Action::Run(run) = &mut step.action {
        run.stdin = Some(Value::Secret(Secret::new("password", "hunter2")));
    }
    let mut file = FileChange::write("/etc/secret", None, "hunter2\n");
    file.secret = true;
    file.mode = 0o600;
    let plan = Plan::new("secrets").step(step).step(Step::file("write a secret", file));
    let outcome = fixture.apply(plan).unwrap();
    assert_eq!(fixture.text("/made").unwrap(), "hunter2");
    assert_eq!(fixture.text("/etc/secret").unwrap(), "hunter2\n");
    assert!(!fixture.log_of(&outcome.upid).contains("hunter2"));
    let change = fixture.engine.journal().unwrap().get(1).unwrap();
    assert_eq!(change.files[0].now, FileNow::Unknown);
    assert_eq!(change.files[0].after_digest, None);
    for entry in std::fs::read_dir(fixture.path("/var/lib/innkeeper")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(memchr::memmem::find(&bytes, b"hunter2").is_none());
    }

    let arg = run("tell all", "/bin/echo", vec![Value::Secret(Secret::new("password", "hunter2"))]);
    let problem = fixture.apply(Plan::new("no").step(arg)).unwrap_err();
    assert!(problem.to_string().contains("may not be an argument"), "{problem}");
}

#[test]
fn a_secret_file_is_restored_when_a_later_step_fails() {
    let fixture = Fixture::new();
    fixture.write("/etc/secret", "old secret\n");
    let mut file = fixture.change("/etc/secret", "new secret\n");
    file.secret = true;
    let plan = Plan::new("secret").step(Step::file("replace it", file)).step(sh("fail", "exit 1"));
    fixture.apply(plan).unwrap_err();
    assert_eq!(fixture.text("/etc/secret").unwrap(), "old secret\n");
}

#[test]
fn what_cannot_be_taken_back_is_said() {
    let fixture = Fixture::new();
    let mut wipe = sh("wipe a disk", "true");
    wipe.undo = Undo::Impossible("the data is gone".to_owned());
    let problem = fixture.apply(small_plan(&fixture).step(wipe).step(sh("fail", "exit 1"))).unwrap_err();
    assert!(
        problem.to_string().contains("'wipe a disk' cannot be taken back: the data is gone"),
        "{problem}"
    );
    assert_eq!(fixture.text(SOURCES).unwrap(), "deb one\n", "the rest is taken back nevertheless");
    let change = fixture.engine.journal().unwrap().get(1).unwrap();
    assert_eq!(change.summary.state, ChangeState::Failed);
}

#[test]
fn another_holder_of_the_lock_is_waited_for_in_the_originals_words() {
    use innkeeper_host::Host as _;
    let fixture = Fixture::new();
    let lock = camino::Utf8Path::new("/var/lock/pvenode.lock");
    let guard = fixture.host.lock(lock, std::time::Duration::from_secs(1)).unwrap();
    let plan = small_plan(&fixture);
    let outcome = std::thread::scope(|scope| {
        let locked = || Job { lock: Some(lock.to_owned()), ..job(plan.clone(), &nothing_left) };
        let waiting = scope.spawn(move || fixture_apply(&fixture, locked()));
        std::thread::sleep(std::time::Duration::from_millis(300));
        drop(guard);
        waiting.join().unwrap()
    });
    assert!(outcome.starts_with("trying to acquire lock...\n OK\n"), "{outcome}");
}

fn fixture_apply(fixture: &Fixture, job: Job<'_>) -> String {
    let outcome = fixture.engine.apply(job, &mut Silent).unwrap();
    fixture.log_of(&outcome.upid)
}

#[test]
fn an_empty_plan_changes_nothing_and_says_so() {
    let fixture = Fixture::new();
    let outcome = fixture.apply(Plan::new("disable it")).unwrap();
    assert!(fixture.log_of(&outcome.upid).contains("nothing to do, it is already so"));
}

fn parameter(key: &str, before: &str, after: &str) -> Step {
    let (key, before, after) = (key.to_owned(), before.to_owned(), after.to_owned());
    let what = format!("set {key}");
    Step { what, action: Action::KernelParameter { key, before, after }, undo: Undo::Inverse }
}

#[test]
fn a_kernel_parameter_is_set_restored_and_left_alone_when_it_moved_on() {
    const FORWARDING: &str = "/proc/sys/net/ipv4/conf/eth0.5/forwarding";
    let fixture = Fixture::new();
    fixture.write(FORWARDING, "0\n");
    fixture.write("/proc/sys/kernel/printk", "4\t4\t1\t7\n");
    let plan = || {
        Plan::new("two parameters")
            .step(parameter("net.ipv4.conf.eth0/5.forwarding", "0", "1"))
            .step(parameter("kernel.printk", "4 4 1 7", "3 4 1 7"))
    };
    let both = |fixture: &Fixture| {
        [FORWARDING, "/proc/sys/kernel/printk"].map(|path| fixture.text(path).unwrap().trim().to_owned())
    };
    fixture.apply(plan().step(sh("fail", "exit 1"))).unwrap_err();
    assert_eq!(both(&fixture), ["0", "4 4 1 7"]);
    let change = fixture.apply(plan()).unwrap().change;
    assert_eq!(both(&fixture), ["1", "3 4 1 7"]);

    let (back, goal) = fixture.engine.undo_plan(change).unwrap();
    assert_eq!(fixture.engine.is_undone(&goal).unwrap().steps.len(), 2);
    fixture.apply(back).unwrap();
    assert_eq!(both(&fixture), ["0", "4 4 1 7"]);
    assert!(fixture.engine.is_undone(&goal).unwrap().is_empty());

    fixture.write(FORWARDING, "2\n");
    assert_eq!(fixture.apply(plan()).unwrap_err(), Problem::Modified);
    assert_eq!(both(&fixture), ["2", "4 4 1 7"]);
    for key in ["vm../etc/passwd", "", "vm..swappiness", "vm.//.x"] {
        let problem = fixture.apply(Plan::new("bad").step(parameter(key, "0", "1"))).unwrap_err();
        assert!(problem.to_string().contains("not the name of a kernel parameter"), "{problem}");
    }
}

#[test]
fn under_another_root_no_program_runs_and_no_parameter_is_set() {
    let fixture = Fixture::new();
    fixture.write("/proc/sys/vm/swappiness", "60\n");
    let root = camino::Utf8Path::from_path(fixture.directory.path()).unwrap();
    let host = std::sync::Arc::new(innkeeper_host::RealHost::rooted(root).unwrap());
    let engine = innkeeper_engine::Engine::new(host);
    let unit = Action::Unit { unit: "cron.service".to_owned(), verb: innkeeper_change::UnitVerb::Restart };
    let unit = Step { what: "restart cron".to_owned(), action: unit, undo: Undo::Nothing };
    for step in [parameter("vm.swappiness", "60", "10"), unit, sh("run", "true")] {
        let problem = engine.apply(job(Plan::new("no").step(step), &nothing_left), &mut Silent).unwrap_err();
        assert!(matches!(problem, Problem::Unsupported(_)), "{problem:?}");
    }
    assert_eq!(fixture.text("/proc/sys/vm/swappiness").unwrap(), "60\n");
}

#[test]
fn what_a_program_prints_is_in_the_log_while_it_still_runs() {
    let fixture = Fixture::new();
    let script = "echo begun; while [ ! -e \"$0\" ]; do sleep 0.05; done; echo ended";
    let go = fixture.path("/go").to_string();
    let plan =
        Plan::new("wait").step(run("wait", "/bin/sh", vec!["-c".into(), script.into(), Value::Text(go)]));
    let log = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| fixture.log_of(&fixture.apply(plan).unwrap().upid));
        let begin = std::time::Instant::now();
        let running = TaskFilter { source: Source::Active, ..TaskFilter::default() };
        while begin.elapsed() < std::time::Duration::from_secs(8) {
            let tasks = fixture.engine.tasks().list(&running).unwrap().tasks;
            if tasks.iter().any(|task| fixture.log_of(&task.upid).ends_with("\n  begun\n")) {
                fixture.write("/go", "");
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        waiting.join().unwrap()
    });
    assert!(log.contains("\n  begun\n  ended\n"), "{log}");
}

#[test]
fn what_is_wrong_stands_in_the_log_beside_what_the_program_said() {
    let fixture = Fixture::new();
    let diagnose = |said: &str| {
        assert_eq!(said, "E: no space\n");
        vec!["The disk is full.".to_owned()]
    };
    let with = |script| {
        let plan = Plan::new("refresh").step(sh("refresh", script));
        let mut screen = Screen::default();
        let result =
            fixture.engine.apply(Job { diagnose: Some(diagnose), ..job(plan, &nothing_left) }, &mut screen);
        (result, screen.text)
    };
    let (failed, log) = with("echo 'E: no space' >&2; exit 100");
    assert!(failed.is_err() && log.contains("\ncause: The disk is full.\n"), "{log}");
    let (done, _) = with("echo 'E: no space'");
    let done = done.unwrap();
    assert_eq!(
        (done.status.as_str(), &done.warnings[..]),
        ("WARNINGS: 1", &["The disk is full.".to_owned()][..])
    );
}

/// UPD-04: lines of a real apt-get 2.6.1
#[test]
fn what_a_program_waits_for_is_said_once() {
    let fixture = Fixture::new();
    let line = "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (dpkg)...";
    let script = format!("for i in 1 2 3; do echo '{line}'; done; echo 'Reading package lists...'");
    let outcome = fixture.apply(Plan::new("upgrade").step(sh("upgrade", &script))).unwrap();
    let log = fixture.log_of(&outcome.upid);
    let waits = "waiting: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (dpkg)\n";
    assert_eq!(log.matches(waits).count(), 1, "{log}");
    assert!(log.contains("Reading package lists..."));
}
