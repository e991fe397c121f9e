//! Host → [`State`]. Reads only, and reads only what the sources files refer to.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Problem};
use innkeeper_engine::Upid;
use innkeeper_host::{
    CONFIG_LIMIT, DirEntry, FileKind, Host, HostError, lock_holder, read_config, read_content,
};

use crate::format::document::{Document, FileType};
use crate::format::refresh_log::{Failure, failures};
use crate::format::{dpkg_status, os_release, release};
use crate::model::FileError;
use crate::openpgp;
use crate::plan::{PROXY_FILE, Refresh};
use crate::release_key::{RELEASE_KEYS, sha512};
use crate::standard::ARCHIVE_KEYRING;
use crate::state::{CachedRelease, SOURCES_DIR, SOURCES_LIST, SourceFile, State, Subscription};

/// The list of finished tasks; its end holds the newest.
const TASK_INDEX: &str = "/var/log/pve/tasks/index";
/// A refresh that lies further back than some hundred tasks says little about today.
const INDEX_TAIL: usize = 64 * 1024;
const LISTS: &str = "/var/lib/apt/lists";
/// A host with many packages has some megabytes of it.
const DPKG_STATUS_LIMIT: u64 = 256 * 1024 * 1024;
/// More errors than this are counted and not listed for a file.
const ERRORS_PER_FILE: usize = 10;
/// Extensions that APT passes over without a word.
const IGNORED: [&str; 5] = ["disabled", "bak", "save", "orig", "distUpgrade"];
const CEPH_PACKAGES: [&str; 7] =
    ["ceph", "ceph-base", "ceph-common", "ceph-mds", "ceph-mgr", "ceph-mon", "ceph-osd"];

/// Looks at the package repositories of a host.
///
/// # Errors
/// Only what makes the whole question meaningless; what is wrong with single files is part of the answer.
pub fn inspect(host: &dyn Host) -> Result<State, Problem> {
    let mut state = State { node: host.node_name(), now: host.now(), ..State::default() };
    let os_release = match read_config(host, "/etc/os-release".into())? {
        Some(text) => Some(text),
        None => read_config(host, "/usr/lib/os-release".into())?,
    };
    state.codename = os_release.as_deref().and_then(os_release::codename);
    read_sources(host, &mut state);
    read_releases(host, &mut state);
    read_keyrings(host, &mut state);
    read_release_keys(host, &mut state);
    state.subscription = subscription(host);
    state.ceph = ceph_packages(host);
    state.clock_service = clock_service(host);
    state.refresh_failures = refresh_failures(host);
    Ok(state)
}

/// A refresh of the package lists, with the proxy that the datacenter's options name.
///
/// # Errors
/// When those cannot be read.
pub fn refresh_request(host: &dyn Host, quiet: bool) -> Result<Refresh, Problem> {
    let options = read_config(host, "/etc/pve/datacenter.cfg".into())?.unwrap_or_default();
    let proxy = options.lines().find_map(|line| line.strip_prefix("http_proxy:"));
    let proxy = proxy.map(|proxy| proxy.trim().to_owned());
    let proxy_file = read_content(host, PROXY_FILE.into())?;
    let waits_for = lock_holder(host, &["/var/lib/apt/lists/lock"]);
    Ok(Refresh { quiet, proxy, proxy_file, waits_for, ..Refresh::default() })
}

/// The service that keeps the clock right. Chrony comes first: where it is installed the other one does not run.
fn clock_service(host: &dyn Host) -> Option<String> {
    let is_there = |name: &&str| {
        let unit = format!("/usr/lib/systemd/system/{name}.service");
        matches!(host.metadata(Utf8Path::new(&unit)), Ok(Some(_)))
    };
    ["chrony", "systemd-timesyncd"].into_iter().find(is_there).map(str::to_owned)
}

/// What the last `apt-get update` that ran as a task could not fetch. Without such a task, or without its log, nothing is
/// known, which is not a failure.
fn refresh_failures(host: &dyn Host) -> Vec<Failure> {
    let index = Utf8Path::new(TASK_INDEX);
    let Ok(Some(found)) = host.metadata(index) else { return Vec::new() };
    let start = found.size.saturating_sub(INDEX_TAIL as u64);
    let Ok(tail) = host.read_at(index, start, INDEX_TAIL) else { return Vec::new() };
    let tail = String::from_utf8_lossy(&tail);
    let mut finished = tail.lines().rev().filter_map(|line| line.split(' ').next()?.parse::<Upid>().ok());
    let Some(last) = finished.find(|upid| upid.kind() == "aptupdate") else { return Vec::new() };
    let log = host.read(&last.log_path(), CONFIG_LIMIT).unwrap_or_default();
    failures(&String::from_utf8_lossy(&log))
}

