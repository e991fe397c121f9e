//! Firmware that is stored on devices, written by fwupd.

use innkeeper_change::{Action, Hazard, Invocation, Plan, Problem, Severity, Step, Undo, Value};

use super::{mark, restart};
use crate::fwupd::{Class, Found};
use crate::model::Release;
use crate::state::State;

const ENV: &str = "/usr/bin/env";
const FWUPDMGR: &str = "/usr/bin/fwupdmgr";
/// A slow flash takes half an hour, and whoever kills its writer loses the device.
const DEADLINE: u32 = 4 * 3600;
const REFRESH_DEADLINE: u32 = 600;

/// What can be asked for about a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest<'a> {
    /// The device.
    pub found: &'a Found,
    /// The versions that it can have.
    pub releases: &'a [Release],
    /// The one that it shall have; the newest without it.
    pub version: Option<&'a str>,
}

/// Plans to write firmware. What the device has already needs nothing.
///
/// # Errors
/// A device that cannot be updated, or not now; a version that is not offered.
pub fn update(state: &State, request: &DeviceRequest<'_>) -> Result<Plan, Problem> {
    let device = &request.found.device;
    let mut plan = Plan::new(format!("update the firmware of {}", device.name));
    let Some(release) = wanted(request)? else { return Ok(plan) };
    if device.version.as_deref() == Some(release.version.as_str()) {
        return Ok(plan);
    }
    if !device.updatable {
        return Err(Problem::Invalid(format!("{} cannot be updated: {}", device.name, why(request.found))));
    }
    if matches!(device.state.as_deref(), Some("pending" | "needs-reboot")) {
        return Err(Problem::Invalid(format!(
            "{} has firmware that waits for the next start of this host: restart it first",
            device.name
        )));
    }
    let older = release.relation == "older";
    let from = device.version.as_deref().unwrap_or("unknown");
    let what = format!("write firmware {} to {} (now {from})", release.version, device.name);
    let mut words = vec!["NO_COLOR=1", FWUPDMGR, "install", &device.id, &release.version];
    words.extend(["--assume-yes", "--no-reboot-check", "--no-unreported-check", "--no-metadata-check"]);
    words.push("--no-remote-check");
    words.extend(older.then_some("--allow-older"));
    let undo = Undo::Impossible(format!(
        "firmware is not taken back by itself; where the maker allows it, 'innkeeper firmware update {} --version {from}' does",
        device.id
    ));
    if device.needs_reboot || request.found.needs_shutdown {
        let waits = format!("firmware {} of {} waits for it", release.version, device.name);
        plan = plan.step(mark(state, &format!("fwupd-{}", device.id), &waits));
    }
    plan = plan.step(Step { what, action: run(&words, DEADLINE), undo });
    Ok(hazards(state, request.found, older).into_iter().fold(plan, Plan::hazard))
}

fn run(words: &[&str], deadline: u32) -> Action {
    let args = words.iter().map(|word| Value::from(*word)).collect();
    Action::Run(Invocation {
        program: ENV.into(),
        args,
        stdin: None,
        deadline,
        produces: None,
        accept: Vec::new(),
    })
}

fn wanted<'a>(request: &DeviceRequest<'a>) -> Result<Option<&'a Release>, Problem> {
    match request.version {
        Some(version) => {
            let known = request.releases.iter().find(|release| release.version == version);
            known.map(Some).ok_or_else(|| {
                let versions: Vec<_> = request.releases.iter().map(|one| one.version.as_str()).collect();
                Problem::parameter("version", format!("not offered; there are {}", versions.join(", ")))
            })
        }
        None => Ok(request.releases.iter().find(|release| release.relation == "newer")),
    }
}

fn why(found: &Found) -> String {
    match found.device.problems.as_slice() {
        [] => "fwupd can only show its version".to_owned(),
        problems => problems.join("; "),
    }
}

fn hazards(state: &State, found: &Found, older: bool) -> Vec<Hazard> {
    let name = &found.device.name;
    let warning = |id: &str, message: String, avoid: &str| Hazard::new(id, Severity::Warning, message, avoid);
    let mut hazards = vec![warning(
        "firmware.power-loss",
        format!("A loss of power while {name} is written can leave it unusable."),
        "Have the host on a power supply that holds, and interrupt nothing.",
    )];
    if matches!(found.class, Class::System | Class::Storage) {
        hazards.push(warning(
            "firmware.settings-may-reset",
            format!("The settings of {name} may be reset by the update."),
            "Write down or back up its configuration, and follow the maker's instructions.",
        ));
    }
    if found.class == Class::Revocations {
        hazards.push(warning(
            "firmware.revoked-boot-loaders",
            "With Secure Boot on, boot loaders that the new list revokes no longer start.".to_owned(),
            "Bring shim and boot loader up to date first.",
        ));
    }
    if found.stops {
        let message = format!("{name} may not work while it is written.");
        hazards.push(warning("firmware.device-stops", message, "Do it when nothing uses it."));
    }
    if older {
        let message =
            format!("The version is older than the one that {name} has: flaws that were cured come back.");
        hazards.push(warning("firmware.older", message, "Go back only where the newer version does harm."));
    }
    if found.needs_shutdown {
        let message = format!("The new firmware of {name} takes effect when this host was switched off.");
        hazards.push(restart(state, &message));
    } else if found.device.needs_reboot {
        let message =
            format!("The new firmware of {name} is written or takes effect at the next start of this host.");
        hazards.push(restart(state, &message));
    }
    hazards
}

/// What is left to do after an update: nothing when the device has the version, or has it at the next start.
///
/// # Errors
/// That it failed, which no second try would change.
pub fn left(found: &Found, version: &str) -> Result<Plan, Problem> {
    let device = &found.device;
    let waits = matches!(device.state.as_deref(), Some("pending" | "needs-reboot"));
    if waits || device.version.as_deref() == Some(version) {
        return Ok(Plan::new("nothing"));
    }
    let now = device.version.as_deref().unwrap_or("unknown");
    let problems = device.problems.join("; ");
    Err(Problem::failed(
        format!("{} still has firmware {now} and not {version}. {problems}", device.name).trim_end(),
    ))
}

/// Plans to ask the makers' service what it offers. There is nothing to take back.
pub fn metadata() -> Plan {
    let action = run(&["NO_COLOR=1", FWUPDMGR, "refresh", "--force", "--assume-yes"], REFRESH_DEADLINE);
    let what = "fetch the list of firmware that makers offer".to_owned();
    Plan::new("refresh the list of firmware").step(Step { what, action, undo: Undo::Nothing })
}
