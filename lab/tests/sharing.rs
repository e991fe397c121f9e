//! Hosts of several tests, and of several users, on one machine.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test of this machine's processes")]

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_lab::image::{Image, Suite};
use innkeeper_lab::{Error, Lab};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Debian's `nobody`.
const NOBODY: u32 = 65534;

/// Lab: two tests want two hosts each where only two fit. If each got one, both would wait for the other.
#[test]
fn tests_of_two_hosts_take_turns_where_memory_is_short() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let start = || {
        ignored(&std::env::current_exe().unwrap().try_into().unwrap(), "hold_two_hosts")
            .env("INNKEEPER_LAB_HOSTS", folder.path())
            .env("INNKEEPER_LAB_MEMORY", "5400")
            .spawn()
            .unwrap()
    };
    let children = [start(), start()];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

/// Lab: no root is needed, and no folder that one may write to but one's own, for hosts of an image that somebody else has built.
#[test]
fn hosts_of_an_image_that_root_has_built_need_no_root() {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        // then every test shows it
        return;
    }
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    for file in ["root.qcow2", "vmlinuz", "initrd.img"] {
        let (from, to) = (image().join(file), folder.join(file));
        if std::fs::hard_link(&from, &to).is_err() {
            std::fs::copy(&from, &to).unwrap();
        }
    }
    std::fs::create_dir(folder.join("states")).unwrap();
    let (program, hosts) = (folder.join("program"), folder.join("hosts"));
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::create_dir(&hosts).unwrap();
    chown(&hosts, Some(NOBODY), Some(NOBODY)).unwrap();

    let mut child = ignored(&program, "hold_a_host")
        .env("INNKEEPER_LAB_IMAGE", folder)
        .env("INNKEEPER_LAB_HOSTS", &hosts)
        .uid(NOBODY)
        .gid(NOBODY)
        .current_dir("/")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let held = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once("holding ").map(|(_, dir)| Utf8PathBuf::from(dir)));
    let held = held.unwrap();
    assert!(held.starts_with(&hosts));
    assert_eq!(held.metadata().unwrap().uid(), NOBODY);
    assert_eq!(folder.join("states").read_dir_utf8().unwrap().count(), 0, "what is root's is left alone");
    child.kill().unwrap();
    child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(15);
    while held.exists() {
        assert!(Instant::now() < deadline, "{held} is left behind");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Started by a test above, in a process of its own.
#[test]
#[ignore = "other tests start it"]
fn hold_two_hosts() -> Result<(), Error> {
    let _one = Lab::host().start()?;
    // long enough for the other process to get one, if it did
    std::thread::sleep(Duration::from_secs(3));
    let _two = Lab::host().start()?;
    Ok(())
}

/// Started by a test above, in a process of its own.
#[test]
#[ignore = "holds a host until it is killed; other tests start it"]
fn hold_a_host() -> Result<(), Error> {
    let host = Lab::host().start()?;
    host.run("true")?;
    println!("holding {}", host.dir());
    std::thread::sleep(Duration::from_secs(600));
    Ok(())
}

/// A test of a program, in a process of its own.
fn ignored(program: &Utf8PathBuf, test: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    command
}

fn image() -> Utf8PathBuf {
    match std::env::var("INNKEEPER_LAB_IMAGE") {
        Ok(dir) => dir.into(),
        Err(_) => Image::find(Suite::default()).unwrap().dir().to_owned(),
    }
}
