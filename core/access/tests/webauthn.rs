//! What a security key says is taken only when every part of it is right.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use common::authenticator::{CREATED, Key, ORIGIN, TOUCHED, client_data, cose_of_rsa};
use innkeeper_access::tfa::{Credential, RelyingParty};
use proptest::prelude::*;
use serde_json::{Value, json};

const CHALLENGE: &[u8] = b"a challenge of 32 bytes, or so..";

fn challenge() -> Value {
    json!(BASE64.encode(CHALLENGE))
}

fn site() -> RelyingParty {
    site_of("rp=Example,origin=https://pve.example.org:8006,id=pve.example.org")
}

fn site_of(fields: &str) -> RelyingParty {
    RelyingParty::parse(&format!("keyboard: de\nwebauthn: {fields}\n")).unwrap()
}

fn registered(key: &Key) -> Credential {
    site().register(CHALLENGE, &key.create(&challenge())).unwrap()
}

fn get() -> Vec<u8> {
    client_data("webauthn.get", &challenge(), ORIGIN)
}

#[test]
fn a_key_of_every_kind_that_is_offered_opens_and_no_other_does() {
    for mut key in [Key::es256(), Key::ed25519(), Key::rs256()] {
        let known = [registered(&key)];
        assert_eq!(Credential::from_json(&known[0].to_json()).as_ref(), Some(&known[0]));
        let right = key.sign(&challenge());
        assert_eq!(site().verify(CHALLENGE, &known, &right), Ok((&known[0], 1)));
        for other in [Key::es256(), Key::ed25519(), Key::rs256()] {
            let wrong = other.signed(&key.data(TOUCHED), &get());
            assert_eq!(site().verify(CHALLENGE, &known, &wrong).unwrap_err(), "the signature is wrong");
        }
        assert_eq!(site().verify(CHALLENGE, &[], &right).unwrap_err(), "no such key of this user");
        let copied = [Credential { counter: 1, ..known[0].clone() }];
        assert!(site().verify(CHALLENGE, &copied, &right).unwrap_err().contains("copied"));
        // one that counted does not stop counting
        key.counter = 0;
        let silent = key.signed(&key.data(TOUCHED), &get());
        assert!(site().verify(CHALLENGE, &copied, &silent).unwrap_err().contains("copied"));
        assert_eq!(site().verify(CHALLENGE, &known, &silent), Ok((&known[0], 0)), "it never counted");
    }
}

#[test]
fn a_signature_for_another_page_another_question_or_another_site_is_refused() {
    let key = Key::es256();
    let known = [registered(&key)];
    let refused =
        |data: &[u8], client: &[u8]| site().verify(CHALLENGE, &known, &key.signed(data, client)).unwrap_err();
    let data = key.data(TOUCHED);
    assert_eq!(refused(&key.data(0), &get()), "nobody touched the key");
    let replay = client_data("webauthn.get", &json!(BASE64.encode("another")), ORIGIN);
    assert_eq!(refused(&data, &replay), "the answer is to another challenge");
    let create = client_data("webauthn.create", &challenge(), ORIGIN);
    assert_eq!(refused(&data, &create), "the answer is to another question");
    let framed = String::from_utf8(get()).unwrap().replace("false", "true");
    assert_eq!(refused(&data, framed.as_bytes()), "the answer comes from another page");
    assert_eq!(refused(&data[..36], &get()), "the authenticator data ends early");
    let elsewhere = RelyingParty { id: "example.org".to_owned(), ..site() };
    let right = key.signed(&data, &get());
    assert_eq!(
        elsewhere.verify(CHALLENGE, &known, &right).unwrap_err(),
        "the key is bound to another domain"
    );
}

