//! A program to run, and what came out of it.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Secret, render};
use serde::{Deserialize, Serialize};

/// A program to run: no shell, absolute path.
#[derive(Clone, Debug)]
pub struct Command {
    pub(crate) program: Utf8PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) stdin: Input,
    pub(crate) deadline: Duration,
    pub(crate) limit: usize,
    pub(crate) accept: Vec<i32>,
}

#[derive(Clone, Debug)]
pub(crate) enum Input {
    Null,
    Bytes(Vec<u8>),
    Secret(Secret),
}

impl Command {
    /// Most inspecting tools answer within a second; a disk that spins up takes ten.
    pub const DEADLINE: Duration = Duration::from_secs(30);
    /// More output than this is an error, not memory.
    pub const LIMIT: usize = 16 * 1024 * 1024;

    /// Runs `program`, which must be an absolute path.
    pub fn new(program: impl AsRef<Utf8Path>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            stdin: Input::Null,
            deadline: Self::DEADLINE,
            limit: Self::LIMIT,
            accept: vec![0],
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Gives it something to read.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Input::Bytes(bytes.into());
        self
    }

    /// Gives it a secret to read.
    #[must_use]
    pub fn secret_input(mut self, secret: Secret) -> Self {
        self.stdin = Input::Secret(secret);
        self
    }

    /// Kills it after this time.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Takes these exit codes for success, besides 0.
    #[must_use]
    pub fn accept(mut self, codes: &[i32]) -> Self {
        self.accept.extend(codes);
        self
    }

    /// Takes this much output, bytes: for programs that tell of thousands of things.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The command line as a person would type it; standard input is not part of it.
    pub fn argv(&self) -> String {
        let mut words = vec![render::quote(self.program.as_str())];
        words.extend(self.args.iter().map(|arg| render::quote(arg)));
        words.join(" ")
    }
}

/// What came out of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its exit code; one of the accepted ones.
    pub code: i32,
    /// Its standard output; invalid UTF-8 is replaced.
    pub stdout: String,
    /// The end of its standard error.
    pub stderr: String,
}
