//! Installing fwupd, with what it needs to be there before.

use innkeeper_change::{Action, Hazard, Invocation, Plan, Problem, Severity, Step, Undo, Value};

use super::packages;
use crate::state::{FWUPD, State};

const MOUNT: &str = "/usr/bin/mount";
const UMOUNT: &str = "/usr/bin/umount";
const MKDIR: &str = "/usr/bin/mkdir";
const PLACE: &str = "/boot/efi";
const DEADLINE: u32 = 60;
/// The vendors' service knows machines that were made after this year.
const TOO_OLD: u32 = 2014;

/// The device of the EFI system partition that this host was started from.
pub(crate) fn device(state: &State) -> Option<String> {
    Some(format!("/dev/disk/by-partuuid/{}", state.esp.partition.as_deref()?))
}

/// The year of the BIOS, which is all that is known of the machine's age.
pub(crate) fn bios_year(state: &State) -> Option<u32> {
    state.board.bios_date.as_deref()?.rsplit('/').next()?.parse().ok()
}

/// Why this machine is probably too old for the vendors' service, if it is.
pub(crate) fn too_old(state: &State) -> Option<String> {
    let year = bios_year(state).filter(|year| *year <= TOO_OLD)?;
    Some(format!("The BIOS is of {year}: vendors offer firmware this way for machines made after {TOO_OLD}."))
}

/// Plans to install fwupd: the EFI system partition is mounted first, so that fwupd finds it.
///
/// # Errors
/// A host that was not started through UEFI.
pub fn install_fwupd(state: &State, refresh: &Plan) -> Result<Plan, Problem> {
    if state.is_tree {
        return Err(Problem::Invalid(
            "fwupd is installed by the system itself, not into its tree".to_owned(),
        ));
    }
    let mut plan = Plan::new("install fwupd");
    if state.package(FWUPD).is_some() {
        return Ok(plan);
    }
    if !state.uefi {
        return Err(Problem::Invalid(
            "this host was not started through UEFI (/sys/firmware/efi is missing): its firmware cannot be updated \
             from here; use the way of the machine's maker"
                .to_owned(),
        ));
    }
    if state.esp.mounted.is_none() {
        plan = match device(state) {
            Some(device) => mounted(plan, &device),
            None => plan.hazard(Hazard::new(
                "firmware.esp-unknown",
                Severity::Warning,
                "The EFI system partition that this host was started from is not known, and none is mounted at /boot/efi.",
                "Mount it there before: 'efibootmgr -v' names it behind BootCurrent.",
            )),
        };
    }
    if state.lists_fetched.is_none() {
        plan = super::join(plan, refresh);
    }
    if let Some(message) = too_old(state) {
        let avoid = "Look on the maker's pages for other ways.";
        plan = plan.hazard(Hazard::new("firmware.machine-too-old", Severity::Warning, message, avoid));
    }
    Ok(plan.step(packages::install(FWUPD, None, None)))
}

fn mounted(plan: Plan, device: &str) -> Plan {
    let run = |program: &str, args: &[&str]| {
        let args = args.iter().map(|arg| Value::from(*arg)).collect();
        Action::Run(Invocation {
            program: program.into(),
            args,
            stdin: None,
            deadline: DEADLINE,
            produces: None,
            accept: Vec::new(),
        })
    };
    let made = Step {
        what: format!("make the directory {PLACE} if it is missing"),
        action: run(MKDIR, &["-p", PLACE]),
        undo: Undo::Nothing,
    };
    let mounted = Step {
        what: format!("mount the EFI system partition at {PLACE}"),
        action: run(MOUNT, &[device, PLACE]),
        undo: Undo::By(vec![run(UMOUNT, &[PLACE])]),
    };
    plan.step(made).step(mounted)
}
