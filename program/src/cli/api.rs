//! `innkeeper api`, which is `pvesh`: every method by its path.

use clap::{Arg, Command};
use innkeeper_change::Problem;
use innkeeper_rest::{Handler, Method, Verb};
use serde_json::{Map, Value};

use super::area::params;
use super::arguments::{self, Given, Known, Shape};
use super::describe::{self, Leaf};
use super::globals::{self, Globals};
use super::machine::Machine;
use super::report::Failure;
use super::{consent, output, paths, usage};
use crate::methods::methods;

/// What can be done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Call(Verb),
    Ls,
    Usage,
}

const ACTIONS: [(&str, Action, &str); 6] = [
    ("get", Action::Call(Verb::Get), "Read what is at a path"),
    ("set", Action::Call(Verb::Put), "Change what is at a path"),
    ("create", Action::Call(Verb::Post), "Make something at a path, or have something done"),
    ("delete", Action::Call(Verb::Delete), "Remove what is at a path"),
    ("ls", Action::Ls, "List what is below a path"),
    ("usage", Action::Usage, "Show which parameters a path takes"),
];

/// What this command is for, in one line.
pub(super) const ABOUT: &str = "Call every method of the API by its path";

/// Runs what `called` (`pvesh`, or `innkeeper api`) was given.
pub(super) fn run(called: &[&str], words: Vec<String>) -> Result<(), Failure> {
    let Some((name, action, rest)) = split_action(&words) else {
        let known: Vec<Known> = globals::known().collect();
        let rest = arguments::for_clap(arguments::sort_out(words, &known, false));
        let matches = group(called).try_get_matches_from(rest)?;
        return Err(Failure::usage(format!(
            "no such command: {}",
            matches.subcommand_name().unwrap_or_default()
        )));
    };
    let words: Vec<&str> = called.iter().copied().chain([name]).collect();
    let methods = methods();
    match action {
        Action::Call(verb) => call(&words, name, verb, &methods, rest),
        Action::Ls => ls(&words, &methods, rest),
        Action::Usage => usage::run(&words, called, &methods, rest),
    }
}

/// Takes the action out of the words; options may stand before it.
fn split_action(words: &[String]) -> Option<(&'static str, Action, Vec<String>)> {
    let position = first_word(words)?;
    let typed = words[position].as_str();
    let exact = ACTIONS.iter().find(|(name, ..)| *name == typed);
    let mut fitting = ACTIONS.iter().filter(|(name, ..)| name.starts_with(typed));
    let only = match (fitting.next(), fitting.next()) {
        (only, None) => only,
        _ => None,
    };
    let (name, action, _) = exact.or(only)?;
    let mut rest = words.to_vec();
    rest.remove(position);
    Some((name, *action, rest))
}

/// Where the first word stands that is neither an option nor the value of one.
pub(super) fn first_word(words: &[String]) -> Option<usize> {
    let mut is_value = false;
    words.iter().position(|word| {
        let skip = std::mem::replace(&mut is_value, globals::takes_next(word));
        !skip && !word.starts_with('-')
    })
}

fn group(called: &[&str]) -> Command {
    let command = Command::new(called.last().copied().unwrap_or_default().to_owned())
        .bin_name(called.join(" "))
        .no_binary_name(true)
        .about(ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(globals::describe(|_| false));
    command.subcommands(ACTIONS.map(|(name, _, about)| Command::new(name).about(about)))
}

/// The actions in full, for completions and manual pages.
pub(super) fn described() -> Vec<Command> {
    let described = |(name, action, about): (&'static str, Action, &'static str)| {
        let command = Command::new(name).about(about).args(globals::describe(|_| false));
        match action {
            Action::Call(_) => command.arg(path_arg()).arg(
                Arg::new("param")
                    .value_name("--PARAM VALUE")
                    .num_args(0..)
                    .allow_hyphen_values(true)
                    .help("Parameters of the method; see the usage of the path"),
            ),
            Action::Ls => command.arg(path_arg()),
            Action::Usage => usage::describe(Command::new(name).about(about)),
        }
    };
    ACTIONS.map(described).into()
}

pub(super) fn path_arg() -> Arg {
    Arg::new("path").value_name("PATH").required(true).help("Path of the API, such as /nodes/localhost/tasks")
}

fn call(
    words: &[&str],
    action: &str,
    verb: Verb,
    methods: &[Method],
    mut rest: Vec<String>,
) -> Result<(), Failure> {
    let Some(position) = first_word(&rest) else {
        let bare = Command::new(action.to_owned()).bin_name(words.join(" ")).no_binary_name(true);
        let command = bare.about(about(verb)).arg(path_arg()).args(globals::describe(|_| false));
        command.try_get_matches_from(rest)?;
        return Ok(());
    };
    let path = paths::tidy(&rest.remove(position));
    let found = paths::find(methods, &path).and_then(|place| place.method(verb));
    let Some(method) = found else {
        return Err(Failure::usage(format!("No '{action}' handler defined for '{path}'")));
    };
    let leaf = Leaf::of_path(method);
    let called: Vec<&str> = words.iter().copied().chain([path.as_str()]).collect();
    let description = describe::leaf_command(&leaf, &called, method.help);
    let mut given = arguments::sort_out(rest, &leaf.known(), false);
    let globals = globals::take(&mut given, |name| leaf.options.iter().any(|param| param.name == name))?;
    check_missing(&leaf, &given)
        .and_then(|()| {
            let matches = description.clone().try_get_matches_from(arguments::for_clap(given))?;
            print_answer(&globals, method, &path, params(&leaf, &matches))
        })
        .map_err(|failure| failure.with_usage(|| description.clone().render_usage().to_string() + "\n"))
}

/// Missing parameters are the method's to report, all of them at once and in the original's words.
fn check_missing(leaf: &Leaf<'_>, given: &[Given]) -> Result<(), Failure> {
    let has = |name: &str| {
        given.iter().any(|one| matches!(one, Given::Option { name: known, .. } if *known == name))
    };
    if given.iter().any(|one| !matches!(one, Given::Option { .. })) {
        return Ok(());
    }
    let missing = leaf.options.iter().filter(|param| !param.optional && !has(param.name));
    let message = "property is missing and it is not optional".to_owned();
    let missing: std::collections::BTreeMap<String, String> =
        missing.map(|param| (param.name.to_owned(), message.clone())).collect();
    if missing.is_empty() { Ok(()) } else { Err(Problem::Parameters(missing).into()) }
}

fn about(verb: Verb) -> &'static str {
    ACTIONS
        .iter()
        .find(|(_, action, _)| *action == Action::Call(verb))
        .map(|(.., about)| *about)
        .unwrap_or_default()
}

