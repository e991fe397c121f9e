//! A client over TLS that keeps its connection, as a browser does.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use crate::Outcome;

/// Nobody waits longer for a page.
const PATIENCE: Duration = Duration::from_secs(30);

type Wire = StreamOwned<ClientConnection, TcpStream>;

/// One browser.
pub(crate) struct Browser {
    address: String,
    /// A whole header line that says who this is.
    header: String,
    config: Arc<ClientConfig>,
    wire: Option<Wire>,
    /// Connections made so far.
    pub(crate) handshakes: u64,
}

/// Settings that all browsers can share.
pub(crate) fn config() -> Arc<ClientConfig> {
    let config = ClientConfig::builder().dangerous();
    Arc::new(config.with_custom_certificate_verifier(Arc::new(AnyCertificate)).with_no_client_auth())
}

/// What became of a request on a connection.
enum Exchange {
    Answered(u16, Vec<u8>),
    /// The server had closed the connection, which it may do at any time between two requests.
    Stale,
}

impl Browser {
    pub(crate) fn new(address: &str, header: &str, config: &Arc<ClientConfig>) -> Self {
        Self {
            address: address.to_owned(),
            header: header.to_owned(),
            config: Arc::clone(config),
            wire: None,
            handshakes: 0,
        }
    }

    /// Asks, and must be answered with 200; how long that took, connecting included, and the answer.
    pub(crate) fn ask(&mut self, verb: &str, path: &str, form: &str) -> Outcome<(Duration, Vec<u8>)> {
        let begin = Instant::now();
        let failed = |why: String| format!("{verb} {path}: {why}");
        let reused = self.wire.take().filter(|wire| !is_closed(wire));
        let (mut wire, used) = match reused {
            Some(wire) => (wire, true),
            None => (self.connect().map_err(failed)?, false),
        };
        let request = self.request(verb, path, form);
        let mut exchange = exchange(&mut wire, &request).map_err(failed)?;
        if matches!(exchange, Exchange::Stale) && used {
            wire = self.connect().map_err(failed)?;
            exchange = self::exchange(&mut wire, &request).map_err(failed)?;
        }
        match exchange {
            Exchange::Answered(200, body) => {
                self.wire = Some(wire);
                Ok((begin.elapsed(), body))
            }
            Exchange::Answered(status, body) => {
                Err(failed(format!("{status} {}", String::from_utf8_lossy(&body))))
            }
            Exchange::Stale => Err(failed("the connection was closed without an answer".to_owned())),
        }
    }

    /// The next request makes a new connection.
    pub(crate) fn leave(&mut self) {
        self.wire = None;
    }

    fn request(&self, verb: &str, path: &str, form: &str) -> Vec<u8> {
        let Self { address, header, .. } = self;
        let body = match form {
            "" => String::new(),
            form => format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                form.len()
            ),
        };
        format!("{verb} {path} HTTP/1.1\r\nHost: {address}\r\n{header}\r\n{body}\r\n{form}").into_bytes()
    }

    fn connect(&mut self) -> Outcome<Wire> {
        let stream = TcpStream::connect(&self.address).map_err(|error| format!("not connected: {error}"))?;
        let set = stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
        set.map_err(|error| error.to_string())?;
        let name = ServerName::try_from("localhost").map_err(|error| error.to_string())?;
        let tls = ClientConnection::new(Arc::clone(&self.config), name).map_err(|error| error.to_string())?;
        self.handshakes += 1;
        Ok(StreamOwned::new(tls, stream))
    }
}

/// Between requests a server has nothing to say but goodbye.
fn is_closed(wire: &Wire) -> bool {
    let stream = &wire.sock;
    let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    let waits = matches!(&peeked, Err(error) if error.kind() == ErrorKind::WouldBlock);
    !waits || stream.set_nonblocking(false).is_err()
}

fn exchange(wire: &mut Wire, request: &[u8]) -> Outcome<Exchange> {
    if wire.write_all(request).and_then(|()| wire.flush()).is_err() {
        return Ok(Exchange::Stale);
    }
    let (mut said, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        if let Some(answer) = whole(&said)? {
            return Ok(answer);
        }
        match wire.read(&mut piece) {
            Ok(length) if length > 0 => said.extend_from_slice(&piece[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(format!("no answer in {} s", PATIENCE.as_secs()));
            }
            _ if said.is_empty() => return Ok(Exchange::Stale),
            _ => return Err("the answer ended early".to_owned()),
        }
    }
}

/// Status and body, once all of it has come.
fn whole(said: &[u8]) -> Outcome<Option<Exchange>> {
    let Some(end) = said.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&said[..end]).to_ascii_lowercase();
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or("an answer without status")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize =
        length.and_then(|text| text.trim().parse().ok()).ok_or("an answer without its length")?;
    let body = &said[end + 4..];
    Ok((body.len() >= length).then(|| Exchange::Answered(status, body[..length].to_vec())))
}

/// The measured server signs its own certificate.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_length_has_come() {
        let said = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert!(matches!(whole(said), Ok(Some(Exchange::Answered(200, body))) if body == b"abc"));
        assert!(matches!(whole(&said[..said.len() - 1]), Ok(None)));
        assert!(matches!(whole(b"HTTP/1.1 200"), Ok(None)));
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
