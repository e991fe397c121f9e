//! Confirming armed changes, and telling of them.

use std::time::Duration;

use camino::Utf8PathBuf;
use innkeeper_change::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::armed::{ArmedRecord, Records, Stage};
use crate::engine::Engine;
use crate::failpoint::moment;
use crate::history::{ChangeState, ChangeSummary};
use crate::journal::{ArmedEvent, Caller};
use crate::revert::ended;

/// Somebody who confirms waits this long for somebody else who is at the same change.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where an armed change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArmedState {
    /// It is still being carried out; its time is running already.
    Applying,
    /// It is taken back when its time is up, unless somebody confirms it.
    Waiting,
    /// Its time is up, or the machine was started again: it is being taken back.
    Reverting,
    /// It could not be taken back: `error` says why. It stays until it is confirmed as it is, or taken back by hand.
    Stuck,
    /// Somebody confirmed it.
    Confirmed,
    /// It was taken back.
    Reverted,
}

/// A change that is taken back unless somebody confirms it in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ArmedChange {
    /// Number of the change in the history.
    pub id: i64,
    /// What it does, in one sentence.
    pub what: String,
    /// Who made it.
    pub user: String,
    /// From where.
    pub origin: String,
    /// The command line that asks for the same.
    pub command: String,
    /// Its task.
    #[schema(value_type = String)]
    pub upid: crate::upid::Upid,
    /// When it was armed, in seconds since 1970 by the clock of that moment.
    pub time: i64,
    /// Where it stands.
    pub state: ArmedState,
    /// Within how many seconds it has to be confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<u32>,
    /// Seconds that are left to confirm it, by a clock that nobody can set; 0 when it has ended. A countdown starts from this.
    pub left: u64,
    /// When it is taken back, in seconds since 1970 by the clock of this moment; absent when it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<i64>,
    /// The files that it touches.
    #[schema(value_type = Vec<String>)]
    pub files: Vec<Utf8PathBuf>,
    /// Files, units and kernel parameters that nobody else can change meanwhile.
    pub holds: Vec<String>,
    /// Who confirmed it or took it back; a timer that took it back acts as root@pam.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// From where that was done: an address, `command line`, `timer` or `start of the machine`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_from: Option<String>,
    /// Why it could not be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What has moved on since, as a unified diff, when that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

impl Engine {
    /// The changes that wait for their confirmation, are being taken back, or could not be; the oldest first.
    ///
    /// # Errors
    /// When the records cannot be listed. One that is damaged is left out here and is a finding of the health checks.
    pub fn armed_changes(&self) -> Result<Vec<ArmedChange>, Problem> {
        let records = Records(&**self.host());
        let mut all = Vec::new();
        for (change, stage) in records.list()? {
            if let (Stage::Waiting | Stage::Stuck, Ok(record)) = (stage, records.read(change, stage)) {
                all.push(self.view(record, stage));
            }
        }
        Ok(all)
    }

    /// One armed change, also after it has ended.
    ///
    /// # Errors
    /// [`Problem::NotFound`] when there is none with this number, or it was not armed.
    pub fn armed_change(&self, change: i64) -> Result<ArmedChange, Problem> {
        let records = Records(&**self.host());
        match records.stage(change)? {
            Some(stage) => Ok(self.view(records.read(change, stage)?, stage)),
            None => self.ended_change(change),
        }
    }

    /// Keeps an armed change. One that could not be taken back is kept as it is.
    ///
    /// # Errors
    /// [`Problem::NotFound`] when there is no such armed change; [`Problem::Conflict`] when it is still being carried out,
    /// was interrupted, or its time is up.
    pub fn confirm(&self, change: i64, by: &Caller) -> Result<(), Problem> {
        let host = &**self.host();
        let records = Records(host);
        let before = self.armed_change(change)?;
        match before.state {
            ArmedState::Waiting | ArmedState::Stuck => {}
            ArmedState::Applying => {
                return Err(ended(change, "is still being carried out; confirm it after that"));
            }
            ArmedState::Reverting | ArmedState::Reverted | ArmedState::Confirmed => {
                return Err(self.too_late(&before));
            }
        }
        let Ok(_lock) = records.lock(change, PATIENCE) else {
            return Err(ended(change, "is being taken back"));
        };
        let now = self.armed_change(change)?;
        let stage = match (now.state, records.stage(change)?) {
            (ArmedState::Waiting | ArmedState::Stuck, Some(stage)) => stage,
            (_, stage) => {
                if stage.is_none() {
                    // whoever was faster has removed the lock before we took it anew
                    records.remove_lock(change);
                }
                return Err(self.too_late(&now));
            }
        };
        let record = records.read(change, stage)?;
        if stage == Stage::Waiting && self.was_interrupted(change) {
            let left = record.left(host);
            return Err(ended(
                change,
                &format!("was interrupted half way; what is done of it is taken back in {left} s"),
            ));
        }
        moment("armed::before-confirmed");
        records.conclude(change, stage, Stage::Confirmed)?;
        moment("armed::after-confirmed");
        self.close(&record, ArmedEvent::Confirmed, by);
        Ok(())
    }

