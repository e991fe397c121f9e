//! Taking back a change that was carried out earlier.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Action, Content, FileChange, Invocation, Plan, Problem, Step, Undo, Value, render};
use innkeeper_host::{Host, read_content};

use crate::action::{self, Bindings};
use crate::armed::{Records, Stage};
use crate::engine::{Engine, Job};
use crate::history::{ChangeState, Record, StepState};

/// The lock for taking back what was done without one.
const UNDO_LOCK: &str = "/var/lib/innkeeper/.undo.lock";

/// What shall be so when a change has been taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoGoal {
    /// The change that is taken back.
    pub change: i64,
    /// What was done, as a sentence.
    pub(crate) summary: String,
    /// What each file shall hold again.
    pub(crate) files: Vec<(Utf8PathBuf, Option<Content>)>,
    /// What each kernel parameter shall be again.
    pub(crate) parameters: Vec<(String, String)>,
}

impl UndoGoal {
    /// What a file shall hold again, `None` for none; nothing for a file that is left as it is.
    pub fn file(&self, path: &str) -> Option<Option<&Content>> {
        self.files.iter().find(|(restored, _)| restored == path).map(|(_, content)| content.as_ref())
    }

    /// Leaves kernel parameters as they are.
    pub(crate) fn forget_parameters(&mut self) {
        self.parameters.clear();
    }
}

impl Engine {
    /// The plan that takes a change back, and what shall be so afterwards.
    ///
    /// A change that was interrupted or has failed half way is taken back as far as it got.
    ///
    /// # Errors
    /// [`Problem::NotFound`] when there is no such change, [`Problem::Conflict`] with a diff when a file has moved on
    /// since, and [`Problem::Invalid`] when there is nothing to take back or a step cannot be taken back.
    pub fn undo_plan(&self, change: i64) -> Result<(Plan, UndoGoal), Problem> {
        let (record, state, undone_by) = self.journal()?.record(change)?;
        refuse(change, state, undone_by)?;
        self.refuse_waiting(change)?;
        self.refuse_finished(change)?;
        let bindings: Bindings = record.steps.iter().flat_map(|(_, body)| body.produced.clone()).collect();
        let steps: Vec<&Step> = carried_out(&record).collect();
        reversal_of(&**self.host(), change, &record.begin.plan.summary, &steps, &bindings)
    }

    /// The lock that a job has to take. What is taken back needs the lock under which it was done, and in any case one
    /// that keeps two from taking back the same.
    pub(crate) fn lock_for(&self, job: &Job<'_>) -> Result<Option<Utf8PathBuf>, Problem> {
        match (&job.lock, job.undoes.or(job.finishes)) {
            (Some(lock), _) => Ok(Some(lock.clone())),
            (None, None) => Ok(None),
            (None, Some(change)) => {
                let (record, _, _) = self.journal()?.record(change)?;
                Ok(Some(record.begin.lock.unwrap_or_else(|| UNDO_LOCK.into())))
            }
        }
    }

    /// Refuses when there is nothing left of a change to take back.
    pub(crate) fn require_undoable(&self, change: i64) -> Result<(), Problem> {
        let (_, state, undone_by) = self.journal()?.record(change)?;
        refuse(change, state, undone_by)?;
        self.refuse_waiting(change)?;
        self.refuse_finished(change)
    }

    /// What was carried out in two changes is taken back from the later one.
    fn refuse_finished(&self, change: i64) -> Result<(), Problem> {
        match self.journal()?.finished_by(change)? {
            Some(by) => Err(Problem::Invalid(format!(
                "change '{change}' was finished by change '{by}'; take that one back first"
            ))),
            None => Ok(()),
        }
    }

    /// What is taken back by a timer must not be taken back a second time.
    pub(crate) fn refuse_waiting(&self, change: i64) -> Result<(), Problem> {
        match Records(&**self.host()).stage(change)? {
            Some(Stage::Waiting) => Err(Problem::Invalid(waits(change))),
            _ => Ok(()),
        }
    }

