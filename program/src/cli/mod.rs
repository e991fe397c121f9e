//! The command line, generated from the declarations of the methods.
//!
//! One binary answers to several names (`innkeeper`, `pvesh`, `pvenode`, `pveum` and more). A command starts cold and must be done in
//! milliseconds, so nothing is built that this call does not need: the words of the command are walked down first
//! ([`words`]), and only the command they lead to is described to clap ([`describe`]).
//!
//! - [`area`]: `innkeeper apt disable FILE INDEX`, `pvenode task list`: commands that methods declare.
//! - [`api`]: `innkeeper api get PATH`, which is `pvesh`: every method by its path.
//! - [`consent`]: shows the plan of a change, asks ([`dialogue`]), and has that plan carried out.
//! - [`output`]: tables, JSON, YAML; nothing reaches a terminal unescaped.
//! - [`builtin`]: everything that no method stands for: services, completions, manual pages; [`recording`] among it.

mod api;
mod area;
mod arguments;
mod builtin;
mod consent;
mod describe;
mod dialogue;
mod globals;
mod machine;
mod manual;
mod output;
mod paths;
mod recording;
mod report;
mod secret;
mod usage;
mod versions;
mod views;
mod words;

use std::process::ExitCode;

use innkeeper_rest::Method;

use crate::methods::methods;
use report::Failure;
use words::Tree;

/// The names this binary answers to, and what each of them offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Innkeeper,
    Pvesh,
    Pvenode,
    Pveum,
    Pveupdate,
    Pveupgrade,
    Pveversion,
}

impl Program {
    const ALL: [Self; 7] = [
        Self::Innkeeper,
        Self::Pvesh,
        Self::Pvenode,
        Self::Pveum,
        Self::Pveupdate,
        Self::Pveupgrade,
        Self::Pveversion,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Innkeeper => "innkeeper",
            Self::Pvesh => "pvesh",
            Self::Pvenode => "pvenode",
            Self::Pveum => "pveum",
            Self::Pveupdate => "pveupdate",
            Self::Pveupgrade => "pveupgrade",
            Self::Pveversion => "pveversion",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Innkeeper => "Host administration for virtualization hosts",
            Self::Pvesh => "Call every method of the API by its path (innkeeper api)",
            Self::Pvenode => "Manage this node and its tasks",
            Self::Pveum => "Manage users and what they may do (innkeeper access)",
            Self::Pveupdate => {
                "Do what is done once a day about updates: refresh the package lists, tell by mail"
            }
            Self::Pveupgrade => "Install all updates (innkeeper updates apply)",
            Self::Pveversion => "Show the versions of what runs here (innkeeper updates versions)",
        }
    }

    /// Which first words of the areas this name offers; `None` is all of them.
    fn areas(self) -> Option<&'static [&'static str]> {
        // the original's commands of pvenode; those that no method declares yet are simply not there
        const PVENODE: &[&str] =
            &["task", "config", "cert", "acme", "startall", "stopall", "migrateall", "wakeonlan"];
        match self {
            Self::Innkeeper => None,
            Self::Pvesh | Self::Pveupdate | Self::Pveupgrade | Self::Pveversion => Some(&[]),
            Self::Pvenode => Some(PVENODE),
            Self::Pveum => Some(&["access"]),
        }
    }

    /// The one command of `innkeeper` that this name stands for.
    fn stands_for(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Pveupdate => Some(&["pveupdate"]),
            Self::Pveupgrade => Some(&["updates", "apply"]),
            Self::Pveversion => Some(&["pveversion"]),
            Self::Innkeeper | Self::Pvesh | Self::Pvenode | Self::Pveum => None,
        }
    }

    /// The group whose commands this name offers without saying its word.
    fn within(self) -> Option<&'static str> {
        (self == Self::Pveum).then_some("access")
    }

    /// The original's older commands, by the names they have now: `pveum useradd`.
    fn in_full(self, mut words: Vec<String>) -> Vec<String> {
        const OLDER: [(&str, [&str; 2]); 11] = [
            ("useradd", ["user", "add"]),
            ("usermod", ["user", "modify"]),
            ("userdel", ["user", "delete"]),
            ("groupadd", ["group", "add"]),
            ("groupmod", ["group", "modify"]),
            ("groupdel", ["group", "delete"]),
            ("roleadd", ["role", "add"]),
            ("rolemod", ["role", "modify"]),
            ("roledel", ["role", "delete"]),
            ("aclmod", ["acl", "modify"]),
            ("acldel", ["acl", "delete"]),
        ];
        let older = |word: &String| OLDER.iter().find(|(name, _)| word == name);
        if self == Self::Pveum
            && let Some(at) = api::first_word(&words)
            && let Some((_, now)) = words.get(at).and_then(older)
        {
            words.splice(at..=at, now.map(str::to_owned));
        }
        words
    }

    fn of(invoked_as: &str) -> Self {
        let name = invoked_as.rsplit('/').next().unwrap_or_default();
        Self::ALL.into_iter().find(|program| program.name() == name).unwrap_or(Self::Innkeeper)
    }
}

/// What a command line works with: the name it was called by, and everything that can be called.
struct Commands {
    program: Program,
    methods: Vec<Method>,
    tree: Tree,
}

impl Commands {
    fn new(program: Program) -> Self {
        let methods = methods();
        let mut tree = Tree::new(&methods, program.areas());
        if let Some(within) = program.within() {
            tree = tree.below.remove(within).unwrap_or_default();
        }
        if program == Program::Innkeeper {
            tree.elsewhere = builtin::names().collect();
        }
        Self { program, methods, tree }
    }
}

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.into_string());
    let invoked_as = words.next().and_then(Result::ok).unwrap_or_default();
    let outcome = match words.collect::<Result<Vec<_>, _>>() {
        Ok(words) => run(Program::of(&invoked_as), words),
        Err(word) => Err(Failure::usage(format!("not valid UTF-8: {}", word.to_string_lossy()))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(program: Program, words: Vec<String>) -> Result<(), Failure> {
    if matches!(words.as_slice(), [only] if only == "--version" || only == "-V") {
        return output::print(&format!("{} {}\n", program.name(), env!("CARGO_PKG_VERSION")));
    }
    if let Some(command) = program.stands_for() {
        let all = command.iter().map(|word| (*word).to_owned()).chain(words).collect();
        return run(Program::Innkeeper, all);
    }
    let words = help_command(program.in_full(words));
    if program == Program::Pvesh {
        return api::run(&["pvesh"], words);
    }
    // most commands are spelled out: then the methods need not be listed for them
    if program == Program::Innkeeper
        && let Some((builtin, rest)) = builtin::find(&words, |name, word| name == word)
    {
        return builtin.run(rest);
    }
    let commands = Commands::new(program);
    if program == Program::Innkeeper {
        let is_area = |word: &str| commands.tree.below.keys().any(|name| name.starts_with(word));
        let shortened = |name: &str, word: &str| name.starts_with(word) && !is_area(word);
        if let Some((builtin, rest)) = builtin::find(&words, shortened) {
            return builtin.run(rest);
        }
    }
    area::run(commands, words)
}

/// `help apt list` is another way to say `apt list --help`.
fn help_command(mut words: Vec<String>) -> Vec<String> {
    if words.first().is_some_and(|word| word == "help") {
        words.remove(0);
        // the original's `help --verbose`: the help here holds everything anyway
        words.retain(|word| !matches!(word.as_str(), "--verbose" | "-verbose" | "-v"));
        words.push("--help".to_owned());
    }
    words
}
