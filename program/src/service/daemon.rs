//! The daemon: all authority, on a Unix socket.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderValue, header};
use camino::Utf8Path;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use innkeeper_access::UserId;
use innkeeper_change::Problem;
use innkeeper_config::DirStore;
use innkeeper_engine::Retention;
use innkeeper_host::{Host, Permissions, RealHost};
use innkeeper_rest::{Api, http};
use secrecy::ExposeSecret;
use tokio::net::{UnixListener, UnixStream};

use super::backoff::Backoff;
use super::closing::{self, Closing, Guest, Patience};
use super::pam::PamHelper;
use super::spawn::WorkerProcesses;
use super::{DaemonOptions, READY, certificate, manager};
use crate::wiring;

/// The proxy sends its request as soon as it is connected, if the machine lets it. A change that the caller waits for may wait for a lock first.
const PATIENCE: Patience = Patience {
    used: Duration::from_millis(300),
    fresh: Duration::from_secs(10),
    all: Duration::from_secs(60),
};
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

/// Makes what daemon and proxy cannot be without: the directories of `/etc/pve`, and a certificate.
///
/// # Errors
/// When one of them cannot be made.
pub(crate) fn prepare() -> Result<(), Problem> {
    let host: Arc<dyn Host> = wiring::host(None)?;
    DirStore::new(Arc::clone(&host)).initialise(&host.node_name())?;
    let group = super::serve::proxy_user(&RealHost::new()).map(|(_, gid)| gid);
    certificate::ensure(host.as_ref(), group).map(drop)
}

async fn listen(api: Arc<Api>, socket: &Utf8Path, secret: &str) -> Result<(), Problem> {
    let mut end = std::pin::pin!(super::asked_to_end());
    let listener = match manager::unix_listener()? {
        Some(listener) => listener,
        None => bind(api.host().as_ref(), socket)?,
    };
    say_ready(secret)?;
    manager::keep_watchdog_calm();
    let app = http::router(Arc::clone(&api));
    tokio::spawn(keep_house(api));
    let closing = Closing::new();
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
        tokio::spawn(answer(stream, app.clone(), closing.guest()));
    }
    manager::tell("STOPPING=1");
    // who comes now is served by the next process
    drop(listener);
    closing.wait(PATIENCE).await;
    Ok(())
}

/// Answers the requests of one connection.
async fn answer(stream: UnixStream, app: axum::Router, guest: Guest) {
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).max_buf_size(BUFFER);
    let noted = guest.clone();
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |request| {
        let (noted, answer) = (noted.clone(), app.call(request));
        async move {
            let mut response = answer.await?;
            if noted.is_last_answer() {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let connection = server.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = closing::serve(connection, guest, PATIENCE).await {
        tracing::debug!(%error, "a connection ended early");
    }
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
    writeln!(stdout, "{READY}{address}").and_then(|()| stdout.flush()).map_err(Problem::failed)?;
    manager::tell("READY=1");
    Ok(())
}

/// How often the size of the journal is looked at, in rounds.
const ROTATE_EVERY: u64 = 360;

/// Armed changes have alarms of their own: this is for those whose alarm was killed, too. And what strangers did is written
/// down once its minute is over.
async fn keep_house(api: Arc<Api>) {
    let mut tables = Backoff::default();
    for round in 0_u64.. {
        let keeper = Arc::clone(&api);
        match tokio::task::spawn_blocking(move || keep_house_once(&keeper, round, tables)).await {
            Ok(after) => tables = after,
            Err(panic) => tracing::error!(%panic, "the house could not be kept"),
        }
        tokio::time::sleep(super::tick()).await;
    }
}

fn keep_house_once(api: &Api, round: u64, tables: Backoff) -> Backoff {
    for (change, problem) in api.engine().revert_due() {
        tracing::warn!(%problem, change, "an armed change could not be taken back");
    }
    api.engine().flush_audit();
    let tables = tables.round(|| {
        super::forwarding::keep(api).inspect_err(|problem| {
            tracing::warn!(%problem, "the forwarding tables of bridges could not be kept");
        })
    });
    if round % ROTATE_EVERY == 1 {
        let rotated = api.engine().journal().and_then(|journal| journal.rotate(Retention::default()));
        if let Err(problem) = rotated {
            tracing::warn!(%problem, "the journal could not be put into an archive");
        }
    }
    tables
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
