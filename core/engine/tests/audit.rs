//! The audit, its limits, the export, and the chain across archives.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the files from outside")]

mod common;

use std::sync::atomic::Ordering;

use common::{Fixture, SOURCES, job};
use innkeeper_change::{Plan, Step};
use innkeeper_engine::{
    AuditEntry, AuditFilter, AuditKind, AuditNote, AuditOutcome, ChangeState, Export, HistoryFilter,
    Retention, Silent,
};

fn note(kind: AuditKind, user: &str, outcome: AuditOutcome) -> AuditNote {
    AuditNote {
        kind,
        user: user.to_owned(),
        origin: "192.0.2.7".to_owned(),
        what: "POST /access/ticket".to_owned(),
        outcome,
        reason: None,
        count: None,
    }
}

fn all(fixture: &Fixture) -> Vec<AuditEntry> {
    found(fixture, AuditFilter { limit: 1000, ..AuditFilter::default() })
}

fn found(fixture: &Fixture, filter: AuditFilter) -> Vec<AuditEntry> {
    let filter = AuditFilter { limit: filter.limit.max(100), ..filter };
    let (entries, total) = fixture.engine.journal().unwrap().audited(&filter).unwrap();
    assert!(total >= entries.len() as u64);
    entries
}

fn verify(fixture: &Fixture) -> innkeeper_engine::ChainReport {
    fixture.fresh().journal().unwrap().verify_chain().unwrap()
}

const ALWAYS: Retention = Retention { journal: 0, archives: u64::MAX };

/// A day later, everything that was is old enough for an archive.
fn a_day_later(fixture: &Fixture) {
    let now = innkeeper_host::Host::now(&*fixture.host);
    fixture.host.clock.store(now + 25 * 60 * 60, Ordering::Relaxed);
}

#[test]
fn logins_refusals_and_changes_are_one_list_that_can_be_filtered() {
    let fixture = Fixture::new();
    fixture.host.clock.store(1_700_000_000, Ordering::Relaxed);
    fixture.engine.audit(note(AuditKind::Login, "ann@pve", AuditOutcome::Ok));
    fixture.engine.audit(note(AuditKind::Login, "bob@pve", AuditOutcome::Refused));
    fixture.host.clock.store(1_700_000_100, Ordering::Relaxed);
    fixture.set(SOURCES, "new\n");
    fixture
        .apply(Plan::new("fail").step(Step::file("x", fixture.change("/etc/no/../way", "x"))))
        .unwrap_err();
    let entries = all(&fixture);
    let told: Vec<_> = entries.iter().map(|e| (&*e.kind, &*e.user, &*e.outcome)).collect();
    let change = ("change", "root@pam", "ok");
    assert_eq!(told[told.len() - 3..], [change, ("login", "bob@pve", "refused"), ("login", "ann@pve", "ok")]);
    let change = entries.iter().find(|entry| entry.outcome == "ok").unwrap();
    assert_eq!((change.change, &*change.what), (Some(1), "set /etc/apt/sources.list"));
    let with = |filter: AuditFilter| found(&fixture, filter).len();
    let default = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(with(AuditFilter { user: text("ann@pve"), ..default() }), 1);
    assert_eq!(with(AuditFilter { kind: text("login"), ..default() }), 2);
    assert_eq!(with(AuditFilter { kind: text("login"), outcome: text("refused"), ..default() }), 1);
    assert_eq!(with(AuditFilter { origin: text("192.0.2.7"), ..default() }), 2);
    assert_eq!(with(AuditFilter { until: Some(1_700_000_050), ..default() }), 2);
    assert_eq!(with(AuditFilter { since: Some(1_700_000_050), ..default() }), entries.len() - 2);
    assert_eq!(with(AuditFilter { user: text("' OR 1=1 --"), ..default() }), 0);
    let page = AuditFilter { start: 1, limit: 1, ..default() };
    let (one, total) = fixture.engine.journal().unwrap().audited(&page).unwrap();
    assert_eq!((one.len(), total), (1, entries.len() as u64));
    verify(&fixture);
    assert_eq!(
        fixture.engine.journal().unwrap().list(&HistoryFilter::default()).unwrap().1,
        entries.len() as u64 - 2
    );
}

