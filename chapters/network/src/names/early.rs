//! The initial RAM disks, which have copies of the link files: udev names cards there already when a driver is loaded early.

use innkeeper_change::{Action, FileChange, Hazard, Invocation, Plan, Problem, Severity, Step, Undo, Value};
use innkeeper_host::Host;

use super::inspect::State;

/// The program that builds them.
const UPDATE_INITRAMFS: &str = "/usr/sbin/update-initramfs";
/// Building one for each kernel takes minutes on slow disks.
const DEADLINE: u32 = 1800;

/// Whether the initial RAM disks can be built anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initramfs {
    /// Nothing here builds any.
    #[default]
    Absent,
    /// They are those of this host.
    Here,
    /// They are those of a system that does not run.
    OfATree,
}

pub(super) fn inspect(host: &dyn Host) -> Result<Initramfs, Problem> {
    Ok(match host.metadata(UPDATE_INITRAMFS.into())? {
        None => Initramfs::Absent,
        Some(_) if host.root().is_some() => Initramfs::OfATree,
        Some(_) => Initramfs::Here,
    })
}

/// A step that writes or removes a link file. Its way back ends with the copies as they were.
pub(super) fn link_file(state: &State, what: String, change: FileChange) -> Step {
    let mut back = vec![Action::File(change.inverse())];
    back.extend((state.initramfs == Initramfs::Here).then(build));
    Step { what, action: Action::File(change), undo: Undo::By(back) }
}

/// Adds the copies of the link files when any is written or removed.
pub(super) fn with_copies(state: &State, plan: Plan) -> Plan {
    if !plan.files().any(|change| change.path.extension() == Some("link")) {
        return plan;
    }
    match state.initramfs {
        Initramfs::Absent => plan,
        Initramfs::Here => plan.step(Step {
            what: "build the initial RAM disks anew, which have copies of the link files".to_owned(),
            action: build(),
            // each link file brings its own way back, which ends with the same
            undo: Undo::Nothing,
        }),
        Initramfs::OfATree => plan.hazard(Hazard::new(
            "nic.initramfs-of-the-tree",
            Severity::Notice,
            "The initial RAM disk of a system that does not run is not built anew.",
            "Run 'update-initramfs -u -k all' in it.",
        )),
    }
}

fn build() -> Action {
    Action::Run(Invocation {
        program: UPDATE_INITRAMFS.into(),
        args: ["-u", "-k", "all"].into_iter().map(Value::from).collect(),
        stdin: None,
        deadline: DEADLINE,
        produces: None,
        accept: Vec::new(),
    })
}
