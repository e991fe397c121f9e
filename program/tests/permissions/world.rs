//! A host whose user.cfg is made for one caller, and calls of any method on it.

use std::sync::Arc;

use camino::Utf8PathBuf;
use innkeeper_access::{AuthId, Identity, Via};
use innkeeper_engine::Silent;
use innkeeper_host::RealHost;
use innkeeper_rest::{Api, Method, Request};
use serde_json::{Map, Value};

use crate::{Case, methods};

pub(crate) const ROOT: &str = "root@pam";
pub(crate) const CALLER: &str = "caller@pve";
pub(crate) const TARGET: &str = "target@pve";
/// The group that caller and target are in.
pub(crate) const GROUP: &str = "staff";

pub(crate) struct World {
    api: Api,
    _tree: tempfile::TempDir,
}

/// What the tests say for a parameter.
pub(crate) fn value<'v>(name: &str, about: &'v str) -> &'v str {
    match name {
        "node" => "pve1",
        "userid" => about,
        "realm" => "pve",
        "groupid" => GROUP,
        "path" => "/nodes/pve1",
        "upid" => "UPID:pve1:00000001:00000001:65A0B1C2:aptupdate::root@pam:",
        "tokenid" => "separate",
        "roleid" => "PVEAuditor",
        "change" | "id" | "vmid" => "100",
        _ => "thing",
    }
}

impl World {
    pub(crate) fn new(case: &Case) -> Self {
        let tree = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = tree.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("etc/hostname", "pve1\n");
        write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
        let mut users = format!(
            "user:{CALLER}:1:0::::::\nuser:{TARGET}:1:0::::::\nuser:root@pam:1:0::::::\n\
             token:{CALLER}!separate:0:1::\ntoken:root@pam!whole:0:0::\n\
             token:{TARGET}!separate:0:1::\ngroup:{GROUP}:{TARGET},{CALLER}::\n"
        );
        for (index, (privileges, path, holder, propagate)) in case.grants.iter().enumerate() {
            users += &format!("role:R{index}:{}:\n", privileges.join(","));
            users += &format!("acl:{}:{path}:{holder}:R{index}:\n", u8::from(*propagate));
        }
        write("etc/pve/user.cfg", &users);
        let root = Utf8PathBuf::from_path_buf(tree.path().to_owned()).unwrap();
        let host = Arc::new(RealHost::rooted(&root).unwrap());
        Self { api: Api::new(methods::methods(), host), _tree: tree }
    }

    /// The HTTP status of a refusal or failure; `None` when the call worked.
    pub(crate) fn call(&self, method: &Method, case: &Case) -> Option<u16> {
        let path: Vec<&str> = method
            .path
            .split('/')
            .map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(name) => value(name, case.about),
                None => part,
            })
            .collect();
        let mut params = Map::new();
        for param in method.all_params() {
            let said_in_path = method.path.contains(&format!("{{{}}}", param.name));
            if !said_in_path && matches!(param.name, "userid" | "path") && !param.optional {
                params.insert(param.name.to_owned(), Value::from(value(param.name, case.about)));
            }
        }
        if method.has_dry_run() {
            params.insert("dry-run".to_owned(), Value::from("1"));
        }
        let identity = case.caller.as_ref().map(|caller| {
            let auth: AuthId = caller.parse().unwrap();
            let via = if auth.token().is_some() { Via::Token } else { Via::Ticket };
            Identity::new(auth, via)
        });
        let request = Request {
            verb: method.verb,
            path: path.join("/"),
            params,
            identity,
            origin: "192.0.2.1".to_owned(),
        };
        self.api.call(request, &mut Silent).err().map(|problem| problem.status())
    }
}
