//! A plan as it is shown to a caller.

use innkeeper_change::{Hazard, Plan, Severity, render};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::shape::bit;

/// One step of a plan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// What it does, in a sentence.
    pub what: String,
    /// What it does, exactly: a unified diff, a command line, a value.
    pub detail: String,
}

/// A hazard of a plan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HazardView {
    /// Stable id, for `accept`.
    pub id: String,
    /// How bad it would be.
    pub severity: Severity,
    /// What would be lost or go wrong.
    pub message: String,
    /// How to avoid it.
    pub avoid: String,
}

impl From<&Hazard> for HazardView {
    fn from(hazard: &Hazard) -> Self {
        let Hazard { id, severity, message, avoid } = hazard.clone();
        Self { id, severity, message, avoid }
    }
}

/// A plan, as `dry-run=1` answers it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PlanView {
    /// The whole in one sentence.
    pub summary: String,
    /// 1 when there is nothing to do: it already is as asked. An undo without steps is something to do: the history learns of it.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub empty: bool,
    /// The steps, in order.
    pub steps: Vec<StepView>,
    /// What it puts at risk.
    pub hazards: Vec<HazardView>,
    /// All file changes as one unified diff.
    pub diff: String,
    /// The command line that does the same.
    pub command: String,
    /// Whether it can be taken back.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub reversible: bool,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub irreversible: Option<String>,
    /// 1 when the call may ask for it to be taken back by itself unless somebody confirms it (`confirm-within`).
    #[serde(default, with = "bit")]
    #[schema(value_type = u8)]
    pub armable: bool,
    /// Seconds with which people are expected to arm it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub armed: Option<u32>,
    /// Hand this back as `plan` to carry out this plan and no other.
    pub fingerprint: String,
}

impl PlanView {
    /// Shows `plan`, which `command` would carry out.
    pub fn new(plan: &Plan, command: String) -> Self {
        let irreversible = plan.reversal().err().map(|reason| reason.to_string());
        Self {
            summary: plan.summary.clone(),
            empty: plan.is_empty(),
            steps: plan
                .steps
                .iter()
                .map(|step| StepView { what: step.what.clone(), detail: render::describe(step) })
                .collect(),
            hazards: plan.hazards.iter().map(HazardView::from).collect(),
            diff: render::diff(plan),
            command,
            reversible: irreversible.is_none(),
            irreversible,
            armable: false,
            armed: None,
            fingerprint: plan.fingerprint().to_string(),
        }
    }

    /// Says whether it can be armed, and with how many seconds people are expected to.
    #[must_use]
    pub fn armable(self, armable: bool, armed: Option<u32>) -> Self {
        Self { armable, armed: armed.filter(|_| armable), ..self }
    }
}
