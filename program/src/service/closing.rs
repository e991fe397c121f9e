//! The end of a service that nobody notices: what is under way is answered, and who comes meanwhile is served by the next
//! process, for which the service manager keeps the socket open.
//!
//! A connection that is closed while its client sends a request would lose that request. So a client is told with each
//! answer that it is the last one, and only a connection that stays silent is closed.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper_util::server::graceful::GracefulConnection;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long a connection may be silent at the end before it is closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// One that was answered before: its client may have begun to send again.
    pub(super) used: Duration,
    /// A new one: its client has not sent anything yet.
    pub(super) fresh: Duration,
    /// All together, also those that still wait for their answer.
    pub(super) all: Duration,
}

/// Says to all connections that the end has come, and waits for them.
pub(super) struct Closing(watch::Sender<bool>);

impl Closing {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// One for each connection.
    pub(super) fn guest(&self) -> Guest {
        Guest { end: self.0.subscribe(), answered: Arc::default() }
    }

    /// Begins the end, and waits until the last connection is closed, or patience ends.
    pub(super) async fn wait(self, patience: Patience) {
        self.0.send_replace(true);
        if timeout(patience.all, self.0.closed()).await.is_err() {
            tracing::warn!(open = self.0.receiver_count(), "connections are cut off at the end");
        }
    }
}

/// A connection that will be asked to leave.
#[derive(Clone)]
pub(super) struct Guest {
    end: watch::Receiver<bool>,
    answered: Arc<AtomicBool>,
}

impl Guest {
    /// Notes an answer; true when it must be the last.
    pub(super) fn is_last_answer(&self) -> bool {
        self.answered.store(true, Ordering::Relaxed);
        *self.end.borrow()
    }

    async fn asked_to_leave(&mut self) {
        // a sender that is gone is an end as well
        let _ = self.end.wait_for(|end| *end).await;
    }
}

/// Serves a connection until it ends, or until it is silent after it was asked to leave.
pub(super) async fn serve<C>(connection: C, mut guest: Guest, patience: Patience) -> Result<(), C::Error>
where
    C: GracefulConnection,
{
    let mut connection = pin!(connection);
    if let Some(result) = until(connection.as_mut(), guest.asked_to_leave()).await {
        return result;
    }
    if let Some(result) = until(connection.as_mut(), sleep(patience.used)).await {
        return result;
    }
    if !guest.answered.load(Ordering::Relaxed)
        && let Some(result) = until(connection.as_mut(), sleep(patience.fresh)).await
    {
        return result;
    }
    // from now on it ends with the answer that is under way, or at once
    connection.as_mut().graceful_shutdown();
    connection.await
}

async fn until<C: Future>(connection: Pin<&mut C>, end: impl Future<Output = ()>) -> Option<C::Output> {
    tokio::select! {
        biased;
        result = connection => Some(result),
        () = end => None,
    }
}
