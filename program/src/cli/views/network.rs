//! Network interfaces and what is staged for them.

use serde_json::{Value, json};

use super::{Context, items, number, text};
use crate::cli::output::{self, Style, escape, escape_lines};

/// One line for each interface, in the order of the file.
pub(super) fn list(interfaces: &Value, style: &Style, context: &Context<'_>) -> String {
    let row = |one: &Value| {
        let made_of = ["bridge_ports", "slaves", "ovs_ports", "ovs_bonds", "vlan-raw-device", "ovs_bridge"];
        let made_of = made_of.into_iter().map(|name| text(one, name)).find(|list| !list.is_empty());
        let both = |four: &str, six: &str| {
            [text(one, four), text(one, six)]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let flag = |name: &str| if number(one, name) == 1 { "yes" } else { "" };
        let missing = one.get("exists").is_some_and(|exists| exists == 0);
        json!({
            "iface": text(one, "iface"),
            "type": text(one, "type"),
            "up": if missing { "missing" } else { flag("active") },
            "auto": flag("autostart"),
            "method": text(one, "method"),
            "address": both("cidr", "cidr6"),
            "gateway": both("gateway", "gateway6"),
            "of": made_of.unwrap_or_default(),
        })
    };
    let rows: Vec<Value> = interfaces.as_array().into_iter().flatten().map(row).collect();
    output::value(&Value::from(rows), style, &output::times_of(context.method))
}

/// What there is, and what this host would take for it; what each is for stands in its help and in the guide.
pub(super) fn recipes(recipes: &Value, style: &Style, context: &Context<'_>) -> String {
    let row = |one: &Value| {
        let taken = items(one, "parameters").iter().filter(|parameter| parameter["type"] != "boolean");
        let taken = taken.filter_map(|parameter| {
            let value = text(parameter, "proposed");
            (!value.is_empty()).then(|| format!("{} {value}", text(parameter, "name")))
        });
        let state = if number(one, "done") == 1 { "in place" } else { text(one, "hindrance") };
        json!({
            "recipe": text(one, "id"),
            "what": text(one, "title"),
            "proposed": taken.collect::<Vec<_>>().join("\n"),
            "state": state,
        })
    };
    let rows: Vec<Value> = recipes.as_array().into_iter().flatten().map(row).collect();
    output::value(&Value::from(rows), style, &output::times_of(context.method))
}

/// The difference, and what stands in its way.
pub(super) fn staged(changes: &Value, _style: &Style, _context: &Context<'_>) -> String {
    let mut out = match text(changes, "changes") {
        "" if number(changes, "staged") == 1 => {
            "What is staged does not differ from the live configuration.\n".to_owned()
        }
        "" => "Nothing is staged.\n".to_owned(),
        diff => escape_lines(diff).into_owned(),
    };
    for file in items(changes, "files") {
        for error in items(file, "errors").iter().filter_map(Value::as_str) {
            out.push_str(&format!("not understood: {}: {}\n", escape(text(file, "path")), escape(error)));
        }
    }
    for reason in items(changes, "unread").iter().filter_map(Value::as_str) {
        out.push_str(&format!("not read: {}\n", escape(reason)));
    }
    out
}
