//! Completions and manual pages, from the same descriptions that parse the command line.

use std::io::Write as _;

use clap::{Arg, ArgMatches, Command};
use clap_complete::Shell;
use innkeeper_host::{Host, Permissions, RealHost};

use super::builtin::absolute;
use super::report::Failure;
use super::{Commands, Program, describe, output};

const SHELLS: [(&str, Shell); 3] = [("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];

pub(super) fn describe_completions(command: Command) -> Command {
    let shell =
        Arg::new("shell").value_name("SHELL").required(true).value_parser(SHELLS.map(|(name, _)| name));
    let program = Arg::new("program")
        .long("program")
        .value_name("NAME")
        .value_parser(Program::ALL.map(Program::name))
        .default_value("innkeeper")
        .help("The name of the program that is completed");
    command.args([shell.help("The shell"), program])
}

/// Prints the script for a shell.
pub(super) fn completions(matches: &ArgMatches) -> Result<(), Failure> {
    let said = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let shell =
        SHELLS.iter().find(|(name, _)| *name == said("shell")).map_or(Shell::Bash, |(_, shell)| *shell);
    let program = Program::of(said("program"));
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut describe::everything(&Commands::new(program)),
        program.name(),
        &mut script,
    );
    output::print(&String::from_utf8_lossy(&script))
}

pub(super) fn describe_pages(command: Command) -> Command {
    command
        .arg(Arg::new("dir").value_name("DIR").required(true).help("Directory for the pages; made if needed"))
}

/// Writes a page for every command of every program.
pub(super) fn pages(matches: &ArgMatches) -> Result<(), Failure> {
    let dir = absolute(matches.get_one::<String>("dir").map(String::as_str).unwrap_or_default())?;
    let host = RealHost::new();
    host.make_dirs(&dir, Permissions { mode: 0o755, owner: None })?;
    for program in Program::ALL {
        let mut command = describe::everything(&Commands::new(program)).disable_help_subcommand(true);
        command.build();
        write(&host, &dir, &command, program.name())?;
    }
    Ok(())
}

fn write(host: &RealHost, dir: &camino::Utf8Path, command: &Command, name: &str) -> Result<(), Failure> {
    let mut page = Vec::new();
    let render = |page: &mut Vec<u8>| {
        clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).section("8").render(page)?;
        page.flush()
    };
    render(&mut page).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    host.write_own(&dir.join(format!("{name}.8")), &page, Permissions { mode: 0o644, owner: None })?;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write(host, dir, below, &format!("{name}-{}", below.get_name()))?;
    }
    Ok(())
}
