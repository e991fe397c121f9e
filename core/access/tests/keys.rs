//! Security keys: registered and logged in with, by an authenticator in software.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

mod common;

use common::authenticator::Key;
use common::{USERS, World, secret, world};
use innkeeper_access::tfa::Factors;
use innkeeper_access::{Attempt, AuthError, Authenticator, Login, Realm, UserId};
use innkeeper_change::Problem;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

const SITE: &str = "webauthn: rp=Example,origin=https://pve.example.org:8006,id=pve.example.org\n";

struct OnePassword;

impl Authenticator for OnePassword {
    fn authenticate(&self, _: &Realm, _: &UserId, password: &SecretString) -> Result<(), AuthError> {
        if password.expose_secret() == "right" { Ok(()) } else { Err(AuthError::Rejected) }
    }
}

/// A host on which root has a security key.
fn with_key() -> (World, Key) {
    let world = world();
    let (key, root) = (Key::ed25519(), UserId::root());
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
    world.access.end_key(challenge.as_str().unwrap());
    world.write("priv/tfa.cfg", "");
    assert!(finish(&root, challenge.as_str().unwrap()).is_err(), "a challenge is answered once");
    world.write("priv/tfa.cfg", &factors.text());
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
    let mut copy = Key::ed25519();
    assert!(login(&world, &format!("webauthn:{}", copy.sign(&challenge)), Some(&again.ticket)).is_err());
    key.counter = 0;
    assert!(login(&world, &format!("webauthn:{}", key.sign(&challenge)), Some(&again.ticket)).is_err());
    key.counter = 1;
    assert!(login(&world, &format!("webauthn:{}", key.sign(&challenge)), Some(&again.ticket)).is_ok());
}

/// Two who show the same answer at the same moment, of a key that does not count
#[test]
fn one_answer_opens_once_however_many_show_it_at_once() {
    let (world, key) = with_key();
    let asked = login(&world, "right", None).unwrap();
    let challenge = question(&asked)["webauthn"]["publicKey"]["challenge"].clone();
    let answer = {
        let client =
            common::authenticator::client_data("webauthn.get", &challenge, common::authenticator::ORIGIN);
        format!("webauthn:{}", key.signed(&key.data(common::authenticator::TOUCHED), &client))
    };
    let opened = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..4).map(|_| scope.spawn(|| login(&world, &answer, Some(&asked.ticket)).is_ok())).collect();
        tries.into_iter().map(|one| usize::from(one.join().unwrap())).sum::<usize>()
    });
    assert_eq!(opened, 1);
}

#[test]
fn a_site_that_cannot_be_read_costs_security_keys_but_no_other_factor() {
    let (world, _key) = with_key();
    world.write("datacenter.cfg", "keyboard: de\n");
    let asked = question(&login(&world, "right", None).unwrap());
    assert!(asked.get("webauthn").is_none() && asked["totp"] == false, "{asked}");
}
