//! The services: what runs, as whom, and who starts it.
//!
//! - [`daemon`]: all authority; answers the API on a Unix socket.
//! - [`proxy`]: no authority; TLS, the pages of the GUI, limits; forwards to the daemon.
//! - [`statd`]: keeps the list of tasks.
//! - [`serve`]: these three in the foreground, for a first look.
//! - [`daily`]: what is done once a day, started by a timer.
//! - [`update`]: looks once a day which updates there are, and tells; started by a timer.
//! - [`prepare`]: makes what daemon and proxy cannot be without.
//! - [`worker`]: one change in a process of its own, started by the daemon.
//! - [`revert`]: takes back changes that nobody confirmed; started by a timer, at boot, or by whoever made the change.
//! - [`pam_helper`]: one password check, started by the daemon: PAM modules are not made for threads.

mod alarm;
mod backoff;
mod certificate;
mod closing;
mod connect;
mod daemon;
mod daily;
mod forwarding;
mod manager;
mod pages;
mod pam;
mod patient;
mod places;
mod proxy;
mod serve;
mod spawn;
mod statd;
mod update;
mod worker;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;

pub(crate) use alarm::{Watchers, revert};
pub(crate) use daemon::{daemon, prepare};
pub(crate) use daily::daily;
pub(crate) use pam::pam_helper;
pub(crate) use proxy::proxy;
pub(crate) use serve::serve;
pub(crate) use statd::statd;
pub(crate) use update::update;
pub(crate) use worker::worker;

/// What `serve` is told.
#[derive(Clone, Debug)]
pub(crate) struct ServeOptions {
    /// Address to listen on.
    pub(crate) listen: SocketAddr,
    /// Serve this tree instead of the machine itself.
    pub(crate) root: Option<Utf8PathBuf>,
    /// Print a one-time login link even when nobody sits at a terminal.
    pub(crate) link: bool,
}

/// What `daemon` is told.
#[derive(Clone, Debug)]
pub(crate) struct DaemonOptions {
    /// Socket to listen on.
    pub(crate) socket: Utf8PathBuf,
    /// Serve this tree instead of the machine itself.
    pub(crate) root: Option<Utf8PathBuf>,
    /// Make a one-time login link, and say its secret to whoever started the daemon.
    pub(crate) link: bool,
}

/// What `proxy` is told.
#[derive(Clone, Debug)]
pub(crate) struct ProxyOptions {
    /// Address to listen on.
    pub(crate) listen: SocketAddr,
    /// The daemon's socket.
    pub(crate) socket: Utf8PathBuf,
    /// Standard input holds certificate chain and key as PEM; otherwise they are read from `/etc/pve/local`.
    pub(crate) certificate_stdin: bool,
}

/// What `statd` is told.
#[derive(Clone, Debug)]
pub(crate) struct StatdOptions {
    /// Work on this tree instead of the machine itself.
    pub(crate) root: Option<Utf8PathBuf>,
}

/// What `daily` is told.
#[derive(Clone, Debug)]
pub(crate) struct DailyOptions {
    /// Work on this tree instead of the machine itself.
    pub(crate) root: Option<Utf8PathBuf>,
}

/// What `worker` is told.
#[derive(Clone, Debug)]
pub(crate) struct WorkerOptions {
    /// Work on this tree instead of the machine itself.
    pub(crate) root: Option<Utf8PathBuf>,
}

/// What `revert` is told.
#[derive(Clone, Debug)]
pub(crate) struct RevertOptions {
    /// Wait for the time of this change; otherwise all that are overdue are taken back.
    pub(crate) wait: Option<i64>,
    /// Work on this tree instead of the machine itself.
    pub(crate) root: Option<Utf8PathBuf>,
}

/// The line on standard output by which a service says that it is ready, followed by what the starter needs to know.
const READY: &str = "ready ";

/// Services start in another directory, so a relative root must be made absolute.
fn absolute(root: Option<&Utf8Path>) -> Result<Option<Utf8PathBuf>, Problem> {
    let Some(root) = root else { return Ok(None) };
    let path = std::path::absolute(root).map_err(Problem::failed)?;
    let path =
        Utf8PathBuf::from_path_buf(path).map_err(|_| Problem::failed("the root's path is not UTF-8"))?;
    Ok(Some(path))
}

/// One thread waits for all connections: handing a request from one thread to another costs more than most requests do,
/// and who floods the proxy leaves a processor to the daemon. Handlers that block have threads of their own.
fn runtime() -> Result<tokio::runtime::Runtime, Problem> {
    allow_many_connections();
    tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(64)
        .thread_stack_size(1024 * 1024)
        .enable_all()
        .build()
        .map_err(|error| Problem::failed(format!("the service cannot start its threads: {error}")))
}

/// Service managers and shells allow 1,024 open files at first, which is fewer than the connections of a crowd. Not as
/// many as the kernel would give: programs started from here may go through all of them.
fn allow_many_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const FILES: u64 = 8192;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if current.is_some_and(|current| current < wanted)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })
    {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
}

/// How often what is regular is done. Whoever measures a whole day lets it pass faster.
fn tick() -> Duration {
    const TICK: Duration = Duration::from_secs(10);
    let set = std::env::var("INNKEEPER_TICK_MS").ok().and_then(|text| text.parse().ok());
    set.map_or(TICK, Duration::from_millis)
}

/// Ends when the process is asked to: Ctrl-C, or a service manager's SIGTERM. From the call on neither ends it otherwise.
fn asked_to_end() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Log lines go to standard error, which a service manager keeps.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("INNKEEPER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let said = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let said = said.with_ansi(std::io::stderr().is_terminal());
    // a second call in one process (tests) keeps the first subscriber
    let _ = match std::env::var_os("JOURNAL_STREAM") {
        // the journal notes the time itself
        Some(_) => said.without_time().try_init(),
        None => said.try_init(),
    };
}
