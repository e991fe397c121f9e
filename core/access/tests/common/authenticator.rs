//! A security key in software, with every kind of key pair that is offered to browsers.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const DOMAIN: &str = "pve.example.org";
pub(crate) const ORIGIN: &str = "https://pve.example.org:8006";
/// Flags: somebody touched it; a new key is in the answer.
pub(crate) const TOUCHED: u8 = 0x01;
pub(crate) const CREATED: u8 = 0x41;

/// A key pair.
pub(crate) enum Pair {
    Es(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rs(RsaKeyPair),
}

/// An authenticator: what it calls its key, the key, and how often it signed.
pub(crate) struct Key {
    pub(crate) id: Vec<u8>,
    pub(crate) pair: Pair,
    pub(crate) counter: u32,
}

impl Key {
    pub(crate) fn es256() -> Self {
        Self::of(Pair::Es(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()))
    }

    pub(crate) fn ed25519() -> Self {
        Self::of(Pair::Ed(Ed25519KeyPair::generate().unwrap()))
    }

    pub(crate) fn rs256() -> Self {
        Self::of(Pair::Rs(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    fn of(pair: Pair) -> Self {
        Self { id: b"a key".to_vec(), pair, counter: 0 }
    }

    /// The public key in COSE notation.
    pub(crate) fn cose(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Es(pair) => {
                let point = pair.public_key().as_ref();
                let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32];
                [&head, &point[1..33], &[0x22, 0x58, 32], &point[33..]].concat()
            }
            Pair::Ed(pair) => {
                let head = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 32];
                [&head, pair.public_key().as_ref()].concat()
            }
            Pair::Rs(pair) => {
                let (n, e) = rsa_numbers(pair.public_key().as_ref());
                cose_of_rsa(&n, &e)
            }
        }
    }

    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        let dice = SystemRandom::new();
        match &self.pair {
            Pair::Es(pair) => pair.sign(&dice, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rs(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &dice, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// What the authenticator says of itself, without a new key.
    pub(crate) fn data(&self, flags: u8) -> Vec<u8> {
        [Sha256::digest(DOMAIN.as_bytes()).as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// The same with the new key.
    pub(crate) fn data_with_key(&self, flags: u8, cose: &[u8]) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        [&self.data(flags), &[0; 16][..], &length, &self.id, cose].concat()
    }

    /// The browser's answer to `navigator.credentials.create`.
    pub(crate) fn create(&self, challenge: &Value) -> String {
        let client = client_data("webauthn.create", challenge, ORIGIN);
        self.created(&self.data_with_key(CREATED, &self.cose()), &client)
    }

    pub(crate) fn created(&self, data: &[u8], client: &[u8]) -> String {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59", &length[..], data].concat();
        json!({"id": BASE64.encode(&self.id), "type": "public-key", "rawId": BASE64.encode(&self.id), "response": {
            "clientDataJSON": BASE64.encode(client), "attestationObject": BASE64.encode(object)}})
        .to_string()
    }

    /// The browser's answer to `navigator.credentials.get`.
    pub(crate) fn sign(&mut self, challenge: &Value) -> String {
        self.counter += 1;
        self.signed(&self.data(TOUCHED), &client_data("webauthn.get", challenge, ORIGIN))
    }

    pub(crate) fn signed(&self, data: &[u8], client: &[u8]) -> String {
        let message = [data, Sha256::digest(client).as_slice()].concat();
        json!({"id": BASE64.encode(&self.id), "type": "public-key", "response": {
            "clientDataJSON": BASE64.encode(client),
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(self.sign_bytes(&message))}})
        .to_string()
    }
}

/// An RSA key as authenticators write it.
pub(crate) fn cose_of_rsa(n: &[u8], e: &[u8]) -> Vec<u8> {
    let length = u16::try_from(n.len()).unwrap().to_be_bytes();
    let exponent = 0x40 | u8::try_from(e.len()).unwrap();
    let head = [0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59];
    [&head[..], &length, n, &[0x21, exponent], e].concat()
}

/// Modulus and exponent out of the DER notation of PKCS #1, of a key of 2048 bits.
fn rsa_numbers(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    assert_eq!(&der[..9], &[0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00]);
    (der[9..265].to_vec(), der[267..].to_vec())
}

/// What a browser says of the page.
pub(crate) fn client_data(kind: &str, challenge: &Value, origin: &str) -> Vec<u8> {
    json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false})
        .to_string()
        .into_bytes()
}
