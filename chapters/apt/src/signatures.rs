//! Who signs each repository, and whether the host knows the key. What is said here is read, not verified.

use std::borrow::Cow;

use camino::Utf8Path;

use crate::model::{KeyInfo, SignatureInfo};
use crate::openpgp::{self, Key, KeyPart};
use crate::state::{CachedRelease, Located, State};

/// The name under which a key block inside a `.sources` file is listed.
const EMBEDDED: &str = "embedded";

/// The keyrings that count for one entry.
struct Keyrings<'a> {
    names: Vec<String>,
    errors: Vec<String>,
    keys: Vec<(&'a str, Cow<'a, Key>)>,
    /// The entry names them itself.
    own: bool,
}

/// One record for each suite of each archive of each entry, in APT's order.
pub fn all(state: &State) -> Vec<SignatureInfo> {
    state.entries().flat_map(|located| of_entry(state, located)).collect()
}

/// The records of one entry.
pub fn of_entry(state: &State, located: Located<'_>) -> Vec<SignatureInfo> {
    let keyrings = keyrings(state, located);
    located.archives().map(|(uri, suite)| record(state, located, &keyrings, uri, suite)).collect()
}

/// Whether APT has a key for an entry whose owner's name holds `word`, in whatever case.
pub(crate) fn has_key_of(state: &State, located: Located<'_>, word: &str) -> bool {
    let owned =
        |(_, key): &(&str, Cow<'_, Key>)| key.user_ids.iter().any(|id| id.to_lowercase().contains(word));
    keyrings(state, located).keys.iter().any(owned)
}

fn record(
    state: &State,
    located: Located<'_>,
    keyrings: &Keyrings<'_>,
    uri: &str,
    suite: &str,
) -> SignatureInfo {
    let cached = state.release(uri, suite);
    let keys = match cached {
        Some(cached) => makers(keyrings, cached),
        // of the keys that count for every repository none belongs to this one in particular
        None if !keyrings.own => Vec::new(),
        None => keyrings.keys.iter().map(|(name, key)| key_info(name, key, &key.primary)).collect(),
    };
    SignatureInfo {
        path: located.file.path.to_string(),
        index: located.index,
        uri: uri.to_owned(),
        suite: suite.to_owned(),
        keyrings: keyrings.names.clone(),
        keyring_exists: keyrings.errors.is_empty() && !keyrings.keys.is_empty(),
        keyring_errors: keyrings.errors.clone(),
        signed_by: cached.map(signers).unwrap_or_default(),
        matches: cached.map(|_| !keys.is_empty()),
        keys,
    }
}

fn signers(cached: &CachedRelease) -> Vec<String> {
    let name =
        |made: &openpgp::Signature| made.issuer_fingerprint.clone().or_else(|| made.issuer_key_id.clone());
    cached.signatures.iter().filter_map(name).collect()
}

fn makers(keyrings: &Keyrings<'_>, cached: &CachedRelease) -> Vec<KeyInfo> {
    let mut found: Vec<KeyInfo> = Vec::new();
    for signature in &cached.signatures {
        for (name, key) in &keyrings.keys {
            if let Some(part) = key.maker(signature) {
                let info = key_info(name, key, part);
                if !found
                    .iter()
                    .any(|have| have.fingerprint == info.fingerprint && have.subkey == info.subkey)
                {
                    found.push(info);
                }
            }
        }
    }
    found
}

/// A key by the part of it that signs: a subkey is no longer good than itself and its primary key.
fn key_info(keyring: &str, key: &Key, part: &KeyPart) -> KeyInfo {
    let subkey = (part.fingerprint != key.primary.fingerprint).then(|| part.fingerprint.clone());
    let ends = [key.primary.expires, part.expires];
    KeyInfo {
        fingerprint: key.primary.fingerprint.clone(),
        subkey,
        user_ids: key.user_ids.clone(),
        created: part.created,
        expires: ends.into_iter().flatten().min(),
        revoked: key.primary.revoked || part.revoked,
        keyring: keyring.to_owned(),
    }
}

/// The keyrings of an entry: those it names, the key block it holds, or those that count for every entry; narrowed to
/// the fingerprints it names.
fn keyrings<'a>(state: &'a State, located: Located<'a>) -> Keyrings<'a> {
    let mut found = Keyrings { names: Vec::new(), errors: Vec::new(), keys: Vec::new(), own: true };
    if let Some(block) = &located.entry.embedded_key {
        found.names.push(EMBEDDED.to_owned());
        match openpgp::keyring(block.as_bytes()) {
            Ok(keys) => found.keys.extend(keys.into_iter().map(|key| (EMBEDDED, Cow::Owned(key)))),
            Err(error) => found.errors.push(format!("embedded key: {error}")),
        }
        return found;
    }
    let named = located.entry.option("Signed-By").unwrap_or_default();
    let (files, prints): (Vec<_>, Vec<_>) = named.iter().partition(|value| value.starts_with('/'));
    found.own = !files.is_empty();
    let files: Vec<&Utf8Path> = if files.is_empty() {
        state.trusted.iter().map(|path| path.as_path()).collect()
    } else {
        files.into_iter().map(Utf8Path::new).collect()
    };
    for path in files {
        found.names.push(path.to_string());
        match state.keyrings.get(path) {
            Some(Ok(keys)) => found.keys.extend(keys.iter().map(|key| (path.as_str(), Cow::Borrowed(key)))),
            // a broken file among those that count for all is a finding of its own, not this entry's
            Some(Err(error)) if found.own => found.errors.push(format!("{path}: {error}")),
            _ => {}
        }
    }
    let prints: Vec<_> =
        prints.iter().map(|print| print.trim_end_matches('!').to_ascii_uppercase()).collect();
    if !prints.is_empty() {
        found.own = true;
        let wanted =
            |key: &Key| key.parts().any(|part| prints.iter().any(|print| part.fingerprint.ends_with(print)));
        found.keys.retain(|(_, key)| wanted(key));
    }
    found
}
