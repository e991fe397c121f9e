//! Security keys and passkeys (W3C Web Authentication, level 2), as a second factor.
//!
//! What is trusted is that the same key signs again. Statements about who built it are neither asked for nor read.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::cbor::Cbor;
use crate::UserId;
use crate::secret::same_bytes;

const ES256: i128 = -7;
const EDDSA: i128 = -8;
const RS256: i128 = -257;
/// Milliseconds that a browser gives its user.
const TIMEOUT: u32 = 60_000;
/// Bits of the flags of an authenticator.
const USER_PRESENT: u8 = 0x01;
const HAS_CREDENTIAL: u8 = 0x40;
/// A longer answer of an authenticator is none.
const LONGEST: usize = 16 * 1024;

/// Whom keys are made for: the site, as browsers know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// Domain that the keys are bound to.
    pub id: String,
    /// `https://HOST[:PORT]` of the pages.
    pub origin: String,
    /// What people see.
    pub name: String,
}

/// A key that was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What the authenticator calls it.
    pub id: Vec<u8>,
    /// The public key, in COSE notation.
    pub key: Vec<u8>,
    /// How often it signed, where it counts that.
    pub counter: u32,
}

/// What a browser sends; base64url as `navigator.credentials` gives it, with or without padding.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    id: String,
    response: Parts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parts {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: Option<String>,
    authenticator_data: Option<String>,
    signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

/// What an authenticator says of itself.
struct AuthenticatorData<'a> {
    flags: u8,
    counter: u32,
    rest: &'a [u8],
}

fn decode(text: &str) -> Result<Vec<u8>, String> {
    if text.len() > LONGEST {
        return Err("the answer is too long".to_owned());
    }
    BASE64.decode(text.trim_end_matches('=')).map_err(|_| "the answer is not base64url".to_owned())
}

impl RelyingParty {
    /// From the line `webauthn: rp=NAME,origin=ORIGIN,id=DOMAIN` of `datacenter.cfg`.
    pub fn parse(datacenter_cfg: &str) -> Option<Self> {
        let line = datacenter_cfg.lines().find_map(|line| line.trim().strip_prefix("webauthn:"))?;
        let field = |name: &str| {
            let mut fields = line.trim().split(',').filter_map(|field| field.split_once('='));
            fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
        };
        let (id, origin) = (field("id")?, field("origin")?);
        Some(Self { name: field("rp").unwrap_or_else(|| id.clone()), id, origin })
    }

    /// What `navigator.credentials.create` is asked with.
    pub fn creation(&self, user: &UserId, challenge: &[u8], known: &[Credential]) -> Value {
        let kinds = [ES256, EDDSA, RS256].map(|kind| json!({ "type": "public-key", "alg": kind as i64 }));
        json!({ "publicKey": {
            "rp": { "id": self.id, "name": self.name },
            "user": { "id": BASE64.encode(user.as_str()), "name": user, "displayName": user },
            "challenge": BASE64.encode(challenge),
            "pubKeyCredParams": kinds,
            "timeout": TIMEOUT,
            "attestation": "none",
            "excludeCredentials": named(known),
            "authenticatorSelection": { "userVerification": "discouraged" },
        }})
    }

    /// What `navigator.credentials.get` is asked with.
    pub fn request(&self, challenge: &[u8], known: &[Credential]) -> Value {
        json!({ "publicKey": {
            "challenge": BASE64.encode(challenge),
            "timeout": TIMEOUT,
            "rpId": self.id,
            "allowCredentials": named(known),
            "userVerification": "discouraged",
        }})
    }

