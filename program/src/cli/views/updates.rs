//! What an upgrade would change.

use serde_json::{Value, json};

use super::{Context, items, number, text, wrapped};
use crate::cli::output::{self, Style, escape};

/// One line for each package, what becomes of it among it.
pub(super) fn list(updates: &Value, style: &Style, context: &Context<'_>) -> String {
    table(updates.as_array().map(Vec::as_slice).unwrap_or_default(), style, context)
}

/// The important packages with their versions.
pub(super) fn versions(packages: &Value, style: &Style, context: &Context<'_>) -> String {
    let row = |package: &Value| {
        json!({
            "package": text(package, "Package"),
            "version": text(package, "OldVersion"),
            "state": text(package, "CurrentState"),
        })
    };
    let rows: Vec<Value> = packages.as_array().into_iter().flatten().map(row).collect();
    output::value(&Value::from(rows), style, &output::times_of(context.method))
}

fn table(updates: &[Value], style: &Style, context: &Context<'_>) -> String {
    let row = |update: &Value| {
        let security = if number(update, "Security") == 1 { "security" } else { "" };
        json!({
            "package": text(update, "Package"),
            "old": text(update, "OldVersion"),
            "new": text(update, "Version"),
            "action": text(update, "Action"),
            "origin": text(update, "Origin"),
            "for": security,
        })
    };
    let rows: Vec<Value> = updates.iter().map(row).collect();
    output::value(&Value::from(rows), style, &output::times_of(context.method))
}

/// What changes, what stays, and what comes with it.
pub(super) fn preview(preview: &Value, style: &Style, context: &Context<'_>) -> String {
    let width = style.prose_width();
    let mut out = String::new();
    let mut section = |title: &str, body: String| {
        if !body.is_empty() {
            let gap = if out.is_empty() { "" } else { "\n" };
            out.push_str(&format!("{gap}{title}\n{body}"));
        }
    };
    let listed = |name: &str| match items(preview, name) {
        [] => String::new(),
        found => table(found, style, context),
    };
    let words = |name: &str| -> String {
        items(preview, name)
            .iter()
            .filter_map(Value::as_str)
            .map(|word| format!("  {}\n", escape(word)))
            .collect()
    };
    let reasons = |name: &str| -> String {
        items(preview, name).iter().map(|reason| wrapped(text(reason, "message"), "  ", width)).collect()
    };
    section("Changed:", listed("changes"));
    let removed = items(preview, "removals").iter();
    section(
        "Removed:",
        removed
            .map(|one| format!("  {} {}\n", escape(text(one, "Package")), escape(text(one, "Version"))))
            .collect(),
    );
    section("Kept as they are:", listed("kept"));
    section("Configuration files changed here, which stay as they are:", words("configuration"));
    section("Modules that DKMS builds for the new kernel:", words("dkms"));
    let pins = items(preview, "pins").iter();
    section(
        "Kernels are pinned:",
        pins.map(|pin| format!("  {}: {}\n", escape(text(pin, "path")), escape(text(pin, "what")))).collect(),
    );
    section(
        "Partitions for kernels that are not mounted, so that their space is not known:",
        words("unchecked-partitions"),
    );
    section("A reboot is needed already:", reasons("reboot-now"));
    section("A reboot is needed afterwards:", reasons("reboot-after"));
    section("Services that restart:", words("restarts"));
    let stale = items(preview, "stale").iter();
    section(
        "Running with code that was replaced on disk:",
        stale
            .map(|one| match text(one, "unit") {
                "" => "  processes of no unit\n".to_owned(),
                unit => format!("  {}\n", escape(unit)),
            })
            .collect(),
    );
    let short = items(preview, "short-of-space").iter();
    section(
        "Too little space:",
        short
            .map(|one| {
                let (needed, free) = (number(one, "needed") >> 20, number(one, "free") >> 20);
                format!("  {}: {needed} MiB are needed, {free} MiB are free\n", escape(text(one, "mount")))
            })
            .collect(),
    );
    let (download, disk) = (number(preview, "download"), number(preview, "disk"));
    section(
        "Sizes:",
        format!("  {} KiB to download, {} KiB more on disk\n", (download + 1023) / 1024, disk / 1024),
    );
    out
}
