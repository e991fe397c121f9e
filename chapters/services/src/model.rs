//! The nouns: services, log entries, log lines.

use serde::Serialize;
use utoipa::ToSchema;

/// How a service is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceState {
    /// The service's name in the API.
    pub service: String,
    /// The unit that stands behind it, without `.service`.
    pub name: String,
    /// What it is for, in systemd's words.
    pub desc: String,
    /// What it is doing: `running`, `dead`, `exited`, `failed` and others (systemd's SubState). A unit that runs once and is
    /// done shows how that ended: `success`, `exit-code`.
    pub state: String,
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`.
    pub active_state: String,
    /// Whether it is started at boot: `enabled`, `disabled`, `static`, `masked`; `not-found` when it is not installed.
    pub unit_state: String,
}

/// A numbered line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Line {
    /// Its number, from 1.
    pub n: u64,
    /// The line.
    pub t: String,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Entry {
    /// Where it stands: reading can go on from here, in both directions.
    pub cursor: String,
    /// When it was written, in seconds since 1970.
    pub time: i64,
    /// How bad it is: 0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 information, 7 debugging.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// The unit that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The program that wrote it, as it calls itself.
    pub identifier: String,
    /// Its process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The host that it ran on.
    pub host: String,
    /// What it says; may have several lines.
    pub message: String,
}
