//! Package repositories: file by file, entry by entry, with what is to be said about each.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Context, items, joined, number, text, wrapped};
use crate::cli::output::{Style, escape};

/// Every file with its entries, then what is wrong, then the standard repositories and the verdict.
pub(super) fn list(data: &Value, style: &Style, _context: &Context<'_>) -> String {
    let width = style.prose_width();
    let mut out = String::new();
    for file in items(data, "files") {
        file_text(&mut out, file, data, width);
    }
    for error in items(data, "errors") {
        out.push_str(&format!("{}\n", escape(text(error, "path"))));
        out.push_str(&wrapped(&format!("error: {}", text(error, "error")), "  ", width));
        out.push('\n');
    }
    standard(&mut out, data);
    if let Some(status) = data.get("status") {
        let level = text(status, "level");
        out.push_str(&wrapped(&format!("status: {}", text(status, "message")), "", width));
        let messages = items(status, "messages").iter();
        let mut told: Vec<String> = messages
            .map(|message| format!("{}: {}", text(message, "level"), text(message, "message")))
            .collect();
        // several entries may have the same fault
        told.dedup();
        for message in told {
            out.push_str(&wrapped(&message, "  ", width));
        }
        if text(status, "message").is_empty() && !level.is_empty() {
            out.push_str(&format!("status: {}\n", escape(level)));
        }
    }
    out
}

fn file_text(out: &mut String, file: &Value, data: &Value, width: usize) {
    let path = text(file, "path");
    let read_only =
        if file.get("editable").and_then(Value::as_i64) == Some(0) { ", not editable" } else { "" };
    line(out, &format!("{} ({}{read_only})", escape(path), escape(text(file, "file-type"))));
    for (index, entry) in items(file, "repositories").iter().enumerate() {
        let state = if number(entry, "Enabled") == 1 { "on " } else { "off" };
        let words = ["Types", "URIs", "Suites", "Components"].map(|name| joined(entry, name));
        let words = words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" ");
        let told = wrapped(&words, "          ", width);
        line(out, &format!("  {index:>3}  {state}  {}", told.trim()));
        let remarks =
            about(data, path, index).into_iter().map(|(kind, message)| format!("{kind}: {message}"));
        for remark in remarks.chain(signatures(data, path, index)) {
            out.push_str(&wrapped(&remark, "            ", width));
        }
    }
    out.push('\n');
}

/// What is to be said about one entry: where it comes from, warnings, its key.
fn about<'v>(data: &'v Value, path: &str, index: usize) -> Vec<(&'v str, &'v str)> {
    let is_here = |info: &&Value| {
        text(info, "path") == path && info.get("index").and_then(Value::as_u64) == u64::try_from(index).ok()
    };
    items(data, "infos")
        .iter()
        .filter(is_here)
        .filter(|info| text(info, "kind") != "ignore-pre-upgrade-warning")
        .map(|info| (text(info, "kind"), text(info, "message")))
        .collect()
}

/// Who signs what an entry offers, as far as that is known.
fn signatures(data: &Value, path: &str, index: usize) -> Vec<String> {
    let is_here = |signature: &&Value| {
        text(signature, "path") == path
            && signature.get("index").and_then(Value::as_u64) == u64::try_from(index).ok()
    };
    let mut told = Vec::new();
    for signature in items(data, "signatures").iter().filter(is_here) {
        let matches = signature.get("matches").and_then(Value::as_i64);
        if signature.get("keyring-exists").and_then(Value::as_i64) == Some(0) {
            let errors = joined(signature, "keyring-errors");
            let what = if errors.is_empty() { joined(signature, "keyrings") } else { errors };
            told.push(format!("keyring: missing or unreadable {what}"));
        } else if matches == Some(0) {
            told.push(format!("signature: {} is signed by none of its keys", text(signature, "suite")));
        } else if matches == Some(1) {
            let name = |key: &Value| {
                let owner = items(key, "user-ids").first().and_then(Value::as_str).unwrap_or_default();
                format!("signed by: {owner} {}", text(key, "fingerprint"))
            };
            told.extend(items(signature, "keys").iter().map(name));
        }
    }
    told.sort();
    told.dedup();
    told
}

fn standard(out: &mut String, data: &Value) {
    let repositories = items(data, "standard-repos");
    if repositories.is_empty() {
        return;
    }
    line(out, "standard repositories");
    for repository in repositories {
        let state = match repository.get("status").and_then(Value::as_i64) {
            Some(1) => "on ",
            Some(_) => "off",
            None => "-  ",
        };
        let handle = escape(text(repository, "handle"));
        line(out, &format!("  {state}  {handle:<28}  {}", escape(text(repository, "name"))));
    }
    out.push('\n');
}

fn line(out: &mut String, text: &str) {
    // writing into a String cannot fail
    let _ = writeln!(out, "{text}");
}
