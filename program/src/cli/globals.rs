//! Options that every command understands.

use camino::Utf8PathBuf;
use clap::{Arg, ArgAction};

use super::arguments::{Given, Known, Shape};
use super::report::Failure;

const HEADING: &str = "Options of every command";

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
    JsonPretty,
    Yaml,
}

const FORMATS: [(&str, Format); 4] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("json-pretty", Format::JsonPretty),
    ("yaml", Format::Yaml),
];

/// What these options said.
#[derive(Clone, Debug)]
pub(super) struct Globals {
    /// Work on this tree instead of the machine itself.
    pub(super) root: Option<Utf8PathBuf>,
    pub(super) format: Format,
    pub(super) border: bool,
    pub(super) header: bool,
    /// Results and task logs are not printed.
    pub(super) quiet: bool,
    /// Times are printed as dates, not as numbers.
    pub(super) human: bool,
}

impl Default for Globals {
    fn default() -> Self {
        Self { root: None, format: Format::Text, border: true, header: true, quiet: false, human: true }
    }
}

/// One of these options.
struct Global {
    name: &'static str,
    shape: Shape,
    /// How its value is called; nothing for a switch that is best just turned.
    value: &'static str,
    help: &'static str,
    effect: Effect,
}

/// What it does.
enum Effect {
    Say(fn(&mut Globals, &str) -> Result<(), String>),
    Turn(fn(&mut Globals, bool)),
}

const GLOBALS: [Global; 7] = [
    Global {
        name: "root",
        shape: Shape::Value,
        value: "DIR",
        help: "Work on the system below DIR: nothing outside is touched and no command runs",
        effect: Effect::Say(|globals, value| {
            globals.root = Some(Utf8PathBuf::from(value));
            Ok(())
        }),
    },
    Global {
        name: "output-format",
        shape: Shape::Value,
        value: "text|json|json-pretty|yaml",
        help: "How the result is printed [default: text]",
        effect: Effect::Say(|globals, value| {
            let known = FORMATS.iter().find(|(name, _)| *name == value);
            let names = FORMATS.map(|(name, _)| name).join(", ");
            globals.format = known
                .ok_or_else(|| format!("value '{value}' does not have a value in the enumeration '{names}'"))?
                .1;
            Ok(())
        }),
    },
    Global {
        name: "noborder",
        shape: Shape::Switch,
        value: "",
        help: "Print tables without border",
        effect: Effect::Turn(|globals, on| globals.border = !on),
    },
    Global {
        name: "noheader",
        shape: Shape::Switch,
        value: "",
        help: "Print tables without column headers",
        effect: Effect::Turn(|globals, on| globals.header = !on),
    },
    Global {
        name: "quiet",
        shape: Shape::Switch,
        value: "",
        help: "Print neither result nor task log",
        effect: Effect::Turn(|globals, on| globals.quiet = on),
    },
    Global {
        name: "nooutput",
        shape: Shape::Switch,
        value: "",
        help: "The same, by its other name",
        effect: Effect::Turn(|globals, on| globals.quiet |= on),
    },
    Global {
        name: "human-readable",
        shape: Shape::Switch,
        value: "BOOLEAN",
        help: "Print times as dates [default: 1]",
        effect: Effect::Turn(|globals, on| globals.human = on),
    },
];

fn boolean(value: &str) -> Result<bool, String> {
    innkeeper_config::parse_cli_boolean(value)
        .ok_or_else(|| format!("type check ('boolean') failed - got '{value}'"))
}

/// Their names and shapes.
pub(super) fn known() -> impl Iterator<Item = Known> {
    GLOBALS.iter().map(|global| Known { name: global.name, shape: global.shape })
}

/// Whether `word` is one of these options and the word after it is its value.
pub(super) fn takes_next(word: &str) -> bool {
    let name = word.trim_start_matches('-');
    word.starts_with('-') && GLOBALS.iter().any(|global| global.name == name && global.shape == Shape::Value)
}

/// Takes what belongs to these options out of `given`, but for names that a method claims for its parameters.
///
/// # Errors
/// What is wrong with a value.
pub(super) fn take(given: &mut Vec<Given>, claimed: impl Fn(&str) -> bool) -> Result<Globals, Failure> {
    let mut globals = Globals::default();
    let mut wrong = None;
    given.retain(|one| {
        let Given::Option { name, value } = one else { return true };
        let mut free = GLOBALS.iter().filter(|global| !claimed(global.name));
        let Some(global) = free.find(|global| global.name == *name) else { return true };
        let applied = match global.effect {
            Effect::Say(say) => say(&mut globals, value),
            Effect::Turn(turn) => boolean(value).map(|on| turn(&mut globals, on)),
        };
        if let Err(message) = applied {
            wrong.get_or_insert((global.name, message));
        }
        false
    });
    match wrong {
        None => Ok(globals),
        Some((name, message)) => Err(innkeeper_change::Problem::parameter(name, message).into()),
    }
}

/// The same options as clap describes them, but for those whose name a method uses for a parameter of its own.
pub(super) fn describe<'a>(claimed: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = Arg> + 'a {
    let free = GLOBALS.iter().filter(move |global| !claimed(global.name));
    free.map(|global| {
        let arg = Arg::new(format!("global:{}", global.name))
            .long(global.name)
            .help(global.help)
            .help_heading(HEADING)
            .hide(global.name == "nooutput")
            .display_order(900);
        match (global.shape, global.value) {
            (Shape::Value, name) => arg.value_name(name).action(ArgAction::Append),
            (_, "") => arg.action(ArgAction::SetTrue),
            (_, name) => arg.num_args(0..=1).require_equals(true).value_name(name),
        }
    })
}
