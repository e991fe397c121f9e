//! Every secret that a test uses is remembered, and looked for where none may be: in answers, in the services' own log, in
//! task logs, in the journal. So every service test proves this as well.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A shorter one could stand anywhere by chance.
const SHORTEST: usize = 12;

static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on this is looked for.
pub fn keep(secret: &str) {
    let mut all = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    if secret.len() >= SHORTEST && !all.iter().any(|known| known == secret) {
        all.push(secret.to_owned());
    }
}

/// Remembers what a form hands over that is secret.
pub fn keep_of_form(form: &[u8]) {
    let text = String::from_utf8_lossy(form);
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    fields.filter(|(name, _)| matches!(*name, "password" | "secret")).for_each(|(_, value)| keep(value));
}

/// Fails when one of them is in there.
pub fn must_not_be_in(bytes: &[u8], place: &str) {
    let all = SECRETS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for secret in all {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "the secret {}… is in {place}", &secret[..4]);
    }
}

/// The same for every file below a directory.
pub fn must_not_be_below(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            must_not_be_below(&entry.path());
        } else if kind.is_file() {
            // a file of a task that has ended meanwhile is gone, and held nothing that its log does not
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            must_not_be_in(&bytes, &entry.path().display().to_string());
        }
    }
}
