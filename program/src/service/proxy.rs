//! The proxy: TLS, pages, limits; no authority.

use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use camino::Utf8PathBuf;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use innkeeper_change::Problem;
use innkeeper_host::RealHost;
use innkeeper_rest::http::PEER_HEADER;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_rustls::TlsAcceptor;

use super::closing::{self, Closing, Guest, Patience};
use super::connect::{Answer, Daemon};
use super::patient::Patient;
use super::places::{Places, Progress};
use super::{ProxyOptions, certificate, daemon, manager, pages};

/// Connections at a time. Who comes then takes the place of one that is silent.
const CONNECTIONS: usize = 1024;
/// A client that does not finish its handshake or its headers in this time goes.
const PATIENCE: Duration = Duration::from_secs(10);
/// The daemon takes no body larger than this; what comes beyond is cut off here.
const BODY_LIMIT: usize = 512 * 1024;
/// A body up to this size can come on every connection at once; of larger ones only so many at a time.
const SMALL_BODY: usize = 16 * 1024;
const LARGE_BODIES: usize = 16;
/// How much of a body that is too large is read and thrown away before the answer.
const DISCARD_LIMIT: usize = 64 * 1024 * 1024;
/// How much of a request whose headers are too large, or make no sense, and for how long.
const DISCARD_HEADERS: usize = 4 * 1024 * 1024;
const DISCARD_TIME: Duration = Duration::from_secs(2);
/// A whole body comes within this time.
const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// A client that takes nothing of its answer for so long goes.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// Headers of one request.
const HEADERS: usize = 64;
/// Request line and headers of one request, and what is buffered in either direction of a connection: this many bytes
/// for each of all connections must not be much.
const BUFFER: usize = 16 * 1024;
/// The daemon's slowest answers are changes that the caller waits for.
const ANSWER_DEADLINE: Duration = Duration::from_secs(600);
/// A new connection whose client is slow is worth waiting for: it has no other chance, and there is an end to it. Most of
/// the rest is for answers that are under way.
const AT_THE_END: Patience =
    Patience { used: Duration::from_secs(1), fresh: PATIENCE, all: Duration::from_secs(75) };

type Body = UnsyncBoxBody<Bytes, hyper::Error>;
type Refusal = (StatusCode, &'static str);

/// Serves HTTPS until asked to end.
///
/// # Errors
/// When there is no certificate, or the address cannot be had.
pub(crate) fn proxy(options: &ProxyOptions) -> Result<(), Problem> {
    super::log_to_stderr();
    let (chain, key) = if options.certificate_stdin {
        let mut pem = String::new();
        std::io::stdin().read_to_string(&mut pem).map_err(Problem::failed)?;
        (pem.clone(), pem)
    } else {
        let read = certificate::read(&RealHost::new())?;
        (read.chain, read.key)
    };
    let tls = tls_config(&chain, &key)?;
    super::runtime()?.block_on(listen(options.clone(), tls))
}

/// Reads the certificate anew. One that cannot be used leaves the old one in place.
fn reload(options: &ProxyOptions, front: &Front) {
    manager::tell_reloading();
    let read = || certificate::read(&RealHost::new()).and_then(|read| tls_config(&read.chain, &read.key));
    if options.certificate_stdin {
        tracing::warn!("the certificate came by standard input: it cannot be read again");
    } else {
        match read() {
            Ok(tls) => front.show(tls),
            Err(problem) => tracing::error!(%problem, "the certificate stays as it was"),
        }
    }
    manager::tell("READY=1");
}

fn tls_config(chain: &str, key: &str) -> Result<Arc<rustls::ServerConfig>, Problem> {
    let bad = |what: &str, error: &dyn std::fmt::Display| {
        Problem::failed(format!("the {what} cannot be used: {error}"))
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| bad("certificate", &error))?;
    let key =
        PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| bad("certificate's key", &error))?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| bad("certificate", &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Problem::failed(format!("cannot listen on {address}: {error}")))
}

