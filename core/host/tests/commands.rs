//! Running programs and looking at processes.
#![allow(clippy::disallowed_methods, reason = "tests look at the machine from outside the host")]
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::process::CommandExt as _;
use std::time::{Duration, Instant};

use innkeeper_change::Secret;
use innkeeper_host::{Command, Host, HostError, RealHost, Signal};

fn sh(script: &str) -> Command {
    Command::new("/bin/sh").arg("-c").arg(script)
}

fn outcome(command: &Command) -> (String, String) {
    match RealHost::new().run(command) {
        Err(HostError::CommandFailed { outcome, stderr, .. }) => (outcome, stderr),
        other => panic!("{other:?}"),
    }
}

fn alive(pid: &str) -> bool {
    RealHost::new().process_start(pid.trim().parse().unwrap()).is_some()
}

/// Waits until it is so, for things that happen a moment after the call returned.
fn soon(what: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn output_and_accepted_exit_codes_come_back() {
    let command = sh("echo out; echo err >&2; exit 5").accept(&[5]);
    let output = RealHost::new().run(&command).unwrap();
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (5, "out\n", "err\n"));
}

#[test]
fn a_failure_tells_command_line_exit_code_and_end_of_standard_error() {
    let error = RealHost::new().run(&sh("echo 'no such pool' >&2; exit 3")).unwrap_err();
    let expected = r"/bin/sh -c 'echo '\''no such pool'\'' >&2; exit 3': exit code 3: no such pool";
    assert_eq!(error.to_string(), expected);
    assert_eq!(outcome(&sh("kill -9 $$")).0, "killed by signal 9");
}

#[test]
fn only_the_end_of_a_long_complaint_is_kept() {
    let (_, stderr) =
        outcome(&sh("i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done; exit 1"));
    assert_eq!(stderr.len(), 4096);
    assert!(stderr.ends_with("line 1999\n"));
}

#[test]
fn a_missing_program_is_not_installed_and_a_file_is_no_program() {
    let missing = RealHost::new().run(&Command::new("/usr/sbin/no-such-tool").arg("-v")).unwrap_err();
    assert_eq!(missing, HostError::NoSuchProgram { argv: "/usr/sbin/no-such-tool -v".into() });
    assert_eq!(outcome(&Command::new("/etc/passwd")).0, "cannot be started: Permission denied");
    assert_eq!(outcome(&Command::new("sh")).0, "not an absolute path");
    assert!(outcome(&sh("a\0b")).0.starts_with("cannot be started: "));
}

#[test]
fn the_environment_is_clean() {
    let output = RealHost::new().run(&Command::new("/usr/bin/env")).unwrap();
    let mut lines: Vec<_> = output.stdout.lines().collect();
    lines.sort_unstable();
    let expected = ["LC_ALL=C.UTF-8", "LVM_SUPPRESS_FD_WARNINGS=1", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"];
    assert_eq!(lines, expected);
}

#[test]
fn no_file_of_ours_stays_open_in_a_program() {
    let directory = tempfile::tempdir().unwrap();
    let host = RealHost::new();
    let lock = camino::Utf8Path::from_path(directory.path()).unwrap().join("lock");
    let _guard = host.lock(&lock, Duration::ZERO).unwrap();
    let listing = host.run(&sh("ls -l /proc/self/fd")).unwrap().stdout;
    assert!(!listing.contains("lock"), "{listing}");
}

#[test]
fn standard_input_is_empty_unless_given() {
    let cat = Command::new("/bin/cat");
    assert_eq!(RealHost::new().run(&cat).unwrap().stdout, "");
    let large = "0123456789".repeat(100_000);
    assert_eq!(RealHost::new().run(&cat.input(large.clone())).unwrap().stdout, large);
}

#[test]
fn a_program_that_does_not_read_its_input_is_no_failure() {
    let output = RealHost::new().run(&sh("echo done").input(vec![b'x'; 1 << 20])).unwrap();
    assert_eq!(output.stdout, "done\n");
}

#[test]
fn a_program_whose_time_is_over_is_told_from_one_that_fails() {
    let late = RealHost::new().run(&sh("sleep 5").deadline(Duration::from_millis(100))).unwrap_err();
    let failed = RealHost::new().run(&sh("echo no end after all >&2; exit 3")).unwrap_err();
    assert!(late.is_timeout() && !failed.is_timeout(), "{late}; {failed}");
}

#[test]
fn the_deadline_kills_grandchildren_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let script = format!("sleep 60 & echo $! > {}; wait", file.display());
    let start = Instant::now();
    let (outcome, _) = outcome(&sh(&script).deadline(Duration::from_millis(500)));
    assert_eq!(outcome, "no end after 500 ms");
    assert!(start.elapsed() < Duration::from_secs(5));
    let grandchild = fs::read_to_string(file).unwrap();
    assert!(soon(|| !alive(&grandchild)), "{grandchild} still runs");
}

