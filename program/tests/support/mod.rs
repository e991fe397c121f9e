//! What service tests share: a tree to manage, the running program, and a client that may misbehave.
#![allow(dead_code, reason = "every test binary uses its own part of this")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking")]
#![allow(unreachable_pub, missing_docs, reason = "shared by test binaries, not published")]

pub mod secrets;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::Value;

pub const BINARY: &str = env!("CARGO_BIN_EXE_innkeeper");

pub const SOURCES_LIST: &str = "\
deb http://deb.debian.org/debian bookworm main contrib
deb http://deb.debian.org/debian bookworm-updates main contrib

# security updates
deb http://security.debian.org/debian-security bookworm-security main contrib
";

/// A small Debian 12 tree called `pve1`.
pub struct Tree(pub tempfile::TempDir);

impl Tree {
    pub fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        tree.write("etc/hostname", "pve1\n");
        tree.write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
        tree.write("etc/apt/sources.list", SOURCES_LIST);
        tree.write("etc/apt/sources.list.d/.keep", "");
        tree
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Runs the command line on this tree.
    pub fn run(&self, args: &[&str]) -> Output {
        Command::new(BINARY).arg("--root").arg(self.path()).args(args).stdin(Stdio::null()).output().unwrap()
    }

    /// The same, which must work; its standard output as JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--output-format", "json"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("{args:?} did not print JSON: {}", String::from_utf8_lossy(&output.stdout))
        })
    }

    /// Makes an API token of root that may do everything; gives the whole header value.
    pub fn token(&self, name: &str) -> String {
        let made = self.json(&["token", "add", "root@pam", name, "--privsep", "0", "--yes"]);
        let secret = made["data"]["value"].as_str().unwrap();
        secrets::keep(secret);
        format!("PVEAPIToken=root@pam!{name}={secret}")
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // configuration below /etc/pve/priv holds secrets where it must
            for name in ["var", "run", "etc/apt"] {
                secrets::must_not_be_below(&self.path().join(name));
            }
        }
    }
}

/// The program, serving a tree.
pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
    pub link: String,
    pub said: String,
    log: Option<std::thread::JoinHandle<Vec<u8>>>,
}

/// Hands on what the services say for whoever reads the test's output, and keeps it.
#[allow(clippy::print_stderr, reason = "the services' log belongs to the test's output")]
fn listen(from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut log = Vec::new();
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            eprintln!("{}", String::from_utf8_lossy(&line));
            log.extend(line);
            log.push(b'\n');
        }
        log
    })
}

impl Server {
    pub fn start(tree: &Tree) -> Self {
        Self::start_with(tree, &[])
    }

    pub fn start_with(tree: &Tree, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--link", "--root"])
            .arg(tree.path())
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let log = child.stderr.take().map(listen);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        loop {
            let line = lines.next().expect("serve ended before it was ready").unwrap();
            said += &line;
            said.push('\n');
            if line.starts_with("Press Ctrl-C") {
                break;
            }
        }
        // whatever else it says must not fill the pipe
        std::thread::spawn(move || lines.for_each(drop));
        let address = said.split("https://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
        let link = said.split("#link=").nth(1).unwrap().lines().next().unwrap().to_owned();
        secrets::keep(&link);
        Self { child, address, link, said, log }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    pub fn client(&self) -> Client {
        Client { address: self.address, headers: Vec::new() }
    }

    /// A client that calls with this API token.
    pub fn with_token(&self, token: &str) -> Client {
        self.client().header("Authorization", token)
    }

    /// A client that logged in with the one-time link.
    pub fn logged_in(&self) -> Client {
        let login = self.client().post("/access/link", &format!("secret={}", self.link)).data();
        self.client()
            .header("Cookie", &format!("PVEAuthCookie={}", login["ticket"].as_str().unwrap()))
            .header("CSRFPreventionToken", login["CSRFPreventionToken"].as_str().unwrap())
    }

    /// The process ids of the services below `serve`.
    pub fn children(&self) -> Vec<u32> {
        let path = format!("/proc/{0}/task/{0}/children", self.child.id());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("/bin/kill").args(["-TERM", &self.child.id().to_string()]).status();
        wait_until("serve to end", || matches!(self.child.try_wait(), Ok(Some(_))));
        // a worker that is still at work holds the log open
        if let Some(log) = self.log.take().filter(|log| log.is_finished() && !std::thread::panicking()) {
            secrets::must_not_be_written_in(&log.join().unwrap(), "the log of the services");
        }
    }
}

/// Waits for what must come true soon; says what did not.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// `data` of a call that must work.
    pub fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{} {}", self.reason, String::from_utf8_lossy(&self.body));
        self.json()["data"].clone()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A client of its own making: it can say what no library would.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

impl Client {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None)
    }

    pub fn post(&self, path: &str, form: &str) -> Answer {
        self.call("POST", path, Some(form))
    }

    pub fn put(&self, path: &str, form: &str) -> Answer {
        self.call("PUT", path, Some(form))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None)
    }

    pub fn call(&self, verb: &str, path: &str, form: Option<&str>) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.send(verb, &format!("/api2/json{path}"), form.map(|form| (kind, form.as_bytes())))
    }

    pub fn send(&self, verb: &str, path: &str, body: Option<(&str, &[u8])>) -> Answer {
        let mut head = format!("{verb} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let (kind, body) = body.unwrap_or(("", b""));
        secrets::keep_of_request(body);
        secrets::keep_of_request(path.split_once('?').map_or("", |(_, query)| query).as_bytes());
        if !kind.is_empty() {
            head += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        self.raw(&[head.as_bytes(), body].concat())
    }

    /// Sends bytes as they are and reads until the other side closes.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        self.raw_unless_cut_off(bytes).expect("an answer")
    }

    /// The same for what the other side may cut off while it is still being sent: then the answer can get lost.
    pub fn raw_unless_cut_off(&self, bytes: &[u8]) -> Option<Answer> {
        let mut stream = self.connect();
        // the other side may answer and close before it has read everything
        let _ = stream.write_all(bytes).and_then(|()| stream.flush());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        secrets::must_not_be_in(&answer, "an answer");
        let answer = (!answer.is_empty()).then(|| parse(&answer))?;
        if let Ok(told) = serde_json::from_slice(&answer.body) {
            secrets::keep_of_answer(&told);
        }
        Some(answer)
    }

    pub fn connect(&self) -> rustls::StreamOwned<rustls::ClientConnection, TcpStream> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        rustls::StreamOwned::new(tls_client(), stream)
    }
}

/// A client's side of TLS, before its first word.
pub fn tls_client() -> rustls::ClientConnection {
    let config = rustls::ClientConfig::builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    rustls::ClientConnection::new(Arc::new(config), name).unwrap()
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(answer)));
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap().splitn(3, ' ').skip(1);
    let status = words.next().unwrap().parse().unwrap();
    let reason = words.next().unwrap_or_default().to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let mut body = answer[end + 4..].to_vec();
    if headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("transfer-encoding") && value == "chunked")
    {
        body = unchunk(&body);
    }
    Answer { status, reason, headers, body }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend(&bytes[end + 2..end + 2 + length]);
        bytes = &bytes[end + 4 + length..];
    }
}

/// The tests' server signs its own certificate; its fingerprint is tested by itself.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A tool that `make test` installs for tests written in Python.
pub fn python_tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin").join(name);
    assert!(path.exists(), "{} is missing: `make test` installs it", path.display());
    path
}
