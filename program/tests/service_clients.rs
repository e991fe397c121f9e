//! Clients of the original, and a fuzzer of the OpenAPI document, against the running program.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests play the world outside: files, processes, sockets, time"
)]

mod support;

use std::process::Command;

use support::{Server, Tree, python_tool, secrets};

/// GEN-05, APT-10, APT-14: the published client, unchanged, with a ticket and with a token
#[test]
fn proxmoxer_lists_toggles_and_adds() {
    let tree = Tree::new();
    let token = tree.token("proxmoxer");
    let server = Server::start(&tree);
    let login = server.client().post("/access/link", &format!("secret={}", server.link)).data();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/proxmoxer_client.py");
    let output = Command::new(python_tool("python"))
        .arg(script)
        .arg(server.address.to_string())
        .env("TOKEN_SECRET", token.rsplit('=').next().unwrap())
        // a ticket is taken for a password, which is how a client without the password logs in
        .env("TICKET", login["ticket"].as_str().unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let added = "deb http://download.proxmox.com/debian/pve bookworm pve-no-subscription";
    assert!(tree.read("etc/apt/sources.list").contains(added));
}

/// Runs a playbook of tests/clients with Ansible's community.proxmox as it is.
fn play(tree: &Tree, playbook: &str, secrets: &[(&str, &str)]) {
    let token = tree.token("ansible");
    let server = Server::start(tree);
    let login = server.client().post("/access/link", &format!("secret={}", server.link)).data();
    let home = tempfile::tempdir().unwrap();
    let collections = python_tool("python").ancestors().nth(2).unwrap().join("collections");
    let output = Command::new(python_tool("ansible-playbook"))
        .arg(format!("{}/tests/clients/{playbook}", env!("CARGO_MANIFEST_DIR")))
        .args(["--inventory", "localhost,", "--extra-vars"])
        .arg(format!("host=127.0.0.1 port={}", server.address.port()))
        .envs([
            ("HOME", home.path()),
            ("ANSIBLE_HOME", home.path()),
            ("ANSIBLE_COLLECTIONS_PATH", &collections),
        ])
        .envs([
            ("TICKET", login["ticket"].as_str().unwrap()),
            ("ANSIBLE_NOCOLOR", "1"),
            ("LC_ALL", "C.UTF-8"),
        ])
        .envs(secrets.iter().copied())
        .env("TOKEN_SECRET", token.rsplit('=').next().unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// Ansible's community.proxmox as it is: every change asked for in check mode, for real, and again
#[test]
fn ansible_sees_its_changes_done_and_nothing_left_to_do() {
    let tree = Tree::new();
    let password = "the password that Ansible sets";
    secrets::keep(password);
    play(&tree, "ansible.yml", &[("ANNA", password)]);
    let users = tree.read("etc/pve/user.cfg");
    assert!(!users.contains("anna@pve") && !users.contains("operators"), "{users}");
}

/// NET-01, NET-08: the same for interfaces: a bridge, a bond and a VLAN are made, changed and removed, each asked for twice
#[test]
fn ansible_makes_changes_and_removes_interfaces_and_changes_nothing_the_second_time() {
    const LIVE: &str = "# kept by hand\nauto lo\niface lo inet loopback\n\niface eno1 inet manual\n\niface eno2 inet manual\n\n\
                        iface eno3 inet manual\n";
    let tree = Tree::new();
    tree.write("etc/network/interfaces", LIVE);
    play(&tree, "ansible-network.yml", &[]);
    assert_eq!(tree.read("etc/network/interfaces"), LIVE, "everything was staged");
    // a staged file that has come to be the live one again, to the byte, is none
    assert!(!tree.path().join("etc/network/interfaces.new").exists());
}

/// The document tells the truth: no 5xx for what it allows, no answer outside its schemas
#[test]
fn schemathesis_finds_no_server_error_and_no_answer_outside_the_schema() {
    let tree = Tree::new();
    let token = tree.token("schemathesis");
    let server = Server::start(&tree);
    let output = Command::new(python_tool("schemathesis"))
        .args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/schemathesis.toml")])
        .args(["run", &server.url("/api2/openapi.json"), "--url", &server.url("/api2/json")])
        .args(["--tls-verify", "false", "--header", &format!("Authorization: {token}")])
        .args(["--max-examples", "15", "--phases", "examples,coverage,fuzzing", "--workers", "1"])
        .args(["--checks", "not_a_server_error,response_schema_conformance,content_type_conformance"])
        // a token that ends its own session or removes itself ends the run
        // and what only a running system can answer is 501 for a tree
        .args([
            "--exclude-path-regex",
            "^/access/(session|link|ticket|users)|/apt/(changelog|preview|update|notify)$",
        ])
        .args(["--seed", "1", "--request-timeout", "20"])
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients"))
        .current_dir(tree.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    // whatever was asked for in all that noise, the history of it holds together
    drop(server);
    assert!(tree.json(&["history", "verify"])["changes"].as_i64().unwrap() > 0);
}