#[test]
fn a_stream_of_failed_logins_is_counted_instead_of_filling_the_disk() {
    let fixture = Fixture::new();
    for number in 0..5000 {
        fixture.engine.audit(note(
            AuditKind::Login,
            &format!("user{}@pve", number % 700),
            AuditOutcome::Refused,
        ));
        fixture.engine.audit(note(AuditKind::Refusal, "", AuditOutcome::Refused));
    }
    assert_eq!(all(&fixture).len(), 20, "so many one by one");
    // a login that works is written whatever strangers do
    fixture.engine.audit(note(AuditKind::Login, "ann@pve", AuditOutcome::Ok));
    assert_eq!(all(&fixture).len(), 21);
    fixture.host.ahead.store(61, Ordering::Relaxed);
    fixture.engine.flush_audit();
    let entries = all(&fixture);
    assert!(entries.len() <= 21 + 22, "{}", entries.len());
    let refused = entries.iter().filter(|entry| entry.outcome == "refused");
    let total: i64 = refused.map(|entry| entry.count.unwrap_or(1)).sum();
    assert_eq!(total, 10_000, "not one is lost");
    fixture.engine.flush_audit();
    assert_eq!(all(&fixture).len(), entries.len());
}

#[test]
fn the_use_of_a_token_is_told_once_an_hour_for_each_address() {
    let fixture = Fixture::new();
    let used = |origin: &str| AuditNote {
        origin: origin.to_owned(),
        ..note(AuditKind::Token, "root@pam!ci", AuditOutcome::Ok)
    };
    for _ in 0..10 {
        fixture.engine.audit(used("192.0.2.7"));
        fixture.engine.audit(used("192.0.2.8"));
    }
    assert_eq!(all(&fixture).len(), 2);
    fixture.host.ahead.store(3601, Ordering::Relaxed);
    fixture.engine.audit(used("192.0.2.7"));
    assert_eq!(all(&fixture).len(), 3);
}

#[test]
fn names_without_end_are_cut_and_control_characters_harm_no_line() {
    let fixture = Fixture::new();
    let user = format!("a\n\"{}", "ä".repeat(10_000));
    fixture.engine.audit(note(AuditKind::Login, &user, AuditOutcome::Ok));
    assert!(all(&fixture)[0].user.len() <= 512);
    let lines: Vec<_> = Export::new(fixture.host.clone(), None, None).unwrap().map(Result::unwrap).collect();
    assert!(lines[0].len() < 4096 && lines[0].ends_with("}\n") && lines[0].matches('\n').count() == 1);
    verify(&fixture);
}

#[test]
fn the_chain_goes_on_across_archives_and_numbers_are_never_given_twice() {
    let fixture = Fixture::new();
    for number in 0..10 {
        fixture.set(SOURCES, &format!("{number}\n"));
        fixture.engine.audit(note(AuditKind::Login, "ann@pve", AuditOutcome::Ok));
    }
    let before = verify(&fixture);
    let journal = fixture.engine.journal().unwrap();
    journal.rotate(ALWAYS).unwrap();
    assert_eq!(verify(&fixture), before, "what is young stays in the journal");
    a_day_later(&fixture);
    let exported = |fixture: &Fixture| -> Vec<String> {
        Export::new(fixture.host.clone(), None, None).unwrap().map(Result::unwrap).collect()
    };
    let lines = exported(&fixture);
    for _ in 0..3 {
        journal.rotate(ALWAYS).unwrap();
    }
    let after = verify(&fixture);
    assert_eq!((after.changes, after.first), (before.changes, 1));
    assert!(after.archived >= before.events / 2, "{after:?}");
    assert_eq!(exported(&fixture)[..lines.len()], lines[..], "the export is the same, byte for byte");
    assert!(journal.get(1).is_err() && journal.get(10).is_ok());
    let eleventh = fixture.set(SOURCES, "eleven\n");
    assert_eq!(eleventh, 11);
    assert_eq!(journal.get(10).unwrap().summary.state, ChangeState::Done);
    verify(&fixture);
}

