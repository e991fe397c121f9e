//! Running programs: clean environment, a deadline for the whole process group, bounded output.

use std::io::{ErrorKind, Read, Write as _};
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::tree::say;
use crate::command::{Command, Input, Output};
use crate::error::{HostError, NO_END};

/// How much of standard error is kept: its end, where programs say why they gave up.
const TAIL: usize = 4096;
/// How long a killed program may take to vanish. One that waits for a dead disk cannot even be killed.
const BURIAL: Duration = Duration::from_secs(1);
const CHUNK: usize = 64 * 1024;
/// A line that is longer is handed over in pieces.
const LONGEST_LINE: usize = 1024 * 1024;

pub(super) fn run<'a>(command: &'a Command, watcher: Option<Watcher<'a>>) -> Result<Output, HostError> {
    let lines = watcher.filter(|_| !matches!(command.stdin, Input::Secret(_)));
    begin(command, lines.map(|watcher| Lines::new(watcher, true)))
}

/// Runs a program whose output may be without end: nothing of it is kept here, and the watcher may have enough of it.
pub(super) fn lines<'a>(command: &'a Command, watcher: Watcher<'a>) -> Result<(), HostError> {
    begin(command, Some(Lines::new(watcher, false))).map(drop)
}

fn begin<'a>(command: &'a Command, lines: Option<Lines<'a>>) -> Result<Output, HostError> {
    if !command.program.is_absolute() {
        return Err(failed(command, "not an absolute path", String::new()));
    }
    let input = input(command)?;
    let (child, watch) = start(command, input.is_some())?;
    Conversation::new(command, child, watch, input, lines).hold()
}

/// Who hears every line while a program runs, and says when it was enough.
pub(super) type Watcher<'a> = &'a mut dyn FnMut(&str) -> ControlFlow<()>;

/// Cuts what a program says into lines.
struct Lines<'a> {
    watcher: Watcher<'a>,
    /// The program's complaints are heard too, and its output is kept beside.
    everything: bool,
    enough: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn new(watcher: Watcher<'a>, everything: bool) -> Self {
        Self { watcher, everything, enough: false, stdout: Vec::new(), stderr: Vec::new() }
    }

    fn hear(&mut self, complaint: bool, chunk: &[u8]) {
        if complaint && !self.everything {
            return;
        }
        let mut pending = std::mem::take(if complaint { &mut self.stderr } else { &mut self.stdout });
        // what was pending already holds no end of a line
        let known = pending.len();
        pending.extend_from_slice(chunk);
        let mut begin = 0;
        for end in memchr::memchr_iter(b'\n', &pending[known..]).map(|end| known + end) {
            self.say(&pending[begin..end]);
            begin = end + 1;
        }
        pending.drain(..begin);
        // a program that never ends its line must not fill the memory
        if pending.len() > LONGEST_LINE {
            self.say(&std::mem::take(&mut pending));
        }
        *(if complaint { &mut self.stderr } else { &mut self.stdout }) = pending;
    }

    fn say(&mut self, line: &[u8]) {
        if !self.enough {
            let line = String::from_utf8_lossy(line);
            self.enough = (self.watcher)(line.trim_end_matches('\r')).is_break();
        }
    }

    fn finish(&mut self) {
        for pending in [std::mem::take(&mut self.stdout), std::mem::take(&mut self.stderr)] {
            if !pending.is_empty() {
                self.say(&pending);
            }
        }
    }
}

fn failed(command: &Command, outcome: impl Into<String>, stderr: String) -> HostError {
    HostError::CommandFailed { argv: command.argv(), outcome: outcome.into(), stderr }
}

fn input(command: &Command) -> Result<Option<&[u8]>, HostError> {
    match &command.stdin {
        Input::Null => Ok(None),
        Input::Bytes(bytes) => Ok(Some(bytes)),
        Input::Secret(secret) => match secret.expose() {
            Some(value) => Ok(Some(value.as_bytes())),
            None => Err(failed(command, format!("its input {secret} is not known any more"), String::new())),
        },
    }
}

