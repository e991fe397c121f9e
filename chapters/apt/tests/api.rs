//! The chapter through its API: methods, parameters, tasks, history, on a tree of its own.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees themselves"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use camino::Utf8Path;
use innkeeper_access::{AuthId, Identity, Via};
use innkeeper_change::Problem;
use innkeeper_engine::Silent;
use innkeeper_host::RealHost;
use innkeeper_rest::{Answer, Api, Request, Verb};
use serde_json::{Value, json};

const LIST: &str = "/etc/apt/sources.list";
const A: &str = "deb http://deb.debian.org/debian bookworm main contrib
deb http://deb.debian.org/debian bookworm-updates main contrib

# security updates
deb http://security.debian.org/debian-security bookworm-security main contrib
";

struct Machine {
    tree: tempfile::TempDir,
    api: Api,
}

impl Machine {
    fn new() -> Self {
        let tree = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("etc/os-release", "VERSION_CODENAME=bookworm\n");
        write("etc/hostname", "pve1\n");
        write("etc/apt/sources.list", A);
        write(
            "etc/apt/sources.list.d/pve-enterprise.list",
            "deb https://enterprise.proxmox.com/debian/pve bookworm pve-enterprise\n",
        );
        let host = Arc::new(RealHost::rooted(Utf8Path::from_path(tree.path()).unwrap()).unwrap());
        let api = Api::new(innkeeper_apt::methods(), host).with_checks(innkeeper_apt::checks());
        Self { tree, api }
    }

    fn call_as(&self, user: &str, verb: Verb, path: &str, params: Value) -> Result<Answer, Problem> {
        let Value::Object(params) = params else { panic!("parameters are an object") };
        let user: AuthId = user.parse().unwrap();
        let identity = Identity::new(user, Via::Ticket);
        let path = format!("/nodes/pve1/apt{path}");
        let request =
            Request { verb, path, params, identity: Some(identity), origin: "127.0.0.1".to_owned() };
        self.api.call(request, &mut Silent)
    }

    fn call(&self, verb: Verb, path: &str, params: Value) -> Result<Answer, Problem> {
        self.call_as("root@pam", verb, path, params)
    }

    fn repositories(&self) -> Value {
        self.call(Verb::Get, "/repositories", json!({})).unwrap().data
    }

    fn path(&self, path: &str) -> PathBuf {
        self.tree.path().join(path.trim_start_matches('/'))
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }
}

#[test]
fn the_answer_has_the_original_s_shape() {
    let machine = Machine::new();
    let data = machine.repositories();
    let file = &data["files"][0];
    assert_eq!((file["path"].as_str(), file["file-type"].as_str()), (Some(LIST), Some("list")));
    assert_eq!(file["digest"].as_array().unwrap().len(), 32);
    let first = &file["repositories"][0];
    assert_eq!(first["Enabled"], json!(1));
    assert_eq!(first["URIs"], json!(["http://deb.debian.org/debian"]));
    assert_eq!(first["Components"], json!(["main", "contrib"]));
    assert_eq!(
        (first["FileType"].as_str(), first.get("Options"), first.get("Comment")),
        (Some("list"), None, None)
    );
    assert_eq!(file["repositories"][2]["Comment"], json!(" security updates\n"));
    assert_eq!(data["infos"][0], json!({"path": LIST, "index": 0, "kind": "origin", "message": "Debian"}));
    assert_eq!(data["standard-repos"][0]["handle"], json!("enterprise"));
    assert_eq!(data["standard-repos"][0]["status"], json!(1));
    assert_eq!(data["standard-repos"][1].get("status"), None);
    assert_eq!(data["digest"].as_str().unwrap().len(), 64);
    assert_eq!(data["status"]["state"], json!("no-sub"));
    assert_eq!(data["errors"], json!([]));
}

/// APT-14: as clients of the original do it
#[test]
fn a_repository_is_disabled_and_enabled_and_asking_twice_changes_nothing() {
    let machine = Machine::new();
    let digest = machine.repositories()["digest"].clone();
    let off = json!({"path": LIST, "index": 1, "enabled": "0", "digest": digest});
    let answer = machine.call(Verb::Post, "/repositories", off.clone()).unwrap();
    assert!(answer.data.is_null() && answer.task.is_some() && answer.change.is_some());
    let changed = A.replace(
        "deb http://deb.debian.org/debian bookworm-updates",
        "# deb http://deb.debian.org/debian bookworm-updates",
    );
    assert_eq!(machine.text(LIST), changed);
    assert_eq!(machine.call(Verb::Post, "/repositories", off).unwrap_err(), Problem::Modified);
    let again =
        machine.call(Verb::Post, "/repositories", json!({"path": LIST, "index": 1, "enabled": 0})).unwrap();
    assert!(again.unchanged);
    machine.call(Verb::Post, "/repositories", json!({"path": LIST, "index": 1, "enabled": true})).unwrap();
    assert_eq!(machine.text(LIST), A);
}

