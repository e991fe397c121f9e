//! `cargo lab shell` and `cargo lab run`: one host, for a person or for a command.

use super::console::{self, Terminal};
use super::image::make_ready;
use super::{Failure, number, suite, suite_option};
use clap::{Arg, ArgMatches, Command, value_parser};
use innkeeper_lab::machine::{Host, Lab};
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

pub(super) fn shell_command() -> Command {
    hardware(
        Command::new("shell").about("Start a host and work on it").long_about(
            "Start a host from the saved state and attach the terminal to its console, as root. Ctrl-] leaves; the host ends \
             then, and all that was written to its disks with it.",
        ),
    )
}

pub(super) fn run_command() -> Command {
    hardware(
        Command::new("run")
            .about("Run one command on a new host")
            .long_about(
                "Start a host from the saved state and run one command on it, as root: one word is a line of shell, several \
                 are a program and its arguments. What it prints and its exit code are passed on when it ends, and the host \
                 with all its disks is gone. What is piped in becomes the command's standard input.",
            )
            .arg(
                Arg::new("timeout")
                    .long("timeout")
                    .value_name("SECONDS")
                    .default_value("600")
                    .value_parser(value_parser!(u64).range(1..))
                    .help("How long the command may take"),
            )
            .arg(Arg::new("command").value_name("CMD").num_args(1..).required(true).last(true).help("The command")),
    )
}

fn hardware(command: Command) -> Command {
    let count = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .default_value("0")
            .value_parser(value_parser!(u64).range(0..=16))
            .help(help)
    };
    command
        .arg(suite_option())
        .arg(count("disks", "Blank virtio disks besides the root disk"))
        .arg(
            Arg::new("size")
                .long("size")
                .value_name("SIZE")
                .default_value("2G")
                .help("Size of each disk, like 512M or 4G"),
        )
        .arg(count("nics", "Network cards, which are on no link"))
        .arg(
            Arg::new("memory")
                .long("memory")
                .value_name("MIB")
                .default_value("2048")
                .value_parser(value_parser!(u64))
                .help("Memory; another than the default boots and saves a state first"),
        )
        .arg(
            Arg::new("install")
                .long("install")
                .action(clap::ArgAction::SetTrue)
                .help("Install this program on it, as it was last built by cargo build"),
        )
}

pub(super) fn shell(options: &ArgMatches) -> Result<ExitCode, Failure> {
    if !Terminal::is_there() {
        return Err("cargo lab shell needs a terminal; for a script there is: cargo lab run -- CMD".into());
    }
    let host = start(options)?;
    if let Some((rows, columns)) = Terminal::size() {
        host.run(&format!("stty -F /dev/ttyS0 rows {rows} cols {columns}"))?;
    }
    eprintln!("{} is up; Ctrl-] leaves and ends it", host.name());
    console::attach(&host.console_socket())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run(options: &ArgMatches) -> Result<ExitCode, Failure> {
    let words: Vec<&str> =
        options.get_many::<String>("command").into_iter().flatten().map(String::as_str).collect();
    let mut input = Vec::new();
    if !std::io::stdin().is_terminal() {
        std::io::stdin().read_to_end(&mut input)?;
    }
    let host = start(options)?;
    let argv = match words[..] {
        [line] => vec!["/bin/sh", "-c", line],
        // by way of a shell, so that programs are found as a person finds them
        _ => ["/bin/sh", "-c", "exec \"$@\"", "sh"].into_iter().chain(words).collect(),
    };
    let output = host.exec(&argv, &input, Duration::from_secs(number(options, "timeout")))?;
    std::io::stdout().write_all(output.stdout.as_bytes())?;
    std::io::stderr().write_all(output.stderr.as_bytes())?;
    Ok(ExitCode::from(exit_code(output.code, output.signal)))
}

/// What this process ends with when the command in the guest ended so; like shells do.
fn exit_code(code: Option<i64>, signal: Option<i64>) -> u8 {
    let code = code.or_else(|| signal.map(|signal| 128 + signal)).unwrap_or(255);
    u8::try_from(code).unwrap_or(255)
}

fn start(options: &ArgMatches) -> Result<Host, Failure> {
    let suite = suite(options);
    make_ready(suite)?;
    let count = |name| usize::try_from(number(options, name));
    let size = options.get_one::<String>("size").map_or("2G", String::as_str);
    let host = Lab::host()
        .suite(suite)
        .disks(count("disks")?, size)
        .nics(count("nics")?)
        .memory_mib(number(options, "memory"))
        .start()?;
    if options.get_flag("install") {
        host.install_product()?;
    }
    Ok(host)
}

#[cfg(test)]
mod tests {
    use super::exit_code;

    #[test]
    fn the_exit_code_of_the_command_is_passed_on() {
        assert_eq!(exit_code(Some(0), None), 0);
        assert_eq!(exit_code(Some(7), None), 7);
        assert_eq!(exit_code(None, Some(9)), 137);
        assert_eq!(exit_code(None, None), 255);
        assert_eq!(exit_code(Some(512), None), 255);
    }
}
