//! One change in a process of its own.

use std::io::{Read, Write};

use innkeeper_change::Problem;
use innkeeper_engine::{Console, Upid};
use innkeeper_rest::WorkOrder;
use serde::{Deserialize, Serialize};

use super::WorkerOptions;
use crate::wiring;

/// The first and only line that a worker says to who started it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Begun {
    /// The task has begun.
    Upid(String),
    /// It cannot begin.
    Problem(Problem),
}

/// Reads a work order from standard input and carries it out.
///
/// # Errors
/// What the change runs into; the task's log has it too.
pub(crate) fn worker(options: &WorkerOptions) -> Result<(), Problem> {
    super::log_to_stderr();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(Problem::failed)?;
    let order: WorkOrder = serde_json::from_str(&text).map_err(Problem::failed)?;
    let api = wiring::api(wiring::host(options.root.as_deref())?);
    let mut parent = Parent { told: false };
    match api.work(&order, &mut parent) {
        Ok(_) => Ok(()),
        // before the task began the parent still waits for an answer; afterwards the task's log is the answer
        Err(problem) if !parent.told => {
            parent.tell(&Begun::Problem(problem));
            Ok(())
        }
        Err(problem) => Err(problem),
    }
}

struct Parent {
    told: bool,
}

impl Parent {
    fn tell(&mut self, begun: &Begun) {
        self.told = true;
        let Ok(line) = serde_json::to_string(begun) else { return };
        let mut stdout = std::io::stdout();
        // a parent that died meanwhile does not stop the work
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    }
}

impl Console for Parent {
    fn started(&mut self, upid: &Upid) {
        self.tell(&Begun::Upid(upid.to_string()));
    }

    fn line(&mut self, _text: &str) {}
}
