//! Every secret that a test uses is remembered, and looked for where none may be: in answers, in the services' own log, in
//! task logs, in the journal. So every service test proves this as well.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// A shorter one could stand anywhere by chance.
const SHORTEST: usize = 12;

/// Never to be seen again.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// May be in answers, time and again, but is written down nowhere: tickets and challenges.
static SPOKEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn add(list: &Mutex<Vec<String>>, secret: &str) {
    let mut all = list.lock().unwrap_or_else(PoisonError::into_inner);
    if secret.len() >= SHORTEST && !all.iter().any(|known| known == secret) {
        all.push(secret.to_owned());
    }
}

/// From now on this is looked for.
pub fn keep(secret: &str) {
    add(&SECRETS, secret);
}

/// From now on this is looked for where things are written down.
pub fn keep_spoken(secret: &str) {
    add(&SPOKEN, secret);
}

/// Remembers what a request hands over that is secret: a form, or a JSON object.
pub fn keep_of_request(body: &[u8]) {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        fields.iter().for_each(|(name, value)| keep_field(name, value.as_str().unwrap_or_default()));
    }
    let text = String::from_utf8_lossy(body);
    for (name, value) in text.split('&').filter_map(|field| field.split_once('=')) {
        keep_field(name, value);
        keep_field(name, &unescape(value));
    }
}

fn keep_field(name: &str, value: &str) {
    match name {
        // a ticket is as good as a password, and is answered to whoever may have it
        "password" if value.starts_with("PVE:") => keep_spoken(value),
        "tfa-challenge" | "challenge" => keep_spoken(value),
        "password" | "confirmation-password" | "secret" | "value" | "otp" => {
            keep(value);
            keep_parts(value);
        }
        "totp" => {
            keep(value);
            let secret = value.split_once("secret=").map_or("", |(_, rest)| rest);
            keep(secret.split('&').next().unwrap_or_default());
        }
        _ => {}
    }
}

/// The parts of `recovery:KEY` and of what a security key answered.
fn keep_parts(value: &str) {
    let (_, inner) = value.split_once(':').unwrap_or_default();
    keep(inner);
    for text in [value, inner] {
        let Ok(answer) = serde_json::from_str::<Value>(text) else { continue };
        for part in answer["response"].as_object().into_iter().flat_map(|parts| parts.values()) {
            keep(part.as_str().unwrap_or_default());
        }
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            (b'+', ..) => (bytes.push(b' '), rest = after).1,
            _ => (bytes.push(first), rest = after).1,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Remembers what an answer gives away: what is shown once, and what opens a door as long as it holds.
pub fn keep_of_answer(answer: &Value) {
    match answer {
        Value::Array(items) => items.iter().for_each(keep_of_answer),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("ticket" | "CSRFPreventionToken" | "challenge", Value::String(text)) => {
                        keep_spoken(text);
                        keep_challenges(text);
                    }
                    // the secret of a token
                    ("value", Value::String(text)) if text.len() == 36 => keep(text),
                    ("recovery", Value::Array(keys)) => keys.iter().filter_map(Value::as_str).for_each(keep),
                    _ => keep_of_answer(value),
                }
            }
        }
        _ => {}
    }
}

/// What a security key is asked to sign, wherever it stands in a question.
fn keep_challenges(text: &str) {
    let text = unescape(text);
    let after = text.split_once("\"challenge\":\"").map_or("", |(_, rest)| rest);
    keep_spoken(after.split('"').next().unwrap_or_default());
}

/// Fails when one of them is in there.
pub fn must_not_be_in(bytes: &[u8], place: &str) {
    look(&SECRETS, bytes, place);
}

/// Fails when one of them, or something that only answers may hold, is in there.
pub fn must_not_be_written_in(bytes: &[u8], place: &str) {
    look(&SECRETS, bytes, place);
    look(&SPOKEN, bytes, place);
}

fn look(list: &Mutex<Vec<String>>, bytes: &[u8], place: &str) {
    let all = list.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for secret in all {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "the secret {}… is in {place}", &secret[..4]);
    }
}

/// The same for every file below a directory.
pub fn must_not_be_below(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            must_not_be_below(&entry.path());
        } else if kind.is_file() {
            // a file of a task that has ended meanwhile is gone, and held nothing that its log does not
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            must_not_be_written_in(&bytes, &entry.path().display().to_string());
        }
    }
}
