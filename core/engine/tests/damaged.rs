//! A journal that is damaged costs nobody their host, and loses nothing of what it holds.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test spoils files from outside")]

mod common;

use common::{Fixture, SOURCES};
use innkeeper_engine::{AuditFilter, Retention};

const JOURNAL: &str = "/var/lib/innkeeper/journal.db";
const ALWAYS: Retention = Retention { journal: 0, archives: u64::MAX };

/// What stands in the directory of the journal.
fn names(fixture: &Fixture) -> Vec<String> {
    let entries = std::fs::read_dir(fixture.path("/var/lib/innkeeper")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A host with a history, whose journal nobody has open any more.
fn with_history() -> Fixture {
    let fixture = Fixture::new();
    for number in 0..3 {
        fixture.set(SOURCES, &format!("{number}\n"));
    }
    let Fixture { directory, host, engine } = fixture;
    drop((host, engine));
    Fixture::at(directory)
}

#[test]
fn a_damaged_journal_is_put_aside_whole_and_a_new_history_begins() {
    type Spoil = fn(&mut Vec<u8>);
    let ways: [(&str, Spoil); 4] = [
        ("no database at all", |bytes| {
            *bytes = b"not a database, but some text that is long enough".repeat(40)
        }),
        ("a header overwritten", |bytes| bytes[..16].fill(0)),
        ("a schema overwritten", |bytes| bytes[100..2000].fill(0xff)),
        ("random pages", |bytes| bytes[1000..].iter_mut().step_by(7).for_each(|byte| *byte ^= 0x5a)),
    ];
    for (what, spoil) in ways {
        let fixture = with_history();
        let mut bytes = std::fs::read(fixture.path(JOURNAL)).unwrap();
        spoil(&mut bytes);
        std::fs::write(fixture.path(JOURNAL), &bytes).unwrap();
        // the next change works, is written down, and can be taken back
        fixture.set(SOURCES, "after the damage\n");
        let aside: Vec<_> = names(&fixture).into_iter().filter(|name| name.contains("damaged")).collect();
        let [aside] = aside.as_slice() else { panic!("{what}: {aside:?}") };
        assert_eq!(std::fs::read(fixture.path("/var/lib/innkeeper").join(aside)).unwrap(), bytes, "{what}");
        let report = fixture.fresh().journal().unwrap().verify_chain().unwrap();
        assert_eq!(report.changes, 1, "{what}: {report:?}");
        let findings = fixture.fresh().findings().unwrap();
        assert!(findings.iter().any(|finding| finding.message.contains(aside)), "{what}: {findings:?}");
        let filter = AuditFilter { limit: 10, ..AuditFilter::default() };
        let (told, _) = fixture.fresh().journal().unwrap().audited(&filter).unwrap();
        assert!(told.iter().any(|entry| entry.what.contains("was damaged and kept as")), "{what}: {told:?}");
    }
}

/// Archives of the old history are of its chain, and would be taken for rubbish of the new one
#[test]
fn archives_go_with_the_journal_that_they_belong_to() {
    let fixture = with_history();
    fixture.host.clock.store(4_000_000_000, std::sync::atomic::Ordering::Relaxed);
    fixture.engine.journal().unwrap().rotate(ALWAYS).unwrap();
    let Fixture { directory, host, engine } = fixture;
    drop((host, engine));
    let fixture = Fixture::at(directory);
    assert!(names(&fixture).contains(&"archive".to_owned()), "{:?}", names(&fixture));
    std::fs::write(fixture.path(JOURNAL), "nothing that was a journal ever".repeat(100)).unwrap();
    fixture.set(SOURCES, "after the damage\n");
    assert!(names(&fixture).iter().any(|name| name.starts_with("archive.damaged-")), "{:?}", names(&fixture));
    assert!(fixture.fresh().journal().unwrap().verify_chain().is_ok());
}

#[test]
fn a_journal_of_a_newer_program_is_not_taken_for_damaged() {
    let fixture = with_history();
    let db = rusqlite::Connection::open(fixture.path(JOURNAL)).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let refused = fixture.engine.journal().err().unwrap().to_string();
    assert!(refused.contains("newer version"), "{refused}");
    assert!(names(&fixture).iter().all(|name| !name.contains("damaged")));
}
