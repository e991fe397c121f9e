//! The machine that commands work on: in this process, as root, without a daemon.

use std::sync::{Arc, OnceLock};

use innkeeper_access::Identity;
use innkeeper_change::Problem;
use innkeeper_host::{Host, Recorder};
use innkeeper_rest::{Answer, Api, Request, Verb};
use serde_json::{Map, Value};

use super::globals::Globals;
use super::output::Teed;
use super::report::Failure;
use crate::wiring;

/// Where a change comes from, as the journal keeps it.
const ORIGIN: &str = "command line";

/// The API of a machine, and its one caller.
pub(super) struct Machine {
    api: Api,
    identity: Identity,
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

impl Machine {
    /// Opens the machine for the command line's caller.
    pub(super) fn open(globals: &Globals) -> Result<Self, Failure> {
        let api = wiring::api(host(globals)?);
        Ok(Self { api, identity: Identity::local_root(), teed: Teed::new(globals) })
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
        let request = Request {
            verb,
            path: path.to_owned(),
            params,
            identity: Some(self.identity.clone()),
            origin: ORIGIN.to_owned(),
        };
        self.api.call(request, &mut self.teed)
    }
}
