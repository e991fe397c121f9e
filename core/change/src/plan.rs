//! Plans: what would be done, step by step, and how it is taken back.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Content, Digest, Hazard, Value};

/// One change of one file: from what the planner saw to what shall be there.
///
/// `None` means "no such file". The engine refuses to start when the file is not exactly `before` any more.
/// The content of a secret file is serialised as if there were none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "FileChangeOnPaper")]
pub struct FileChange {
    /// Absolute path on the managed host.
    pub path: Utf8PathBuf,
    /// What the planner saw.
    pub before: Option<Content>,
    /// What shall be there.
    pub after: Option<Content>,
    /// Permission bits of a file that is made; an existing file keeps its own.
    pub mode: u32,
    /// The content is a secret: it is written, but never shown, logged or kept in the journal.
    #[serde(default)]
    pub secret: bool,
    /// Of a new file: the file that it is a changed copy of, and what is in that. It is shown as the difference to it.
    #[serde(default)]
    pub copied_from: Option<(Utf8PathBuf, Content)>,
}

/// A [`FileChange`] as it may be written down.
#[derive(Debug, Serialize)]
struct FileChangeOnPaper {
    path: Utf8PathBuf,
    before: Option<Content>,
    after: Option<Content>,
    mode: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secret: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    copied_from: Option<(Utf8PathBuf, Content)>,
}

impl From<FileChange> for FileChangeOnPaper {
    fn from(change: FileChange) -> Self {
        let FileChange { path, before, after, mode, secret, copied_from } = change;
        let shown = |content: Option<Content>| content.filter(|_| !secret);
        let copied_from = copied_from.filter(|_| !secret);
        Self { path, before: shown(before), after: shown(after), mode, secret, copied_from }
    }
}

impl std::fmt::Debug for FileChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        FileChangeOnPaper::from(self.clone()).fmt(f)
    }
}

impl FileChange {
    /// Writes `after` where `before` was seen; a new file gets mode 0644.
    pub fn write(path: impl AsRef<Utf8Path>, before: Option<Content>, after: impl Into<Content>) -> Self {
        let path = path.as_ref().to_owned();
        Self { path, before, after: Some(after.into()), mode: 0o644, secret: false, copied_from: None }
    }

    /// Removes the file in which `before` was seen.
    pub fn remove(path: impl AsRef<Utf8Path>, before: Content) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            before: Some(before),
            after: None,
            mode: 0o644,
            secret: false,
            copied_from: None,
        }
    }

    /// The same, shown as the difference to another file when it makes a new one.
    #[must_use]
    pub fn copied_from(mut self, path: impl AsRef<Utf8Path>, content: Content) -> Self {
        self.copied_from = Some((path.as_ref().to_owned(), content));
        self
    }

    /// The change that takes this one back.
    pub fn inverse(&self) -> Self {
        Self { before: self.after.clone(), after: self.before.clone(), copied_from: None, ..self.clone() }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// One program that is run: no shell, nothing decided while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// Absolute path of the program.
    pub program: Utf8PathBuf,
    /// Its arguments.
    pub args: Vec<Value>,
    /// What it reads; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Value>,
    /// Seconds after which it is killed.
    pub deadline: u32,
    /// Its first line of output becomes known to later steps under this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub produces: Option<String>,
    /// Exit codes that are fine besides 0: of programs that go on behind an error and say so in the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<i32>,
}

/// What can be done to a systemd unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are systemctl's own verbs")]
pub enum UnitVerb {
    Start,
    Stop,
    Restart,
    Reload,
    #[serde(rename = "try-reload-or-restart")]
    TryReloadOrRestart,
    Enable,
    Disable,
}

impl UnitVerb {
    /// The word that `systemctl` takes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::TryReloadOrRestart => "try-reload-or-restart",
            Self::Enable => "enable",
            Self::Disable => "disable",
        }
    }

    fn inverse(self) -> Option<Self> {
        match self {
            Self::Start => Some(Self::Stop),
            Self::Stop => Some(Self::Start),
            Self::Enable => Some(Self::Disable),
            Self::Disable => Some(Self::Enable),
            Self::Restart | Self::Reload | Self::TryReloadOrRestart => None,
        }
    }
}

