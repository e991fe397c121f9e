//! What values may look like, and what is said about those that may not.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use innkeeper_config::{Format, Kind, Property, check_value, parse_cli_boolean};
use proptest::prelude::*;
use serde_json::json;

fn accepts(format: Format, texts: &[&str]) {
    for text in texts {
        assert_eq!(format.check(text), Ok(()), "{format:?} refuses '{text}'");
    }
}

fn refuses(format: Format, texts: &[&str]) {
    for text in texts {
        assert!(format.check(text).is_err(), "{format:?} accepts '{text}'");
    }
}

#[test]
fn a_configuration_id_has_at_least_two_characters() {
    accepts(Format::PveConfigid, &["ab", "A-", "a_1"]);
    refuses(Format::PveConfigid, &["", "a", "1a", "-a", "a.b", "a b", "äb", "ab\n"]);
}

#[test]
fn storage_and_volume_group_names_say_which_name_is_wrong() {
    accepts(Format::StorageId, &["local", "a1", "a.b-c_d9"]);
    refuses(Format::StorageId, &["1a", "a", "a-", "a/b", ""]);
    accepts(Format::Vgname, &["1a", "pve", "vg.0"]);
    refuses(Format::Vgname, &["-a", "a_", "a"]);
    assert_eq!(Format::StorageId.check("a/").unwrap_err(), "storage ID 'a/' contains illegal characters");
    assert_eq!(Format::Vgname.check("-").unwrap_err(), "lvm name '-' contains illegal characters");
}

#[test]
fn interface_names_follow_the_rule_of_the_api() {
    accepts(Format::Iface, &["eth0", "vmbr0", "eth0:1", "eth0.4094", "abcdefghijklmnopqrstu"]);
    refuses(Format::Iface, &["e", "eth-0", "0eth", "eth0.", "eth0.x", "eth0.1.2", "abcdefghijklmnopqrstuv"]);
}

#[test]
fn a_multicast_mac_address_is_refused() {
    accepts(Format::MacAddr, &["52:54:00:12:34:56", "AA:bb:cc:dd:ee:ff"]);
    refuses(
        Format::MacAddr,
        &["01:00:5e:00:00:01", "52:54:00:12:34", "52-54-00-12-34-56", "5254:00:12:34:56:7"],
    );
    assert_eq!(
        Format::MacAddr.check("01:00:5e:00:00:01").unwrap_err(),
        "value does not look like a valid unicast MAC address"
    );
}

#[test]
fn netmasks_are_contiguous() {
    accepts(Format::Ipv4Mask, &["0.0.0.0", "255.0.0.0", "255.255.254.0", "255.255.255.255"]);
    refuses(Format::Ipv4Mask, &["255.0.255.0", "0.0.0.255", "255.255.255", "24"]);
}

#[test]
fn networks_have_a_length_in_bounds() {
    accepts(Format::CidrV4, &["192.0.2.1/24", "10.0.0.0/8", "10.0.0.1/32"]);
    refuses(
        Format::CidrV4,
        &["10.0.0.0/7", "10.0.0.0/33", "10.0.0.0", "10.0.0.0/08", "10.0.0/8", "::/8", "10.0.0.0/+8"],
    );
    accepts(Format::CidrV6, &["fd00::/8", "::1/128"]);
    refuses(Format::CidrV6, &["fd00::/7", "fd00::/129", "10.0.0.0/8"]);
    accepts(Format::Cidr, &["10.0.0.0/8", "::/64"]);
}

#[test]
fn addresses_paths_and_domains_are_told_apart() {
    accepts(Format::Address, &["192.0.2.1", "::1", "mail.example.com", "a"]);
    refuses(Format::Address, &["", "a..b", "-a", "a_b", "a b"]);
    accepts(Format::GraphitePath, &["proxmox", "a.b-c.d9"]);
    refuses(Format::GraphitePath, &["", ".a", "a.", "a_b", "-a"]);
    accepts(Format::AcmeDomain, &["example.com", "a_b.c"]);
    refuses(Format::AcmeDomain, &["example", "*.example.com", "_a.b", "a..b", "a."]);
    accepts(Format::AcmeAlias, &["_acme-challenge.example.com"]);
    refuses(Format::AcmeAlias, &["-a.b", "_a"]);
}

#[test]
fn node_user_and_guest_names_are_checked() {
    accepts(Format::Node, &["a", "pve1", "a-b"]);
    refuses(Format::Node, &["", "-a", "a-", "a.b", "a/b"]);
    accepts(Format::UserId, &["root@pam", "a@b@example.org", "jörg@pve"]);
    refuses(Format::UserId, &["root", "@pam", "ro ot@pam", "a:b@pam", "a/b@pam", "root@p", "root@1x"]);
    accepts(Format::Vmid, &["100", "999999999"]);
    refuses(Format::Vmid, &["99", "1000000000", "0100", "1e3", "-100", ""]);
}

#[test]
fn a_list_takes_every_separator_and_may_be_empty() {
    accepts(Format::ConfigidList, &["", "ab,cd", "ab;cd ef\tgh\0ij", ",,ab,,"]);
    refuses(Format::ConfigidList, &["ab,1c"]);
    accepts(Format::TaskStatusTypeList, &["ok,error", "warning unknown"]);
    refuses(Format::TaskStatusTypeList, &["fine"]);
    const VMIDS: Format = Format::List(&Format::Vmid);
    accepts(VMIDS, &["100,101"]);
    refuses(VMIDS, &["100,x"]);
    assert_eq!(VMIDS.name(), "pve-vmid-list");
}

