//! Property strings: what was read can be printed, and reads the same again.
#![no_main]

use innkeeper_config::{Format, Property, PropertySchema};
use libfuzzer_sys::fuzz_target;

const SCHEMA: PropertySchema = PropertySchema {
    properties: &[
        Property::string("mac").format(Format::MacAddr),
        Property::string("comment").optional(),
        Property::integer("size").min(1).max(4094).optional(),
        Property::boolean("on").optional(),
        Property::one_of("mode", &["one", "two"]).optional(),
    ],
    default_key: Some("mac"),
};

fuzz_target!(|text: &str| {
    let Ok(values) = SCHEMA.parse(text) else { return };
    if let Ok(printed) = SCHEMA.print(&values) {
        assert_eq!(SCHEMA.parse(&printed), Ok(values), "{printed}");
    }
});
