//! What the program is made of: the machine, and every chapter's methods and checks over it.

use std::sync::Arc;

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::{Host, RealHost};
use innkeeper_rest::Api;

use crate::methods::{AptSources, methods};
use crate::service::Watchers;

/// The machine itself, or the tree below `root`.
///
/// # Errors
/// When `root` is not a directory.
pub(crate) fn host(root: Option<&Utf8Path>) -> Result<Arc<dyn Host>, Problem> {
    Ok(match root {
        Some(root) => Arc::new(RealHost::rooted(root)?),
        None => Arc::new(RealHost::new()),
    })
}

/// Every method and every health check over `host`.
pub(crate) fn api(host: Arc<dyn Host>) -> Api {
    let alarm = Watchers::over(Arc::clone(&host));
    Api::new(methods(), host)
        .with_checks(innkeeper_access_chapter::checks())
        .with_checks(innkeeper_apt::checks())
        .with_checks(innkeeper_firmware::checks::<AptSources>())
        .with_checks(innkeeper_network::checks())
        .with_checks(innkeeper_services::checks())
        .with_checks(innkeeper_updates::checks())
        .with_alarm(alarm)
}
