//! The machine and the programs that were measured.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::Outcome;
use crate::process::{self, Invocation};
use crate::report::{mebi, thousands};

/// How long the processors are watched to see whether others use them.
const GLANCE: Duration = Duration::from_secs(1);
/// A machine of which others use more than this share is called busy.
const BUSY: f64 = 0.10;

/// What else the machine is doing, seen while nothing is measured.
pub(crate) struct Load {
    /// Waiting and running processes, mean of the last minute.
    average: String,
    /// The share of all processors that is in use.
    share: f64,
}

impl Load {
    pub(crate) fn now() -> Self {
        let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let average = average.split_whitespace().next().unwrap_or("?").to_owned();
        let before = processors();
        std::thread::sleep(GLANCE);
        let after = processors();
        let (busy, all) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
        Self { average, share: f64::from(busy) / f64::from(all.max(1)) }
    }

    fn is_busy(&self) -> bool {
        self.share > BUSY
    }

    pub(crate) fn to_text(&self) -> String {
        format!("{:.0} % of all processors in use, load average {}", self.share * 100.0, self.average)
    }
}

/// Ticks of all processors: in use, and altogether.
fn processors() -> (u32, u32) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    // user nice system idle iowait irq softirq steal; guest time is in user already
    let ticks: Vec<u64> =
        line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
    let all: u64 = ticks.iter().sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    // only differences count, and these fit
    let cut = |ticks: u64| u32::try_from(ticks & u64::from(u32::MAX)).unwrap_or_default();
    (cut(all - idle), cut(all))
}

/// Date, machine and versions.
pub(crate) struct Machine {
    lines: Vec<(&'static str, String)>,
    begin: Load,
}

/// Looks at the machine before anything is measured.
pub(crate) fn describe(binary: &Path) -> Outcome<Machine> {
    let begin = Load::now();
    let version = Invocation::new(binary).arg("--version").output()?;
    let mut lines = vec![
        ("date", Invocation::new("/bin/date").args(&["-u", "+%Y-%m-%d %H:%M UTC"]).output()?),
        ("processor", processor()),
        ("memory", field("/proc/meminfo", "MemTotal", ':').map_or_else(unknown, |text| memory(&text))),
        ("kernel", fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| unknown())),
        ("system", field("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(unknown)),
        ("Innkeeper", version),
    ];
    lines.push(("peers", peers()));
    for (_, text) in &mut lines {
        *text = text.trim().to_owned();
    }
    Ok(Machine { lines, begin })
}

impl Machine {
    pub(crate) fn to_markdown(&self, end: Option<&Load>) -> String {
        let mut text = String::new();
        for (name, value) in &self.lines {
            // writing into a string cannot fail
            let _ = writeln!(text, "- {name}: {value}");
        }
        let _ = writeln!(text, "- before the run: {}", self.begin.to_text());
        if let Some(end) = end {
            let _ = writeln!(text, "- after the run: {}", end.to_text());
        }
        if self.begin.is_busy() || end.is_some_and(Load::is_busy) {
            text += "\n**The machine was busy with other work during this run.** Wall times and requests per second are worse\n";
            text += "than on a machine at rest, for both sides; processor time per request and ratios suffer less, memory not.\n";
        }
        text
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = field("/proc/cpuinfo", "model name", ':').unwrap_or_else(unknown);
    format!("{cores} cores, {model}")
}

fn memory(total: &str) -> String {
    let kib = total.trim_end_matches("kB").trim().parse().unwrap_or_default();
    format!("{:.1} GiB", mebi(kib) / 1024.0)
}

/// The value of the first line with this key.
fn field(path: &str, key: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(separator));
    let (_, value) = pairs.find(|(name, _)| name.trim() == key)?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// What the peers call themselves. wrk and nginx say it on standard error; wrk also calls that a failure.
fn peers() -> String {
    let asked = [("nginx", "-v"), ("wrk", "-v"), ("curl", "--version"), ("systemctl", "--version")];
    let coreutils = [("grep", "--version"), ("tail", "--version")];
    let mut found = Vec::new();
    for (name, option) in asked.into_iter().chain(coreutils) {
        let Some(path) = process::find(name) else {
            found.push(format!("{name}: not installed"));
            continue;
        };
        let output = Invocation::new(path).arg(option).command().output();
        let text = output.map(|said| [said.stdout, said.stderr].concat()).unwrap_or_default();
        let line = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned();
        found.push(first_words(&line));
    }
    found.join("; ")
}

/// Name and version, without the rest of a long line.
fn first_words(line: &str) -> String {
    let line = line.trim_start_matches("nginx version: ");
    let line = line.split_once(" Copyright").map_or(line, |(name, _)| name);
    let line = line.split_once(" libcurl").map_or(line, |(name, _)| name);
    line.trim().to_owned()
}

/// "1,234 requests"
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}", thousands(number))
}
