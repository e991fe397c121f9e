//! What takes back changes that nobody confirms: timers of systemd, or processes of our own where it does not run.

use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_engine::Alarm;
use innkeeper_host::{Command, Host};

use super::spawn::Service;
use super::{RevertOptions, daemon};
use crate::wiring;

/// There where systemd is the init of the running system.
const SYSTEMD: &str = "/run/systemd/system";
/// systemd answers at once or not at all, but the host may be busy.
const DEADLINE: Duration = Duration::from_secs(30);

/// Sets alarms for the changes of one host.
pub(crate) struct Watchers {
    host: Arc<dyn Host>,
}

impl Watchers {
    pub(crate) fn over(host: Arc<dyn Host>) -> Self {
        Self { host }
    }

    fn has_systemd(&self) -> bool {
        self.host.root().is_none()
            && self.host.metadata(Utf8Path::new(SYSTEMD)).is_ok_and(|found| found.is_some())
    }

    /// A transient timer lives outside every process of ours, and ends with the machine: then the unit that runs at its
    /// start takes over.
    fn set_timer(&self, change: i64, seconds: u32) -> Result<(), Problem> {
        let command = Command::new("/usr/bin/systemd-run")
            .args(["--quiet", "--collect", "--timer-property=AccuracySec=1s"])
            .arg(format!("--unit={}", unit(change)))
            .arg(format!("--description=Take back change {change} unless it is confirmed"))
            .arg(format!("--on-active={seconds}s"))
            .arg("--")
            .arg(myself()?)
            .args(["revert", "--wait"])
            .arg(change.to_string())
            .deadline(DEADLINE);
        Ok(self.host.run(&command).map(drop)?)
    }

    fn start_watcher(&self, change: i64) -> Result<(), Problem> {
        let root = super::absolute(self.host.root())?;
        let service =
            Service::new("revert").arg("--wait").arg(change.to_string()).root(root.as_deref()).on_its_own();
        let (mut child, _) = service.ready()?;
        // whoever started it must collect it when it ends, or it stays as a zombie
        std::thread::spawn(move || child.wait());
        Ok(())
    }
}

impl Alarm for Watchers {
    fn set(&self, change: i64, seconds: u32) -> Result<(), Problem> {
        if self.has_systemd() {
            // one may be left of a history that was begun anew since
            self.clear(change);
            self.set_timer(change, seconds)
        } else {
            self.start_watcher(change)
        }
    }

    fn clear(&self, change: i64) {
        if self.has_systemd() {
            let stop = Command::new("/usr/bin/systemctl")
                .args(["--quiet", "stop", "--"])
                .arg(format!("{}.timer", unit(change)))
                // there is none any more
                .accept(&[5])
                .deadline(DEADLINE);
            if let Err(error) = self.host.run(&stop) {
                tracing::debug!(%error, change, "the timer of a change that has ended stays");
            }
        }
        // a watcher of our own sees for itself that it is not needed any more
    }
}

fn unit(change: i64) -> String {
    format!("innkeeper-revert-{change}")
}

/// This program's file. After an upgrade the kernel says that the old one was deleted: the new one is in its place.
fn myself() -> Result<String, Problem> {
    let path = std::env::current_exe().map_err(Problem::failed)?;
    let path =
        Utf8PathBuf::from_path_buf(path).map_err(|_| Problem::failed("the program's path is not UTF-8"))?;
    Ok(path.as_str().trim_end_matches(" (deleted)").to_owned())
}

/// Takes back what nobody confirmed: one change when its time is up, or all whose time is up.
///
/// # Errors
/// What could not be taken back.
pub(crate) fn revert(options: &RevertOptions) -> Result<(), Problem> {
    super::log_to_stderr();
    let api = wiring::api(wiring::host(options.root.as_deref())?);
    let Some(change) = options.wait else {
        let failed = api.engine().revert_due();
        let all: Vec<_> = failed.iter().map(|(change, why)| format!("change '{change}': {why}")).collect();
        return if all.is_empty() { Ok(()) } else { Err(Problem::failed(all.join("; "))) };
    };
    // neither the end of a terminal nor that of the process that started this one may end it
    let _ = rustix::process::setsid();
    daemon::say_ready("")?;
    api.engine().watch(change)
}
