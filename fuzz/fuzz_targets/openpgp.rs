//! Keyrings and signatures from anybody: an answer or an error, whatever the bytes are.
#![no_main]

use innkeeper_apt::openpgp::{keyring, signatures};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let made = signatures(data).unwrap_or_default();
    for key in keyring(data).unwrap_or_default() {
        for part in key.parts() {
            assert_eq!((part.fingerprint.len(), part.key_id().len()), (40, 16));
        }
        for signature in &made {
            let _ = key.maker(signature);
        }
    }
});
