//! Doing one action: the only place where a plan touches the machine.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;
use innkeeper_change::{Action, FileChange, Invocation, Problem, UnitVerb, Value};
use innkeeper_host::{Command, Host, HostError, Permissions};

use crate::apt_status;

/// A service may take a minute and a half to start, as systemd itself waits.
const UNIT_DEADLINE: Duration = Duration::from_secs(120);

/// No kernel parameter has more: it is one page.
const PARAMETER_LIMIT: u64 = 64 * 1024;

/// What later steps may ask for.
pub(crate) type Bindings = BTreeMap<String, String>;

/// Does it, hands over each line that a program prints while it runs, and returns what it produced.
pub(crate) fn perform(
    host: &dyn Host,
    action: &Action,
    bindings: &Bindings,
    line: &mut dyn FnMut(&str),
) -> Result<Bindings, Problem> {
    match action {
        Action::File(change) => {
            make_way(host, change)?;
            host.change_file(change)?;
            Ok(Bindings::new())
        }
        Action::Run(invocation) => run(host, invocation, bindings, line),
        Action::KernelParameter { key, before, after } => {
            set_parameter(host, key, before, after)?;
            Ok(Bindings::new())
        }
        Action::Unit { unit, verb } => act_on_unit(host, unit, *verb, line),
    }
}

/// A file that is new may be the first in its directory: a fresh system lacks `/etc/apt/keyrings`, for one.
fn make_way(host: &dyn Host, change: &FileChange) -> Result<(), Problem> {
    let is_new = change.before.is_none() && change.after.is_some();
    match change.path.parent() {
        Some(directory) if is_new => Ok(host.make_dirs(directory, Permissions { mode: 0o755, owner: None })?),
        _ => Ok(()),
    }
}

fn run(
    host: &dyn Host,
    invocation: &Invocation,
    bindings: &Bindings,
    line: &mut dyn FnMut(&str),
) -> Result<Bindings, Problem> {
    let program = &invocation.program;
    let mut command = Command::new(program)
        .deadline(Duration::from_secs(u64::from(invocation.deadline)))
        .accept(&invocation.accept);
    for arg in &invocation.args {
        if let Value::Secret(secret) = arg {
            return Err(Problem::failed(format!(
                "{program}: {secret} may not be an argument, which every user can read"
            )));
        }
        command = command.arg(resolve(program.as_str(), arg, bindings)?);
    }
    command = match &invocation.stdin {
        None => command,
        Some(Value::Secret(secret)) if secret.expose().is_some() => command.secret_input(secret.clone()),
        Some(value) => command.input(resolve(program.as_str(), value, bindings)?),
    };
    let output = host.run_watched(&command, line).map_err(|error| match error {
        HostError::CommandFailed { argv, outcome, stderr } => {
            HostError::CommandFailed { argv, outcome, stderr: apt_status::without_progress(&stderr) }
        }
        other => other,
    })?;
    let mut produced = Bindings::new();
    if let Some(name) = &invocation.produces {
        let first = output.stdout.lines().next().unwrap_or_default().trim();
        if first.is_empty() {
            return Err(Problem::failed(format!("{}: printed no {name}", command.argv())));
        }
        produced.insert(name.clone(), first.to_owned());
    }
    Ok(produced)
}

fn resolve<'a>(program: &str, value: &'a Value, bindings: &'a Bindings) -> Result<&'a str, Problem> {
    value.resolve(bindings).map_err(|missing| Problem::failed(format!("{program}: {missing}")))
}

fn act_on_unit(
    host: &dyn Host,
    unit: &str,
    verb: UnitVerb,
    line: &mut dyn FnMut(&str),
) -> Result<Bindings, Problem> {
    let command = Command::new("/usr/bin/systemctl").args([verb.word(), "--", unit]).deadline(UNIT_DEADLINE);
    host.run_watched(&command, line)?;
    Ok(Bindings::new())
}

/// Like a file, a parameter is only changed when it is what the planner saw.
fn set_parameter(host: &dyn Host, key: &str, before: &str, after: &str) -> Result<(), Problem> {
    let now = parameter(host, key)?;
    if same_value(&now, after) {
        return Ok(());
    }
    if !same_value(&now, before) {
        return Err(Problem::Modified);
    }
    Ok(host.write_kernel_value(&parameter_path(key)?, after)?)
}

/// The value of a kernel parameter.
pub(crate) fn parameter(host: &dyn Host, key: &str) -> Result<String, Problem> {
    let bytes = host.read(&parameter_path(key)?, PARAMETER_LIMIT)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// The kernel separates the numbers of a list by tabs, people by blanks.
pub(crate) fn same_value(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// Its file. In a name dots stand for slashes, and slashes for dots, as sysctl(8) has it.
fn parameter_path(key: &str) -> Result<Utf8PathBuf, Problem> {
    let swap = |c: char| match c {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    let path = key.chars().map(swap).collect::<String>();
    if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err(Problem::failed(format!("{key}: not the name of a kernel parameter")));
    }
    Ok(Utf8PathBuf::from(format!("/proc/sys/{path}")))
}
