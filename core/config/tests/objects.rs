//! Parameters of a call, and property strings.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use std::collections::BTreeMap;

use innkeeper_config::{Format, Property, PropertySchema, check_object, check_value, fill_defaults};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const PARAMETERS: &[Property] = &[
    Property::string("path").max_length(8),
    Property::integer("index").min(0),
    Property::boolean("enabled").optional(),
    Property::string("delete").format(Format::ConfigidList).optional(),
    Property::string("key").optional().requires("path"),
    Property::integer("limit").default("50"),
];

fn given(value: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(value).unwrap()
}

#[test]
fn texts_and_json_values_are_taken_alike() {
    let checked = json!({"path": "/a", "index": 3, "enabled": true});
    for call in [
        json!({"path": "/a", "index": "3", "enabled": "1"}),
        json!({"index": 3, "path": "/a", "enabled": true}),
        json!({"index": 3.0, "path": "/a", "enabled": 1, "key": null}),
    ] {
        let values = check_object(PARAMETERS, given(call)).unwrap();
        assert_eq!(Value::Object(values), checked);
    }
}

#[test]
fn a_json_array_is_taken_for_a_list_and_nothing_else() {
    let call = json!({"path": "/a", "index": 3, "delete": ["ab", "cd"]});
    assert_eq!(check_object(PARAMETERS, given(call)).unwrap()["delete"], "ab,cd");
    let call = json!({"path": ["/a"], "index": {"a": 1}});
    let wrong = check_object(PARAMETERS, given(call)).unwrap_err();
    assert_eq!(wrong["path"], "type check ('string') failed - got '[\"/a\"]'");
    assert_eq!(wrong["index"], "type check ('integer') failed - got '{\"a\":1}'");
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let call = json!({"index": "x", "enabled": "no", "colour": "red", "key": "k"});
    let wrong = check_object(PARAMETERS, given(call)).unwrap_err();
    let expected = json!({
        "colour": "property is not defined in schema and the schema does not allow additional properties",
        "enabled": "type check ('boolean') failed - got 'no'",
        "index": "type check ('integer') failed - got 'x'",
        "path": "missing property - 'key' requires this property",
    });
    assert_eq!(json!(wrong), expected);
    let wrong = check_object(PARAMETERS, given(json!({"index": 1}))).unwrap_err();
    assert_eq!(json!(wrong), json!({"path": "property is missing and it is not optional"}));
}

#[test]
fn defaults_are_filled_in_only_when_asked() {
    let mut values = check_object(PARAMETERS, given(json!({"path": "/", "index": 0}))).unwrap();
    assert!(!values.contains_key("limit"));
    fill_defaults(PARAMETERS, &mut values);
    assert_eq!(values["limit"], 50);
}

const WAKE: PropertySchema = PropertySchema {
    properties: &[
        Property::string("mac").format(Format::MacAddr),
        Property::string("bind-interface").optional(),
        Property::string("broadcast-address").format(Format::Ipv4).optional(),
        Property::boolean("quick").optional(),
    ],
    default_key: Some("mac"),
};
const NO_DEFAULT: PropertySchema =
    PropertySchema { properties: &[Property::string("account").optional()], default_key: None };

#[test]
fn the_default_key_needs_no_name() {
    for text in ["52:54:00:00:00:01,quick=1", "quick=1,mac=52:54:00:00:00:01", ",52:54:00:00:00:01,,quick=1,"]
    {
        let values = WAKE.parse(text).unwrap();
        assert_eq!(json!(values), json!({"mac": "52:54:00:00:00:01", "quick": true}));
        assert_eq!(WAKE.print(&values).unwrap(), "52:54:00:00:00:01,quick=1");
    }
    assert_eq!(
        WAKE.synopsis(),
        "[mac=]<mac>[,bind-interface=<bind-interface>][,broadcast-address=<broadcast-address>][,quick=<quick>]"
    );
}

#[test]
fn property_string_mistakes_have_the_words_of_the_original() {
    let said = |schema: &PropertySchema, text: &str| schema.parse(text).unwrap_err();
    let line = |text: &str| format!("format error\n{text}");
    assert_eq!(said(&WAKE, "colour=red"), line("invalid key in comma-separated list property: colour"));
    assert_eq!(said(&WAKE, "quick=1,quick=0"), line("duplicate key in comma-separated list property: quick"));
    assert_eq!(said(&WAKE, "a,mac=b"), line("duplicate key in comma-separated list property: mac"));
    assert_eq!(said(&WAKE, "=x"), line("missing key in comma-separated list property"));
    assert_eq!(said(&NO_DEFAULT, "x"), line("value without key, but schema does not define a default key"));
    assert_eq!(said(&WAKE, "quick=1"), line("mac: property is missing and it is not optional"));
    assert_eq!(
        said(&WAKE, "x,quick=y"),
        line(
            "mac: invalid format - value does not look like a valid unicast MAC address\n\
             quick: type check ('boolean') failed - got 'y'"
        )
    );
}

#[test]
fn a_property_string_is_a_kind_like_any_other() {
    const PROPERTY: Property = Property::property_string("wakeonlan", &WAKE);
    assert_eq!(check_value(&PROPERTY.kind, "52:54:00:00:00:01"), Ok(json!({"mac": "52:54:00:00:00:01"})));
    assert_eq!(
        check_value(&PROPERTY.kind, "=").unwrap_err(),
        "invalid format - format error\nmissing key in comma-separated list property"
    );
}

#[test]
fn values_that_would_break_a_property_string_are_not_written() {
    for value in ["a,b", "a\nb", ""] {
        let values = Map::from_iter([("account".to_owned(), json!(value))]);
        assert!(NO_DEFAULT.print(&values).is_err(), "{value:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_property_string_parser_panic(text in any::<String>()) {
        let _ = WAKE.parse(&text);
    }

    #[test]
    fn what_is_printed_is_read_back(account in "[^,\r\n]{1,20}") {
        let values = Map::from_iter([("account".to_owned(), json!(account))]);
        if let Ok(text) = NO_DEFAULT.print(&values) {
            prop_assert_eq!(NO_DEFAULT.parse(&text), Ok(values));
        }
    }
}
