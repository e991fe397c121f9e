//! Carrying out what is left of a change that was interrupted or has failed half way.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Action, Content, FileChange, Hazard, Plan, Problem, Severity, Step, Value};
use innkeeper_host::{Host, read_content};

use crate::action::{self, Bindings};
use crate::engine::Engine;
use crate::history::{ChangeState, Record, StepState};
use crate::undo::{UndoGoal, bind, conflict};

impl Engine {
    /// The plan of what is left of a change, and what shall be so afterwards.
    ///
    /// Files and kernel parameters are looked at; of a program that was being run when the change was cut off nobody knows
    /// whether it took effect, so it is run again, and the plan says so.
    ///
    /// # Errors
    /// [`Problem::NotFound`] when there is no such change, [`Problem::Invalid`] when nothing of it is left or it needs a
    /// secret, which is not kept, and [`Problem::Conflict`] with a diff when a file has moved on since.
    pub fn finish_plan(&self, change: i64) -> Result<(Plan, UndoGoal), Problem> {
        let (record, state, _) = self.journal()?.record(change)?;
        refuse(change, state)?;
        self.refuse_waiting(change)?;
        let host = &**self.host();
        let produced: Bindings = record.steps.iter().flat_map(|(_, body)| body.produced.clone()).collect();
        let mut plan = Plan::new(format!("finish change {change}: {}", record.begin.plan.summary));
        plan.on_failure = record.begin.plan.on_failure;
        for (step, state) in left(host, change, &record)? {
            require_known(change, step)?;
            if state == StepState::Started && matches!(step.action, Action::Run(_) | Action::Unit { .. }) {
                plan = plan.hazard(again(step));
            }
            let action = bind_known(&step.action, &produced);
            plan.steps.push(Step { action, ..step.clone() });
        }
        Ok((plan, goal(change, &record)))
    }
}

fn refuse(change: i64, state: ChangeState) -> Result<(), Problem> {
    let reason = match state {
        ChangeState::Interrupted | ChangeState::Failed => return Ok(()),
        ChangeState::Running => "is still being carried out",
        ChangeState::Done | ChangeState::Armed => "is done; nothing of it is left",
        ChangeState::RolledBack => "failed and was taken back at once; make it again",
        ChangeState::Undone | ChangeState::Reverted => "was taken back; make it again",
    };
    Err(Problem::Invalid(format!("change '{change}' {reason}")))
}

/// The steps that have not taken effect, or may not have.
fn left<'r>(host: &dyn Host, change: i64, record: &'r Record) -> Result<Vec<(&'r Step, StepState)>, Problem> {
    let mut left = Vec::new();
    let mut known: Vec<(&Utf8Path, usize)> = Vec::new();
    for (number, (step, (state, _))) in record.begin.plan.steps.iter().zip(&record.steps).enumerate() {
        let is_left = match &step.action {
            Action::File(file) => {
                let from = match known.iter().find(|(path, _)| *path == file.path) {
                    Some((_, from)) => *from,
                    None => {
                        let from = first_left(host, change, record, &file.path)?;
                        known.push((&file.path, from));
                        from
                    }
                };
                number >= from
            }
            Action::KernelParameter { key, after, .. } => {
                !action::same_value(&action::parameter(host, key)?, after)
            }
            Action::Run(_) | Action::Unit { .. } => *state != StepState::Done,
        };
        if is_left {
            left.push((step, *state));
        }
    }
    Ok(left)
}

/// The number of the first step that has yet to change a file: behind the last one whose result is in it now.
fn first_left(host: &dyn Host, change: i64, record: &Record, path: &Utf8Path) -> Result<usize, Problem> {
    let now = read_content(host, path)?;
    let steps = record.begin.plan.steps.iter().enumerate();
    let changes: Vec<(usize, &FileChange)> = steps
        .filter_map(|(number, step)| match &step.action {
            Action::File(file) if file.path == path => Some((number, file)),
            _ => None,
        })
        .collect();
    if changes.iter().any(|(_, file)| file.secret) {
        // what a secret file holds cannot be compared; the step itself is refused later
        return Ok(0);
    }
    let done = changes.iter().rev().find(|(_, file)| file.after == now);
    match (done, changes.first()) {
        (Some((number, _)), _) => Ok(number + 1),
        (None, Some((number, first))) if first.before == now => Ok(*number),
        (None, first) => {
            let before = first.and_then(|(_, first)| first.before.as_ref());
            Err(conflict(change, path, before, now.as_ref()))
        }
    }
}

/// Secrets are not kept, so what needs one cannot be finished.
fn require_known(change: i64, step: &Step) -> Result<(), Problem> {
    let needs_secret = match &step.action {
        Action::File(file) => file.secret,
        Action::Run(run) => run.args.iter().chain(&run.stdin).any(|value| matches!(value, Value::Secret(_))),
        Action::KernelParameter { .. } | Action::Unit { .. } => false,
    };
    if needs_secret {
        return Err(Problem::Invalid(format!(
            "change '{change}' cannot be finished: '{}' needs a secret, which is not kept; make the change again",
            step.what
        )));
    }
    Ok(())
}

fn again(step: &Step) -> Hazard {
    Hazard::new(
        "history.run-again",
        Severity::Warning,
        format!("'{}' was cut off: whether it took effect is not known, and it is run again.", step.what),
        "Look for yourself whether it did, or take the change back instead.",
    )
}

/// What earlier steps produced is filled in; what a step produces that is still to come stays open.
fn bind_known(action: &Action, produced: &Bindings) -> Action {
    bind(action.clone(), produced).unwrap_or_else(|_| action.clone())
}

fn goal(change: i64, record: &Record) -> UndoGoal {
    let mut files: Vec<(Utf8PathBuf, Option<Content>)> = Vec::new();
    let mut parameters: Vec<(String, String)> = Vec::new();
    for step in &record.begin.plan.steps {
        match &step.action {
            Action::File(file) => {
                files.retain(|(path, _)| *path != file.path);
                files.push((file.path.clone(), file.after.clone()));
            }
            Action::KernelParameter { key, after, .. } => {
                parameters.retain(|(known, _)| known != key);
                parameters.push((key.clone(), after.clone()));
            }
            Action::Run(_) | Action::Unit { .. } => {}
        }
    }
    UndoGoal { change, summary: record.begin.plan.summary.clone(), files, parameters }
}
