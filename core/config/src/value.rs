//! Single values: from text to what a kind says, and back.

use serde_json::{Number, Value};

use crate::Kind;

/// Checks a text against a kind and gives it its type: texts stay texts, integers and numbers become JSON numbers,
/// booleans JSON booleans, property strings objects.
///
/// # Errors
/// What is wrong, in the original's words.
pub fn check_value(kind: &Kind, raw: &str) -> Result<Value, String> {
    match kind {
        Kind::String { format, min_length, max_length, one_of, pattern } => {
            if let Some(format) = format {
                format.check(raw).map_err(|wrong| format!("invalid format - {wrong}"))?;
            }
            if pattern.is_some_and(|pattern| !(pattern.matches)(raw)) {
                return Err("value does not match the regex pattern".to_owned());
            }
            check_length(raw, *min_length, *max_length)?;
            check_word(raw, one_of)?;
            Ok(Value::from(raw))
        }
        Kind::Integer { min, max } => check_integer(raw, *min, *max),
        Kind::Number { min, max } => check_number(raw, *min, *max),
        Kind::Boolean => match raw {
            "1" | "true" => Ok(Value::Bool(true)),
            "0" | "false" => Ok(Value::Bool(false)),
            _ => Err(type_mismatch("boolean", raw)),
        },
        Kind::PropertyString(schema) => {
            schema.parse(raw).map(Value::Object).map_err(|wrong| format!("invalid format - {wrong}"))
        }
    }
}

/// Checks a value as it came from a query, a form or a JSON body. JSON numbers and booleans are taken where they
/// fit; a JSON array of plain values is taken for a list.
///
/// # Errors
/// As [`check_value`].
pub(crate) fn check_json(kind: &Kind, value: &Value) -> Result<Value, String> {
    let is_list = matches!(kind, Kind::String { format: Some(format), .. } if format.item().is_some());
    match value {
        Value::String(text) => check_value(kind, text),
        Value::Bool(flag) => check_value(kind, if *flag { "1" } else { "0" }),
        Value::Number(number) => check_value(kind, &number_text(kind, number)),
        Value::Array(items) if is_list => {
            let texts: Option<Vec<String>> = items.iter().map(plain_text).collect();
            let texts = texts.ok_or_else(|| type_mismatch("string", &value.to_string()))?;
            check_value(kind, &texts.join(","))
        }
        other => Err(type_mismatch(kind.type_name(), &other.to_string())),
    }
}

/// A JSON number as text. JSON has one kind of number: 3.0 is the integer 3.
fn number_text(kind: &Kind, number: &Number) -> String {
    // beyond this a double does not tell neighbouring integers apart
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT);
    match (kind, whole) {
        (Kind::Integer { .. } | Kind::Boolean, Some(float)) if number.is_f64() => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn type_mismatch(expected: &str, got: &str) -> String {
    format!("type check ('{expected}') failed - got '{got}'")
}

fn check_length(raw: &str, min: Option<usize>, max: Option<usize>) -> Result<(), String> {
    // bytes bound characters from above, so counting is needed for long texts only
    if let Some(max) = max.filter(|&max| raw.len() > max && raw.chars().count() > max) {
        return Err(format!("value may only be {max} characters long"));
    }
    if let Some(min) = min.filter(|&min| raw.chars().count() < min) {
        return Err(format!("value must be at least {min} characters long"));
    }
    Ok(())
}

fn check_word(raw: &str, one_of: &[&str]) -> Result<(), String> {
    if one_of.is_empty() || one_of.contains(&raw) {
        return Ok(());
    }
    Err(format!("value '{raw}' does not have a value in the enumeration '{}'", one_of.join(", ")))
}

fn check_integer(raw: &str, min: Option<i64>, max: Option<i64>) -> Result<Value, String> {
    let digits = raw.strip_prefix(['-', '+']).unwrap_or(raw);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(type_mismatch("integer", raw));
    }
    // what does not fit 64 bits is beyond every bound; without a bound we cannot keep it
    let number = match raw.parse::<i64>() {
        Ok(number) => number,
        Err(_) if raw.starts_with('-') && min.is_some() => i64::MIN,
        Err(_) if !raw.starts_with('-') && max.is_some() => i64::MAX,
        Err(_) => return Err(type_mismatch("integer", raw)),
    };
    if let Some(max) = max.filter(|&max| number > max) {
        return Err(format!("value must have a maximum value of {max}"));
    }
    if let Some(min) = min.filter(|&min| number < min) {
        return Err(format!("value must have a minimum value of {min}"));
    }
    Ok(Value::from(number))
}

fn check_number(raw: &str, min: Option<f64>, max: Option<f64>) -> Result<Value, String> {
    // Rust also reads "inf", "nan" and "infinity", which are no numbers here
    let plain =
        raw.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    let number = raw.parse::<f64>().ok().filter(|number| plain && number.is_finite());
    let Some(number) = number else {
        return Err(type_mismatch("number", raw));
    };
    if let Some(max) = max.filter(|&max| number > max) {
        return Err(format!("value must have a maximum value of {max}"));
    }
    if let Some(min) = min.filter(|&min| number < min) {
        return Err(format!("value must have a minimum value of {min}"));
    }
    Ok(Value::from(number))
}

/// A checked value as it is written into a file: booleans as 1 and 0.
///
/// # Errors
/// A property string that cannot be written; arrays and objects of any other kind.
pub fn format_value(kind: &Kind, value: &Value) -> Result<String, String> {
    match (kind, value) {
        (Kind::PropertyString(schema), Value::Object(map)) => schema.print(map),
        (_, Value::Bool(flag)) => Ok(if *flag { "1" } else { "0" }.to_owned()),
        (_, Value::String(text)) => Ok(text.clone()),
        (_, Value::Number(number)) => Ok(number.to_string()),
        (_, other) => Err(type_mismatch(kind.type_name(), &other.to_string())),
    }
}

/// A boolean as command lines accept it, in any case: 1, on, yes, true or 0, off, no, false.
pub fn parse_cli_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => Some(true),
        "0" | "off" | "no" | "false" => Some(false),
        _ => None,
    }
}
