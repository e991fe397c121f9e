//! Webhooks against real servers on the loopback interface: over TLS, and with everything that servers do wrong.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees and servers themselves; a failing fixture is a failing test"
)]

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_config::SectionFile;
use innkeeper_host::{Host, RealHost};
use innkeeper_updates::model::{Fate, Update};
use innkeeper_updates::notify::tell;
use innkeeper_updates::webhook::{Webhook, post, webhooks};
use innkeeper_updates::{cache, checks};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        tree.write("etc/hostname", "pve1\n");
        tree.write("var/cache/apt/pkgcache.bin", "");
        tree.write("var/lib/dpkg/status", "");
        // the kept list is newer than what it depends on, by more than one step of the files' clock
        let status = fs::File::options().write(true).open(tree.0.path().join("var/lib/dpkg/status"));
        status.unwrap().set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn host(&self) -> RealHost {
        RealHost::rooted(Utf8Path::from_path(self.0.path()).unwrap()).unwrap()
    }
}

/// A server that takes one connection, answers what it is told to, and gives the request that it got.
fn serve(answer: &'static str) -> (u16, String, JoinHandle<String>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        let mut tls = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), tcp);
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while !whole(&request) {
            match tls.read(&mut chunk) {
                Ok(0) | Err(_) => break,
                Ok(read) => request.extend_from_slice(&chunk[..read]),
            }
        }
        let _ = tls.write_all(answer.as_bytes());
        tls.conn.send_close_notify();
        let _ = tls.flush();
        String::from_utf8_lossy(&request).into_owned()
    });
    (port, made.cert.pem(), server)
}

fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn webhook(port: u16) -> Webhook {
    let text = format!(
        "webhook: chat\n\turl https://localhost:{port}/hooks/T0K3N\n\ttoken s3cret\n\tca-file /etc/ca.pem\n"
    );
    Webhook::of(&SectionFile::parse(text).sections()[0]).unwrap()
}

/// UPD-02
#[test]
fn a_webhook_is_told_over_tls_with_its_token() {
    let (port, certificate, server) = serve("HTTP/1.1 204 No Content\r\n\r\n");
    let tree = Tree::new();
    tree.write("etc/ca.pem", &certificate);
    post(&tree.host(), &webhook(port), b"{\"text\":\"hello\"}".to_vec()).unwrap();
    let request = server.join().unwrap();
    assert!(request.starts_with("POST /hooks/T0K3N HTTP/1.1\r\n"), "{request}");
    for part in [
        format!("host: localhost:{port}\r\n"),
        "authorization: Bearer s3cret\r\n".to_owned(),
        "content-type: application/json\r\n".to_owned(),
        "\r\n\r\n{\"text\":\"hello\"}".to_owned(),
    ] {
        assert!(request.contains(&part), "{part} is not in {request}");
    }
}

/// UPD-02
#[test]
fn whatever_is_no_success_is_an_error_that_gives_no_secret_away() {
    let answers = [
        (
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example.org/T0K3N\r\n\r\n",
            "redirects are not followed",
        ),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nT0K3N!", "answers with 403"),
        ("nonsense\r\n\r\n", ""),
        ("", ""),
    ];
    for (answer, said) in answers {
        let (port, certificate, server) = serve(answer);
        let tree = Tree::new();
        tree.write("etc/ca.pem", &certificate);
        let why = post(&tree.host(), &webhook(port), b"{}".to_vec()).unwrap_err().to_string();
        assert!(why.starts_with("webhook 'chat' at localhost: ") && why.contains(said), "{why}");
        assert!(!why.contains("T0K3N") && !why.contains("s3cret"), "{why}");
        server.join().unwrap();
    }
    let tree = Tree::new();
    let (_, certificate, _) = serve("");
    tree.write("etc/ca.pem", &certificate);
    let nobody = post(&tree.host(), &webhook(1), b"{}".to_vec()).unwrap_err().to_string();
    assert!(nobody.contains("refused"), "{nobody}");
}

