//! Journals that older versions of this program wrote: `journals/schema-N.db` was written by the program itself when N was
//! the newest schema, and never since.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests look at the machine from outside")]

mod common;

use common::Fixture;
use innkeeper_engine::{ChangeState, HistoryFilter};

const DB: &str = "/var/lib/innkeeper/journal.db";
const SCHEMA_1: &[u8] = include_bytes!("journals/schema-1.db");

fn schema(path: &std::path::Path) -> i64 {
    let db = rusqlite::Connection::open(path).unwrap();
    db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn a_journal_of_schema_1_is_read_kept_and_written_on() {
    let fixture = Fixture::new();
    let db = fixture.path(DB);
    std::fs::create_dir_all(db.parent().unwrap()).unwrap();
    std::fs::write(&db, SCHEMA_1).unwrap();
    assert_eq!(schema(db.as_std_path()), 1);

    let engine = fixture.fresh();
    let journal = engine.journal().unwrap();
    let (changes, total) = journal.list(&HistoryFilter { limit: 10, ..HistoryFilter::default() }).unwrap();
    let summaries: Vec<_> = changes.iter().rev().map(|change| change.summary.as_str()).collect();
    assert_eq!(total, 3);
    assert!(summaries[1].starts_with("take back change 1"), "{summaries:?}");
    assert!(summaries[2].contains("no-subscription"), "{summaries:?}");
    assert!(changes.iter().all(|change| change.state == ChangeState::Done || change.undone_by.is_some()));
    let steps = journal.get(1).unwrap().steps;
    assert!(steps[0].detail.contains("# ä"), "the diff of the first change is whole: {}", steps[0].detail);
    assert_eq!(journal.verify_chain().unwrap().changes, 3);

    fixture.set(common::SOURCES, "two\n");
    assert_eq!(journal.verify_chain().unwrap().changes, 4, "new changes go on in the same chain");
    let copy = db.with_file_name("journal.db.schema-1");
    if schema(db.as_std_path()) > 1 {
        assert_eq!(schema(copy.as_std_path()), 1, "what was there before is kept beside it");
    } else {
        assert!(!copy.exists(), "nothing was brought forward, so nothing is kept");
    }
}
