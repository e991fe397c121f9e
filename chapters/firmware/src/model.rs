//! The chapter's nouns as the API delivers them. All of them are ours: the original has no methods for firmware.

use innkeeper_rest::{bit, bit_option};
use serde::Serialize;
use utoipa::ToSchema;

use crate::vulnerabilities::Standing;

/// What is known of microcode and firmware of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Overview {
    /// The kind of virtual machine or container that this host is itself: firmware is then the business of what runs it.
    #[serde(rename = "virtual", skip_serializing_if = "Option::is_none")]
    pub virtualization: Option<String>,
    /// The machine and its BIOS or UEFI.
    pub board: Board,
    /// The CPU; absent where the kernel says nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuInfo>,
    /// The microcode of the CPU.
    pub microcode: Microcode,
    /// Known flaws of CPUs, as the kernel sees this one.
    pub vulnerabilities: Vec<Vulnerability>,
    /// What one has to know to trust that list.
    pub trust: Trust,
    /// Firmware that the kernel hands to devices, and microcode: the packages that are installed.
    pub packages: Vec<FirmwarePackage>,
    /// Debian's component with firmware that is not free.
    pub component: Component,
    /// Firmware that is stored on devices.
    pub fwupd: Fwupd,
    /// Ways of the makers of this machine and its cards to update firmware.
    pub vendors: Vec<String>,
    /// Whether this host has to be restarted for its firmware, and what stands against it.
    pub reboot: Reboot,
}

/// The machine as its firmware describes it (DMI).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Board {
    /// Who made the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Who made the mainboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board_vendor: Option<String>,
    /// What the mainboard is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board_name: Option<String>,
    /// Who made the BIOS or UEFI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_vendor: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_version: Option<String>,
    /// Its date, as the firmware writes it: MM/DD/YYYY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_date: Option<String>,
}

/// The CPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CpuInfo {
    /// `GenuineIntel`, `AuthenticAMD`.
    pub vendor: String,
    /// What it is called.
    pub name: String,
    /// Family, model and stepping, as microcode files are named: `06-8e-0a`.
    pub id: String,
    /// What CPUID answers: `0x000806ea`.
    pub signature: String,
    /// How many processors the kernel uses.
    pub processors: u32,
}

/// Whether microcode was loaded before the kernel started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EarlyUpdate {
    /// It was.
    Updated,
    /// It was not: what runs came from the BIOS.
    None,
    /// The kernel's log says nothing.
    Unknown,
}

/// The microcode of the CPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Microcode {
    /// The revisions that run, each once: one, unless processors differ.
    pub revisions: Vec<String>,
    /// The revision that the BIOS brought, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_revision: Option<String>,
    /// Whether it was updated at the start of the kernel.
    pub early_update: EarlyUpdate,
    /// The date of the microcode that was loaded then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_date: Option<String>,
    /// 1 when `dis_ucode_ldr` on the kernel's command line switched loading off for this start.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub disabled: bool,
    /// The package that carries microcode for this CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<MicrocodePackage>,
    /// How it stands, in a sentence.
    pub verdict: String,
}

/// The package with microcode for the CPU of this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct MicrocodePackage {
    /// Its name.
    pub name: String,
    /// The version that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// 1 when upgrades pass it over.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub held: bool,
    /// The revision that it carries for this very CPU; absent when it carries none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// When that revision was made. The version of the package says nothing about one's own CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Why its files could not be read, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// 1 when it was installed, changed or removed since this host was started.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub changed_since_boot: bool,
}

/// A known flaw of CPUs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Vulnerability {
    /// Its name, as lscpu shows it.
    pub name: String,
    /// How this CPU stands towards it.
    pub standing: Standing,
    /// What the kernel says of it, as lscpu shows it.
    pub text: String,
}

/// A kernel knows only the flaws that were known when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Trust {
    /// 1 when the package lists are not older than three days.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub lists_fresh: bool,
    /// 1 while this release of Debian gets security updates; absent for one that is not known.
    #[serde(with = "bit_option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>)]
    pub release_supported: Option<bool>,
    /// 1 when no kernel was installed since this host was started.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub kernel_current: bool,
    /// What makes the list doubtful, in words; empty when nothing does.
    pub caveats: Vec<String>,
}

/// A package with firmware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct FirmwarePackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// 1 when upgrades pass it over.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub held: bool,
}

/// Debian's component with firmware that is not free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Component {
    /// Its name.
    pub name: String,
    /// 1 when it is enabled.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub enabled: bool,
}

/// What is needed to update firmware that is stored on devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Fwupd {
    /// The version that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// 1 when this host was started through UEFI.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub uefi: bool,
    /// The GUID of the EFI system partition that this host was started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub esp: Option<String>,
    /// 1 when a partition is mounted at /boot/efi.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub esp_mounted: bool,
    /// The command that mounts it there, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_command: Option<String>,
    /// What stands against it, or has to be known; empty when nothing does.
    pub remarks: Vec<String>,
}

/// Whether this host has to be restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Reboot {
    /// 1 when it has to be.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub needed: bool,
    /// What for.
    pub reasons: Vec<String>,
    /// What a restart would interrupt, or should wait for.
    pub obstacles: Vec<String>,
}

/// A version of the microcode package that can be installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct AvailableVersion {
    /// The version.
    pub version: String,
    /// Where it can be had: address of the archive, suite and component.
    pub sources: Vec<String>,
    /// `installed`, `newer` or `older`; `available` when none is installed.
    pub relation: String,
}

/// A device whose firmware fwupd knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Device {
    /// What fwupd calls it: 40 hex digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// What it is, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The version of its firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The part of fwupd that looks after it.
    pub plugin: String,
    /// 1 when fwupd can write its firmware.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub updatable: bool,
    /// 1 when new firmware takes effect at the next start of the host.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub needs_reboot: bool,
    /// The newest version that is offered, if it is newer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// How the last update went: `pending`, `success`, `failed`, `needs-reboot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why it cannot be updated, or why the last update failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// A version of a device's firmware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Release {
    /// The version.
    pub version: String,
    /// `newer`, `older` or `same`.
    pub relation: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who offers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// How urgent it is: `low`, `medium`, `high`, `critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    /// What changed, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Bytes to download.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// When it was published, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// Flaws that it cures: `CVE-…`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<String>,
}
