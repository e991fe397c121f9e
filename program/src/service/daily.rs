//! What is done once a day: forgetting what no list names any more.

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_engine::Engine;
use innkeeper_host::remove_left_overs;

use super::DailyOptions;
use crate::wiring;

/// Where this program writes files by way of a temporary one, and how many levels deep.
const WRITTEN: [(&str, u32); 5] = [
    ("/etc/pve", 6),
    ("/etc/apt", 2),
    ("/usr/share/keyrings", 0),
    ("/var/lib/innkeeper", 2),
    ("/var/log/pve", 2),
];

type Step = (&'static str, fn(&Engine) -> Result<String, Problem>);

/// Each of them is done whatever becomes of the others.
const STEPS: [Step; 3] = [
    ("keep the list of tasks", |engine| engine.tasks().housekeep().map(|()| "done".to_owned())),
    ("remove logs of tasks that no list names", |engine| {
        Ok(format!("{} removed", engine.tasks().remove_old_logs()?))
    }),
    ("remove temporary files that were left behind", |engine| {
        let mut removed = 0;
        for (directory, levels) in WRITTEN {
            removed += remove_left_overs(engine.host().as_ref(), Utf8Path::new(directory), levels)?;
        }
        Ok(format!("{removed} removed"))
    }),
];

/// Does all of it, and says what came of it.
///
/// # Errors
/// Which steps failed; the others are done.
pub(crate) fn daily(options: &DailyOptions) -> Result<(), Problem> {
    super::log_to_stderr();
    let engine = Engine::new(wiring::host(options.root.as_deref())?);
    let mut failed = Vec::new();
    for (what, run) in STEPS {
        match run(&engine) {
            Ok(outcome) => tracing::info!("{what}: {outcome}"),
            Err(problem) => {
                tracing::warn!("{what}: {problem}");
                failed.push(format!("{what}: {problem}"));
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Problem::failed(failed.join("\n"))) }
}
