//! The certificate that the proxy shows.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError, Permissions};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::Digest;

/// No certificate or key is longer than this.
const LIMIT: u64 = 1024 * 1024;
const LOCK: &str = "/run/lock/innkeeper-certificate.lck";
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
/// Group of the unprivileged proxy on Debian.
pub(super) const PROXY_GROUP: &str = "www-data";

/// Certificate chain and key as PEM.
pub(super) struct Certificate {
    pub(super) chain: String,
    pub(super) key: String,
}

impl Certificate {
    /// Both in one text, as the proxy takes it on standard input.
    pub(super) fn to_pem(&self) -> String {
        format!("{}\n{}\n", self.chain.trim_end(), self.key.trim_end())
    }

    /// The SHA-256 fingerprint of the first certificate as browsers show it.
    pub(super) fn fingerprint(&self) -> Result<String, Problem> {
        let first = CertificateDer::from_pem_slice(self.chain.as_bytes())
            .map_err(|error| Problem::failed(format!("the certificate cannot be read: {error}")))?;
        let hex: Vec<String> =
            sha2::Sha256::digest(&first).iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(hex.join(":"))
    }
}

/// Reads the certificate that the administrator installed, else the node's own.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(super) fn read(host: &dyn Host) -> Result<Certificate, Problem> {
    for name in ["pveproxy-ssl", "pve-ssl"] {
        match host.read(&path(name, "pem"), LIMIT) {
            Ok(chain) => {
                let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(Problem::failed);
                return Ok(Certificate {
                    chain: text(chain)?,
                    key: text(host.read(&path(name, "key"), LIMIT)?)?,
                });
            }
            Err(HostError::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(Problem::failed(format!("there is no certificate: {} is missing", path("pve-ssl", "pem"))))
}

fn path(name: &str, suffix: &str) -> Utf8PathBuf {
    format!("/etc/pve/local/{name}.{suffix}").into()
}

/// Makes a self-signed certificate for this node unless it has one.
///
/// # Errors
/// When it cannot be made or written.
pub(super) fn ensure(host: &dyn Host, group: Option<u32>) -> Result<Certificate, Problem> {
    // daemon and proxy are started side by side: two that make one at once would leave a key of one and a certificate
    // of the other
    let _making = host.lock(Utf8Path::new(LOCK), LOCK_TIMEOUT)?;
    match read(host) {
        Ok(certificate) => return Ok(certificate),
        Err(problem) if host.metadata(&path("pve-ssl", "pem"))?.is_some() => return Err(problem),
        Err(_) => {}
    }
    let node = host.node_name();
    let names = vec![node.clone(), "localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let failed = |error: rcgen::Error| Problem::failed(format!("no certificate could be made: {error}"));
    let mut params = rcgen::CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, node);
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "Innkeeper, self-signed");
    let (from, until) = validity(host.now())?;
    (params.not_before, params.not_after) = (from, until);
    let key = rcgen::KeyPair::generate().map_err(failed)?;
    let signed = params.self_signed(&key).map_err(failed)?;
    let certificate = Certificate { chain: signed.pem(), key: key.serialize_pem() };
    let permissions = Permissions { mode: 0o640, owner: group.map(|group| (0, group)) };
    // the key first: a certificate without its key would stop the proxy at every start
    host.write_own(&path("pve-ssl", "key"), certificate.key.as_bytes(), permissions)?;
    host.write_own(&path("pve-ssl", "pem"), certificate.chain.as_bytes(), permissions)?;
    Ok(certificate)
}

/// Two years, as the original's node certificates; from a day ago, so that a clock that is a little off does no harm.
fn validity(now: i64) -> Result<(time::OffsetDateTime, time::OffsetDateTime), Problem> {
    const DAY: i64 = 24 * 60 * 60;
    let at = |seconds| time::OffsetDateTime::from_unix_timestamp(seconds).map_err(Problem::failed);
    Ok((at(now - DAY)?, at(now + 730 * DAY)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]
mod tests {
    use super::*;

    use innkeeper_host::RealHost;
    use rustls::crypto::aws_lc_rs::sign::any_supported_type;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::sign::CertifiedKey;

    #[test]
    fn services_that_start_at_once_make_one_certificate_with_its_key() {
        let tree = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(tree.path()).unwrap();
        let permissions = Permissions { mode: 0o755, owner: None };
        RealHost::rooted(root).unwrap().make_dirs("/etc/pve/local".into(), permissions).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| ensure(&RealHost::rooted(root).unwrap(), None).map(drop).unwrap());
            }
        });
        let made = read(&RealHost::rooted(root).unwrap()).unwrap();
        let chain = vec![CertificateDer::from_pem_slice(made.chain.as_bytes()).unwrap()];
        let key = any_supported_type(&PrivateKeyDer::from_pem_slice(made.key.as_bytes()).unwrap()).unwrap();
        CertifiedKey::new(chain, key).keys_match().unwrap();
    }
}
