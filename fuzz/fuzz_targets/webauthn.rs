//! Answers of authenticators: refused or understood, whatever the bytes.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use innkeeper_access::tfa::{Credential, RelyingParty};
use libfuzzer_sys::fuzz_target;

const CHALLENGE: &[u8] = &[0; 3];
/// SHA-256 of `a`, somebody touched it, a key is in the answer, never counted, a model, and the id of the key: `k`.
const BEFORE_KEY: &[u8] = b"\xca\x97\x81\x12\xca\x1b\xbd\xca\xfa\xc2\x31\xb3\x9a\x23\xdc\x4d\
\xa7\x86\xef\xf8\x14\x7c\x4e\x72\xb9\x80\x77\x85\xaf\xee\x48\xbb\x41\0\0\0\0\
0123456789abcdef\0\x01k";

fuzz_target!(|bytes: &[u8]| {
    let site = RelyingParty {
        id: "a".to_owned(),
        origin: "https://a".to_owned(),
        subdomains: true,
        name: "a".to_owned(),
    };
    let client =
        |kind: &str| BASE64.encode(format!(r#"{{"type":"{kind}","challenge":"AAAA","origin":"https://a"}}"#));
    let created = |object: &[u8]| {
        let (client, object) = (client("webauthn.create"), BASE64.encode(object));
        format!(r#"{{"id":"aw","response":{{"clientDataJSON":"{client}","attestationObject":"{object}"}}}}"#)
    };
    // the whole object, and one in which only the key is left open
    let _ = site.register(CHALLENGE, &created(bytes));
    let data = [BEFORE_KEY, bytes].concat();
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
    let object = [b"\xa1\x68authData\x59", &length[..], &data].concat();
    let signed = format!(
        r#"{{"id":"aw","response":{{"clientDataJSON":"{}","authenticatorData":"{}","signature":"{}"}}}}"#,
        client("webauthn.get"),
        BASE64.encode(&BEFORE_KEY[..37]),
        BASE64.encode(bytes)
    );
    if let Ok(key) = site.register(CHALLENGE, &created(&object)) {
        assert_eq!(Credential::from_json(&key.to_json()).as_ref(), Some(&key));
        assert!(site.verify(CHALLENGE, &[key], &signed).is_err(), "bytes that nobody signed");
    }
    let known = [Credential { id: b"k".to_vec(), key: bytes.to_vec(), counter: 0 }];
    assert!(site.verify(CHALLENGE, &known, &signed).is_err(), "bytes that nobody signed");
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = site.register(CHALLENGE, text);
        let _ = RelyingParty::parse(text);
    }
});
