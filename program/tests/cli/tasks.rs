//! `pvenode task`. Rows NODE-08 to NODE-11.

use insta::assert_snapshot;

use crate::support::{REFRESH, Tree, VM_BACKUP, VM_START};

/// NODE-08
#[test]
fn the_task_list_has_the_originals_columns_and_status_words() {
    let tree = Tree::with_tasks();
    let list = tree.run("pvenode", &["task", "list", "--noborder"]).success();
    let header: Vec<&str> = list.stdout.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["upid", "type", "id", "user", "starttime", "endtime", "status"]);
    let wide = tree.command(&["task", "list"]).env("COLUMNS", "160").output().unwrap();
    assert_snapshot!(String::from_utf8(wide.stdout).unwrap());
}

/// NODE-08
#[test]
fn on_a_narrow_terminal_the_id_of_a_task_stays_whole() {
    let tree = Tree::with_tasks();
    assert_snapshot!(tree.run("pvenode", &["task", "list"]).success().whole());
}

/// NODE-08
#[test]
fn programs_get_the_same_list_as_json() {
    let tree = Tree::with_tasks();
    let json = tree.run("pvenode", &["task", "list", "--output-format", "json"]).success().stdout;
    let tasks: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let ends: Vec<(&str, &str)> =
        tasks.iter().map(|task| (task["upid"].as_str().unwrap(), task["status"].as_str().unwrap())).collect();
    assert_eq!(ends, [(VM_START, "OK"), (REFRESH, "OK"), (VM_BACKUP, "ERROR")]);
}

/// NODE-09
#[test]
fn filters_combine() {
    let tree = Tree::with_tasks();
    let found = |options: &[&str]| {
        let mut words = vec!["task", "list", "--noborder", "--noheader"];
        words.extend(options);
        let list = tree.run("pvenode", &words).success();
        list.stdout
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let wide = |options: &[&str]| {
        let mut words = vec!["task", "list", "--output-format", "json"];
        words.extend(options);
        let json = tree.run("pvenode", &words).success().stdout;
        let tasks: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        tasks.iter().map(|task| task["upid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(wide(&["--errors", "--vmid", "100"]), [VM_BACKUP]);
    assert!(wide(&["--errors", "--vmid", "101"]).is_empty());
    assert_eq!(wide(&["--userfilter", "alice"]), [REFRESH]);
    assert_eq!(wide(&["--typefilter", "qmstart", "--statusfilter", "ok"]), [VM_START]);
    assert_eq!(wide(&["--since", "1705030084"]), [VM_START]);
    assert_eq!(wide(&["--until", "1705030082"]), [VM_BACKUP]);
    assert_eq!(wide(&["--limit", "1"]), [VM_START]);
    assert_eq!(wide(&["--start", "2"]), [VM_BACKUP]);
    assert!(found(&["--source", "active"]).is_empty());
}

/// NODE-10
#[test]
fn the_log_of_a_task_is_printed_line_by_line() {
    let tree = Tree::with_tasks();
    let log = tree.run("pvenode", &["task", "log", VM_BACKUP]).success();
    assert_eq!(log.stdout, "INFO: starting backup\nTASK ERROR: unable to create temporary file\n");
    let tail = tree.run("pvenode", &["task", "log", VM_BACKUP, "--start", "1"]).success();
    assert_eq!(tail.stdout, "TASK ERROR: unable to create temporary file\n");
    let file = tree.innkeeper(&["task", "log", VM_BACKUP, "--download"]).success();
    assert_eq!(file.stdout, log.stdout);
}

/// NODE-10
#[test]
fn a_long_log_is_printed_whole() {
    let tree = Tree::with_tasks();
    let lines: String = (0..1234).map(|number| format!("line {number}\n")).collect();
    tree.write(&format!("var/log/pve/tasks/3/{REFRESH}"), &lines);
    assert_eq!(tree.run("pvenode", &["task", "log", REFRESH]).success().stdout, lines);
}

/// NODE-11
#[test]
fn a_text_that_is_no_task_id_is_refused() {
    let tree = Tree::with_tasks();
    assert_snapshot!(tree.run("pvenode", &["task", "status", "UPID:nonsense"]).whole());
    let unknown = VM_START.replace("101", "102");
    assert_snapshot!(tree.run("pvenode", &["task", "log", &unknown]).whole());
}

/// NODE-11
#[test]
fn the_status_of_a_task_names_its_parts() {
    let tree = Tree::with_tasks();
    assert_snapshot!(tree.run("pvenode", &["task", "status", VM_BACKUP]).success().whole());
}
