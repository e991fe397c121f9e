//! A tree with a configuration store.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

pub(crate) mod authenticator;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_access::{Access, Attempt, Tickets};
use innkeeper_config::{ConfigStore, DirStore};
use innkeeper_host::{Host, RealHost};
use secrecy::SecretString;

pub(crate) const KEY: [u8; 32] = [7; 32];
pub(crate) const USERS: &str = "\
user:anna@pve:1:0::::::
user:anna@example:1:0::::::
user:off@pve:0:0::::::
user:gone@pve:1:1600000000::::::
user:twofactor@pve:1:0:::::x!oath:
token:anna@pve!ci:0:1:for builds:
acl:1:/nodes:anna@pve,anna@pve!ci,anna@example:PVEAuditor:
";

pub(crate) struct World {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) store: Arc<DirStore>,
    pub(crate) access: Access,
    _dir: tempfile::TempDir,
}

pub(crate) fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
    let host: Arc<dyn Host> = Arc::new(RealHost::rooted(Utf8Path::new(&root)).unwrap());
    let store = Arc::new(DirStore::new(Arc::clone(&host)));
    store.initialise("pve1").unwrap();
    // a realm whose passwords the tests know; those of pve are kept in a file
    store.put_if_digest("domains.cfg", b"pam: example\n", None).unwrap();
    let access = Access::with_tickets(
        Arc::clone(&host),
        Arc::clone(&store) as Arc<dyn ConfigStore>,
        Tickets::new(KEY),
    );
    World { host, store, access, _dir: dir }
}

/// The same host after a restart.
pub(crate) fn again(world: &World) -> Access {
    let store = Arc::clone(&world.store) as Arc<dyn ConfigStore>;
    Access::with_tickets(Arc::clone(&world.host), store, Tickets::new(KEY))
}

impl World {
    pub(crate) fn write(&self, name: &str, text: &str) {
        self.store.put_if_digest(name, text.as_bytes(), None).unwrap();
    }
}

/// A login with a password, from one address.
pub(crate) fn attempt<'a>(
    username: &'a str,
    realm: Option<&'a str>,
    password: &'a SecretString,
) -> Attempt<'a> {
    Attempt { username, realm, password, challenge: None, origin: "192.0.2.1" }
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}