fn read_sources(host: &dyn Host, state: &mut State) {
    read_source(host, state, SOURCES_LIST.into());
    let entries = match host.list_dir(SOURCES_DIR.into()) {
        Ok(entries) => entries,
        Err(HostError::NotFound { .. }) => return,
        Err(error) => {
            state
                .errors
                .push(FileError { path: SOURCES_DIR.to_owned(), error: without_path(SOURCES_DIR, &error) });
            return;
        }
    };
    state.names = entries.iter().map(|entry| entry.name.clone()).collect();
    for entry in entries.iter().filter(|entry| concerns_apt(entry)) {
        let path = Utf8Path::new(SOURCES_DIR).join(&entry.name);
        match unfit_name(&entry.name) {
            Some(error) => state.errors.push(FileError { path: path.into_string(), error: error.to_owned() }),
            None => read_source(host, state, &path),
        }
    }
}

fn concerns_apt(entry: &DirEntry) -> bool {
    let name = &entry.name;
    let ignored = |extension: &str| {
        IGNORED.contains(&extension) || extension.starts_with("dpkg-") || extension.starts_with("ucf-")
    };
    entry.kind != FileKind::Directory
        && !name.starts_with('.')
        && !name.ends_with('~')
        && !name.rsplit_once('.').is_some_and(|(_, extension)| ignored(extension))
}

/// Why APT passes over a file of this name, if it does.
pub(crate) fn unfit_name(name: &str) -> Option<&'static str> {
    if FileType::of(name).is_none() {
        return Some("invalid extension");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (!name.chars().all(allowed)).then_some("invalid characters in file name")
}

fn read_source(host: &dyn Host, state: &mut State, path: &Utf8Path) {
    let mut fail = |error: String| state.errors.push(FileError { path: path.to_string(), error });
    let kind = match host.metadata(path) {
        Ok(Some(metadata)) => metadata.kind,
        Ok(None) => return,
        Err(error) => return fail(without_path(path.as_str(), &error)),
    };
    if !matches!(kind, FileKind::File | FileKind::Symlink) {
        // opening a pipe would wait for somebody to write into it
        return fail("not a regular file".to_owned());
    }
    let text = match read_config(host, path) {
        Ok(Some(text)) => text,
        Ok(None) => return fail("symbolic link to nothing".to_owned()),
        Err(error) => return fail(without_path(path.as_str(), &error)),
    };
    let Some(file_type) = FileType::of(path.as_str()) else { return };
    let document = Document::parse(file_type, &text);
    let malformed = document.malformed();
    for bad in malformed.iter().take(ERRORS_PER_FILE) {
        fail(bad.to_string());
    }
    if malformed.len() > ERRORS_PER_FILE {
        fail(format!("and {} more", malformed.len() - ERRORS_PER_FILE));
    }
    if malformed.is_empty() {
        let locked = (kind == FileKind::Symlink).then(|| locked_by_link(host, path));
        let content = Content::from(text);
        state.files.push(SourceFile { path: path.to_owned(), content, document, locked });
    }
}

fn locked_by_link(host: &dyn Host, path: &Utf8Path) -> String {
    match host.read_link(path) {
        Ok(target) => {
            format!("is a symbolic link to {target}; edit that file, or replace the link by a file")
        }
        Err(_) => "is a symbolic link; edit the file it points to".to_owned(),
    }
}

/// The message of an error without the path that the answer gives beside it.
fn without_path(path: &str, error: &HostError) -> String {
    if let HostError::NotUtf8 { line, .. } = error {
        return format!("malformed entry on line {line} - not valid UTF-8");
    }
    let text = error.to_string();
    let rest = text.strip_prefix(path).map(|rest| rest.trim_start_matches([':', ' ']));
    rest.unwrap_or(&text).to_owned()
}

fn read_releases(host: &dyn Host, state: &mut State) {
    let Ok(cached) = host.list_dir(LISTS.into()) else { return };
    let cached: BTreeSet<&str> = cached.iter().map(|entry| entry.name.as_str()).collect();
    state.ever_fetched = cached.iter().any(|name| name.ends_with("Release"));
    if !state.ever_fetched {
        return;
    }
    let mut wanted = BTreeSet::new();
    for located in state.entries() {
        for (uri, suite) in located.archives() {
            let names = release::cache_names(uri, suite);
            wanted.extend(names.into_iter().find(|name| cached.contains(name.as_str())));
        }
    }
    for name in wanted {
        let path = Utf8Path::new(LISTS).join(&name);
        let Ok(Some(text)) = read_config(host, &path) else { continue };
        let release = release::parse(&text);
        let signature = match &release.signature {
            Some(signature) => Some(signature.clone().into_bytes()),
            None => host.read(Utf8Path::new(&format!("{path}.gpg")), CONFIG_LIMIT).ok(),
        };
        // what cannot be read as a signature is none: APT would not accept it either
        let signatures = signature.and_then(|data| openpgp::signatures(&data).ok()).unwrap_or_default();
        state.releases.insert(name, CachedRelease { release, signatures });
    }
}

