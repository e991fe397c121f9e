//! Section files: kept byte for byte, and every section found is in the text.
#![no_main]

use innkeeper_config::SectionFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = SectionFile::parse(text);
    assert_eq!(file.as_text(), text);
    for section in file.sections() {
        assert!(file.section(&section.id).is_some());
    }
    let _ = SectionFile::parse_id_optional(text);
});
