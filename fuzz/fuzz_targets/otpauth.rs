//! Addresses of authenticator apps, and the document of second factors.
#![no_main]

use innkeeper_access::tfa::{Factors, Totp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(totp) = Totp::parse(text) {
        let code = totp.code_at(1_000_000);
        assert!(totp.step_of(&code, 1_000_000).is_some());
    }
    if let (Ok(mut factors), Ok(anna)) = (Factors::parse(text), "anna@pve".parse()) {
        assert_eq!(Factors::parse(&factors.text()), Ok(factors.clone()));
        let _ = (factors.asks(&anna), factors.list(&anna), factors.credentials(&anna));
        let _ = factors.remove(&anna, "x");
    }
});
