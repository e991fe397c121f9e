//! What can go wrong with a host, in words that say what to do.

use crate::image::ImageError;
use camino::Utf8PathBuf;
use std::time::Duration;

/// Why something with a host did not succeed.
#[derive(thiserror::Error)]
pub enum Error {
    /// A request that no host can have.
    #[error("{0}")]
    Request(String),
    /// There is no image to start from.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A program is missing on this machine.
    #[error("{program} is missing; install: sudo apt-get install {package}")]
    Tool {
        /// Its name.
        program: String,
        /// The Debian package it is in.
        package: &'static str,
    },
    /// There is too little memory for one more host.
    #[error("a host needs {need_mib} MiB of memory{}; {free_mib} MiB are free{}{}{}", beside(*.own_mib, *.spare_mib), promised(*.held_mib), .limit_mib.map(|limit| format!("; INNKEEPER_LAB_MEMORY allows {limit} MiB for all hosts together")).unwrap_or_default(), .waited.map(|waited| format!(" (waited {} s)", waited.as_secs())).unwrap_or_default())]
    Memory {
        /// For this host.
        need_mib: u64,
        /// Promised to the hosts that this process has.
        own_mib: u64,
        /// Left for a second host of others.
        spare_mib: u64,
        /// Available now.
        free_mib: u64,
        /// Not yet used, but promised to hosts that run.
        held_mib: u64,
        /// All that hosts may have together, where that is limited.
        limit_mib: Option<u64>,
        /// For how long it was waited.
        waited: Option<Duration>,
    },
    /// There is too little space for what hosts write.
    #[error(
        "a host needs {need_mib} MiB in {dir}, which has {free_mib} MiB free (INNKEEPER_LAB_HOSTS names another folder for hosts, INNKEEPER_LAB_CACHE one for images)"
    )]
    Disk {
        /// Of this file system.
        dir: Utf8PathBuf,
        /// For one host.
        need_mib: u64,
        /// Now.
        free_mib: u64,
    },
    /// A file or socket on this machine.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// QEMU ended, or did not start.
    #[error("QEMU of {host} {what}{}", tail("it said", .said))]
    Qemu {
        /// Which host.
        host: String,
        /// What it did.
        what: String,
        /// Its standard error.
        said: String,
    },
    /// QEMU or the guest agent refused a request.
    #[error("{command}: {refusal}")]
    Refused {
        /// The request.
        command: String,
        /// The answer.
        refusal: String,
    },
    /// A command in the guest failed.
    #[error("on {host}: `{argv}` ended with {status}{}{}", tail("standard error", .stderr), tail("standard output", .stdout))]
    Command {
        /// Which host.
        host: String,
        /// What was run.
        argv: String,
        /// An exit code, or a signal.
        status: String,
        /// What it printed.
        stdout: String,
        /// What it complained of.
        stderr: String,
    },
    /// Something took too long.
    #[error("{what} did not happen within {} s{}", .after.as_secs(), tail("the end of the console", .console))]
    Timeout {
        /// What was waited for.
        what: String,
        /// For how long.
        after: Duration,
        /// The end of the serial console.
        console: String,
    },
    /// The host has no power.
    #[error("{0} has no power: boot it first")]
    Off(String),
    /// The program to be installed is missing.
    #[error(
        "{path} is missing; build it first: cargo build --package innkeeper (or name another with INNKEEPER_BIN)"
    )]
    Product {
        /// Where it was looked for.
        path: Utf8PathBuf,
    },
}

/// Tests end with it, and their runner shows it in this way.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(super) fn timeout(what: impl Into<String>, after: Duration) -> Self {
        Self::Timeout { what: what.into(), after, console: String::new() }
    }

    /// The same with the end of the console, where that tells more.
    pub(super) fn with_console(self, read: impl FnOnce() -> String) -> Self {
        match self {
            Self::Timeout { what, after, console } if console.is_empty() => {
                Self::Timeout { what, after, console: last_lines(&read(), 30) }
            }
            other => other,
        }
    }
}

pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn beside(own_mib: u64, spare_mib: u64) -> String {
    match (own_mib, spare_mib) {
        (0, 0) => String::new(),
        (0, spare) => format!(", and {spare} MiB are kept for a second one of whoever has one"),
        (own, _) => format!(", beside the {own} MiB that hosts of this process hold"),
    }
}

fn promised(held_mib: u64) -> String {
    if held_mib == 0 { String::new() } else { format!(", {held_mib} MiB of them promised to hosts that run") }
}

fn tail(title: &str, text: &str) -> String {
    let text = last_lines(text.trim_end(), 30);
    if text.is_empty() { String::new() } else { format!("; {title}:\n{text}") }
}