    /// What is left to do until a change is taken back; empty when it is.
    ///
    /// What a program or a unit did cannot be seen here; files and kernel parameters are looked at.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn is_undone(&self, goal: &UndoGoal) -> Result<Plan, Problem> {
        let host = &**self.host();
        let mut plan = Plan::new(format!("take back change {}: {}", goal.change, goal.summary));
        for (path, wanted) in &goal.files {
            let before = read_content(host, path)?;
            let change = FileChange {
                path: path.clone(),
                before,
                after: wanted.clone(),
                mode: 0o644,
                secret: false,
                copied_from: None,
            };
            plan = plan.step(Step::file(format!("restore {path}"), change));
        }
        for (key, wanted) in &goal.parameters {
            let now = action::parameter(host, key)?;
            if !action::same_value(&now, wanted) {
                let action = Action::KernelParameter { key: key.clone(), before: now, after: wanted.clone() };
                plan = plan.step(Step { what: format!("restore {key}"), action, undo: Undo::Inverse });
            }
        }
        Ok(plan)
    }
}

fn waits(change: i64) -> String {
    format!(
        "change '{change}' waits to be confirmed; 'innkeeper changes revert {change}' takes it back at once"
    )
}

fn refuse(change: i64, state: ChangeState, undone_by: Option<i64>) -> Result<(), Problem> {
    let reason = match state {
        ChangeState::Done | ChangeState::Failed | ChangeState::Interrupted => return Ok(()),
        ChangeState::Armed => return Err(Problem::Invalid(waits(change))),
        ChangeState::Reverted => "was taken back already; nobody had confirmed it".to_owned(),
        ChangeState::Running => "is still being carried out".to_owned(),
        ChangeState::RolledBack => "failed and was taken back at once; nothing of it is left".to_owned(),
        ChangeState::Undone => match undone_by {
            Some(by) => format!("was taken back already, by change '{by}'"),
            None => "was taken back already".to_owned(),
        },
    };
    Err(Problem::Invalid(format!("change '{change}' {reason}")))
}

/// The steps that took effect, or may have.
fn carried_out(record: &Record) -> impl DoubleEndedIterator<Item = &Step> {
    record.begin.plan.steps.iter().zip(&record.steps).filter_map(|(step, (state, _))| match state {
        StepState::Done | StepState::Started => Some(step),
        // a file is changed whole or not at all, and so it shows below; what a failed program did is not known
        StepState::Failed if matches!(step.action, Action::File(_)) => Some(step),
        StepState::Failed | StepState::Pending | StepState::TakenBack => None,
    })
}

/// Whether the steps that took effect can all be taken back, and there is something to do for it. What was cut off before its
/// first step is taken back by writing that down.
pub(crate) fn is_reversible(record: &Record) -> bool {
    let mut steps = carried_out(record).peekable();
    if steps.peek().is_none() {
        return record.end.is_none();
    }
    let mut actions = 0;
    for step in steps {
        match step.reversal() {
            Ok(back) => actions += back.len(),
            Err(_) => return false,
        }
    }
    actions > 0
}

/// The plan that takes these steps back, newest first, and what shall be so afterwards.
///
/// # Errors
/// As [`Engine::undo_plan`].
pub(crate) fn reversal_of(
    host: &dyn Host,
    change: i64,
    summary: &str,
    steps: &[&Step],
    bindings: &Bindings,
) -> Result<(Plan, UndoGoal), Problem> {
    let mut undoing = Undoing {
        host,
        change,
        files: Vec::new(),
        plan: Plan::new(format!("take back change {change}: {summary}")),
        parameters: Vec::new(),
    };
    // what the steps behind this one did that need no taking back: it is done again with this one
    let mut behind: Vec<Action> = Vec::new();
    for step in steps.iter().rev() {
        let what = format!("take back: {}", step.what);
        let first = undoing.plan.steps.len();
        for action in step.reversal().map_err(|reason| Problem::Invalid(reason.to_string()))? {
            undoing.add(&what, bind(action, bindings)?)?;
        }
        let mut again = vec![step.action.clone()];
        again.append(&mut behind);
        match undoing.plan.steps.get_mut(first..) {
            Some(group @ [_, ..]) => repeat(group, again, bindings),
            _ => behind = again,
        }
    }
    let Undoing { plan, files, parameters, .. } = undoing;
    Ok((plan, UndoGoal { change, summary: summary.to_owned(), files, parameters }))
}

