//! Doing one action: the only place where a plan touches the machine.

use std::collections::BTreeMap;
use std::time::Duration;

use innkeeper_change::{Action, Invocation, Problem, UnitVerb, Value};
use innkeeper_host::{Command, Host, Output};

/// A service may take a minute and a half to start, as systemd itself waits.
const UNIT_DEADLINE: Duration = Duration::from_secs(120);

/// What an action left behind besides its effect.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// What the program printed, for the log.
    pub(crate) output: String,
    /// What later steps may ask for.
    pub(crate) produced: BTreeMap<String, String>,
}

/// Does it.
pub(crate) fn perform(
    host: &dyn Host,
    action: &Action,
    bindings: &BTreeMap<String, String>,
) -> Result<Done, Problem> {
    match action {
        Action::File(change) => {
            host.change_file(change)?;
            Ok(Done::default())
        }
        Action::Run(invocation) => run(host, invocation, bindings),
        Action::KernelParameter { key, .. } => Err(Problem::Unsupported(format!(
            "{key}: setting a kernel parameter of the running system is not supported yet"
        ))),
        Action::Unit { unit, verb } => act_on_unit(host, unit, *verb),
    }
}

fn run(
    host: &dyn Host,
    invocation: &Invocation,
    bindings: &BTreeMap<String, String>,
) -> Result<Done, Problem> {
    let program = &invocation.program;
    let mut command = Command::new(program).deadline(Duration::from_secs(u64::from(invocation.deadline)));
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
    let output = host.run(&command)?;
    let mut produced = BTreeMap::new();
    if let Some(name) = &invocation.produces {
        let first = output.stdout.lines().next().unwrap_or_default().trim();
        if first.is_empty() {
            return Err(Problem::failed(format!("{}: printed no {name}", command.argv())));
        }
        produced.insert(name.clone(), first.to_owned());
    }
    Ok(Done { output: printed(&output), produced })
}

fn resolve<'a>(
    program: &str,
    value: &'a Value,
    bindings: &'a BTreeMap<String, String>,
) -> Result<&'a str, Problem> {
    value.resolve(bindings).map_err(|missing| Problem::failed(format!("{program}: {missing}")))
}

fn act_on_unit(host: &dyn Host, unit: &str, verb: UnitVerb) -> Result<Done, Problem> {
    let command = Command::new("/usr/bin/systemctl").args([verb.word(), "--", unit]).deadline(UNIT_DEADLINE);
    let output = host.run(&command)?;
    Ok(Done { output: printed(&output), produced: BTreeMap::new() })
}

fn printed(output: &Output) -> String {
    let mut text = output.stdout.clone();
    if !text.is_empty() && !text.ends_with('\n') && !output.stderr.is_empty() {
        text.push('\n');
    }
    text.push_str(&output.stderr);
    text
}
