//! What ip(8) prints, link files of udev, and the names that it makes.
#![no_main]

use innkeeper_network::kernel::hostile;
use innkeeper_network::names::link_file::LinkFile;
use innkeeper_network::names::scheme;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (links, _) = hostile::read(text);
    let file = LinkFile::parse(text);
    for link in &links {
        let _ = file.is_for(link);
        assert!(!scheme::read(&link.name).sentence(link).is_empty());
    }
    text.split_whitespace().for_each(|word| drop(scheme::read(word)));
    assert_eq!(file.gives().is_some(), file.policy.is_empty() && file.name.is_some());
});
