//! Microcode of the CPU, and firmware of everything else.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | how it stands | `/nodes/{node}/firmware/status` | `innkeeper firmware show` |
//! | microcode | `/nodes/{node}/firmware/microcode` | `innkeeper firmware install`, `versions`, `downgrade`, `hold`, `unhold`, `remove` |
//! | devices | `/nodes/{node}/firmware/devices…`, `/fwupd` | `innkeeper firmware devices`, `releases`, `update`, `refresh`, `install-fwupd` |
//!
//! Files: `/proc/cpuinfo`, `/sys/devices/system/cpu`, `/sys/class/dmi`, EFI variables, the containers in
//! `/lib/firmware/intel-ucode` and `amd-ucode`, dpkg's database; written is only `/var/lib/innkeeper/reboot-needed`. Programs:
//! apt-get(8), apt-mark(8), apt-cache(8), fwupdmgr(1), journalctl(1), systemd-detect-virt(1).
//!
//! Microcode is what the CPU itself runs; firmware is what all other devices run. Both are updated by the maker's BIOS or UEFI,
//! which is best; by the system at every start, which is what the packages here are for; or by fwupd, which writes to the
//! devices. Inside a guest none of this is the guest's business, and no check says anything.
//!
//! Package sources belong to another chapter: the program hands them in as [`Sources`].

mod api;
pub mod checks;
pub mod cpu;
mod device_api;
pub mod efi;
pub mod fwupd;
pub mod inspect;
pub mod kernel_log;
pub mod model;
pub mod packages;
pub mod plan;
pub mod releases;
pub mod safety;
pub mod state;
pub mod ucode;
pub mod version;
pub mod view;
pub mod vulnerabilities;

use innkeeper_change::{Plan, Problem};
use innkeeper_host::Host;
use innkeeper_rest::{Check, Method};

/// What this chapter needs of the package sources.
pub trait Sources: 'static {
    /// Debian's component with firmware that is not free, and whether it is enabled.
    ///
    /// # Errors
    /// When the sources cannot be looked at.
    fn component(host: &dyn Host) -> Result<model::Component, Problem>;

    /// The plan that enables it; empty when there is nothing to do or nothing that can be done.
    ///
    /// # Errors
    /// As [`Sources::component`].
    fn enable(host: &dyn Host) -> Result<Plan, Problem>;

    /// The plan that refreshes the package lists.
    ///
    /// # Errors
    /// What stands against a refresh.
    fn refresh(host: &dyn Host) -> Result<Plan, Problem>;
}

/// Every method of this chapter.
pub fn methods<S: Sources>() -> Vec<Method> {
    let mut methods = api::methods::<S>();
    methods.extend(device_api::methods::<S>());
    methods
}

/// Every health check of this chapter.
pub fn checks<S: Sources>() -> Vec<Check> {
    vec![Check { area: "firmware", title: "microcode and firmware", run: checks::run::<S> }]
}
