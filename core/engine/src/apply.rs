//! Carrying out a plan: task, lock, journal, steps, verification, and taking back what was done when it fails.

use std::time::Duration;

use camino::Utf8Path;
use innkeeper_change::{Action, OnFailure, Plan, Problem, Step, render};
use innkeeper_host::{Host, HostError, LockGuard, read_content};

use crate::action::{self, Bindings};
use crate::apt_status;
use crate::arming::Net;
use crate::engine::{Console, Engine, Job, Outcome};
use crate::failpoint::moment;
use crate::journal::{Begin, End, EndState, Journal, StepBody, StepEvent};
use crate::task_writer::{Progress, TaskWriter};

const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// A program or a service may need a moment until what it did can be seen.
const VERIFY_TRIES: u32 = 3;
const VERIFY_PAUSE: Duration = Duration::from_secs(1);
/// More than this of what programs say is not kept for a diagnosis: the end tells why.
const HEARD: usize = 256 * 1024;

impl Engine {
    /// Carries out a plan as a task of its own, and returns when it is done and verified.
    ///
    /// Whatever happens is in the task's log and, from the moment before the first step on, in the journal.
    ///
    /// # Errors
    /// What went wrong. The message says what was taken back, or what is done.
    pub fn apply(&self, job: Job<'_>, console: &mut dyn Console) -> Result<Outcome, Problem> {
        let writer = self.tasks().start(&job.caller.user, &job.task.kind, &job.task.id)?;
        let upid = writer.upid().clone();
        console.started(&upid);
        moment("engine::after-start");
        let mut log = Log {
            writer: &writer,
            console,
            warnings: Vec::new(),
            heard: String::new(),
            waits_for: String::new(),
        };
        let result = carry_out(self, &job, &mut log);
        let warnings = std::mem::take(&mut log.warnings);
        match result {
            Ok(change) => {
                let status = writer.finish(Ok(()));
                Ok(Outcome { change, upid, status, warnings })
            }
            Err(problem) => {
                writer.finish(Err(explain(&problem)));
                Err(problem)
            }
        }
    }
}

/// The message of a problem, with the parameters that it is about.
fn explain(problem: &Problem) -> String {
    match problem {
        Problem::Parameters(parameters) => {
            let each: Vec<_> =
                parameters.iter().map(|(name, message)| format!("{name}: {message}")).collect();
            format!("{problem} {}", each.join("; "))
        }
        other => other.to_string(),
    }
}

/// The log of the task, shown to who watches as well.
struct Log<'a> {
    writer: &'a TaskWriter,
    console: &'a mut dyn Console,
    warnings: Vec<String>,
    /// What programs said.
    heard: String,
    /// Why a program waits, or waited last.
    waits_for: String,
}

impl Log<'_> {
    fn line(&mut self, text: &str) {
        self.writer.line(text);
        text.lines().for_each(|line| self.console.line(line));
    }

    fn indented(&mut self, text: &str) {
        let block: Vec<_> = text.lines().map(|line| format!("  {line}")).collect();
        if !block.is_empty() {
            self.line(&block.join("\n"));
        }
    }

    /// What a program says while it runs: how far it is, or a line of the log.
    fn heard(&mut self, line: &str) {
        // of what was drawn over again and again, on a terminal, the last counts
        let line = line.rsplit('\r').next().unwrap_or_default();
        if let Some(reason) = apt_status::waiting(line) {
            return self.waits(reason);
        }
        match apt_status::progress(line) {
            Some(Progress { done, total, what }) => self.writer.progress(done, total, &what),
            None => match apt_status::kept_file(line) {
                Some(path) => self.indented(&format!("kept as it is here: {path}")),
                None => {
                    self.remember(line);
                    self.indented(line);
                }
            },
        }
    }

    /// Once in the log for each reason, and as long as it lasts beside the progress.
    fn waits(&mut self, reason: &str) {
        if self.waits_for != reason {
            self.waits_for = reason.to_owned();
            self.indented(&format!("waiting: {reason}"));
            self.writer.progress(0, 100, &format!("waiting: {reason}"));
        }
    }

    fn remember(&mut self, line: &str) {
        if self.heard.len() + line.len() > HEARD {
            self.heard.clear();
        }
        self.heard.push_str(line);
        self.heard.push('\n');
    }

    fn warn(&mut self, text: String) {
        self.writer.warn(&text);
        self.console.line(&format!("WARN: {text}"));
        self.warnings.push(text);
    }
}

