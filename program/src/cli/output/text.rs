//! Results as text: tables for lists and objects, bare words for the rest.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use innkeeper_rest::Method;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::table::Table;
use super::{Style, escape, json as canonical};

/// The names of the fields that hold seconds since 1970.
#[derive(Debug, Default)]
pub(in crate::cli) struct Times(BTreeSet<String>);

/// What the original calls such fields wherever it has them.
const ALWAYS_TIMES: [&str; 2] = ["starttime", "endtime"];

/// Fields whose schema says so: "… in seconds since 1970".
pub(in crate::cli) fn times_of(method: &Method) -> Times {
    let (schema, named) = (method.returns)();
    let mut times = ALWAYS_TIMES.map(str::to_owned).into();
    collect_times(&json!(schema), &mut times);
    for (_, schema) in named {
        collect_times(&json!(schema), &mut times);
    }
    Times(times)
}

fn collect_times(schema: &Value, times: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            for (name, field) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let about = field.get("description").and_then(Value::as_str).unwrap_or_default();
                if about.contains("seconds since 1970") {
                    times.insert(name.clone());
                }
            }
            map.values().for_each(|inner| collect_times(inner, times));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_times(inner, times)),
        _ => {}
    }
}

/// Seconds since 1970 as a date in the caller's time zone.
pub(in crate::cli) fn date(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => seconds.to_string(),
    }
}

/// A value as text.
pub(in crate::cli) fn value(data: &Value, style: &Style, times: &Times) -> String {
    match data {
        Value::Null => String::new(),
        Value::Array(items) if items.iter().all(Value::is_object) => list(items, style, times),
        Value::Array(items) => {
            items.iter().map(|item| format!("{}\n", escape(&plain("", item, style, times)))).collect()
        }
        Value::Object(map) => object(map, style, times),
        other => format!("{}\n", super::escape_lines(&plain("", other, style, times)).trim_end_matches('\n')),
    }
}

/// A list of objects: one row each, sorted by the first column.
fn list(items: &[Value], style: &Style, times: &Times) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for map in items.iter().filter_map(Value::as_object) {
        for name in map.keys().filter(|name| !columns.contains(&name.as_str())).collect::<Vec<_>>() {
            columns.push(name);
        }
    }
    let mut rows: Vec<&Value> = items.iter().collect();
    if let Some(first) = columns.first() {
        rows.sort_by(|a, b| compare(a.get(first), b.get(first)));
    }
    let mut table = Table::new(columns.iter().copied());
    for (index, name) in columns.iter().enumerate() {
        let shown_as_date = style.human && times.0.contains(*name);
        let mut values = rows.iter().filter_map(|row| row.get(name));
        if !shown_as_date && values.all(Value::is_number) {
            table.align_right(index);
        }
    }
    for row in rows {
        table.row(columns.iter().map(|name| cell(row, name, style, times)).collect());
    }
    table.render(style)
}

fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a.and_then(Value::as_f64), b.and_then(Value::as_f64)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.map(sort_key).cmp(&b.map(sort_key)),
    }
}

fn sort_key(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An object: its keys, sorted, beside their values.
fn object(map: &Map<String, Value>, style: &Style, times: &Times) -> String {
    let mut names: Vec<&String> = map.keys().collect();
    names.sort();
    let mut table = Table::new(["key", "value"]);
    for name in names {
        table.row(vec![name.clone(), plain(name, &map[name], style, times)]);
    }
    table.render(style)
}

fn cell(row: &Value, name: &str, style: &Style, times: &Times) -> String {
    row.get(name).map(|value| plain(name, value, style, times)).unwrap_or_default()
}

/// One value as a person reads it; not yet escaped.
pub(in crate::cli) fn plain(name: &str, value: &Value, style: &Style, times: &Times) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => u8::from(*yes).to_string(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_i64() {
            Some(seconds) if style.human && seconds > 0 && times.0.contains(name) => date(seconds),
            _ => number.to_string(),
        },
        nested => canonical::compact(nested),
    }
}
