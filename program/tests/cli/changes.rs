//! Changes by command: shown, agreed to, carried out, taken back.

use std::process::Stdio;

use insta::assert_snapshot;

use crate::support::{Run, SOURCES, Tree, answered, on_a_terminal};

const SECURITY: [&str; 4] = ["apt", "disable", "/etc/apt/sources.list", "1"];
const PLAIN: [&str; 4] = ["apt", "disable", "/etc/apt/sources.list.d/pve-no-subscription.list", "0"];

fn words<'w>(command: &[&'w str], more: &[&'w str]) -> Vec<&'w str> {
    command.iter().chain(more).copied().collect()
}

#[test]
fn repositories_are_listed_file_by_file() {
    let tree = Tree::new();
    assert_snapshot!(tree.innkeeper(&["apt", "list"]).success().whole());
}

#[test]
fn a_plan_is_shown_and_nothing_is_done() {
    let tree = Tree::new();
    for option in ["--plan", "--dry-run"] {
        let plan = tree.innkeeper(&words(&SECURITY, &[option])).success();
        assert!(plan.stdout.contains("-deb http://deb.debian.org/debian-security"), "{}", plan.whole());
    }
    assert_snapshot!(tree.innkeeper(&words(&SECURITY, &["--plan"])).success().whole());
    assert_eq!(tree.read("etc/apt/sources.list"), SOURCES);
    assert!(!tree.path().join("var/lib/innkeeper").exists());
}

#[test]
fn a_change_is_carried_out_and_taken_back_to_the_byte() {
    let tree = Tree::new();
    let done = tree.innkeeper(&words(&SECURITY, &["--yes", "--accept", "apt.no-security-updates"])).success();
    assert_snapshot!(done.whole());
    assert_ne!(tree.read("etc/apt/sources.list"), SOURCES);
    assert_snapshot!(tree.innkeeper(&["history"]).success().whole());
    assert_snapshot!(tree.innkeeper(&["history", "show", "1"]).success().whole());
    assert_snapshot!(tree.innkeeper(&["undo", "1", "--yes"]).success().whole());
    assert_eq!(tree.read("etc/apt/sources.list"), SOURCES);
    assert_snapshot!(tree.innkeeper(&["history", "verify"]).success().whole());
}

#[test]
fn what_is_so_already_is_said_and_not_done() {
    let tree = Tree::new();
    let again = tree.innkeeper(&["apt", "enable", "/etc/apt/sources.list", "0"]).success();
    assert_snapshot!(again.whole());
}

#[test]
fn without_a_terminal_a_risk_needs_a_yes_in_advance() {
    let tree = Tree::new();
    let refused = tree.innkeeper(&SECURITY);
    assert_snapshot!(refused.whole());
    assert_eq!(tree.read("etc/apt/sources.list"), SOURCES);
}

#[test]
fn an_undo_is_refused_when_the_file_moved_on() {
    let tree = Tree::new();
    tree.innkeeper(&words(&PLAIN, &["--yes"])).success();
    tree.write("etc/apt/sources.list.d/pve-no-subscription.list", "# by hand\n");
    assert_snapshot!(tree.innkeeper(&["undo", "1"]).whole());
    assert_eq!(tree.read("etc/apt/sources.list.d/pve-no-subscription.list"), "# by hand\n");
}

#[test]
fn an_index_that_is_none_is_refused() {
    let tree = Tree::new();
    assert_snapshot!(tree.innkeeper(&["apt", "disable", "/etc/apt/sources.list", "first"]).whole());
    assert_snapshot!(tree.innkeeper(&["apt", "disable", "/etc/apt/sources.list", "7"]).whole());
}

#[test]
fn programs_get_the_outcome_as_json() {
    let tree = Tree::new();
    let done = tree.innkeeper(&words(&PLAIN, &["--yes", "--output-format", "json"])).success();
    let outcome: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(outcome["change"], 1);
    assert!(outcome["task"].as_str().unwrap().starts_with("UPID:pve:"));
}

#[test]
fn on_a_terminal_the_plan_is_shown_and_asked_about() {
    let tree = Tree::new();
    let (shown, code) = on_a_terminal(tree.command(&PLAIN), "n\n");
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("Apply? [y/N]") && shown.contains("nothing was changed"), "{shown}");
    let (shown, code) = on_a_terminal(tree.command(&PLAIN), "y\n");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("undo with: innkeeper undo 1"), "{shown}");
}

