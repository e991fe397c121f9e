//! Section files: what is read, what is warned of, and that an edit leaves all other lines alone.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use std::collections::BTreeMap;

use innkeeper_config::{
    Format, Property, SectionEditError, SectionFile, SectionOption, SectionSchema, SectionType, sha1_hex,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const OPTIONS: &[SectionOption] = &[
    SectionOption::fixed(Property::string("path")),
    SectionOption::new(Property::string("content").optional()),
    SectionOption::new(Property::boolean("shared").optional()),
    SectionOption::new(Property::boolean("disable").optional()),
    SectionOption::new(Property::string("comment").optional()),
    SectionOption::new(Property::integer("port").min(1).max(65535)),
];
const SCHEMA: SectionSchema = SectionSchema {
    types: &[SectionType { name: "dir", options: OPTIONS }],
    id_format: Some(Format::StorageId),
};

const FILE: &str = "# made by hand\n\
    dir: local\n\
    \tpath /var/lib/vz\n\
    \t# why: backups\n\
    \tcontent  iso,vztmpl \n\
    \tport 1\n\
    \n\
    zfspool: tank\n\
    \tpool tank\n\
    \tsparse\n";

fn set(values: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(values).unwrap()
}

#[test]
fn sections_comments_and_bare_keys_are_read() {
    let file = SectionFile::parse(FILE);
    assert!(file.warnings().is_empty(), "{:?}", file.warnings());
    let ids: Vec<_> = file.sections().iter().map(|section| (&*section.kind, &*section.id)).collect();
    assert_eq!(ids, [("dir", "local"), ("zfspool", "tank")]);
    assert_eq!(file.section("local").unwrap().get("content"), Some("iso,vztmpl"));
    assert_eq!(file.section("tank").unwrap().entry("sparse").unwrap().value, None);
    assert_eq!(file.digest(), sha1_hex(FILE.as_bytes()));
    assert_eq!(sha1_hex(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

#[test]
fn odd_lines_are_warned_of_with_their_place() {
    let file = SectionFile::parse("what\ndir: a\n\tpath /a\nlost\n\tpath /b\n\ndir: a\n");
    let said: Vec<_> = file.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "line 1 - ignore config line: what",
            "line 4 (section 'a') - ignore config line: lost",
            "line 5 (section 'a') - duplicate attribute 'path', the first one counts",
            "line 7 (section 'a') - section 'a' is defined in line 2 already, which counts",
        ]
    );
    assert_eq!(file.section("a").unwrap().get("path"), Some("/a"));
}

#[test]
fn a_header_may_lack_its_space_and_in_status_cfg_its_id() {
    assert_eq!(SectionFile::parse("dir:x\n").sections()[0].id, "x");
    assert!(SectionFile::parse("graphite:\n").sections().is_empty());
    let file = SectionFile::parse_id_optional("Graphite:\n\tserver x\n");
    assert_eq!((&*file.sections()[0].kind, &*file.sections()[0].id), ("graphite", "graphite"));
}

#[test]
fn bad_values_cost_their_key_and_unknown_types_their_section() {
    let text =
        "dir: local\n\tpath /x\n\tshared yes\n\tdisable\n\tport 99999\n\nzfspool: tank\n\tpool p\n\ndir: 1\n";
    let (sections, warnings) = SCHEMA.read(&SectionFile::parse(text));
    assert_eq!(sections.len(), 1);
    assert_eq!(json!(sections[0].values), json!({"path": "/x", "disable": true}));
    let said: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "line 3 (section 'local') - invalid value for 'shared': type check ('boolean') failed - got 'yes'",
            "line 5 (section 'local') - invalid value for 'port': value must have a maximum value of 65535",
            "line 7 (section 'tank') - skip section: unknown type 'zfspool'",
            "line 10 (section '1') - skip section: storage ID '1' contains illegal characters",
        ]
    );
}

