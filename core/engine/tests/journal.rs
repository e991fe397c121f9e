//! The journal: its chain, its pages, several writers.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test tampers with the file from outside")]

mod common;

use std::sync::atomic::Ordering;

use common::{Fixture, OTHER, SOURCES, job, nothing_left};
use innkeeper_change::{Content, FileChange, Plan, Problem, Step};
use innkeeper_engine::{Caller, Engine, HistoryFilter, Job, Silent};

const DB: &str = "/var/lib/innkeeper/journal.db";

fn three_changes() -> Fixture {
    let fixture = Fixture::new();
    for text in ["two\n", "three\n", "four\n"] {
        fixture.set(SOURCES, text);
    }
    fixture
}

#[test]
fn an_untouched_chain_verifies_and_its_head_moves_with_each_event() {
    let fixture = three_changes();
    let journal = fixture.engine.journal().unwrap();
    let before = journal.verify_chain().unwrap();
    assert_eq!((before.changes, before.events), (3, 12), "begin, start, done and end of three");
    fixture.set(SOURCES, "five\n");
    let after = fixture.fresh().journal().unwrap().verify_chain().unwrap();
    assert_eq!((after.changes, after.events), (4, 16));
    assert_ne!(before.head, after.head);
}

/// Writes into the database behind the journal's back, as root could.
fn tamper(fixture: Fixture, sql: &str) -> (i64, String) {
    let Fixture { directory, engine, host } = fixture;
    drop((engine, host));
    let fixture = Fixture::at(directory);
    let db = rusqlite::Connection::open(fixture.path(DB).as_std_path()).unwrap();
    let refused = db.execute_batch(sql).unwrap_err();
    assert!(refused.to_string().contains("the journal only grows"), "{refused}");
    db.execute_batch("DROP TRIGGER event_keeps; DROP TRIGGER event_stays;").unwrap();
    db.execute_batch(sql).unwrap();
    let broken = fixture.engine.journal().unwrap().verify_chain().unwrap_err();
    (broken.seq, broken.to_string())
}

#[test]
fn whoever_alters_an_event_breaks_the_chain_there() {
    let (seq, text) = tamper(three_changes(), "UPDATE event SET time = time - 60 WHERE seq = 6");
    assert_eq!((seq, &*text), (6, "the journal was altered: event 6: its content does not match its hash"));
    let (seq, _) =
        tamper(three_changes(), "UPDATE event SET body = replace(body, 'root', 'r00t') WHERE seq = 9");
    assert_eq!(seq, 9);
    let (seq, _) = tamper(three_changes(), "UPDATE event SET hash = prev WHERE seq = 4");
    assert_eq!(seq, 4);
}

#[test]
fn whoever_removes_or_reorders_events_breaks_the_chain_there() {
    let (seq, text) = tamper(three_changes(), "DELETE FROM event WHERE seq = 6");
    assert_eq!((seq, &*text), (7, "the journal was altered: event 7: the events before it are missing"));
    let sql = "DELETE FROM event WHERE seq = 6; UPDATE event SET seq = seq - 1 WHERE seq > 6";
    let (seq, text) = tamper(three_changes(), sql);
    assert_eq!(
        (seq, &*text),
        (6, "the journal was altered: event 6: it does not follow the event before it")
    );
    let (seq, _) = tamper(three_changes(), "DELETE FROM event WHERE seq = 1");
    assert_eq!(seq, 2);
}

#[test]
fn one_byte_edited_in_the_file_names_its_event() {
    let fixture = Fixture::new();
    fixture.set(SOURCES, "two\n");
    fixture.set(OTHER, "three\n");
    let Fixture { directory, engine, host } = fixture;
    drop((engine, host));
    let fixture = Fixture::at(directory);
    let mut bytes = std::fs::read(fixture.path(DB)).unwrap();
    let at = memchr::memmem::find(&bytes, b"set /etc/apt/other.list").unwrap();
    bytes[at] = b'S';
    std::fs::write(fixture.path(DB), bytes).unwrap();
    let broken = fixture.engine.journal().unwrap().verify_chain().unwrap_err();
    assert_eq!(broken.seq, 5, "{broken}");
}

