//! Taking an armed change back: by a timer, at the start of the machine, or because somebody asks for it.
//!
//! Everything needed is in the record and in the copies beside the files. Task and journal are told as far as they can be
//! written; when the disk is full they learn of it later ([`Engine::settle_armed`]).

use std::time::Duration;

use camino::Utf8Path;
use innkeeper_change::{Action, Content, FileChange, Plan, Problem, Step};
use innkeeper_host::{CONFIG_LIMIT, Command, Host, read_content};

use crate::action;
use crate::armed::{ArmedRecord, Records, Stage};
use crate::engine::{Console, Engine, Silent};
use crate::failpoint::moment;
use crate::journal::{ArmedEvent, ArmedNote, Caller};
use crate::task_writer::TaskWriter;
use crate::undo::{UndoGoal, reversal_of};

/// The lock of an armed change is held while it is carried out, which may take as long as it likes: a watcher waits.
const WATCHERS_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// Somebody who asks for it would rather be told.
const PATIENCE: Duration = Duration::from_secs(10);
/// A safety net must not wait for ever for somebody who holds the lock of its chapter.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// How often a watcher looks whether it is still needed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Engine {
    /// What would be done to take an armed change back now.
    ///
    /// # Errors
    /// As [`Engine::revert`].
    pub fn revert_plan(&self, change: i64) -> Result<Plan, Problem> {
        let stage = self.require_revertible(change)?;
        let record = Records(&**self.host()).read(change, stage)?;
        Ok(self.reversal(&record)?.0)
    }

    /// Takes an armed change back now, and does not return before that is done and verified.
    ///
    /// # Errors
    /// [`Problem::NotFound`] when there is no such armed change, [`Problem::Conflict`] when it has ended already, or with a
    /// diff when a file has moved on since. What else went wrong; the change is listed as stuck then.
    pub fn revert(&self, change: i64, by: &Caller, console: &mut dyn Console) -> Result<(), Problem> {
        self.revert_within(PATIENCE, change, by, console)
    }

    fn revert_within(
        &self,
        patience: Duration,
        change: i64,
        by: &Caller,
        console: &mut dyn Console,
    ) -> Result<(), Problem> {
        let host = &**self.host();
        let records = Records(host);
        self.require_revertible(change)?;
        let Ok(_lock) = records.lock(change, patience) else {
            return Err(ended(change, "is still being carried out, or being taken back already"));
        };
        // somebody may have been faster
        let stage = match self.require_revertible(change) {
            Ok(stage) => stage,
            Err(problem) => {
                records.remove_lock(change);
                return Err(problem);
            }
        };
        let record = records.read(change, stage)?;
        let _chapter = record.lock.as_ref().and_then(|lock| match host.lock(lock, LOCK_PATIENCE) {
            Ok(guard) => Some(guard),
            Err(error) => {
                tracing::warn!(%error, change, "an armed change is taken back without its lock");
                None
            }
        });
        let task = self.tasks().start(&by.user, "revert", &change.to_string());
        let mut log = Log { task: task.ok(), console };
        log.begin(&record, by);
        match self.restore(&record, &mut log) {
            Ok(()) => {
                moment("armed::before-reverted");
                records.conclude(change, stage, Stage::Reverted)?;
                moment("armed::after-reverted");
                log.end(Ok(()));
                self.close(&record, ArmedEvent::Reverted, by);
                Ok(())
            }
            Err(problem) => {
                log.end(Err(&problem));
                self.give_up(record, stage, by, &problem)?;
                Err(problem)
            }
        }
    }

    /// Takes back every armed change whose time is up, and brings the journal up to date about those that have ended.
    /// Returns what could not be taken back.
    pub fn revert_due(&self) -> Vec<(i64, Problem)> {
        let host = &**self.host();
        let records = Records(host);
        self.settle_armed();
        let mut failed = Vec::new();
        for (change, stage) in records.list().unwrap_or_default() {
            if stage != Stage::Waiting {
                continue;
            }
            match records.read(change, stage) {
                Ok(record) if record.left(host) > 0 => {}
                // who holds it carries it out, or is taking it back right now
                Ok(_) if records.lock(change, Duration::ZERO).is_err() => {}
                Ok(record) => {
                    let by = reason(&record, host);
                    let reverted = self.revert_within(PATIENCE, change, &by, &mut Silent);
                    failed.extend(reverted.err().map(|why| (change, why)));
                }
                Err(problem) => failed.push((change, problem)),
            }
        }
        failed
    }

    /// Waits until the time of an armed change is up, and takes it back then. Returns early when it has ended otherwise.
    ///
    /// # Errors
    /// As [`Engine::revert`].
    pub fn watch(&self, change: i64) -> Result<(), Problem> {
        let host = &**self.host();
        let records = Records(host);
        loop {
            if records.stage(change)? != Some(Stage::Waiting) {
                return Ok(());
            }
            // the time never moves, so the record is read anew only to see the clock of this process
            let record = records.read(change, Stage::Waiting)?;
            let left = record.left(host);
            if left == 0 {
                let by = reason(&record, host);
                let reverted = self.revert_within(WATCHERS_PATIENCE, change, &by, &mut Silent);
                // confirmed or taken back by somebody else meanwhile is fine
                let is_over = !matches!(records.stage(change)?, Some(Stage::Waiting | Stage::Stuck));
                return if is_over { Ok(()) } else { reverted };
            }
            host.sleep(LOOK_EVERY.min(Duration::from_secs(left)));
        }
    }

    /// Writes into the journal how armed changes ended, where that was not possible at the time, and clears up after them.
    pub fn settle_armed(&self) {
        let host = &**self.host();
        let records = Records(host);
        let later = Caller { user: "root@pam".to_owned(), origin: "noted later".to_owned() };
        for (change, stage) in records.list().unwrap_or_default() {
            let event = match stage {
                Stage::Confirmed => ArmedEvent::Confirmed,
                Stage::Reverted => ArmedEvent::Reverted,
                Stage::Waiting | Stage::Stuck => continue,
            };
            // whoever is at it right now needs no help
            let Ok(_lock) = records.lock(change, Duration::ZERO) else { continue };
            if let (Ok(Some(now)), Ok(record)) = (records.stage(change), records.read(change, stage))
                && now == stage
            {
                self.close(&record, event, &later);
            } else {
                records.remove_lock(change);
            }
        }
    }

    /// Tells the journal how it ended, then removes what was kept. What cannot be written now is written later.
    pub(crate) fn close(&self, record: &ArmedRecord, event: ArmedEvent, by: &Caller) {
        let (change, records) = (record.change, Records(&**self.host()));
        let stage = match event {
            ArmedEvent::Confirmed => Stage::Confirmed,
            ArmedEvent::Armed | ArmedEvent::Reverted | ArmedEvent::Stuck => Stage::Reverted,
        };
        let told = self.journal().and_then(|journal| journal.armed_once(change, event, &ArmedNote::of(by)));
        moment("armed::after-journal");
        let closed = told.and_then(|()| {
            records.remove_copies(record)?;
            moment("armed::before-removal");
            records.remove(change, stage)
        });
        match closed {
            Ok(()) => records.remove_lock(change),
            Err(problem) => {
                tracing::warn!(%problem, change, "what was kept of an armed change stays for now")
            }
        }
        if let Ok(alarm) = self.alarm() {
            alarm.clear(change);
        }
    }

    /// Whether there is something to take back.
    fn require_revertible(&self, change: i64) -> Result<Stage, Problem> {
        match Records(&**self.host()).stage(change)? {
            Some(stage @ (Stage::Waiting | Stage::Stuck)) => Ok(stage),
            Some(Stage::Confirmed) => {
                Err(ended(change, "was confirmed and stays; 'innkeeper undo' takes it back"))
            }
            Some(Stage::Reverted) => Err(ended(change, "was taken back already")),
            None => Err(self.how_it_ended(change)),
        }
    }

    fn reversal(&self, record: &ArmedRecord) -> Result<(Plan, UndoGoal), Problem> {
        let started = record.started.min(record.plan.steps.len());
        let steps: Vec<&Step> = record.plan.steps[..started].iter().collect();
        reversal_of(&**self.host(), record.change, &record.plan.summary, &steps, &record.produced)
    }

    fn restore(&self, record: &ArmedRecord, log: &mut Log<'_>) -> Result<(), Problem> {
        let host = &**self.host();
        // all files are looked at before the first is touched
        let (plan, mut goal) = self.reversal(record)?;
        let mut stuck = Vec::new();
        for step in &plan.steps {
            moment("armed::before-restore");
            log.line(&step.what);
            if let Err(problem) = take_back(host, record, &step.action, log) {
                log.line(&format!("  {problem}"));
                stuck.push(format!("'{}': {problem}", step.what));
            }
            moment("armed::after-restore");
        }
        if record.is_of_an_earlier_boot(host) {
            // values of the kernel did not outlive the start of the machine
            goal.forget_parameters();
        }
        let left = self.is_undone(&goal)?;
        stuck.extend(left.steps.iter().map(|step| format!("still to be done: {}", step.what)));
        if stuck.is_empty() { Ok(()) } else { Err(Problem::failed(stuck.join("; "))) }
    }

    /// Keeps what is known about a change that cannot be taken back. It holds nothing any more.
    fn give_up(&self, record: ArmedRecord, from: Stage, by: &Caller, why: &Problem) -> Result<(), Problem> {
        let records = Records(&**self.host());
        let change = record.change;
        let record = ArmedRecord { error: Some(why.to_string()), ..record };
        if let Err(problem) = records.write(&record, from) {
            tracing::warn!(%problem, change, "why an armed change is stuck could not be written down");
        }
        records.conclude(change, from, Stage::Stuck)?;
        let note = ArmedNote { error: Some(why.to_string()), ..ArmedNote::of(by) };
        if let Err(problem) =
            self.journal().and_then(|journal| journal.armed(change, ArmedEvent::Stuck, &note))
        {
            tracing::warn!(%problem, change, "the journal does not say that an armed change is stuck");
        }
        if let Ok(alarm) = self.alarm() {
            alarm.clear(change);
        }
        Ok(())
    }
}

