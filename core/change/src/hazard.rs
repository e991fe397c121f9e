//! What a plan puts at risk.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How bad it would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is asked.
    Notice,
    /// People are asked to say yes; a call of the API is itself the yes.
    Warning,
    /// Refused unless the caller accepts this hazard by its id.
    Danger,
}

/// A risk that a plan raises, under a stable id that callers can accept by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hazard {
    /// Stable, dotted, lower case: `apt.no-security-updates`.
    pub id: String,
    /// How bad it would be.
    pub severity: Severity,
    /// One sentence: what would be lost or go wrong.
    pub message: String,
    /// One sentence: how to avoid it.
    pub avoid: String,
}

impl Hazard {
    /// A hazard with its four parts.
    pub fn new(
        id: impl Into<String>,
        severity: Severity,
        message: impl Into<String>,
        avoid: impl Into<String>,
    ) -> Self {
        Self { id: id.into(), severity, message: message.into(), avoid: avoid.into() }
    }
}
