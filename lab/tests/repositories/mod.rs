//! Package repositories inside a host: a web server, keys and packages made there, signed or not.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use innkeeper_lab::{Error, Host};
use serde_json::Value;

pub(crate) const SOURCES: &str = "/etc/apt/sources.list";

/// Files below /srv/www by HTTP and HTTPS; the product's enterprise repository asks everybody who they are.
const SERVER: &str = r#"
import functools, http.server, ssl, threading
class Files(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if not self.path.startswith('/debian/pve/'):
            return super().do_GET()
        self.send_response(401)
        self.send_header('WWW-Authenticate', 'Basic realm="Enterprise"')
        self.send_header('Content-Length', '0')
        self.end_headers()
    do_HEAD = do_GET
files = functools.partial(Files, directory='/srv/www')
plain = http.server.ThreadingHTTPServer(('127.0.0.1', 80), files)
tls = http.server.ThreadingHTTPServer(('127.0.0.1', 443), files)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/root/server.pem')
tls.socket = context.wrap_socket(tls.socket, server_side=True)
threading.Thread(target=plain.serve_forever).start()
tls.serve_forever()
"#;

/// `key NAME` makes a key, `/srv/keys/NAME.gpg` is its public part. `package REPOSITORY NAME VERSION [FIELD]...` puts a package
/// there; its files are those of the folder `/root/files/NAME`. `release REPOSITORY [FIELD]...` makes the lists of suite
/// bookworm, and `sign REPOSITORY KEY [OPTION]...` signs them.
const TOOLS: &str = r#"
set -e
export GNUPGHOME=/root/gnupg; mkdir -p -m 700 $GNUPGHOME
key() {
  gpg --batch --quiet --passphrase '' --quick-generate-key "$1 <$1@example.org>" ed25519 sign never
  gpg --export $1@example.org >/srv/keys/$1.gpg
}
package() {
  local repository=$1 name=$2 version=$3 files=/root/files/$2; shift 3
  mkdir -p /srv/www/$repository/pool $files/DEBIAN
  { printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Lab <lab@example.org>\n' $name $version
    for field; do echo "$field"; done; echo 'Description: a package'; } >$files/DEBIAN/control
  dpkg-deb --root-owner-group --build $files /srv/www/$repository/pool/${name}_${version}_all.deb >/dev/null
}
release() {
  cd /srv/www/$1; shift
  mkdir -p dists/bookworm/main/binary-amd64
  apt-ftparchive packages pool >dists/bookworm/main/binary-amd64/Packages
  rm -f dists/bookworm/*Release
  local field options=(); for field in Origin=Lab Label=Lab Suite=bookworm Codename=bookworm Architectures=amd64 Components=main
  do options+=(-o APT::FTPArchive::Release::$field); done
  apt-ftparchive "${options[@]}" release dists/bookworm >/root/Release && mv /root/Release dists/bookworm/
  for field; do sed -i "/^${field%%:*}:/d; 1i $field" dists/bookworm/Release; done
}
sign() {
  cd /srv/www/$1/dists/bookworm; shift; local key=$1; shift
  gpg --batch --quiet --yes --local-user $key@example.org "$@" --clearsign --output InRelease Release
}
"#;

/// Names and a certificate for the server, and the server.
const SERVE: &str = r#"
echo '127.0.0.1 repo.example.org enterprise.proxmox.com' >>/etc/hosts
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=enterprise.proxmox.com \
  -addext subjectAltName=DNS:enterprise.proxmox.com -keyout /root/server.pem -out /root/server.crt 2>/dev/null
cat /root/server.crt >>/root/server.pem
cat /root/server.crt >>/etc/ssl/certs/ca-certificates.crt
mkdir -p /srv/www/debian /srv/keys
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
systemd-run --quiet --unit=www python3 /root/server.py
"#;

/// Starts the web server; no repository is configured any more.
pub(crate) fn serve(host: &Host) -> Result<(), Error> {
    host.write("/root/server.py", SERVER)?;
    host.write("/root/tools.sh", TOOLS)?;
    host.run(SERVE)?;
    host.wait_until("the web server", Duration::from_secs(60), || {
        Ok(host.output("curl --silent --fail http://repo.example.org/debian/")?.success())
    })
}

/// Runs lines of shell that know the tools to make repositories.
pub(crate) fn make(host: &Host, lines: &str) -> Result<String, Error> {
    host.write("/root/make.sh", format!(". /root/tools.sh\n{lines}\n"))?;
    host.run("bash /root/make.sh")
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What the health checks find under this name.
pub(crate) fn findings(host: &Host, id: &str) -> Result<Vec<Value>, Error> {
    let all = json(&host.run("innkeeper checks --output-format json || true")?);
    Ok(all.as_array().unwrap().iter().filter(|one| one["id"] == id).cloned().collect())
}