#[test]
fn changes_are_listed_newest_first_in_pages() {
    let fixture = Fixture::new();
    for number in 1..=7 {
        fixture.set(SOURCES, &format!("{number}\n"));
    }
    let list = |start, limit| {
        let filter = HistoryFilter { start, limit, ..HistoryFilter::default() };
        let (changes, total) = fixture.engine.journal().unwrap().list(&filter).unwrap();
        assert_eq!(total, 7);
        changes.iter().map(|change| change.id).collect::<Vec<_>>()
    };
    assert_eq!(list(0, 50), [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(list(2, 3), [5, 4, 3]);
    assert_eq!(list(7, 3), [0; 0]);
    assert_eq!(list(0, 0), [0; 0]);
    assert_eq!(list(u64::MAX, u64::MAX), [0; 0]);
}

#[test]
fn changes_are_found_by_user_file_and_time() {
    let fixture = Fixture::new();
    let mut time = 1_700_000_000;
    for (user, path) in
        [("root@pam", SOURCES), ("ann@pve", SOURCES), ("ann@pve", OTHER), ("ann@pve!x", OTHER)]
    {
        time += 100;
        fixture.host.clock.store(time, Ordering::Relaxed);
        let step = Step::file("write", fixture.change(path, &format!("{user} {path}\n")));
        let caller = Caller { user: user.to_owned(), origin: "192.0.2.7".to_owned() };
        let job = Job { caller, ..job(Plan::new("set").step(step), &nothing_left) };
        fixture.engine.apply(job, &mut Silent).unwrap();
    }
    let found = |filter: HistoryFilter| {
        let (changes, total) = fixture.engine.journal().unwrap().list(&filter).unwrap();
        assert_eq!(total, changes.len() as u64);
        changes.iter().map(|change| change.id).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    let all = HistoryFilter::default;
    assert_eq!(found(HistoryFilter { user: text("ann@pve"), ..all() }), [3, 2]);
    assert_eq!(found(HistoryFilter { file: text(SOURCES), ..all() }), [2, 1]);
    assert_eq!(found(HistoryFilter { file: text(SOURCES), user: text("ann@pve"), ..all() }), [2]);
    assert_eq!(found(HistoryFilter { since: Some(1_700_000_300), ..all() }), [4, 3]);
    let between = HistoryFilter { since: Some(1_700_000_200), until: Some(1_700_000_300), ..all() };
    assert_eq!(found(between), [3, 2]);
    assert_eq!(found(HistoryFilter { user: text("' OR 1=1 --"), ..all() }), [0; 0]);
    let change = fixture.engine.journal().unwrap().get(2).unwrap();
    assert_eq!((&*change.summary.origin, change.summary.time), ("192.0.2.7", 1_700_000_200));
}

#[test]
fn engines_that_write_at_once_keep_one_chain() {
    let fixture = Fixture::new();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let engine: Engine = fixture.fresh();
            scope.spawn(move || {
                for round in 0..3 {
                    let path = format!("/etc/{number}-{round}");
                    let change = FileChange::write(&path, None, Content::from("x\n"));
                    let plan = Plan::new("set").step(Step::file("write", change));
                    engine.apply(job(plan, &nothing_left), &mut Silent).unwrap();
                }
            });
        }
    });
    let report = fixture.engine.journal().unwrap().verify_chain().unwrap();
    assert_eq!((report.changes, report.events), (24, 24 * 4));
}

#[test]
fn an_unknown_change_is_said_to_be_so() {
    let fixture = Fixture::new();
    let journal = fixture.engine.journal().unwrap();
    for id in [0, 1, -1, i64::MAX] {
        assert_eq!(journal.get(id).unwrap_err(), Problem::NotFound(format!("no such change '{id}'")));
    }
}

#[test]
fn a_journal_of_a_newer_version_is_left_alone() {
    let fixture = Fixture::new();
    fixture.set(SOURCES, "two\n");
    let db = rusqlite::Connection::open(fixture.path(DB).as_std_path()).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let problem = fixture.fresh().journal().err().unwrap();
    assert!(problem.to_string().contains("newer version"), "{problem}");
    let step = Step::file("write", fixture.change(SOURCES, "three\n"));
    let refused =
        fixture.fresh().apply(job(Plan::new("set").step(step), &nothing_left), &mut Silent).unwrap_err();
    assert_eq!(refused.to_string(), problem.to_string());
    assert_eq!(fixture.text(SOURCES).unwrap(), "two\n", "what cannot be written down is not done");
}

#[test]
fn only_its_owner_can_read_the_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = three_changes();
    let mode = std::fs::metadata(fixture.path("/var/lib/innkeeper")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
