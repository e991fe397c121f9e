//! ([`State`], [`Request`]) → [`Plan`]. Pure: the same state and request give the same plan.

mod device;
mod esp;
pub mod packages;

pub use device::{DeviceRequest, left, metadata, update};
pub use esp::install_fwupd;
pub(crate) use esp::{device as esp_device, too_old};

use innkeeper_change::{Content, FileChange, Hazard, Plan, Problem, Severity, Step};

use crate::packages::{Installed, choose, is_version};
use crate::state::{MARKS, State};
use crate::version;

/// What can be asked for about the microcode package of this CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Have it installed, with whatever that takes: the component, fresh package lists.
    Install,
    /// Have this version, which may end in `*`, and hold it there or leave that as it is.
    Version {
        /// The version.
        version: String,
        /// Hold it.
        hold: bool,
    },
    /// Have upgrades pass it over, or no longer.
    Hold {
        /// On or off.
        on: bool,
        /// Also bring it to the newest version, when it is released.
        upgrade: bool,
    },
    /// Remove it.
    Remove,
}

/// What the package sources can contribute, as plans of theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePlans {
    /// Enables the component with firmware; empty when it is enabled everywhere.
    pub enable: Plan,
    /// Refreshes the package lists.
    pub refresh: Plan,
}

/// Plans what a request asks for.
///
/// # Errors
/// A CPU whose microcode is not packaged, a version that is not available, a package that is not installed.
pub fn plan(state: &State, sources: &SourcePlans, request: &Request) -> Result<Plan, Problem> {
    if state.is_tree {
        return Err(Problem::Invalid(
            "packages are installed by the system itself, not into its tree".to_owned(),
        ));
    }
    let name = state.microcode().ok_or_else(|| {
        let vendor = state.cpu.as_ref().map_or("unknown", |cpu| cpu.vendor.as_str());
        Problem::Invalid(format!("no microcode is packaged for CPUs of the maker '{vendor}'"))
    })?;
    match request {
        Request::Install => install(state, sources, name),
        Request::Version { version, hold } => have_version(state, name, version, *hold),
        Request::Hold { on, upgrade } => hold(state, sources, name, *on, *upgrade),
        Request::Remove => Ok(remove(state, name)),
    }
}

fn install(state: &State, sources: &SourcePlans, name: &str) -> Result<Plan, Problem> {
    let mut plan = Plan::new(format!("install {name}"));
    if state.installed().is_some() {
        return Ok(plan);
    }
    if state.available.is_empty() {
        if !state.component.enabled && sources.enable.is_empty() {
            return Err(Problem::Invalid(format!(
                "{name} is in Debian's component {}, and no configured repository is one of Debian's own: add the \
                 component to your mirror's entry, then refresh the package lists",
                state.component.name
            )));
        }
        plan = join(plan, &sources.enable);
        plan = join(plan, &sources.refresh);
    }
    plan = plan.step(mark(state, name, &format!("{name} was installed")));
    plan = plan.step(packages::install(name, None, None));
    Ok(caution(state, plan))
}

fn have_version(state: &State, name: &str, wanted: &str, hold: bool) -> Result<Plan, Problem> {
    if !is_version(wanted.strip_suffix('*').unwrap_or(wanted)) {
        return Err(Problem::parameter("version", "invalid format - not a version of a package"));
    }
    let now = state.installed();
    // what is installed need not be offered any more
    let here = now.map(|now| now.version.as_str()).filter(|version| *version == wanted);
    let version =
        here.or_else(|| choose(&state.available, wanted)).ok_or_else(|| none_such(state, name, wanted))?;
    let mut plan = Plan::new(format!("have {name} in version {version}"));
    let is_held = now.is_some_and(|now| now.held);
    if now.is_none_or(|now| now.version != version) {
        plan = change(state, plan, name, version, is_held);
        if is_held {
            plan = plan.step(packages::hold(name, true));
        }
    }
    if hold && !is_held {
        plan = plan.step(packages::hold(name, true));
    }
    let offered_newer = crate::packages::newer(&state.available, version);
    if let Some(newer) = offered_newer.filter(|_| !hold && !is_held && !plan.is_empty()) {
        plan = plan.hazard(Hazard::new(
            "firmware.upgraded-again",
            Severity::Notice,
            format!("The next upgrade of packages would bring {name} to {newer} again."),
            "Hold the package for a while, then try a newer version.",
        ));
    }
    Ok(plan)
}

