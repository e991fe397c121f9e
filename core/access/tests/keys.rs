//! Security keys: registered and logged in with, by an authenticator in software.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

mod common;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use common::{USERS, World, secret, world};
use innkeeper_access::tfa::Factors;
use innkeeper_access::{Attempt, AuthError, Authenticator, Login, Realm, UserId};
use innkeeper_change::Problem;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SITE: &str = "webauthn: rp=Example,origin=https://pve.example.org:8006,id=pve.example.org\n";

struct OnePassword;

impl Authenticator for OnePassword {
    fn authenticate(&self, _: &Realm, _: &UserId, password: &SecretString) -> Result<(), AuthError> {
        if password.expose_secret() == "right" { Ok(()) } else { Err(AuthError::Rejected) }
    }
}

struct Key {
    pair: Ed25519KeyPair,
    counter: u32,
}

impl Key {
    fn data(&self, flags: u8) -> Vec<u8> {
        let mut out = Sha256::digest(b"pve.example.org").to_vec();
        out.push(flags);
        out.extend(self.counter.to_be_bytes());
        out
    }

    fn client_data(kind: &str, challenge: &Value) -> Vec<u8> {
        let data = json!({"type": kind, "challenge": challenge, "origin": "https://pve.example.org:8006"});
        data.to_string().into_bytes()
    }

    fn create(&self, challenge: &Value) -> String {
        let mut data = self.data(0x41);
        data.extend([0; 16]);
        data.extend([0, 3]);
        data.extend(b"key");
        data.extend([0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 32]);
        data.extend(self.pair.public_key().as_ref());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        json!({"id": BASE64.encode("key"), "type": "public-key", "rawId": BASE64.encode("key"), "response": {
            "clientDataJSON": BASE64.encode(Self::client_data("webauthn.create", challenge)),
            "attestationObject": BASE64.encode(object)}})
        .to_string()
    }

    fn sign(&mut self, challenge: &Value) -> String {
        self.counter += 1;
        let (data, client) = (self.data(0x01), Self::client_data("webauthn.get", challenge));
        let mut message = data.clone();
        message.extend(Sha256::digest(&client));
        json!({"id": BASE64.encode("key"), "challenge": challenge, "response": {
            "clientDataJSON": BASE64.encode(client), "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(self.pair.sign(&message))}})
        .to_string()
    }
}

/// A host on which root has a security key.
fn with_key() -> (World, Key) {
    let world = world();
    let (key, root) = (Key { pair: Ed25519KeyPair::generate().unwrap(), counter: 0 }, UserId::root());
    let missing = world.access.begin_key(&root).unwrap_err().to_string();
    assert!(missing.contains("/etc/pve/datacenter.cfg"), "{missing}");
    world.write("user.cfg", USERS);
    world.write("datacenter.cfg", SITE);
    let asked = world.access.begin_key(&root).unwrap();
    let challenge = &asked["publicKey"]["challenge"];
    let answer = key.create(challenge);
    let finish = |user: &UserId, challenge: &str| world.access.finish_key(user, challenge, &answer);
    assert!(matches!(
        finish(&"anna@pve".parse().unwrap(), challenge.as_str().unwrap()),
        Err(Problem::Parameters(_))
    ));
    assert!(matches!(finish(&root, "AAAA"), Err(Problem::Parameters(_))));
    let made = finish(&root, challenge.as_str().unwrap()).unwrap();
    let mut factors = Factors::default();
    factors.add(&root, "webauthn", "one", "blue", 1, made.to_json()).unwrap();
    world.write("priv/tfa.cfg", &factors.text());
    assert!(finish(&root, challenge.as_str().unwrap()).is_err(), "registered already");
    (world, key)
}

fn login(world: &World, password: &str, challenge: Option<&str>) -> Result<Login, Problem> {
    let password = secret(password);
    let attempt =
        Attempt { username: "root@pam", realm: None, password: &password, challenge, origin: "192.0.2.1" };
    world.access.login(&attempt, &OnePassword)
}

/// What the pages read out of the challenge, as the original's do.
fn question(login: &Login) -> Value {
    let text = login.ticket.split(':').nth(1).unwrap().strip_prefix("!tfa!").unwrap().to_owned();
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' {
            hex(rest.next().unwrap()) * 16 + hex(rest.next().unwrap())
        } else {
            byte
        });
    }
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_security_key_is_registered_and_opens_where_its_signature_is_fresh() {
    let (world, mut key) = with_key();
    let asked = login(&world, "right", None).unwrap();
    assert_eq!(asked.need_tfa, Some(1));
    let challenge = question(&asked)["webauthn"]["publicKey"]["challenge"].clone();
    let signature = format!("webauthn:{}", key.sign(&challenge));
    assert!(login(&world, &signature, Some(&asked.ticket)).unwrap().need_tfa.is_none());
    // the answer to one question is none to the next
    let again = login(&world, "right", None).unwrap();
    assert!(login(&world, &signature, Some(&again.ticket)).is_err());
    let challenge = question(&again)["webauthn"]["publicKey"]["challenge"].clone();
    // a copy of the key that was used less often is found out
    let mut copy = Key { counter: 0, pair: Ed25519KeyPair::generate().unwrap() };
    assert!(login(&world, &format!("webauthn:{}", copy.sign(&challenge)), Some(&again.ticket)).is_err());
    key.counter = 0;
    assert!(login(&world, &format!("webauthn:{}", key.sign(&challenge)), Some(&again.ticket)).is_err());
    key.counter = 1;
    assert!(login(&world, &format!("webauthn:{}", key.sign(&challenge)), Some(&again.ticket)).is_ok());
}
