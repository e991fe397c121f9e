//! What is wrong with the engine's own things, for the health checks.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Fix, Level, Problem};

use crate::armed::{Records, Stage};
use crate::damaged;
use crate::engine::Engine;
use crate::journal::Journal;

impl Engine {
    /// Changes that were cut off, and armed changes that could not be taken back.
    ///
    /// # Errors
    /// When the records or the journal cannot be read.
    pub fn findings(&self) -> Result<Vec<Finding>, Problem> {
        let host = &**self.host();
        let mut found = damaged::findings(host)?;
        let records = Records(host);
        for (change, stage) in records.list()? {
            let error = match (records.read(change, stage), stage) {
                (Err(problem), _) => problem.to_string(),
                (Ok(record), Stage::Stuck) => record.error.unwrap_or_default(),
                (Ok(_), _) => continue,
            };
            found.push(stuck(host.node_name(), change, error));
        }
        if !Journal::exists(host)? {
            return Ok(found);
        }
        for change in self.journal()?.interrupted()? {
            // one that is taken back by its alarm needs nobody
            if records.stage(change.id)?.is_none() {
                found.push(interrupted(host.node_name(), change.id, &change.summary));
            }
        }
        Ok(found)
    }
}

fn stuck(node: String, change: i64, error: String) -> Finding {
    let path = |verb: &str| format!("/nodes/{node}/changes/{change}/{verb}");
    Finding {
        id: "history.stuck".to_owned(),
        level: Level::Critical,
        message: format!("change {change} was not confirmed and could not be taken back"),
        evidence: error,
        advice: format!(
            "See what is different with 'innkeeper changes show {change}'; put it right and take the change back, or keep \
             what is there."
        ),
        fixes: vec![fix("Take it back", path("revert"))],
    }
}

fn interrupted(node: String, change: i64, summary: &str) -> Finding {
    let path = |verb: &str| format!("/nodes/{node}/history/{change}/{verb}");
    Finding {
        id: "history.interrupted".to_owned(),
        level: Level::Warning,
        message: format!("change {change} was interrupted: {summary}"),
        evidence: format!(
            "The journal has its beginning and no end; 'innkeeper history show {change}' lists its steps."
        ),
        advice: format!(
            "Take it back, or finish it with 'innkeeper history finish {change}'; each file is as it was or as it shall be."
        ),
        fixes: vec![fix("Take it back", path("undo"))],
    }
}

fn fix(label: &str, path: String) -> Fix {
    Fix { label: label.to_owned(), verb: "POST".to_owned(), path, params: BTreeMap::new() }
}
