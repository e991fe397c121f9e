//! How a command line fails: what is printed, and with which exit code it ends.

use std::process::ExitCode;

use innkeeper_change::Problem;

use super::output;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was typed cannot be understood, or help was asked for.
    Clap(Box<clap::Error>),
    /// The method says no.
    Problem {
        /// Why.
        problem: Problem,
        /// How the command is called, when a parameter was wrong.
        usage: Option<String>,
    },
    /// The person said no.
    Declined,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem { problem, usage: None }
    }
}

impl From<innkeeper_host::HostError> for Failure {
    fn from(error: innkeeper_host::HostError) -> Self {
        Problem::from(error).into()
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Clap(Box::new(error))
    }
}

/// The original's exit code for everything that goes wrong.
const FAILED: u8 = 255;
/// Nothing went wrong and nothing was done.
const DECLINED: u8 = 1;

impl Failure {
    /// A sentence, and nothing else to say.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Problem::Failed(message.into()).into()
    }

    /// Says how the command is called, if a wrong parameter is the reason.
    pub(super) fn with_usage(self, usage: impl FnOnce() -> String) -> Self {
        match self {
            Self::Problem { problem: problem @ Problem::Parameters(_), usage: None } => {
                Self::Problem { problem, usage: Some(usage()) }
            }
            other => other,
        }
    }

    /// Tells the person on standard error, and ends with the original's exit codes.
    pub(super) fn report(self) -> ExitCode {
        match self {
            Self::Clap(error) => {
                // when nobody listens any more there is nobody to tell
                let _ = error.print();
                ExitCode::from(if error.use_stderr() { FAILED } else { 0 })
            }
            Self::Problem { problem, usage } => {
                output::complain(&text(&problem));
                if let Some(usage) = usage {
                    output::complain(&usage);
                }
                ExitCode::from(FAILED)
            }
            Self::Declined => {
                output::complain("nothing was changed\n");
                ExitCode::from(DECLINED)
            }
        }
    }
}

fn text(problem: &Problem) -> String {
    match problem {
        Problem::Parameters(wrong) => {
            let lines: String = wrong.iter().map(|(name, message)| format!("{name}: {message}\n")).collect();
            format!("400 {problem}\n{lines}")
        }
        Problem::Conflict { message, diff } => format!("{message}\n{diff}"),
        Problem::Refused(hazards) => {
            let ids: Vec<&str> = hazards.iter().map(|hazard| hazard.id.as_str()).collect();
            let mut out = "refused, because this is dangerous:\n".to_owned();
            for hazard in hazards {
                out.push_str(&format!("  {}\n    {}\n", hazard.message, hazard.avoid));
            }
            out + &format!("to do it nevertheless: --accept {}\n", ids.join(","))
        }
        other => format!("{other}\n"),
    }
}
