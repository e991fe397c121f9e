//! Realms: where users come from and who checks their passwords.

use innkeeper_config::SectionFile;
use secrecy::SecretString;
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use crate::UserId;

/// The file with the realms, in the configuration store.
pub const DOMAINS_CFG: &str = "domains.cfg";

/// A realm as the list of realms gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Realm {
    /// Its name.
    pub realm: String,
    /// What checks passwords: `pam`, `pve`, `ldap`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// What people see when they choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Chosen at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<u8>,
    /// The second factor that everybody in the realm needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tfa: Option<String>,
}

/// The realms in a text of `domains.cfg`, by name; `pam` and `pve` are there always.
pub fn parse(text: &str) -> Vec<Realm> {
    let file = SectionFile::parse(text);
    let mut realms = vec![
        built_in("pam", "Accounts of this host (Linux PAM)"),
        built_in("pve", "Accounts kept by this server"),
    ];
    let mut default_seen = false;
    for section in file.sections() {
        let wanted =
            matches!(section.entry("default").map(|entry| entry.value.as_deref()), Some(None | Some("1")));
        let text_of = |key| section.get(key).map(str::to_owned).filter(|value| !value.is_empty());
        let realm = Realm {
            realm: section.id.clone(),
            kind: section.kind.clone(),
            comment: text_of("comment"),
            default: (wanted && !default_seen).then_some(1),
            tfa: text_of("tfa").map(|tfa| factor(&tfa)),
        };
        default_seen |= wanted;
        match realms.iter_mut().find(|known| known.realm == realm.realm) {
            // the file may say more about a built-in realm, but not what it is
            Some(known) if matches!(realm.realm.as_str(), "pam" | "pve") => {
                let comment = realm.comment.or_else(|| known.comment.take());
                *known = Realm { comment, kind: known.kind.clone(), ..realm };
            }
            Some(_) => {}
            None => realms.push(realm),
        }
    }
    realms.sort_by(|a, b| a.realm.cmp(&b.realm));
    realms
}

fn built_in(name: &str, comment: &str) -> Realm {
    let (realm, kind) = (name.to_owned(), name.to_owned());
    Realm { realm, kind, comment: Some(comment.to_owned()), default: None, tfa: None }
}

/// The type in a setting such as `type=oath,digits=6`.
fn factor(setting: &str) -> String {
    let kind = setting.split(',').find_map(|part| part.trim().strip_prefix("type="));
    kind.unwrap_or(setting).to_owned()
}

/// Why a password was not accepted. Callers learn none of it; the log does.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthError {
    /// The realm says no.
    #[error("the realm does not accept the password")]
    Rejected,
    /// The password is right and has to be changed first.
    #[error("the password has expired")]
    Expired,
    /// Nobody here can check passwords of this realm.
    #[error("no check of passwords for realms of type '{0}'")]
    Unsupported(String),
    /// The check itself failed.
    #[error("{0}")]
    Failed(String),
}

/// Checks passwords.
pub trait Authenticator: Send + Sync {
    /// Checks the password of a user whose realm is known. May take seconds.
    ///
    /// # Errors
    /// Why it is not accepted.
    fn authenticate(&self, realm: &Realm, user: &UserId, password: &SecretString) -> Result<(), AuthError>;
}
