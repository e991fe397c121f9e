//! Hosts start from a saved state, refuse what cannot be, and leave nothing behind.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test of this machine's processes"
)]

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_lab::image::{Image, Suite};
use innkeeper_lab::{Disk, Error, Lab, Nic};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Lab: a warm test that only runs one command.
#[test]
fn a_host_starts_from_the_saved_state_and_runs_a_command() -> Result<(), Error> {
    let host = Lab::host().name("alpha").start()?;
    assert_eq!(host.run("hostname; whoami")?, "alpha\nroot");
    Ok(())
}

/// Lab: errors of commands say what was run, how it ended and what it complained of.
#[test]
fn commands_and_files_go_in_and_come_out() -> Result<(), Error> {
    let host = Lab::host().start()?;
    let error = host.run("echo so far; echo 'not further' >&2; exit 3").unwrap_err().to_string();
    for part in ["exit 3", "code 3", "not further", "so far"] {
        assert!(error.contains(part), "{part} is missing in: {error}");
    }
    let slow = host.run_within("sleep 30", Duration::from_millis(300)).unwrap_err();
    assert!(matches!(slow, Error::Timeout { .. }), "{slow}");

    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    host.write("/root/new folder/bytes", &bytes)?;
    assert_eq!(host.read("/root/new folder/bytes")?, bytes);
    assert!(host.read("/root/nothing").unwrap_err().to_string().contains("No such file"));

    let local = Utf8PathBuf::try_from(std::env::current_exe().unwrap()).unwrap();
    host.put(&local, "/root/program")?;
    let sum = Command::new("sha256sum").arg(&local).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    assert_eq!(host.run("sha256sum </root/program")?.split(' ').next(), sum.split(' ').next());
    assert_eq!(host.run("stat -c %A /root/program")?.as_bytes()[3], b'x', "the mode comes along");
    Ok(())
}

/// Lab, bad input: each is refused before anything is started.
#[test]
fn requests_that_no_host_can_have_are_refused() {
    let refusals = [
        (Lab::host().disks(1, "much"), "no size of a disk"),
        (Lab::host().disks(1, "0G"), "no size of a disk"),
        (Lab::host().disk(Disk::virtio("1G").ssd()), "only SCSI and SATA"),
        (Lab::host().disk(Disk::virtio("1G").serial("a serial; number")), "letters, digits"),
        (Lab::host().nic(Nic::new().mac("01:00:5e:00:00:01")), "no address of a single card"),
        (Lab::host().nic(Nic::new().mac("52:54:00")), "no address of a single card"),
        (Lab::host().nics(11), "at most 10"),
        (Lab::host().name("no name"), "no host name"),
        (Lab::host().memory_mib(64), "256 to 65536"),
    ];
    for (request, reason) in refusals {
        let said = request.start().unwrap_err().to_string();
        assert!(said.contains(reason), "{said}");
    }
}

/// Lab, bad input: too little memory is an error that says how much is needed.
#[test]
fn memory_that_this_machine_does_not_have_is_refused() -> Result<(), Error> {
    let total = std::fs::read_to_string("/proc/meminfo").unwrap();
    let total: u64 = total.split_ascii_whitespace().nth(1).unwrap().parse().unwrap();
    if total / 1024 > 60_000 {
        // more than any host may ask for
        return Ok(());
    }
    let error = Lab::host().memory_mib(65_536).start().unwrap_err();
    assert!(error.to_string().contains("needs 66176 MiB of memory"), "{error}");
    Ok(())
}

/// Lab: memory and processors other than the usual; such hosts have a saved state of their own.
#[test]
fn a_host_has_the_memory_and_the_processors_that_it_was_asked_for() -> Result<(), Error> {
    let host = Lab::host().memory_mib(1024).cpus(1).start()?;
    assert_eq!(host.run("nproc")?, "1");
    let mib: u64 = host.run("awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo")?.parse().unwrap();
    // the kernel keeps some for itself
    assert!((900..1024).contains(&mib), "{mib} MiB");
    Ok(())
}

/// Lab, bad input: a missing QEMU is an error that says what to install.
#[test]
fn a_missing_qemu_names_the_package_to_install() {
    let output = holding("hold_a_host", &[("PATH", "/nonexistent")]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains("qemu-system-x86_64 is missing; install: sudo apt-get install qemu-system-x86"),
        "{said}"
    );
}

/// Lab: nothing is left behind when the process that holds a host is killed, or interrupted from the keyboard.
#[test]
fn nothing_is_left_of_a_host_whose_test_is_killed() {
    for signal in ["-KILL", "-INT"] {
        let (mut child, dir) = holder("hold_a_host", &[]);
        assert!(!processes_of(&dir).is_empty(), "QEMU and its keeper run");
        kill(signal, &mut child);
        within(Duration::from_secs(15), || !dir.exists() && processes_of(&dir).is_empty());
    }
}

/// Lab, bad input: a half-made state is never used.
#[test]
fn nothing_is_left_of_a_state_whose_making_is_killed() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    for file in ["root.qcow2", "vmlinuz", "initrd.img"] {
        std::os::unix::fs::symlink(image().join(file), folder.join(file)).unwrap();
    }
    let states = folder.join("states");
    let environment = [("INNKEEPER_LAB_IMAGE", folder.as_str())];
    let mut child = start_holder("hold_a_host", &environment);
    let folders =
        || states.read_dir_utf8().into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let unfinished = || folders().any(|entry| entry.file_name().ends_with(".new"));
    within(Duration::from_secs(30), || {
        unfinished() && folders().all(|entry| entry.path().join("memory").exists())
    });
    kill("-KILL", &mut child);
    within(Duration::from_secs(15), || !unfinished());
    let left: Vec<_> =
        states.read_dir_utf8().unwrap().flatten().filter(|entry| entry.path().is_dir()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Started by the tests above, in a process of its own.
#[test]
#[ignore = "holds a host until it is killed; other tests start it"]
fn hold_a_host() -> Result<(), Error> {
    let host = Lab::host().start()?;
    println!("holding {}", host.dir());
    std::thread::sleep(Duration::from_secs(600));
    Ok(())
}

/// A process that holds a host, and the host's folder.
fn holder(test: &str, environment: &[(&str, &str)]) -> (Child, Utf8PathBuf) {
    let mut child = start_holder(test, environment);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let dir =
        lines.map_while(Result::ok).find_map(|line| line.split_once("holding ").map(|(_, dir)| dir.into()));
    (child, dir.expect("the process ended before it had a host"))
}

fn start_holder(test: &str, environment: &[(&str, &str)]) -> Child {
    holding(test, environment).stdout(Stdio::piped()).process_group(0).spawn().unwrap()
}

fn holding(test: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]).envs(environment.iter().copied());
    command
}

/// As a terminal does: the signal goes to the whole group.
fn kill(signal: &str, child: &mut Child) {
    let group = format!("-{}", child.id());
    assert!(Command::new("kill").args([signal, "--", &group]).status().unwrap().success());
    child.wait().unwrap();
}

/// Which processes have a folder in their command lines.
fn processes_of(dir: &Utf8Path) -> Vec<String> {
    let processes = Utf8Path::new("/proc").read_dir_utf8().unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok())
        .filter(|line| line.contains(dir.as_str()))
        .collect()
}

fn image() -> Utf8PathBuf {
    match std::env::var("INNKEEPER_LAB_IMAGE") {
        Ok(dir) => dir.into(),
        Err(_) => Image::find(Suite::default()).unwrap().dir().to_owned(),
    }
}

fn within(limit: Duration, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !is_so() {
        assert!(Instant::now() < deadline, "not so within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
