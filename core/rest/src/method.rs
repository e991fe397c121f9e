//! The declaration of a method.

use innkeeper_change::{Hazard, Plan, Problem};
use innkeeper_config::Property;
use innkeeper_engine::UndoGoal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::call::{Answer, Call};
use crate::permission::Permission;

/// The verb of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "these are HTTP's own")]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    /// As HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// The command of `innkeeper api` and `pvesh` that stands for this verb.
    pub fn command(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "create",
            Self::Put => "set",
            Self::Delete => "delete",
        }
    }
}

impl std::str::FromStr for Verb {
    type Err = Problem;

    fn from_str(word: &str) -> Result<Self, Problem> {
        match word {
            "GET" => Ok(Self::Get),
            "POST" => Ok(Self::Post),
            "PUT" => Ok(Self::Put),
            "DELETE" => Ok(Self::Delete),
            _ => Err(Problem::Unsupported(format!("Method '{word}' not implemented"))),
        }
    }
}

/// A name under which the command line offers a method: `innkeeper apt disable FILE INDEX`.
#[derive(Clone, Copy, Debug)]
pub struct CommandName {
    /// Words after `innkeeper`: `apt disable`.
    pub words: &'static str,
    /// Parameters that are given by position; all others are options. `node` is always filled in.
    pub positional: &'static [&'static str],
    /// Parameters that the name itself decides.
    pub preset: &'static [(&'static str, &'static str)],
    /// One sentence for `--help`.
    pub help: &'static str,
}

