//! Commands and parameters as clap describes them: for parsing, `--help`, completions and manual pages.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};
use innkeeper_rest::{Handler, Kind, Method, Property};

use super::arguments::{Known, Shape};
use super::words::{Target, Tree};
use super::{Commands, Program, globals};

/// Options that only commands for people have: the API calls them otherwise, or a person needs none of them.
const OF_THE_CALL: [&str; 4] = ["dry-run", "accept", "plan", "background"];

/// The option of commands that can wait for what is new.
pub(super) const FOLLOW: &str = "follow";

/// One command that calls a method, whether by the method's own name or by path.
pub(super) struct Leaf<'m> {
    pub(super) method: &'m Method,
    /// Parameters given by position.
    pub(super) positional: Vec<Property>,
    /// Parameters given as options.
    pub(super) options: Vec<Property>,
    /// The plan is shown and has to be agreed to.
    pub(super) asks: bool,
    /// What is new can be waited for.
    pub(super) follows: bool,
}

impl<'m> Leaf<'m> {
    /// The command by which a method names itself.
    pub(super) fn of_area(commands: &'m Commands, target: Target) -> Self {
        let method = &commands.methods[target.method];
        let name = &method.commands[target.name];
        let view = super::views::of(method);
        let fixed = view.map(|view| view.fixed).unwrap_or_default();
        let all = method.all_params();
        let of = |wanted: &&'static str| all.iter().find(|param| param.name == *wanted).copied();
        let positional: Vec<Property> = name.positional.iter().filter_map(of).collect();
        let decided = |param: &Property| {
            param.name == "node"
                || name.positional.contains(&param.name)
                || name.preset.iter().chain(fixed).any(|(preset, _)| *preset == param.name)
                || (method.has_dry_run() && OF_THE_CALL.contains(&param.name))
        };
        let options = all.iter().copied().filter(|param| !decided(param)).collect();
        let follows = view.is_some_and(|view| view.follows);
        Self { method, positional, options, asks: method.has_dry_run(), follows }
    }

    /// The command by which every method can be called: the path says what is in it.
    pub(super) fn of_path(method: &'m Method) -> Self {
        let in_path = |param: &Property| method.path.contains(&format!("{{{}}}", param.name));
        let options = method.all_params().into_iter().filter(|param| !in_path(param)).collect();
        Self { method, positional: Vec::new(), options, asks: false, follows: false }
    }

    /// Names and shapes of its options, with those of every command.
    pub(super) fn known(&self) -> Vec<Known> {
        let shape = |param: &Property| match param.kind {
            Kind::Boolean => Shape::Boolean,
            _ => Shape::Value,
        };
        let mut known: Vec<Known> =
            self.options.iter().map(|param| Known { name: param.name, shape: shape(param) }).collect();
        if self.asks {
            known.extend(["plan", "dry-run", "yes"].map(|name| Known { name, shape: Shape::Flag }));
            if self.can_be_dangerous() {
                known.push(Known { name: "accept", shape: Shape::Value });
            }
        }
        if self.follows {
            known.push(Known { name: FOLLOW, shape: Shape::Flag });
        }
        let claimed: Vec<&str> = known.iter().map(|option| option.name).collect();
        known.extend(globals::known().filter(|global| !claimed.contains(&global.name)));
        known
    }

    fn can_be_dangerous(&self) -> bool {
        matches!(self.method.handler, Handler::Change(_))
    }

    /// Adds its arguments to `command`. `for_documents` adds what only completions can use.
    pub(super) fn describe(&self, command: Command, for_documents: bool) -> Command {
        let mut command = command.infer_long_args(true).next_line_help(true);
        for (index, param) in self.positional.iter().enumerate() {
            let many = is_list(param) && index + 1 == self.positional.len();
            let arg = Arg::new(param.name)
                .value_name(param.name.to_uppercase())
                .required(!param.optional)
                .help(sentence(param));
            let action = if many { ArgAction::Append } else { ArgAction::Set };
            command = command.arg(if many { arg.num_args(1..) } else { arg }.action(action));
        }
        for param in &self.options {
            command = command.arg(option(param, for_documents));
        }
        if self.asks {
            command = command.args(self.consent());
        }
        if self.follows {
            let follow = Arg::new(FOLLOW).long(FOLLOW).action(ArgAction::SetTrue);
            command = command.arg(follow.help("Go on with what is written from now on, until Ctrl-C"));
        }
        let taken: Vec<&str> = self.options.iter().map(|param| param.name).collect();
        command.args(globals::describe(move |name| taken.contains(&name)))
    }

    fn consent(&self) -> Vec<Arg> {
        const HEADING: &str = "Options of changes";
        let flag = |name: &'static str| {
            Arg::new(format!("consent:{name}")).long(name).action(ArgAction::SetTrue).help_heading(HEADING)
        };
        let mut args = vec![
            flag("plan").visible_alias("dry-run").help("Show what would be done, and do nothing"),
            flag("yes").short('y').help("Answer yes to all warnings"),
        ];
        if self.can_be_dangerous() {
            args.push(
                Arg::new("consent:accept")
                    .long("accept")
                    .value_name("ID")
                    .action(ArgAction::Append)
                    .help_heading(HEADING)
                    .help("Accept the danger with this id; --plan shows the ids"),
            );
        }
        args
    }
}