/// Why a change is taken back without anybody having asked for it.
fn reason(record: &ArmedRecord, host: &dyn Host) -> Caller {
    if record.is_of_an_earlier_boot(host) { Caller::boot() } else { Caller::timer() }
}

pub(crate) fn ended(change: i64, how: &str) -> Problem {
    Problem::Conflict { message: format!("change '{change}' {how}"), diff: String::new() }
}

fn take_back(
    host: &dyn Host,
    record: &ArmedRecord,
    action: &Action,
    log: &mut Log<'_>,
) -> Result<(), Problem> {
    match action {
        Action::File(change) if from_copy(host, record, change)? => Ok(()),
        Action::KernelParameter { key, before, .. }
            if record.is_of_an_earlier_boot(host)
                && !action::same_value(&action::parameter(host, key)?, before) =>
        {
            log.line("  not so any more since the machine was started");
            Ok(())
        }
        Action::Unit { unit, verb } if record.is_of_an_earlier_boot(host) => {
            // the services of this start may wait for us: nobody may wait for them here
            let command =
                Command::new("/usr/bin/systemctl").args(["--no-block", verb.word(), "--", unit.as_str()]);
            Ok(host.run(&command).map(drop)?)
        }
        other => action::perform(host, other, &record.produced, &mut |line| log.line(&format!("  {line}")))
            .map(drop),
    }
}

