//! Nothing outside the root is read or written, whatever links lie in the tree.
#![allow(clippy::disallowed_methods, reason = "tests build and inspect trees from outside the host")]
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::FileChange;
use innkeeper_host::{Command, Host, HostError, Permissions, RealHost};
use proptest::prelude::*;
use tempfile::TempDir;

const LIMIT: u64 = 1 << 20;
const OUTSIDE: &str = "outside: never to be seen";
const PLAIN: Permissions = Permissions { mode: 0o644, owner: None };
const DIRECTORY: Permissions = Permissions { mode: 0o755, owner: None };

/// `outer/root` is the root; everything else in `outer` is outside and full of sentinels.
struct Sandbox {
    outer: TempDir,
}

impl Sandbox {
    fn new() -> Self {
        // in memory if possible: every write is synced, which a disk takes its time for
        let memory = tempfile::tempdir_in("/dev/shm");
        let outer = memory.or_else(|_| tempfile::tempdir()).unwrap();
        let sandbox = Self { outer };
        for directory in ["root/etc", "root/a/b", "etc", "a/b", "d0"] {
            fs::create_dir_all(sandbox.outer.path().join(directory)).unwrap();
        }
        for name in ["secret", "etc/secret", "etc/hostname", "a/secret", "a/b/secret", "d0/f0", "f0", "f1"] {
            fs::write(sandbox.outer.path().join(name), OUTSIDE).unwrap();
        }
        sandbox
    }

    fn root(&self) -> PathBuf {
        self.outer.path().join("root")
    }

    fn inside(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn host(&self) -> RealHost {
        RealHost::rooted(Utf8PathBuf::from_path_buf(self.root()).unwrap()).unwrap()
    }

    /// Every name and content outside the root, and the directories' own entries.
    fn outside(&self) -> Vec<(PathBuf, Option<Vec<u8>>)> {
        let mut found = Vec::new();
        walk(self.outer.path(), &self.root(), &mut found);
        found
    }
}

fn walk(directory: &Path, except: &Path, found: &mut Vec<(PathBuf, Option<Vec<u8>>)>) {
    let mut entries: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path == except {
            continue;
        }
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        found.push((path.clone(), kind.is_file().then(|| fs::read(&path).unwrap())));
        if kind.is_dir() {
            walk(&path, except, found);
        }
    }
}

fn text(host: &RealHost, path: &str) -> Result<String, HostError> {
    host.read(Utf8Path::new(path), LIMIT).map(|bytes| String::from_utf8(bytes).unwrap())
}

fn write(host: &RealHost, path: &str, content: &str) -> Result<(), HostError> {
    host.write_own(Utf8Path::new(path), content.as_bytes(), PLAIN)
}

#[test]
fn a_root_must_be_a_directory_that_exists() {
    let sandbox = Sandbox::new();
    let missing = Utf8PathBuf::from_path_buf(sandbox.inside("missing")).unwrap();
    assert!(matches!(RealHost::rooted(&missing), Err(HostError::NotFound { .. })));
    let file = Utf8PathBuf::from_path_buf(sandbox.outer.path().join("secret")).unwrap();
    assert!(matches!(RealHost::rooted(&file), Err(HostError::NotADirectory { .. })));
}

#[test]
fn dot_dot_stops_at_the_root() {
    let sandbox = Sandbox::new();
    let host = sandbox.host();
    for path in ["/../secret", "/a/../../secret", "/a/b/../../../etc/secret", "/../../../../../../etc/passwd"]
    {
        assert!(matches!(text(&host, path), Err(HostError::NotFound { .. })), "{path}");
    }
    fs::write(sandbox.inside("secret"), "mine").unwrap();
    assert_eq!(text(&host, "/a/../../../secret").unwrap(), "mine");
}