fn read_keyrings(host: &dyn Host, state: &mut State) {
    const PARTS: &str = "/etc/apt/trusted.gpg.d";
    let single = Utf8PathBuf::from("/etc/apt/trusted.gpg");
    if host.metadata(&single).ok().flatten().is_some_and(|metadata| metadata.size > 0) {
        state.trusted.push(single);
    }
    let parts = host.list_dir(PARTS.into()).unwrap_or_default();
    let keyring = |name: &str| !name.starts_with('.') && (name.ends_with(".gpg") || name.ends_with(".asc"));
    state.trusted.extend(
        parts.iter().filter(|part| keyring(&part.name)).map(|part| Utf8Path::new(PARTS).join(&part.name)),
    );
    let mut wanted: BTreeSet<_> = state.trusted.iter().cloned().collect();
    // the one that an entry which is added by handle would name
    wanted.insert(ARCHIVE_KEYRING.into());
    for located in state.entries() {
        let named = located.entry.option("Signed-By").unwrap_or_default();
        wanted.extend(named.iter().filter(|value| value.starts_with('/')).map(Utf8PathBuf::from));
    }
    for path in wanted {
        let keys = read_keyring(host, &path);
        state.keyrings.insert(path, keys);
    }
}

fn read_keyring(host: &dyn Host, path: &Utf8Path) -> Result<Vec<openpgp::Key>, String> {
    let data = host.read(path, CONFIG_LIMIT).map_err(|error| without_path(path.as_str(), &error))?;
    let keys = openpgp::keyring(&data).map_err(|error| error.to_string())?;
    if keys.is_empty() { Err("holds no key".to_owned()) } else { Ok(keys) }
}

fn read_release_keys(host: &dyn Host, state: &mut State) {
    for known in RELEASE_KEYS {
        for path in known.places() {
            if let Ok(data) = host.read(&path, CONFIG_LIMIT) {
                state.release_keys.insert(path, sha512(&data));
            }
        }
    }
}

/// Looks at `/etc/subscription`: the key on its first line, and behind it, in base64, what the last check answered.
///
/// Only that answer's own word "active" makes the key count: a key alone may have expired long ago. Whether the
/// answer is genuine is not checked here; nothing but warnings depends on it.
fn subscription(host: &dyn Host) -> Subscription {
    let Ok(Some(text)) = read_config(host, "/etc/subscription".into()) else { return Subscription::None };
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    if !lines.first().is_some_and(|line| is_subscription_key(line)) {
        return Subscription::None;
    }
    // a checksum may stand between the key and the answer
    let active = (1..lines.len().min(3)).any(|start| says_active(&lines[start..].concat()));
    if active { Subscription::Active } else { Subscription::Inactive }
}

fn says_active(encoded: &str) -> bool {
    let Ok(data) = STANDARD.decode(encoded) else { return false };
    let answer: serde_json::Value = serde_json::from_slice(&data).unwrap_or_default();
    answer
        .get("status")
        .and_then(|status| status.as_str())
        .is_some_and(|word| word.eq_ignore_ascii_case("active"))
}

/// `pve`, sockets, level, ten hex digits: `pve2c-0123456789`.
fn is_subscription_key(word: &str) -> bool {
    let Some((head, tail)) = word.split_once('-') else { return false };
    let head = head.strip_prefix("pve").map(str::as_bytes);
    let head = matches!(head, Some([b'1' | b'2' | b'4' | b'8', b'c' | b'b' | b's' | b'p']));
    head && tail.len() == 10
        && tail.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn ceph_packages(host: &dyn Host) -> Vec<(String, String)> {
    let Ok(data) = host.read("/var/lib/dpkg/status".into(), DPKG_STATUS_LIMIT) else { return Vec::new() };
    let text = String::from_utf8_lossy(&data);
    let found = dpkg_status::installed(&text, &CEPH_PACKAGES);
    found.into_iter().map(|(package, version)| (package.to_owned(), version.to_owned())).collect()
}