#[test]
fn a_new_section_is_written_as_the_original_writes_it() {
    let mut file = SectionFile::parse("dir: a\n\tpath /a");
    let values = set(json!({
        "shared": true, "path": "/b", "comment": "hi", "disable": "1", "content": "", "port": 5
    }));
    SCHEMA.create(&mut file, "dir", "bb", &values).unwrap();
    assert_eq!(
        file.as_text(),
        "dir: a\n\tpath /a\n\ndir: bb\n\tcomment hi\n\tdisable\n\tpath /b\n\tport 5\n\tshared 1\n\n"
    );
    let again = SCHEMA.create(&mut file, "dir", "bb", &values);
    assert_eq!(again, Err(SectionEditError::Exists("bb".to_owned())));
}

#[test]
fn an_edit_changes_its_own_lines_only() {
    let mut file = SectionFile::parse(FILE);
    let values = set(json!({"content": "backup", "comment": "x", "disable": true, "shared": 0}));
    SCHEMA.update(&mut file, "local", &values, &[]).unwrap();
    let expected = FILE
        .replace("\tcontent  iso,vztmpl \n", "\tcontent backup\n\tshared 0\n")
        .replace("local\n", "local\n\tcomment x\n\tdisable\n");
    let expected = expected.replace("\tshared 0\n\tport 1\n", "\tport 1\n\tshared 0\n");
    assert_eq!(file.as_text(), expected);
    SCHEMA.update(&mut file, "local", &set(json!({"disable": false})), &["comment", "shared"]).unwrap();
    file.set("local", "content", "iso,vztmpl").unwrap();
    assert_eq!(file.as_text(), FILE.replace("  iso,vztmpl \n", " iso,vztmpl\n"));
}

#[test]
fn saying_the_same_in_other_words_changes_nothing() {
    let text = "dir: local\n\tpath /x\n\tport 05\n\tshared\n\tdisable 1\n";
    let mut file = SectionFile::parse(text);
    let values = set(json!({"port": 5, "shared": true, "disable": true, "path": "/x"}));
    SCHEMA.update(&mut file, "local", &values, &[]).unwrap();
    assert_eq!(file.as_text(), text);
}

#[test]
fn refused_edits_have_the_words_of_the_original_and_change_nothing() {
    let mut file = SectionFile::parse(FILE);
    let mut said = |values: Value, delete: &[&str]| {
        let error = SCHEMA.update(&mut file, "local", &set(values), delete).unwrap_err();
        assert_eq!(file.as_text(), FILE);
        error.to_string()
    };
    assert_eq!(said(json!({"path": "/y"}), &[]), "can't change value of fixed parameter 'path'");
    assert_eq!(said(json!({"port": ""}), &[]), "Parameter verification failed.");
    assert_eq!(said(json!({"comment": "a\nb"}), &[]), "property 'comment' contains a line feed");
    assert_eq!(said(json!({}), &["colour"]), "no such option 'colour'");
    assert_eq!(said(json!({}), &["port"]), "unable to delete required option 'port'");
    assert_eq!(said(json!({}), &["path"]), "unable to delete fixed option 'path'");
    assert_eq!(
        said(json!({"comment": "a"}), &["comment"]),
        "cannot set and delete property 'comment' at the same time!"
    );
    let created = SCHEMA.create(&mut file, "dir", "new", &set(json!({"port": 1})));
    assert_eq!(created.unwrap_err().to_string(), "missing value for required option 'path'");
    assert_eq!(file.as_text(), FILE);
}

#[test]
fn a_removed_section_takes_its_blank_line_along() {
    let mut file = SectionFile::parse(FILE);
    file.remove("local").unwrap();
    assert_eq!(file.as_text(), "# made by hand\nzfspool: tank\n\tpool tank\n\tsparse\n");
    assert_eq!(file.remove("local"), Err(SectionEditError::NoSuchSection("local".to_owned())));
}