/// APT-10, APT-16
#[test]
fn a_standard_repository_is_added_by_handle_once() {
    let machine = Machine::new();
    let add = json!({"handle": "no-subscription"});
    machine.call(Verb::Put, "/repositories", add.clone()).unwrap();
    assert!(
        machine
            .text(LIST)
            .ends_with("\n\ndeb http://download.proxmox.com/debian/pve bookworm pve-no-subscription\n")
    );
    assert!(machine.call(Verb::Put, "/repositories", add).unwrap().unchanged);
    let unknown = machine.call(Verb::Put, "/repositories", json!({"handle": "nonsense"})).unwrap_err();
    assert_eq!(
        (unknown.status(), unknown.to_string().as_str()),
        (400, "unknown repository handle 'nonsense'")
    );
}

#[test]
fn a_removal_is_verified_by_what_is_left_not_by_its_index() {
    let machine = Machine::new();
    let twice = "deb http://x/ s main\ndeb http://x/ s main\ndeb http://y/ s main\n";
    fs::write(machine.path(LIST), twice).unwrap();
    machine.call(Verb::Delete, "/repositories", json!({"path": LIST, "index": 0})).unwrap();
    assert_eq!(machine.text(LIST), "deb http://x/ s main\ndeb http://y/ s main\n");
    machine.call(Verb::Delete, "/repositories", json!({"path": LIST, "index": 0})).unwrap();
    assert_eq!(machine.text(LIST), "deb http://y/ s main\n");
}

/// APT-30, APT-31
#[test]
fn components_are_set_and_the_firmware_component_is_added_everywhere() {
    let machine = Machine::new();
    let set = json!({"path": LIST, "index": 0, "components": "main, contrib,non-free-firmware"});
    machine.call(Verb::Put, "/repositories/components", set).unwrap();
    machine.call(Verb::Post, "/repositories/firmware", json!({})).unwrap();
    assert_eq!(machine.text(LIST), A.replace("main contrib", "main contrib non-free-firmware"));
    assert!(machine.call(Verb::Post, "/repositories/firmware", json!({})).unwrap().unchanged);
}

#[test]
fn a_list_is_converted_in_one_change() {
    let machine = Machine::new();
    machine.call(Verb::Post, "/repositories/convert", json!({"path": LIST})).unwrap();
    assert!(!machine.path(LIST).exists());
    assert!(
        machine.text("/etc/apt/sources.list.d/debian.sources").contains("# security updates\nTypes: deb\n")
    );
    let files = machine.repositories()["files"].as_array().unwrap().len();
    assert_eq!(files, 2);
}

#[test]
fn a_dry_run_shows_the_plan_and_touches_nothing() {
    let machine = Machine::new();
    let ask = json!({"path": LIST, "index": 2, "enabled": 0, "dry-run": 1});
    let plan = machine.call(Verb::Post, "/repositories", ask).unwrap().data;
    assert_eq!(plan["empty"], json!(0));
    assert!(plan["diff"].as_str().unwrap().contains("+# deb http://security.debian.org"));
    assert_eq!(plan["hazards"][0]["id"], json!("apt.no-security-updates"));
    assert_eq!(plan["command"], json!("innkeeper apt disable /etc/apt/sources.list 2"));
    assert_eq!(machine.text(LIST), A);
}

