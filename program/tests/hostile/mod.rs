//! What the tests of hostile clients share: a scene with a server and a real user, wires that say anything, and dice that
//! fall the same way every time.
#![allow(clippy::print_stderr, reason = "what was seen is shown by `cargo nextest run --no-capture`")]
#![allow(unreachable_pub, missing_docs, reason = "shared by a test binary, not published")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use crate::support::{Server, Tree};

pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// The issue says a second; on a machine that runs other tests as well a user is given up only after this.
const USERS_PATIENCE: Duration = Duration::from_secs(10);
/// After this a connection that should have been closed hangs. The longest that the proxy waits by design is for a body.
const HANG: Duration = Duration::from_secs(45);
const MEMORY_LIMIT_KIB: u64 = 100 * 1024;

/// A server, and a real user who works while others misbehave.
pub struct Scene {
    pub tree: Tree,
    pub server: Server,
    pub token: String,
    services: Vec<u32>,
    end: Arc<AtomicBool>,
    user: Option<JoinHandle<Served>>,
}

/// How the real user fared.
#[derive(Debug, Default)]
pub struct Served {
    pub requests: usize,
    pub slowest: Duration,
    pub failures: Vec<String>,
}

impl Scene {
    pub fn new() -> Self {
        let tree = Tree::new();
        let token = tree.token("user");
        let server = Server::start(&tree);
        let end = Arc::new(AtomicBool::new(false));
        let (address, header, over) = (server.address, token.clone(), Arc::clone(&end));
        let user = std::thread::spawn(move || work(address, &header, &over));
        let services = server.children();
        assert!(services.len() >= 2, "daemon and proxy: {services:?}");
        Self { tree, server, token, services, end, user: Some(user) }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Ends the user's work: everything was answered, and no process grew.
    pub fn judge(mut self, what: &str) {
        self.end.store(true, Ordering::Relaxed);
        let served = self.user.take().unwrap().join().unwrap();
        assert_eq!(self.server.children(), self.services, "{what}: every service still runs");
        let peaks: Vec<_> = self.services.iter().copied().map(peak).collect();
        eprintln!(
            "{what}: the user's {} requests were answered, the slowest in {:?}; peaks of memory {peaks:?} KiB",
            served.requests, served.slowest
        );
        assert!(served.requests > 0 && served.failures.is_empty(), "{what}: {served:?}");
        assert!(peaks.iter().all(|peak| *peak < MEMORY_LIMIT_KIB), "{what}: {peaks:?} KiB");
    }
}

/// What a page of the GUI does all the time, on connections of its own.
fn work(address: SocketAddr, token: &str, over: &AtomicBool) -> Served {
    let mut served = Served::default();
    while !over.load(Ordering::Relaxed) || served.requests == 0 {
        let paths = ["/version", "/nodes/pve1/tasks?limit=50", "/nodes/pve1/apt/repositories"];
        let path = paths[served.requests % paths.len()];
        let begin = Instant::now();
        let request = format!(
            "GET /api2/json{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
        );
        let mut wire = tls(address, USERS_PATIENCE);
        let answer = wire.write_all(request.as_bytes()).map(|()| until_closed(&mut wire, USERS_PATIENCE));
        let took = begin.elapsed();
        served.requests += 1;
        served.slowest = served.slowest.max(took);
        let right = answer.as_ref().is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200 "));
        if !right || took > USERS_PATIENCE {
            let said =
                answer.map(|answer| String::from_utf8_lossy(&answer).chars().take(200).collect::<String>());
            served.failures.push(format!("{path} after {took:?}: {said:?}"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    served
}

/// The most memory that a process has had, in KiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

pub fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A TLS connection whose handshake happens with the first bytes.
pub fn tls(address: SocketAddr, patience: Duration) -> Tls {
    let stream = tcp(address);
    stream.set_read_timeout(Some(patience)).unwrap();
    stream.set_write_timeout(Some(patience)).unwrap();
    StreamOwned::new(crate::support::tls_client(), stream)
}

/// A TLS connection after its handshake; `None` when the other side did not want it.
pub fn shaken(address: SocketAddr) -> Option<Tls> {
    let mut wire = tls(address, HANG);
    while wire.conn.is_handshaking() {
        wire.conn.complete_io(&mut wire.sock).ok()?;
    }
    Some(wire)
}

/// Everything until the other side closes. A connection that stays open longer than this hangs.
fn until_closed(wire: &mut impl Read, patience: Duration) -> Vec<u8> {
    let (mut answer, mut piece, begin) = (Vec::new(), [0; 16 * 1024], Instant::now());
    loop {
        match wire.read(&mut piece) {
            Ok(0) => return answer,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                let said = String::from_utf8_lossy(&answer).into_owned();
                panic!("a connection hangs after {:?}; so far it said {said:?}", begin.elapsed());
            }
            // cut off
            Err(_) => return answer,
        }
        assert!(begin.elapsed() < patience, "an answer without end");
    }
}

/// Says something over TLS, listens for a moment, ends its own side, and listens until the other closes.
pub fn say(address: SocketAddr, bytes: &[u8], moment: Duration) -> Vec<u8> {
    let mut wire = tls(address, HANG);
    // the other side may answer and close before it has read everything
    let _ = wire.write_all(bytes).and_then(|()| wire.flush());
    let mut answer = Vec::new();
    wire.sock.set_read_timeout(Some(moment)).unwrap();
    let mut piece = [0; 16 * 1024];
    while let Ok(length) = wire.read(&mut piece) {
        if length == 0 {
            return answer;
        }
        answer.extend_from_slice(&piece[..length]);
    }
    wire.conn.send_close_notify();
    let _ = wire.flush();
    let _ = wire.sock.shutdown(Shutdown::Write);
    wire.sock.set_read_timeout(Some(HANG)).unwrap();
    answer.extend(until_closed(&mut wire, HANG));
    answer
}

/// The same without TLS: whatever bytes are said, and no more.
pub fn say_plainly(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut wire = tcp(address);
    wire.set_read_timeout(Some(HANG)).unwrap();
    let _ = wire.write_all(bytes);
    let _ = wire.shutdown(Shutdown::Write);
    until_closed(&mut wire, HANG)
}

/// The status of each answer in what a connection said.
pub fn statuses(said: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(said);
    // the version's last digit and a blank stand before the status
    text.split("HTTP/1.").skip(1).map(|rest| rest.get(2..5).unwrap_or("0").parse().unwrap_or(0)).collect()
}

/// Not the server's fault. 501 is how the original says that there is no such method or path.
pub fn is_fair(status: u16) -> bool {
    (200..500).contains(&status) || status == 501
}

/// Does something on many threads, each with a part of the numbers.
pub fn crowd<T: Send>(number: usize, one: impl Fn(usize) -> T + Sync) -> Vec<T> {
    const THREADS: usize = 16;
    std::thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || (thread..number).step_by(THREADS).map(one).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// What a client says first.
pub fn hello() -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::support::tls_client().write_tls(&mut bytes).unwrap();
    bytes
}

/// The test itself needs more files than a shell allows at first.
pub fn allow_many_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum.map(|most| most.min(8192)), maximum }).unwrap();
}

/// Dice that fall the same way for the same seed (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: usize) -> Self {
        Self(seed as u64)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }

    /// Some bytes changed, left out, doubled or put in.
    pub fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const SPICE: [&[u8]; 16] = [
            b"\r\n",
            b"\n",
            b"\r",
            b"\0",
            b" ",
            b"\t",
            b":",
            b"%00",
            b"%ff",
            b"\xff",
            b"chunked",
            b"0",
            b"-1",
            b"//",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Length: 7\r\n",
        ];
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => {
                    bytes.splice(at..at, SPICE[self.below(SPICE.len())].iter().copied());
                }
            }
        }
    }
}