#[test]
fn every_mistake_has_the_words_of_the_original() {
    let said = |property: Property, raw: &str| check_value(&property.kind, raw).unwrap_err();
    let integer = Property::integer("n").min(0).max(9);
    assert_eq!(said(integer, "x"), "type check ('integer') failed - got 'x'");
    assert_eq!(said(integer, ""), "type check ('integer') failed - got ''");
    assert_eq!(said(integer, "1.5"), "type check ('integer') failed - got '1.5'");
    assert_eq!(said(integer, "-1"), "value must have a minimum value of 0");
    assert_eq!(said(integer, "10"), "value must have a maximum value of 9");
    assert_eq!(said(integer, "99999999999999999999999"), "value must have a maximum value of 9");
    assert_eq!(said(Property::boolean("b"), "no"), "type check ('boolean') failed - got 'no'");
    assert_eq!(said(Property::number("x"), "inf"), "type check ('number') failed - got 'inf'");
    assert_eq!(said(Property::string("s").max_length(2), "äöü"), "value may only be 2 characters long");
    assert_eq!(said(Property::string("s").min_length(2), "ä"), "value must be at least 2 characters long");
    assert_eq!(
        said(Property::one_of("e", &["a", "b", "c"]), "x"),
        "value 'x' does not have a value in the enumeration 'a, b, c'"
    );
    assert_eq!(
        said(Property::string("p").pattern("^x$", |text| text == "x"), "y"),
        "value does not match the regex pattern"
    );
    assert_eq!(
        said(Property::string("s").format(Format::StorageId), "a/"),
        "invalid format - storage ID 'a/' contains illegal characters"
    );
}

#[test]
fn values_get_their_types() {
    assert_eq!(check_value(&Kind::Boolean, "1"), Ok(json!(true)));
    assert_eq!(check_value(&Kind::Boolean, "false"), Ok(json!(false)));
    assert_eq!(check_value(&Property::integer("n").kind, "-3"), Ok(json!(-3)));
    assert_eq!(check_value(&Property::number("n").kind, "1.5"), Ok(json!(1.5)));
    assert_eq!(check_value(&Property::string("s").max_length(2).kind, "äö"), Ok(json!("äö")));
}

#[test]
fn command_lines_may_say_yes_in_eight_ways() {
    for yes in ["1", "on", "yes", "true", "YES"] {
        assert_eq!(parse_cli_boolean(yes), Some(true));
    }
    for no in ["0", "off", "no", "False"] {
        assert_eq!(parse_cli_boolean(no), Some(false));
    }
    assert_eq!(parse_cli_boolean("maybe"), None);
}

#[test]
fn a_property_describes_itself_as_json_schema() {
    const INDEX: Property = Property::integer("index").min(0).max(9).default("3").help("Which one.");
    assert_eq!(
        INDEX.json_schema(),
        json!({"type": "integer", "minimum": 0, "maximum": 9, "description": "Which one.", "default": 3})
    );
    const NODE: Property = Property::string("node").format(Format::Node).max_length(64);
    assert_eq!(
        NODE.json_schema(),
        json!({
            "type": "string", "format": "pve-node", "maxLength": 64,
            "pattern": "^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$"
        })
    );
    assert_eq!(Property::boolean("b").default("1").json_schema()["default"], json!(1));
    assert_eq!(Property::one_of("e", &["a", "b"]).json_schema()["enum"], json!(["a", "b"]));
}

const ALL: &[Format] = &[
    Format::PveConfigid,
    Format::StorageId,
    Format::Vgname,
    Format::Iface,
    Format::Vmid,
    Format::MacAddr,
    Format::Ipv4Mask,
    Format::CidrV4,
    Format::CidrV6,
    Format::Cidr,
    Format::Ipv4,
    Format::Ipv6,
    Format::Ip,
    Format::DnsName,
    Format::Address,
    Format::GraphitePath,
    Format::AcmeDomain,
    Format::AcmeAlias,
    Format::Node,
    Format::UserId,
    Format::Realm,
    Format::TokenId,
    Format::TaskStatusType,
    Format::TaskStatusTypeList,
    Format::ConfigidList,
];

proptest! {
    #[test]
    fn no_text_makes_a_format_panic(text in any::<String>()) {
        for format in ALL {
            let _ = format.check(&text);
        }
    }

    #[test]
    fn what_a_format_accepts_holds_no_line_feed(text in "[a-z0-9.:/@_\n-]{0,12}") {
        for format in ALL.iter().filter(|format| format.item().is_none()) {
            if format.check(&text).is_ok() {
                prop_assert!(!text.contains('\n'), "{:?} accepts {:?}", format, text);
            }
        }
    }

    #[test]
    fn no_text_makes_a_value_check_panic(text in any::<String>()) {
        for property in [
            Property::integer("n").min(-5),
            Property::number("x").max(5),
            Property::boolean("b"),
            Property::string("s").min_length(1).max_length(3),
        ] {
            let _ = check_value(&property.kind, &text);
        }
    }
}
