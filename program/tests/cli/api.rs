//! `innkeeper api`, which is `pvesh`. Row GEN-05: each command has a twin in the API.

use insta::assert_snapshot;

use crate::support::{Tree, VM_BACKUP, run};

/// GEN-05
#[test]
fn an_object_is_a_table_of_keys_and_values() {
    let tree = Tree::new();
    let shown = tree.run("pvesh", &["get", "/version"]).success();
    assert_snapshot!(shown.whole().replace(env!("CARGO_PKG_VERSION"), "0.0.0"));
}

/// GEN-05
#[test]
fn a_list_is_a_table_sorted_by_its_first_column() {
    let tree = Tree::new();
    assert_snapshot!(tree.innkeeper(&["api", "get", "/nodes"]).success().whole());
}

#[test]
fn pvesh_and_innkeeper_api_are_the_same() {
    let tree = Tree::new();
    for words in
        [&["get", "/nodes"][..], &["ls", "/nodes"], &["get", "nodes/pve/version", "--output-format=yaml"]]
    {
        let mut long = vec!["api"];
        long.extend(words);
        assert_eq!(tree.innkeeper(&long).success().stdout, tree.run("pvesh", words).success().stdout);
    }
}

#[test]
fn json_has_sorted_keys_and_yaml_quotes_what_is_no_word() {
    let tree = Tree::new();
    let get = |format| tree.run("pvesh", &["get", "/nodes", "--output-format", format]).success().stdout;
    assert_eq!(
        get("json"),
        "[{\"id\":\"node/pve\",\"level\":\"\",\"node\":\"pve\",\"status\":\"online\",\"type\":\"node\"}]\n"
    );
    assert_eq!(
        get("json-pretty"),
        "[\n   {\n      \"id\": \"node/pve\",\n      \"level\": \"\",\n      \"node\": \"pve\",\n      \"status\": \"online\",\n      \"type\": \"node\"\n   }\n]\n"
    );
    assert_eq!(
        get("yaml"),
        "---\n- id: node/pve\n  level: \"\"\n  node: pve\n  status: online\n  type: node\n"
    );
}

#[test]
fn ls_shows_what_can_be_done_below_a_path() {
    let tree = Tree::with_tasks();
    assert_snapshot!(tree.run("pvesh", &["ls", "/"]).success().whole());
    assert_snapshot!(tree.run("pvesh", &["ls", "/nodes"]).success().whole());
    assert_snapshot!(tree.run("pvesh", &["ls", "/nodes/pve/tasks"]).success().whole());
}

#[test]
fn usage_shows_parameters_with_type_bounds_and_default() {
    assert_snapshot!(run("pvesh", &["usage", "/nodes/localhost/tasks"]).success().whole());
    assert_snapshot!(run("pvesh", &["usage", "/nodes/localhost/apt/repositories", "-v"]).success().whole());
}

#[test]
fn usage_can_be_asked_for_one_command_and_for_the_schema_of_its_result() {
    let usage = run("pvesh", &["usage", "/version", "--command", "get", "--returns"]).success();
    assert!(usage.stdout.contains("\"innkeeper\""), "{}", usage.stdout);
    let none = run("pvesh", &["usage", "/version", "--command", "set"]);
    assert_eq!((none.code, none.stderr.as_str()), (255, "No 'set' handler defined for '/version'\n"));
}

#[test]
fn a_path_without_a_handler_is_named() {
    let tree = Tree::new();
    assert_snapshot!(tree.run("pvesh", &["get", "/no/such/path"]).whole());
    assert_snapshot!(tree.run("pvesh", &["create", "/version"]).whole());
    assert_snapshot!(tree.run("pvesh", &["ls", "/no/such/path"]).whole());
}

#[test]
fn wrong_parameters_are_listed_one_by_one_with_the_usage() {
    let tree = Tree::new();
    assert_snapshot!(
        tree.run("pvesh", &["get", "/nodes/pve/tasks", "--limit", "many", "--vmid", "7"]).whole()
    );
    assert_snapshot!(
        tree.run("pvesh", &["create", "/nodes/pve/apt/repositories", "--enabled", "maybe"]).whole()
    );
    assert_snapshot!(tree.run("pvesh", &["get", "/nodes/pve/tasks", "--output-format", "xml"]).whole());
}

#[test]
fn an_option_of_no_method_is_refused() {
    let tree = Tree::new();
    assert_snapshot!(tree.run("pvesh", &["get", "/nodes/pve/tasks", "--limti", "5"]).whole());
}

#[test]
fn options_may_be_written_in_all_of_the_originals_ways() {
    let tree = Tree::with_tasks();
    let get = |options: &[&str]| {
        let mut words = vec!["get", "/nodes/pve/tasks", "--output-format", "json"];
        words.extend(options);
        tree.run("pvesh", &words).success().stdout
    };
    let failed = get(&["--errors", "1"]);
    assert!(failed.contains(VM_BACKUP), "{failed}");
    for options in [&["--errors"][..], &["-errors", "yes"], &["--errors=on"], &["-errors=true"], &["--err"]] {
        assert_eq!(get(options), failed, "{options:?}");
    }
    assert_ne!(get(&["--errors", "off"]), failed);
}

#[test]
fn no_output_means_none() {
    let tree = Tree::new();
    for option in ["--nooutput", "--quiet"] {
        assert_eq!(tree.run("pvesh", &["get", "/version", option]).success().stdout, "");
    }
}

#[test]
fn a_change_by_path_is_carried_out_without_a_question() {
    let tree = Tree::new();
    let words = [
        "create",
        "/nodes/pve/apt/repositories",
        "--path",
        "/etc/apt/sources.list",
        "--index",
        "1",
        "--enabled",
        "0",
    ];
    let mut shown = words.to_vec();
    shown.push("--dry-run");
    let plan = tree.run("pvesh", &shown).success();
    assert!(plan.stdout.contains("-deb http://deb.debian.org/debian-security"), "{}", plan.stdout);
    assert!(tree.read("etc/apt/sources.list").contains("\ndeb http://deb.debian.org/debian-security"));
    let done = tree.run("pvesh", &words);
    let text = tree.read("etc/apt/sources.list");
    assert!(text.contains("# deb http://deb.debian.org/debian-security"), "{text}\n{}", done.whole());
}
