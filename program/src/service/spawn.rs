//! Starting this program again, as another of its services.
#![allow(
    clippy::disallowed_methods,
    reason = "core/host runs programs of the managed host; this starts the program itself, which also works under --root"
)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_rest::{WorkOrder, Workers};

use super::READY;
use super::worker::Begun;

/// This program, also when its file was replaced by an upgrade since.
const MYSELF: &str = "/proc/self/exe";

/// A service to start.
pub(super) struct Service {
    command: Command,
    name: &'static str,
    input: String,
}

impl Service {
    pub(super) fn new(name: &'static str) -> Self {
        let mut command = Command::new(MYSELF);
        // links such as pvenode lead here too: the name in argv[0] decides what the program is
        command.arg0("innkeeper").arg(name).stdout(Stdio::piped()).stdin(Stdio::piped());
        Self { command, name, input: String::new() }
    }

    pub(super) fn arg(mut self, arg: impl AsRef<str>) -> Self {
        self.command.arg(arg.as_ref());
        self
    }

    pub(super) fn root(self, root: Option<&Utf8Path>) -> Self {
        match root {
            Some(root) => self.arg("--root").arg(root),
            None => self,
        }
    }

    pub(super) fn input(mut self, text: impl Into<String>) -> Self {
        self.input = text.into();
        self
    }

    pub(super) fn directory(mut self, path: &Utf8Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Gives up root's authority for good.
    pub(super) fn user(mut self, user: Option<(u32, u32)>) -> Self {
        if let Some((uid, gid)) = user {
            self.command.uid(uid).gid(gid);
        }
        self
    }

    /// Its own process group, so that a signal to the terminal or to the parent does not end it.
    fn apart(mut self) -> Self {
        self.command.process_group(0);
        self
    }

    fn failed(&self, why: impl std::fmt::Display) -> Problem {
        Problem::failed(format!("'innkeeper {}' could not be started: {why}", self.name))
    }

    fn start(&mut self) -> Result<(Child, BufReader<std::process::ChildStdout>), Problem> {
        let mut child = self.command.spawn().map_err(|error| self.failed(error))?;
        if let Some(mut stdin) = child.stdin.take() {
            // a child that ends early says why on its own; the broken pipe adds nothing
            let _ = stdin.write_all(self.input.as_bytes());
        }
        let stdout = child.stdout.take().ok_or_else(|| self.failed("it has no standard output"))?;
        Ok((child, BufReader::new(stdout)))
    }

    /// Starts it and waits until it says that it is ready; gives the address it says.
    pub(super) fn ready(mut self) -> Result<(Child, String), Problem> {
        let (mut child, mut stdout) = self.start()?;
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        match line.trim_end_matches('\n').strip_prefix(READY) {
            Some(address) if read.is_ok() => Ok((child, address.to_owned())),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                Err(self.failed("see its message above"))
            }
        }
    }
}

/// Starts worker processes for the daemon.
pub(super) struct WorkerProcesses {
    pub(super) root: Option<Utf8PathBuf>,
}

impl Workers for WorkerProcesses {
    fn start(&self, order: &WorkOrder) -> Result<String, Problem> {
        let order = serde_json::to_string(order).map_err(Problem::failed)?;
        let mut service = Service::new("worker").root(self.root.as_deref()).input(order).apart();
        let (mut child, mut stdout) = service.start()?;
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        // whoever started it must collect it when it ends, or it stays as a zombie
        std::thread::spawn(move || child.wait());
        read.map_err(|error| service.failed(error))?;
        match serde_json::from_str(&line) {
            Ok(Begun::Upid(upid)) => Ok(upid),
            Ok(Begun::Problem(problem)) => Err(problem),
            Err(_) => Err(service.failed("it ended without a word; the log of the service has the details")),
        }
    }
}

/// Runs the PAM helper with a question on its standard input; true when it ends well.
pub(super) fn ask_pam_helper(question: &str) -> Result<bool, Problem> {
    let mut service = Service::new("pam-helper").input(question);
    let (mut child, _) = service.start()?;
    let status = child.wait().map_err(|error| service.failed(error))?;
    Ok(status.success())
}
