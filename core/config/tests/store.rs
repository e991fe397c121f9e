//! The directory store, in the tree of another system.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "fixtures are made behind the back of the host; a failing fixture is a failing test"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_config::{ConfigStore as _, DirStore, sha1_hex};
use innkeeper_host::{FileKind, Host, RealHost};

struct World {
    dir: tempfile::TempDir,
    host: Arc<dyn Host>,
    store: DirStore,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(dir.path()).unwrap();
    let host: Arc<dyn Host> = Arc::new(RealHost::rooted(root).unwrap());
    let store = DirStore::new(Arc::clone(&host));
    store.initialise("pve1").unwrap();
    World { dir, host, store }
}

#[test]
fn the_layout_is_that_of_the_original() {
    let World { dir, host, store } = world();
    for (path, mode) in [
        ("", 0o755),
        ("/priv", 0o700),
        ("/nodes", 0o755),
        ("/nodes/pve1", 0o755),
        ("/nodes/pve1/priv", 0o700),
    ] {
        let metadata = dir.path().join(format!("etc/pve{path}")).metadata().unwrap();
        assert!(metadata.is_dir());
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "/etc/pve{path}");
    }
    let local = Utf8Path::new("/etc/pve/local");
    assert_eq!(host.metadata(local).unwrap().unwrap().kind, FileKind::Symlink);
    assert_eq!(host.read_link(local).unwrap(), "nodes/pve1");
    // again changes nothing, another node is refused
    store.initialise("pve1").unwrap();
    assert!(store.initialise("pve2").is_err());
    assert!(store.initialise("../x").is_err());
}

#[test]
fn new_files_are_private_below_priv() {
    let World { host, store, dir: _dir } = world();
    store.put_if_digest("user.cfg", b"a", None).unwrap();
    store.put_if_digest("priv/token.cfg", b"b", None).unwrap();
    store.put_if_digest("local/config", b"c", None).unwrap();
    let mode = |path: &str| host.metadata(Utf8Path::new(path)).unwrap().unwrap().mode & 0o7777;
    assert_eq!(mode("/etc/pve/user.cfg"), 0o640);
    assert_eq!(mode("/etc/pve/priv/token.cfg"), 0o600);
    assert_eq!(mode("/etc/pve/nodes/pve1/config"), 0o640);
    assert_eq!(store.list("").unwrap(), ["user.cfg"]);
    assert_eq!(store.list("nodes/pve1").unwrap(), ["config"]);
    assert!(store.list("nowhere").unwrap().is_empty());
}

#[test]
fn new_files_belong_to_the_group_of_the_web_server() {
    let World { host, store, dir } = world();
    std::fs::write(dir.path().join("etc/group"), "root:x:0:\nwww-data:x:4711:\n").unwrap();
    store.put_if_digest("user.cfg", b"a", None).unwrap();
    let (uid, gid) = (host.uid(), host.metadata(Utf8Path::new("/etc/pve")).unwrap().unwrap().gid);
    let file = host.metadata(Utf8Path::new("/etc/pve/user.cfg")).unwrap().unwrap();
    // only root can give files away
    assert_eq!((file.uid, file.gid), (uid, if uid == 0 { 4711 } else { gid }));
    // without such a group it stays root's, and an existing file keeps what it has
    host.remove_own(Utf8Path::new("/etc/group")).unwrap();
    store.put_if_digest("user.cfg", b"b", None).unwrap();
    store.put_if_digest("other.cfg", b"b", None).unwrap();
    assert_eq!(host.metadata(Utf8Path::new("/etc/pve/user.cfg")).unwrap().unwrap().gid, file.gid);
    assert_eq!(host.metadata(Utf8Path::new("/etc/pve/other.cfg")).unwrap().unwrap().gid, gid);
}

#[test]
fn a_stale_digest_writes_nothing() {
    let World { store, dir: _dir, .. } = world();
    let nothing = sha1_hex(b"");
    store.put_if_digest("user.cfg", b"one", Some(&nothing)).unwrap();
    assert_eq!(store.put_if_digest("user.cfg", b"two", Some(&nothing)), Err(Problem::Modified));
    let stored = store.get("user.cfg").unwrap().unwrap();
    assert_eq!((&*stored.content, stored.digest.clone()), (&b"one"[..], sha1_hex(b"one")));
    assert_eq!(store.remove("user.cfg", Some(&nothing)), Err(Problem::Modified));
    store.put_if_digest("user.cfg", b"two", Some(&stored.digest)).unwrap();
    store.remove("user.cfg", Some(&sha1_hex(b"two"))).unwrap();
    assert_eq!(store.get("user.cfg").unwrap(), None);
    store.remove("user.cfg", None).unwrap();
}

#[test]
fn the_version_moves_with_every_change() {
    let World { store, dir: _dir, .. } = world();
    let none = store.version("user.cfg").unwrap();
    assert!(!none.exists());
    store.put_if_digest("user.cfg", b"one", None).unwrap();
    let one = store.version("user.cfg").unwrap();
    assert_eq!(one, store.version("user.cfg").unwrap());
    store.put_if_digest("user.cfg", b"two", None).unwrap();
    let two = store.version("user.cfg").unwrap();
    assert!(none != one && one != two);
}

#[test]
fn the_version_is_that_of_the_file_behind_a_link() {
    let World { store, host, dir: _dir } = world();
    store.put_if_digest("nodes/real.cfg", b"one", None).unwrap();
    host.symlink(Utf8Path::new("/etc/pve/user.cfg"), "nodes/real.cfg").unwrap();
    host.symlink(Utf8Path::new("/etc/pve/loop"), "loop").unwrap();
    let one = store.version("user.cfg").unwrap();
    assert_eq!(store.get("user.cfg").unwrap().unwrap().content, b"one");
    store.put_if_digest("nodes/real.cfg", b"two", None).unwrap();
    assert_ne!(store.version("user.cfg").unwrap(), one);
    assert!(store.version("loop").is_err());
    // writing through a link is refused, the link stays
    assert!(store.put_if_digest("user.cfg", b"three", None).is_err());
    assert_eq!(store.get("nodes/real.cfg").unwrap().unwrap().content, b"two");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let World { store, dir: _dir, .. } = world();
    for name in ["", "/etc/passwd", "../passwd", "a/../../b", "a//b", "./a", "a\0b"] {
        assert!(store.get(name).is_err(), "{name:?}");
        assert!(store.put_if_digest(name, b"x", None).is_err(), "{name:?}");
        assert!(store.version(name).is_err(), "{name:?}");
    }
}

#[test]
fn a_lock_is_free_again_when_dropped() {
    let World { store, dir: _dir, .. } = world();
    drop(store.lock("user.cfg").unwrap());
    let held = store.lock("user.cfg").unwrap();
    drop(store.lock("storage.cfg").unwrap());
    drop(held);
    drop(store.lock("user.cfg").unwrap());
}