/// APT-33, APT-34, APT-35
#[test]
fn a_key_is_installed_only_with_the_right_checksum() {
    let machine = Machine::new();
    let key = include_bytes!("fixtures/openpgp/expired.gpg");
    fs::create_dir_all(machine.path("/etc/apt/keyrings")).unwrap();
    fs::create_dir_all(machine.path("/root")).unwrap();
    fs::write(machine.path("/root/downloaded"), key).unwrap();
    let target = "/etc/apt/keyrings/example.gpg";
    let right = innkeeper_apt::release_key::sha512(key);
    let wrong = json!({"target": target, "file": "/root/downloaded", "sha512": "0".repeat(128)});
    let problem = machine.call(Verb::Post, "/keys", wrong).unwrap_err().to_string();
    assert!(
        problem.contains(&right) && problem.contains("MD5 9cfa85424154ba857be2bab45854bc24"),
        "{problem}"
    );
    assert!(!machine.path(target).exists());
    machine
        .call(Verb::Post, "/keys", json!({"target": target, "file": "/root/downloaded", "sha512": right}))
        .unwrap();
    assert_eq!(fs::read(machine.path(target)).unwrap(), key);
    assert_eq!(fs::metadata(machine.path(target)).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn without_the_privileges_nothing_is_shown_and_nothing_done() {
    let machine = Machine::new();
    let nobody =
        |verb, path: &str, params| machine.call_as("guest@pam", verb, path, params).unwrap_err().status();
    assert_eq!(nobody(Verb::Get, "/repositories", json!({})), 403);
    assert_eq!(nobody(Verb::Post, "/repositories", json!({"path": LIST, "index": 0, "enabled": 0})), 403);
    assert_eq!(nobody(Verb::Put, "/repositories", json!({"handle": "test"})), 403);
    assert_eq!(machine.text(LIST), A);
}

#[test]
fn parameters_are_checked_before_anything_is_read() {
    let machine = Machine::new();
    for (verb, path, params) in [
        (Verb::Post, "/repositories", json!({"path": LIST})),
        (Verb::Post, "/repositories", json!({"path": LIST, "index": -1})),
        (Verb::Post, "/repositories", json!({"path": LIST, "index": "x"})),
        (Verb::Post, "/repositories", json!({"path": LIST, "index": 0, "enabled": "maybe"})),
        (Verb::Post, "/repositories", json!({"path": LIST, "index": 0, "colour": "red"})),
        (Verb::Put, "/repositories", json!({"handle": "x".repeat(65)})),
        (Verb::Put, "/repositories/components", json!({"path": LIST, "index": 0, "components": "a\nb"})),
        (Verb::Put, "/repositories/components", json!({"path": LIST, "index": 0, "components": ""})),
        (Verb::Post, "/keys", json!({"target": "/etc/apt/keyrings/x.gpg"})),
        (Verb::Post, "/keys", json!({"target": "/etc/apt/keyrings/x.gpg", "content": "!"})),
    ] {
        assert_eq!(machine.call(verb, path, params.clone()).unwrap_err().status(), 400, "{params}");
    }
    let huge = json!({"path": LIST, "index": i64::MAX, "enabled": 0});
    let problem = machine.call(Verb::Post, "/repositories", huge).unwrap_err();
    assert_eq!(problem.to_string(), format!("invalid index - {}", i64::MAX));
    for path in ["/etc/shadow", "../../etc/apt/sources.list", "/etc/apt/./sources.list", "", "\u{0}"] {
        let status =
            machine.call(Verb::Post, "/repositories", json!({"path": path, "index": 0, "enabled": 0}));
        assert!(matches!(status.unwrap_err().status(), 400 | 500), "{path}");
    }
    assert_eq!(machine.text(LIST), A);
}

/// APT-08
#[test]
fn package_lists_of_another_tree_are_not_refreshed_from_here() {
    let machine = Machine::new();
    assert_eq!(machine.call(Verb::Post, "/update", json!({})).unwrap_err().status(), 400);
    assert_eq!(machine.call(Verb::Post, "/keys/fetch", json!({})).unwrap_err().status(), 400);
}

/// APT-02: registered for `GET /nodes/{node}/checks`
#[test]
fn the_health_checks_are_registered() {
    let machine = Machine::new();
    let findings = machine.api.findings();
    assert!(
        findings
            .iter()
            .any(|(area, finding)| *area == "apt" && finding.id == "apt.enterprise-without-subscription")
    );
}

#[test]
fn the_index_lists_what_is_below() {
    let machine = Machine::new();
    let data = machine.call(Verb::Get, "", json!({})).unwrap().data;
    let names: Vec<_> = data.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["keys", "repositories", "update"]);
}

#[test]
fn every_method_says_who_may_call_it_and_what_it_is_for() {
    for method in innkeeper_apt::methods() {
        assert!(method.help.len() > 10 && !method.help.ends_with('.'), "{}", method.path);
        assert!(method.params.iter().all(|param| !param.help.is_empty()), "{}", method.path);
    }
}
