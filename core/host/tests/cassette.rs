//! Recording a machine and working with the recording.
#![allow(clippy::disallowed_methods, reason = "tests build the tree that is recorded")]
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, FileChange, Secret};
use innkeeper_host::{
    CassetteHost, Command, FileKind, Host, HostError, Permissions, RealHost, Recorder, read_config,
};
use tempfile::TempDir;

const LIMIT: u64 = 1 << 20;
const PLAIN: Permissions = Permissions { mode: 0o644, owner: None };

fn path(text: &str) -> &Utf8Path {
    Utf8Path::new(text)
}

/// A tree with a few files of every kind that matters.
fn tree() -> (TempDir, Recorder) {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir_all(at("etc/apt/sources.list.d")).unwrap();
    fs::write(at("etc/apt/sources.list"), "deb http://deb.debian.org/debian trixie main\n").unwrap();
    fs::write(at("etc/binary"), b"\x00\xff\xfe").unwrap();
    fs::write(at("etc/large"), "x".repeat(100)).unwrap();
    fs::write(at("etc/hostname"), "pve1\n").unwrap();
    std::os::unix::fs::symlink("sources.list", at("etc/apt/link")).unwrap();
    let host = RealHost::rooted(Utf8Path::from_path(directory.path()).unwrap()).unwrap();
    let recorder = Recorder::new(Arc::new(host)).about("a tree made by a test");
    (directory, recorder)
}

/// Asks everything that an inspector could.
fn inspect(host: &dyn Host) -> String {
    let mut answers = vec![format!("{:?} {:?} {}", host.root(), host.node_name(), host.uid())];
    for file in ["/etc/apt/sources.list", "/etc/binary", "/etc/none", "/etc/apt", "/etc/apt/link"] {
        answers.push(format!("{:?}", host.read(path(file), LIMIT)));
        answers.push(format!("{:?}", host.read_at(path(file), 1, 3)));
        answers.push(format!("{:?}", host.metadata(path(file))));
        answers.push(format!("{:?}", host.list_dir(path(file))));
        answers.push(format!("{:?}", host.read_link(path(file))));
    }
    answers.push(format!("{:?}", host.read(path("/etc/large"), 10)));
    answers.push(format!("{:?}", host.run(&Command::new("/bin/true"))));
    answers.join("\n")
}

#[test]
fn a_recording_gives_the_answers_of_the_machine() {
    let (_directory, recorder) = tree();
    let live = inspect(&recorder);
    let text = recorder.save();
    let cassette = CassetteHost::parse(&text).unwrap();
    assert_eq!(inspect(&cassette), live);
    assert_eq!(cassette.about(), "a tree made by a test");
    assert!(text.contains("deb http://deb.debian.org/debian trixie main"), "readable: {text}");
    assert!(text.contains("\"base64\""), "every byte survives: {text}");
}

#[test]
fn the_same_question_is_noted_once_and_the_first_answer_stays() {
    let (directory, recorder) = tree();
    let sources = path("/etc/apt/sources.list");
    for _ in 0..3 {
        recorder.read(sources, LIMIT).unwrap();
    }
    assert_eq!(recorder.save().matches("deb.debian.org").count(), 1);
    fs::write(directory.path().join("etc/apt/sources.list"), "changed by someone else\n").unwrap();
    recorder.read(sources, LIMIT).unwrap();
    let text = recorder.save();
    assert!(text.contains("changed by someone else"));
    let cassette = CassetteHost::parse(&text).unwrap();
    assert!(cassette.read(sources, LIMIT).unwrap().starts_with(b"deb "));
    assert!(cassette.read(sources, LIMIT).unwrap().starts_with(b"deb "));
}

#[test]
fn what_was_not_asked_is_not_answered() {
    let (_directory, recorder) = tree();
    recorder.read(path("/etc/binary"), LIMIT).unwrap();
    let cassette = CassetteHost::parse(&recorder.save()).unwrap();
    let error = cassette.read(path("/etc/hostname"), LIMIT).unwrap_err();
    assert_eq!(error.to_string(), "the recording has no answer to: content of /etc/hostname");
    let error = cassette.run(&Command::new("/sbin/zpool").arg("status")).unwrap_err();
    assert_eq!(error.to_string(), "the recording has no answer to: /sbin/zpool status");
    for error in [
        cassette.metadata(path("/etc/binary")).map(drop),
        cassette.list_dir(path("/etc")).map(drop),
        cassette.read_link(path("/etc/binary")).map(drop),
        cassette.read_at(path("/etc/hostname"), 0, 1).map(drop),
        cassette.change_file(&FileChange::write("/etc/hostname", None, "x")),
    ] {
        assert!(matches!(error, Err(HostError::NotRecorded { .. })), "{error:?}");
    }
}