/// NET-09: what was read is not what would be done any more.
#[test]
fn a_file_that_is_edited_while_somebody_reads_the_plan_is_left_alone_and_the_new_plan_is_shown() {
    const LIVE: &str = "auto lo\niface lo inet loopback\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.1/24\n\tbridge-ports none\n";
    let tree = Tree::new();
    tree.write("etc/network/interfaces", LIVE);
    let command = || tree.command(&["network", "set", "vmbr0", "bridge", "--mtu", "9000"]);
    let edited = LIVE.replace("192.0.2.1/24", "192.0.2.2/24");
    let meanwhile = || tree.write("etc/network/interfaces", &edited);
    let (shown, code) = answered(command(), "Apply? [y/N]", meanwhile, "y\n");
    assert_ne!(code, 0, "{shown}");
    let (_, after) = shown.split_once("Nothing was done. By now it would be this").unwrap();
    assert!(after.contains("192.0.2.2/24") && after.contains("+\tmtu 9000"), "{shown}");
    assert!(!tree.path().join("etc/network/interfaces.new").exists());
    assert_eq!(on_a_terminal(command(), "y\n").1, 0);
    assert_eq!(tree.read("etc/network/interfaces.new"), edited + "\tmtu 9000\n");
}

#[test]
fn when_nobody_answers_nothing_is_changed() {
    let tree = Tree::new();
    let (shown, code) = on_a_terminal(tree.command(&PLAIN), "\u{4}");
    assert_eq!(code, 1, "{shown}");
    assert!(!tree.path().join("var/lib/innkeeper").exists());
}

#[test]
fn checks_say_what_is_wrong_and_which_command_cures_it() {
    let tree = Tree::new();
    assert_snapshot!(tree.innkeeper(&["checks"]).success().whole());
}

/// GEN-05
#[test]
fn who_is_not_root_is_told_so_unless_the_tree_is_theirs() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    assert!(rustix::process::geteuid().is_root(), "only root can find out what others may do");
    let as_nobody = |command: &mut std::process::Command| {
        let output = command.uid(NOBODY).gid(NOBODY).stdin(Stdio::null()).output().unwrap();
        Run::new("$ innkeeper api get /version".to_owned(), output)
    };
    // the program itself may stand where only root can reach it
    let program = tempfile::tempdir().unwrap();
    let copy = program.path().join("innkeeper");
    std::fs::copy(env!("CARGO_BIN_EXE_innkeeper"), &copy).unwrap();
    for path in [program.path(), &copy] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let call = |root: Option<&Tree>| {
        let mut command = std::process::Command::new(&copy);
        command.env_clear().env("LC_ALL", "C.UTF-8");
        if let Some(tree) = root {
            command.arg("--root").arg(tree.path());
        }
        command.args(["api", "get", "/version"]);
        command
    };
    let refused = as_nobody(&mut call(None));
    assert_eq!((refused.code, refused.stderr.as_str()), (255, "please run as root\n"));
    let tree = Tree::new();
    std::fs::set_permissions(tree.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(as_nobody(&mut call(Some(&tree))).stderr, "please run as root\n");
    chown(tree.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    as_nobody(&mut call(Some(&tree))).success();
}

#[test]
fn the_secret_of_a_new_token_is_printed_once() {
    let tree = Tree::new();
    let made = tree.innkeeper(&["token", "add", "root@pam", "ci", "--yes"]).success();
    let secret =
        made.stdout.split_whitespace().find(|word| word.len() == 36 && word.matches('-').count() == 4);
    let secret = secret.unwrap_or_else(|| panic!("no secret in {}", made.stdout));
    let history = tree.innkeeper(&["history", "show", "1"]).success();
    assert!(!history.stdout.contains(secret), "{}", history.stdout);
}

#[test]
fn an_empty_history_says_so() {
    let tree = Tree::new();
    assert_eq!(tree.innkeeper(&["history"]).success().stdout, "No changes.\n");
}
