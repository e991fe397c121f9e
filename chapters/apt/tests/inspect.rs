//! Inspection of trees with what people and accidents leave in them, and of recordings of real systems.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees themselves"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use camino::Utf8Path;
use innkeeper_apt::checks;
use innkeeper_apt::inspect::inspect;
use innkeeper_apt::model::Repositories;
use innkeeper_apt::openpgp;
use innkeeper_apt::state::{State, Subscription};
use innkeeper_apt::view;
use innkeeper_change::Level;
use innkeeper_host::{CassetteHost, RealHost};

const GOOD: &str = "deb http://deb.debian.org/debian bookworm main\n";

struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        tree.write("etc/os-release", "VERSION_CODENAME=bookworm\n");
        tree.write("etc/apt/sources.list", GOOD);
        fs::create_dir_all(tree.path().join("etc/apt/sources.list.d")).unwrap();
        tree
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn state(&self) -> State {
        let host = RealHost::rooted(Utf8Path::from_path(self.path()).unwrap()).unwrap();
        inspect(&host).unwrap()
    }

    fn errors(&self) -> Vec<(String, String)> {
        self.state().errors.into_iter().map(|error| (error.path, error.error)).collect()
    }
}

fn in_directory(name: &str) -> String {
    format!("/etc/apt/sources.list.d/{name}")
}

/// APT-03
#[test]
fn both_kinds_of_files_are_one_list_in_apt_s_order_and_apt_s_exceptions_are_passed_over() {
    let tree = Tree::new();
    for name in
        ["b.list", "a.list", "x.list.disabled", "y.list~", ".z.list", "w.list.dpkg-old", "v.save", "u.orig"]
    {
        tree.write(&format!("etc/apt/sources.list.d/{name}"), GOOD);
    }
    tree.write(
        "etc/apt/sources.list.d/c.sources",
        "Types: deb\nURIs: http://x/\nSuites: s\nComponents: main\n",
    );
    fs::create_dir_all(tree.path().join("etc/apt/sources.list.d/dir.list")).unwrap();
    let state = tree.state();
    let paths: Vec<_> = state.files.iter().map(|file| file.path.as_str()).collect();
    let dir = ["a.list", "b.list", "c.sources"].map(in_directory);
    assert_eq!(paths, ["/etc/apt/sources.list", &dir[0], &dir[1], &dir[2]]);
    assert!(state.errors.is_empty());
    tree.write("etc/apt/sources.list.d/noext", GOOD);
    tree.write("etc/apt/sources.list.d/a b.list", GOOD);
    assert_eq!(
        tree.errors(),
        [
            (in_directory("a b.list"), "invalid characters in file name".to_owned()),
            (in_directory("noext"), "invalid extension".to_owned())
        ]
    );
}

#[test]
fn one_bad_file_is_named_with_its_line_and_the_others_work() {
    let tree = Tree::new();
    tree.write("etc/apt/sources.list.d/bad.list", format!("{GOOD}\ndeb http://x/\n"));
    tree.write("etc/apt/sources.list.d/latin.list", b"# caf\xe9\n");
    tree.write("etc/apt/sources.list.d/bell.list", "# a\x07\n");
    tree.write("etc/apt/sources.list.d/big.list", vec![b'#'; 100 * 1024 * 1024]);
    tree.write("etc/apt/sources.list.d/many.list", "x\n".repeat(5000));
    let errors = tree.errors();
    let of = |name: &str| -> Vec<&str> {
        errors
            .iter()
            .filter(|(path, _)| *path == in_directory(name))
            .map(|(_, error)| error.as_str())
            .collect()
    };
    assert_eq!(of("bad.list"), ["malformed entry on line 3 - missing suite"]);
    assert_eq!(of("latin.list"), ["malformed entry on line 1 - not valid UTF-8"]);
    assert_eq!(of("bell.list"), ["malformed entry on line 1 - control character U+0007"]);
    assert_eq!(of("big.list"), ["larger than 4194304 bytes"]);
    assert_eq!(of("many.list").len(), 11);
    assert_eq!(of("many.list")[10], "and 4990 more");
    assert_eq!(tree.state().files.len(), 1);
}

