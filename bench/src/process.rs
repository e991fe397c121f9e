//! Programs from outside: starting them, timing them, ending them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::samples::Samples;
use crate::usage;

/// How long a service may take to end when asked to.
const GRACE: Duration = Duration::from_secs(15);
/// How long one comparison of programs may take; fewer rounds are run if they are slow.
const COMPARISON: Duration = Duration::from_secs(30);

/// A directory of our own that is gone afterwards. Others may enter it: servers give up root's authority.
pub(crate) struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    pub(crate) fn new() -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("innkeeper-bench-{}", std::process::id()));
        // fails if somebody put something there before us
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let directory = Self(path);
        fs::set_permissions(&directory.0, fs::Permissions::from_mode(0o755))
            .map_err(|error| format!("{}: {error}", directory.0.display()))?;
        Ok(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        // what is left in /tmp is a nuisance, not an error
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes a file and the directories above it.
pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) -> Outcome<()> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text)).map_err(|error| format!("{}: {error}", path.display()))
}

/// Where a program is installed. Servers are in directories that only root searches.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let searched = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&searched)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

/// A program and its arguments.
#[derive(Clone)]
pub(crate) struct Invocation {
    program: PathBuf,
    args: Vec<String>,
}

impl Invocation {
    pub(crate) fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), args: Vec::new() }
    }

    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn path(self, path: &Path) -> Self {
        self.arg(path.display().to_string())
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // the locale in which every peer is fastest
        command.args(&self.args).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or_default().to_string_lossy();
        format!("{name} {}", self.args.first().map_or("", String::as_str)).trim_end().to_owned()
    }

    /// Runs it; what it says on standard output, and what on standard error.
    pub(crate) fn said(&self) -> Outcome<(String, String)> {
        let output = self.command().output().map_err(|error| format!("{}: {error}", self.name()))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        if !output.status.success() {
            return Err(format!("{} ended with {}: {}", self.name(), output.status, err.trim()));
        }
        Ok((out, err))
    }

    /// Runs it; what it says on standard output.
    pub(crate) fn output(&self) -> Outcome<String> {
        Ok(self.said()?.0)
    }

    /// What it prints is read through a pipe: grep stops at the first match when nobody reads what it finds.
    fn time(&self) -> Outcome<Duration> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let begin = Instant::now();
        let ended = command.spawn().and_then(Child::wait_with_output);
        let took = begin.elapsed();
        match ended.map_err(|error| format!("{}: {error}", self.name()))?.status {
            status if status.success() => Ok(took),
            status => Err(format!("{} ended with {status}", self.name())),
        }
    }
}

/// Times programs in turn, so that what else the machine does falls on all of them alike. Each must have been run
/// once before: nobody's files are read from disk here.
pub(crate) fn compare(invocations: &[Invocation], rounds: usize) -> Outcome<Vec<Samples>> {
    let begin = Instant::now();
    let mut samples = vec![Samples::default(); invocations.len()];
    for _ in 0..rounds {
        for (invocation, sample) in invocations.iter().zip(&mut samples) {
            sample.push(invocation.time()?);
        }
        if begin.elapsed() > COMPARISON {
            break;
        }
    }
    Ok(samples)
}

/// How the peak of memory is learnt.
pub(crate) fn peak_method() -> &'static str {
    match find("time") {
        Some(_) => "GNU time (%M)",
        None => "VmHWM in /proc, read until the process ended (GNU time is not installed)",
    }
}

/// The most resident memory that a program has, in KiB.
pub(crate) fn peak(invocation: &Invocation, directory: &Path) -> Outcome<u64> {
    let Some(time) = find("time") else { return watch_peak(invocation) };
    let file = directory.join("peak");
    let mut command = Command::new(time);
    command.args(["-f", "%M", "-o"]).arg(&file).arg(&invocation.program).args(&invocation.args);
    command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().map_err(|error| format!("time: {error}"))?;
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let last = text.lines().last().unwrap_or_default();
    match last.trim().parse() {
        Ok(kib) if status.success() => Ok(kib),
        _ => Err(format!("time {}: {}", invocation.name(), text.trim())),
    }
}

fn watch_peak(invocation: &Invocation) -> Outcome<u64> {
    let mut command = invocation.command();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{}: {error}", invocation.name()))?;
    let mut most = 0;
    let ended = loop {
        // a process that has ended has no memory left to tell about
        match usage::high_water(child.id()) {
            Some(kib) => most = most.max(kib),
            None => break child.wait(),
        }
    };
    match ended {
        Ok(status) if status.success() && most > 0 => Ok(most),
        _ => Err(format!("{}: its peak of memory was not seen", invocation.name())),
    }
}

/// Asks a process to end.
fn terminate(pid: u32, signal: &str) {
    // the shell can always do it; a process that has gone meanwhile is what is wanted
    let _ = Command::new("/bin/sh")
        .args(["-c", &format!("kill -{signal} {pid}")])
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status();
}

/// Ends a service and whatever it started: politely, then not.
pub(crate) fn end(child: &mut Child) {
    let family = usage::family(child.id());
    terminate(child.id(), "TERM");
    let begin = Instant::now();
    while begin.elapsed() < GRACE {
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // a parent that had to be killed leaves its children behind
    if matches!(child.try_wait(), Ok(None)) {
        family.iter().for_each(|pid| terminate(*pid, "KILL"));
        let _ = child.wait();
    }
}

/// Ends all programs that were started, if they still run after this time: whoever waits for them goes on.
pub(crate) fn end_children_after(patience: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(patience);
        for signal in ["TERM", "KILL"] {
            let own = std::process::id();
            usage::family(own).into_iter().filter(|pid| *pid != own).for_each(|pid| terminate(pid, signal));
            std::thread::sleep(GRACE);
        }
    });
}
