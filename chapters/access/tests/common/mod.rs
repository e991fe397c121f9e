//! A machine with this chapter's methods.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use camino::Utf8Path;
use innkeeper_access::{AuthId, Identity, Via};
use innkeeper_change::Problem;
use innkeeper_engine::Silent;
use innkeeper_host::RealHost;
use innkeeper_rest::{Answer, Api, Request, Verb};
use serde_json::Value;

pub(crate) struct Machine {
    pub(crate) tree: tempfile::TempDir,
    pub(crate) api: Api,
}

impl Machine {
    /// With this `user.cfg`.
    pub(crate) fn new(users: &str) -> Self {
        let tree = tempfile::tempdir().unwrap();
        let host = Arc::new(RealHost::rooted(Utf8Path::from_path(tree.path()).unwrap()).unwrap());
        let api = Api::new(innkeeper_access_chapter::methods(), host)
            .with_checks(innkeeper_access_chapter::checks());
        let machine = Self { tree, api };
        machine.write("etc/hostname", b"pve1\n");
        machine.write("etc/pve/user.cfg", users.as_bytes());
        machine
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.tree.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn call_by(
        &self,
        identity: Option<Identity>,
        verb: Verb,
        path: &str,
        params: Value,
    ) -> Result<Answer, Problem> {
        let Value::Object(params) = params else { panic!("parameters are an object") };
        let request =
            Request { verb, path: path.to_owned(), params, identity, origin: "192.0.2.1".to_owned() };
        self.api.call(request, &mut Silent)
    }

    pub(crate) fn call_as(
        &self,
        user: &str,
        verb: Verb,
        path: &str,
        params: Value,
    ) -> Result<Answer, Problem> {
        let auth: AuthId = user.parse().unwrap();
        let via = if auth.token().is_some() { Via::Token } else { Via::Ticket };
        self.call_by(Some(Identity::new(auth, via)), verb, path, params)
    }

    pub(crate) fn call(&self, verb: Verb, path: &str, params: Value) -> Result<Answer, Problem> {
        self.call_as("root@pam", verb, path, params)
    }

    pub(crate) fn ok_as(&self, user: &str, verb: Verb, path: &str, params: Value) -> Answer {
        self.call_as(user, verb, path, params).unwrap_or_else(|problem| panic!("{path}: {problem:?}"))
    }

    pub(crate) fn ok(&self, verb: Verb, path: &str, params: Value) -> Answer {
        self.ok_as("root@pam", verb, path, params)
    }

    /// Takes a change back.
    pub(crate) fn undo(&self, change: i64) {
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
}