#[test]
fn whoever_alters_or_removes_an_archive_is_found_out() {
    let rotated = || {
        let fixture = Fixture::new();
        for number in 0..12 {
            fixture.set(SOURCES, &format!("{number}\n"));
        }
        a_day_later(&fixture);
        for _ in 0..3 {
            fixture.engine.journal().unwrap().rotate(ALWAYS).unwrap();
        }
        let directory = fixture.path("/var/lib/innkeeper/archive");
        let mut archives: Vec<_> =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        archives.sort();
        assert!(archives.len() >= 3, "{archives:?}");
        (fixture, archives)
    };
    let broken =
        |fixture: &Fixture| fixture.fresh().journal().unwrap().verify_chain().unwrap_err().to_string();
    let (fixture, archives) = rotated();
    let text = std::fs::read_to_string(&archives[0]).unwrap();
    std::fs::write(&archives[0], text.replace("root@pam", "anna@pam")).unwrap();
    assert!(
        broken(&fixture).contains("event 1: its content does not match its hash"),
        "{}",
        broken(&fixture)
    );
    let (fixture, archives) = rotated();
    std::fs::remove_file(&archives[1]).unwrap();
    assert!(broken(&fixture).contains("the events before it are missing"), "{}", broken(&fixture));
    let (fixture, archives) = rotated();
    std::fs::remove_file(archives.last().unwrap()).unwrap();
    assert!(broken(&fixture).contains("the archives do not lead up to it"), "{}", broken(&fixture));
    let (fixture, archives) = rotated();
    let text = std::fs::read_to_string(&archives[0]).unwrap();
    std::fs::write(&archives[0], &text[..text.len() / 2]).unwrap();
    assert!(broken(&fixture).contains("is damaged there"), "{}", broken(&fixture));
    // the oldest may go: by its age, and the report says where the rest begins
    let (fixture, archives) = rotated();
    std::fs::remove_file(&archives[0]).unwrap();
    assert!(verify(&fixture).first > 1);
}

#[test]
fn archives_beyond_their_limit_are_removed_from_the_oldest_and_the_journal_says_so() {
    let fixture = Fixture::new();
    for number in 0..12 {
        fixture.set(SOURCES, &format!("{number}\n"));
    }
    a_day_later(&fixture);
    let journal = fixture.engine.journal().unwrap();
    journal.rotate(ALWAYS).unwrap();
    journal.rotate(Retention { journal: 0, archives: 6000 }).unwrap();
    let report = verify(&fixture);
    assert!(report.first > 1 && report.archived > 0, "{report:?}");
    let entries = found(&fixture, AuditFilter { kind: Some("archive".to_owned()), ..AuditFilter::default() });
    assert!(entries.iter().any(|entry| entry.what.contains("is removed")), "{entries:?}");
}

#[test]
fn a_change_that_is_under_way_is_never_cut_in_two() {
    let fixture = Fixture::new();
    for number in 0..6 {
        fixture.set(SOURCES, &format!("{number}\n"));
    }
    let plan = Plan::new("slow").step(Step::file("x", fixture.change(SOURCES, "slow\n")));
    let verify_it = || {
        a_day_later(&fixture);
        for _ in 0..4 {
            fixture.fresh().journal().unwrap().rotate(ALWAYS).unwrap();
        }
        Ok(Plan::new("nothing"))
    };
    let change = fixture.engine.apply(job(plan, &verify_it), &mut Silent).unwrap().change;
    assert_eq!(fixture.engine.journal().unwrap().get(change).unwrap().summary.state, ChangeState::Done);
    verify(&fixture);
}

#[test]
fn a_journal_of_the_version_before_is_brought_forward_and_a_copy_of_it_is_kept() {
    let fixture = Fixture::new();
    fixture.set(SOURCES, "one\n");
    let path = fixture.path("/var/lib/innkeeper/journal.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP TABLE anchor; DROP INDEX event_audit; DROP INDEX begin_finishes; PRAGMA user_version = 1",
    )
    .unwrap();
    drop(db);
    let fixture = Fixture::at(fixture.directory);
    assert_eq!(fixture.set(SOURCES, "two\n"), 2);
    assert_eq!(verify(&fixture).changes, 2);
    let copy = rusqlite::Connection::open(format!("{path}.schema-1")).unwrap();
    let events: i64 = copy.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
    assert_eq!(events, 4);
}
