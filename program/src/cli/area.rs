//! Commands that methods declare: `innkeeper apt disable FILE INDEX`, `pvenode task list`.

use std::time::Duration;

use clap::ArgMatches;
use innkeeper_change::Problem;
use innkeeper_rest::{Kind, Method, Property, Verb};
use serde_json::{Map, Value};

use super::arguments::{self, Given};
use super::consent::{self, Consent};
use super::describe::{self, Leaf};
use super::globals::{self, Globals};
use super::machine::Machine;
use super::report::Failure;
use super::words::{Target, Tree};
use super::{Commands, Program, output, views};

/// Runs the command that the words name.
pub(super) fn run(commands: Commands, typed: Vec<String>) -> Result<(), Failure> {
    let walked = commands.tree.walk(typed);
    let (words, tree) = with_default(commands.program, walked.words, walked.tree, &walked.rest);
    match tree.target {
        Some(target) => call(&commands, &words, target, tree, walked.rest),
        None => {
            let group = describe::group_command(commands.program, &words, tree);
            let known: Vec<_> = globals::known().collect();
            let rest = arguments::for_clap(arguments::sort_out(walked.rest, &known, false));
            let matches = group.try_get_matches_from(rest)?;
            // clap knows no name that the walk does not know
            Err(Failure::usage(format!("no such command: {}", matches.subcommand_name().unwrap_or_default())))
        }
    }
}

/// A group that can be listed is listed when no command is named: `innkeeper history`.
fn with_default<'t>(
    program: Program,
    mut words: Vec<&'static str>,
    tree: &'t Tree,
    rest: &[String],
) -> (Vec<&'static str>, &'t Tree) {
    let asks_for_help = rest.iter().any(|word| word == "--help" || word == "-h");
    let mut values = false;
    let names_something = rest.iter().any(|word| {
        let is_value = std::mem::replace(&mut values, word.starts_with('-'));
        !word.starts_with('-') && !is_value
    });
    match tree.below.get("list") {
        Some(list)
            if program == Program::Innkeeper
                && tree.target.is_none()
                && !words.is_empty()
                && !asks_for_help
                && !names_something =>
        {
            words.push("list");
            (words, list)
        }
        _ => (words, tree),
    }
}