/// Handler of a method that only reads, or acts on nothing that a plan describes.
pub type Run = fn(&Call<'_>) -> Result<Answer, Problem>;

/// Handler of a method that changes the machine.
pub type Propose = fn(&Call<'_>) -> Result<Proposal, Problem>;

/// Says what taking a change of a method back would cut off or lose.
pub type RisksOfUndo = fn(&Call<'_>, &UndoGoal) -> Result<Vec<Hazard>, Problem>;

/// Makes a plan for a call.
pub type Preview = fn(&Call<'_>) -> Result<Plan, Problem>;

/// Makes a plan for a call, with what the handler remembers.
pub type Goal = Box<dyn Fn(&Call<'_>) -> Result<Plan, Problem> + Send + Sync>;

/// A schema, and the named schemas it refers to.
pub type Shape = (RefOr<Schema>, Vec<(String, RefOr<Schema>)>);

/// How it is checked that a change has come true.
pub enum Verify {
    /// The same request is planned again (without its digest) and must find nothing left to do.
    PlanAgain,
    /// Another question is planned, because the request itself means something else once it was carried out.
    With(Goal),
}

/// What a changing method would do.
pub struct Proposal {
    /// The plan.
    pub plan: Plan,
    /// How it is verified.
    pub verify: Verify,
    /// What the caller gets when it worked. Only methods carried out in place can answer something of their own.
    pub answer: Value,
    /// The id in the task's UPID.
    pub task_id: String,
    /// The change of the journal that this one takes back.
    pub undoes: Option<i64>,
    /// The interrupted change of the journal of which this one carries out the rest.
    pub finishes: Option<i64>,
    /// Reads what the plan's programs have said, and says what is wrong in sentences for the task's log.
    pub diagnose: Option<fn(&str) -> Vec<String>>,
    /// Seconds with which people are expected to arm it, where that is not the method's to say.
    pub armed: Option<u32>,
}

impl Proposal {
    /// Whether the history learns from it how another change ended. A change that was cut off before its first step, or after its
    /// last one, is ended by a plan without steps.
    pub(crate) fn ends_another(&self) -> bool {
        self.undoes.or(self.finishes).is_some()
    }
}

impl From<Plan> for Proposal {
    fn from(plan: Plan) -> Self {
        let (verify, answer) = (Verify::PlanAgain, Value::Null);
        let (undoes, finishes) = (None, None);
        Self { plan, verify, answer, task_id: String::new(), undoes, finishes, diagnose: None, armed: None }
    }
}

/// Where a change is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// In the process that was asked, while the caller waits: file edits. `background=1` moves it to a worker.
    Here,
    /// In a process of its own that outlives the daemon; the caller gets the task's UPID at once.
    Worker,
}

/// A changing method.
#[derive(Clone, Copy)]
pub struct Change {
    /// Task type, as in the UPID.
    pub task: &'static str,
    /// Makes the plan.
    pub propose: Propose,
    /// Where it is carried out.
    pub execution: Execution,
    /// The lock held from before the first step until it is verified.
    pub lock: Option<&'static str>,
}

/// A method that does something no plan describes: a login, the end of a task.
#[derive(Clone, Copy)]
pub struct Act {
    /// Does it.
    pub run: Run,
    /// Says what it would do, for `dry-run`; sessions have nothing to preview.
    pub preview: Option<Preview>,
}

/// What a method does when it is called.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Reads.
    Read(Run),
    /// Lists the names below its path, each in an object under this key.
    Index(&'static str),
    /// Acts without a plan.
    Act(Act),
    /// Changes the machine by a plan.
    Change(Change),
}

/// One method of the API.
#[derive(Clone)]
pub struct Method {
    /// Verb.
    pub verb: Verb,
    /// Path below `/api2/json`, parameters in braces.
    pub path: &'static str,
    /// One sentence without a full stop.
    pub help: &'static str,
    /// Parameters, those of the path included.
    pub params: Vec<Property>,
    /// Who may call it.
    pub permission: Permission,
    /// Schema of `data`, and the named schemas it refers to.
    pub returns: fn() -> Shape,
    /// It can answer a file instead of JSON.
    pub file: bool,
    /// It answers lines of JSON without an envelope.
    pub lines: bool,
    /// It reads nothing from the machine, so it may be answered without a thread of its own.
    pub at_once: bool,
    /// Its changes can be armed.
    pub armable: bool,
    /// Seconds with which they are armed for people who do not say otherwise, on the command line and in the browser.
    pub armed: Option<u32>,
    /// Only calls with this parameter set are armed so.
    pub armed_when: Option<&'static str>,
    /// What taking its changes back would cut off or lose.
    pub risks_of_undo: Option<RisksOfUndo>,
    /// Names on the command line.
    pub commands: Vec<CommandName>,
    /// What it does.
    pub handler: Handler,
}

/// The schema of a Rust type, with what it refers to.
fn schema_of<T: ToSchema>() -> Shape {
    let mut named = Vec::new();
    T::schemas(&mut named);
    (<T as PartialSchema>::schema(), named)
}

/// `data` is null.
fn nothing() -> Shape {
    use utoipa::openapi::schema::{ObjectBuilder, Type};
    (RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::Null).build())), Vec::new())
}

impl Method {
    fn new(verb: Verb, path: &'static str, help: &'static str, handler: Handler) -> Self {
        let params = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .map(crate::params::of_path)
            .collect();
        Self {
            verb,
            path,
            help,
            params,
            permission: Permission::Root,
            returns: nothing,
            file: false,
            lines: false,
            at_once: false,
            armable: false,
            armed: None,
            armed_when: None,
            risks_of_undo: None,
            commands: Vec::new(),
            handler,
        }
    }

    /// A method that reads.
    pub fn get(path: &'static str, help: &'static str, run: Run) -> Self {
        Self::new(Verb::Get, path, help, Handler::Read(run))
    }

    /// A method that lists what is below its path.
    pub fn index(path: &'static str, key: &'static str) -> Self {
        Self::new(Verb::Get, path, "List what is below this path", Handler::Index(key))
            .allow(Permission::User)
            .returns::<Vec<std::collections::BTreeMap<String, String>>>()
    }

    /// A method that acts without a plan.
    pub fn act(verb: Verb, path: &'static str, help: &'static str, act: Act) -> Self {
        Self::new(verb, path, help, Handler::Act(act))
    }

    /// A method that changes the machine.
    pub fn change(verb: Verb, path: &'static str, help: &'static str, change: Change) -> Self {
        let mut method = Self::new(verb, path, help, Handler::Change(change));
        if change.execution == Execution::Worker {
            method.returns = schema_of::<String>;
        }
        method
    }

    /// Adds a parameter. Says more about a path parameter when the name is one.
    #[must_use]
    pub fn param(mut self, property: Property) -> Self {
        match self.params.iter_mut().find(|known| known.name == property.name) {
            Some(known) => *known = property,
            None => self.params.push(property),
        }
        self
    }

    /// Says who may call it. Without this only `root@pam` may.
    #[must_use]
    pub fn allow(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self
    }

    /// Says what `data` is.
    #[must_use]
    pub fn returns<T: ToSchema>(mut self) -> Self {
        self.returns = schema_of::<T>;
        self
    }

    /// Says that it reads nothing from the machine and can be answered at once.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// Says that its changes can be armed: taken back unless somebody confirms them (`confirm-within`).
    #[must_use]
    pub fn armable(mut self) -> Self {
        self.armable = true;
        self
    }

    /// Says that its changes can be armed, and are for people who do not say otherwise: what it gets wrong keeps them from
    /// taking it back themselves. Calls of the API are armed only when they ask for it.
    #[must_use]
    pub fn armed(mut self, seconds: u32) -> Self {
        self.armed = Some(seconds);
        self.armable()
    }

    /// As [`Method::armed`], for calls in which the boolean parameter `when` is set; others have nothing to be afraid of.
    #[must_use]
    pub fn armed_with(mut self, when: &'static str, seconds: u32) -> Self {
        self.armed_when = Some(when);
        self.armed(seconds)
    }

    /// Says how the dangers of taking its changes back are found: they are others than those of making them.
    #[must_use]
    pub fn risks_of_undo(mut self, risks: RisksOfUndo) -> Self {
        self.risks_of_undo = Some(risks);
        self
    }

    /// Seconds with which a call with these parameters is armed for people who do not say otherwise.
    pub fn armed_for(&self, params: &serde_json::Map<String, Value>) -> Option<u32> {
        let is_set = |name| match params.get(name) {
            Some(Value::Bool(on)) => *on,
            Some(Value::String(text)) => matches!(text.as_str(), "1" | "yes" | "true" | "on"),
            _ => false,
        };
        self.armed.filter(|_| self.armed_when.is_none_or(is_set))
    }

    /// Says that it can answer a text file instead of JSON.
    #[must_use]
    pub fn returns_file(mut self) -> Self {
        self.file = true;
        self
    }

    /// Says that it answers lines of JSON, one object each, without an envelope ([`crate::Answer::lines`]).
    #[must_use]
    pub fn returns_lines(mut self) -> Self {
        self.lines = true;
        self
    }

    /// Gives it a name on the command line.
    #[must_use]
    pub fn command(mut self, name: CommandName) -> Self {
        self.commands.push(name);
        self
    }

    /// Whether the method can change anything.
    pub fn changes(&self) -> bool {
        matches!(self.handler, Handler::Act(_) | Handler::Change(_))
    }

    /// Whether `dry-run` is understood.
    pub fn has_dry_run(&self) -> bool {
        match self.handler {
            Handler::Change(_) => true,
            Handler::Act(act) => act.preview.is_some(),
            Handler::Read(_) | Handler::Index(_) => false,
        }
    }

    /// All parameters, with those that every changing method understands.
    pub fn all_params(&self) -> Vec<Property> {
        let mut all = self.params.clone();
        if self.has_dry_run() {
            all.push(crate::params::dry_run());
        }
        if matches!(self.handler, Handler::Change(_)) {
            all.extend(crate::params::of_changes());
        }
        if self.armable {
            all.push(crate::params::confirm_within());
        }
        all
    }

    /// The command line that stands for a call of this method with these parameters.
    pub fn command_line(&self, params: &serde_json::Map<String, Value>) -> String {
        crate::route::command_line(self, params)
    }
}
