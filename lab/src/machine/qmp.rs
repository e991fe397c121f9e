//! QMP: the socket on which QEMU takes orders and tells what happened.

use super::error::Error;
use camino::Utf8Path;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A connection to one QEMU process.
pub(super) struct Qmp {
    lines: BufReader<UnixStream>,
    partial: Vec<u8>,
    events: VecDeque<Value>,
}

impl Qmp {
    /// Connects and leaves the negotiation behind.
    pub(super) fn connect(socket: &Utf8Path) -> Result<Self, Error> {
        let stream =
            UnixStream::connect(socket).map_err(Error::io(format!("connecting to QEMU at {socket}")))?;
        let mut qmp = Self { lines: BufReader::new(stream), partial: Vec::new(), events: VecDeque::new() };
        let deadline = Instant::now() + ANSWER;
        qmp.read(deadline)?;
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Gives one order and waits for the answer.
    pub(super) fn execute(&mut self, command: &str, arguments: Value) -> Result<Value, Error> {
        let order = format!("{}\n", json!({ "execute": command, "arguments": arguments }));
        self.lines.get_ref().write_all(order.as_bytes()).map_err(Error::io(format!("QMP {command}")))?;
        let deadline = Instant::now() + ANSWER;
        loop {
            let mut answer = self.read(deadline)?;
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
            if let Some(error) = answer.get("error") {
                let refusal = error["desc"].as_str().unwrap_or("no reason given").to_owned();
                return Err(Error::Refused { command: format!("QMP {command}"), refusal });
            }
            self.events.push_back(answer);
        }
    }

    /// Waits for an event, which may have come already.
    pub(super) fn event(
        &mut self,
        name: &str,
        within: Duration,
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + within;
        loop {
            while let Some(event) = self.events.pop_front() {
                if event["event"] == name && is_it(&event["data"]) {
                    return Ok(());
                }
            }
            match self.read(deadline) {
                Ok(event) => self.events.push_back(event),
                Err(Error::Timeout { .. }) => {
                    return Err(Error::timeout(format!("QEMU's event {name}"), within));
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// Waits until QEMU has gone and closed the connection.
    pub(super) fn gone(&mut self, within: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + within;
        loop {
            match self.read(deadline) {
                Ok(_) => {}
                Err(Error::Io { .. }) => return Ok(()),
                Err(other) => return Err(other),
            }
        }
    }

    fn read(&mut self, deadline: Instant) -> Result<Value, Error> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::timeout("an answer of QEMU", ANSWER));
            }
            self.lines.get_ref().set_read_timeout(Some(left)).map_err(Error::io("QMP"))?;
            // a line that is cut by the timeout is continued by the next call
            match self.lines.read_until(b'\n', &mut self.partial) {
                Ok(0) => return Err(Error::io("QMP")(ErrorKind::UnexpectedEof.into())),
                Ok(_) => {
                    let line = std::mem::take(&mut self.partial);
                    return serde_json::from_slice(&line).map_err(|error| Error::io("QMP")(error.into()));
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(Error::io("QMP")(error)),
            }
        }
    }
}

/// QEMU answers at once, unless this machine is very busy.
const ANSWER: Duration = Duration::from_secs(60);
