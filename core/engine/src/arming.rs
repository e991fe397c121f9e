//! Arming a change before its first step, and keeping others away from what it holds.

use std::time::Duration;

use innkeeper_change::{Plan, Problem};
use innkeeper_host::{Host, LockGuard};

use crate::action::Bindings;
use crate::armed::{ArmedRecord, Records, Stage, milliseconds, resources};
use crate::engine::{Engine, Job};
use crate::failpoint::moment;
use crate::journal::{ArmedEvent, ArmedNote, Journal};
use crate::upid::Upid;

/// Sees to it that a change is taken back when its time is up, whatever becomes of the process that made it.
pub trait Alarm: Send + Sync {
    /// From now on something outside this process takes `change` back after so many seconds.
    ///
    /// # Errors
    /// When that cannot be had; the change does not begin then.
    fn set(&self, change: i64, seconds: u32) -> Result<(), Problem>;

    /// It is not needed any more.
    fn clear(&self, change: i64);
}

/// Seconds that a change can be armed with.
pub const CONFIRM_WITHIN: std::ops::RangeInclusive<u32> = 10..=3600;

/// The safety net below a change while that is carried out.
pub(crate) struct Net<'a> {
    engine: &'a Engine,
    record: ArmedRecord,
    /// Whoever wants to take the change back waits until it is carried out.
    _lock: LockGuard,
}

impl<'a> Net<'a> {
    /// Writes down how the change is taken back, puts copies beside its files, and sets the alarm. Nothing of it is left
    /// when this fails.
    pub(crate) fn spread(
        engine: &'a Engine,
        journal: &Journal,
        job: &Job<'_>,
        change: i64,
        plan: &Plan,
        upid: &Upid,
        within: u32,
    ) -> Result<Self, Problem> {
        let host = &**engine.host();
        let record = ArmedRecord {
            change,
            user: job.caller.user.clone(),
            origin: job.caller.origin.clone(),
            command: job.request.command.clone(),
            upid: upid.clone(),
            lock: engine.lock_for(job)?,
            within,
            time: host.now(),
            boot: host.boot_id(),
            deadline: milliseconds(host) + u64::from(within) * 1000,
            plan: plan.clone(),
            started: 0,
            produced: Bindings::new(),
            error: None,
        };
        let records = Records(host);
        if records.stage(change)?.is_some() {
            return Err(Problem::failed(format!(
                "there is an armed change '{change}' already: the history was begun anew while it waited; confirm it or \
                 take it back first"
            )));
        }
        records.write(&record, Stage::Waiting)?;
        moment("armed::after-record");
        let net = Self { engine, record, _lock: records.lock(change, Duration::ZERO)? };
        let armed = net.copy_files().and_then(|()| {
            moment("armed::after-copies");
            engine.alarm()?.set(change, within)?;
            moment("armed::after-alarm");
            let note =
                ArmedNote { within: Some(within), ..ArmedNote::by(&net.record.user, &net.record.origin) };
            journal.armed(change, ArmedEvent::Armed, &note)
        });
        match armed {
            Ok(()) => Ok(net),
            Err(problem) => {
                net.take_away()?;
                Err(problem)
            }
        }
    }

    fn copy_files(&self) -> Result<(), Problem> {
        let host = &**self.engine.host();
        let mut seen = Vec::new();
        for file in self.record.plan.files() {
            let is_first = !seen.contains(&&file.path);
            seen.push(&file.path);
            if is_first && host.metadata(&file.path)?.is_some() {
                host.copy_beside(&file.path, &self.record.copy_name(&file.path))?;
            }
        }
        Ok(())
    }

    /// A step is about to begin: from now on it is among those that are taken back.
    pub(crate) fn step_begins(&mut self, number: usize) -> Result<(), Problem> {
        self.record.started = number + 1;
        Records(&**self.engine.host()).write(&self.record, Stage::Waiting)
    }

    /// What a step produced may be needed to take it back.
    pub(crate) fn step_produced(&mut self, produced: &Bindings) -> Result<(), Problem> {
        if produced.is_empty() {
            return Ok(());
        }
        self.record.produced.extend(produced.clone());
        Records(&**self.engine.host()).write(&self.record, Stage::Waiting)
    }

    /// Nothing of the change is left, so nothing has to be taken back.
    pub(crate) fn take_away(&self) -> Result<(), Problem> {
        let (change, records) = (self.record.change, Records(&**self.engine.host()));
        // from here on nobody takes it back a second time, wherever this process dies
        records.conclude(change, Stage::Waiting, Stage::Reverted)?;
        moment("armed::after-reverted");
        records.remove_copies(&self.record)?;
        records.remove(change, Stage::Reverted)?;
        records.remove_lock(change);
        if let Ok(alarm) = self.engine.alarm() {
            alarm.clear(change);
        }
        Ok(())
    }

    /// What whoever made the change has to know now.
    pub(crate) fn reminder(&self) -> String {
        let left = self.record.left(&**self.engine.host());
        format!(
            "this is taken back in {left} s unless somebody confirms it: innkeeper changes confirm {}",
            self.record.change
        )
    }
}

impl Engine {
    /// Why a plan cannot be armed, if it cannot.
    ///
    /// # Errors
    /// The reason, as something wrong with the parameter that asked for it.
    pub fn require_armable(&self, plan: &Plan) -> Result<(), Problem> {
        self.alarm()?;
        plan.reversal().map(drop).map_err(|reason| Problem::parameter("confirm-within", reason.to_string()))
    }

    /// Refuses a plan for something that a change holds which waits for its confirmation. An armed plan must not share
    /// the lock of another one either.
    pub(crate) fn refuse_held(&self, plan: &Plan, job: &Job<'_>) -> Result<(), Problem> {
        let host = &**self.host();
        let records = Records(host);
        let wanted = resources(plan);
        for (change, stage) in records.list()? {
            if stage != Stage::Waiting {
                continue;
            }
            // what cannot be read is a finding of the health checks, and keeps nobody from working
            let Ok(record) = records.read(change, stage) else { continue };
            let mut held = record.resources();
            if job.confirm_within.is_some() {
                held.extend(record.lock.iter().map(ToString::to_string));
            }
            let lock = self.lock_for(job)?.map(|lock| lock.to_string());
            let Some(both) = held.iter().find(|name| wanted.contains(name) || lock.as_ref() == Some(name))
            else {
                continue;
            };
            return Err(held_by(&record, both, host));
        }
        Ok(())
    }
}

fn held_by(record: &ArmedRecord, resource: &str, host: &dyn Host) -> Problem {
    let (change, left) = (record.change, record.left(host));
    let message = match left {
        0 => format!("{resource}: change '{change}' was not confirmed in time and is being taken back"),
        left => format!(
            "{resource}: change '{change}' waits to be confirmed for another {left} s; confirm it or take it back first"
        ),
    };
    Problem::Conflict { message, diff: String::new() }
}
