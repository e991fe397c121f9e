//! JSON with sorted keys, so that the same result is always the same text.

use std::fmt::Write as _;

use serde_json::Value;

use super::escape::is_harmful;

/// On one line.
pub(super) fn compact(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, None);
    out
}

/// Over several lines.
pub(super) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Some(0));
    out
}

fn write_value(out: &mut String, value: &Value, depth: Option<usize>) {
    let inner = depth.map(|depth| depth + 1);
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                begin(out, index, inner);
                write_value(out, item, inner);
            }
            end(out, depth, ']');
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            let mut sorted: Vec<_> = map.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            for (index, (key, item)) in sorted.into_iter().enumerate() {
                begin(out, index, inner);
                out.push_str(&quoted(key));
                out.push_str(if depth.is_some() { ": " } else { ":" });
                write_value(out, item, inner);
            }
            end(out, depth, '}');
        }
        Value::String(text) => out.push_str(&quoted(text)),
        // writing into a String cannot fail
        other => _ = write!(out, "{other}"),
    }
}

fn begin(out: &mut String, index: usize, depth: Option<usize>) {
    if index > 0 {
        out.push(',');
    }
    new_line(out, depth);
}

fn end(out: &mut String, depth: Option<usize>, bracket: char) {
    new_line(out, depth);
    out.push(bracket);
}

fn new_line(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        out.push_str(&"   ".repeat(depth));
    }
}

/// A JSON string, harmful characters beyond ASCII spelled out too: JSON itself would let them through.
pub(super) fn quoted(text: &str) -> String {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) && !matches!(byte, b'"' | b'\\');
    if text.bytes().all(plain) {
        return format!("\"{text}\"");
    }
    let quoted = Value::from(text).to_string();
    if !quoted.contains(is_harmful) {
        return quoted;
    }
    let mut out = String::with_capacity(quoted.len() + 8);
    for c in quoted.chars() {
        if is_harmful(c) {
            // all of them are in the first plane: four digits; writing into a String cannot fail
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({ "b": [{ "z": 1, "a": {} }], "a": null });
        assert_eq!(compact(&value), r#"{"a":null,"b":[{"a":{},"z":1}]}"#);
        assert_eq!(
            pretty(&value),
            "{\n   \"a\": null,\n   \"b\": [\n      {\n         \"a\": {},\n         \"z\": 1\n      }\n   ]\n}"
        );
    }

    #[test]
    fn harmful_characters_are_spelled_out_and_read_back_the_same() {
        let text = "\u{9b}31m \u{202e} \x7f \x1b ü";
        let quoted = quoted(text);
        assert_eq!(quoted, "\"\\u009b31m \\u202e \\u007f \\u001b ü\"");
        assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
    }
}
