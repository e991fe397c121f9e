//! What ip(8) prints, link files of udev, and the names that it makes.
#![no_main]

use innkeeper_network::kernel::hostile;
use innkeeper_network::names::link_file::{LinkFile, with_name};
use innkeeper_network::names::rename::{interfaces, mentions};
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
    if let Some(renamed) = with_name(text, "enwan0") {
        assert_eq!(LinkFile::parse(&renamed).gives(), Some("enwan0"));
    }
    let plain = |word: &&str| word.len() < 16 && word.bytes().all(|c| c.is_ascii_alphanumeric()) && !"enwan0".contains(word);
    let old = text.split_whitespace().find(plain).unwrap_or("eno1");
    for mention in mentions::mentions(text, old) {
        assert_eq!(&text[mention.range], old);
    }
    let followed = interfaces::follow(text, &[old], "enwan0");
    assert_eq!(followed.text.replace(old, "enwan0").len(), text.replace(old, "enwan0").len());
});
