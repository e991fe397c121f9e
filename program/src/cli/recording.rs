//! `innkeeper lab-record`: what a machine answers, kept for tests.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Arg, ArgMatches, Command, value_parser};
use innkeeper_host::{self as host, FileKind, Host, Permissions, RealHost, Recorder};

use super::builtin::absolute;
use super::machine;
use super::report::Failure;

/// Enough for any file of `/proc` and `/sys`, and for the configuration of any program.
const FILE_LIMIT: u64 = 1 << 20;
/// A folder that goes deeper or holds more was named by mistake.
const TREE_DEPTH: usize = 5;
const TREE_FILES: usize = 5_000;

pub(super) fn describe(command: Command) -> Command {
    let out = Arg::new("out").value_name("OUT").required(true).help("File for the recording");
    let ask = Arg::new("ask").long("ask").value_name("FILE").help(
        "Ask what this file says, a line each: run PROGRAM ARG..., read FILE, link PATH, list FOLDER, tree FOLDER",
    );
    let about = Arg::new("about")
        .long("about")
        .value_name("TEXT")
        .requires("ask")
        .help("What this machine is and what was done with it");
    let words = Arg::new("command")
        .value_name("COMMAND")
        .required_unless_present("ask")
        .conflicts_with("ask")
        .num_args(1..)
        .last(true)
        .value_parser(value_parser!(String))
        .help("Command to run, without the word innkeeper: api get /nodes/localhost/apt/repositories");
    command.args([out, ask, about, words])
}

/// Recordings for tests are made on real machines with this, never written by hand.
pub(super) fn record(matches: &ArgMatches) -> Result<(), Failure> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let out = absolute(text("out").unwrap_or_default())?;
    let (recording, outcome) = match text("ask") {
        Some(file) => (of_questions(file, text("about").unwrap_or_default())?, Ok(())),
        None => of_command(matches.get_many::<String>("command").into_iter().flatten().cloned().collect())?,
    };
    RealHost::new().write_own(&out, recording.as_bytes(), Permissions { mode: 0o644, owner: None })?;
    outcome
}

fn of_command(words: Vec<String>) -> Result<(String, Result<(), Failure>), Failure> {
    machine::record(format!("innkeeper {}", words.join(" ")));
    let outcome = super::run(super::Program::Innkeeper, words);
    let recording =
        machine::recording().ok_or_else(|| Failure::usage("the command asked nothing of this machine"))?;
    Ok((recording, outcome))
}

fn of_questions(file: &str, about: &str) -> Result<String, Failure> {
    let machine = std::sync::Arc::new(RealHost::new());
    let text = machine.read(&absolute(file)?, FILE_LIMIT)?;
    let questions = parse(&String::from_utf8_lossy(&text))
        .map_err(|(line, reason)| Failure::usage(format!("{file}:{line}: {reason}")))?;
    let recorder = Recorder::new(machine).about(about);
    for question in &questions {
        question.ask(&recorder);
    }
    Ok(recorder.save())
}

/// One thing to ask a machine.
#[derive(Debug, PartialEq)]
enum Question {
    Run(Utf8PathBuf, Vec<String>),
    Read(Utf8PathBuf),
    Link(Utf8PathBuf),
    List(Utf8PathBuf),
    Tree(Utf8PathBuf),
}

/// Reads a file of questions; blank lines and lines that begin with `#` are none. The error names a line.
fn parse(text: &str) -> Result<Vec<Question>, (usize, String)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| line.parse().map_err(|reason| (number, reason)))
        .collect()
}

impl FromStr for Question {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = line.split_ascii_whitespace();
        let verb = words.next().unwrap_or_default();
        let path = match words.next() {
            Some(path) if path.starts_with('/') => Utf8PathBuf::from(path),
            Some(path) => return Err(format!("'{path}' is not an absolute path")),
            None => return Err(format!("'{verb}' what?")),
        };
        let rest: Vec<String> = words.map(str::to_owned).collect();
        if verb != "run" && !rest.is_empty() {
            return Err(format!("'{verb}' takes one path"));
        }
        match verb {
            "run" => Ok(Self::Run(path, rest)),
            "read" => Ok(Self::Read(path)),
            "link" => Ok(Self::Link(path)),
            "list" => Ok(Self::List(path)),
            "tree" => Ok(Self::Tree(path)),
            _ => Err(format!("'{verb}' is none of run, read, link, list, tree")),
        }
    }
}

impl Question {
    /// That a machine has no such file, or that a program fails, is an answer too.
    fn ask(&self, host: &dyn Host) {
        match self {
            Self::Run(program, args) => {
                let codes: Vec<i32> = (1..=255).collect();
                drop(host.run(&host::Command::new(program).args(args.iter().cloned()).accept(&codes)));
            }
            Self::Read(path) => drop(host.read(path, FILE_LIMIT)),
            Self::Link(path) => drop(host.read_link(path)),
            Self::List(path) => drop(host.list_dir(path)),
            Self::Tree(path) => walk(host, path, TREE_DEPTH, &mut 0),
        }
    }
}

/// Everything below a folder, links not followed: in `/sys` they lead around in circles.
fn walk(host: &dyn Host, folder: &Utf8Path, depth: usize, files: &mut usize) {
    let Ok(entries) = host.list_dir(folder) else { return };
    for entry in entries {
        *files += 1;
        if *files > TREE_FILES {
            return;
        }
        let path = folder.join(&entry.name);
        match entry.kind {
            FileKind::Directory if depth > 0 => walk(host, &path, depth - 1, files),
            FileKind::File => drop(host.read(&path, FILE_LIMIT)),
            FileKind::Symlink => drop(host.read_link(&path)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_a_line_each() {
        let text = "# LVM\n\nrun /usr/sbin/lvs --reportformat json\n  read /etc/fstab\nlink /proc/1/exe\nlist /sys\ntree /etc/lvm\n";
        let questions = parse(text).unwrap();
        assert_eq!(questions.len(), 5);
        assert_eq!(
            questions[0],
            Question::Run("/usr/sbin/lvs".into(), vec!["--reportformat".into(), "json".into()])
        );
    }

    #[test]
    fn a_line_that_is_no_question_is_named() {
        for (text, line, reason) in [
            ("\nread fstab", 2, "not an absolute path"),
            ("eat /etc/fstab", 1, "none of run, read"),
            ("list /a /b", 1, "takes one path"),
            ("read", 1, "what?"),
        ] {
            let (at, said) = parse(text).unwrap_err();
            assert_eq!(at, line, "{text}");
            assert!(said.contains(reason), "{text}: {said}");
        }
    }
}
