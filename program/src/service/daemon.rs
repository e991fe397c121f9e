//! The daemon: all authority, on a Unix socket.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use innkeeper_access::UserId;
use innkeeper_change::Problem;
use innkeeper_host::{Host, Permissions};
use innkeeper_rest::{Api, http};
use secrecy::ExposeSecret;
use tokio::net::UnixListener;

use super::pam::PamHelper;
use super::spawn::WorkerProcesses;
use super::{DaemonOptions, READY};
use crate::wiring;

/// Requests under way at the end get this long.
const GRACE: Duration = Duration::from_secs(10);
/// Headers of one request; more than the proxy lets through.
const BUFFER: usize = 64 * 1024;
/// A one-time link is for the person who just started the program.
const LINK_LIFE: i64 = 10 * 60;

/// Answers the API on a Unix socket until asked to end.
///
/// # Errors
/// When the socket cannot be had.
pub(crate) fn daemon(options: &DaemonOptions) -> Result<(), Problem> {
    super::log_to_stderr();
    let host = wiring::host(options.root.as_deref())?;
    let mut api = wiring::api(Arc::clone(&host)).with_workers(WorkerProcesses { root: options.root.clone() });
    if options.root.is_none() {
        // under another root there is no password database of this system to ask
        api = api.with_authenticator(PamHelper);
    }
    api.engine().tasks().set_shared_process();
    // the secret goes to whoever started this daemon, through a pipe that nobody else reads
    let secret = match options.link {
        true => api.access()?.issue_one_time(&UserId::root(), LINK_LIFE)?.expose_secret().to_owned(),
        false => String::new(),
    };
    super::runtime()?.block_on(listen(Arc::new(api), &options.socket, &secret))
}

async fn listen(api: Arc<Api>, socket: &Utf8Path, secret: &str) -> Result<(), Problem> {
    let listener = bind(api.host().as_ref(), socket)?;
    say_ready(secret)?;
    let app = http::router(Arc::clone(&api));
    tokio::spawn(keep_house(api));
    let graceful = GracefulShutdown::new();
    let mut end = std::pin::pin!(super::asked_to_end());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // out of file descriptors, say: others may be given back in a moment
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut end => break,
        };
        let mut server = hyper::server::conn::http1::Builder::new();
        server.timer(TokioTimer::new()).max_buf_size(BUFFER);
        let connection = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app.clone()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    Ok(())
}

/// Binds the socket for root and the proxy's group. A socket left behind by a daemon that was killed is replaced.
fn bind(host: &dyn Host, socket: &Utf8Path) -> Result<UnixListener, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::failed(format!("{socket}: {error}"));
    match rustix::fs::unlink(socket.as_str()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(failed(&error)),
    }
    let listener = UnixListener::bind(socket).map_err(|error| failed(&error))?;
    if host.uid() == 0 {
        let group = super::serve::proxy_user(&innkeeper_host::RealHost::new()).map(|(_, gid)| gid);
        let group = group.map(rustix::fs::Gid::from_raw);
        rustix::fs::chown(socket.as_str(), None, group).map_err(|error| failed(&error))?;
    }
    let mode = rustix::fs::Mode::from_raw_mode(0o660);
    rustix::fs::chmod(socket.as_str(), mode).map_err(|error| failed(&error))?;
    Ok(listener)
}

/// Tells whoever started this service that it can be used, and what they need to know.
pub(super) fn say_ready(address: &str) -> Result<(), Problem> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{READY}{address}").and_then(|()| stdout.flush()).map_err(Problem::failed)
}

/// Moves finished tasks from the list of active ones to the index, as often as the original.
async fn keep_house(api: Arc<Api>) {
    loop {
        let keeper = Arc::clone(&api);
        match tokio::task::spawn_blocking(move || keeper.engine().tasks().housekeep()).await {
            Ok(Ok(())) => tracing::debug!("housekeeping is done"),
            Ok(Err(problem)) => tracing::warn!(%problem, "the list of active tasks could not be kept"),
            Err(panic) => tracing::error!(%panic, "the list of active tasks could not be kept"),
        }
        tokio::time::sleep(super::tick()).await;
    }
}

/// Makes the directory that the socket is in.
pub(super) fn make_socket_directory(
    host: &dyn Host,
    directory: &Utf8Path,
    group: Option<u32>,
) -> Result<(), Problem> {
    let owner = group.map(|group| (0, group));
    Ok(host.make_dirs(directory, Permissions { mode: 0o750, owner })?)
}