#[test]
fn a_daemon_that_leaves_the_group_cannot_hold_us_beyond_the_deadline() {
    let start = Instant::now();
    let script = "setsid sleep 20 & echo started";
    let (outcome, _) = outcome(&sh(script).deadline(Duration::from_secs(1)));
    assert_eq!(outcome, "no end after 1 s");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn endless_output_is_an_error_and_not_memory() {
    let start = Instant::now();
    let (outcome, _) = outcome(&Command::new("/usr/bin/yes"));
    assert_eq!(outcome, format!("more than {} bytes of output", Command::LIMIT));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_secret_is_handed_over_and_never_told() {
    let secret = Secret::new("password of root@pam", "root:Ge heim:nis7\n");
    let hand_over = sh("cat").secret_input(secret.clone());
    assert_eq!(RealHost::new().run(&hand_over).unwrap().stdout, "root:Ge heim:nis7\n");
    for script in [
        "cat >&2; exit 1",
        "read line; echo \"bad password '${line#*:}'\" >&2; exit 1",
        "read line; echo $line >&2; echo ${line##*:} >&2; exit 1",
        // so much that the beginning is cut off in the middle of a line
        "read line; i=0; while [ $i -lt 1000 ]; do printf %s \"$line\" >&2; i=$((i+1)); done; exit 1",
    ] {
        let error = RealHost::new().run(&sh(script).secret_input(secret.clone())).unwrap_err();
        for text in [error.to_string(), format!("{error:?}"), serde_json::to_string(&error).unwrap()] {
            for part in ["heim", "nis7", "eim:"] {
                assert!(!text.contains(part), "{script}: {text}");
            }
            assert!(text.contains("<password of root@pam>"), "{text}");
        }
    }
}

#[test]
fn where_a_long_complaint_is_cut_no_half_of_a_secret_remains() {
    for length in 40..60 {
        let value: String = ('a'..='z').chain('A'..='Z').cycle().take(length).collect();
        let secret = Secret::new("pw", value.clone());
        let script = "s=$(cat); i=0; while [ $i -lt 300 ]; do printf %s \"$s\" >&2; i=$((i+1)); done; exit 1";
        let (_, stderr) = outcome(&sh(script).secret_input(secret));
        assert_eq!(stderr.replace("<pw>", ""), "", "{length}");
    }
}

#[test]
fn a_secret_that_was_lost_on_the_way_is_not_run_without() {
    let text = serde_json::to_string(&Secret::new("password", "x")).unwrap();
    let lost: Secret = serde_json::from_str(&text).unwrap();
    assert_eq!(outcome(&sh("true").secret_input(lost)).0, "its input <password> is not known any more");
}

#[test]
fn our_own_process_is_as_the_kernel_says() {
    let (pid, start) = RealHost::new().own_process();
    assert_eq!(pid, std::process::id());
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = &stat[stat.rfind(')').unwrap() + 2..];
    assert_eq!(start.to_string(), after_name.split(' ').nth(19).unwrap());
    assert_eq!(RealHost::new().process_start(pid), Some(start));
}

#[test]
fn a_process_group_is_signalled_and_a_zombie_has_ended() {
    let host = RealHost::new();
    for (signal, number) in [(Signal::Terminate, 15), (Signal::Kill, 9)] {
        use std::os::unix::process::ExitStatusExt as _;

        let mut child = std::process::Command::new("/bin/sleep").arg("60").process_group(0).spawn().unwrap();
        assert!(host.process_start(child.id()).is_some());
        host.signal_group(child.id(), signal).unwrap();
        // nobody waited for it yet, so it is a zombie
        assert!(soon(|| host.process_start(child.id()).is_none()));
        assert!(fs::exists(format!("/proc/{}", child.id())).unwrap());
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        assert!(matches!(host.signal_group(child.id(), signal), Err(HostError::NotFound { .. })));
    }
}

#[test]
fn the_node_name_is_the_kernels_without_its_domain() {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let expected = kernel.trim().split('.').next().unwrap();
    assert!([expected, "localhost"].contains(&RealHost::new().node_name().as_str()));
}

#[test]
fn time_goes_on() {
    let host = RealHost::new();
    let (now, before) = (host.now(), host.monotonic());
    assert!(now > 1_700_000_000);
    host.sleep(Duration::from_millis(20));
    assert!(host.monotonic() - before >= Duration::from_millis(20));
    assert!((0..=5).contains(&(host.now() - now)));
}

#[test]
fn a_watched_program_is_heard_line_by_line_while_it_runs() {
    let mut heard = Vec::new();
    let command = Command::new("/bin/sh").args(["-c", "echo one; echo two >&2; printf three"]);
    let output = RealHost::new().run_watched(&command, &mut |line| heard.push(line.to_owned())).unwrap();
    assert_eq!(output.stdout, "one\nthree");
    heard.sort();
    assert_eq!(heard, ["one", "three", "two"]);
}

#[test]
fn a_watched_program_that_was_given_a_secret_is_heard_only_afterwards() {
    let mut heard = Vec::new();
    let secret = innkeeper_change::Secret::new("password", "hunter2hunter2");
    let command = Command::new("/bin/sh").args(["-c", "cat >&2; exit 1"]).secret_input(secret);
    let outcome = RealHost::new().run_watched(&command, &mut |line| heard.push(line.to_owned()));
    assert!(!outcome.unwrap_err().to_string().contains("hunter2"));
    assert!(heard.is_empty(), "{heard:?}");
}

#[test]
fn endless_output_is_heard_until_it_is_enough() {
    let begin = std::time::Instant::now();
    let mut heard = Vec::new();
    let yes = Command::new("/usr/bin/yes").arg("again");
    RealHost::new()
        .run_lines(&yes, &mut |line| {
            heard.push(line.to_owned());
            if heard.len() < 100_000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
    assert_eq!(heard.len(), 100_000);
    assert!(heard.iter().all(|line| line == "again"));
    assert!(begin.elapsed() < Duration::from_secs(20), "the program was ended, not waited for");
}

#[test]
fn a_program_whose_lines_were_heard_still_fails_with_its_reason() {
    let mut heard = Vec::new();
    let outcome = RealHost::new().run_lines(&sh("echo one; printf two; echo why >&2; exit 3"), &mut |line| {
        heard.push(line.to_owned());
        ControlFlow::Continue(())
    });
    assert_eq!(heard, ["one", "two"], "complaints are no output");
    assert!(outcome.unwrap_err().to_string().ends_with("exit code 3: why"));
}

#[test]
fn a_signal_to_a_group_ends_the_programs_that_lead_groups_of_their_own_below_it() {
    let script = "set -m; /bin/sleep 61 & echo $!; wait";
    let mut child = std::process::Command::new("/bin/bash")
        .args(["-c", script])
        .process_group(0)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    assert!(alive(&line));
    let group = fs::read_to_string(format!("/proc/{}/stat", line.trim())).unwrap();
    assert_eq!(group.split(' ').nth(4), Some(line.trim()), "it leads a group of its own");
    RealHost::new().signal_group(child.id(), Signal::Terminate).unwrap();
    assert!(soon(|| !alive(&line)));
    child.wait().unwrap();
}
