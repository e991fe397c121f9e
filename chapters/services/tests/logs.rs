//! Logs as a real journal holds them: recorded on Debian 12 with systemd 252.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

use std::sync::Arc;

use innkeeper_access::Identity;
use innkeeper_change::Problem;
use innkeeper_engine::Silent;
use innkeeper_host::CassetteHost;
use innkeeper_rest::{Api, Request, Verb};
use innkeeper_services::{entry, methods, times};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Asks what was asked when this was recorded: where it stands in the recording, the cursors are taken from there.
struct Recorded {
    api: Api,
    argv: String,
}

impl Recorded {
    fn new(text: &str) -> Self {
        let recording: Value = serde_json::from_str(text).unwrap();
        let entries = recording["entries"].as_array().unwrap();
        let argv = entries.iter().find_map(|entry| entry["ask"]["run"]["argv"].as_str()).unwrap().to_owned();
        Self { api: Api::new(methods(), Arc::new(CassetteHost::parse(text).unwrap())), argv }
    }

    fn cursor(&self) -> &str {
        let (_, rest) = self.argv.split_once("--after-cursor=").unwrap();
        rest.split([' ', '\'']).next().unwrap()
    }

    fn get(&self, path: &str, params: Value) -> Result<(Value, Option<u64>), Problem> {
        let request = Request {
            verb: Verb::Get,
            path: format!("/nodes/localhost/{path}"),
            params: params.as_object().unwrap().clone(),
            identity: Some(Identity::local_root()),
            origin: "test".to_owned(),
        };
        self.api.call(request, &mut Silent).map(|answer| (answer.data, answer.total))
    }

    fn entries(&self, params: Value) -> Vec<Value> {
        self.get("log", params).unwrap().0.as_array().unwrap().clone()
    }
}

fn messages(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["message"].as_str().unwrap()).collect()
}

#[test]
fn the_newest_entries_come_oldest_first_with_all_that_is_known_of_them() {
    let entries =
        Recorded::new(include_str!("cassettes/log-newest.json")).entries(json!({ "lastentries": 6 }));
    assert_eq!(entries.len(), 6);
    let said = messages(&entries);
    assert_eq!(said[0], "first line\nsecond line", "a message may have several lines");
    assert_eq!(
        said[1], "red \u{1b}[31malert\u{1b}[0m \u{fffd} end",
        "bytes that are no text are told as such"
    );
    assert_eq!(said[2].len(), 9000, "a long message is whole");
    assert_eq!(said[5], "Stopped cron.service - Regular background program processing daemon.");
    let first = entries[0].as_object().unwrap();
    assert_eq!((&first["priority"], &first["identifier"]), (&json!(3), &json!("demo")));
    assert_eq!((&first["host"], &first["time"]), (&json!("svc1"), &json!(1_795_422_876)));
    assert!(first["cursor"].as_str().unwrap().starts_with("s="));
    assert_eq!(entries[5]["unit"], "cron.service", "what systemd says about a unit belongs to it");
}

#[test]
fn reading_goes_on_after_a_cursor_and_back_before_one() {
    let after = Recorded::new(include_str!("cassettes/log-after.json"));
    let entries = after.entries(json!({ "startcursor": after.cursor(), "lastentries": 3 }));
    assert_eq!(
        messages(&entries),
        [
            "Starting pvefw-logger.service - A service that runs once...",
            "lxcfs.service: Main process exited, code=exited, status=1/FAILURE",
            "lxcfs.service: Failed with result 'exit-code'.",
        ]
    );
    let before = Recorded::new(include_str!("cassettes/log-before.json"));
    let entries = before.entries(json!({ "endcursor": before.cursor(), "lastentries": 3 }));
    assert_eq!(
        messages(&entries),
        [
            "lxcfs.service: Failed with result 'exit-code'.",
            "pvefw-logger.service: Deactivated successfully.",
            "Finished pvefw-logger.service - A service that runs once.",
        ],
        "the three before it, oldest first"
    );
}

#[test]
fn only_what_is_as_bad_as_asked_for_is_read() {
    let recorded = Recorded::new(include_str!("cassettes/log-priority.json"));
    let entries = recorded.entries(json!({ "priority": "err", "lastentries": 10 }));
    let worst: Vec<_> = entries.iter().map(|entry| entry["priority"].as_u64().unwrap()).collect();
    assert!(!worst.is_empty() && worst.iter().all(|&priority| priority <= 3), "{worst:?}");
}

#[test]
fn the_journal_begins_and_ends_with_a_cursor() {
    let recorded = Recorded::new(include_str!("cassettes/log-since.json"));
    let time = 1_795_422_749;
    let (data, _) = recorded.get("journal", json!({ "since": time, "until": time })).unwrap();
    let lines: Vec<&str> = data.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    assert!(first.starts_with("s=") && last.starts_with("s=") && first != last);
    assert_eq!(lines.len(), 2 + 11, "nothing of what was written before or since");
    assert_eq!(
        lines[1],
        "Nov 23 08:32:29 svc1 systemd[1]: Stopping cron.service - Regular background program processing daemon..."
    );
    let none = recorded.get("journal", json!({ "since": time, "until": 5 })).unwrap().0;
    assert_eq!(none, json!([]));
}

