//! A journal that is damaged is put aside whole, and a new one begun: a host must be repairable without its history, and its
//! history must be there for whoever can read more of it.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Finding, Level, Problem};
use innkeeper_host::{Host, HostError};
use rusqlite::{Connection, ErrorCode, params};

use crate::archive;
use crate::armed::Records;
use crate::journal::{DIRECTORY, FILE, ORIGIN, configure, unreadable};

/// What stands in the names of files that were put aside, before the time.
const MARK: &str = ".damaged-";
/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// Whether it is the file that is wrong, and not the machine.
pub(crate) fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Opens the journal's file. A damaged one is put aside first, with its archives: the chain of a new one does not reach back
/// to them. Says where it went.
///
/// # Errors
/// When it cannot be opened, or be put aside.
pub(crate) fn open(host: &dyn Host) -> Result<(Connection, Option<Utf8PathBuf>), Problem> {
    let path = host.library_path(Utf8Path::new(FILE))?;
    let size = |name: &str| {
        Ok::<_, Problem>(
            host.metadata(Utf8Path::new(name))?.map(|found| i64::try_from(found.size).unwrap_or(i64::MAX)),
        )
    };
    // what is in the log of writes may be missing in the file itself
    let whole = match size(&format!("{FILE}-wal"))? {
        None | Some(0) => size(FILE)?,
        Some(_) => None,
    };
    let open = |whole| Connection::open(path.as_std_path()).and_then(|db| look(&db, whole).map(|()| db));
    match open(whole) {
        Ok(db) => Ok((db, None)),
        Err(error) if is_damaged(&error) => {
            let aside = put_aside(host)?;
            tracing::error!(%error, "{FILE} is damaged: kept as {aside}, a new history begins");
            Ok((open(None).map_err(unreadable)?, Some(aside)))
        }
        Err(error) => Err(unreadable(error)),
    }
}

/// Reads the header, the schema, and both ends of the events. `whole` is the size of a file to which nothing is missing.
fn look(db: &Connection, whole: Option<i64>) -> rusqlite::Result<()> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if whole.is_some_and(|size| size > 0) && Some(number("page_count")? * number("page_size")?) > whole {
        let ends_early = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(ends_early, Some("the file ends early".to_owned())));
    }
    configure(db)?;
    let tables: i64 =
        db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'event'", [], |row| row.get(0))?;
    if tables > 0 {
        let _: Option<String> = db.query_row(
            "SELECT max(hash) FROM event WHERE seq IN \
            (SELECT min(seq) FROM event UNION ALL SELECT max(seq) FROM event)",
            [],
            |row| row.get(0),
        )?;
    }
    Ok(())
}

fn put_aside(host: &dyn Host) -> Result<Utf8PathBuf, Problem> {
    let mark = format!("{MARK}{}", host.now());
    for companion in COMPANIONS {
        move_away(host, &format!("{FILE}{companion}"), &format!("{FILE}{mark}{companion}"))?;
    }
    move_away(host, archive::DIRECTORY, &format!("{}{mark}", archive::DIRECTORY))?;
    Ok(format!("{FILE}{mark}").into())
}

fn move_away(host: &dyn Host, from: &str, to: &str) -> Result<(), Problem> {
    match host.rename(Utf8Path::new(from), Utf8Path::new(to)) {
        Ok(()) | Err(HostError::NotFound { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Numbers of changes go on behind those of armed changes, whose records name them.
pub(crate) fn number_behind_armed(host: &dyn Host, db: &Connection) -> Result<(), Problem> {
    let newest = Records(host).list()?.last().map_or(0, |(change, _)| *change);
    let anchor = "INSERT OR IGNORE INTO anchor (only, seq, changes, hash) VALUES (1, 0, ?1, ?2)";
    db.execute(anchor, params![newest, ORIGIN]).map(drop).map_err(unreadable)
}

/// What was put aside and is still there.
pub(crate) fn findings(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let entries = match host.list_dir(Utf8Path::new(DIRECTORY)) {
        Ok(entries) => entries,
        Err(HostError::NotFound { .. }) => return Ok(Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let whole = |name: &&str| name.contains(MARK) && !name.ends_with("-wal") && !name.ends_with("-shm");
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).filter(whole).collect();
    names.sort_unstable();
    Ok(names.into_iter().map(|name| kept(&Utf8Path::new(DIRECTORY).join(name))).collect())
}

fn kept(path: &Utf8Path) -> Finding {
    Finding {
        id: format!("history.damaged:{path}"),
        level: Level::Warning,
        message: format!("a damaged file was put aside as {path}"),
        evidence: "It could not be read as a database. A new one was begun in its place.".to_owned(),
        advice: format!(
            "Copy it somewhere safe and save what can be read ('sqlite3 COPY .recover'); look after the disk it is on. Remove \
             {path} when it is of no more use."
        ),
        fixes: Vec::new(),
    }
}