async fn listen(options: ProxyOptions, tls: Arc<rustls::ServerConfig>) -> Result<(), Problem> {
    let mut end = std::pin::pin!(super::asked_to_end());
    let listener = match manager::tcp_listener()? {
        Some(listener) => listener,
        None => bind(options.listen).await?,
    };
    let bound = listener.local_addr().map_err(Problem::failed)?;
    daemon::say_ready(&bound.to_string())?;
    manager::keep_watchdog_calm();
    let front = Arc::new(Front::new(tls, options.socket.clone()));
    tokio::spawn(Arc::clone(&front.daemon).tidy());
    let places = Places::new(CONNECTIONS);
    let closing = Closing::new();
    let mut hangup = signal(SignalKind::hangup()).map_err(Problem::failed)?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = hangup.recv() => {
                reload(&options, &front);
                continue;
            }
            () = &mut end => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (front, guest) = (Arc::clone(&front), closing.guest());
                let place = places.take(peer.ip());
                tokio::spawn(async move {
                    tokio::select! {
                        () = front.serve(stream, peer, place.progress(), guest) => {}
                        () = place.wanted() => tracing::debug!(%peer, "a connection gave its place to another"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    manager::tell("STOPPING=1");
    // who comes now is served by the next process
    drop(listener);
    closing.wait(AT_THE_END).await;
    Ok(())
}

/// What every connection needs.
struct Front {
    acceptor: RwLock<TlsAcceptor>,
    daemon: Arc<Daemon>,
    large_bodies: Semaphore,
}

impl Front {
    fn new(tls: Arc<rustls::ServerConfig>, socket: Utf8PathBuf) -> Self {
        Self {
            acceptor: RwLock::new(TlsAcceptor::from(tls)),
            daemon: Daemon::new(socket, BUFFER),
            large_bodies: Semaphore::new(LARGE_BODIES),
        }
    }

    /// From now on shows another certificate.
    fn show(&self, tls: Arc<rustls::ServerConfig>) {
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = TlsAcceptor::from(tls);
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, progress: Progress, guest: Guest) {
        // small answers must not wait for Nagle's timer
        let _ = stream.set_nodelay(true);
        if !speaks_tls(&stream).await {
            return refuse_plain_http(stream).await;
        }
        let rest = stream.as_fd().try_clone_to_owned();
        let stream = Patient::new(stream, WRITE_PATIENCE);
        let acceptor = self.acceptor();
        let handshake = acceptor.accept_with(stream, |tls| tls.set_buffer_limit(Some(BUFFER)));
        let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, handshake).await else {
            return;
        };
        let noted = guest.clone();
        let service = service_fn(move |request| {
            let (front, progress, noted) = (Arc::clone(&self), progress.clone(), noted.clone());
            async move {
                let mut response = front.answer(request, peer, &progress).await;
                if noted.is_last_answer() {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut server = hyper::server::conn::http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        server.max_headers(HEADERS).max_buf_size(BUFFER);
        let connection = server.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = closing::serve(connection, guest, AT_THE_END).await {
            tracing::debug!(%error, %peer, "a connection ended early");
            if error.is_parse()
                && let Ok(rest) = rest
            {
                discard(rest).await;
            }
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        progress: &Progress,
    ) -> Response<Body> {
        let mut response = if let Err(refusal) = unambiguous(&request) {
            refuse(refusal)
        } else if request.uri().path().starts_with("/api2/") {
            match self.forward(request, peer, progress).await {
                Ok(response) => response.map(BodyExt::boxed_unsync),
                Err(refusal) => refuse(refusal),
            }
        } else if matches!(*request.method(), http::Method::GET | http::Method::HEAD) {
            whole(pages::answer(request.uri().path()))
        } else {
            refuse((StatusCode::METHOD_NOT_ALLOWED, "Pages can only be read.\n"))
        };
        pages::secure(&mut response);
        response
    }

    /// The whole body, with the right to hold a large one.
    async fn collect(&self, body: Incoming) -> Result<(Bytes, Option<SemaphorePermit<'_>>), Refusal> {
        if body.is_end_stream() {
            return Ok((Bytes::new(), None));
        }
        let late = (StatusCode::REQUEST_TIMEOUT, "The request's body did not come in time.\n");
        tokio::time::timeout(BODY_DEADLINE, self.read(body)).await.unwrap_or(Err(late))
    }

    /// What is refused is still read for a while and thrown away: a client that is cut off while it sends never gets to
    /// see the answer.
    async fn read(&self, mut body: Incoming) -> Result<(Bytes, Option<SemaphorePermit<'_>>), Refusal> {
        let (mut kept, mut length, mut large, mut refusal) = (BytesMut::new(), 0, None, None);
        while let Some(frame) = body.frame().await {
            let early = |_| (StatusCode::BAD_REQUEST, "The request's body ended early.\n");
            let Ok(data) = frame.map_err(early)?.into_data() else { continue };
            length += data.len();
            if length > SMALL_BODY && large.is_none() && refusal.is_none() {
                large = self.large_bodies.try_acquire().ok();
                if large.is_none() {
                    let busy = "Too many large requests at a time: try again in a moment.\n";
                    refusal = Some((StatusCode::TOO_MANY_REQUESTS, busy));
                }
            }
            if length > BODY_LIMIT {
                refusal = Some((StatusCode::PAYLOAD_TOO_LARGE, "The request's body is too large.\n"));
            }
            if refusal.is_none() {
                kept.extend_from_slice(&data);
            } else {
                (kept, large) = (BytesMut::new(), None);
            }
            if length > DISCARD_LIMIT {
                break;
            }
        }
        refusal.map_or(Ok((kept.freeze(), large)), Err)
    }

    /// Hands a request to the daemon, with the peer's address and without what only this proxy may say.
    async fn forward(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        progress: &Progress,
    ) -> Result<Response<Answer>, Refusal> {
        let (mut parts, body) = request.into_parts();
        let (body, _large) = self.collect(body).await?;
        let _busy = progress.busy();
        for name in HOP_BY_HOP {
            parts.headers.remove(name);
        }
        parts.headers.remove(PEER_HEADER);
        if let Ok(value) = HeaderValue::from_str(&peer.ip().to_string()) {
            parts.headers.insert(HeaderName::from_static(PEER_HEADER), value);
        }
        parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
        if let Some(path) = parts.uri.path_and_query().filter(|_| parts.uri.authority().is_some()) {
            // the daemon is told what it is asked for, not of whom
            parts.uri = path.clone().into();
        }
        parts.version = http::Version::HTTP_11;
        let request = Request::from_parts(parts, Full::new(body));
        match tokio::time::timeout(ANSWER_DEADLINE, self.daemon.ask(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the daemon does not answer");
                Err((
                    StatusCode::BAD_GATEWAY,
                    "The daemon does not answer. Is it running? Its log says why not.\n",
                ))
            }
            Err(_) => Err((StatusCode::GATEWAY_TIMEOUT, "The daemon did not answer in time.\n")),
        }
    }
}

/// Headers that belong to one connection (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
];

/// Refuses what another server before this one might have read in another way: where its client's request ends, and
/// for whom it is. The original's clients send neither.
fn unambiguous(request: &Request<Incoming>) -> Result<(), Refusal> {
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Err((StatusCode::LENGTH_REQUIRED, "Send the body's length, and the body in one piece.\n"));
    }
    if !request.uri().path().starts_with('/') {
        return Err((StatusCode::BAD_REQUEST, "The path cannot be understood.\n"));
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), None) => Ok(()),
        (None, _) if request.version() == http::Version::HTTP_10 => Ok(()),
        _ => Err((StatusCode::BAD_REQUEST, "A request has one Host header.\n")),
    }
}

/// After a refusal nothing more is read from the connection: it could be the rest of what was refused.
fn refuse((status, message): Refusal) -> Response<Body> {
    let mut response = whole(pages::text(status, message));
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn whole(response: Response<Full<Bytes>>) -> Response<Body> {
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

/// Throws away what is still to come from a client that was told why it is refused: one that is cut off while it sends never
/// gets to see that.
async fn discard(rest: OwnedFd) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = TcpStream::from_std(rest.into()) else { return };
    let all = async {
        let _ = stream.shutdown().await;
        let (mut buffer, mut length) = ([0; 4096], 0);
        while length < DISCARD_HEADERS
            && let Ok(read @ 1..) = stream.read(&mut buffer).await
        {
            length += read;
        }
    };
    let _ = tokio::time::timeout(DISCARD_TIME, all).await;
}

/// The first byte of a TLS connection is that of a handshake record.
async fn speaks_tls(stream: &TcpStream) -> bool {
    const HANDSHAKE: u8 = 0x16;
    let mut first = [0];
    !matches!(tokio::time::timeout(PATIENCE, stream.peek(&mut first)).await, Ok(Ok(1)) if first[0] != HANDSHAKE)
}

async fn refuse_plain_http(mut stream: TcpStream) {
    use tokio::io::AsyncWriteExt;
    const ANSWER: &[u8] =
        b"HTTP/1.1 400 This port speaks HTTPS\r\nContent-Type: text/plain\r\nConnection: close\r\n\
        Content-Length: 41\r\n\r\nThis port speaks HTTPS: use https:// URLs";
    let _ = stream.write_all(ANSWER).await;
    let _ = stream.shutdown().await;
}
