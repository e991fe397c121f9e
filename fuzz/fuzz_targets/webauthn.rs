//! Answers of authenticators: refused or understood, whatever the bytes.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use innkeeper_access::tfa::{Credential, RelyingParty};
use libfuzzer_sys::fuzz_target;

const CHALLENGE: &[u8] = &[0; 3];

fuzz_target!(|bytes: &[u8]| {
    let site = RelyingParty { id: "a".to_owned(), origin: "https://a".to_owned(), name: "a".to_owned() };
    let client = |kind: &str| BASE64.encode(format!(r#"{{"type":"{kind}","challenge":"AAAA","origin":"https://a"}}"#));
    let data = BASE64.encode(bytes);
    let created = format!(
        r#"{{"id":"","response":{{"clientDataJSON":"{}","attestationObject":"{data}"}}}}"#,
        client("webauthn.create")
    );
    let _ = site.register(CHALLENGE, &created);
    let signed = format!(
        r#"{{"id":"","response":{{"clientDataJSON":"{}","authenticatorData":"{data}","signature":"{data}"}}}}"#,
        client("webauthn.get")
    );
    let known = [Credential { id: Vec::new(), key: bytes.to_vec(), counter: 0 }];
    assert!(site.verify(CHALLENGE, &known, &signed).is_err(), "bytes that nobody signed");
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = site.register(CHALLENGE, text);
        let _ = RelyingParty::parse(text);
    }
});
