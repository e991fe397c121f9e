//! resolv.conf: an edit gives what was asked for, once and for all, and loses no other line.
#![no_main]

use innkeeper_network::dns::format::{ResolvConf, same_server};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = ResolvConf::parse(text);
    assert_eq!(file.text(), text);
    let own: Vec<String> = file.servers().map(str::to_owned).collect();
    assert_eq!(file.with(&file.search().unwrap_or_default(), &own), text);
    let servers = ["192.0.2.1".to_owned(), "2001:db8::1".to_owned()];
    for search in ["", "example.org lab.example.org"] {
        let after = ResolvConf::parse(&file.with(search, &servers));
        assert_eq!(after.search().unwrap_or_default(), search);
        assert!(after.servers().count() == 2 && after.servers().zip(&servers).all(|(one, other)| same_server(one, other)));
        assert_eq!((after.odd().len(), after.options()), (file.odd().len(), file.options()));
        assert_eq!(after.with(search, &servers), after.text());
    }
});
