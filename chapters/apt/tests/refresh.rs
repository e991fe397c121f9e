//! What a refresh that failed says, from the words of a real `apt-get update` (2.6.1) against repositories made to fail.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]
#![allow(clippy::disallowed_methods, reason = "tests look at the machine from outside the host")]

use camino::Utf8Path;
use innkeeper_apt::checks;
use innkeeper_apt::format::refresh_log::{Cause, changed_fields, failures};
use innkeeper_apt::plan::{Refresh, refresh};
use innkeeper_change::{Action, Level, render};
use innkeeper_host::{LockHolder, RealHost};
use proptest::prelude::*;

const RECORDED: &[(&str, &str, Cause, &str)] = &[
    (
        include_str!("fixtures/refresh/unauthorized.log"),
        "http://127.0.0.1:8901/debian/pve",
        Cause::Unauthorized,
        "401  Unauthorized [IP: 127.0.0.1 8901]",
    ),
    (
        include_str!("fixtures/refresh/not-found.log"),
        "http://127.0.0.1:8902/debian",
        Cause::NotFound,
        "404  Not Found [IP: 127.0.0.1 8902]",
    ),
    (
        include_str!("fixtures/refresh/key-unknown.log"),
        "file:/srv/key-unknown",
        Cause::KeyUnknown,
        "The following signatures couldn't be verified because the public key is not available: NO_PUBKEY D95208DCA13C8505",
    ),
    (include_str!("fixtures/refresh/unsigned.log"), "file:/srv/unsigned", Cause::Unsigned, "is not signed."),
    (
        include_str!("fixtures/refresh/unreachable.log"),
        "http://127.0.0.1:8903/debian",
        Cause::Unreachable,
        "Could not connect to 127.0.0.1:8903 (127.0.0.1). - connect (111: Connection refused)",
    ),
    (
        include_str!("fixtures/refresh/no-such-host.log"),
        "http://no.such.host.invalid/debian",
        Cause::NoName,
        "Could not resolve 'no.such.host.invalid'",
    ),
    (
        include_str!("fixtures/refresh/release-expired.log"),
        "file:/srv/exp/./InRelease",
        Cause::ReleaseExpired,
        "is expired (invalid since 1057d 12h 27min 37s). Updates for this repository will not be applied.",
    ),
    (
        include_str!("fixtures/refresh/release-in-the-future.log"),
        "file:/srv/fut/./InRelease",
        Cause::NotValidYet,
        "is not valid yet (invalid for another 4056d 11h 32min 12s). Updates for this repository will not be applied.",
    ),
    (
        include_str!("fixtures/refresh/renamed.log"),
        "file:/srv/repo",
        Cause::Renamed,
        "changed its 'Label' value from 'Testing' to ''; changed its 'Codename' value from 'stable' to ''",
    ),
    (
        include_str!("fixtures/refresh/hash-mismatch.log"),
        "file:/srv/hash",
        Cause::HashMismatch,
        "Hash Sum mismatch",
    ),
    (
        include_str!("fixtures/refresh/proxy-unreachable.log"),
        "http://deb.example.org/debian",
        Cause::Proxy,
        "Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)",
    ),
    (
        include_str!("fixtures/refresh/key-expired.log"),
        "file:/srv/old2",
        Cause::KeyExpired,
        "The following signatures were invalid: EXPKEYSIG 3370841D9E01F7B7 Old <old@example.org>",
    ),
    (
        include_str!("fixtures/refresh/disk-full.log"),
        "copy:/srv/big",
        Cause::DiskFull,
        "Write error - write (28: No space left on device)",
    ),
    (
        include_str!("fixtures/refresh/lock-held.log"),
        "",
        Cause::Locked,
        "Could not get lock /var/lib/apt/lists/lock. It is held by process 5616 (perl)",
    ),
];

/// APT-02, APT-32
#[test]
fn every_way_to_fail_is_told_once_with_address_and_reason() {
    for (log, uri, cause, reason) in RECORDED {
        let found = failures(log);
        assert_eq!(found.len(), 1, "{log}");
        assert_eq!(
            (found[0].uri.as_str(), found[0].cause, found[0].reason.as_str()),
            (*uri, *cause, *reason)
        );
    }
    assert_eq!(
        failures("Hit:1 http://deb.debian.org/debian bookworm InRelease\nReading package lists...\n"),
        []
    );
}

