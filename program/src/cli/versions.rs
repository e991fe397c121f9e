//! `pveversion`: what runs here, in the words that scripts look for.

use clap::{Arg, ArgAction, ArgMatches, Command};
use innkeeper_rest::Verb;
use serde_json::{Map, Value};

use super::globals::Globals;
use super::machine::Machine;
use super::output;
use super::report::Failure;

pub(super) fn describe(command: Command) -> Command {
    let verbose = Arg::new("verbose").long("verbose").short('v').action(ArgAction::SetTrue);
    command.arg(verbose.help("One line for each important package"))
}

pub(super) fn show(matches: &ArgMatches) -> Result<(), Failure> {
    let mut machine = Machine::open(&Globals::default())?;
    let mut get = |path: &str| machine.call(Verb::Get, path, Map::new()).map(|answer| answer.data);
    let version = get("/version")?;
    let packages = get("/nodes/localhost/apt/versions")?;
    let of =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = packages.as_array().map(Vec::as_slice).unwrap_or_default();
    let kernel = all.iter().map(|one| of(one, "RunningKernel")).find(|kernel| !kernel.is_empty());
    let kernel = kernel.unwrap_or_default();
    let manager = format!("{}/{}", of(&version, "version"), of(&version, "repoid"));
    if !matches.get_flag("verbose") {
        return output::print(&format!("pve-manager/{manager} (running kernel: {kernel})\n"));
    }
    let line = |package: &Value| {
        let name = of(package, "Package");
        let state = of(package, "CurrentState");
        let version = match state.as_str() {
            "Installed" => of(package, "OldVersion"),
            "ConfigFiles" => "residual config".to_owned(),
            _ => "not correctly installed".to_owned(),
        };
        match name.as_str() {
            "proxmox-ve" => format!("{name}: {version} (running kernel: {kernel})\n"),
            "pve-manager" => format!("{name}: {version} (running version: {manager})\n"),
            _ => format!("{name}: {version}\n"),
        }
    };
    output::print(&output::escape_lines(&all.iter().map(line).collect::<String>()))
}