#[test]
fn one_answer_implies_others() {
    let (_directory, recorder) = tree();
    recorder.list_dir(path("/etc/apt")).unwrap();
    recorder.read(path("/etc/large"), LIMIT).unwrap();
    recorder.metadata(path("/srv")).unwrap();
    let cassette = CassetteHost::parse(&recorder.save()).unwrap();
    assert_eq!(read_config(&cassette, path("/etc/apt/apt.conf")), Ok(None));
    assert_eq!(cassette.metadata(path("/etc/apt/apt.conf.d")), Ok(None));
    assert_eq!(cassette.metadata(path("/srv/deep/down")), Ok(None));
    assert!(matches!(cassette.list_dir(path("/srv")), Err(HostError::NotFound { .. })));
    // a listed file that was not read may hold anything
    assert!(matches!(
        cassette.read(path("/etc/apt/sources.list"), LIMIT),
        Err(HostError::NotRecorded { .. })
    ));
    // the limit is the asker's
    assert_eq!(cassette.read(path("/etc/large"), 100).unwrap().len(), 100);
    assert!(matches!(cassette.read(path("/etc/large"), 99), Err(HostError::TooLarge { limit: 99, .. })));
    assert_eq!(cassette.read_at(path("/etc/large"), 98, 10).unwrap(), b"xx");
}

#[test]
fn a_file_that_was_too_large_then_is_too_large_for_less_and_unknown_for_more() {
    let (_directory, recorder) = tree();
    assert!(recorder.read(path("/etc/large"), 50).is_err());
    let cassette = CassetteHost::parse(&recorder.save()).unwrap();
    assert!(matches!(cassette.read(path("/etc/large"), 20), Err(HostError::TooLarge { limit: 20, .. })));
    assert!(matches!(cassette.read(path("/etc/large"), 60), Err(HostError::NotRecorded { .. })));
}

#[test]
fn plans_can_be_applied_to_a_recording() {
    let (_directory, recorder) = tree();
    inspect(&recorder);
    recorder.list_dir(path("/etc/apt/sources.list.d")).unwrap();
    let cassette = CassetteHost::parse(&recorder.save()).unwrap();
    let _guard = cassette.lock(path("/etc/apt/lock"), Duration::ZERO).unwrap();

    let sources = path("/etc/apt/sources.list");
    let before = Content::new(cassette.read(sources, LIMIT).unwrap());
    let change = FileChange::write(sources, Some(before.clone()), "# nothing\n");
    let inode = cassette.metadata(sources).unwrap().unwrap().inode;
    cassette.change_file(&change).unwrap();
    cassette.change_file(&change).unwrap();
    assert_eq!(cassette.read(sources, LIMIT).unwrap(), b"# nothing\n");
    let metadata = cassette.metadata(sources).unwrap().unwrap();
    assert_eq!(metadata.size, 10);
    assert_ne!(metadata.inode, inode);
    let stale = FileChange::write(sources, Some(before), "other");
    assert_eq!(cassette.change_file(&stale), Err(HostError::Modified { path: sources.to_owned() }));
    let link = FileChange::write("/etc/apt/link", None, "x");
    assert!(matches!(cassette.change_file(&link), Err(HostError::Symlink { .. })));

    let new = "/etc/apt/sources.list.d/pve.sources";
    cassette.change_file(&FileChange::write(new, None, "Types: deb\n")).unwrap();
    let names = cassette.list_dir(path("/etc/apt/sources.list.d")).unwrap();
    assert_eq!((names.len(), names[0].name.as_str(), names[0].kind), (1, "pve.sources", FileKind::File));
    cassette.change_file(&FileChange::remove(new, "Types: deb\n".into())).unwrap();
    assert_eq!(cassette.list_dir(path("/etc/apt/sources.list.d")), Ok(Vec::new()));
    assert_eq!(cassette.metadata(path(new)), Ok(None));

    let written = cassette.overlay();
    assert_eq!(written[sources], Some("# nothing\n".into()));
    assert_eq!(written[path(new)], None);
    assert_eq!(written.len(), 2);
    cassette.change_file(&change.inverse()).unwrap();
    assert!(cassette.read(sources, LIMIT).unwrap().starts_with(b"deb "));
}

