//! The guest agent: commands in the guest, over a serial line that needs no network of it.

use super::error::Error;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a command in the guest left.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i64>,
    /// The signal that ended it.
    pub signal: Option<i64>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it ended with code 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    pub(super) fn status(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no code".to_owned(),
        }
    }
}

/// The agent of one guest. Several threads may ask it: it is held for one question and its answer, not for a whole command.
pub(super) struct Agent(Mutex<Line>);

/// The connection to it.
struct Line {
    socket: Utf8PathBuf,
    stream: Option<BufReader<UnixStream>>,
    /// Whether the next answer belongs to the next request.
    in_step: bool,
    /// Of the last synchronization: the agent's answers to earlier requests are passed over by it.
    sync: u32,
}

impl Agent {
    pub(super) fn new(socket: Utf8PathBuf) -> Self {
        Self(Mutex::new(Line { socket, stream: None, in_step: false, sync: 0 }))
    }

    /// Waits until the agent answers; `alive` says whether there is still something to wait for.
    pub(super) fn wait(
        &self,
        within: Duration,
        mut alive: impl FnMut() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + within;
        let mut patience = Duration::from_millis(100);
        loop {
            let until = deadline.min(Instant::now() + patience);
            match self.line().synchronize(until) {
                Ok(()) => return Ok(()),
                Err(_) if Instant::now() >= deadline => {
                    return Err(Error::timeout("an answer of the guest agent", within));
                }
                Err(_) => {
                    alive()?;
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
            patience = (patience * 2).min(Duration::from_secs(5));
        }
    }

    /// Runs a program and waits for its end.
    pub(super) fn exec(&self, argv: &[&str], input: &[u8], within: Duration) -> Result<Output, Error> {
        let deadline = Instant::now() + within;
        let pid = self.spawn_by(argv, input, deadline)?;
        let mut pause = Duration::from_millis(2);
        loop {
            let status = self.call_by("guest-exec-status", &json!({ "pid": pid }), deadline)?;
            if status["exited"].as_bool() == Some(true) {
                return Ok(Output {
                    code: status["exitcode"].as_i64(),
                    signal: status["signal"].as_i64(),
                    stdout: text(&status["out-data"]),
                    stderr: text(&status["err-data"]),
                });
            }
            if Instant::now() >= deadline {
                return Err(Error::timeout(format!("the end of `{}`", argv.join(" ")), within));
            }
            std::thread::sleep(pause);
            pause = (pause * 3 / 2).min(Duration::from_millis(100));
        }
    }

    /// Starts a program and does not wait for it.
    pub(super) fn spawn(&self, argv: &[&str], input: &[u8]) -> Result<i64, Error> {
        self.spawn_by(argv, input, Instant::now() + ANSWER)
    }

    fn spawn_by(&self, argv: &[&str], input: &[u8], deadline: Instant) -> Result<i64, Error> {
        let [program, arguments @ ..] = argv else {
            return Err(Error::Request("a command has at least one word".to_owned()));
        };
        let mut request =
            json!({ "path": program, "arg": arguments, "env": ENVIRONMENT, "capture-output": true });
        if !input.is_empty() {
            request["input-data"] = BASE64_STANDARD.encode(input).into();
        }
        let answer = self.call_by("guest-exec", &request, deadline)?;
        answer["pid"].as_i64().ok_or_else(|| refused("guest-exec", "no process"))
    }

    /// A file of the guest, to its end.
    pub(super) fn read(&self, path: &Utf8Path) -> Result<Vec<u8>, Error> {
        let handle = self.call("guest-file-open", &json!({ "path": path, "mode": "r" }))?;
        let mut bytes = Vec::new();
        // /proc and /sys give short reads before their end: only an empty one is it
        let end = loop {
            match self.call("guest-file-read", &json!({ "handle": handle, "count": CHUNK })) {
                Ok(chunk) if chunk["count"].as_i64() == Some(0) => break Ok(bytes),
                Ok(chunk) => bytes.extend(data(&chunk["buf-b64"])),
                Err(error) => break Err(error),
            }
        };
        self.call("guest-file-close", &json!({ "handle": handle }))?;
        end
    }

    fn call(&self, command: &str, arguments: &Value) -> Result<Value, Error> {
        self.call_by(command, arguments, Instant::now() + ANSWER)
    }

    /// An answer is waited for until then, but for a second at least, and for no longer than answers take.
    fn call_by(&self, command: &str, arguments: &Value, deadline: Instant) -> Result<Value, Error> {
        let now = Instant::now();
        let deadline = deadline.max(now + Duration::from_secs(1)).min(now + ANSWER);
        self.line().call(command, arguments, deadline)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn call(&mut self, command: &str, arguments: &Value, deadline: Instant) -> Result<Value, Error> {
        if !self.in_step {
            self.synchronize(deadline)?;
        }
        let answer = self
            .send(&json!({ "execute": command, "arguments": arguments }), &[], deadline)
            .and_then(|()| self.receive(deadline));
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                // an answer that comes late would be taken for that of the next request
                self.in_step = false;
                return Err(error);
            }
        };
        match answer.get_mut("return") {
            Some(value) => Ok(value.take()),
            None => Err(refused(command, answer["error"]["desc"].as_str().unwrap_or("no reason given"))),
        }
    }

    /// Connects if need be, and makes sure that the next answer belongs to the next request.
    fn synchronize(&mut self, deadline: Instant) -> Result<(), Error> {
        if self.stream.is_none() {
            let stream = UnixStream::connect(&self.socket)
                .map_err(Error::io(format!("the guest agent at {}", self.socket)))?;
            self.stream = Some(BufReader::new(stream));
        }
        let result = self.find_answer(deadline);
        self.in_step = result.is_ok();
        // what is late may still come on the same connection; one that broke belongs to a QEMU that has gone
        if matches!(&result, Err(error) if !matches!(error, Error::Timeout { .. })) {
            self.stream = None;
        }
        result
    }

    fn find_answer(&mut self, deadline: Instant) -> Result<(), Error> {
        self.sync += 1;
        let id = self.sync;
        // 0xFF makes the agent forget half a request, and marks the answer's begin among what is left of earlier ones
        let request = json!({ "execute": "guest-sync-delimited", "arguments": { "id": id } });
        self.send(&request, &[0xff], deadline)?;
        loop {
            match self.receive(deadline) {
                Ok(answer) if answer["return"].as_u64() == Some(u64::from(id)) => return Ok(()),
                Ok(_) => {}
                // what is left of an earlier answer is no JSON
                Err(Error::Io { source, .. }) if source.kind() == ErrorKind::InvalidData => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&mut self, request: &Value, before: &[u8], deadline: Instant) -> Result<(), Error> {
        let Some(stream) = &self.stream else {
            return Err(Error::io("guest agent")(ErrorKind::NotConnected.into()));
        };
        let mut bytes = before.to_vec();
        bytes.extend(format!("{request}\n").into_bytes());
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let mut stream = stream.get_ref();
        stream
            .set_write_timeout(Some(left))
            .and_then(|()| stream.write_all(&bytes))
            .map_err(Error::io("guest agent"))
    }

    fn receive(&mut self, deadline: Instant) -> Result<Value, Error> {
        let Some(stream) = &mut self.stream else {
            return Err(Error::io("guest agent")(ErrorKind::NotConnected.into()));
        };
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        stream.get_ref().set_read_timeout(Some(left)).map_err(Error::io("guest agent"))?;
        let mut line = Vec::new();
        match stream.read_until(b'\n', &mut line) {
            Ok(0) => Err(Error::io("guest agent")(ErrorKind::UnexpectedEof.into())),
            Ok(_) => {
                let begin = line.iter().rposition(|byte| *byte == 0xff).map_or(0, |marker| marker + 1);
                serde_json::from_slice(&line[begin..])
                    .map_err(|_| Error::io("guest agent")(ErrorKind::InvalidData.into()))
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(Error::timeout("an answer of the guest agent", left))
            }
            Err(error) => Err(Error::io("guest agent")(error)),
        }
    }
}

/// What a person has who logs in as root.
const ENVIRONMENT: [&str; 4] = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "TERM=dumb",
];

/// Under a guest that is busy, an answer to even the smallest request may take this long.
const ANSWER: Duration = Duration::from_secs(60);

/// The kernel reads files of /proc/sys into memory of this size at once, of which it has no more than 4 MiB.
const CHUNK: usize = 1 << 20;

fn refused(command: &str, refusal: &str) -> Error {
    Error::Refused { command: command.to_owned(), refusal: refusal.to_owned() }
}

fn data(encoded: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(encoded.as_str().unwrap_or_default()).unwrap_or_default()
}

fn text(encoded: &Value) -> String {
    String::from_utf8_lossy(&data(encoded)).into_owned()
}
