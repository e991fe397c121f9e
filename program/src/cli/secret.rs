//! Secrets that a command needs and nobody typed: arguments can be read by every user of the host, so they are asked for,
//! or read from standard input.

use std::io::{IsTerminal as _, Write as _};

use innkeeper_rest::{Handler, Method, Property};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::{Map, Value};

use super::report::Failure;

/// Fills in the secrets that the method demands.
pub(super) fn fill_in(method: &Method, params: &mut Map<String, Value>) -> Result<(), Failure> {
    let missing = |param: &&Property| param.secret && !param.optional && !params.contains_key(param.name);
    let missing: Vec<&'static str> = method.params.iter().filter(missing).map(|param| param.name).collect();
    // what is set is typed twice, what is checked once
    let twice = matches!(method.handler, Handler::Change(_));
    for name in missing {
        params.insert(name.to_owned(), Value::from(ask(name, twice)?));
    }
    Ok(())
}

fn ask(name: &str, twice: bool) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return read();
    }
    let new = if twice { "new " } else { "" };
    let answer = unseen(&format!("Enter {new}{name}: "))?;
    if twice && unseen(&format!("Retype {new}{name}: "))? != answer {
        return Err(Failure::usage(format!("{name}s do not match")));
    }
    Ok(answer)
}

/// Asks without showing what is typed.
fn unseen(question: &str) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::usage(format!("cannot ask: {error}"));
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).map_err(|error| failed(&error))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    let mut err = std::io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush()).map_err(|error| failed(&error))?;
    tcsetattr(&stdin, OptionalActions::Flush, &silent).map_err(|error| failed(&error))?;
    let answer = read();
    let restored = tcsetattr(&stdin, OptionalActions::Now, &before).map_err(|error| failed(&error));
    err.write_all(b"\n").map_err(|error| failed(&error))?;
    restored?;
    answer
}

fn read() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::usage(format!("cannot read the answer: {error}")))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