#[test]
fn absolute_links_are_taken_from_the_root() {
    let sandbox = Sandbox::new();
    let host = sandbox.host();
    symlink(sandbox.outer.path().join("secret"), sandbox.inside("direct")).unwrap();
    symlink("/etc/passwd", sandbox.inside("passwd")).unwrap();
    assert!(matches!(text(&host, "/direct"), Err(HostError::NotFound { .. })));
    assert!(matches!(text(&host, "/passwd"), Err(HostError::NotFound { .. })));
    fs::write(sandbox.inside("etc/passwd"), "mine").unwrap();
    assert_eq!(text(&host, "/passwd").unwrap(), "mine");
}

#[test]
fn link_chains_and_links_in_the_middle_stay_inside() {
    let sandbox = Sandbox::new();
    let host = sandbox.host();
    symlink("../../..", sandbox.inside("a/up")).unwrap();
    symlink("/a/up", sandbox.inside("one")).unwrap();
    symlink("one", sandbox.inside("two")).unwrap();
    fs::write(sandbox.inside("etc/hostname"), "mine").unwrap();
    for path in ["/a/up/etc/hostname", "/two/etc/hostname", "/two/two/one/../../etc/hostname"] {
        assert_eq!(text(&host, path).unwrap(), "mine", "{path}");
    }
    for path in ["/a/up/secret", "/two/secret", "/two/etc/secret"] {
        assert!(matches!(text(&host, path), Err(HostError::NotFound { .. })), "{path}");
    }
}

#[test]
fn a_tree_whose_directories_are_links_out_is_only_written_inside() {
    let sandbox = Sandbox::new();
    let before = sandbox.outside();
    fs::remove_dir(sandbox.inside("etc")).unwrap();
    fs::remove_dir_all(sandbox.inside("a")).unwrap();
    symlink("/etc", sandbox.inside("etc")).unwrap();
    symlink("../../..", sandbox.inside("a")).unwrap();
    let host = sandbox.host();

    let looped = write(&host, "/etc/new", "x").unwrap_err();
    assert!(looped.to_string().contains("Too many levels of symbolic links"), "{looped}");
    write(&host, "/a/new", "inside").unwrap();
    assert_eq!(fs::read_to_string(sandbox.inside("new")).unwrap(), "inside");
    host.change_file(&FileChange::write("/a/a/a/other", None, "inside")).unwrap();
    assert_eq!(fs::read_to_string(sandbox.inside("other")).unwrap(), "inside");
    host.make_dirs(Utf8Path::new("/a/x/y"), DIRECTORY).unwrap();
    assert!(sandbox.inside("x/y").is_dir());
    host.symlink(Utf8Path::new("/a/../link"), "/anywhere").unwrap();
    host.rename(Utf8Path::new("/a/new"), Utf8Path::new("/a/../../renamed")).unwrap();
    assert!(sandbox.inside("renamed").is_file());
    host.append(Utf8Path::new("/a/log"), b"line\n", PLAIN).unwrap();
    host.create_new(Utf8Path::new("/a/unique"), b"", PLAIN).unwrap();
    let _guard = host.lock(Utf8Path::new("/a/lock"), std::time::Duration::ZERO).unwrap();
    assert!(sandbox.inside("lock").is_file());
    host.remove_own(Utf8Path::new("/a/secret")).unwrap();
    assert_eq!(sandbox.outside(), before);
}

#[test]
fn a_link_at_the_end_is_refused_for_writing_and_left_alone() {
    let sandbox = Sandbox::new();
    let host = sandbox.host();
    fs::write(sandbox.inside("target"), "old").unwrap();
    symlink("target", sandbox.inside("link")).unwrap();
    symlink("nowhere", sandbox.inside("dangling")).unwrap();
    for name in ["/link", "/dangling"] {
        let path = Utf8Path::new(name);
        let refusals = [
            host.change_file(&FileChange::write(path, Some("old".into()), "new")),
            host.write_own(path, b"new", PLAIN),
            host.append(path, b"new", PLAIN),
            host.rename(Utf8Path::new("/target"), path),
            host.lock(path, std::time::Duration::ZERO).map(drop),
            host.library_path(path).map(drop),
        ];
        for refusal in refusals {
            assert_eq!(refusal, Err(HostError::Symlink { path: path.to_owned() }), "{name}");
        }
        assert!(matches!(host.create_new(path, b"", PLAIN), Err(HostError::Exists { .. })));
        assert!(fs::symlink_metadata(sandbox.inside(&name[1..])).unwrap().is_symlink());
    }
    assert_eq!(fs::read_to_string(sandbox.inside("target")).unwrap(), "old");
    assert!(!sandbox.inside("nowhere").exists());
}

