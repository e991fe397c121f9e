//! Help, abbreviations and mistakes.

use insta::assert_snapshot;

use crate::support::{Tree, run};

#[test]
fn help_lists_every_group_of_commands() {
    assert_snapshot!(run("innkeeper", &["--help"]).success().whole());
}

#[test]
fn pvenode_offers_the_originals_commands_and_no_others() {
    let help = run("pvenode", &["help"]).success();
    assert!(help.stdout.contains("task"), "{}", help.stdout);
    assert!(!help.stdout.contains("  apt"), "{}", help.stdout);
    assert_snapshot!(help.whole());
}

#[test]
fn a_group_of_commands_lists_what_is_in_it() {
    assert_snapshot!(run("innkeeper", &["apt", "--help"]).success().whole());
}

#[test]
fn a_command_that_changes_something_explains_how_it_is_shown_and_agreed_to() {
    assert_snapshot!(run("innkeeper", &["apt", "disable", "--help"]).success().whole());
}

#[test]
fn bounds_defaults_and_choices_are_part_of_the_help() {
    let help = run("pvenode", &["task", "list", "--help"]).success();
    assert!(help.stdout.contains("(100 - 999999999)"), "{}", help.stdout);
    assert!(help.stdout.contains("[default: 50]"), "{}", help.stdout);
    assert!(help.stdout.contains("archive|active|all"), "{}", help.stdout);
}

#[test]
fn the_word_help_in_front_means_the_same_as_the_option_behind() {
    let behind = run("innkeeper", &["apt", "list", "--help"]).success();
    for words in [&["help", "apt", "list"][..], &["help", "apt", "list", "--verbose"], &["apt", "list", "-h"]]
    {
        let front = run("innkeeper", words).success();
        assert_eq!(front.stdout, behind.stdout, "{words:?}");
    }
}

#[test]
fn commands_may_be_shortened_as_long_as_they_are_unambiguous() {
    let tree = Tree::with_tasks();
    let full = tree.run("pvenode", &["task", "list"]).success();
    assert_eq!(tree.run("pvenode", &["ta", "li"]).success().stdout, full.stdout);
    assert_eq!(tree.innkeeper(&["t", "list"]).code, 255, "task or token");
    assert_eq!(tree.innkeeper(&["ap", "list"]).code, 255, "api or apt");
}

#[test]
fn a_group_that_can_be_listed_is_listed_when_no_command_is_named() {
    let tree = Tree::new();
    assert_eq!(tree.innkeeper(&["apt"]).success().stdout, tree.innkeeper(&["apt", "list"]).success().stdout);
    tree.innkeeper(&["history", "--limit", "3"]).success();
}

#[test]
fn a_command_nobody_knows_is_answered_with_the_one_that_was_meant() {
    let tree = Tree::new();
    assert_snapshot!(tree.innkeeper(&["apt", "disabel"]).whole());
}

#[test]
fn an_option_nobody_knows_is_answered_with_the_one_that_was_meant() {
    let tree = Tree::new();
    assert_snapshot!(tree.run("pvenode", &["task", "list", "--userfliter", "root"]).whole());
}

#[test]
fn a_missing_argument_is_named() {
    let tree = Tree::new();
    assert_snapshot!(tree.innkeeper(&["apt", "disable", "/etc/apt/sources.list"]).whole());
}

#[test]
fn the_version_is_printed_under_every_name() {
    for name in ["innkeeper", "pvesh", "pvenode", "pveum"] {
        let version = run(name, &["--version"]).success();
        assert_eq!(version.stdout, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn a_root_directory_that_is_none_is_an_error() {
    let tree = Tree::new();
    for root in ["etc/hostname", "nothing/here"] {
        let root = tree.path().join(root);
        let failed = run("innkeeper", &["--root", root.to_str().unwrap(), "history"]);
        assert_eq!(failed.code, 255);
        assert!(failed.stderr.contains(root.to_str().unwrap()), "{}", failed.stderr);
    }
}