#[test]
fn a_link_is_read_and_not_written_and_leads_nowhere_outside() {
    let tree = Tree::new();
    tree.write("srv/real.list", GOOD);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.list"), "deb http://outside/ s main\n").unwrap();
    let link = |name: &str, target: &Path| {
        symlink(target, tree.path().join("etc/apt/sources.list.d").join(name)).unwrap()
    };
    link("inside.list", Path::new("../../../srv/real.list"));
    link("absolute.list", Path::new("/srv/real.list"));
    link("outside.list", &outside.path().join("secret.list"));
    link("nowhere.list", Path::new("nothing"));
    link("loop.list", Path::new("loop.list"));
    let state = tree.state();
    let locked: Vec<_> = state
        .files
        .iter()
        .filter(|file| file.locked.is_some())
        .map(|file| file.path.file_name().unwrap())
        .collect();
    assert_eq!(locked, ["absolute.list", "inside.list"]);
    assert!(state.entries().all(|located| located.entry.uris != ["http://outside/"]));
    let errors: Vec<_> = state.errors.iter().map(|error| error.path.rsplit('/').next().unwrap()).collect();
    assert_eq!(errors, ["loop.list", "nowhere.list", "outside.list"]);
    let shown = view::repositories(&state);
    assert!(shown.files.iter().any(|file| file.path.ends_with("inside.list") && !file.editable));
}