#[test]
fn magic_links_are_refused() {
    let host = RealHost::new();
    let refused = host.list_dir(Utf8Path::new("/proc/self/root")).unwrap_err();
    assert!(refused.to_string().contains("Too many levels of symbolic links"), "{refused}");
}

#[test]
fn paths_that_are_not_absolute_or_name_no_file_are_refused() {
    let sandbox = Sandbox::new();
    let before = sandbox.outside();
    let host = sandbox.host();
    for path in ["", "secret", "../secret", "/a\0b"] {
        assert!(matches!(text(&host, path), Err(HostError::Io { .. })), "{path:?}");
        assert!(matches!(host.metadata(Utf8Path::new(path)), Err(HostError::Io { .. })), "{path:?}");
        assert!(host.make_dirs(Utf8Path::new(path), DIRECTORY).is_err(), "{path:?}");
    }
    for path in ["", "a", "/", "/a/", "/a/.", "/a/..", "/..", "/x\0", "x/y"] {
        assert!(matches!(write(&host, path, "x"), Err(HostError::Io { .. })), "{path:?}");
    }
    assert_eq!(sandbox.outside(), before);
}

#[test]
fn missing_directories_are_made_through_links_into_an_empty_run() {
    let sandbox = Sandbox::new();
    let host = sandbox.host();
    fs::create_dir(sandbox.inside("var")).unwrap();
    symlink("/run/lock", sandbox.inside("var/lock")).unwrap();
    let _guard = host.lock(Utf8Path::new("/var/lock/pvenode.lock"), std::time::Duration::ZERO).unwrap();
    assert!(sandbox.inside("run/lock/pvenode.lock").is_file());
    symlink("loop", sandbox.inside("loop")).unwrap();
    assert!(host.make_dirs(Utf8Path::new("/loop/x"), DIRECTORY).is_err());
}

#[test]
fn library_paths_lead_inside_and_stay_valid() {
    let sandbox = Sandbox::new();
    let host = sandbox.host();
    let path = host.library_path(Utf8Path::new("/a/b/../../a/db")).unwrap();
    assert!(path.starts_with("/proc/self/fd"), "{path}");
    assert_eq!(host.library_path(Utf8Path::new("/a/b/../../a/db")).unwrap(), path);
    // the handle keeps meaning the directory that was opened, even when its name now leads elsewhere
    fs::rename(sandbox.inside("a"), sandbox.inside("moved")).unwrap();
    symlink(sandbox.outer.path(), sandbox.inside("a")).unwrap();
    fs::write(&path, "database").unwrap();
    assert_eq!(fs::read_to_string(sandbox.inside("moved/db")).unwrap(), "database");
    assert_eq!(RealHost::new().library_path(Utf8Path::new("/tmp/db")).unwrap(), "/tmp/db");
}

#[test]
fn no_command_runs_under_another_root_even_when_it_is_slash() {
    let sandbox = Sandbox::new();
    for host in [sandbox.host(), RealHost::rooted("/").unwrap()] {
        let refused = host.run(&Command::new("/bin/echo").arg("a b")).unwrap_err();
        assert_eq!(refused, HostError::NoCommands { argv: "/bin/echo 'a b'".into() });
    }
}

#[test]
fn the_node_name_of_a_tree_is_its_own() {
    let sandbox = Sandbox::new();
    let host = sandbox.host();
    assert_eq!(host.node_name(), "localhost");
    fs::write(sandbox.inside("etc/hostname"), "# set at installation\npve7.example.org\n").unwrap();
    assert_eq!(host.node_name(), "pve7");
    fs::write(sandbox.inside("etc/hostname"), "../../x\n").unwrap();
    assert_eq!(host.node_name(), "localhost");
}