/// Restores a file by giving its copy its name: that works on a full disk, and keeps owner, mode and access list. False
/// when there is no copy that holds what shall be there.
fn from_copy(host: &dyn Host, record: &ArmedRecord, change: &FileChange) -> Result<bool, Problem> {
    let Some(after) = &change.after else { return Ok(false) };
    let copy = change.path.with_file_name(record.copy_name(&change.path));
    if !holds(host, &copy, after) {
        return Ok(false);
    }
    if read_content(host, &change.path)? != change.before {
        return Err(Problem::Modified);
    }
    host.rename(&copy, &change.path)?;
    Ok(true)
}

fn holds(host: &dyn Host, path: &Utf8Path, content: &Content) -> bool {
    host.read(path, CONFIG_LIMIT).is_ok_and(|bytes| bytes == content.as_bytes())
}

/// The task's log, if there can be one.
struct Log<'a> {
    task: Option<TaskWriter>,
    console: &'a mut dyn Console,
}

impl Log<'_> {
    fn begin(&mut self, record: &ArmedRecord, by: &Caller) {
        if let Some(task) = &self.task {
            self.console.started(task.upid());
        }
        self.line(&format!("take back change {}: {} ({})", record.change, record.plan.summary, by.origin));
    }

    fn line(&mut self, text: &str) {
        if let Some(task) = &self.task {
            task.line(text);
        }
        self.console.line(text);
    }

    fn end(&mut self, result: Result<(), &Problem>) {
        if let Some(task) = self.task.take() {
            task.finish(result.map_err(ToString::to_string));
        }
    }
}
