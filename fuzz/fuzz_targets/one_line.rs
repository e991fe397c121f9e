//! `.list` files: written as read; toggling an enabled line twice gives back every byte; what an edit gives can be read.
#![no_main]

use innkeeper_apt::format::document::{Document, Edit, FileType};
use innkeeper_apt::format::one_line::OneLine;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let list = OneLine::parse(text);
    assert_eq!(list.text(), text);
    let document = Document::parse(FileType::List, text);
    for (index, entry) in document.entries().iter().enumerate().take(8) {
        let Ok(toggled) = document.edit(&Edit::SetEnabled(index, !entry.enabled)) else { continue };
        if entry.enabled {
            let back = Document::parse(FileType::List, &toggled).edit(&Edit::SetEnabled(index, true));
            assert_eq!(back.as_deref(), Ok(text));
        }
        let _ = document.edit(&Edit::Remove(index));
        let _ = document.edit(&Edit::SetComponents(index, &["main".to_owned(), "contrib".to_owned()]));
    }
    if document.malformed().is_empty() {
        let line = "deb http://deb.debian.org/debian bookworm main";
        assert!(document.edit(&Edit::Append(line)).is_ok(), "a sound document can grow");
    }
});