    /// A change without an end in the journal whose process is gone.
    fn was_interrupted(&self, change: i64) -> bool {
        // a journal that cannot be read says nothing against a change that is there to be confirmed
        self.journal()
            .and_then(|journal| journal.record(change))
            .is_ok_and(|(_, state, _)| state == ChangeState::Interrupted)
    }

    fn too_late(&self, change: &ArmedChange) -> Problem {
        let how = match change.state {
            ArmedState::Confirmed => "was confirmed already".to_owned(),
            ArmedState::Reverting => "was not confirmed in time and is being taken back".to_owned(),
            _ => match change.ended_from.as_deref() {
                Some(from) => format!("was taken back ({from}); make it again if it shall be"),
                None => "was taken back; make it again if it shall be".to_owned(),
            },
        };
        ended(change.id, &how)
    }

    /// What to say about a change that has no record: it has ended, or never was armed.
    pub(crate) fn how_it_ended(&self, change: i64) -> Problem {
        match self.ended_change(change) {
            Ok(known) if known.state == ArmedState::Confirmed => {
                ended(change, "was confirmed and stays; 'innkeeper undo' takes it back")
            }
            Ok(known) => self.too_late(&known),
            Err(problem) => problem,
        }
    }

    fn view(&self, record: ArmedRecord, stage: Stage) -> ArmedChange {
        let host = &**self.host();
        let left = if stage == Stage::Waiting { record.left(host) } else { 0 };
        let state = match stage {
            Stage::Confirmed => ArmedState::Confirmed,
            Stage::Reverted => ArmedState::Reverted,
            Stage::Stuck => ArmedState::Stuck,
            Stage::Waiting if left == 0 => ArmedState::Reverting,
            Stage::Waiting if self.tasks().is_running(&record.upid) => ArmedState::Applying,
            Stage::Waiting => ArmedState::Waiting,
        };
        let conflict = match self.revert_plan(record.change) {
            Err(Problem::Conflict { diff, .. }) if state == ArmedState::Stuck => Some(diff),
            _ => None,
        };
        let is_waiting = stage == Stage::Waiting;
        ArmedChange {
            id: record.change,
            what: record.plan.summary.clone(),
            files: record.plan.files().map(|file| file.path.clone()).collect(),
            holds: if is_waiting { record.resources() } else { Vec::new() },
            deadline: is_waiting.then(|| host.now().saturating_add_unsigned(left)),
            left,
            state,
            within: Some(record.within),
            user: record.user,
            origin: record.origin,
            command: record.command,
            upid: record.upid,
            time: record.time,
            ended_by: None,
            ended_from: None,
            error: record.error,
            diff: conflict.filter(|diff| !diff.is_empty()),
        }
    }

    /// An armed change that has ended, from the journal.
    fn ended_change(&self, change: i64) -> Result<ArmedChange, Problem> {
        let none = || Problem::NotFound(format!("change '{change}' does not wait to be confirmed"));
        let journal = self.journal()?;
        let (summary, notes) = journal.armed_notes(change)?;
        let within = notes.iter().find_map(|(_, note)| note.within);
        let (event, note) = notes.last().ok_or_else(none)?;
        let state = match event {
            ArmedEvent::Confirmed => ArmedState::Confirmed,
            ArmedEvent::Reverted => ArmedState::Reverted,
            // it failed and was taken back at once
            ArmedEvent::Armed if summary.state == ChangeState::RolledBack => ArmedState::Reverted,
            ArmedEvent::Armed | ArmedEvent::Stuck => return Err(none()),
        };
        let ChangeSummary { id, time, user, origin, command, summary: what, upid, touched, .. } = summary;
        Ok(ArmedChange {
            id,
            what,
            user,
            origin,
            command,
            upid,
            time,
            state,
            within,
            left: 0,
            deadline: None,
            files: touched,
            holds: Vec::new(),
            ended_by: Some(note.user.clone()),
            ended_from: Some(note.origin.clone()),
            error: None,
            diff: None,
        })
    }
}
