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

use super::worker::Begun;
use super::{READY, manager};

/// This program, also when its file was replaced by an upgrade since.
const MYSELF: &str = "/proc/self/exe";

const SYSTEMD_RUN: &str = "/usr/bin/systemd-run";
/// How systemd-run ends when it could not do its part; a worker never ends so.
const NO_SCOPE: i32 = 1;

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
        command.arg0("innkeeper");
        Self::with(command, name)
    }

    /// In a control group of its own, which the service manager does not end together with ours.
    fn in_scope(name: &'static str) -> Self {
        let mut command = Command::new(SYSTEMD_RUN);
        command.args(["--scope", "--quiet", "--collect", "--slice=innkeeper-tasks.slice"]);
        // what /proc/self would be there is another program
        command.arg("--").arg(format!("/proc/{}/exe", std::process::id()));
        Self::with(command, name)
    }

    fn with(mut command: Command, name: &'static str) -> Self {
        command.arg(name).stdout(Stdio::piped()).stdin(Stdio::piped());
        for variable in manager::PERSONAL {
            command.env_remove(variable);
        }
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

    /// Holds nothing open that belongs to whoever started it, and outlives them.
    pub(super) fn on_its_own(mut self) -> Self {
        // moments at which a test kills the process that makes a change are not meant for the one that watches over it
        self.command
            .stderr(Stdio::null())
            .current_dir("/")
            .env_remove("FAILPOINTS")
            .env_remove("NOTIFY_SOCKET");
        self.apart()
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
        if is_managed()
            && let Some(begun) = self.begin(Service::in_scope("worker"), &order)?
        {
            return begun.outcome();
        }
        let begun = self.begin(Service::new("worker"), &order)?;
        begun.map_or_else(|| Err(Service::new("worker").failed("it ended at once")), Begun::outcome)
    }
}

impl WorkerProcesses {
    /// Starts a worker, and gives its first word; `None` when what was to start it could not.
    fn begin(&self, service: Service, order: &str) -> Result<Option<Begun>, Problem> {
        let mut service = service.root(self.root.as_deref()).input(order).apart();
        let (mut child, mut stdout) = service.start()?;
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        if line.is_empty() && child.wait().is_ok_and(|status| status.code() == Some(NO_SCOPE)) {
            tracing::warn!("no scope could be had for a worker; it runs beside the daemon");
            return Ok(None);
        }
        // whoever started it must collect it when it ends, or it stays as a zombie
        std::thread::spawn(move || child.wait());
        read.map_err(|error| service.failed(error))?;
        serde_json::from_str(&line)
            .map(Some)
            .map_err(|_| service.failed("it ended without a word; the log of the service has the details"))
    }
}

impl Begun {
    fn outcome(self) -> Result<String, Problem> {
        match self {
            Self::Upid(upid) => Ok(upid),
            Self::Problem(problem) => Err(problem),
        }
    }
}

/// systemd started this process as a service, and can be asked for more.
fn is_managed() -> bool {
    let there = |path: &str| rustix::fs::access(path, rustix::fs::Access::EXISTS).is_ok();
    std::env::var_os("INVOCATION_ID").is_some() && there(SYSTEMD_RUN) && there("/run/systemd/system")
}

/// Runs the PAM helper with a question on its standard input; true when it ends well.
pub(super) fn ask_pam_helper(question: &str) -> Result<bool, Problem> {
    let mut service = Service::new("pam-helper").input(question);
    let (mut child, _) = service.start()?;
    let status = child.wait().map_err(|error| service.failed(error))?;
    Ok(status.success())
}
