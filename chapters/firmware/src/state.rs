//! What the chapter knows of a host. Pure data and questions about it.

use std::collections::BTreeMap;

use crate::cpu::{Cpu, Maker};
use crate::kernel_log::Said;
use crate::model::{Board, Component};
use crate::packages::{self, Available, Installed};
use crate::ucode::Update;

/// Marks of what needs a restart, one file for each cause.
pub const MARKS: &str = "/var/lib/innkeeper/reboot-needed";
/// The package of the product's own firmware.
pub const PRODUCT_FIRMWARE: &str = "pve-firmware";
/// What a host of the product has installed.
pub const PRODUCT: [&str; 2] = ["proxmox-ve", "pve-manager"];
/// The packages that manage firmware, besides the microcode itself.
pub const FWUPD: &str = "fwupd";
const THREE_DAYS: i64 = 3 * 24 * 3600;

/// A mark that something needs a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The start of the host during which it was made.
    pub boot_id: String,
    /// What changed, in words.
    pub what: String,
    /// The whole file, for the planner that replaces it.
    pub text: String,
}

/// The EFI system partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Esp {
    /// The GUID of the partition that this host was started from.
    pub partition: Option<String>,
    /// What is mounted at `/boot/efi`.
    pub mounted: Option<String>,
}

/// The state of microcode and firmware of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The node's name, for calls that cure a finding.
    pub node: String,
    /// Seconds since 1970 when this was read.
    pub now: i64,
    /// It is another system's tree: nothing of it runs.
    pub is_tree: bool,
    /// When this host was started, in seconds since 1970.
    pub booted: Option<i64>,
    /// What tells this start from every other one.
    pub boot_id: String,
    /// The kind of virtual machine or container that it is.
    pub virtualization: Option<String>,
    /// The machine.
    pub board: Board,
    /// The CPU.
    pub cpu: Option<Cpu>,
    /// The words on the kernel's command line.
    pub command_line: Vec<String>,
    /// What the kernel said of microcode when it started; `None` when its log cannot be read.
    pub log: Option<Said>,
    /// The microcode that the installed package carries for this CPU, or why that is not known.
    pub carried: Option<Result<Update, String>>,
    /// Names of flaws and the kernel's sentence on each.
    pub vulnerabilities: Vec<(String, String)>,
    /// Packages that have to do with firmware.
    pub packages: Vec<Installed>,
    /// When files of a package were last unpacked, in seconds since 1970.
    pub unpacked: BTreeMap<String, i64>,
    /// The newest unpacking of a kernel, in seconds since 1970.
    pub kernel_unpacked: Option<i64>,
    /// When the package lists were last fetched, in seconds since 1970.
    pub lists_fetched: Option<i64>,
    /// `VERSION_CODENAME` of os-release.
    pub codename: Option<String>,
    /// Debian's component with firmware.
    pub component: Component,
    /// Marks by their name.
    pub marks: BTreeMap<String, Mark>,
    /// Versions of the microcode package that APT could install; read only where they are needed.
    pub available: Vec<Available>,
    /// The host was started through UEFI.
    pub uefi: bool,
    /// The EFI system partition.
    pub esp: Esp,
    /// Vendor numbers of network cards.
    pub network_vendors: Vec<u32>,
    /// What a restart would interrupt, or should wait for.
    pub obstacles: Vec<String>,
}

impl Default for Component {
    fn default() -> Self {
        Self { name: "non-free-firmware".to_owned(), enabled: false }
    }
}

impl State {
    /// Who made the CPU, if microcode for it is packaged.
    pub fn maker(&self) -> Option<Maker> {
        self.cpu.as_ref()?.maker()
    }