/// What one step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Write or remove a file.
    File(FileChange),
    /// Run a program.
    Run(Invocation),
    /// Set a kernel parameter below `/proc/sys`.
    KernelParameter {
        /// Dotted name, as sysctl(8) writes it.
        key: String,
        /// What the planner saw.
        before: String,
        /// What shall be there.
        after: String,
    },
    /// Act on a systemd unit.
    Unit {
        /// Full name with suffix.
        unit: String,
        /// What to do.
        verb: UnitVerb,
    },
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// By the inverse of its action, which is known: restore the file, the parameter, the unit.
    Inverse,
    /// By these actions, in this order.
    By(Vec<Action>),
    /// There is nothing to take back: the step only refreshed what is derived.
    Nothing,
    /// It cannot be taken back, for this reason.
    Impossible(String),
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does, as a sentence without a full stop: "disable repository 2 in /etc/apt/sources.list".
    pub what: String,
    /// What it does, exactly.
    pub action: Action,
    /// How it is taken back.
    pub undo: Undo,
}

impl Step {
    /// A step that changes a file and is undone by restoring it.
    pub fn file(what: impl Into<String>, change: FileChange) -> Self {
        Self { what: what.into(), action: Action::File(change), undo: Undo::Inverse }
    }

    /// The actions that take this step back.
    ///
    /// # Errors
    /// The reason why there are none.
    pub fn reversal(&self) -> Result<Vec<Action>, Irreversible> {
        let inverse = match (&self.undo, &self.action) {
            (Undo::By(actions), _) => return Ok(actions.clone()),
            (Undo::Nothing, _) => return Ok(Vec::new()),
            (Undo::Impossible(reason), _) => Err(reason.clone()),
            (Undo::Inverse, Action::File(change)) if change.secret => {
                Err(format!("{} held a secret, which is not kept", change.path))
            }
            (Undo::Inverse, Action::File(change)) => Ok(Action::File(change.inverse())),
            (Undo::Inverse, Action::KernelParameter { key, before, after }) => {
                Ok(Action::KernelParameter { key: key.clone(), before: after.clone(), after: before.clone() })
            }
            (Undo::Inverse, Action::Unit { unit, verb }) => match verb.inverse() {
                Some(verb) => Ok(Action::Unit { unit: unit.clone(), verb }),
                None => return Ok(Vec::new()),
            },
            (Undo::Inverse, Action::Run(run)) => Err(format!("{} has no known inverse", run.program)),
        };
        inverse.map(|action| vec![action]).map_err(|reason| Irreversible { step: self.what.clone(), reason })
    }
}

/// What the engine does when a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Take back every step already done, newest first: all or nothing.
    #[default]
    RollBack,
    /// Stop there and report what is done: for steps whose undoing would do more harm.
    Stop,
}

/// Why a plan cannot be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{step}' cannot be taken back: {reason}")]
pub struct Irreversible {
    /// The step.
    pub step: String,
    /// The reason.
    pub reason: String,
}

/// What would be done to a machine: complete enough that nothing is left to decide while it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The whole in one sentence without a full stop.
    pub summary: String,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What it puts at risk.
    pub hazards: Vec<Hazard>,
    /// What happens when a step fails.
    #[serde(default)]
    pub on_failure: OnFailure,
}

impl Plan {
    /// A plan without steps yet.
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::default() }
    }

    /// Adds a step. A file change that changes nothing adds none.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        let idle = matches!(&step.action, Action::File(change) if change.before == change.after);
        if !idle {
            self.steps.push(step);
        }
        self
    }

    /// Adds a hazard, once for each id and message.
    #[must_use]
    pub fn hazard(mut self, hazard: Hazard) -> Self {
        if !self.hazards.contains(&hazard) {
            self.hazards.push(hazard);
        }
        self
    }

    /// Nothing is left to do: the machine already is as asked.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// A fingerprint of the whole plan: what was shown is what is carried out.
    pub fn fingerprint(&self) -> Digest {
        Digest::of_json(self)
    }

    /// The files that the plan changes, in order of first mention.
    pub fn files(&self) -> impl Iterator<Item = &FileChange> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::File(change) => Some(change),
            _ => None,
        })
    }

    /// The plan that takes this one back: the reversals of its steps, newest first.
    ///
    /// # Errors
    /// The first step that cannot be taken back, and why.
    pub fn reversal(&self) -> Result<Plan, Irreversible> {
        let mut reversal = Plan::new(format!("take back: {}", self.summary));
        for step in self.steps.iter().rev() {
            for action in step.reversal()? {
                let what = format!("take back: {}", step.what);
                reversal = reversal.step(Step { what, action, undo: Undo::Inverse });
            }
        }
        Ok(reversal)
    }
}