fn option(param: &Property, for_documents: bool) -> Arg {
    // secrets that are missing are asked for
    let required = !param.optional && !param.secret;
    let arg = Arg::new(param.name).long(param.name).help(sentence(param)).required(required);
    match param.kind {
        Kind::Boolean => {
            let arg = arg.num_args(0..=1).require_equals(true).value_name("BOOLEAN");
            arg.hide_possible_values(true)
        }
        Kind::String { one_of, .. } if !one_of.is_empty() => {
            let arg = arg.value_name(one_of.join("|")).action(ArgAction::Append);
            if for_documents {
                arg.value_parser(PossibleValuesParser::new(one_of)).hide_possible_values(true)
            } else {
                arg
            }
        }
        kind => arg.value_name(kind.type_name().to_uppercase()).action(ArgAction::Append),
    }
}

/// Whether several values may be given one after another.
pub(super) fn is_list(param: &Property) -> bool {
    matches!(param.kind, Kind::String { format: Some(format), .. } if format.item().is_some())
}

/// What a parameter is for, with its bounds and default.
pub(super) fn sentence(param: &Property) -> String {
    let mut text = param.help.to_owned();
    if let Some(bounds) = bounds(&param.kind) {
        text.push_str(&format!(" ({bounds})"));
    }
    if let Some(default) = param.default {
        text.push_str(&format!(" [default: {default}]"));
    }
    text.trim_start().to_owned()
}

/// Least and greatest value of a number, as `0 - N`.
pub(super) fn bounds(kind: &Kind) -> Option<String> {
    let between = |min: Option<String>, max: Option<String>| match (min, max) {
        (None, None) => None,
        (min, max) => Some(format!(
            "{} - {}",
            min.unwrap_or_else(|| "-N".to_owned()),
            max.unwrap_or_else(|| "N".to_owned())
        )),
    };
    match kind {
        Kind::Integer { min, max } => between(min.map(|n| n.to_string()), max.map(|n| n.to_string())),
        Kind::Number { min, max } => between(min.map(|n| n.to_string()), max.map(|n| n.to_string())),
        _ => None,
    }
}

/// The description of one command, ready to parse what follows its words.
pub(super) fn leaf_command(leaf: &Leaf<'_>, words: &[&str], help: &str) -> Command {
    let last = words.last().copied().unwrap_or_default();
    let command =
        Command::new(last.to_owned()).bin_name(words.join(" ")).no_binary_name(true).about(help.to_owned());
    leaf.describe(command, false)
}

/// The description of a group of commands that names what is below it, and nothing more.
pub(super) fn group_command(program: Program, words: &[&str], tree: &Tree) -> Command {
    let mut names = vec![program.name()];
    names.extend(words);
    let mut command = Command::new(names.last().copied().unwrap_or_default().to_owned())
        .bin_name(names.join(" "))
        .no_binary_name(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_subcommands(true)
        .infer_long_args(true)
        .args(globals::describe(|_| false));
    if words.is_empty() {
        command = command.about(program.about()).version(env!("CARGO_PKG_VERSION"));
    } else {
        command = command.about(tree.help.clone()).disable_help_subcommand(true);
    }
    for (word, below) in &tree.below {
        command = command.subcommand(Command::new(*word).about(below.help.clone()));
    }
    if program == Program::Innkeeper && words.is_empty() {
        command = command.subcommands(super::builtin::all().iter().map(|builtin| builtin.stub()));
    }
    command
}

/// Every command of a program in full: for completions and manual pages.
pub(super) fn everything(commands: &Commands) -> Command {
    let program = commands.program;
    let command = Command::new(program.name()).about(program.about()).version(env!("CARGO_PKG_VERSION"));
    if let Some(words) = program.stands_for() {
        return match super::builtin::all().iter().find(|builtin| words == [builtin.name()]) {
            Some(builtin) => builtin.of(command),
            None => command.after_help(format!("It takes what 'innkeeper {}' takes.", words.join(" "))),
        };
    }
    let mut command = command.subcommand_required(true).args(globals::describe(|_| false));
    for (word, tree) in &commands.tree.below {
        command = command.subcommand(in_full(commands, word, tree));
    }
    match program {
        Program::Innkeeper => command.subcommands(super::builtin::shown().map(|builtin| builtin.in_full())),
        Program::Pvesh => command.subcommands(super::api::described()),
        _ => command,
    }
}

fn in_full(commands: &Commands, word: &'static str, tree: &Tree) -> Command {
    let mut command = Command::new(word).about(tree.help.clone());
    match tree.target {
        Some(target) => command = Leaf::of_area(commands, target).describe(command, true),
        None => command = command.subcommand_required(true),
    }
    for (word, below) in &tree.below {
        command = command.subcommand(in_full(commands, word, below));
    }
    command
}