fn print_answer(
    globals: &Globals,
    method: &Method,
    path: &str,
    params: Map<String, Value>,
) -> Result<(), Failure> {
    let is_dry_run = method.has_dry_run() && params.get("dry-run").is_some_and(|value| value == "1");
    let answer = Machine::open(globals)?.call_written(method.verb, path, params)?;
    if let Some(text) = &answer.written
        && output::print_written(globals, text)?
    {
        return Ok(());
    }
    let answer = answer.read()?;
    if let Some((_, bytes)) = answer.download {
        return output::print_file(globals, &bytes);
    }
    if let Some(lines) = answer.lines {
        return output::print_lines(globals, lines);
    }
    output::print_value(globals, &answer.data, |style| match &answer.data {
        data if is_dry_run => consent::as_plan(data).unwrap_or_default(),
        data => output::value(data, style, &output::times_of(method)),
    })
}

fn ls(words: &[&str], methods: &[Method], rest: Vec<String>) -> Result<(), Failure> {
    let known: Vec<Known> = globals::known().collect();
    let mut given = arguments::sort_out(rest, &known, true);
    let globals = globals::take(&mut given, |_| false)?;
    let command =
        Command::new("ls").bin_name(words.join(" ")).no_binary_name(true).about("List what is below a path");
    let command = command.arg(path_arg()).args(globals::describe(|_| false));
    let matches = command.try_get_matches_from(arguments::for_clap(given))?;
    let path = paths::tidy(matches.get_one::<String>("path").map(String::as_str).unwrap_or_default());
    let place =
        paths::find(methods, &path).ok_or_else(|| Problem::NotFound(format!("no such resource '{path}'")))?;
    let mut names: Vec<String> = place.fixed.iter().map(|name| (*name).to_owned()).collect();
    if let (Some(key), Some(method)) = (place.variable, place.method(Verb::Get)) {
        names.extend(listed(&globals, method, &path, key)?);
    }
    let mut listing = Vec::new();
    for name in names {
        let below = paths::find(methods, &format!("{path}/{name}"));
        listing.push((below.map(|place| place.capabilities()).unwrap_or_default(), name));
    }
    let data: Vec<Value> =
        listing.iter().map(|(can, name)| serde_json::json!({ "capabilities": can, "name": name })).collect();
    output::print_value(&globals, &Value::from(data), |_| {
        listing.iter().map(|(can, name)| format!("{can}        {}\n", output::escape(name))).collect()
    })
}

/// The names that the method at a path lists: what may stand in its variable part.
fn listed(globals: &Globals, method: &Method, path: &str, key: &str) -> Result<Vec<String>, Failure> {
    if matches!(method.handler, Handler::Index(_)) {
        return Ok(Vec::new());
    }
    let data = Machine::open(globals)?.call(Verb::Get, path, Map::new())?.data;
    let name = |item: &Value| match item.get(key).or_else(|| item.get("id")).or_else(|| item.get("name")) {
        Some(Value::String(name)) => Some(name.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Ok(data.as_array().into_iter().flatten().filter_map(name).collect())
}

/// `--verbose` and the like, beside the options of every command.
pub(super) fn with_flags(flags: &[&'static str]) -> Vec<Known> {
    let own = flags.iter().map(|name| Known { name, shape: Shape::Flag });
    own.chain(globals::known()).collect()
}
