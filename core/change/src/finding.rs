//! What a health check found on a machine at rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How bad a finding is. The status of a host is its worst finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// All is well: said where silence could be mistaken for a check that did not run.
    Good,
    /// Worth knowing.
    Info,
    /// A recommendation that is not followed.
    Advice,
    /// Something will go wrong, or already costs something.
    Warning,
    /// Something is wrong now.
    Critical,
}

/// The one call that would cure a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fix {
    /// What pressing the button does: "Disable this repository".
    pub label: String,
    /// HTTP verb of the method.
    pub verb: String,
    /// Path of the method below `/api2/json`, node filled in.
    pub path: String,
    /// Parameters of the call.
    pub params: BTreeMap<String, String>,
}

/// One thing that a health check has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Stable id of what was found: `apt.enterprise-without-subscription`.
    pub id: String,
    /// How bad it is.
    pub level: Level,
    /// One sentence: what is wrong.
    pub message: String,
    /// What was seen: file and line, value, name.
    pub evidence: String,
    /// What to do about it, in words.
    pub advice: String,
    /// The calls that cure it, if calls can: in order.
    pub fixes: Vec<Fix>,
}
