//! Webhooks: programs of others that are told about updates, as JSON over HTTPS.
//!
//! They stand in `/etc/pve/priv/webhooks.cfg`, which only root can read: with most services the address itself is the secret.

mod client;

use camino::{Utf8Path, Utf8PathBuf};
use http::Uri;
use innkeeper_change::Problem;
use innkeeper_config::{Section, SectionFile};
use innkeeper_host::{Host, read_config};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::model::Update;

pub use client::post;

/// Where they are configured.
pub const WEBHOOKS: &str = "/etc/pve/priv/webhooks.cfg";
const KIND: &str = "webhook";

/// Whom to tell. Where exactly, and with which token, is not for logs: neither is printed.
#[derive(Clone)]
pub struct Webhook {
    /// What the administrator calls it.
    pub name: String,
    /// The server's name, which may be said.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// What the server is asked for.
    target: SecretString,
    /// Sent as `Authorization: Bearer`.
    token: Option<SecretString>,
    /// The certificates that are trusted, where they are not those of the system.
    pub ca_file: Option<Utf8PathBuf>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "webhook {} at {}", self.name, self.server)
    }
}

impl Webhook {
    /// Path and query, to be sent and not to be shown.
    pub(crate) fn target(&self) -> &str {
        self.target.expose_secret()
    }

    /// The token, to be sent and not to be shown.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.expose_secret())
    }

    /// Reads one section.
    ///
    /// # Errors
    /// What is wrong with it, in words that hold nothing of its secrets.
    pub fn of(section: &Section) -> Result<Self, String> {
        let url = section.get("url").ok_or("it has no url")?;
        let uri: Uri = url.parse().map_err(|_| "its url is none")?;
        if uri.scheme_str() != Some("https") {
            return Err(
                "its url does not begin with https://: what is told must not be read on the way".to_owned()
            );
        }
        let authority = uri.authority().ok_or("its url names no server")?;
        if authority.as_str().contains('@') {
            return Err("its url holds a user name: use the option token".to_owned());
        }
        let token = section.get("token").filter(|token| !token.is_empty());
        if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err("its token holds blanks or characters that no header can have".to_owned());
        }
        let ca_file = section.get("ca-file").map(Utf8PathBuf::from);
        if ca_file.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err("its ca-file is no absolute path".to_owned());
        }
        Ok(Self {
            name: section.id.clone(),
            server: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(443),
            target: uri.path_and_query().map_or("/", |target| target.as_str()).into(),
            token: token.map(SecretString::from),
            ca_file,
        })
    }
}

/// The webhooks that are configured and not switched off, and what is wrong with others, each with its name.
pub fn webhooks(host: &dyn Host) -> (Vec<Webhook>, Vec<String>) {
    let text = match read_config(host, Utf8Path::new(WEBHOOKS)) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => return (Vec::new(), vec![error.to_string()]),
    };
    let file = SectionFile::parse(text);
    // the value of a line that makes no sense may be a secret: its number is said
    let mut wrong: Vec<String> =
        file.warnings().iter().map(|warning| format!("line {} is not understood", warning.line)).collect();
    let mut found = Vec::new();
    for section in file.sections() {
        let is_off =
            section.get("disable").is_some_and(|value| !matches!(value, "0" | "no" | "off" | "false"));
        if section.kind != KIND {
            wrong.push(format!("{}: '{}' is no kind of target here", section.id, section.kind));
        } else if !is_off {
            match Webhook::of(section) {
                Ok(webhook) => found.push(webhook),
                Err(why) => wrong.push(format!("{}: {why}", section.id)),
            }
        }
    }
    (found, wrong)
}

/// What a webhook is told: fields for programs, and `text`, which chat servers show.
pub fn message(node: &str, now: i64, text: &str, news: &[Update]) -> Value {
    let package = |update: &Update| {
        json!({
            "package": update.package,
            "old-version": update.old_version,
            "new-version": update.version,
            "origin": update.origin,
            "security": u8::from(update.security),
        })
    };
    let title = format!("New software packages available ({node})");
    json!({
        "text": format!("{title}\n\n{text}"),
        "title": title,
        "severity": "info",
        "timestamp": now,
        "fields": { "type": "package-updates", "hostname": node },
        "packages": news.iter().map(package).collect::<Vec<_>>(),
    })
}

/// How a webhook is told.
pub type Post<'a> = dyn Fn(&dyn Host, &Webhook, Vec<u8>) -> Result<(), Problem> + 'a;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &str) -> Result<Webhook, String> {
        Webhook::of(&SectionFile::parse(format!("webhook: chat\n{lines}")).sections()[0])
    }

    /// UPD-02
    #[test]
    fn addresses_that_would_give_secrets_away_are_refused_without_saying_them() {
        let fine = of("\turl https://chat.example.org:8443/hooks/T0K3N?x=1\n\ttoken s3cret\n").expect("fine");
        assert_eq!(
            (fine.server.as_str(), fine.port, fine.target()),
            ("chat.example.org", 8443, "/hooks/T0K3N?x=1")
        );
        assert_eq!(fine.token(), Some("s3cret"));
        assert_eq!(format!("{fine:?}"), "webhook chat at chat.example.org");
        let refused = [
            "\tcomment x\n",
            "\turl http://chat.example.org/T0K3N\n",
            "\turl https://user:T0K3N@chat.example.org/\n",
            "\turl https://\n",
            "\turl /T0K3N\n",
            "\turl https://chat.example.org/\n\ttoken T0K3N \u{e4}\n",
            "\turl https://chat.example.org/\n\tca-file T0K3N.pem\n",
        ];
        for lines in refused {
            let why = of(lines).expect_err(lines);
            assert!(!why.contains("T0K3N"), "{why}");
        }
        assert_eq!(of("\turl https://[::1]/x\n").expect("an address").server, "::1");
    }
}
