//! A tree of a machine and the chapter's API over it.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests build trees themselves; shared between test programs"
)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use camino::Utf8Path;
use innkeeper_access::{AuthId, Identity, Via};
use innkeeper_change::Problem;
use innkeeper_engine::Silent;
use innkeeper_host::RealHost;
use innkeeper_rest::{Answer, Api, Request, Verb};
use serde_json::{Value, json};

pub struct Machine {
    tree: tempfile::TempDir,
    pub api: Api,
}

impl Machine {
    /// A machine called pve1 with these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("etc")).unwrap();
        fs::write(tree.path().join("etc/hostname"), "pve1\n").unwrap();
        let host = Arc::new(RealHost::rooted(Utf8Path::from_path(tree.path()).unwrap()).unwrap());
        let api = Api::new(innkeeper_network::methods(), host).with_checks(innkeeper_network::checks());
        let machine = Self { tree, api };
        files.iter().for_each(|(path, text)| machine.write(path, text));
        machine
    }

    pub fn host(&self) -> RealHost {
        RealHost::rooted(Utf8Path::from_path(self.tree.path()).unwrap()).unwrap()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.tree.path().join(path.trim_start_matches('/'))
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn link(&self, path: &str, target: &str) {
        std::os::unix::fs::symlink(target, self.path(path)).unwrap();
    }

    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    pub fn size(&self, path: &str) -> u64 {
        fs::metadata(self.path(path)).unwrap().len()
    }

    pub fn call(&self, verb: Verb, path: &str, params: Value) -> Result<Answer, Problem> {
        self.call_as("root@pam", verb, path, params)
    }

    pub fn call_as(&self, user: &str, verb: Verb, path: &str, params: Value) -> Result<Answer, Problem> {
        let Value::Object(params) = params else { panic!("parameters are an object") };
        let user: AuthId = user.parse().unwrap();
        let identity = Some(Identity::new(user, Via::Ticket));
        let path = format!("/nodes/pve1{path}");
        self.api.call(Request { verb, path, params, identity, origin: "127.0.0.1".to_owned() }, &mut Silent)
    }

    pub fn get(&self, path: &str) -> Value {
        self.call(Verb::Get, path, json!({})).unwrap().data
    }

    /// The plan of a call, as it is shown.
    pub fn plan(&self, verb: Verb, path: &str, mut params: Value) -> Value {
        params["dry-run"] = json!(1);
        self.call(verb, path, params).unwrap().data
    }

    /// Takes a change back.
    pub fn undo(&self, change: i64) {
        let (plan, goal) = self.api.engine().undo_plan(change).unwrap();
        let job = innkeeper_engine::Job {
            caller: innkeeper_engine::Caller { user: "root@pam".to_owned(), origin: "a test".to_owned() },
            request: innkeeper_engine::RequestRecord {
                verb: "POST".to_owned(),
                path: "undo".to_owned(),
                params: std::collections::BTreeMap::new(),
                command: "undo".to_owned(),
            },
            task: innkeeper_engine::TaskName { kind: "undo".to_owned(), id: String::new() },
            plan,
            lock: None,
            undoes: Some(change),
            finishes: None,
            confirm_within: None,
            replan: None,
            verify: &|| self.api.engine().is_undone(&goal),
            diagnose: None,
        };
        self.api.engine().apply(job, &mut Silent).unwrap();
    }

    /// The ids of the hazards of a call.
    pub fn hazards(&self, verb: Verb, path: &str, params: Value) -> Vec<String> {
        let plan = self.plan(verb, path, params);
        let hazards = plan["hazards"].as_array().unwrap().iter();
        hazards.map(|hazard| hazard["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// What is wrong with a parameter.
pub fn wrong(problem: Problem, name: &str) -> String {
    match problem {
        Problem::Parameters(wrong) => wrong[name].clone(),
        other => panic!("{other}"),
    }
}
