//! Security keys and passkeys (W3C Web Authentication, level 2), as a second factor.
//!
//! What is trusted is that the same key signs again. Statements about who built it are neither asked for nor read.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
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
const HAS_EXTENSIONS: u8 = 0x80;
/// A longer answer of an authenticator is none.
const LONGEST: usize = 16 * 1024;
/// Bytes of the id of a key: no authenticator has longer ones.
const LONGEST_ID: usize = 1023;
/// Bytes of the ids of all keys of a user. They are part of the question, which comes back with the answer.
const LONGEST_IDS: usize = 2048;
/// Keys of one user.
const MOST_KEYS: usize = 16;
/// Bytes of the modulus of an RSA key.
const RSA_SIZES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Whom keys are made for: the site, as browsers know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// Domain that the keys are bound to.
    pub id: String,
    /// `https://HOST[:PORT]` of the pages.
    pub origin: String,
    /// Pages of hosts below that one are the site's, too.
    pub subdomains: bool,
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
    /// From the line `webauthn: rp=NAME,origin=ORIGIN,id=DOMAIN[,allow-subdomains=0]` of `datacenter.cfg`.
    pub fn parse(datacenter_cfg: &str) -> Option<Self> {
        let line = datacenter_cfg.lines().find_map(|line| line.trim().strip_prefix("webauthn:"))?;
        let field = |name: &str| {
            let mut fields = line.trim().split(',').filter_map(|field| field.split_once('='));
            fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
        };
        let (id, origin) = (field("id")?.to_ascii_lowercase(), field("origin")?.to_ascii_lowercase());
        // browsers name neither the usual port nor a path
        let origin = origin.trim_end_matches('/');
        let origin = origin.strip_suffix(":443").unwrap_or(origin).to_owned();
        let subdomains = field("allow-subdomains").is_none_or(|value| value != "0");
        Some(Self { name: field("rp").unwrap_or_else(|| id.clone()), id, origin, subdomains })
    }

    /// Whether a page is the site's own.
    fn is_ours(&self, origin: &str) -> bool {
        let below = || {
            let (scheme, host) = self.origin.split_once("://")?;
            origin.strip_prefix(scheme)?.strip_prefix("://")?.strip_suffix(host)?.strip_suffix('.')
        };
        let name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
        origin == self.origin
            || (self.subdomains && below().is_some_and(|below| !below.is_empty() && name(below)))
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
        if !after.is_empty() && data.flags & HAS_EXTENSIONS == 0 {
            return Err("something follows the key".to_owned());
        }
        let key = rest[..rest.len() - after.len()].to_vec();
        let credential = Credential { id: id.to_vec(), key, counter: data.counter };
        public_key(&credential.key)?;
        if id.is_empty() || id.len() > LONGEST_ID || decode(&response.id)? != id {
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
        let signed = public_key(&credential.key)?.verify_sig(&message, &signature);
        signed.map_err(|_| "the signature is wrong")?;
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
        if !self.is_ours(&data.origin) || data.cross_origin {
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

/// Whether a user who has these keys can have one more: a question names them all.
pub(crate) fn fits(known: &[Credential], new: &Credential) -> bool {
    let ids = known.iter().chain([new]).map(|key| key.id.len()).sum::<usize>();
    known.len() < MOST_KEYS && ids <= LONGEST_IDS
}

/// The key in COSE notation. What it is checked by is bound to it: an answer cannot choose.
fn public_key(cose: &[u8]) -> Result<ParsedPublicKey, String> {
    let (key, _) = Cbor::parse(cose).ok_or("the key is not CBOR")?;
    let number = |label: i128| key.get(&Cbor::Int(label)).and_then(Cbor::int);
    let bytes =
        |label: i128| key.get(&Cbor::Int(label)).and_then(Cbor::bytes).ok_or("the key is not complete");
    let parsed = match (number(1), number(3), number(-1)) {
        (Some(2), Some(ES256), Some(1)) => {
            let (x, y) = (bytes(-2)?, bytes(-3)?);
            if x.len() != 32 || y.len() != 32 {
                return Err("the key is not complete".to_owned());
            }
            ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, [&[4], x, y].concat())
        }
        (Some(1), Some(EDDSA), Some(6)) => ParsedPublicKey::new(&ED25519, bytes(-2)?),
        (Some(3), Some(RS256), _) => {
            let (n, e) = (bytes(-1)?, bytes(-2)?);
            if !RSA_SIZES.contains(&n.len()) {
                return Err("RSA keys have 2048 to 8192 bits".to_owned());
            }
            // the library looks at these when it checks a signature, which is too late
            let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
            if !odd(n) || !odd(e) || e == [1] || e.len() > 5 {
                return Err("the key is none: no signature could fit it".to_owned());
            }
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        }
        _ => return Err("a key of a kind that is not understood".to_owned()),
    };
    parsed.map_err(|_| "the key is none: no signature could fit it".to_owned())
}