#[test]
fn a_pipe_is_an_error_and_nobody_waits_for_it() {
    let tree = Tree::new();
    let pipe = tree.path().join("etc/apt/sources.list.d/pipe.list");
    let made = std::process::Command::new("/usr/bin/mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    assert_eq!(tree.errors(), [(in_directory("pipe.list"), "not a regular file".to_owned())]);
}

#[test]
fn a_file_in_place_of_the_directory_is_an_error_and_an_empty_system_is_none() {
    let tree = Tree::new();
    fs::remove_dir(tree.path().join("etc/apt/sources.list.d")).unwrap();
    assert!(tree.state().errors.is_empty());
    tree.write("etc/apt/sources.list.d", "");
    assert_eq!(tree.errors(), [("/etc/apt/sources.list.d".to_owned(), "not a directory!".to_owned())]);
    let empty = Tree(tempfile::tempdir().unwrap());
    let state = empty.state();
    assert!(state.files.is_empty() && state.errors.is_empty() && state.codename.is_none());
    assert!(view::repositories(&state).standard_repos.is_empty());
}

/// APT-13
#[test]
fn a_subscription_counts_when_its_last_check_said_active() {
    let tree = Tree::new();
    let encode = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    for (text, expected) in [
        ("".to_owned(), Subscription::None),
        ("pve3c-0123456789\n".to_owned(), Subscription::None),
        ("pve2c-0123456789\n".to_owned(), Subscription::Inactive),
        (format!("pve2c-0123456789\n{}\n", encode("{\"status\":\"Active\"}")), Subscription::Active),
        (
            format!("pve8p-0123456789\nchecksum\n{}\n", encode("{\"status\":\"active\"}")),
            Subscription::Active,
        ),
        (format!("pve2c-0123456789\n{}\n", encode("{\"status\":\"expired\"}")), Subscription::Inactive),
        ("pve2c-0123456789\nnot base64\n".to_owned(), Subscription::Inactive),
    ] {
        tree.write("etc/subscription", &text);
        assert_eq!(tree.state().subscription, expected, "{text}");
    }
}

/// APT-34
#[test]
fn an_installed_release_key_that_is_not_the_published_one_is_critical() {
    let tree = Tree::new();
    tree.write("etc/apt/trusted.gpg.d/proxmox-release-bookworm.gpg", "something else");
    let findings = checks::check(&tree.state());
    let finding = findings.iter().find(|finding| finding.id == "apt.release-key-changed").unwrap();
    assert_eq!(finding.level, Level::Critical);
}

/// INST-01, APT-32
#[test]
fn a_keyring_that_is_missing_or_does_not_fit_is_critical() {
    let tree = Tree::new();
    tree.write(
        "etc/apt/sources.list",
        "deb [signed-by=/usr/share/keyrings/none.gpg] http://x/ bookworm main\n\
         deb [signed-by=/usr/share/keyrings/box.gpg] http://y/ bookworm main\n",
    );
    tree.write("usr/share/keyrings/box.gpg", include_bytes!("fixtures/openpgp/keybox.kbx"));
    let findings = checks::check(&tree.state());
    let found: Vec<_> = findings.iter().filter(|finding| finding.id == "apt.keyring-missing").collect();
    assert_eq!(found.len(), 2);
    assert!(found[0].evidence.contains("none.gpg: no such file"), "{}", found[0].evidence);
    assert!(found[1].evidence.contains("keybox"), "{}", found[1].evidence);
}

#[test]
fn an_embedded_key_counts_for_its_stanza() {
    let tree = Tree::new();
    let key = include_str!("fixtures/openpgp/prolonged.asc");
    let folded: String =
        key.lines().map(|line| format!(" {}\n", if line.is_empty() { "." } else { line })).collect();
    let stanza = format!("Types: deb\nURIs: https://x/\nSuites: ./\nSigned-By:\n{folded}");
    tree.write("etc/apt/sources.list.d/x.sources", stanza);
    let signatures = view::repositories(&tree.state()).signatures;
    let own = signatures.iter().find(|record| record.path.ends_with("x.sources")).unwrap();
    assert!(own.keyring_exists);
    assert_eq!(own.keyrings, ["embedded"]);
    assert_eq!(own.keys[0].fingerprint, "B5B58CFD85054452CD68EBF8264FD5ED0993C64F");
    assert_eq!(own.matches, None);
}

fn cassette(text: &str) -> State {
    inspect(&CassetteHost::parse(text).unwrap()).unwrap()
}

fn shown(state: &State) -> Repositories {
    view::repositories(state)
}

/// APT-02, APT-09, APT-32
#[test]
fn a_real_debian_12_shows_its_repositories_with_origin_and_signer() {
    let state = cassette(include_str!("cassettes/debian-12.json"));
    assert_eq!(state.codename.as_deref(), Some("bookworm"));
    let shown = shown(&state);
    assert_eq!(shown.files.len(), 1);
    assert_eq!(shown.files[0].repositories.len(), 3);
    let origins: Vec<_> =
        shown.infos.iter().map(|info| (info.index, info.kind.as_str(), info.message.as_str())).collect();
    assert_eq!(origins, [(0, "origin", "Debian"), (1, "origin", "Debian"), (2, "origin", "Debian")]);
    assert_eq!(shown.signatures.len(), 3);
    for record in &shown.signatures {
        assert_eq!(record.matches, Some(true), "{record:?}");
        assert!(record.keys.iter().all(|key| key.user_ids[0].contains("Debian") && key.expires.is_some()));
        assert!(record.signed_by.len() >= record.keys.len());
    }
    let ids: Vec<_> = checks::check(&state).into_iter().map(|finding| finding.id).collect();
    assert_eq!(ids, ["apt.no-product-repository"]);
}

/// APT-02, APT-32
#[test]
fn a_real_debian_13_shows_its_stanzas_and_the_keyring_they_name() {
    let state = cassette(include_str!("cassettes/debian-13.json"));
    assert_eq!(state.codename.as_deref(), Some("trixie"));
    let shown = shown(&state);
    assert_eq!(shown.files[0].path, "/etc/apt/sources.list.d/debian.sources");
    assert_eq!(shown.signatures.len(), 3);
    for record in &shown.signatures {
        assert_eq!(record.keyrings, ["/usr/share/keyrings/debian-archive-keyring.gpg"]);
        assert_eq!(record.matches, Some(true), "{record:?}");
    }
    let handles: Vec<_> = shown.standard_repos.iter().map(|repository| repository.handle.as_str()).collect();
    assert!(handles.contains(&"ceph-squid-enterprise") && !handles.contains(&"ceph-quincy-enterprise"));
    let ids: Vec<_> = checks::check(&state).into_iter().map(|finding| finding.id).collect();
    assert_eq!(ids, ["apt.no-product-repository"]);
}

/// APT-32
#[test]
fn a_key_that_expires_expired_or_is_not_the_signer_is_a_finding() {
    let recorded = cassette(include_str!("cassettes/debian-13.json"));
    let level = |state: &State, id: &str| {
        checks::check(state).into_iter().find(|finding| finding.id == id).map(|finding| finding.level)
    };
    let keyring =
        recorded.keyrings.keys().find(|path| path.as_str().contains("archive-keyring")).unwrap().clone();
    let ends: Vec<i64> = shown(&recorded)
        .signatures
        .iter()
        .flat_map(|record| record.keys.iter().filter_map(|key| key.expires))
        .collect();
    let last = ends.into_iter().max().unwrap();

    let mut late = recorded.clone();
    late.now = last + 1;
    assert_eq!(level(&late, "apt.key-expired"), Some(Level::Critical));
    late.now = last - 1000;
    assert_eq!(level(&late, "apt.key-expires-soon"), Some(Level::Warning));

    let mut other = recorded.clone();
    let stranger = openpgp::keyring(include_bytes!("fixtures/openpgp/expired.gpg")).unwrap();
    other.keyrings.insert(keyring, Ok(stranger));
    assert_eq!(level(&other, "apt.key-mismatch"), Some(Level::Critical));

    let mut unsigned = recorded.clone();
    unsigned.releases.values_mut().for_each(|cached| cached.signatures.clear());
    assert_eq!(level(&unsigned, "apt.unsigned"), Some(Level::Critical));

    let mut missing = recorded;
    missing.releases.clear();
    assert_eq!(level(&missing, "apt.never-fetched"), Some(Level::Warning));
}
