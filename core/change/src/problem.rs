//! Why something cannot be done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Hazard;

/// Why a request cannot become a plan, or a plan cannot be carried out.
///
/// The kind decides how it is answered: the HTTP status, the exit code, and whether asking again can help. The
/// text follows the original's wording where a client may look for it.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// One or more parameters are wrong: name of the parameter, and what is wrong with it. HTTP 400.
    #[error("Parameter verification failed.")]
    Parameters(BTreeMap<String, String>),
    /// The request asks for something that is not there to be changed: an index, a path, a handle. HTTP 400.
    #[error("{0}")]
    Invalid(String),
    /// The caller is not known. HTTP 401. The text gives nothing away.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller may not do this. HTTP 403.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing. HTTP 404.
    #[error("{0}")]
    NotFound(String),
    /// Too many want the same at this moment; a second later it may be free. HTTP 429.
    #[error("{0}")]
    Busy(String),
    /// The thing changed since the caller looked at it. HTTP 500 with the original's sentence.
    #[error("detected modified configuration - file changed by other user? Try again.")]
    Modified,
    /// The plan holds dangers that the caller has not accepted. HTTP 412.
    #[error("refused: {}", describe(.0))]
    Refused(Vec<Hazard>),
    /// What was applied can't be taken back, because the file moved on since: path and diff. HTTP 409.
    #[error("{message}")]
    Conflict {
        /// What moved on.
        message: String,
        /// Unified diff from what we left behind to what is there now.
        diff: String,
    },
    /// This host or this mode cannot do it. HTTP 501.
    #[error("{0}")]
    Unsupported(String),
    /// Anything else that went wrong while doing it. HTTP 500.
    #[error("{0}")]
    Failed(String),
}

fn describe(hazards: &[Hazard]) -> String {
    let lines: Vec<_> = hazards
        .iter()
        .map(|hazard| format!("{} {} (accept with '{}')", hazard.message, hazard.avoid, hazard.id))
        .collect();
    lines.join("; ")
}

impl Problem {
    /// One wrong parameter.
    pub fn parameter(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Parameters(BTreeMap::from([(name.into(), message.into())]))
    }

    /// Something that went wrong while doing it.
    pub fn failed(message: impl std::fmt::Display) -> Self {
        Self::Failed(message.to_string())
    }

    /// The HTTP status this is answered with.
    pub fn status(&self) -> u16 {
        match self {
            Self::Parameters(_) | Self::Invalid(_) => 400,
            Self::Unauthenticated(_) => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::Conflict { .. } => 409,
            Self::Refused(_) => 412,
            Self::Busy(_) => 429,
            Self::Modified | Self::Failed(_) => 500,
            Self::Unsupported(_) => 501,
        }
    }
}