/// APT-02, APT-13: the last refresh that ran as a task counts, as long as the repository is still configured
#[test]
fn the_health_check_tells_what_the_last_refresh_could_not_fetch() {
    let tree = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = tree.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let findings = || {
        let host = RealHost::rooted(Utf8Path::from_path(tree.path()).unwrap()).unwrap();
        let all = checks::run(&host).unwrap();
        all.into_iter().filter(|finding| finding.id == "apt.refresh-failed").collect::<Vec<_>>()
    };
    let line = "deb http://127.0.0.1:8901/debian/pve bookworm pve-enterprise\n";
    write("etc/os-release", "VERSION_CODENAME=bookworm\n");
    write("etc/apt/sources.list", line);
    assert!(findings().is_empty(), "nothing is known before the first refresh");

    let old = "UPID:pve1:0003ED33:0073C2A5:65E0A1B2:aptupdate::root@pam:";
    let new = "UPID:pve1:0003ED34:0073C2A6:65E0A1B3:aptupdate::root@pam:";
    let other = "UPID:pve1:0003ED35:0073C2A7:65E0A1B4:vzdump:100:root@pam:";
    let indented: String = RECORDED[0].0.lines().map(|line| format!("  {line}\n")).collect();
    write(&format!("var/log/pve/tasks/2/{old}"), "  Err:1 http://elsewhere x InRelease\n  404  Not Found\n");
    write(&format!("var/log/pve/tasks/3/{new}"), &indented);
    write(
        "var/log/pve/tasks/index",
        &format!("{old} 65E0A1B5 OK\n{new} 65E0A1B6 exit\n{other} 65E0A1B7 OK\n"),
    );
    let found = findings();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].level, Level::Critical);
    assert_eq!(found[0].evidence, "http://127.0.0.1:8901/debian/pve: 401  Unauthorized [IP: 127.0.0.1 8901]");
    assert!(found[0].advice.contains("no-subscription"));

    write("etc/apt/sources.list", &format!("# {line}"));
    assert!(findings().is_empty(), "a repository that is off is not missed");
}

/// APT-02: where one call cures the error, it is offered
#[test]
fn what_one_call_cures_is_offered_as_that_call() {
    let cured = |fixture: &str, address: &str| {
        let tree = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = tree.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let upid = "UPID:pve1:0003ED34:0073C2A6:65E0A1B3:aptupdate::root@pam:";
        write("etc/hostname", "pve1\n");
        write("etc/apt/sources.list", &format!("deb {address} bookworm main\n"));
        write("usr/lib/systemd/system/systemd-timesyncd.service", "");
        write(&format!("var/log/pve/tasks/3/{upid}"), fixture);
        write("var/log/pve/tasks/index", &format!("{upid} 65E0A1B6 exit\n"));
        let host = RealHost::rooted(Utf8Path::from_path(tree.path()).unwrap()).unwrap();
        let all = checks::run(&host).unwrap();
        let failed = all.into_iter().find(|finding| finding.id == "apt.refresh-failed").unwrap();
        failed.fixes.into_iter().map(|fix| (fix.path, fix.params)).collect::<Vec<_>>()
    };
    let none = std::collections::BTreeMap::new;
    assert_eq!(
        cured(include_str!("fixtures/refresh/disk-full.log"), "copy:/srv/big"),
        [("/nodes/pve1/apt/clean".to_owned(), none())]
    );
    assert_eq!(
        cured(include_str!("fixtures/refresh/release-in-the-future.log"), "file:/srv/fut"),
        [("/nodes/pve1/services/systemd-timesyncd/restart".to_owned(), none())]
    );
    let accept =
        std::collections::BTreeMap::from([("accept-change".to_owned(), "label,codename".to_owned())]);
    assert_eq!(
        cured(include_str!("fixtures/refresh/renamed.log"), "file:/srv/repo"),
        [("/nodes/pve1/apt/update".to_owned(), accept)]
    );
}

/// APT-02: a change of a repository's name is accepted for the fields that changed, and with a warning
#[test]
fn a_renamed_repository_is_accepted_for_the_fields_that_have_changed_only() {
    let request = Refresh { accept_change: vec!["codename", "suite"], ..Refresh::default() };
    let plan = refresh(&request).unwrap();
    assert!(
        render::describe(&plan.steps[0])
            .contains("--allow-releaseinfo-change-codename --allow-releaseinfo-change-suite update")
    );
    assert_eq!(plan.hazards[0].id, "apt.accepts-change");
    assert_eq!(changed_fields("changed its 'Suite' value from 'testing' to 'stable'"), ["suite"]);
    assert!(changed_fields("changed its 'Evil --x' value from 'a' to 'b'").is_empty());
}

/// APT-02: APT does not wait for the lock of its lists, so the plan does
#[test]
fn machine_a_refresh_waits_for_the_program_that_uses_the_lists() {
    let mut other = std::process::Command::new("sleep").arg("1").spawn().unwrap();
    let holder = LockHolder { pid: other.id(), name: "apt-get".to_owned() };
    let plan = refresh(&Refresh { waits_for: Some(holder.clone()), ..Refresh::default() }).unwrap();
    assert_eq!(
        plan.steps[0].what,
        format!("wait for the end of process {holder}, which uses the package lists")
    );
    let Action::Run(run) = &plan.steps[0].action else { panic!("a program waits") };
    let ended = std::thread::spawn(move || {
        other.wait().unwrap();
        std::time::Instant::now()
    });
    let args = run.args.iter().map(ToString::to_string);
    assert!(std::process::Command::new(run.program.as_str()).args(args).status().unwrap().success());
    assert!(std::time::Instant::now() >= ended.join().unwrap(), "it waits until the other program has ended");
    assert_eq!(plan.steps.len(), 2, "then the lists are refreshed");
}

proptest! {
    #[test]
    fn nothing_that_is_printed_makes_it_panic(log in "(Err:|E: The repository '|[ :'a-z0-9\n]){0,40}") {
        failures(&log);
    }
}