#[test]
fn own_files_work_on_a_recording_that_knows_nothing() {
    let (_directory, recorder) = tree();
    let cassette = CassetteHost::parse(&recorder.save()).unwrap();
    let directory = path("/var/lib/innkeeper/journal");
    cassette.make_dirs(directory, Permissions { mode: 0o700, owner: None }).unwrap();
    assert_eq!(cassette.list_dir(directory), Ok(Vec::new()));
    assert_eq!(read_config(&cassette, &directory.join("none")), Ok(None));
    assert!(matches!(cassette.list_dir(path("/var")), Err(HostError::NotRecorded { .. })));
    let (one, two) = (directory.join("one"), directory.join("two"));
    cassette.create_new(&one, b"1", PLAIN).unwrap();
    assert_eq!(cassette.create_new(&one, b"1", PLAIN), Err(HostError::Exists { path: one.clone() }));
    cassette.append(&one, b"2", PLAIN).unwrap();
    cassette.append(path("/var/log/x"), b"line\n", PLAIN).unwrap();
    cassette.rename(&one, &two).unwrap();
    assert_eq!(cassette.read(&two, LIMIT).unwrap(), b"12");
    assert!(matches!(cassette.read(&one, LIMIT), Err(HostError::NotFound { .. })));
    assert!(matches!(cassette.rename(&one, &two), Err(HostError::NotFound { .. })));
    cassette.symlink(&one, "two").unwrap();
    cassette.symlink(&one, "two").unwrap();
    assert!(matches!(cassette.symlink(&two, "one"), Err(HostError::Exists { .. })));
    assert_eq!(cassette.read(&one, LIMIT).unwrap(), b"12");
    cassette.write_own(&two, b"3", PLAIN).unwrap();
    assert_eq!(cassette.read_link(&one).unwrap(), Utf8PathBuf::from("two"));
    cassette.remove_own(&two).unwrap();
    cassette.remove_own(&two).unwrap();
    let names = cassette.list_dir(directory).unwrap();
    assert_eq!(names.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["one"]);
}

#[test]
fn what_was_written_while_recording_is_not_taken_for_the_machine() {
    let (directory, recorder) = tree();
    let sources = path("/etc/apt/sources.list");
    recorder.write_own(sources, b"ours\n", PLAIN).unwrap();
    assert_eq!(recorder.read(sources, LIMIT).unwrap(), b"ours\n");
    assert_eq!(fs::read_to_string(directory.path().join("etc/apt/sources.list")).unwrap(), "ours\n");
    assert!(!recorder.save().contains("ours"));
}

#[test]
fn commands_are_told_apart_by_arguments_and_input() {
    let recorder = Recorder::new(Arc::new(RealHost::new()));
    let cat = Command::new("/bin/cat");
    let one = cat.clone().input("first input");
    recorder.run(&one).unwrap();
    recorder.run(&Command::new("/bin/sh").args(["-c", "exit 4"])).unwrap_err();
    let cassette = CassetteHost::parse(&recorder.save()).unwrap();
    assert_eq!(cassette.run(&one).unwrap().stdout, "first input");
    assert!(matches!(cassette.run(&cat), Err(HostError::NotRecorded { .. })));
    assert!(matches!(cassette.run(&cat.input("second input")), Err(HostError::NotRecorded { .. })));
    let failed = cassette.run(&Command::new("/bin/sh").args(["-c", "exit 4"])).unwrap_err();
    assert_eq!(failed.to_string(), "/bin/sh -c 'exit 4': exit code 4");
}

#[test]
fn secrets_are_not_recorded() {
    let recorder = Recorder::new(Arc::new(RealHost::new()));
    let secret = |value: &str| Command::new("/usr/bin/wc").secret_input(Secret::new("password", value));
    let failing = Command::new("/bin/sh").args(["-c", "cat >&2; exit 1"]);
    recorder.run(&secret("geheimnis7")).unwrap();
    recorder.run(&failing.secret_input(Secret::new("password", "geheimnis7"))).unwrap_err();
    recorder.run(&Command::new("/usr/bin/wc").input("input bytes")).unwrap();
    let text = recorder.save();
    let digest = innkeeper_change::Digest::of(b"geheimnis7").to_string();
    for hidden in ["geheim", digest.as_str(), "input bytes"] {
        assert!(!text.contains(hidden), "{text}");
    }
    let cassette = CassetteHost::parse(&text).unwrap();
    assert!(cassette.run(&secret("another value")).is_ok());
}

#[test]
fn the_clock_of_a_recording_moves_only_by_sleeping() {
    let (_directory, recorder) = tree();
    let recorded = recorder.now();
    let cassette = CassetteHost::parse(&recorder.save()).unwrap();
    let now = cassette.now();
    assert!((0..=2).contains(&(recorded - now)), "{recorded} {now}");
    assert_eq!(cassette.monotonic(), Duration::ZERO);
    let start = std::time::Instant::now();
    cassette.sleep(Duration::from_secs(3600));
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!((cassette.now(), cassette.monotonic()), (now + 3600, Duration::from_secs(3600)));
}

#[test]
fn what_is_no_recording_is_refused_with_the_reason() {
    let (_directory, recorder) = tree();
    recorder.metadata(path("/etc")).unwrap();
    let good = recorder.save();
    assert!(CassetteHost::parse(&good).is_ok());
    for (bad, reason) in [
        (String::new(), "not a recording"),
        ("{}".into(), "missing field `format`"),
        (good.replace("\"format\": 1", "\"format\": 2"), "format 2"),
        (good.replace("\"metadata\": \"/etc\"", "\"read\": \"/etc\""), "does not fit"),
        (good[..good.len() / 2].to_owned(), "EOF"),
    ] {
        let error = CassetteHost::parse(&bad).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}