/// UPD-02
#[test]
fn a_server_without_a_trusted_certificate_is_told_nothing() {
    let (port, _, server) = serve("HTTP/1.1 204 No Content\r\n\r\n");
    let (_, other, _) = serve("");
    let tree = Tree::new();
    tree.write("etc/ca.pem", &other);
    let why = post(&tree.host(), &webhook(port), b"{}".to_vec()).unwrap_err().to_string();
    assert!(why.contains("certificate"), "{why}");
    assert_eq!(server.join().unwrap(), "", "not a byte of the request was sent");
    tree.write("etc/ca.pem", "nothing");
    let why = post(&tree.host(), &webhook(port), b"{}".to_vec()).unwrap_err().to_string();
    assert!(why.contains("/etc/ca.pem holds no certificate to trust"), "{why}");
}

fn update(package: &str, version: &str) -> Update {
    let text = String::new;
    Update {
        package: package.to_owned(),
        title: text(),
        description: text(),
        origin: "Debian".to_owned(),
        section: text(),
        arch: "amd64".to_owned(),
        priority: text(),
        version: version.to_owned(),
        old_version: Some("1".to_owned()),
        notify_status: None,
        action: Fate::Upgrade,
        security: true,
        size: 0,
        installed_size: 0,
    }
}

/// UPD-02: each webhook is told about each version once, whatever becomes of the others
#[test]
fn each_webhook_is_told_once_and_a_failing_one_again() {
    let tree = Tree::new();
    tree.write(
        "etc/pve/priv/webhooks.cfg",
        "webhook: good\n\turl https://a.example.org/x\n\nwebhook: bad\n\turl https://b.example.org/x\n\n\
         webhook: off\n\turl https://c.example.org/x\n\tdisable 1\n",
    );
    let told = RefCell::new(Vec::new());
    let broken = RefCell::new(true);
    let send = |_: &dyn Host, hook: &Webhook, body: Vec<u8>| {
        if hook.name == "bad" && *broken.borrow() {
            return Err(Problem::failed("webhook 'bad' at b.example.org: it answers with 500"));
        }
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let versions = body["packages"].as_array().unwrap().iter();
        let versions: Vec<_> = versions.map(|one| one["new-version"].as_str().unwrap().to_owned()).collect();
        told.borrow_mut().push((hook.name.clone(), versions));
        Ok(())
    };
    cache::write(&tree.host(), &[update("a", "2"), update("b", "7")]).unwrap();
    let why = tell(&tree.host(), &send).unwrap_err().to_string();
    assert!(why.contains("answers with 500") && !why.contains("mail"), "{why}");
    broken.replace(false);
    let second = tell(&tree.host(), &send).unwrap();
    assert_eq!((second.to, second.webhooks), (None, vec!["bad".to_owned()]));
    assert!(tell(&tree.host(), &send).unwrap().webhooks.is_empty(), "there is nothing new");
    cache::write(&tree.host(), &[update("a", "3"), update("b", "7")]).unwrap();
    tell(&tree.host(), &send).unwrap();
    let versions = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let expected = [
        ("good".to_owned(), versions(&["2", "7"])),
        ("bad".to_owned(), versions(&["2", "7"])),
        ("good".to_owned(), versions(&["3"])),
        ("bad".to_owned(), versions(&["3"])),
    ];
    assert_eq!(*told.borrow(), expected);
}

/// UPD-02
#[test]
fn a_webhook_that_is_configured_wrongly_is_a_finding_without_its_secrets() {
    let tree = Tree::new();
    let file = "etc/pve/priv/webhooks.cfg";
    tree.write(file, "webhook: chat\n\turl http://chat.example.org/T0K3N\n\ngotify: other\n\ttoken T0K3N\n");
    let found = checks::run(&tree.host()).unwrap();
    let of = |id: &str| found.iter().find(|finding| finding.id == id);
    let evidence = &of("updates.webhook-invalid").unwrap().evidence;
    assert!(evidence.contains("chat: its url does not begin with https://"), "{evidence}");
    assert!(evidence.contains("'gotify' is no kind of target") && !evidence.contains("T0K3N"), "{evidence}");
    assert!(of("updates.webhook-readable").is_some() && of("updates.no-mail-system").is_some());

    tree.write(file, "webhook: chat\n\turl https://chat.example.org/T0K3N\n");
    fs::set_permissions(tree.0.path().join(file), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(checks::run(&tree.host()).unwrap().is_empty(), "who has a webhook needs no mail system");
    assert_eq!(webhooks(&tree.host()).0.len(), 1);
}
