//! YAML: block style, sorted keys, and quotes around every text that a reader could take for something else.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::quoted;

/// One document.
pub(super) fn document(value: &Value) -> String {
    let mut out = "---\n".to_owned();
    match value {
        Value::Array(items) if !items.is_empty() => block(&mut out, value, 0),
        Value::Object(map) if !map.is_empty() => block(&mut out, value, 0),
        plain => {
            out.push_str(&scalar(plain));
            out.push('\n');
        }
    }
    out
}

/// The items of a list or map that is not empty, each on lines of its own.
fn block(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Array(items) => {
            for item in items {
                indent(out, depth);
                out.push('-');
                // the first entry of a map or list stands beside the dash
                behind_dash(out, item, depth);
            }
        }
        Value::Object(map) => {
            for (key, item) in map.iter().collect::<BTreeMap<_, _>>() {
                indent(out, depth);
                out.push_str(&text(key));
                out.push(':');
                behind_key(out, item, depth);
            }
        }
        _ => {}
    }
}

fn behind_dash(out: &mut String, item: &Value, depth: usize) {
    if !has_items(item) {
        return line(out, item);
    }
    let mut inner = String::new();
    block(&mut inner, item, depth + 1);
    out.push(' ');
    out.push_str(inner.trim_start());
}

fn behind_key(out: &mut String, item: &Value, depth: usize) {
    if !has_items(item) {
        return line(out, item);
    }
    out.push('\n');
    // the dashes of a list stand below its key
    block(out, item, if item.is_array() { depth } else { depth + 1 });
}

fn has_items(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty())
        || value.as_object().is_some_and(|map| !map.is_empty())
}

fn line(out: &mut String, value: &Value) {
    out.push(' ');
    out.push_str(&scalar(value));
    out.push('\n');
}

fn indent(out: &mut String, depth: usize) {
    out.push_str(&"  ".repeat(depth));
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(words) => text(words),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// Words that some reader of YAML takes for a boolean, for nothing or for a number.
const RESERVED: [&str; 14] =
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity", "none", "nil"];

fn text(words: &str) -> String {
    if is_plain(words) { words.to_owned() } else { quoted(words) }
}

/// Whether every reader takes the bare words for a text. A JSON string is a YAML string, so when in doubt: quotes.
fn is_plain(words: &str) -> bool {
    let first = words.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let fine = |c: char| c.is_ascii_alphanumeric() || " _./@+-,()=;".contains(c);
    first
        && words.chars().all(|c| fine(c) || c == ':')
        && !words.ends_with([' ', ':'])
        && !words.contains(": ")
        && !RESERVED.contains(&words.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_and_maps_nest() {
        let value = json!({
            "nodes": [{ "node": "pve", "up": true }, [1, [2]], [], {}, "x"],
            "empty": {}, "deep": { "er": { "list": ["a"] } }, "nothing": null,
        });
        let expected = "---\ndeep:\n  er:\n    list:\n    - a\nempty: {}\nnodes:\n- node: pve\n  up: true\n- - 1\n  - - 2\n- []\n- {}\n- x\nnothing: null\n";
        assert_eq!(document(&value), expected);
    }

    #[test]
    fn what_is_not_a_list_or_map_is_a_document_too() {
        assert_eq!(document(&json!("pve")), "---\npve\n");
        assert_eq!(document(&json!(null)), "---\nnull\n");
        assert_eq!(document(&json!([])), "---\n[]\n");
    }

    #[test]
    fn what_looks_like_something_else_is_quoted() {
        for words in [
            "",
            "no",
            "True",
            "~",
            "1",
            "1e5",
            "0x1f",
            "12:30",
            "-",
            "- a",
            "a: b",
            "a #b",
            "a:",
            "#a",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "'a",
            "\"a",
            "{",
            "[",
            "|",
            ">",
            "?",
            " a",
            "a ",
            "a\nb",
            "é",
            "2024-01-01",
            ".inf",
            "<<",
            "=",
        ] {
            assert!(document(&json!(words)).starts_with("---\n\""), "{words:?}");
        }
        for words in ["UPID:pve:x", "/etc/apt/sources.list", "root@pam", "deb", "main contrib"] {
            assert_eq!(document(&json!(words)), format!("---\n{words}\n"));
        }
    }

    proptest! {
        /// Quoted texts are JSON strings, bare ones hold no character with a meaning: either way they read back.
        #[test]
        fn every_text_is_one_line_that_reads_back_the_same(words in any::<String>()) {
            let printed = text(&words);
            prop_assert!(!printed.contains(super::super::escape::is_harmful));
            if printed.starts_with('"') {
                prop_assert_eq!(serde_json::from_str::<String>(&printed).unwrap(), words);
            } else {
                prop_assert_eq!(&printed, &words);
                prop_assert!(printed.chars().all(|c| c.is_ascii_alphanumeric() || " _./@+-,()=;:".contains(c)));
                prop_assert!(printed.trim() == printed && !printed.contains(": "));
                prop_assert!(serde_json::from_str::<Value>(&printed).is_err(), "not a number, boolean or null");
            }
        }
    }
}