const NAMES: [&str; 6] = ["d0", "d1", "f0", "f1", "l0", "l1"];

#[derive(Clone, Debug)]
enum Thing {
    Directory(String),
    File(String),
    Link(String, String),
}

fn relative() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&NAMES[..]), 1..4).prop_map(|parts| parts.join("/"))
}

fn target() -> impl Strategy<Value = String> {
    let part = prop_oneof![3 => prop::sample::select(&NAMES[..]), 2 => Just(".."), 1 => Just(".")];
    (0..4u8, prop::collection::vec(part, 1..6)).prop_map(|(start, parts)| {
        let start = ["", "/", "OUTER/", "../../"][usize::from(start)];
        format!("{start}{}", parts.join("/"))
    })
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        relative().prop_map(Thing::Directory),
        relative().prop_map(Thing::File),
        (relative(), target()).prop_map(|(name, target)| Thing::Link(name, target)),
    ]
}

/// Builds what can be built, with plain calls that follow no links out: parents that are links are skipped.
fn build(sandbox: &Sandbox, things: &[Thing]) {
    let outer = sandbox.outer.path().to_str().unwrap();
    let plain_parent = |path: &Path| {
        path.ancestors()
            .skip(1)
            .take_while(|at| at.starts_with(sandbox.root()))
            .all(|at| fs::symlink_metadata(at).is_ok_and(|found| found.is_dir()))
    };
    for thing in things {
        // what cannot be made because something is in the way is left out
        match thing {
            Thing::Directory(name) if plain_parent(&sandbox.inside(name)) => {
                let _ = fs::create_dir(sandbox.inside(name));
            }
            Thing::File(name) if plain_parent(&sandbox.inside(name)) => {
                let path = sandbox.inside(name);
                if fs::symlink_metadata(&path).is_err() {
                    fs::write(path, "inside").unwrap();
                }
            }
            Thing::Link(name, target) if plain_parent(&sandbox.inside(name)) => {
                let _ = symlink(target.replace("OUTER", outer), sandbox.inside(name));
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_tree_of_links_leads_out(
        things in prop::collection::vec(thing(), 1..14),
        paths in prop::collection::vec(target(), 1..8),
    ) {
        let sandbox = Sandbox::new();
        for name in ["d0", "d1"] {
            fs::create_dir(sandbox.inside(name)).unwrap();
        }
        build(&sandbox, &things);
        let before = sandbox.outside();
        let host = sandbox.host();
        let outer = sandbox.outer.path().to_str().unwrap();
        for path in paths {
            let path = Utf8PathBuf::from(format!("/{}", path.replace("OUTER", outer)));
            if let Ok(bytes) = host.read(&path, LIMIT) {
                prop_assert_ne!(String::from_utf8_lossy(&bytes), OUTSIDE, "{}", path);
            }
            if let Ok(names) = host.list_dir(&path) {
                prop_assert!(names.iter().all(|entry| entry.name != "root"), "{} is outside", path);
            }
            // whether each of these succeeds depends on the tree; that they stay inside does not
            let _ = host.write_own(&path, b"written", PLAIN);
            let _ = host.change_file(&FileChange::write(&path, Some("inside".into()), "changed"));
            let _ = host.append(&path.join("log"), b"appended", PLAIN);
            let _ = host.create_new(&path.join("f2"), b"created", PLAIN);
            let _ = host.make_dirs(&path.join("d2/d3"), DIRECTORY);
            let _ = host.symlink(&path.join("l2"), "..");
            let _ = host.rename(&path.join("f2"), Utf8Path::new("/d0/f3"));
            let _ = host.remove_own(&path);
            prop_assert_eq!(sandbox.outside(), before.clone(), "{} touched the outside", path);
        }
    }
}
