//! The changelog of a package, within ten seconds.

use std::time::Duration;

use innkeeper_change::Problem;
use innkeeper_host::{Command, Host};

use crate::commands::APT_GET;
use crate::format::version::{is_package, is_version};

/// A server that does not answer must not keep anybody waiting.
const DEADLINE: Duration = Duration::from_secs(10);

/// Checks a name and a version that come from outside.
///
/// # Errors
/// What could be an option, a path or a word of a shell.
pub fn selection(name: &str, version: Option<&str>) -> Result<String, Problem> {
    if !is_package(name) {
        return Err(Problem::parameter("name", "value does not match the regex pattern"));
    }
    match version {
        None => Ok(name.to_owned()),
        Some(version) if is_version(version) => Ok(format!("{name}={version}")),
        Some(_) => Err(Problem::parameter("version", "invalid format - not a package version")),
    }
}

/// Fetches a changelog. That APT cannot get it is part of the text, as in the original.
///
/// # Errors
/// A name or version that is none; a server that takes longer than ten seconds.
pub fn changelog(host: &dyn Host, name: &str, version: Option<&str>) -> Result<String, Problem> {
    let codes: Vec<i32> = (1..=255).collect();
    let command = Command::new(APT_GET)
        .args(["changelog", "-qq", "--", &selection(name, version)?])
        .accept(&codes)
        .deadline(DEADLINE);
    match host.run(&command) {
        Ok(output) => {
            let mut text = output.stdout + &output.stderr;
            if output.code != 0 {
                text.push_str(&format!("RC: {}", output.code));
            }
            Ok(text)
        }
        Err(error) if error.is_timeout() => Err(Problem::failed(format!(
            "the changelog of {name} did not come within {} s",
            DEADLINE.as_secs()
        ))),
        Err(error) => Err(error.into()),
    }
}
