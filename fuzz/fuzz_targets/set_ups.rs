//! What callers say of a network set-up: whatever they say, a line of the file that a shell reads holds what was parsed.
#![no_main]

use innkeeper_network::recipes::values::{Cidr, Forward};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(cidr) = Cidr::parse("cidr", text) {
        assert_eq!(Cidr::parse("cidr", &cidr.to_string()).ok(), Some(cidr));
        assert!(!cidr.has_guest(cidr.address));
    }
    for one in Forward::list("forward", text).unwrap_or_default() {
        let whole = format!("{}:{}:{}", one.protocol, one.port, one.target);
        assert_eq!(Forward::parse(&whole), Some(one));
        assert!(one.port > 0 && one.target.port() > 0);
    }
    for nic in innkeeper_network::forwarding::nics_of(100, text.len() % 2 == 0, text) {
        assert_eq!(nic.mac.len(), 17);
        assert!(nic.mac.bytes().all(|c| c == b':' || c.is_ascii_hexdigit()));
        assert!(nic.port.len() <= 15 && nic.port.bytes().all(|c| c.is_ascii_alphanumeric()));
    }
});
