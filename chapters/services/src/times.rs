//! Moments as callers name them: seconds since 1970, or date and time of day on the wall clock of the host.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The original's rule for dates, as a regular expression.
pub const DATE: &str = r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}(:\d{2})?)?$";
/// The same, or seconds since 1970.
pub const DATE_OR_SECONDS: &str = r"^(\d{1,11}|\d{4}-\d{2}-\d{2}( \d{2}:\d{2}(:\d{2})?)?)$";

/// Whether a text follows [`DATE`] and is a day of the calendar.
pub fn is_date(text: &str) -> bool {
    parse_date(text).is_some()
}

/// Whether a text follows [`DATE_OR_SECONDS`] and is a moment.
pub fn is_moment(text: &str) -> bool {
    is_seconds(text) || is_date(text)
}

fn is_seconds(text: &str) -> bool {
    (1..=11).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_date(text: &str) -> Option<DateTime> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let full = match shape.as_str() {
        "0000-00-00" => format!("{text} 00:00:00"),
        "0000-00-00 00:00" => format!("{text}:00"),
        "0000-00-00 00:00:00" => text.to_owned(),
        _ => return None,
    };
    DateTime::strptime("%Y-%m-%d %H:%M:%S", full).ok()
}

/// Seconds since 1970. A time that the clock shows twice is the first of the two; one that it leaves out is the moment after.
pub fn seconds(text: &str, zone: &TimeZone) -> Option<i64> {
    if is_seconds(text) {
        return text.parse().ok();
    }
    let moment = zone.to_ambiguous_timestamp(parse_date(text)?).compatible().ok()?;
    Some(moment.as_second())
}

/// As log lines begin: `Nov 23 08:24:24`.
pub fn stamp(seconds: i64, zone: &TimeZone) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime("%b %d %H:%M:%S").to_string(),
        Err(_) => "??? ?? ??:??:??".to_owned(),
    }
}
