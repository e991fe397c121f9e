//! `innkeeper api usage PATH`: which parameters a path takes.

use clap::{Arg, ArgAction, Command};
use innkeeper_change::Problem;
use innkeeper_rest::{Handler, Kind, Method, Property, Verb};
use serde_json::{Value, json};

use super::api::{path_arg, with_flags};
use super::report::Failure;
use super::{arguments, describe as bounds_of, globals, output, paths};

const VERBS: [Verb; 4] = [Verb::Get, Verb::Put, Verb::Post, Verb::Delete];

/// The arguments of this command.
pub(super) fn describe(command: Command) -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let own = [
        path_arg(),
        Arg::new("command")
            .long("command")
            .value_name("get|set|create|delete")
            .action(ArgAction::Append)
            .help("Only what this command takes"),
        flag("verbose").short('v').help("Say more about each parameter, and who may call the method"),
        flag("returns").help("Show the schema of the result"),
    ];
    command.args(own).args(super::globals::describe(|_| false))
}

pub(super) fn run(
    words: &[&str],
    called: &[&str],
    methods: &[Method],
    rest: Vec<String>,
) -> Result<(), Failure> {
    let mut known = with_flags(&["verbose", "returns"]);
    known.push(arguments::Known { name: "command", shape: arguments::Shape::Value });
    let mut given = arguments::sort_out(rest, &known, true);
    globals::take(&mut given, |_| false)?;
    let command = Command::new("usage").bin_name(words.join(" ")).no_binary_name(true);
    let command = describe(command.about("Show which parameters a path takes"));
    let matches = command.try_get_matches_from(arguments::for_clap(given))?;
    let said = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let path = paths::tidy(said("path").unwrap_or_default());
    let only = said("command");
    let place =
        paths::find(methods, &path).ok_or_else(|| Problem::NotFound(format!("no such resource '{path}'")))?;
    let wanted = |verb: &Verb| only.is_none_or(|only| verb.command() == only);
    let found: Vec<&Method> =
        VERBS.into_iter().filter(wanted).filter_map(|verb| place.method(verb)).collect();
    if found.is_empty() {
        let command = only.unwrap_or("get");
        return Err(Failure::usage(format!("No '{command}' handler defined for '{path}'")));
    }
    let (verbose, returns) = (matches.get_flag("verbose"), matches.get_flag("returns"));
    let texts: Vec<String> =
        found.iter().map(|method| of_method(&called.join(" "), &path, method, verbose, returns)).collect();
    output::print(&output::escape_lines(&texts.join("\n")))
}

fn of_method(called: &str, path: &str, method: &Method, verbose: bool, returns: bool) -> String {
    let in_path = |param: &Property| method.path.contains(&format!("{{{}}}", param.name));
    let params: Vec<Property> = method.all_params().into_iter().filter(|param| !in_path(param)).collect();
    let required: String = params
        .iter()
        .filter(|param| !param.optional)
        .map(|param| format!(" --{} {}", param.name, type_name(&param.kind)))
        .collect();
    let options = if params.iter().any(|param| param.optional) { " [OPTIONS]" } else { "" };
    let mut out = format!(
        "USAGE: {called} {} {path}{required}{options}\n\n  {}.\n",
        method.verb.command(),
        method.help
    );
    for param in &params {
        out.push_str(&of_param(param, verbose));
    }
    if verbose {
        out.push_str(&format!("\n  {}\n", method.permission.sentence()));
        for name in &method.commands {
            out.push_str(&format!("  Command: innkeeper {}\n", name.words));
        }
        if matches!(method.handler, Handler::Change(_)) {
            out.push_str("  Changes the machine by a plan, which --dry-run shows.\n");
        }
    }
    if returns {
        let (data, named) = (method.returns)();
        let mut schema = json!({ "returns": data });
        for (name, named) in named {
            schema["schemas"][name] = json!(named);
        }
        out.push_str(&format!("\n{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default()));
    }
    out
}

fn of_param(param: &Property, verbose: bool) -> String {
    let mut line = format!("\n  --{} {}", param.name, type_name(&param.kind));
    if let Some(bounds) = bounds_of::bounds(&param.kind) {
        line.push_str(&format!(" ({bounds})"));
    }
    if let Some(default) = param.default {
        line.push_str(&format!(" (default={default})"));
    }
    line.push_str(&format!("\n          {}\n", param.help));
    if verbose {
        for rule in rules(param) {
            line.push_str(&format!("          {rule}\n"));
        }
    }
    line
}

/// The finer rules a value must keep.
fn rules(param: &Property) -> Vec<String> {
    let schema = param.kind.json_schema();
    let said = |name: &str, words: &str| schema.get(name).map(|value| format!("{words} {}", bare(value)));
    let mut rules: Vec<String> = [
        said("format", "Format:"),
        said("pattern", "Pattern:"),
        said("minLength", "Least number of characters:"),
        said("maxLength", "Greatest number of characters:"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(other) = param.requires {
        rules.push(format!("Requires option: {other}"));
    }
    rules
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn type_name(kind: &Kind) -> String {
    match kind {
        Kind::String { one_of, .. } if !one_of.is_empty() => format!("<{}>", one_of.join(" | ")),
        kind => format!("<{}>", kind.type_name()),
    }
}