fn carry_out(engine: &Engine, job: &Job<'_>, log: &mut Log<'_>) -> Result<i64, Problem> {
    let host = &**engine.host();
    // what is overdue is taken back before anything else is built on it, and without the lock that this may need
    for (change, problem) in engine.revert_due() {
        log.line(&format!("armed change {change} could not be taken back: {problem}"));
    }
    let lock = engine.lock_for(job)?;
    let _lock = match &lock {
        Some(path) => Some(take_lock(host, path, log)?),
        None => None,
    };
    moment("engine::after-lock");
    if let Some(change) = job.undoes {
        // somebody else may have taken it back since this was planned
        engine.require_undoable(change)?;
    }
    if let Some(change) = job.finishes {
        engine.finish_plan(change)?;
    }
    let plan = match (check_files(host, &job.plan), job.replan) {
        (Err(Problem::Modified), Some(replan)) => {
            log.line("a file has moved on since this was planned: planned again");
            check_files(host, &replan()?)?
        }
        (checked, _) => checked?,
    };
    engine.refuse_held(&plan, job)?;
    let journal = engine.journal()?;
    let begin = Begin::new(job, log.writer.upid(), &plan, lock.as_deref());
    let change = journal.begin(&begin)?;
    moment("engine::after-begin");
    let mut run =
        Run { host, journal, change, plan: &plan, log, bindings: Bindings::new(), done: 0, net: None };
    run.log.line(&format!("change {change}: {}", plan.summary));
    let result = run.arm(engine, job).and_then(|()| run.steps()).and_then(|()| {
        moment("engine::before-verify");
        run.verify(job.verify)
    });
    run.diagnose(job, result.is_err());
    run.conclude(result)?;
    Ok(change)
}

/// Says that it waits only when it has to, in the original's words.
fn take_lock(host: &dyn Host, path: &Utf8Path, log: &mut Log<'_>) -> Result<LockGuard, Problem> {
    match host.lock(path, Duration::ZERO) {
        Err(HostError::LockTimeout { .. }) => {}
        other => return Ok(other?),
    }
    log.line("trying to acquire lock...");
    let guard = host.lock(path, LOCK_TIMEOUT)?;
    log.line(" OK");
    Ok(guard)
}

/// Refuses to begin when a file is not as the planner saw it. A file that already is as it shall be is fine.
///
/// Returns the plan with the permissions of the files that it removes, so that taking it back restores them too.
fn check_files(host: &dyn Host, plan: &Plan) -> Result<Plan, Problem> {
    let mut plan = plan.clone();
    let mut seen = Vec::new();
    for step in &mut plan.steps {
        let Action::File(change) = &mut step.action else { continue };
        if seen.contains(&change.path) {
            continue;
        }
        seen.push(change.path.clone());
        let now = read_content(host, &change.path)?;
        if now != change.before && now != change.after {
            return Err(Problem::Modified);
        }
        if let Some(found) = host.metadata(&change.path)?.filter(|_| change.after.is_none()) {
            change.mode = found.mode;
        }
    }
    Ok(plan)
}

/// A plan while it is carried out.
struct Run<'a, 'l> {
    host: &'a dyn Host,
    journal: &'a Journal,
    change: i64,
    plan: &'a Plan,
    log: &'a mut Log<'l>,
    /// What the steps produced.
    bindings: Bindings,
    /// How many steps are done.
    done: usize,
    /// What takes it back unless somebody confirms it.
    net: Option<Net<'a>>,
}