/// The environment is fixed, so that what programs print does not depend on who started us.
fn start(command: &Command, talks: bool) -> Result<(Child, OwnedFd), HostError> {
    let spawned = std::process::Command::new(&command.program)
        .args(&command.args)
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LVM_SUPPRESS_FD_WARNINGS", "1")
        .current_dir("/")
        .stdin(if talks { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(HostError::NoSuchProgram { argv: command.argv() });
        }
        Err(error) => {
            return Err(failed(command, format!("cannot be started: {}", say(&error)), String::new()));
        }
    };
    match pid(&child).ok_or(Errno::SRCH).and_then(|pid| pidfd_open(pid, PidfdFlags::empty())) {
        Ok(watch) => Ok((child, watch)),
        Err(errno) => {
            kill(&child);
            let _ = child.wait();
            Err(failed(command, format!("cannot be watched: {}", say(&errno.into())), String::new()))
        }
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

/// Kills the whole group. Its number cannot mean another group yet: the leader has not been waited for.
fn kill(child: &Child) {
    if let Some(group) = pid(child) {
        // already gone is what was wanted
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Everything said between us and a running program, on one thread: nothing is left waiting when it ends.
struct Conversation<'a> {
    command: &'a Command,
    child: Child,
    watch: OwnedFd,
    stdin: Option<ChildStdin>,
    unsent: &'a [u8],
    stdout: Option<ChildStdout>,
    answer: Vec<u8>,
    stderr: Option<ChildStderr>,
    complaint: Complaint,
    lines: Option<Lines<'a>>,
    ended: bool,
    start: Instant,
}

/// Which ends of the conversation can go on.
#[derive(Default)]
struct Ready {
    stdin: bool,
    stdout: bool,
    stderr: bool,
    ended: bool,
}

impl<'a> Conversation<'a> {
    fn new(
        command: &'a Command,
        mut child: Child,
        watch: OwnedFd,
        input: Option<&'a [u8]>,
        lines: Option<Lines<'a>>,
    ) -> Self {
        Self {
            command,
            watch,
            stdin: child.stdin.take(),
            unsent: input.unwrap_or_default(),
            stdout: child.stdout.take(),
            answer: Vec::new(),
            stderr: child.stderr.take(),
            complaint: Complaint::new(command),
            lines,
            ended: false,
            start: Instant::now(),
            child,
        }
    }

    /// It is over when the program ended and nobody holds its output open any more.
    fn hold(mut self) -> Result<Output, HostError> {
        if let Some(stdin) = &self.stdin {
            // a pipe that takes some of the input must not stop us from reading meanwhile
            rustix::io::ioctl_fionbio(stdin, true).map_err(|errno| self.abort(&say(&errno.into())))?;
        }
        while !self.ended || self.stdout.is_some() || self.stderr.is_some() {
            let left = self.command.deadline.saturating_sub(self.start.elapsed());
            if left.is_zero() {
                return Err(self.abort(&format!("{NO_END} {}", duration(self.command.deadline))));
            }
            let ready = self.wait(left).map_err(|errno| self.abort(&say(&errno.into())))?;
            self.go_on(&ready).map_err(|error| self.abort(&say(&error)))?;
            if self.lines.as_ref().is_some_and(|lines| lines.enough) {
                // the error is that it was cut off, which is what was wanted
                let _ = self.abort("cut off");
                return Ok(Output { code: 0, stdout: String::new(), stderr: String::new() });
            }
            if self.answer.len() > self.command.limit {
                return Err(self.abort(&format!("more than {} bytes of output", self.command.limit)));
            }
        }
        self.lines.iter_mut().for_each(Lines::finish);
        match self.child.wait() {
            Ok(status) => self.judge(status),
            Err(error) => Err(failed(self.command, say(&error), self.complaint.text())),
        }
    }

    fn wait(&self, left: Duration) -> Result<Ready, Errno> {
        let mut fds =
            vec![PollFd::new(&self.watch, if self.ended { PollFlags::empty() } else { PollFlags::IN })];
        fds.extend(self.stdin.iter().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
        fds.extend(self.stdout.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(self.stderr.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        if self.ended {
            fds.remove(0);
        }
        let timeout = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut next = |asked: bool| asked && ready.next().unwrap_or(false);
        Ok(Ready {
            ended: next(!self.ended),
            stdin: next(self.stdin.is_some()),
            stdout: next(self.stdout.is_some()),
            stderr: next(self.stderr.is_some()),
        })
    }

    fn go_on(&mut self, ready: &Ready) -> std::io::Result<()> {
        self.ended |= ready.ended;
        if ready.stdin {
            self.send()?;
        }
        let mut chunk = vec![0; CHUNK];
        if ready.stdout {
            match listen(&mut self.stdout, &mut chunk)? {
                0 => self.stdout = None,
                length => {
                    if self.lines.as_ref().is_none_or(|lines| lines.everything) {
                        self.answer.extend_from_slice(&chunk[..length]);
                    }
                    self.lines.iter_mut().for_each(|lines| lines.hear(false, &chunk[..length]));
                }
            }
        }
        if ready.stderr {
            match listen(&mut self.stderr, &mut chunk)? {
                0 => self.stderr = None,
                length => {
                    self.complaint.add(&chunk[..length]);
                    self.lines.iter_mut().for_each(|lines| lines.hear(true, &chunk[..length]));
                }
            }
        }
        Ok(())
    }

    fn send(&mut self) -> std::io::Result<()> {
        let Some(pipe) = &mut self.stdin else { return Ok(()) };
        if !self.unsent.is_empty() {
            match pipe.write(self.unsent) {
                Ok(sent) => self.unsent = &self.unsent[sent..],
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                // it does not want to hear more; its exit code says whether that is a failure
                Err(error) if error.kind() == ErrorKind::BrokenPipe => self.unsent = &[],
                Err(error) => return Err(error),
            }
        }
        if self.unsent.is_empty() {
            self.stdin = None;
        }
        Ok(())
    }

    /// Kills the group and says why. A process that cannot die is left to a thread that waits for it.
    fn abort(&mut self, outcome: &str) -> HostError {
        kill(&self.child);
        let error = failed(self.command, outcome, self.complaint.text());
        let killed = Instant::now();
        while killed.elapsed() < BURIAL {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return error;
            }
            let mut watch = [PollFd::new(&self.watch, PollFlags::IN)];
            let timeout = Timespec::try_from(BURIAL.saturating_sub(killed.elapsed())).ok();
            let _ = poll(&mut watch, timeout.as_ref());
        }
        if let Some(pid) = pid(&self.child) {
            std::thread::spawn(move || {
                let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
            });
        }
        error
    }

    fn judge(self, status: ExitStatus) -> Result<Output, HostError> {
        let stderr = self.complaint.text();
        match status.code() {
            Some(code) if self.command.accept.contains(&code) => {
                Ok(Output { code, stdout: String::from_utf8_lossy(&self.answer).into_owned(), stderr })
            }
            Some(code) => Err(failed(self.command, format!("exit code {code}"), stderr)),
            None => {
                let signal = status.signal().unwrap_or_default();
                Err(failed(self.command, format!("killed by signal {signal}"), stderr))
            }
        }
    }
}

fn listen(pipe: &mut Option<impl Read>, chunk: &mut [u8]) -> std::io::Result<usize> {
    let Some(pipe) = pipe else { return Ok(0) };
    loop {
        match pipe.read(chunk) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

fn duration(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{} s", duration.as_secs()),
        _ => format!("{} ms", duration.as_millis()),
    }
}

/// The end of standard error, without the secrets that a program may have repeated there.
struct Complaint {
    bytes: Vec<u8>,
    cut: bool,
    /// What must not be seen, longest first.
    secrets: Vec<Vec<u8>>,
    name: String,
}

impl Complaint {
    fn new(command: &Command) -> Self {
        let (mut secrets, mut name) = (Vec::new(), String::new());
        if let Input::Secret(secret) = &command.stdin {
            name = secret.to_string();
            secrets = pieces(secret.expose().unwrap_or_default());
        }
        Self { bytes: Vec::new(), cut: false, secrets, name }
    }

    fn longest(&self) -> usize {
        self.secrets.first().map_or(0, Vec::len)
    }

    fn add(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        let surplus = self.bytes.len().saturating_sub(TAIL + self.longest());
        if surplus > 0 {
            self.cut = true;
            self.bytes.drain(..surplus);
        }
    }

    /// Where the beginning was cut off, it may be the second half of a secret, so that much is never shown.
    fn text(&self) -> String {
        let hidden = if self.cut { self.longest() } else { 0 };
        let mut shown = Vec::new();
        let mut at = 0;
        while let Some(&byte) = self.bytes.get(at) {
            if let Some(secret) = self.secrets.iter().find(|secret| self.bytes[at..].starts_with(secret)) {
                shown.extend_from_slice(self.name.as_bytes());
                at += secret.len();
            } else {
                if at >= hidden {
                    shown.push(byte);
                }
                at += 1;
            }
        }
        let start = shown.len().saturating_sub(TAIL);
        String::from_utf8_lossy(&shown[start..]).into_owned()
    }
}

/// A secret and what programs cut out of it: `name:password` lines are repeated in parts.
fn pieces(secret: &str) -> Vec<Vec<u8>> {
    let lines = secret.lines().flat_map(|line| [line, line.trim()]);
    let words = secret.split([':', ' ', '\t', '\n']).filter(|word| word.len() >= 4);
    let after_name = secret.lines().filter_map(|line| line.split_once(':').map(|(_, rest)| rest));
    let all = std::iter::once(secret).chain(lines).chain(words).chain(after_name);
    let mut pieces: Vec<_> =
        all.filter(|piece| !piece.is_empty()).map(|piece| piece.as_bytes().to_vec()).collect();
    pieces.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    pieces.dedup();
    pieces
}
