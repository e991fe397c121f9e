//! Reading and writing files: whole or not at all, bounded, never blocking.
#![allow(clippy::disallowed_methods, reason = "tests build and inspect trees from outside the host")]
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange};
use innkeeper_host::{FileKind, Host, HostError, Permissions, RealHost, read_config, read_content};
use tempfile::TempDir;

const LIMIT: u64 = 1 << 20;
const PLAIN: Permissions = Permissions { mode: 0o644, owner: None };

struct Tree {
    directory: TempDir,
    host: RealHost,
}

impl Tree {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let host = RealHost::rooted(Utf8Path::from_path(directory.path()).unwrap()).unwrap();
        Self { directory, host }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn is_root() -> bool {
    RealHost::new().uid() == 0
}

fn change(path: &str, before: Option<&str>, after: Option<&str>) -> FileChange {
    FileChange {
        path: path.into(),
        before: before.map(Content::from),
        after: after.map(Content::from),
        mode: 0o640,
        secret: false,
        copied_from: None,
    }
}

#[test]
fn a_change_makes_replaces_and_removes_a_file() {
    let tree = Tree::new();
    tree.host.change_file(&change("/f", None, Some("one"))).unwrap();
    assert_eq!(fs::metadata(tree.at("f")).unwrap().mode() & 0o7777, 0o640);
    tree.host.change_file(&change("/f", Some("one"), Some("two"))).unwrap();
    assert_eq!(fs::read_to_string(tree.at("f")).unwrap(), "two");
    tree.host.change_file(&change("/f", Some("two"), None)).unwrap();
    assert!(tree.names().is_empty(), "{:?}", tree.names());
}

#[test]
fn a_changed_file_keeps_its_mode_and_owner() {
    let tree = Tree::new();
    fs::write(tree.at("f"), "one").unwrap();
    fs::set_permissions(tree.at("f"), fs::Permissions::from_mode(0o604)).unwrap();
    if is_root() {
        chown(tree.at("f"), Some(1234), Some(4321)).unwrap();
    }
    let before = fs::metadata(tree.at("f")).unwrap();
    tree.host.change_file(&change("/f", Some("one"), Some("two"))).unwrap();
    let after = fs::metadata(tree.at("f")).unwrap();
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert_ne!(after.ino(), before.ino(), "the file was replaced, not overwritten");
}

#[test]
fn a_changed_file_keeps_its_extended_attributes() {
    let tree = Tree::new();
    fs::write(tree.at("f"), "one").unwrap();
    let set = rustix::fs::setxattr(tree.at("f"), "user.note", b"kept", rustix::fs::XattrFlags::empty());
    if let Err(errno) = set {
        println!("skipped: this file system has no extended attributes ({errno})");
        return;
    }
    tree.host.change_file(&change("/f", Some("one"), Some("two"))).unwrap();
    let mut value = [0; 16];
    let length = rustix::fs::getxattr(tree.at("f"), "user.note", &mut value[..]).unwrap();
    assert_eq!(&value[..length], b"kept");
}

#[test]
fn a_file_that_moved_on_is_not_overwritten() {
    let tree = Tree::new();
    fs::write(tree.at("f"), "someone else's").unwrap();
    let modified = Err(HostError::Modified { path: "/f".into() });
    for stale in [
        change("/f", Some("one"), Some("two")),
        change("/f", None, Some("two")),
        change("/f", Some("one"), None),
        change("/f", Some("someone else"), Some("two")),
        change("/f", None, None),
    ] {
        assert_eq!(tree.host.change_file(&stale), modified, "{stale:?}");
        assert_eq!(fs::read_to_string(tree.at("f")).unwrap(), "someone else's");
    }
    assert_eq!(
        tree.host.change_file(&change("/gone", Some("one"), Some("two"))),
        Err(HostError::Modified { path: "/gone".into() })
    );
    assert_eq!(tree.names(), ["f"]);
}

#[test]
fn a_file_that_already_is_as_wanted_is_left_alone() {
    let tree = Tree::new();
    fs::write(tree.at("f"), "two").unwrap();
    let inode = fs::metadata(tree.at("f")).unwrap().ino();
    tree.host.change_file(&change("/f", Some("one"), Some("two"))).unwrap();
    tree.host.change_file(&change("/f", None, Some("two"))).unwrap();
    assert_eq!(fs::metadata(tree.at("f")).unwrap().ino(), inode);
    tree.host.change_file(&change("/gone", Some("one"), None)).unwrap();
    tree.host.change_file(&change("/no/such/directory", None, None)).unwrap();
}

#[test]
fn a_file_in_a_missing_directory_cannot_be_written_and_the_error_names_the_directory() {
    let tree = Tree::new();
    let error = tree.host.change_file(&change("/etc/f", None, Some("x"))).unwrap_err();
    assert_eq!(error, HostError::NotFound { path: "/etc".into() });
}

#[test]
fn a_name_of_255_bytes_can_be_changed() {
    let tree = Tree::new();
    let path = format!("/{}ä", "x".repeat(253));
    tree.host.change_file(&change(&path, None, Some("one"))).unwrap();
    tree.host.change_file(&change(&path, Some("one"), Some("two"))).unwrap();
    assert_eq!(tree.host.read(Utf8Path::new(&path), LIMIT).unwrap(), b"two");
}

#[test]
fn a_pipe_a_device_and_a_directory_are_not_files_and_never_block() {
    let tree = Tree::new();
    let fifo = std::process::Command::new("/usr/bin/mkfifo").arg(tree.at("fifo")).status().unwrap();
    assert!(fifo.success());
    fs::create_dir(tree.at("directory")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(tree.at("socket")).unwrap();
    let start = Instant::now();
    for name in ["/fifo", "/directory", "/socket"] {
        let path = Utf8Path::new(name);
        let not_a_file = HostError::NotAFile { path: path.to_owned() };
        assert_eq!(tree.host.read(path, LIMIT), Err(not_a_file.clone()));
        assert_eq!(tree.host.read_at(path, 0, 1), Err(not_a_file.clone()));
        assert_eq!(tree.host.change_file(&change(name, None, Some("x"))), Err(not_a_file.clone()));
        assert_eq!(tree.host.change_file(&change(name, Some("x"), None)), Err(not_a_file.clone()));
        assert_eq!(tree.host.write_own(path, b"x", PLAIN), Err(not_a_file.clone()));
        assert_eq!(tree.host.append(path, b"x", PLAIN), Err(not_a_file.clone()));
        assert_eq!(tree.host.lock(path, Duration::ZERO).map(drop), Err(not_a_file));
    }
    let zero = RealHost::new().read(Utf8Path::new("/dev/zero"), LIMIT);
    assert_eq!(zero, Err(HostError::NotAFile { path: "/dev/zero".into() }));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_large_file_is_refused_without_reading_it() {
    let tree = Tree::new();
    fs::File::create(tree.at("sparse")).unwrap().set_len(100_000_000).unwrap();
    let start = Instant::now();
    let path = Utf8Path::new("/sparse");
    let too_large = Err(HostError::TooLarge { path: path.to_owned(), limit: LIMIT });
    assert_eq!(tree.host.read(path, LIMIT), too_large);
    assert_eq!(
        tree.host.change_file(&change("/sparse", Some("one"), Some("two"))),
        Err(HostError::Modified { path: path.to_owned() })
    );
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(tree.host.read_at(path, 99_999_990, 4096).unwrap(), [0; 10]);
}

#[test]
fn the_limit_is_exact_and_holds_for_files_without_a_size() {
    let tree = Tree::new();
    fs::write(tree.at("f"), "12345").unwrap();
    assert_eq!(tree.host.read(Utf8Path::new("/f"), 5).unwrap(), b"12345");
    assert!(matches!(tree.host.read(Utf8Path::new("/f"), 4), Err(HostError::TooLarge { limit: 4, .. })));
    let proc = Utf8Path::new("/proc/self/status");
    assert!(matches!(RealHost::new().read(proc, 10), Err(HostError::TooLarge { limit: 10, .. })));
    assert!(RealHost::new().read(proc, LIMIT).unwrap().starts_with(b"Name:"));
}

#[test]
fn a_configuration_file_that_is_not_utf_8_is_reported_with_its_line() {
    let tree = Tree::new();
    fs::write(tree.at("f"), b"one\ntwo\nthr\xffee\n").unwrap();
    let error = read_config(&tree.host, Utf8Path::new("/f")).unwrap_err();
    assert_eq!(error.to_string(), "/f:3: not valid UTF-8");
    assert_eq!(read_config(&tree.host, Utf8Path::new("/none")), Ok(None));
    assert_eq!(read_content(&tree.host, Utf8Path::new("/none")), Ok(None));
    assert!(read_content(&tree.host, Utf8Path::new("/f")).unwrap().is_some());
}

#[test]
fn a_part_of_a_file_can_be_read() {
    let tree = Tree::new();
    fs::write(tree.at("f"), "0123456789").unwrap();
    let read = |offset, length| tree.host.read_at(Utf8Path::new("/f"), offset, length);
    assert_eq!(read(3, 4).unwrap(), b"3456");
    assert_eq!(read(8, 100).unwrap(), b"89");
    assert_eq!(read(100, 1).unwrap(), b"");
    assert!(read(u64::MAX, 1).is_err());
}

#[test]
fn metadata_tells_kinds_without_following_links() {
    let tree = Tree::new();
    fs::write(tree.at("f"), "12345").unwrap();
    symlink("nowhere", tree.at("link")).unwrap();
    let metadata = |path: &str| tree.host.metadata(Utf8Path::new(path)).unwrap();
    let file = metadata("/f").unwrap();
    let real = fs::metadata(tree.at("f")).unwrap();
    assert_eq!((file.kind, file.size, file.inode), (FileKind::File, 5, real.ino()));
    assert_eq!(file.mode, real.mode() & 0o7777);
    assert_eq!(file.modified, i128::from(real.mtime()) * 1_000_000_000 + i128::from(real.mtime_nsec()));
    assert_eq!(metadata("/link").unwrap().kind, FileKind::Symlink);
    assert_eq!(metadata("/").unwrap().kind, FileKind::Directory);
    assert_eq!(metadata("/none"), None);
    assert_eq!(metadata("/no/such"), None);
    let under_a_file = tree.host.metadata(Utf8Path::new("/f/x"));
    assert_eq!(under_a_file, Err(HostError::NotADirectory { path: "/f/x".into() }));
}

#[test]
fn names_are_listed_sorted_by_bytes() {
    let tree = Tree::new();
    for name in ["b", "B", "ä", "a.list", ".hidden", "a"] {
        fs::write(tree.at(name), "").unwrap();
    }
    symlink("a", tree.at("link")).unwrap();
    fs::create_dir(tree.at("dir")).unwrap();
    let entries = tree.host.list_dir(Utf8Path::new("/")).unwrap();
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, [".hidden", "B", "a", "a.list", "b", "dir", "link", "ä"]);
    assert_eq!(entries[5].kind, FileKind::Directory);
    assert_eq!(entries[6].kind, FileKind::Symlink);
    let missing = tree.host.list_dir(Utf8Path::new("/none"));
    assert_eq!(missing, Err(HostError::NotFound { path: "/none".into() }));
    let file = tree.host.list_dir(Utf8Path::new("/a"));
    assert_eq!(file, Err(HostError::NotADirectory { path: "/a".into() }));
}

#[test]
fn links_are_made_once_and_read_as_written() {
    let tree = Tree::new();
    let path = Utf8Path::new("/link");
    tree.host.symlink(path, "../x//y").unwrap();
    tree.host.symlink(path, "../x//y").unwrap();
    assert_eq!(tree.host.symlink(path, "../x/y"), Err(HostError::Exists { path: path.to_owned() }));
    assert_eq!(tree.host.read_link(path).unwrap().as_str(), "../x//y");
    fs::write(tree.at("f"), "").unwrap();
    assert!(tree.host.read_link(Utf8Path::new("/f")).is_err());
    assert!(matches!(tree.host.symlink(Utf8Path::new("/f"), "x"), Err(HostError::Exists { .. })));
    tree.host.remove_own(path).unwrap();
    assert_eq!(tree.names(), ["f"]);
}

#[test]
fn own_files_are_made_once_appended_renamed_and_removed() {
    let tree = Tree::new();
    let (a, b) = (Utf8Path::new("/a"), Utf8Path::new("/b"));
    tree.host.create_new(a, b"1", Permissions { mode: 0o600, owner: None }).unwrap();
    assert_eq!(tree.host.create_new(a, b"2", PLAIN), Err(HostError::Exists { path: a.to_owned() }));
    tree.host.append(a, b"2\n", PLAIN).unwrap();
    assert_eq!(fs::metadata(tree.at("a")).unwrap().mode() & 0o777, 0o600, "appending keeps the mode");
    tree.host.append(Utf8Path::new("/log"), b"x", Permissions { mode: 0o606, owner: None }).unwrap();
    assert_eq!(fs::metadata(tree.at("log")).unwrap().mode() & 0o777, 0o606, "whatever the umask");
    tree.host.rename(a, b).unwrap();
    assert_eq!(fs::read_to_string(tree.at("b")).unwrap(), "12\n");
    assert!(matches!(tree.host.rename(a, b), Err(HostError::NotFound { .. })));
    tree.host.write_own(b, b"3", Permissions { mode: 0o400, owner: None }).unwrap();
    assert_eq!(fs::metadata(tree.at("b")).unwrap().mode() & 0o777, 0o400);
    tree.host.remove_own(b).unwrap();
    tree.host.remove_own(b).unwrap();
    tree.host.remove_own(Utf8Path::new("/no/such")).unwrap();
    assert_eq!(tree.names(), ["log"]);
}

#[test]
fn directories_are_made_with_parents_and_keep_their_permissions() {
    let tree = Tree::new();
    let path = Utf8Path::new("/a/b/c/");
    let owner = Some((12, 34));
    tree.host.make_dirs(path, Permissions { mode: 0o2770, owner }).unwrap();
    let made = fs::metadata(tree.at("a/b")).unwrap();
    assert_eq!(made.mode() & 0o7777, 0o2770);
    if is_root() {
        assert_eq!((made.uid(), made.gid()), (12, 34));
    }
    tree.host.make_dirs(path, Permissions { mode: 0o700, owner: None }).unwrap();
    assert_eq!(fs::metadata(tree.at("a/b/c")).unwrap().mode() & 0o7777, 0o2770);
    fs::write(tree.at("f"), "").unwrap();
    for path in ["/f", "/f/x"] {
        let error = tree.host.make_dirs(Utf8Path::new(path), PLAIN).unwrap_err();
        assert!(matches!(error, HostError::NotADirectory { .. }), "{error}");
    }
}

/// A file system of 64 KiB, taken down again at the end; `None` where mounting is not allowed.
struct Small(PathBuf);

impl Small {
    fn mount(tree: &Tree) -> Option<Self> {
        let path = tree.at("small");
        fs::create_dir(&path).unwrap();
        Self::call("/usr/bin/mount", &["-t", "tmpfs", "-o", "size=64k", "tmpfs"], &path).then_some(Self(path))
    }

    fn call(program: &str, args: &[&str], path: &PathBuf) -> bool {
        let output = std::process::Command::new(program).args(args).arg(path).output();
        output.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        Self::call("/usr/bin/umount", &["-l"], &self.0);
    }
}

#[test]
fn a_full_or_read_only_file_system_leaves_the_old_file_and_nothing_else() {
    let tree = Tree::new();
    let Some(small) = Small::mount(&tree) else {
        println!("skipped: this process may not mount a file system");
        return;
    };
    fs::write(small.0.join("f"), "one").unwrap();
    let large = "x".repeat(1 << 20);
    let full = tree.host.change_file(&change("/small/f", Some("one"), Some(&large))).unwrap_err();
    assert_eq!(full.to_string(), "/small/f: No space left on device");
    let full = tree.host.create_new(Utf8Path::new("/small/new"), large.as_bytes(), PLAIN).unwrap_err();
    assert_eq!(full.to_string(), "/small/new: No space left on device");
    let left = || fs::read_dir(&small.0).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(left(), ["f"]);

    assert!(Small::call("/usr/bin/mount", &["-o", "remount,ro"], &small.0));
    let read_only = tree.host.change_file(&change("/small/f", Some("one"), Some("two"))).unwrap_err();
    assert_eq!(read_only.to_string(), "/small/f: Read-only file system");
    let read_only = tree.host.change_file(&change("/small/f", Some("one"), None)).unwrap_err();
    assert_eq!(read_only.to_string(), "/small/f: Read-only file system");
    assert_eq!(left(), ["f"]);
    assert_eq!(fs::read_to_string(small.0.join("f")).unwrap(), "one");
}

#[test]
fn a_directory_that_may_not_be_written_keeps_its_file() {
    if is_root() {
        println!("skipped: root may write everywhere");
        return;
    }
    let tree = Tree::new();
    fs::create_dir(tree.at("d")).unwrap();
    fs::write(tree.at("d/f"), "one").unwrap();
    fs::set_permissions(tree.at("d"), fs::Permissions::from_mode(0o555)).unwrap();
    let denied = tree.host.change_file(&change("/d/f", Some("one"), Some("two"))).unwrap_err();
    assert_eq!(denied.to_string(), "/d/f: Permission denied");
    fs::set_permissions(tree.at("d"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(fs::read_to_string(tree.at("d/f")).unwrap(), "one");
}

#[test]
fn a_lock_keeps_others_out_until_it_is_dropped() {
    let tree = Tree::new();
    let path = Utf8Path::new("/dir/lock");
    let guard = tree.host.lock(path, Duration::ZERO).unwrap();
    let start = Instant::now();
    let error = tree.host.lock(path, Duration::from_millis(120)).unwrap_err();
    assert_eq!(error.to_string(), "can't lock file '/dir/lock' - got timeout");
    assert!(start.elapsed() >= Duration::from_millis(120));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| tree.host.lock(path, Duration::from_secs(10)).map(drop));
        std::thread::sleep(Duration::from_millis(100));
        drop(guard);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn a_lock_file_that_was_removed_while_held_does_not_let_two_in() {
    let tree = Tree::new();
    let path = Utf8Path::new("/lock");
    let first = tree.host.lock(path, Duration::ZERO).unwrap();
    fs::remove_file(tree.at("lock")).unwrap();
    let second = tree.host.lock(path, Duration::ZERO).unwrap();
    drop(first);
    let third = tree.host.lock(path, Duration::ZERO).map(drop);
    assert_eq!(third, Err(HostError::LockTimeout { path: path.to_owned() }));
    drop(second);
}

#[test]
fn lines_of_many_writers_do_not_mix() {
    let tree = Tree::new();
    let path = Utf8PathBuf::from("/log");
    std::thread::scope(|scope| {
        for writer in 0..4u8 {
            let (host, path) = (&tree.host, &path);
            scope.spawn(move || {
                let line = format!("{}\n", char::from(b'a' + writer).to_string().repeat(500));
                for _ in 0..50 {
                    host.append(path, line.as_bytes(), PLAIN).unwrap();
                }
            });
        }
    });
    let text = fs::read_to_string(tree.at("log")).unwrap();
    assert_eq!(text.lines().count(), 200);
    assert!(text.lines().all(|line| line.len() == 500 && line.chars().all(|c| line.starts_with(c))));
}

#[test]
fn what_a_killed_process_left_behind_is_removed_when_it_is_old() {
    let tree = tempfile::tempdir().unwrap();
    let left = |name: &str, days: u64| {
        let path = tree.path().join("etc").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = fs::File::create(&path).unwrap();
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
        file.set_modified(then).unwrap();
        path
    };
    let old =
        [left(".user.cfg.innkeeper-0123456789abcdef", 2), left("deep/.a.innkeeper-00000000deadbeef", 9)];
    let stays = [
        left(".user.cfg.innkeeper-0123456789abcdee", 0),
        left("user.cfg", 9),
        left(".innkeeper-0123456789abcdef", 9),
        left(".user.cfg.innkeeper-0123456789ABCDEF", 9),
        left("user.innkeeper-0123456789abcdef", 9),
    ];
    let outside = tempfile::tempdir().unwrap();
    let linked = outside.path().join(".x.innkeeper-0123456789abcdef");
    fs::write(&linked, "").unwrap();
    std::os::unix::fs::symlink(outside.path(), tree.path().join("etc/link")).unwrap();
    let host = RealHost::rooted(Utf8Path::from_path(tree.path()).unwrap()).unwrap();
    assert_eq!(innkeeper_host::remove_left_overs(&host, "/etc".into(), 3).unwrap(), 2);
    assert!(old.iter().all(|path| !path.exists()));
    assert!(stays.iter().all(|path| path.exists()) && linked.exists());
    assert_eq!(innkeeper_host::remove_left_overs(&host, "/nowhere".into(), 3).unwrap(), 0);
}