/// APT leaves a held package alone, so it is released for as long as it takes.
fn change(state: &State, mut plan: Plan, name: &str, version: &str, is_held: bool) -> Plan {
    let now = state.installed();
    if is_held {
        plan = plan.step(packages::hold(name, false));
    }
    let what = match now {
        Some(now) => format!("{name} was changed from {} to {version}", now.version),
        None => format!("{name} {version} was installed"),
    };
    plan = plan.step(mark(state, name, &what)).step(packages::install(name, Some(version), now));
    caution(state, plan)
}

fn none_such(state: &State, name: &str, wanted: &str) -> Problem {
    let versions: Vec<_> = state.available.iter().map(|one| one.version.as_str()).collect();
    Problem::Invalid(match versions.as_slice() {
        [] => format!("{name} {wanted}: no configured repository offers any version of it"),
        _ => format!("{name} {wanted}: not available; there are {}", versions.join(", ")),
    })
}

fn hold(state: &State, sources: &SourcePlans, name: &str, on: bool, upgrade: bool) -> Result<Plan, Problem> {
    let now = state.installed().ok_or_else(|| Problem::Invalid(format!("{name} is not installed")))?;
    let mut plan = Plan::new(if on { format!("hold {name}") } else { format!("release {name}") });
    let newer = crate::packages::newer(&state.available, &now.version);
    if now.held != on {
        plan = plan.step(packages::hold(name, on));
    } else if newer.is_none() || on {
        return Ok(plan);
    }
    if upgrade && !on {
        plan = join(plan, &sources.refresh);
        if let Some(newer) = newer {
            plan =
                plan.step(mark(state, name, &format!("{name} was changed from {} to {newer}", now.version)));
        }
        plan = caution(state, plan.step(packages::install(name, None, Some(now))));
    }
    Ok(plan)
}

fn remove(state: &State, name: &str) -> Plan {
    let mut plan = Plan::new(format!("remove {name}"));
    let Some(now) = state.installed() else { return plan };
    if now.held {
        plan = plan.step(packages::hold(name, false));
    }
    let plan = plan
        .step(mark(state, name, &format!("{name} {} was removed", now.version)))
        .step(packages::purge(now))
        .hazard(Hazard::new(
            "firmware.microcode-removed",
            Severity::Warning,
            "Without the package the CPU runs the microcode that the BIOS brings, which may be too old and have known flaws.",
            "Install an older version of the package instead: 'innkeeper firmware versions', then 'innkeeper firmware downgrade'.",
        ));
    caution(state, plan)
}

/// A file that says what waits for a restart; it counts until this host is started again.
fn mark(state: &State, name: &str, what: &str) -> Step {
    let before = state.marks.get(name).map(|mark| Content::from(mark.text.clone()));
    let text = format!("{}\n{what}\n", state.boot_id);
    Step::file("note that a restart is needed", FileChange::write(format!("{MARKS}/{name}"), before, text))
}

/// What holds for every change of microcode: it waits for a restart, and in a guest nobody loads it.
fn caution(state: &State, plan: Plan) -> Plan {
    let plan = match &state.virtualization {
        Some(kind) => plan.hazard(Hazard::new(
            "firmware.virtual",
            Severity::Notice,
            format!("This host is itself a guest ({kind}): its kernel loads no microcode."),
            "Install microcode on the machine that runs it.",
        )),
        None => plan,
    };
    plan.hazard(restart(state, "Microcode is loaded when this host is started again."))
}

/// A restart that is needed, with what stands against it.
pub(crate) fn restart(state: &State, why: &str) -> Hazard {
    let avoid = match state.obstacles.as_slice() {
        [] => "Restart it when nobody needs it.".to_owned(),
        obstacles => format!("Before you restart it: {}.", obstacles.join("; ")),
    };
    Hazard::new("firmware.restart-needed", Severity::Notice, why, avoid)
}

/// Adds the steps and hazards of another plan.
fn join(mut plan: Plan, other: &Plan) -> Plan {
    plan = other.steps.iter().cloned().fold(plan, Plan::step);
    other.hazards.iter().cloned().fold(plan, Plan::hazard)
}

/// How a version stands to the one that is installed.
pub fn relation(installed: Option<&Installed>, version: &str) -> &'static str {
    match installed.map(|now| version::compare(version, &now.version)) {
        None => "available",
        Some(std::cmp::Ordering::Less) => "older",
        Some(std::cmp::Ordering::Equal) => "installed",
        Some(std::cmp::Ordering::Greater) => "newer",
    }
}