    /// The key in the answer to [`RelyingParty::creation`].
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn register(&self, challenge: &[u8], answer: &str) -> Result<Credential, String> {
        let (response, _) = self.response("webauthn.create", challenge, answer)?;
        let object = decode(response.response.attestation_object.as_deref().ok_or("no attestation object")?)?;
        let (object, _) = Cbor::parse(&object).ok_or("the attestation object is not CBOR")?;
        let data =
            object.get(&Cbor::Text("authData")).and_then(Cbor::bytes).ok_or("no authenticator data")?;
        let data = self.authenticator_data(data)?;
        if data.flags & HAS_CREDENTIAL == 0 {
            return Err("no key is in the answer".to_owned());
        }
        // sixteen bytes name the model
        let rest = data.rest.get(16..).ok_or("the authenticator data ends early")?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or("the authenticator data ends early")?;
        let (id, rest) = rest
            .split_at_checked(u16::from_be_bytes(*length).into())
            .ok_or("the id of the key ends early")?;
        let (_, after) = Cbor::parse(rest).ok_or("the key is not CBOR")?;
        let key = rest[..rest.len() - after.len()].to_vec();
        let credential = Credential { id: id.to_vec(), key, counter: data.counter };
        PublicKey::parse(&credential.key)?;
        if id.is_empty() || decode(&response.id)? != id {
            return Err("the key has another id than the answer".to_owned());
        }
        Ok(credential)
    }

    /// Checks the answer to [`RelyingParty::request`]: which key signed, and its new counter.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn verify<'c>(
        &self,
        challenge: &[u8],
        known: &'c [Credential],
        answer: &str,
    ) -> Result<(&'c Credential, u32), String> {
        let (response, client_data) = self.response("webauthn.get", challenge, answer)?;
        let id = decode(&response.id)?;
        let credential = known.iter().find(|known| known.id == id).ok_or("no such key of this user")?;
        let part = |part: Option<&str>| {
            part.ok_or_else(|| "the answer has no signature".to_owned()).and_then(decode)
        };
        let mut message = part(response.response.authenticator_data.as_deref())?;
        let signature = part(response.response.signature.as_deref())?;
        let counter = {
            let data = self.authenticator_data(&message)?;
            let counts = data.counter != 0 || credential.counter != 0;
            if counts && data.counter <= credential.counter {
                return Err("the key signed less often than before: it may have been copied".to_owned());
            }
            data.counter
        };
        message.extend(Sha256::digest(&client_data));
        if !PublicKey::parse(&credential.key)?.verifies(&message, &signature) {
            return Err("the signature is wrong".to_owned());
        }
        Ok((credential, counter))
    }

    fn response(&self, kind: &str, challenge: &[u8], answer: &str) -> Result<(Response, Vec<u8>), String> {
        let response: Response =
            serde_json::from_str(answer).map_err(|_| "the answer is no answer of a browser")?;
        let bytes = decode(&response.response.client_data)?;
        let data: ClientData =
            serde_json::from_slice(&bytes).map_err(|_| "the client data is not understood")?;
        if data.kind != kind {
            return Err("the answer is to another question".to_owned());
        }
        if !same_bytes(&decode(&data.challenge)?, challenge) {
            return Err("the answer is to another challenge".to_owned());
        }
        if data.origin != self.origin || data.cross_origin {
            return Err("the answer comes from another page".to_owned());
        }
        Ok((response, bytes))
    }

    fn authenticator_data<'a>(&self, bytes: &'a [u8]) -> Result<AuthenticatorData<'a>, String> {
        let early = "the authenticator data ends early";
        let (hash, rest) = bytes.split_first_chunk::<32>().ok_or(early)?;
        let (&flags, rest) = rest.split_first().ok_or(early)?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(early)?;
        if hash.as_slice() != Sha256::digest(self.id.as_bytes()).as_slice() {
            return Err("the key is bound to another domain".to_owned());
        }
        if flags & USER_PRESENT == 0 {
            return Err("nobody touched the key".to_owned());
        }
        Ok(AuthenticatorData { flags, counter: u32::from_be_bytes(*counter), rest })
    }
}

fn named(known: &[Credential]) -> Vec<Value> {
    known.iter().map(|known| json!({ "type": "public-key", "id": BASE64.encode(&known.id) })).collect()
}

