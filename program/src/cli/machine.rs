//! The machine that commands work on: in this process, as root, without a daemon.

use std::sync::{Arc, OnceLock};

use innkeeper_access::Identity;
use innkeeper_change::Problem;
use innkeeper_host::{Host, Recorder};
use innkeeper_rest::{Answer, Api, Request, Verb, origin};
use serde_json::{Map, Value};

use super::globals::Globals;
use super::output::Teed;
use super::report::Failure;
use crate::wiring;

/// The API of a machine, and its one caller.
pub(super) struct Machine {
    api: Api,
    identity: Identity,
    /// Where changes come from, as the history keeps it.
    origin: String,
    teed: Teed,
}

/// The machine itself or the tree that was asked for.
///
/// # Errors
/// "please run as root", unless it is a tree that the caller may write; no such tree.
fn host(globals: &Globals) -> Result<Arc<dyn Host>, Failure> {
    let is_root = rustix::process::geteuid().is_root();
    let host = match &globals.root {
        None => {
            demand_root(is_root)?;
            wiring::host(None)?
        }
        Some(root) => {
            let host = wiring::host(Some(root))?;
            let writable = rustix::fs::access(root.as_std_path(), rustix::fs::Access::WRITE_OK).is_ok();
            demand_root(is_root || writable)?;
            host
        }
    };
    Ok(match RECORDING.get() {
        None => host,
        Some(about) => {
            let recorder = Arc::new(Recorder::new(host).about(about.clone()));
            // one command works with one machine
            let _ = RECORDER.set(Arc::clone(&recorder));
            recorder
        }
    })
}

/// What is recorded, when something is: a process runs one command, so this is about all it does.
static RECORDING: OnceLock<String> = OnceLock::new();
static RECORDER: OnceLock<Arc<Recorder>> = OnceLock::new();

/// From now on notes what is asked of the machine.
pub(super) fn record(about: String) {
    // nothing calls this twice
    let _ = RECORDING.set(about);
}

/// What was noted, if anything was asked of a machine.
pub(super) fn recording() -> Option<String> {
    RECORDER.get().map(|recorder| recorder.save())
}

fn demand_root(is_root: bool) -> Result<(), Failure> {
    if is_root { Ok(()) } else { Err(Failure::usage("please run as root")) }
}

/// The session of ssh that some process above this one was started in: sudo takes it out of the environment of what it runs.
fn above(host: &dyn Host) -> Option<String> {
    let mut pid = rustix::process::getppid()?.as_raw_nonzero().get();
    for _ in 0..ANCESTORS {
        let read = |name: &str| host.read(format!("/proc/{pid}/{name}").as_str().into(), ENVIRONMENT).ok();
        let environment = read("environ")?;
        let found = environment.split(|byte| *byte == 0).find_map(|one| one.strip_prefix(b"SSH_CONNECTION="));
        if let Some(connection) = found {
            return String::from_utf8(connection.to_vec()).ok();
        }
        // the name of the program stands in parentheses, and may hold anything
        let status = String::from_utf8(read("stat")?).ok()?;
        pid = status.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
        if pid <= 1 {
            return None;
        }
    }
    None
}

/// More processes than are ever between a shell and what it runs.
const ANCESTORS: usize = 32;
/// A larger environment is nobody's.
const ENVIRONMENT: u64 = 4 * 1024 * 1024;

impl Machine {
    /// Opens the machine for the command line's caller.
    pub(super) fn open(globals: &Globals) -> Result<Self, Failure> {
        let api = wiring::api(host(globals)?);
        let connection = std::env::var("SSH_CONNECTION").ok().or_else(|| above(api.host().as_ref()));
        let origin = origin::of_command(connection.as_deref());
        Ok(Self { api, identity: Identity::local_root(), origin, teed: Teed::new(globals) })
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// Calls a method as root@pam; lines of a task go to the terminal as well.
    pub(super) fn call(
        &mut self,
        verb: Verb,
        path: &str,
        params: Map<String, Value>,
    ) -> Result<Answer, Problem> {
        self.call_written(verb, path, params)?.read()
    }

    /// The same; a long list is left as the JSON text that it was written as.
    pub(super) fn call_written(
        &mut self,
        verb: Verb,
        path: &str,
        params: Map<String, Value>,
    ) -> Result<Answer, Problem> {
        let request = Request {
            verb,
            path: path.to_owned(),
            params,
            identity: Some(self.identity.clone()),
            origin: self.origin.clone(),
        };
        self.api.call_written(request, &mut self.teed)
    }
}
