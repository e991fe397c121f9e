//! The keeper of what changes by itself: the list of running tasks.

use std::sync::Arc;

use innkeeper_change::Problem;
use innkeeper_engine::Engine;

use super::{StatdOptions, daemon, manager};
use crate::wiring;

/// Keeps the list of tasks until asked to end.
///
/// # Errors
/// When the tree to work on is not there.
pub(crate) fn statd(options: &StatdOptions) -> Result<(), Problem> {
    super::log_to_stderr();
    let engine = Arc::new(Engine::new(wiring::host(options.root.as_deref())?));
    super::runtime()?.block_on(keep(engine))
}

async fn keep(engine: Arc<Engine>) -> Result<(), Problem> {
    let mut end = std::pin::pin!(super::asked_to_end());
    let mut is_ready = false;
    loop {
        let keeper = Arc::clone(&engine);
        let round = tokio::task::spawn_blocking(move || keeper.tasks().housekeep());
        match round.await {
            Ok(Ok(())) => tracing::debug!("housekeeping is done"),
            Ok(Err(problem)) => tracing::warn!(%problem, "the list of active tasks could not be kept"),
            Err(panic) => tracing::error!(%panic, "the list of active tasks could not be kept"),
        }
        if !std::mem::replace(&mut is_ready, true) {
            daemon::say_ready("")?;
        }
        // a round that never ends gives no sign of life either
        manager::tell("WATCHDOG=1");
        tokio::select! {
            () = tokio::time::sleep(super::tick()) => {}
            () = &mut end => break,
        }
    }
    manager::tell("STOPPING=1");
    Ok(())
}