impl Credential {
    /// As `tfa.cfg` keeps it.
    pub fn to_json(&self) -> Value {
        json!({ "cred_id": BASE64.encode(&self.id), "cose_key": BASE64.encode(&self.key), "counter": self.counter })
    }

    /// As `tfa.cfg` kept it; `None` for what another program wrote in another way.
    pub fn from_json(entry: &Value) -> Option<Self> {
        let bytes = |name: &str| decode(entry.get(name)?.as_str()?).ok();
        let counter = entry.get("counter")?.as_u64()?.try_into().ok()?;
        Some(Self { id: bytes("cred_id")?, key: bytes("cose_key")?, counter })
    }
}

/// A public key that can be checked with.
enum PublicKey {
    Es256([u8; 65]),
    EdDsa([u8; 32]),
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

impl PublicKey {
    fn parse(cose: &[u8]) -> Result<Self, String> {
        let (key, _) = Cbor::parse(cose).ok_or("the key is not CBOR")?;
        let number = |label: i128| key.get(&Cbor::Int(label)).and_then(Cbor::int);
        let bytes = |label: i128| key.get(&Cbor::Int(label)).and_then(Cbor::bytes);
        let short = || "the key is not complete".to_owned();
        match (number(1), number(3), number(-1)) {
            (Some(2), Some(ES256), Some(1)) => {
                let (x, y) = (bytes(-2).ok_or_else(short)?, bytes(-3).ok_or_else(short)?);
                let mut point = [4; 65];
                if x.len() != 32 || y.len() != 32 {
                    return Err(short());
                }
                point[1..33].copy_from_slice(x);
                point[33..].copy_from_slice(y);
                Ok(Self::Es256(point))
            }
            (Some(1), Some(EDDSA), Some(6)) => {
                bytes(-2).and_then(|x| x.try_into().ok()).map(Self::EdDsa).ok_or_else(short)
            }
            (Some(3), Some(RS256), _) => {
                let (n, e) = (bytes(-1).ok_or_else(short)?.to_vec(), bytes(-2).ok_or_else(short)?.to_vec());
                Ok(Self::Rs256 { n, e })
            }
            _ => Err("a key of a kind that is not understood".to_owned()),
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::EdDsa(x) => UnparsedPublicKey::new(&ED25519, x).verify(message, signature),
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        checked.is_ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    use proptest::prelude::*;

    const CHALLENGE: &[u8] = b"a challenge of 32 bytes, or so..";

    fn site() -> RelyingParty {
        RelyingParty::parse(
            "keyboard: de\nwebauthn: rp=Example,origin=https://pve.example.org:8006,id=pve.example.org\n",
        )
        .unwrap()
    }

    /// An authenticator in software.
    enum Key {
        Es(EcdsaKeyPair),
        Ed(Ed25519KeyPair),
    }

    impl Key {
        fn es() -> Self {
            Self::Es(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
        }

        fn ed() -> Self {
            Self::Ed(Ed25519KeyPair::generate().unwrap())
        }

        fn cose(&self) -> Vec<u8> {
            match self {
                Self::Es(pair) => {
                    let point = pair.public_key().as_ref();
                    let mut out = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32];
                    out.extend(&point[1..33]);
                    out.extend([0x22, 0x58, 32]);
                    out.extend(&point[33..]);
                    out
                }
                Self::Ed(pair) => {
                    let mut out = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 32];
                    out.extend(pair.public_key().as_ref());
                    out
                }
            }
        }

        fn sign(&self, message: &[u8]) -> Vec<u8> {
            match self {
                Self::Es(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
                Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            }
        }
    }

    fn data(flags: u8, counter: u32) -> Vec<u8> {
        let mut out = Sha256::digest(b"pve.example.org").to_vec();
        out.push(flags);
        out.extend(counter.to_be_bytes());
        out
    }

    fn client_data(kind: &str, challenge: &[u8], origin: &str) -> Vec<u8> {
        json!({"type": kind, "challenge": BASE64.encode(challenge), "origin": origin})
            .to_string()
            .into_bytes()
    }

    fn created(key: &Key, auth_data: &[u8], client: &[u8]) -> String {
        let mut data = auth_data.to_vec();
        data.extend([0; 16]);
        data.extend([0, 4]);
        data.extend(b"name");
        data.extend(key.cose());
        let mut object = vec![0xa3];
        object.extend(b"\x63fmt\x64none\x67attStmt\xa0\x68authData\x59");
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        json!({"id": BASE64.encode(b"name"), "response": {
            "clientDataJSON": BASE64.encode(client), "attestationObject": BASE64.encode(object)}})
        .to_string()
    }

    fn signed(key: &Key, auth_data: &[u8], client: &[u8]) -> String {
        let mut message = auth_data.to_vec();
        message.extend(Sha256::digest(client));
        json!({"id": BASE64.encode(b"name"), "response": {
            "clientDataJSON": BASE64.encode(client),
            "authenticatorData": BASE64.encode(auth_data),
            "signature": BASE64.encode(key.sign(&message))}})
        .to_string()
    }

    const ORIGIN: &str = "https://pve.example.org:8006";

    #[test]
    fn a_key_that_was_registered_opens_and_no_other_does() {
        for key in [Key::es(), Key::ed()] {
            let create = client_data("webauthn.create", CHALLENGE, ORIGIN);
            let credential = site().register(CHALLENGE, &created(&key, &data(0x41, 0), &create)).unwrap();
            assert_eq!(Credential::from_json(&credential.to_json()), Some(credential.clone()));
            let known = [credential];
            let get = client_data("webauthn.get", CHALLENGE, ORIGIN);
            let right = signed(&key, &data(0x01, 7), &get);
            assert_eq!(site().verify(CHALLENGE, &known, &right), Ok((&known[0], 7)));
            let refused = |answer: &str| site().verify(CHALLENGE, &known, answer).unwrap_err();
            assert_eq!(refused(&signed(&Key::es(), &data(1, 7), &get)), "the signature is wrong");
            assert_eq!(refused(&signed(&key, &data(0, 7), &get)), "nobody touched the key");
            let phish = client_data("webauthn.get", CHALLENGE, "https://pve.example.org.evil");
            assert_eq!(refused(&signed(&key, &data(1, 7), &phish)), "the answer comes from another page");
            let replay = client_data("webauthn.get", b"another", ORIGIN);
            assert_eq!(refused(&signed(&key, &data(1, 7), &replay)), "the answer is to another challenge");
            assert_eq!(refused(&signed(&key, &data(1, 7), &create)), "the answer is to another question");
            assert_eq!(site().verify(CHALLENGE, &[], &right).unwrap_err(), "no such key of this user");
            let copied = [Credential { counter: 7, ..known[0].clone() }];
            assert!(site().verify(CHALLENGE, &copied, &right).unwrap_err().contains("copied"));
            let elsewhere = RelyingParty { id: "example.org".to_owned(), ..site() };
            assert_eq!(
                elsewhere.verify(CHALLENGE, &known, &right).unwrap_err(),
                "the key is bound to another domain"
            );
        }
    }

    proptest! {
        #[test]
        fn a_damaged_answer_is_refused_and_never_a_panic(at in 0usize..600, byte in any::<u8>(), cut in 0usize..600) {
            let key = Key::ed();
            let create = client_data("webauthn.create", CHALLENGE, ORIGIN);
            let whole = created(&key, &data(0x41, 0), &create);
            let known = [site().register(CHALLENGE, &whole).unwrap()];
            let get = signed(&key, &data(1, 1), &client_data("webauthn.get", CHALLENGE, ORIGIN));
            for text in [&whole, &get] {
                let mut bytes = text.clone().into_bytes();
                let at = at % bytes.len();
                bytes[at] = byte;
                bytes.truncate(cut.max(1));
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let _ = site().register(CHALLENGE, &text);
                prop_assert!(text == get || site().verify(CHALLENGE, &known, &text).is_err());
            }
        }
    }
}
