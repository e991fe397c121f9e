//! The daemon: all authority, on a Unix socket.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use innkeeper_access::OneTimeLink;
use innkeeper_change::Problem;
use innkeeper_host::{Host, Permissions};
use innkeeper_rest::{Api, http};
use tokio::net::UnixListener;

use super::pam::PamHelper;
use super::spawn::WorkerProcesses;
use super::{DaemonOptions, READY};
use crate::wiring;

/// How often finished tasks move from the list of active ones to the index, as in the original.
const HOUSEKEEPING: Duration = Duration::from_secs(10);
/// Requests under way at the end get this long.
const GRACE: Duration = Duration::from_secs(10);
/// A one-time link is for the person who just started the program.
const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

/// Answers the API on a Unix socket until asked to end.
///
/// # Errors
/// When the socket cannot be had.
pub fn daemon(options: &DaemonOptions) -> Result<(), Problem> {
    super::log_to_stderr();
    let host = wiring::host(options.root.as_deref())?;
    let mut api = wiring::api(Arc::clone(&host)).with_workers(WorkerProcesses { root: options.root.clone() });
    if options.root.is_none() {
        // under another root there is no password database of this system to ask
        api = api.with_authenticator(PamHelper);
    }
    if options.link_secret_stdin {
        api = api.with_link(OneTimeLink::new(&first_line()?, host.as_ref(), LINK_LIFE));
    }
    super::runtime()?.block_on(listen(Arc::new(api), &options.socket))
}

fn first_line() -> Result<String, Problem> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Problem::failed)?;
    Ok(line.trim_end().to_owned())
}

async fn listen(api: Arc<Api>, socket: &Utf8Path) -> Result<(), Problem> {
    let listener = bind(api.host().as_ref(), socket)?;
    say_ready(socket.as_str())?;
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
        let mut server = auto::Builder::new(TokioExecutor::new()).http1_only();
        server.http1().timer(TokioTimer::new()).keep_alive(true);
        let connection =
            server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app.clone())).into_owned();
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
        let group = super::serve::proxy_user(&innkeeper_host::RealHost::new()?).map(|(_, gid)| gid);
        let group = group.map(rustix::fs::Gid::from_raw);
        rustix::fs::chown(socket.as_str(), None, group).map_err(|error| failed(&error))?;
    }
    let mode = rustix::fs::Mode::from_raw_mode(0o660);
    rustix::fs::chmod(socket.as_str(), mode).map_err(|error| failed(&error))?;
    Ok(listener)
}

/// Tells whoever started this service that it can be used.
pub(super) fn say_ready(address: &str) -> Result<(), Problem> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{READY}{address}").and_then(|()| stdout.flush()).map_err(Problem::failed)
}

async fn keep_house(api: Arc<Api>) {
    loop {
        let keeper = Arc::clone(&api);
        match tokio::task::spawn_blocking(move || keeper.engine().tasks().housekeep()).await {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => tracing::warn!(%problem, "the list of active tasks could not be kept"),
            Err(panic) => tracing::error!(%panic, "the list of active tasks could not be kept"),
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}

/// Makes the directory that the socket is in.
pub(super) fn make_socket_directory(host: &dyn Host, directory: &Utf8Path, group: Option<u32>) -> Result<(), Problem> {
    let owner = group.map(|group| (0, group));
    Ok(host.make_dirs(directory, Permissions { mode: 0o750, owner })?)
}