    /// The package with microcode for this CPU.
    pub fn microcode(&self) -> Option<&'static str> {
        Some(self.maker()?.package())
    }

    /// A package, if it is installed.
    pub fn package(&self, name: &str) -> Option<&Installed> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The microcode package, if it is installed.
    pub fn installed(&self) -> Option<&Installed> {
        self.package(self.microcode()?)
    }

    /// The machine is real, and so its firmware is the business of this host.
    pub fn is_real(&self) -> bool {
        !self.is_tree && self.virtualization.is_none() && self.cpu.is_some()
    }

    /// Loading microcode is switched off for this start.
    pub fn loading_disabled(&self) -> bool {
        self.command_line.iter().any(|word| word == "dis_ucode_ldr")
    }

    /// Mitigations are switched off for this start.
    pub fn mitigations_off(&self) -> bool {
        self.command_line.iter().any(|word| word == "mitigations=off")
    }

    /// A mark that was made since this host was started.
    pub fn mark(&self, name: &str) -> Option<&Mark> {
        self.marks.get(name).filter(|mark| !mark.boot_id.is_empty() && mark.boot_id == self.boot_id)
    }

    /// The microcode package was installed, changed or removed since this host was started.
    pub fn changed_since_boot(&self) -> bool {
        let Some(name) = self.microcode() else { return false };
        let unpacked = self.unpacked.get(name).zip(self.booted);
        self.mark(name).is_some() || unpacked.is_some_and(|(unpacked, booted)| *unpacked >= booted)
    }

    /// The microcode that the package carries for this CPU, as far as that could be read.
    pub fn carries(&self) -> Option<Update> {
        self.carried.as_ref()?.as_ref().ok().copied()
    }

    /// The package carries exactly what runs, so that a restart would bring nothing new.
    fn runs_what_is_carried(&self) -> bool {
        let running = self.cpu.as_ref().and_then(Cpu::revision);
        match (&self.carried, running) {
            (Some(Ok(update)), Some(running)) => update.revision == running,
            _ => false,
        }
    }

    /// A restart is needed for the microcode that was installed, changed or removed.
    pub fn microcode_waits(&self) -> bool {
        self.virtualization.is_none() && self.changed_since_boot() && !self.runs_what_is_carried()
    }

    /// The package carries newer microcode than runs although it was there when this host was started.
    pub fn was_not_loaded(&self) -> bool {
        let running = self.cpu.as_ref().and_then(Cpu::revision);
        let newer = self.carries().zip(running).is_some_and(|(update, running)| update.revision > running);
        newer && !self.changed_since_boot()
    }

    /// The revision that the BIOS brought. Where nothing was loaded early, it is what runs.
    pub fn bios_revision(&self) -> Option<u32> {
        let log = self.log.as_ref()?;
        match log.early {
            true => log.from,
            false if log.anything => self.cpu.as_ref()?.revision(),
            false => None,
        }
    }

    /// Why this host has to be restarted.
    pub fn reboot_reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.microcode_waits() {
            let name = self.microcode().unwrap_or_default();
            reasons.push(match self.mark(name) {
                Some(mark) => mark.what.clone(),
                None => format!("{name} was installed, changed or removed since this host was started"),
            });
        }
        let others = self.marks.keys().filter(|name| Some(name.as_str()) != self.microcode());
        reasons.extend(others.filter_map(|name| self.mark(name)).map(|mark| mark.what.clone()));
        reasons
    }

    /// A newer version of a held microcode package is waiting.
    pub fn held_back(&self) -> Option<(&Installed, &str)> {
        let package = self.installed().filter(|package| package.held)?;
        Some((package, packages::newer(&self.available, &package.version)?))
    }

    /// The package lists were fetched in the last three days.
    pub fn lists_fresh(&self) -> bool {
        self.lists_fetched.is_some_and(|fetched| self.now - fetched <= THREE_DAYS)
    }

    /// No kernel was installed since this host was started.
    pub fn kernel_current(&self) -> bool {
        match (self.kernel_unpacked, self.booted) {
            (Some(unpacked), Some(booted)) => unpacked < booted,
            _ => true,
        }
    }
}