impl<'a> Run<'a, '_> {
    fn arm(&mut self, engine: &'a Engine, job: &Job<'_>) -> Result<(), Problem> {
        let Some(within) = job.confirm_within.filter(|_| !self.plan.is_empty()) else { return Ok(()) };
        let upid = self.log.writer.upid();
        self.net = Some(Net::spread(engine, self.journal, job, self.change, self.plan, upid, within)?);
        self.log.line(&format!("armed: taken back in {within} s unless somebody confirms it"));
        Ok(())
    }

    fn steps(&mut self) -> Result<(), Problem> {
        let total = self.plan.steps.len() as u64;
        let plan = self.plan;
        if plan.is_empty() {
            self.log.line("nothing to do, it is already so");
        }
        for (number, step) in plan.steps.iter().enumerate() {
            self.log.writer.progress(number as u64, total, &step.what);
            self.step(number, step)?;
            self.done = number + 1;
        }
        self.log.writer.progress(total, total, "verify");
        Ok(())
    }

    fn step(&mut self, number: usize, step: &Step) -> Result<(), Problem> {
        let about = |produced, error| StepBody { step: number, produced, error };
        self.log.line(&format!("step {}: {}", number + 1, step.what));
        self.log.indented(&render::describe(step));
        if let Some(net) = &mut self.net {
            net.step_begins(number)?;
            moment("armed::after-step-begins");
        }
        self.journal.step(self.change, StepEvent::Start, &about(Bindings::new(), None))?;
        moment("engine::before-step");
        let log = &mut *self.log;
        match action::perform(self.host, &step.action, &self.bindings, &mut |line| log.heard(line)) {
            Ok(produced) => {
                moment("engine::after-step");
                self.bindings.extend(produced.clone());
                // the step counts as done even if that cannot be written down: it must be taken back then
                self.done = number + 1;
                if let Some(net) = &mut self.net {
                    net.step_produced(&produced)?;
                }
                self.journal.step(self.change, StepEvent::Done, &about(produced, None))?;
                moment("engine::after-step-done");
                Ok(())
            }
            Err(problem) => {
                let failed = about(Bindings::new(), Some(explain(&problem)));
                self.note(StepEvent::Failed, &failed);
                Err(problem)
            }
        }
    }

    /// Inspects and plans again: nothing may be left to do.
    fn verify(&mut self, again: &dyn Fn() -> Result<Plan, Problem>) -> Result<(), Problem> {
        let slow =
            self.plan.steps.iter().any(|step| matches!(step.action, Action::Run(_) | Action::Unit { .. }));
        let mut tries = if slow { VERIFY_TRIES } else { 1 };
        loop {
            let failure = match again() {
                Ok(rest) if rest.is_empty() => {
                    self.log.line("verified: nothing is left to do");
                    return Ok(());
                }
                Ok(rest) => {
                    let left: Vec<_> = rest.steps.iter().map(|step| step.what.as_str()).collect();
                    format!("still to be done: {}", left.join("; "))
                }
                Err(problem) => explain(&problem),
            };
            tries -= 1;
            if tries == 0 {
                return Err(Problem::failed(format!("verification failed: {failure}")));
            }
            self.host.sleep(VERIFY_PAUSE);
        }
    }

    /// Says what is wrong, in sentences beside the programs' own words. What did not end in a failure is a warning.
    fn diagnose(&mut self, job: &Job<'_>, failed: bool) {
        let Some(diagnose) = job.diagnose else { return };
        for sentence in diagnose(&self.log.heard) {
            if failed {
                self.log.line(&format!("cause: {sentence}"));
            } else {
                self.log.warn(sentence);
            }
        }
    }

    /// Writes down how it ended; a failure is taken back first, if the plan says so.
    fn conclude(&mut self, result: Result<(), Problem>) -> Result<(), Problem> {
        let Err(problem) = result else {
            moment("engine::before-end");
            let end = End { state: EndState::Done, error: None };
            if let Err(error) = self.journal.end(self.change, &end) {
                self.log.warn(format!("all is done, but the journal does not say so: {error}"));
            }
            moment("engine::after-end");
            if let Some(net) = &self.net {
                self.log.line(&net.reminder());
            }
            return Ok(());
        };
        self.log.line(&format!("failed: {}", explain(&problem)));
        let on_failure = match self.net {
            // who armed a change wants it whole or not at all
            Some(_) => OnFailure::RollBack,
            None => self.plan.on_failure,
        };
        let (state, problem) = match on_failure {
            OnFailure::RollBack => self.roll_back(problem),
            OnFailure::Stop => (EndState::Failed, self.report(problem)),
        };
        moment("engine::before-end");
        let end = End { state, error: Some(explain(&problem)) };
        if let Err(error) = self.journal.end(self.change, &end) {
            self.log.line(&format!("the journal does not say so: {error}"));
        }
        moment("engine::after-end");
        // where something is left of it the net stays, and tries once more when the time is up
        if let Some(net) = self.net.take().filter(|_| state == EndState::RolledBack)
            && let Err(error) = net.take_away()
        {
            self.log.line(&format!("what was kept for taking it back stays for now: {error}"));
        }
        Err(problem)
    }

    fn roll_back(&mut self, problem: Problem) -> (EndState, Problem) {
        if self.done == 0 {
            return (EndState::RolledBack, problem);
        }
        self.log.line("taking back what was done");
        let plan = self.plan;
        let mut stuck = Vec::new();
        for (number, step) in plan.steps.iter().enumerate().take(self.done).rev() {
            moment("engine::before-take-back");
            self.log.line(&format!("take back step {}: {}", number + 1, step.what));
            let body = StepBody { step: number, ..StepBody::default() };
            match self.take_back(step) {
                Ok(()) => self.note(StepEvent::TakenBack, &body),
                Err(reason) => {
                    self.log.line(&format!("  {reason}"));
                    stuck.push(reason);
                }
            }
            moment("engine::after-take-back");
        }
        match (stuck.is_empty(), problem) {
            (true, Problem::Modified) => (EndState::RolledBack, Problem::Modified),
            (true, problem) => {
                let message = format!("{}; what was done before is taken back", explain(&problem));
                (EndState::RolledBack, Problem::Failed(message))
            }
            (false, problem) => {
                let message = format!(
                    "{}; not everything could be taken back: {}",
                    explain(&problem),
                    stuck.join("; ")
                );
                (EndState::Failed, Problem::Failed(message))
            }
        }
    }

    fn take_back(&mut self, step: &Step) -> Result<(), String> {
        let actions = match (&step.action, &step.undo) {
            // what was secret is still known here, which it is not when a change is taken back later
            (Action::File(change), innkeeper_change::Undo::Inverse) => vec![Action::File(change.inverse())],
            _ => step.reversal().map_err(|irreversible| irreversible.to_string())?,
        };
        for action in actions {
            let log = &mut *self.log;
            action::perform(self.host, &action, &self.bindings, &mut |line| log.indented(line)).map_err(
                |problem| format!("'{}' could not be taken back: {}", step.what, explain(&problem)),
            )?;
        }
        Ok(())
    }

    fn report(&self, problem: Problem) -> Problem {
        let name = |steps: &[Step]| {
            let each: Vec<_> = steps.iter().map(|step| format!("'{}'", step.what)).collect();
            if each.is_empty() { "nothing".to_owned() } else { each.join(", ") }
        };
        let (done, left) = self.plan.steps.split_at(self.done.min(self.plan.steps.len()));
        match problem {
            problem if done.is_empty() => problem,
            problem => Problem::Failed(format!(
                "{}; done and left so: {}; not done: {}",
                explain(&problem),
                name(done),
                name(left)
            )),
        }
    }

    /// Writes down what happened to a step, after which it goes on in any case.
    fn note(&mut self, event: StepEvent, body: &StepBody) {
        if let Err(error) = self.journal.step(self.change, event, body) {
            self.log.line(&format!("  the journal does not say so: {error}"));
        }
    }
}
