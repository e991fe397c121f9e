//! What reaches the terminal.

use crate::support::{REFRESH, Tree, program};

const HOSTILE: &str = "\x1b]0;owned\x07\x1b[2J\u{9b}31m\u{202e}";

#[test]
fn escape_sequences_in_files_never_reach_the_terminal() {
    let tree = Tree::with_tasks();
    tree.write(
        "etc/apt/sources.list",
        format!("# {HOSTILE}\ndeb http://deb.debian.org/debian bookworm main\ndeb {HOSTILE} x y\n"),
    );
    tree.write(&format!("var/log/pve/tasks/3/{REFRESH}"), format!("{HOSTILE}\nTASK OK\n"));
    let commands = [
        &["apt", "list"][..],
        &["task", "log", REFRESH],
        &["checks"],
        &["apt", "disable", "/etc/apt/sources.list", "0", "--plan"],
        &["api", "get", "/nodes/pve/apt/repositories"],
        &["api", "get", "/nodes/pve/apt/repositories", "--output-format", "json"],
        &["api", "get", "/nodes/pve/apt/repositories", "--output-format", "json-pretty"],
        &["api", "get", "/nodes/pve/apt/repositories", "--output-format", "yaml"],
        &["api", "get", &format!("/nodes/pve/tasks/{REFRESH}/log")],
        &["api", "get", &format!("/nodes/{HOSTILE}/tasks")],
        &["api", "get", HOSTILE],
    ];
    for words in commands {
        let run = tree.innkeeper(words);
        for text in [&run.stdout, &run.stderr] {
            let harmful = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
            assert!(!text.contains(harmful), "{words:?}: {text:?}");
        }
    }
    let log = tree.innkeeper(&["task", "log", REFRESH]).success();
    assert!(log.stdout.starts_with(r"\x1b]0;owned\x07\x1b[2J\u{9b}31m\u{202e}"), "{}", log.stdout);
}

#[test]
fn without_utf8_tables_are_drawn_in_ascii() {
    let tree = Tree::new();
    let output = tree.command(&["api", "get", "/nodes"]).env("LC_ALL", "C").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("+--") && text.is_ascii(), "{text}");
}

#[test]
fn border_and_header_can_be_left_out() {
    let tree = Tree::new();
    let bare = tree.run("pvesh", &["get", "/nodes", "--noborder", "--noheader"]).success().stdout;
    assert_eq!(bare.split_whitespace().collect::<Vec<_>>(), ["pve", "node/pve", "node", "online"]);
    assert_eq!(bare.lines().count(), 1);
}

#[test]
fn times_are_dates_unless_numbers_are_asked_for() {
    let tree = Tree::with_tasks();
    let list = |human| {
        tree.run("pvenode", &["task", "list", "--noborder", "--human-readable", human]).success().stdout
    };
    assert!(list("1").contains("2024-01-12"), "{}", list("1"));
    assert!(list("0").contains("1705030083"), "{}", list("0"));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let tree = Tree::with_tasks();
    for words in [
        &["task", "list"][..],
        &["apt", "list"],
        &["checks"],
        &["api", "get", "/nodes"],
        &["--help"],
        &["apt", "disable", "--help"],
    ] {
        let run = tree.innkeeper(words).success();
        let widest = run.stdout.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest <= 80, "{words:?}: {widest} columns\n{}", run.stdout);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    use std::io::Read as _;
    let tree = Tree::with_tasks();
    let lines: String = (0..100_000).map(|number| format!("line {number}\n")).collect();
    tree.write(&format!("var/log/pve/tasks/3/{REFRESH}"), &lines);
    let mut child = program("pvenode")
        .arg("--root")
        .arg(tree.path())
        .args(["task", "log", REFRESH])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!(complaints, "");
    assert!(child.wait().unwrap().success());
}