#[test]
fn a_page_is_the_sites_own_by_scheme_host_and_port() {
    let key = Key::ed25519();
    let known = [registered(&key)];
    let opens = |site: &RelyingParty, origin: &str| {
        let client = client_data("webauthn.get", &challenge(), origin);
        site.verify(CHALLENGE, &known, &key.signed(&key.data(TOUCHED), &client)).is_ok()
    };
    assert!(opens(&site(), ORIGIN) && opens(&site(), "https://node2.pve.example.org:8006"));
    for foreign in [
        "http://pve.example.org:8006",
        "https://pve.example.org",
        "https://pve.example.org:8006.evil",
        "https://evilpve.example.org:8006",
        "https://evil/.pve.example.org:8006",
        "https://.pve.example.org:8006",
        "https://example.org:8006",
        "null",
        "",
    ] {
        assert!(!opens(&site(), foreign), "{foreign}");
    }
    let strict = site_of("id=pve.example.org,origin=https://pve.example.org:8006,allow-subdomains=0");
    assert!(opens(&strict, ORIGIN) && !opens(&strict, "https://node2.pve.example.org:8006"));
    let written_freely = site_of("origin=https://PVE.example.org:443/,id=PVE.example.org");
    assert!(opens(&written_freely, "https://pve.example.org"));
    assert_eq!(RelyingParty::parse("webauthn: rp=x,id=y\n"), None, "no origin is no site");
}

#[test]
fn a_key_that_no_signature_could_fit_is_not_registered() {
    let key = Key::es256();
    let client = client_data("webauthn.create", &challenge(), ORIGIN);
    let register = |data: &[u8]| site().register(CHALLENGE, &key.created(data, &client));
    let of = |cose: &[u8]| register(&key.data_with_key(CREATED, cose)).unwrap_err();
    let whole = key.cose();
    // a point off the curve, another curve, an algorithm that is not offered, a key of another kind than it says
    let mut off_curve = whole.clone();
    off_curve[12] ^= 1;
    assert!(of(&off_curve).contains("no signature could fit"), "{}", of(&off_curve));
    for (at, byte) in [(6, 0x02), (4, 0x38), (4, 0x27), (2, 0x01), (2, 0x03)] {
        let mut other = whole.clone();
        other[at] = byte;
        of(&other);
    }
    assert!(of(&cose_of_rsa(&[0xc5; 128], &[1, 0, 1])).contains("2048"));
    assert!(of(&cose_of_rsa(&[0xc5; 256], &[2])).contains("no signature could fit"));
    assert_eq!(of(&[&whole[..], b"more"].concat()), "something follows the key");
    assert_eq!(register(&key.data(TOUCHED)).unwrap_err(), "no key is in the answer");
    assert_eq!(register(&key.data(0x40)).unwrap_err(), "nobody touched the key");
    let unnamed = Key { id: Vec::new(), ..Key::es256() };
    assert!(site().register(CHALLENGE, &unnamed.create(&challenge())).unwrap_err().contains("another id"));
    let long = Key { id: vec![7; 1024], ..Key::es256() };
    assert!(site().register(CHALLENGE, &long.create(&challenge())).is_err());
    let signed = key.signed(&key.data(TOUCHED), &client);
    assert_eq!(site().register(CHALLENGE, &signed).unwrap_err(), "no attestation object");
}

/// An array that claims to hold more than there is costs no memory.
#[test]
fn answers_that_lie_about_their_size_are_refused() {
    let client = BASE64.encode(client_data("webauthn.create", &challenge(), ORIGIN));
    for object in
        [vec![0x9b; 9], [vec![0x9a, 0xff, 0xff, 0xff, 0xff], vec![0; 9000]].concat(), vec![0x81; 9000]]
    {
        let answer = json!({"id": "AA", "response": {"clientDataJSON": client, "attestationObject": BASE64.encode(object)}});
        let refused = site().register(CHALLENGE, &answer.to_string()).unwrap_err();
        assert_eq!(refused, "the attestation object is not CBOR");
    }
    let long = json!({"id": "AA", "response": {"clientDataJSON": "A".repeat(40_000)}});
    assert_eq!(site().register(CHALLENGE, &long.to_string()).unwrap_err(), "the answer is too long");
}

proptest! {
    #[test]
    fn a_damaged_answer_is_refused_and_never_a_panic(at in 0usize..700, byte in any::<u8>(), cut in 1usize..700) {
        let mut key = Key::ed25519();
        let whole = key.create(&challenge());
        let known = [registered(&key)];
        let get = key.sign(&challenge());
        for text in [&whole, &get] {
            let mut bytes = text.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(cut);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let _ = site().register(CHALLENGE, &text);
            let same = serde_json::from_str::<Value>(&text).is_ok_and(|answer| {
                let get: Value = serde_json::from_str(&get).unwrap();
                ["id", "response"].iter().all(|part| answer[part] == get[part])
            });
            prop_assert!(same || site().verify(CHALLENGE, &known, &text).is_err());
        }
    }
}
