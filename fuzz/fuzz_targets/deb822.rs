//! `.sources` files: written as read; what an edit gives can be read and says what was wanted.
#![no_main]

use innkeeper_apt::format::deb822::Deb822;
use innkeeper_apt::format::document::{Document, Edit, FileType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert_eq!(Deb822::parse(text).text(), text);
    let document = Document::parse(FileType::Sources, text);
    for (index, entry) in document.entries().iter().enumerate().take(8) {
        if let Ok(toggled) = document.edit(&Edit::SetEnabled(index, !entry.enabled)) {
            let after = Document::parse(FileType::Sources, &toggled);
            assert_eq!(after.entries()[index].enabled, !entry.enabled);
        }
        let _ = document.edit(&Edit::Remove(index));
        let _ = document.edit(&Edit::SetComponents(index, &["main".to_owned(), "contrib".to_owned()]));
    }
    if document.malformed().is_empty() {
        let stanza = "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\n";
        assert!(document.edit(&Edit::Append(stanza)).is_ok(), "a sound document can grow");
    }
});
