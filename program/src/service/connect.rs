//! The way from the proxy to the daemon: HTTP over a Unix socket, on connections that are used again and again.
//!
//! A connection is worked by whoever waits for its answer, not by a task of its own: handing every request from one task
//! to another and back costs as much as the daemon's answer.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use camino::Utf8PathBuf;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use innkeeper_change::Problem;
use tokio::net::UnixStream;
use tokio::time::Instant;

/// Idle connections that are kept.
const IDLE: usize = 64;
/// For so long: the daemon itself closes them later, and a request sent at that moment would be lost.
const IDLE_TIME: Duration = Duration::from_secs(10);

type Ask = Request<Full<Bytes>>;

/// The daemon, as the proxy sees it.
pub(super) struct Daemon {
    socket: Utf8PathBuf,
    /// Headers of an answer, and how much of its body is read at once.
    buffer: usize,
    /// The one used last at the end.
    idle: Mutex<Vec<Link>>,
}

impl Daemon {
    pub(super) fn new(socket: Utf8PathBuf, buffer: usize) -> Arc<Self> {
        Arc::new(Self { socket, buffer, idle: Mutex::new(Vec::new()) })
    }

    /// Asks the daemon. A daemon that is restarted closes connections that nobody uses, perhaps while a request is on its
    /// way: what only reads is asked again then, and what changes something goes on a connection of its own, which there
    /// is no reason to close.
    pub(super) async fn ask(self: &Arc<Self>, request: Ask) -> Result<Response<Answer>, Problem> {
        let can_be_repeated = matches!(*request.method(), Method::GET | Method::HEAD);
        while can_be_repeated && let Some(link) = self.take() {
            if let Ok(response) = self.exchange(link, request.clone()).await {
                return Ok(response);
            }
        }
        let link = self.connect().await?;
        self.exchange(link, request).await.map_err(|error| Problem::failed(error.into_error()))
    }

    async fn exchange(
        self: &Arc<Self>,
        mut link: Link,
        request: Ask,
    ) -> Result<Response<Answer>, TrySendError<Ask>> {
        let response = link.exchange(request).await?;
        let daemon = Arc::clone(self);
        Ok(response.map(|body| Answer { body, link: Some(link), daemon }))
    }

    /// Closes what nobody has used for a while, now and then.
    pub(super) async fn tidy(self: Arc<Self>) {
        loop {
            tokio::time::sleep(IDLE_TIME).await;
            self.idle().retain(|link| link.since.elapsed() < IDLE_TIME);
        }
    }

    async fn connect(&self) -> Result<Link, Problem> {
        let stream = UnixStream::connect(&self.socket).await.map_err(Problem::failed)?;
        let shaken = Builder::new().max_buf_size(self.buffer).handshake(TokioIo::new(stream)).await;
        let (sender, wire) = shaken.map_err(Problem::failed)?;
        Ok(Link { sender, wire: Some(wire), since: Instant::now() })
    }

    fn take(&self) -> Option<Link> {
        let mut idle = self.idle();
        while let Some(mut link) = idle.pop() {
            if link.since.elapsed() < IDLE_TIME && link.is_ready() {
                return Some(link);
            }
        }
        None
    }

    fn give_back(&self, mut link: Link) {
        if link.is_ready() {
            link.since = Instant::now();
            let mut idle = self.idle();
            if idle.len() < IDLE {
                idle.push(link);
            }
        }
    }

    /// A panic elsewhere leaves whole connections behind.
    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection.
struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it is closed.
    wire: Option<Connection<TokioIo<UnixStream>, Full<Bytes>>>,
    since: Instant,
}

impl Link {
    /// Lets the connection read and write.
    fn work(&mut self, cx: &mut Context<'_>) {
        if let Some(wire) = &mut self.wire
            && Pin::new(wire).poll(cx).is_ready()
        {
            self.wire = None;
        }
    }

    /// Whether the next request can be sent.
    fn is_ready(&mut self) -> bool {
        self.work(&mut Context::from_waker(Waker::noop()));
        self.wire.is_some() && self.sender.is_ready()
    }

    async fn exchange(&mut self, request: Ask) -> Result<Response<Incoming>, TrySendError<Ask>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        poll_fn(|cx| {
            self.work(cx);
            answer.as_mut().poll(cx)
        })
        .await
    }
}

/// The body of an answer, with the connection that it comes on.
pub(super) struct Answer {
    body: Incoming,
    link: Option<Link>,
    daemon: Arc<Daemon>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(link) = &mut self.link {
            link.work(cx);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // the rest of an answer that nobody takes must not be the beginning of the next one
        if self.body.is_end_stream()
            && let Some(link) = self.link.take()
        {
            self.daemon.give_back(link);
        }
    }
}
