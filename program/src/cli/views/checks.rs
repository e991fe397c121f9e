//! What the health checks found.

use innkeeper_rest::{Method, Verb};
use serde_json::{Map, Value};

use super::{Context, items, text, wrapped};
use crate::cli::output::{Style, escape};
use crate::cli::paths;

/// A paragraph for each finding: what is wrong, what was seen, what to do.
pub(super) fn list(findings: &Value, style: &Style, context: &Context<'_>) -> String {
    if findings.as_array().is_none_or(Vec::is_empty) {
        return "All is well: every check looked and found nothing.\n".to_owned();
    }
    let width = style.prose_width();
    let mut out = String::new();
    for finding in findings.as_array().into_iter().flatten() {
        if !out.is_empty() {
            out.push('\n');
        }
        let level = text(finding, "level").to_uppercase();
        out.push_str(&format!("{} [{}]\n", escape(&level), escape(text(finding, "id"))));
        out.push_str(&wrapped(text(finding, "message"), "  ", width));
        out.push_str(&wrapped(&prefixed("seen: ", text(finding, "evidence")), "  ", width));
        out.push_str(&wrapped(text(finding, "advice"), "  ", width));
        for fix in items(finding, "fixes") {
            out.push_str(&wrapped(&prefixed(text(fix, "label"), ":"), "  ", width));
            if let Some(command) = command(fix, context.api.methods()) {
                out.push_str(&format!("    {}\n", escape(&command)));
            }
        }
    }
    out
}

fn prefixed(prefix: &str, rest: &str) -> String {
    if rest.is_empty() { String::new() } else { format!("{prefix}{rest}") }
}

/// The command line that carries out a fix.
fn command(fix: &Value, methods: &[Method]) -> Option<String> {
    let place = paths::find(methods, text(fix, "path"))?;
    let verb: Verb = text(fix, "verb").parse().ok()?;
    let mut params: Map<String, Value> =
        place.values.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.clone()))).collect();
    params.extend(fix.get("params").and_then(Value::as_object).cloned().unwrap_or_default());
    Some(place.method(verb)?.command_line(&params))
}
