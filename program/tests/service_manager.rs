//! What the services and systemd have to say to each other, without systemd: sd_notify(3) and sd_listen_fds(3).
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests play the world outside: files, processes, sockets, time; and fail by panicking"
)]

mod support;

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::{BINARY, Tree, wait_until};

const LOG: &str = "var/log/pve/tasks";
/// Its process is long gone.
const GONE: &str = "UPID:pve1:00004B2C:0018A1F4:65A0B1C2:vzdump:100:root@pam:";

struct Service(Child);

impl Service {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn ask_to_end(&mut self) {
        Command::new("/bin/kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn with_finished_task(tree: &Tree) {
    tree.write(&format!("{LOG}/2/{GONE}"), "TASK OK\n");
    tree.write(&format!("{LOG}/active"), format!("{GONE} 0\n"));
}

#[test]
fn a_service_says_when_it_is_ready_lives_and_ends() {
    let tree = Tree::new();
    with_finished_task(&tree);
    let socket = tree.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = || {
        let mut buffer = [0; 256];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let mut command = Command::new(BINARY);
    command.arg("statd").arg("--root").arg(tree.path());
    let mut statd = Service::start(command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "60000000"));
    assert_eq!(heard(), "READY=1");
    assert_eq!(heard(), "WATCHDOG=1", "a round over the task list is a sign of life");
    // ready means that the first round is done
    assert!(tree.read(&format!("{LOG}/index")).starts_with(GONE));
    statd.ask_to_end();
    assert_eq!(heard(), "STOPPING=1");
    wait_until("statd to end", || statd.0.try_wait().unwrap().is_some());
    assert!(statd.0.wait().unwrap().success());
}

/// The manager holds the socket: who connects before the daemon is there, and while it restarts, is answered.
#[test]
fn who_connects_while_no_daemon_runs_is_answered_by_the_next() {
    const ACTIVATE: &str = "/usr/bin/systemd-socket-activate";
    assert!(Path::new(ACTIVATE).exists(), "this test needs {ACTIVATE} of Debian's package systemd");
    let tree = Tree::new();
    let socket = tree.path().join("d.sock");
    let mut command = Command::new(ACTIVATE);
    command.arg("--listen").arg(&socket).arg(BINARY).args(["daemon", "--socket", "/nonexistent", "--root"]);
    let _manager = Service::start(command.arg(tree.path()).stderr(Stdio::null()));
    wait_until("the socket", || socket.exists());
    let answer = ask(&mut UnixStream::connect(&socket).unwrap(), "close");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

/// A request that is on its way when the daemon is asked to end is answered, and told to be the last one.
#[test]
fn a_client_in_the_middle_of_its_request_is_answered_at_the_end() {
    let tree = Tree::new();
    let socket = tree.path().join("d.sock");
    let mut command = Command::new(BINARY);
    command.arg("daemon").arg("--socket").arg(&socket).arg("--root").arg(tree.path());
    let mut daemon = Service::start(&mut command);
    wait_until("the socket", || UnixStream::connect(&socket).is_ok());
    let mut used = UnixStream::connect(&socket).unwrap();
    assert!(ask(&mut used, "keep-alive").starts_with("HTTP/1.1 401"));
    let mut fresh = UnixStream::connect(&socket).unwrap();
    fresh.write_all(b"GET /api2/json/version HTTP/1.1\r\n").unwrap();
    daemon.ask_to_end();
    std::thread::sleep(Duration::from_millis(50));
    let answer = ask(&mut used, "keep-alive");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    fresh.write_all(b"Host: d\r\n\r\n").unwrap();
    let mut said = String::new();
    fresh.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    fresh.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 401"), "{said}");
    assert!(said.to_ascii_lowercase().contains("connection: close"), "{said}");
    wait_until("the daemon to end", || daemon.0.try_wait().unwrap().is_some());
}

/// Sends a request and reads until a whole answer is there.
fn ask(stream: &mut UnixStream, connection: &str) -> String {
    let request = format!("GET /api2/json/version HTTP/1.1\r\nHost: d\r\nConnection: {connection}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    while !said.ends_with(b"}") {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "closed after {:?}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8(said).unwrap()
}

#[test]
fn the_daily_job_forgets_what_nobody_needs_and_nothing_else() {
    let tree = Tree::new();
    with_finished_task(&tree);
    let old = tree.path().join("etc/pve/.user.cfg.innkeeper-0123456789abcdef");
    tree.write("etc/pve/.user.cfg.innkeeper-0123456789abcdef", "half");
    tree.write("etc/pve/user.cfg", "user:root@pam:1:0::::::\n");
    let file = std::fs::File::open(&old).unwrap();
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(3 * 86_400)).unwrap();
    let run = Command::new(BINARY).arg("daily").arg("--root").arg(tree.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(!old.exists());
    assert_eq!(tree.read("etc/pve/user.cfg"), "user:root@pam:1:0::::::\n");
    assert!(tree.read(&format!("{LOG}/index")).starts_with(GONE));
}
