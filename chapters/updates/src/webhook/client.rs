//! One request over HTTPS: the certificate is checked, nothing is followed, and it ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camino::Utf8Path;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use innkeeper_change::Problem;
use innkeeper_host::{CONFIG_LIMIT, Host};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Webhook;

/// The certificates that the system trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Everything together: name, connection, TLS, request, answer.
const DEADLINE: Duration = Duration::from_secs(30);
/// Headers of the answer; its body is not read.
const ANSWER: usize = 16 * 1024;

/// Sends a message. Errors name the webhook and its server, never its address or token.
///
/// # Errors
/// A server that cannot be reached or is not the one that its certificate should name, and every answer but success.
pub fn post(host: &dyn Host, webhook: &Webhook, body: Vec<u8>) -> Result<(), Problem> {
    let failed =
        |why: String| Problem::failed(format!("webhook '{}' at {}: {why}", webhook.name, webhook.server));
    let path = webhook.ca_file.as_deref().unwrap_or(Utf8Path::new(SYSTEM));
    let roots = roots(host, path).map_err(failed)?;
    // a thread of its own: whoever asks may be a thread of another runtime
    let status = std::thread::scope(|scope| {
        let exchange = scope.spawn(|| run(webhook, roots, body));
        exchange.join().unwrap_or_else(|_| Err("the request was broken off".to_owned()))
    });
    match status.map_err(failed)? {
        status if status.is_success() => Ok(()),
        status if status.is_redirection() => {
            Err(failed(format!("it answers with {}, and redirects are not followed", status.as_u16())))
        }
        status => Err(failed(format!("it answers with {}", status.as_u16()))),
    }
}

fn roots(host: &dyn Host, path: &Utf8Path) -> Result<RootCertStore, String> {
    let pem = host.read(path, CONFIG_LIMIT).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    // a certificate of another make is passed over, as other programs do
    let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    let (trusted, _) = roots.add_parsable_certificates(certificates);
    if trusted == 0 { Err(format!("{path} holds no certificate to trust")) } else { Ok(roots) }
}

fn run(webhook: &Webhook, roots: RootCertStore, body: Vec<u8>) -> Result<StatusCode, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let ended =
        runtime.block_on(async { tokio::time::timeout(DEADLINE, exchange(webhook, roots, body)).await });
    // a name that is still being looked up is not waited for
    runtime.shutdown_background();
    ended.unwrap_or_else(|_| Err(format!("no answer within {} s", DEADLINE.as_secs())))
}

async fn exchange(webhook: &Webhook, roots: RootCertStore, body: Vec<u8>) -> Result<StatusCode, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| said(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(webhook.server.clone()).map_err(|error| said(&error))?;
    let tcp = TcpStream::connect((webhook.server.as_str(), webhook.port)).await;
    let tcp = tcp.map_err(|error| said(&error))?;
    let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| said(&error))?;
    let shaken = Builder::new().max_buf_size(ANSWER).handshake(TokioIo::new(tls)).await;
    let (mut sender, connection) = shaken.map_err(|error| said(&error))?;
    tokio::spawn(connection);
    let mut request = Request::post(webhook.target())
        .header(header::HOST, authority(webhook))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("innkeeper/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close");
    if let Some(token) = webhook.token() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    // the error could show what was sent
    let request =
        request.body(Full::new(Bytes::from(body))).map_err(|_| "it cannot be asked for".to_owned())?;
    Ok(sender.send_request(request).await.map_err(|error| said(&error))?.status())
}

fn authority(webhook: &Webhook) -> String {
    let Webhook { server, port, .. } = webhook;
    let server = if server.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()) {
        format!("[{server}]")
    } else {
        server.clone()
    };
    if *port == 443 { server } else { format!("{server}:{port}") }
}
