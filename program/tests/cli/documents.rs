//! Completions, manual pages and recordings.

use crate::support::{Tree, program, run};

#[test]
fn completions_know_every_command_of_every_program() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run("innkeeper", &["completions", shell]).success().stdout;
        for word in ["disable", "history", "lab-record", "output-format"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert!(!script.contains("pam-helper"), "{shell}: hidden commands stay hidden");
    }
    let script = run("innkeeper", &["completions", "bash", "--program", "pvenode"]).success().stdout;
    assert!(script.contains("pvenode") && !script.contains("lab-record"));
}

#[test]
fn the_bash_completion_is_a_script_that_bash_understands() {
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), run("innkeeper", &["completions", "bash"]).success().stdout).unwrap();
    let checked = std::process::Command::new("/bin/bash").arg("-n").arg(script.path()).status().unwrap();
    assert!(checked.success());
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("man8");
    run("innkeeper", &["man", pages.to_str().unwrap()]).success();
    for name in [
        "innkeeper",
        "innkeeper-apt",
        "innkeeper-apt-disable",
        "innkeeper-serve",
        "pvesh",
        "pvesh-get",
        "pvenode",
        "pvenode-task-list",
    ] {
        let page = std::fs::read_to_string(pages.join(format!("{name}.8"))).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{name}");
    }
    let page = std::fs::read_to_string(pages.join("innkeeper-apt-disable.8")).unwrap();
    assert!(page.contains("Position of the repository"), "{page}");
    assert!(!pages.join("innkeeper-pam-helper.8").exists());
}

#[test]
fn a_recording_holds_what_was_asked_of_the_machine() {
    let tree = Tree::new();
    let out = tree.path().join("recording.json");
    let root = tree.path().to_str().unwrap();
    let words = [
        "lab-record",
        out.to_str().unwrap(),
        "--",
        "--root",
        root,
        "api",
        "get",
        "/nodes/pve/apt/repositories",
    ];
    let printed = program("innkeeper").args(words).output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    assert!(!printed.stdout.is_empty());
    let recording: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!(recording["node_name"], "pve");
    assert!(recording.to_string().contains("debian-security"), "the content of the sources is in it");
}

#[test]
fn questions_from_a_file_are_asked_and_their_answers_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let (ask, out) = (dir.path().join("questions.ask"), dir.path().join("recording.json"));
    std::fs::write(&ask, "# what there is\nread /etc/os-release\nread /nonexistent\nrun /bin/false\n")
        .unwrap();
    let (ask, out) = (ask.to_str().unwrap(), out.to_str().unwrap());
    run("innkeeper", &["lab-record", out, "--ask", ask, "--about", "a test"]).success();
    let recording: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
    assert_eq!(recording["about"], "a test");
    assert_eq!(recording["entries"].as_array().unwrap().len(), 3, "failures are answers too");
    assert!(recording.to_string().contains("ID=debian"));

    std::fs::write(ask, "read os-release\n").unwrap();
    let refused = run("innkeeper", &["lab-record", out, "--ask", ask]);
    assert_ne!(refused.code, 0);
    assert!(
        refused.stderr.contains("questions.ask:1: 'os-release' is not an absolute path"),
        "{}",
        refused.stderr
    );
}
