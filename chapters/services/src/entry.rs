//! One line of `journalctl --output=json`.

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::model::Entry;
use crate::times;

/// The fields that are asked for; cursor and time come anyway.
pub const FIELDS: &str =
    "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,SYSLOG_PID,_COMM,_PID,_SYSTEMD_UNIT,UNIT,_HOSTNAME";

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "__CURSOR")]
    cursor: String,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    time: String,
    #[serde(rename = "MESSAGE", default)]
    message: Value,
    #[serde(rename = "PRIORITY", default)]
    priority: Value,
    #[serde(rename = "SYSLOG_IDENTIFIER", default)]
    identifier: Value,
    #[serde(rename = "_COMM", default)]
    command: Value,
    #[serde(rename = "_PID", default)]
    pid: Value,
    #[serde(rename = "SYSLOG_PID", default)]
    said_pid: Value,
    #[serde(rename = "_SYSTEMD_UNIT", default)]
    unit: Value,
    /// What systemd writes about a unit carries its name here.
    #[serde(rename = "UNIT", default)]
    about: Value,
    #[serde(rename = "_HOSTNAME", default)]
    host: Value,
}

/// Reads an entry; `None` for a line that is none.
pub fn parse(line: &str) -> Option<Entry> {
    let raw: Raw = serde_json::from_str(line).ok()?;
    let micros: i64 = raw.time.parse().ok()?;
    let one = |value: &Value| Some(text(value)).filter(|text| !text.is_empty());
    let number = |value: &Value| text(value).trim().parse().ok();
    Some(Entry {
        cursor: raw.cursor,
        time: micros.div_euclid(1_000_000),
        priority: text(&raw.priority).parse().ok().filter(|&priority| priority <= 7),
        unit: one(&raw.about).or_else(|| one(&raw.unit)),
        identifier: one(&raw.identifier)
            .or_else(|| one(&raw.command))
            .unwrap_or_else(|| "unknown".to_owned()),
        pid: number(&raw.pid).or_else(|| number(&raw.said_pid)),
        host: text(&raw.host),
        message: text(&raw.message),
    })
}

/// A field as text: journald gives bytes that are no text as numbers, and a field that was said twice as a list.
fn text(value: &Value) -> String {
    let Value::Array(items) = value else { return value.as_str().unwrap_or_default().to_owned() };
    let bytes: Option<Vec<u8>> =
        items.iter().map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect();
    match bytes {
        Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        None => items.iter().map(once).collect::<Vec<_>>().join("\n"),
    }
}

/// A value inside a list: text, or bytes; never a list of lists again.
fn once(value: &Value) -> String {
    match value {
        Value::Array(items) if items.iter().any(Value::is_array) => String::new(),
        other => text(other),
    }
}

/// The lines of an entry as the original shows them, which are those of `journalctl --output=short`.
pub fn lines(entry: &Entry, zone: &TimeZone) -> Vec<String> {
    let pid = entry.pid.map(|pid| format!("[{pid}]")).unwrap_or_default();
    let head = format!("{} {} {}{pid}: ", times::stamp(entry.time, zone), entry.host, entry.identifier);
    let mut lines = entry.message.lines();
    let first = format!("{head}{}", lines.next().unwrap_or_default());
    let indent = " ".repeat(head.chars().count());
    std::iter::once(first).chain(lines.map(|line| format!("{indent}{line}"))).collect()
}
