//! Commands that no method stands for: services, completions, manual pages, recordings.

use std::net::SocketAddr;

use camino::Utf8PathBuf;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use innkeeper_change::Problem;

use super::report::Failure;
use super::{Program, api, manual, output, recording, versions};
use crate::service::{
    self, DaemonOptions, DailyOptions, ProxyOptions, RevertOptions, ServeOptions, StatdOptions, WorkerOptions,
};

/// One of these commands.
pub(super) struct Builtin {
    name: &'static str,
    about: &'static str,
    /// Started by the program itself; people need not know of it.
    hidden: bool,
    describe: fn(Command) -> Command,
    action: Action,
}

enum Action {
    /// Understands its words itself.
    Words(fn(Vec<String>) -> Result<(), Failure>),
    Run(fn(&ArgMatches) -> Result<(), Failure>),
}

/// Where the daemon listens.
const SOCKET: &str = "/run/innkeeper/daemon.sock";
/// Only this machine can reach it until its administrator says otherwise.
const LISTEN: &str = "127.0.0.1:8006";

static ALL: [Builtin; 16] = [
    Builtin {
        name: "api",
        about: api::ABOUT,
        hidden: false,
        describe: |command| command.subcommand_required(true).subcommands(api::described()),
        action: Action::Words(|words| api::run(&["innkeeper", "api"], words)),
    },
    Builtin {
        name: "serve",
        about: "Serve API and web interface in the foreground, for a first look",
        hidden: false,
        describe: |command| {
            let link = flag("link").help("Print a one-time login link even when nobody sits at a terminal");
            command.args([listen(), root(), link])
        },
        action: Action::Run(|matches| {
            let options = ServeOptions {
                listen: address(matches)?,
                root: path(matches, "root"),
                link: matches.get_flag("link"),
            };
            Ok(service::serve(&options)?)
        }),
    },
    Builtin {
        name: "daemon",
        about: "Answer the API on a Unix socket, with all authority",
        hidden: false,
        describe: |command| {
            let link =
                flag("link").help("Make a one-time login link, and say its secret to whoever started this");
            command.args([socket(), root(), link])
        },
        action: Action::Run(|matches| {
            let options = DaemonOptions {
                socket: path(matches, "socket").unwrap_or_else(|| SOCKET.into()),
                root: path(matches, "root"),
                link: matches.get_flag("link"),
            };
            Ok(service::daemon(&options)?)
        }),
    },
    Builtin {
        name: "proxy",
        about: "Serve API and web interface over TLS, without authority of its own",
        hidden: false,
        describe: |command| {
            let certificate = flag("certificate-stdin").help("Read certificate and key from standard input");
            command.args([listen(), socket(), certificate])
        },
        action: Action::Run(|matches| {
            let options = ProxyOptions {
                listen: address(matches)?,
                socket: path(matches, "socket").unwrap_or_else(|| SOCKET.into()),
                certificate_stdin: matches.get_flag("certificate-stdin"),
            };
            Ok(service::proxy(&options)?)
        }),
    },
    Builtin {
        name: "statd",
        about: "Keep the list of tasks, every ten seconds",
        hidden: false,
        describe: |command| command.arg(root()),
        action: Action::Run(|matches| Ok(service::statd(&StatdOptions { root: path(matches, "root") })?)),
    },
    Builtin {
        name: "daily",
        about: "Do what is done once a day: remove what no list names any more",
        hidden: false,
        describe: |command| command.arg(root()),
        action: Action::Run(|matches| Ok(service::daily(&DailyOptions { root: path(matches, "root") })?)),
    },
    Builtin {
        name: "pveupdate",
        about: "Do what is done once a day about updates: refresh the package lists, tell by mail",
        hidden: true,
        describe: |command| command,
        action: Action::Run(|_| Ok(service::update()?)),
    },
    Builtin {
        name: "pveversion",
        about: "Show the versions of what runs here",
        hidden: true,
        describe: versions::describe,
        action: Action::Run(versions::show),
    },
    Builtin {
        name: "prepare",
        about: "Make what the services cannot be without: directories, a certificate",
        hidden: true,
        describe: |command| command,
        action: Action::Run(|_| Ok(service::prepare()?)),
    },
    Builtin {
        name: "worker",
        about: "Carry out the work order on standard input",
        hidden: true,
        describe: |command| command.arg(root()),
        action: Action::Run(|matches| Ok(service::worker(&WorkerOptions { root: path(matches, "root") })?)),
    },
    Builtin {
        name: "revert",
        about: "Take back the changes that nobody confirmed in time",
        hidden: true,
        describe: |command| {
            let wait = Arg::new("wait")
                .long("wait")
                .value_name("CHANGE")
                .value_parser(value_parser!(i64).range(1..))
                .help("Wait until the time of this change is up, and take it back then");
            command.args([wait, root()])
        },
        action: Action::Run(|matches| {
            let wait = matches.get_one::<i64>("wait").copied();
            Ok(service::revert(&RevertOptions { wait, root: path(matches, "root") })?)
        }),
    },
    Builtin {
        name: "pam-helper",
        about: "Check the password on standard input",
        hidden: true,
        describe: |command| command,
        action: Action::Run(|_| Ok(service::pam_helper()?)),
    },
    Builtin {
        name: "completions",
        about: "Print a script that completes commands and options in a shell",
        hidden: false,
        describe: manual::describe_completions,
        action: Action::Run(manual::completions),
    },
    Builtin {
        name: "man",
        about: "Write a manual page for every command into a directory",
        hidden: false,
        describe: manual::describe_pages,
        action: Action::Run(manual::pages),
    },
    Builtin {
        name: "names",
        about: "Print the other names that this program answers to",
        hidden: true,
        describe: |command| command,
        action: Action::Run(|_| {
            let others = Program::ALL.into_iter().filter(|program| *program != Program::Innkeeper);
            output::print(&others.map(|program| format!("{}\n", program.name())).collect::<String>())
        }),
    },
    Builtin {
        name: "lab-record",
        about: "Record what this machine answers to a command or to a list of questions, for tests",
        hidden: false,
        describe: recording::describe,
        action: Action::Run(recording::record),
    },
];

