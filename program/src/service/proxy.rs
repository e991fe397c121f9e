//! The proxy: TLS, pages, limits; no authority.

use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use camino::Utf8PathBuf;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use innkeeper_change::Problem;
use innkeeper_host::RealHost;
use innkeeper_rest::http::PEER_HEADER;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::connect::Daemon;
use super::{ProxyOptions, certificate, daemon, pages};

/// Connections at a time; more wait in the kernel's queue.
const CONNECTIONS: usize = 1024;
/// A client that does not finish its handshake or its headers in this time goes.
const PATIENCE: Duration = Duration::from_secs(10);
/// The daemon takes no body larger than half of this; what comes beyond is cut off here.
const BODY_LIMIT: usize = 1024 * 1024;
/// How much of a body that is too large is read and thrown away before the answer.
const DISCARD_LIMIT: usize = 64 * 1024 * 1024;
/// A whole body comes within this time.
const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// Headers of one request.
const HEADERS: usize = 64;
/// The daemon's slowest answers are changes that the caller waits for.
const ANSWER_DEADLINE: Duration = Duration::from_secs(600);
/// Requests under way at the end get this long.
const GRACE: Duration = Duration::from_secs(10);

type Body = BoxBody<Bytes, hyper::Error>;
type DaemonClient = Client<Daemon, Full<Bytes>>;

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
    super::runtime()?.block_on(listen(options.listen, options.socket.clone(), tls))
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

async fn listen(
    address: SocketAddr,
    socket: Utf8PathBuf,
    tls: Arc<rustls::ServerConfig>,
) -> Result<(), Problem> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Problem::failed(format!("cannot listen on {address}: {error}")))?;
    let bound = listener.local_addr().map_err(Problem::failed)?;
    daemon::say_ready(&bound.to_string())?;
    let front = Arc::new(Front { acceptor: TlsAcceptor::from(tls), client: client(socket) });
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = Arc::new(GracefulShutdown::new());
    let mut end = std::pin::pin!(super::asked_to_end());
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = &mut end => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut end => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (front, watcher) = (Arc::clone(&front), graceful.watcher());
                tokio::spawn(async move {
                    front.serve(stream, peer, watcher).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    if let Some(graceful) = Arc::into_inner(graceful) {
        let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    }
    Ok(())
}

fn client(socket: Utf8PathBuf) -> DaemonClient {
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(64).build(Daemon { socket })
}

/// What every connection needs.
struct Front {
    acceptor: TlsAcceptor,
    client: DaemonClient,
}

impl Front {
    async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        // small answers must not wait for Nagle's timer
        let _ = stream.set_nodelay(true);
        if !speaks_tls(&stream).await {
            return refuse_plain_http(stream).await;
        }
        let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, self.acceptor.accept(stream)).await else {
            return;
        };
        let service = service_fn(move |request| {
            let front = Arc::clone(&self);
            async move { Ok::<_, Infallible>(front.answer(request, peer).await) }
        });
        let mut server = hyper::server::conn::http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_headers(HEADERS);
        let connection = watcher.watch(server.serve_connection(TokioIo::new(stream), service));
        if let Err(error) = connection.await {
            tracing::debug!(%error, %peer, "a connection ended early");
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let mut response = if request.uri().path().starts_with("/api2/") {
            match self.forward(request, peer).await {
                Ok(response) => response.map(BodyExt::boxed),
                Err((status, message)) => whole(pages::text(status, message)),
            }
        } else if matches!(*request.method(), http::Method::GET | http::Method::HEAD) {
            whole(pages::answer(request.uri().path()))
        } else {
            whole(pages::text(StatusCode::METHOD_NOT_ALLOWED, "Pages can only be read.\n"))
        };
        pages::secure(&mut response);
        response
    }

    /// Hands a request to the daemon, with the peer's address and without what only this proxy may say.
    async fn forward(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response<Incoming>, (StatusCode, &'static str)> {
        let (mut parts, body) = request.into_parts();
        let body = collect(body).await?;
        for name in HOP_BY_HOP {
            parts.headers.remove(name);
        }
        if let Ok(value) = HeaderValue::from_str(&peer.ip().to_string()) {
            parts.headers.insert(HeaderName::from_static(PEER_HEADER), value);
        }
        parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
        let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let uri = http::Uri::builder().scheme("http").authority("daemon").path_and_query(path).build();
        parts.uri = uri.map_err(|_| (StatusCode::BAD_REQUEST, "The path cannot be understood.\n"))?;
        parts.version = http::Version::HTTP_11;
        let request = Request::from_parts(parts, Full::new(body));
        match tokio::time::timeout(ANSWER_DEADLINE, self.client.request(request)).await {
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
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::PROXY_AUTHORIZATION,
];

async fn collect(body: Incoming) -> Result<Bytes, (StatusCode, &'static str)> {
    match tokio::time::timeout(BODY_DEADLINE, read(body)).await {
        Ok(Ok(Some(body))) => Ok(body),
        Ok(Ok(None)) => Err((StatusCode::PAYLOAD_TOO_LARGE, "The request's body is too large.\n")),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "The request's body ended early.\n")),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "The request's body did not come in time.\n")),
    }
}

/// The whole body; `None` when it is too large. What is too large is still read for a while and thrown away: a client
/// that is cut off while it sends never gets to see the answer.
async fn read(mut body: Incoming) -> Result<Option<Bytes>, hyper::Error> {
    let (mut kept, mut length) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length += data.len();
        if length <= BODY_LIMIT {
            kept.extend_from_slice(&data);
        } else if length > DISCARD_LIMIT {
            break;
        }
    }
    Ok((length <= BODY_LIMIT).then(|| kept.freeze()))
}

fn whole(response: Response<Full<Bytes>>) -> Response<Body> {
    response.map(|body| body.map_err(|never| match never {}).boxed())
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
