//! Temporary files that a killed process left behind.

use camino::Utf8Path;

use crate::{FileKind, Host, HostError};

/// A program that still writes to one is done with it long before.
const AGE: i64 = 24 * 60 * 60;

/// Whether this is the name of a temporary file beside the one it was to replace: `.NAME.innkeeper-0123456789abcdef`.
pub fn is_left_over(name: &str) -> bool {
    let Some((of, random)) = name.rsplit_once(".innkeeper-") else { return false };
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    of.len() > 1 && of.starts_with('.') && random.len() == 16 && random.bytes().all(hex)
}

/// Removes temporary files that are older than a day from a directory and those below it, so many levels deep, and returns
/// how many they were. A directory that is not there holds none. Links are not followed.
///
/// # Errors
/// When a directory cannot be read, or a file cannot be removed.
pub fn remove_left_overs(host: &dyn Host, directory: &Utf8Path, levels: u32) -> Result<u64, HostError> {
    let entries = match host.list_dir(directory) {
        Ok(entries) => entries,
        Err(HostError::NotFound { .. }) => return Ok(0),
        Err(other) => return Err(other),
    };
    let newest = i128::from(host.now() - AGE) * 1_000_000_000;
    let mut removed = 0;
    for entry in entries {
        let path = directory.join(&entry.name);
        match entry.kind {
            FileKind::Directory if levels > 0 => removed += remove_left_overs(host, &path, levels - 1)?,
            FileKind::File if is_left_over(&entry.name) && is_older(host, &path, newest)? => {
                host.remove_own(&path)?;
                removed += 1;
            }
            _ => {}
        }
    }
    Ok(removed)
}

fn is_older(host: &dyn Host, path: &Utf8Path, than: i128) -> Result<bool, HostError> {
    Ok(host.metadata(path)?.is_some_and(|found| found.modified < than))
}
