//! The service manager: what systemd gives to a service, and what it wants to be told (sd_notify(3), sd_listen_fds(3)).
//!
//! Nothing of this is needed: a service that somebody else started says nothing and binds its own sockets.

use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use innkeeper_change::Problem;
use listenfd::ListenFd;

/// Variables that are meant for one process and not for those that it starts.
pub(super) const PERSONAL: [&str; 5] =
    ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];

/// Tells the service manager, if there is one: `READY=1`, `STOPPING=1`, `WATCHDOG=1`.
pub(super) fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, state, "the service manager was not told");
    }
}

fn send(socket: &std::ffi::OsStr, state: &str) -> std::io::Result<()> {
    let name = socket.as_encoded_bytes();
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

/// That the configuration is being read anew; [`tell`] `READY=1` afterwards.
pub(super) fn tell_reloading() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1_000_000 + now.tv_nsec / 1000));
}

/// How often the service manager wants a sign of life, at the latest: half the time after which it gives up.
pub(super) fn watchdog() -> Option<Duration> {
    let micros: u64 = std::env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    (micros > 0).then(|| Duration::from_micros(micros / 2))
}

/// Gives signs of life for as long as the runtime answers at all.
pub(super) fn keep_watchdog_calm() {
    let Some(every) = watchdog() else { return };
    tokio::spawn(async move {
        loop {
            tell("WATCHDOG=1");
            tokio::time::sleep(every).await;
        }
    });
}

/// The Unix socket that the service manager listens on for us, if it does.
///
/// # Errors
/// When it is a socket of another kind.
pub(super) fn unix_listener() -> Result<Option<tokio::net::UnixListener>, Problem> {
    let listener = ListenFd::from_env().take_unix_listener(0).map_err(unfit)?;
    listener
        .map(|listener| tokio::net::UnixListener::from_std(nonblocking(listener)?).map_err(unfit))
        .transpose()
}

/// The TCP socket that the service manager listens on for us, if it does.
///
/// # Errors
/// When it is a socket of another kind.
pub(super) fn tcp_listener() -> Result<Option<tokio::net::TcpListener>, Problem> {
    let listener = ListenFd::from_env().take_tcp_listener(0).map_err(unfit)?;
    listener
        .map(|listener| tokio::net::TcpListener::from_std(nonblocking(listener)?).map_err(unfit))
        .transpose()
}

fn nonblocking<S: AsFd>(socket: S) -> Result<S, Problem> {
    rustix::io::ioctl_fionbio(&socket, true).map_err(unfit)?;
    Ok(socket)
}

fn unfit(error: impl std::fmt::Display) -> Problem {
    Problem::failed(format!("the service manager's socket cannot be used: {error}"))
}
