//! JSON with sorted keys, so that the same result is always the same text.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::escape::is_harmful;

/// On one line.
pub(super) fn compact(value: &Value) -> String {
    written(value, None)
}

/// Over several lines.
pub(super) fn pretty(value: &Value) -> String {
    written(value, Some(0))
}

fn written(value: &Value, depth: Option<usize>) -> String {
    let mut out = String::new();
    // a value is read from memory, and every value can be written
    let _ = Writer { out: &mut out, depth, hand_on: None }.deserialize(value);
    out
}

/// Text that is handed on at once.
const PIECE: usize = 64 * 1024;

/// The same of what is JSON already, without making values of it: handed on piece by piece.
///
/// # Errors
/// When it is not JSON.
pub(super) fn tidied(
    text: &str,
    pretty: bool,
    mut hand_on: impl FnMut(&str),
) -> Result<(), serde_json::Error> {
    let mut out = String::with_capacity(2 * PIECE);
    let mut json = serde_json::Deserializer::from_str(text);
    let writer = Writer { out: &mut out, depth: pretty.then_some(0), hand_on: Some(&mut hand_on) };
    writer.deserialize(&mut json)?;
    json.end()?;
    hand_on(&out);
    Ok(())
}

/// Writes what is read, be it a value or a text.
struct Writer<'o> {
    out: &'o mut String,
    /// How deep inside others this is; `None` where everything goes on one line.
    depth: Option<usize>,
    /// Takes pieces of the outermost list, which may be long.
    hand_on: Option<&'o mut dyn FnMut(&str)>,
}

impl Writer<'_> {
    fn inner(&mut self) -> Writer<'_> {
        Writer { depth: self.depth.map(|depth| depth + 1), out: self.out, hand_on: None }
    }

    fn display(self, value: impl fmt::Display) {
        // writing into a String cannot fail
        let _ = write!(self.out, "{value}");
    }
}

impl<'de> DeserializeSeed<'de> for Writer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Writer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.out.push_str("null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.display(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.display(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.display(value);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.display(Value::from(value));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        quote(self.out, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.out.push('[');
        let mut count = 0;
        loop {
            let item = self.inner();
            let before = item.out.len();
            begin(item.out, count > 0, item.depth);
            if items.next_element_seed(item)?.is_none() {
                self.out.truncate(before);
                break;
            }
            count += 1;
            if let Some(hand_on) = self.hand_on.as_mut().filter(|_| self.out.len() >= PIECE) {
                hand_on(self.out);
                self.out.clear();
            }
        }
        end(self.out, self.depth.filter(|_| count > 0), ']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        self.out.push('{');
        let inner = self.depth.map(|depth| depth + 1);
        let start = self.out.len();
        let mut found: Vec<(Cow<'_, str>, Range<usize>)> =
            Vec::with_capacity(fields.size_hint().unwrap_or(0));
        let mut sorted = true;
        while let Some(key) = fields.next_key_seed(Key)? {
            begin(self.out, !found.is_empty(), inner);
            let from = self.out.len() - start;
            quote(self.out, &key);
            self.out.push_str(if inner.is_some() { ": " } else { ":" });
            fields.next_value_seed(self.inner())?;
            sorted &= found.last().is_none_or(|(last, _)| *last <= key);
            found.push((key, from..self.out.len() - start));
        }
        // most are in their order as they come
        if !sorted {
            let fields = self.out.split_off(start);
            found.sort_by(|(a, _), (b, _)| a.cmp(b));
            for (index, (_, field)) in found.iter().enumerate() {
                begin(self.out, index > 0, inner);
                self.out.push_str(&fields[field.clone()]);
            }
        }
        end(self.out, self.depth.filter(|_| !found.is_empty()), '}');
        Ok(())
    }
}

/// The name of a field, which is borrowed as a rule.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

fn begin(out: &mut String, more: bool, depth: Option<usize>) {
    if more {
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
        for _ in 0..depth {
            out.push_str("   ");
        }
    }
}

/// A JSON string, harmful characters beyond ASCII spelled out too: JSON itself would let them through.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote(&mut out, text);
    out
}

/// Writes [`quoted`] text.
fn quote(out: &mut String, text: &str) {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) && !matches!(byte, b'"' | b'\\');
    if text.bytes().all(plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
        return;
    }
    for c in Value::from(text).to_string().chars() {
        if is_harmful(c) {
            // all of them are in the first plane: four digits; writing into a String cannot fail
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
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

    fn in_pieces(text: &str, pretty: bool) -> Result<String, serde_json::Error> {
        let mut out = String::new();
        tidied(text, pretty, |piece| out.push_str(piece)).map(|()| out)
    }

    #[test]
    fn text_is_written_as_the_value_that_it_means() {
        let texts = [
            r#"[ {"b":[],"a":{"d":-1,"c":[1,[2.5e3,{}]]}}, null,true , "\u009b\"", {"é":18446744073709551615,"\n":""} ]"#,
            "[]",
            "{}",
            " 3 ",
        ];
        for text in texts {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(in_pieces(text, false).unwrap(), compact(&value));
            assert_eq!(in_pieces(text, true).unwrap(), pretty(&value));
            assert_eq!(serde_json::from_str::<Value>(&compact(&value)).unwrap(), value);
            assert_eq!(serde_json::from_str::<Value>(&pretty(&value)).unwrap(), value);
        }
        for wrong in ["", "[1", "[1]]", "{\"a\"}"] {
            in_pieces(wrong, false).unwrap_err();
        }
    }

    #[test]
    fn a_long_list_is_handed_on_piece_by_piece() {
        let value: Value =
            (0..20_000).map(|number| json!({ "number": number, "list": [number, "x"] })).collect();
        let mut pieces = Vec::new();
        tidied(&value.to_string(), true, |piece| pieces.push(piece.to_owned())).unwrap();
        assert!(pieces.len() > 10);
        assert_eq!(pieces.concat(), pretty(&value));
    }

    #[test]
    fn harmful_characters_are_spelled_out_and_read_back_the_same() {
        let text = "\u{9b}31m \u{202e} \x7f \x1b ü";
        let quoted = quoted(text);
        assert_eq!(quoted, "\"\\u009b31m \\u202e \\u007f \\u001b ü\"");
        assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
    }
}