#[test]
fn between_two_cursors_stands_what_was_written_between_them() {
    let recorded = Recorded::new(include_str!("cassettes/log-between.json"));
    let start = recorded.cursor();
    let all = recorded.get("journal", json!({ "startcursor": start })).unwrap().0;
    let newest = all.as_array().unwrap().last().unwrap();
    let (data, _) = recorded.get("journal", json!({ "startcursor": start, "endcursor": newest })).unwrap();
    let fewer = data.as_array().unwrap();
    assert!(fewer.len() < all.as_array().unwrap().len());
    assert_ne!(fewer.last().unwrap(), newest, "the entry at the end is not between");
}

#[test]
fn a_page_of_the_system_log_has_numbered_lines_and_their_total() {
    let recorded = Recorded::new(include_str!("cassettes/syslog.json"));
    let page = json!({ "service": "sshd", "start": 1, "limit": 2 });
    let (data, total) = recorded.get("syslog", page).unwrap();
    assert_eq!(
        data,
        json!([
            { "n": 2, "t": "Nov 23 08:24:23 svc1 sshd[50]: Server listening on 0.0.0.0 port 22." },
            { "n": 3, "t": "Nov 23 08:24:23 svc1 systemd[1]: Started ssh.service - OpenBSD Secure Shell server." },
        ])
    );
    assert_eq!(total, Some(9));
    let (all, _) = recorded.get("syslog", json!({ "service": "sshd", "limit": 0 })).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 9);
    assert!(recorded.argv.contains("--unit=ssh.service --unit=sshd.service"), "{}", recorded.argv);
}

#[test]
fn an_empty_log_says_that_there_is_no_content() {
    let recorded = Recorded::new(include_str!("cassettes/syslog-empty.json"));
    let (data, total) = recorded.get("syslog", json!({ "service": "nothing" })).unwrap();
    assert_eq!(data, json!([{ "n": 1, "t": "no content" }]));
    assert_eq!(total, Some(0));
}

#[test]
fn hostile_questions_are_refused_before_any_program_runs() {
    let recorded = Recorded::new(include_str!("cassettes/syslog.json"));
    for (path, name, value) in [
        ("syslog", "service", "--file=/etc/shadow"),
        ("syslog", "service", "a*"),
        ("syslog", "service", "a b"),
        ("syslog", "service", "../x"),
        ("syslog", "service", "$(reboot)"),
        ("syslog", "service", ""),
        ("syslog", "since", "yesterday"),
        ("syslog", "since", "2026-13-01"),
        ("syslog", "since", "2026-02-30 10:00"),
        ("syslog", "until", "2026-01-01 25:00"),
        ("syslog", "until", "2026-01-01T00:00"),
        ("syslog", "limit", "-1"),
        ("syslog", "priority", "9"),
        ("journal", "since", "2026-01-01"),
        ("journal", "startcursor", "s=1 --file=x"),
        ("journal", "startcursor", ""),
        ("journal", "lastentries", "many"),
        ("log", "since", "1e9"),
        ("log", "endcursor", "'\"\n"),
    ] {
        let refused = recorded.get(path, json!({ name: value })).unwrap_err();
        let Problem::Parameters(wrong) = refused else { panic!("{path} {name}={value}: {refused:?}") };
        assert!(wrong.contains_key(name), "{path} {name}={value}: {wrong:?}");
    }
}

#[test]
fn dates_are_those_of_the_hosts_own_clock() {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let at = |text| times::seconds(text, &zone);
    assert_eq!(at("1795422749"), Some(1_795_422_749));
    assert_eq!(at("2026-01-01"), Some(1_767_222_000));
    assert_eq!(at("2026-07-01 02:00"), at("2026-07-01 02:00:00"));
    assert_eq!(at("2026-07-01 02:00"), Some(1_782_864_000));
    assert_eq!(at("2026-03-29 02:30"), at("2026-03-29 03:30"), "this half hour does not exist");
    assert_eq!(at("2026-10-25 02:30"), Some(1_792_888_200), "this one comes twice: the first");
    assert_eq!(times::stamp(1_767_222_000, &zone), "Jan 01 00:00:00");
}

proptest! {
    /// Law: no line of a log, however it came to be, brings the reader down.
    #[test]
    fn every_line_is_an_entry_or_none(line in any::<String>(), message in any::<Vec<u8>>(), time in any::<u64>()) {
        prop_assert!(entry::parse(&line).is_none());
        let made = json!({ "__CURSOR": "s=1", "__REALTIME_TIMESTAMP": time.to_string(), "MESSAGE": message });
        if let Some(entry) = entry::parse(&made.to_string()) {
            prop_assert_eq!(&entry.message, &String::from_utf8_lossy(&message).into_owned());
            let lines = entry::lines(&entry, &TimeZone::UTC);
            prop_assert_eq!(lines.len(), entry.message.lines().count().max(1));
        }
    }

    /// Law: what is a moment has seconds, and nothing else has.
    #[test]
    fn a_moment_is_understood_or_refused(text in r"[0-9: -]{0,20}") {
        prop_assert_eq!(times::seconds(&text, &TimeZone::UTC).is_some(), times::is_moment(&text));
    }

    #[test]
    fn whatever_systemctl_prints_becomes_units(text in any::<String>()) {
        let units = innkeeper_services::show::parse(&text);
        prop_assert!(units.len() <= text.lines().count());
    }
}