/// All of them.
pub(super) fn all() -> &'static [Builtin] {
    &ALL
}

/// Those that people use.
pub(super) fn shown() -> impl Iterator<Item = &'static Builtin> {
    ALL.iter().filter(|builtin| !builtin.hidden)
}

/// Their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    shown().map(|builtin| builtin.name)
}

/// Finds the one that the first word fits, and what else was typed. Hidden ones must be spelled out.
pub(super) fn find(
    words: &[String],
    fits: impl Fn(&str, &str) -> bool,
) -> Option<(&'static Builtin, Vec<String>)> {
    let position = api::first_word(words)?;
    let word = words[position].as_str();
    let mut fitting =
        ALL.iter().filter(|builtin| fits(builtin.name, word) && (!builtin.hidden || builtin.name == word));
    let (Some(builtin), None) = (fitting.next(), fitting.next()) else { return None };
    let mut rest = words.to_vec();
    rest.remove(position);
    Some((builtin, rest))
}

impl Builtin {
    pub(super) fn run(&self, rest: Vec<String>) -> Result<(), Failure> {
        match self.action {
            Action::Words(run) => run(rest),
            Action::Run(run) => {
                let command =
                    self.in_full().bin_name(format!("innkeeper {}", self.name)).no_binary_name(true);
                run(&command.try_get_matches_from(rest)?)
            }
        }
    }

    /// Its name and what it is for.
    pub(super) fn stub(&self) -> Command {
        Command::new(self.name).about(self.about).hide(self.hidden)
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Adds what it takes to a command.
    pub(super) fn of(&self, command: Command) -> Command {
        (self.describe)(command)
    }

    /// With everything it takes.
    pub(super) fn in_full(&self) -> Command {
        (self.describe)(self.stub())
    }
}

fn listen() -> Arg {
    Arg::new("listen")
        .long("listen")
        .value_name("ADDR:PORT")
        .default_value(LISTEN)
        .help("Address to listen on")
}

fn root() -> Arg {
    Arg::new("root").long("root").value_name("DIR").help("Serve the system below DIR instead of this one")
}

fn socket() -> Arg {
    Arg::new("socket")
        .long("socket")
        .value_name("PATH")
        .default_value(SOCKET)
        .help("Unix socket of the daemon")
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn path(matches: &ArgMatches, name: &str) -> Option<Utf8PathBuf> {
    matches.get_one::<String>(name).map(Utf8PathBuf::from)
}

fn address(matches: &ArgMatches) -> Result<SocketAddr, Problem> {
    let typed = matches.get_one::<String>("listen").map_or(LISTEN, String::as_str);
    typed.parse().map_err(|_| {
        Problem::parameter("listen", format!("'{typed}' is not an address and a port, such as {LISTEN}"))
    })
}

/// The path from `/` on: the door to the machine knows no current directory.
pub(super) fn absolute(path: &str) -> Result<Utf8PathBuf, Failure> {
    camino::absolute_utf8(path).map_err(|error| Failure::usage(format!("{path}: {error}")))
}