#[test]
fn names_that_would_not_be_read_back_are_refused() {
    let mut file = SectionFile::parse("");
    for (kind, id) in [("", "a"), ("dir", ""), ("dir", "a b"), ("#x", "a"), ("d x", "a"), ("dir", "a\nb: c")]
    {
        let refused = file.add(kind, id, &[]);
        assert!(matches!(refused, Err(SectionEditError::BadName(_))), "{kind:?} {id:?}: {refused:?}");
    }
    file.add("dir", "a", &[]).unwrap();
    for key in ["", "#k", "a b", "a\nb"] {
        assert!(file.set("a", key, "v").is_err(), "{key:?}");
    }
}

/// Texts that are close to section files, with every kind of oddity.
fn texts() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "(dir|zfs|x:y): ?[a-c]{1,2}",
        "[ \t]{1,2}[k-m]( |\t)[a-z ]{0,4}",
        "[ \t]{1,2}[k-m]",
        "[ \t]?#.{0,5}",
        "[ \t]{0,2}",
        ".{0,8}",
    ];
    let ending = prop_oneof![8 => Just("\n"), 1 => Just("\r\n"), 1 => Just("")];
    prop::collection::vec((line, ending), 0..12)
        .prop_map(|lines| lines.into_iter().map(|(line, ending)| line + ending).collect())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Whether `short` is what is left of `long` when some lines are taken out.
fn is_subsequence(short: &[String], long: &[String]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|line| rest.any(|other| other == line))
}

proptest! {
    #[test]
    fn reading_loses_nothing(text in prop_oneof![texts(), any::<String>()]) {
        let (plain, relaxed) =
            (SectionFile::parse(text.clone()), SectionFile::parse_id_optional(text.clone()));
        prop_assert_eq!(plain.as_text(), &text);
        prop_assert_eq!(relaxed.as_text(), &text);
        let _ = SCHEMA.read(&SectionFile::parse(text));
    }

    #[test]
    fn setting_a_key_changes_at_most_one_line(text in texts(), value in "[a-z]{1,3}( [a-z])?") {
        let mut file = SectionFile::parse(text.clone());
        let before = file.clone();
        for section in before.sections() {
            file = before.clone();
            file.set(&section.id, "k", &value).unwrap();
            prop_assert_eq!(file.section(&section.id).unwrap().get("k"), Some(&*value));
            let (old, new) = (lines(&text), lines(file.as_text()));
            if old.len() == new.len() {
                let changed = old.iter().zip(&new).filter(|(old, new)| old != new).count();
                prop_assert!(changed <= 1, "{:?} -> {:?}", text, file.as_text());
            } else {
                prop_assert_eq!(new.len(), old.len() + 1);
                prop_assert!(is_subsequence(&old, &new), "{:?} -> {:?}", text, file.as_text());
            }
            for other in before.sections().iter().filter(|other| other.id != section.id) {
                let same = |file: &SectionFile| -> Vec<_> {
                    let section = file.section(&other.id).unwrap();
                    section.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
                };
                prop_assert_eq!(same(&before), same(&file));
            }
        }
    }

    #[test]
    fn removing_takes_lines_out_and_changes_none(text in texts()) {
        let before = SectionFile::parse(text.clone());
        for section in before.sections() {
            let mut file = before.clone();
            file.unset(&section.id, "k").unwrap();
            prop_assert_eq!(file.section(&section.id).unwrap().get("k"), None);
            prop_assert!(is_subsequence(&lines(file.as_text()), &lines(&text)));
            let mut file = before.clone();
            file.remove(&section.id).unwrap();
            prop_assert!(is_subsequence(&lines(file.as_text()), &lines(&text)));
        }
    }

    #[test]
    fn adding_keeps_every_byte_before(text in texts()) {
        let mut file = SectionFile::parse(text.clone());
        file.add("dir", "new", &[("k", Some("v")), ("flag", None)]).unwrap();
        prop_assert!(file.as_text().starts_with(&text));
        let section = file.section("new").unwrap();
        prop_assert_eq!(section.get("k"), Some("v"));
        prop_assert_eq!(section.get("flag"), Some(""));
    }
}