/// Lets steps that take one back be taken back themselves: by what was done then.
fn repeat(group: &mut [Step], again: Vec<Action>, bindings: &Bindings) {
    let runs = group.iter().any(|step| matches!(step.action, Action::Run(_)));
    if again.len() == 1 && !runs {
        // each is the inverse of the other
        return;
    }
    let Some(again) = again.into_iter().map(|action| repeatable(action, bindings)).collect() else { return };
    let mut undo = Undo::By(again);
    for step in group {
        step.undo = std::mem::replace(&mut undo, Undo::Nothing);
    }
}

/// The action for a second time. What was secret then is not known any more, and a program that had something to tell to the steps
/// behind it would tell something else.
fn repeatable(action: Action, bindings: &Bindings) -> Option<Action> {
    let secret = match &action {
        Action::File(change) => change.secret,
        Action::Run(run) => {
            let mut values = run.args.iter().chain(&run.stdin);
            run.produces.is_some() || values.any(|value| matches!(value, Value::Secret(_)))
        }
        Action::KernelParameter { .. } | Action::Unit { .. } => false,
    };
    if secret { None } else { bind(action, bindings).ok() }
}

struct Undoing<'a> {
    host: &'a dyn Host,
    change: i64,
    /// What each file will hold when the plan so far is done.
    files: Vec<(Utf8PathBuf, Option<Content>)>,
    parameters: Vec<(String, String)>,
    plan: Plan,
}

impl Undoing<'_> {
    fn add(&mut self, what: &str, action: Action) -> Result<(), Problem> {
        match &action {
            Action::File(inverse) => {
                if !self.restores(inverse)? {
                    return Ok(());
                }
            }
            Action::KernelParameter { key, after, .. } => {
                self.parameters.retain(|(known, _)| known != key);
                self.parameters.push((key.clone(), after.clone()));
            }
            Action::Run(_) | Action::Unit { .. } => {}
        }
        self.plan.steps.push(Step { what: what.to_owned(), action, undo: Undo::Inverse });
        Ok(())
    }

    /// Whether the file is as the change left it; not so when it already is as it was before.
    fn restores(&mut self, inverse: &FileChange) -> Result<bool, Problem> {
        let known = self.files.iter().position(|(path, _)| *path == inverse.path);
        let at = match known {
            Some(at) => at,
            None => {
                self.files.push((inverse.path.clone(), read_content(self.host, &inverse.path)?));
                self.files.len() - 1
            }
        };
        let Some((_, now)) = self.files.get_mut(at) else { return Ok(false) };
        if *now == inverse.after {
            return Ok(false);
        }
        if *now != inverse.before {
            return Err(conflict(self.change, &inverse.path, inverse.before.as_ref(), now.as_ref()));
        }
        now.clone_from(&inverse.after);
        Ok(true)
    }
}

pub(crate) fn conflict(
    change: i64,
    path: &Utf8Path,
    left: Option<&Content>,
    now: Option<&Content>,
) -> Problem {
    let diff =
        render::unified(left, now, &format!("{path} (as change {change} left it)"), &format!("{path} (now)"));
    Problem::Conflict {
        message: format!("{path}: has changed since change '{change}'; taking that back would lose it"),
        diff,
    }
}

/// Fills in what the steps of the change produced when it was carried out.
pub(crate) fn bind(action: Action, bindings: &Bindings) -> Result<Action, Problem> {
    let Action::Run(run) = action else { return Ok(action) };
    let fill = |value: Value| match &value {
        Value::Binding(_) => value.resolve(bindings).map(Value::from).map_err(|missing| {
            Problem::failed(format!("{} cannot be run to take it back: {missing}", run.program))
        }),
        Value::Text(_) | Value::Secret(_) => Ok(value),
    };
    let args = run.args.iter().cloned().map(fill).collect::<Result<_, _>>()?;
    let stdin = run.stdin.clone().map(fill).transpose()?;
    Ok(Action::Run(Invocation { args, stdin, ..run }))
}