fn call(
    commands: &Commands,
    words: &[&'static str],
    target: Target,
    tree: &Tree,
    rest: Vec<String>,
) -> Result<(), Failure> {
    let leaf = Leaf::of_area(commands, target);
    let mut full = vec![commands.program.name()];
    full.extend(words);
    let description = describe::leaf_command(&leaf, &full, &tree.help);
    let mut given = arguments::sort_out(rest, &leaf.known(), !leaf.positional.is_empty());
    let globals = globals::take(&mut given, |name| leaf.options.iter().any(|param| param.name == name))?;
    keep_help(&mut given);
    let matches = description.clone().try_get_matches_from(arguments::for_clap(given))?;
    let mut params = params(&leaf, &matches);
    let name = &leaf.method.commands[target.name];
    params.extend(name.preset.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    if let Some(seconds) = leaf.method.armed_for(&params) {
        params.entry("confirm-within").or_insert_with(|| Value::from(seconds.to_string()));
    }
    super::secret::fill_in(leaf.method, &mut params)?;
    let follow = leaf.follows && matches.get_flag(describe::FOLLOW);
    let command = Called { leaf: &leaf, globals: &globals, follow };
    command
        .run(params, Consent::of(&leaf, &matches).arming())
        .map_err(|failure| failure.with_usage(|| description.clone().render_usage().to_string() + "\n"))
}

/// `--help` is answered whatever else was typed.
fn keep_help(given: &mut Vec<Given>) {
    let help = |one: &Given| matches!(one, Given::Strange(word) if word == "--help" || word == "-h");
    if given.iter().any(help) {
        given.retain(help);
    }
}

/// The parameters that clap found, as texts: the method checks them.
pub(super) fn params(leaf: &Leaf<'_>, matches: &ArgMatches) -> Map<String, Value> {
    let all = leaf.positional.iter().chain(&leaf.options);
    all.filter_map(|param| Some((param.name.to_owned(), typed(param, matches)?))).collect()
}

fn typed(param: &Property, matches: &ArgMatches) -> Option<Value> {
    let values: Vec<&str> = matches.get_many::<String>(param.name)?.map(String::as_str).collect();
    if describe::is_list(param) {
        return Some(Value::from(values.join(",")));
    }
    // said twice: the last word counts
    let last = values.last().copied();
    Some(Value::from(match param.kind {
        Kind::Boolean => last.unwrap_or("1"),
        _ => last.unwrap_or_default(),
    }))
}

/// A command whose words and options are understood.
struct Called<'l, 'm> {
    leaf: &'l Leaf<'m>,
    globals: &'l Globals,
    follow: bool,
}

/// How long to wait before asking again for what is new.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// More than is written in that time, as a rule; what is left comes with the next question.
const FOLLOWED_AT_ONCE: &str = "1000";

impl Called<'_, '_> {
    fn run(&self, mut params: Map<String, Value>, consent: Consent) -> Result<(), Failure> {
        let method = self.leaf.method;
        let view = views::of(method);
        if let Some(view) = view.filter(|view| !view.unless.is_some_and(|name| params.contains_key(name))) {
            params.extend(view.fixed.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        }
        let path = take_path(method, &mut params)?;
        let mut machine = Machine::open(self.globals)?;
        if self.leaf.asks {
            return consent::change(&mut machine, self.globals, method, &path, params, consent);
        }
        if self.follow {
            return self.keep_following(&mut machine, &path, params);
        }
        self.show(&mut machine, &path, params).map(drop)
    }

    /// Shows what there is, then what comes after the last entry, again and again. Ctrl-C ends it.
    fn keep_following(
        &self,
        machine: &mut Machine,
        path: &str,
        mut params: Map<String, Value>,
    ) -> Result<(), Failure> {
        // what is beyond the end would never come
        params.remove("until");
        while output::is_heard() {
            let shown = self.show(machine, path, params.clone())?;
            let cursor = shown.as_array().and_then(|entries| entries.last()?.get("cursor").cloned());
            if let Some(cursor) = cursor {
                params.insert("startcursor".to_owned(), cursor);
                params.insert("lastentries".to_owned(), Value::from(FOLLOWED_AT_ONCE));
            }
            machine.api().host().sleep(FOLLOW_EVERY);
        }
        Ok(())
    }

    /// Prints what a call answers, and gives it.
    fn show(&self, machine: &mut Machine, path: &str, params: Map<String, Value>) -> Result<Value, Failure> {
        let method = self.leaf.method;
        let view = views::of(method);
        let answer = machine.call_written(method.verb, path, params)?;
        let prepare = view.and_then(|view| view.prepare);
        if let Some(text) = &answer.written
            && prepare.is_none()
            && !self.follow
            && output::print_written(self.globals, text)?
        {
            return Ok(Value::Null);
        }
        let answer = answer.read()?;
        if let Some((_, bytes)) = answer.download {
            output::print_file(self.globals, &bytes)?;
            return Ok(Value::Null);
        }
        if let Some(lines) = answer.lines {
            output::print_lines(self.globals, lines)?;
            return Ok(Value::Null);
        }
        let data = match prepare {
            Some(prepare) => prepare(answer.data),
            None => answer.data,
        };
        output::print_value(self.globals, &data, |style| match view {
            Some(view) => (view.show)(&data, style, &views::Context { method, api: machine.api() }),
            None => output::value(&data, style, &output::times_of(method)),
        })?;
        self.hint(method, &data)?;
        Ok(data)
    }

    /// An empty list says nothing; on a terminal that could be mistaken for something that went wrong.
    fn hint(&self, method: &Method, data: &Value) -> Result<(), Failure> {
        let empty = !self.follow && method.verb == Verb::Get && data.as_array().is_some_and(Vec::is_empty);
        if empty && !self.globals.quiet && std::io::IsTerminal::is_terminal(&std::io::stdout()) {
            output::complain("nothing to list\n");
        }
        Ok(())
    }
}

/// Fills the variable parts of a method's path from the parameters, which lose them.
pub(super) fn take_path(method: &Method, params: &mut Map<String, Value>) -> Result<String, Failure> {
    let mut path = String::new();
    for part in method.path.split('/').filter(|part| !part.is_empty()) {
        path.push('/');
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
            path.push_str(part);
            continue;
        };
        match params.remove(name) {
            Some(Value::String(value)) if !value.is_empty() && !value.contains('/') => path.push_str(&value),
            Some(_) => return Err(Problem::parameter(name, "value does not match the regex pattern").into()),
            // commands are about the local node
            None => path.push_str("localhost"),
        }
    }
    Ok(path)
}
