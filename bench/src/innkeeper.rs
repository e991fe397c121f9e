//! The program that is measured: a tree for it to manage, and its services.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::process::{Invocation, end, write};
use crate::{Bench, Outcome, usage};

/// A service that is not ready in this time will not be.
const START: Duration = Duration::from_secs(30);

const SOURCES: &str = "deb http://deb.debian.org/debian bookworm main contrib\n\
    deb http://security.debian.org/debian-security bookworm-security main contrib\n";

const TASKS: &str = "\
    UPID:pve1:00004B2C:0018A1F4:65A0B1C2:vzdump:100:root@pam: 65A0B2C2 unable to create temporary file\n\
    UPID:pve1:00004B2D:0018A1F5:65A0B1C3:aptupdate::alice@pve: 65A0B1D0 OK\n\
    UPID:pve1:00004B2E:0018A1F6:65A0B1C4:qmstart:101:root@pam: 65A0B1D4 OK\n";

/// A small Debian 12 called `pve1`, with two repositories and three tasks.
pub(crate) struct Tree {
    path: PathBuf,
    binary: PathBuf,
}

impl Tree {
    pub(crate) fn new(bench: &Bench, name: &str) -> Outcome<Self> {
        let tree = Self { path: bench.directory.path().join(name), binary: bench.binary.clone() };
        tree.write("etc/hostname", "pve1\n")?;
        tree.write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n")?;
        tree.write("etc/apt/sources.list", SOURCES)?;
        tree.write("var/log/pve/tasks/index", TASKS)?;
        Ok(tree)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> Outcome<()> {
        write(&self.path.join(name), text)
    }

    /// Makes an API token that may do everything in this tree; gives the header that carries it.
    pub(crate) fn token(&self) -> Outcome<String> {
        let made = Invocation::new(&self.binary)
            .arg("--root")
            .path(&self.path)
            .args(&["token", "add", "root@pam", "bench", "--privsep", "0"])
            .args(&["--yes", "--output-format", "json"])
            .output()?;
        let made: serde_json::Value =
            serde_json::from_str(&made).map_err(|error| format!("token add: {error}"))?;
        let secret = made["data"]["value"].as_str().ok_or("token add did not print the token's secret")?;
        Ok(format!("Authorization: PVEAPIToken=root@pam!bench={secret}"))
    }

    /// Serves this tree, with daemon and proxy as a user would.
    pub(crate) fn serve(&self) -> Outcome<Server> {
        self.start(self.command().stderr(Stdio::inherit()))
    }

    /// The same with these variables in the environment; each line of its log is handed over.
    pub(crate) fn serve_watched(
        &self,
        environment: &[(&str, &str)],
        see: impl Fn(&str) + Send + 'static,
    ) -> Outcome<Server> {
        let mut command = self.command();
        let mut server = self.start(command.envs(environment.iter().copied()).stderr(Stdio::piped()))?;
        let log = server.child.stderr.take().ok_or("innkeeper serve has no standard error")?;
        std::thread::spawn(move || {
            BufReader::new(log).lines().map_while(Result::ok).for_each(|line| see(&line))
        });
        Ok(server)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--link", "--root"])
            .arg(&self.path)
            .stdout(Stdio::piped())
            .stdin(Stdio::null());
        command
    }

    fn start(&self, command: &mut Command) -> Outcome<Server> {
        let child = command.spawn().map_err(|error| format!("innkeeper serve: {error}"))?;
        // from here on it is ended whatever happens
        let mut server = Server { child, address: String::new() };
        server.address = server.ready()?;
        Ok(server)
    }
}

/// The services, running.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Waits until it says where it is.
    fn ready(&mut self) -> Outcome<String> {
        let stdout = self.child.stdout.take().ok_or("innkeeper serve has no standard output")?;
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || {
            // read to the end, or what it says later fills the pipe and stops it
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        let mut address = None;
        loop {
            let line = said.recv_timeout(START).map_err(|_| "innkeeper serve did not become ready")?;
            if let Some((_, rest)) = line.split_once("https://") {
                address.get_or_insert(rest.split('/').next().unwrap_or_default().to_owned());
            }
            if line.starts_with("Press Ctrl-C") {
                return address.ok_or_else(|| "innkeeper serve did not say its address".to_owned());
            }
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// `serve` itself, daemon and proxy.
    pub(crate) fn pids(&self) -> Vec<u32> {
        usage::family(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
