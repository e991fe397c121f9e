//! State → what the API shows.

use crate::cpu::Cpu;
use crate::model::{
    AvailableVersion, CpuInfo, EarlyUpdate, FirmwarePackage, Fwupd, Microcode, MicrocodePackage, Overview,
    Reboot, Trust, Vulnerability,
};
use crate::plan::{self, relation};
use crate::state::{FWUPD, PRODUCT, State};
use crate::{releases, vulnerabilities};

/// Number of Mellanox, whose network cards are NVIDIA's now.
const MELLANOX: u32 = 0x15b3;
const BROADCOM: u32 = 0x14e4;

/// Everything that is known, in one answer.
pub fn overview(state: &State) -> Overview {
    Overview {
        virtualization: state.virtualization.clone(),
        board: state.board.clone(),
        cpu: state.cpu.as_ref().map(cpu),
        microcode: microcode(state),
        vulnerabilities: state.vulnerabilities.iter().map(vulnerability).collect(),
        trust: trust(state),
        packages: packages(state),
        component: state.component.clone(),
        fwupd: fwupd(state),
        vendors: vendors(state),
        reboot: reboot(state),
    }
}

/// The versions that can be installed, newest first.
pub fn versions(state: &State) -> Vec<AvailableVersion> {
    let one = |available: &crate::packages::Available| AvailableVersion {
        version: available.version.clone(),
        sources: available.sources.clone(),
        relation: relation(state.installed(), &available.version).to_owned(),
    };
    state.available.iter().map(one).collect()
}

fn hex(revision: u32) -> String {
    format!("0x{revision:x}")
}

fn cpu(cpu: &Cpu) -> CpuInfo {
    CpuInfo {
        vendor: cpu.vendor.clone(),
        name: cpu.name.clone(),
        id: format!("{:02x}-{:02x}-{:02x}", cpu.family, cpu.model, cpu.stepping),
        signature: format!("0x{:08x}", cpu.signature()),
        processors: cpu.processors,
    }
}

fn microcode(state: &State) -> Microcode {
    let log = state.log.as_ref();
    let revisions = state.cpu.as_ref().map(|cpu| cpu.revisions.iter().copied().map(hex).collect());
    Microcode {
        revisions: revisions.unwrap_or_default(),
        bios_revision: state.bios_revision().map(hex),
        early_update: match log {
            Some(log) if log.early => EarlyUpdate::Updated,
            Some(log) if log.anything => EarlyUpdate::None,
            _ => EarlyUpdate::Unknown,
        },
        early_date: log.and_then(|log| log.date.clone()),
        disabled: state.loading_disabled(),
        package: state.microcode().map(|name| package(state, name)),
        verdict: verdict(state),
    }
}

fn package(state: &State, name: &str) -> MicrocodePackage {
    let installed = state.installed();
    let carried = state.carries();
    MicrocodePackage {
        name: name.to_owned(),
        version: installed.map(|package| package.version.clone()),
        held: installed.is_some_and(|package| package.held),
        revision: carried.map(|update| hex(update.revision)),
        date: carried.and_then(crate::ucode::Update::day),
        error: state.carried.as_ref().and_then(|carried| carried.as_ref().err().cloned()),
        changed_since_boot: state.changed_since_boot(),
    }
}

/// How the microcode stands, in a sentence.
fn verdict(state: &State) -> String {
    let Some(name) = state.microcode() else {
        return "No microcode is packaged for this CPU.".to_owned();
    };
    if let Some(kind) = &state.virtualization {
        return format!(
            "This host is a guest ({kind}): microcode is the business of the machine that runs it."
        );
    }
    let running = state.cpu.as_ref().and_then(Cpu::revision);
    match (state.installed(), state.carries(), running) {
        _ if state.is_tree => "Another system's tree: nothing of it runs.".to_owned(),
        _ if state.microcode_waits() => {
            "A restart is needed: the package changed since this host was started.".to_owned()
        }
        _ if state.loading_disabled() => "Loading is switched off for this start (dis_ucode_ldr).".to_owned(),
        (None, _, _) => format!("{name} is not installed: the CPU runs what the BIOS brought."),
        (Some(_), None, _) => format!("{name} carries nothing for this CPU: it runs what the BIOS brought."),
        (Some(_), Some(_), None) => "The kernel does not say which revision runs.".to_owned(),
        (Some(_), Some(update), Some(running)) => match update.revision.cmp(&running) {
            std::cmp::Ordering::Equal => "The CPU runs the revision that the package carries.".to_owned(),
            std::cmp::Ordering::Less => {
                "The BIOS brought a newer revision than the package carries.".to_owned()
            }
            std::cmp::Ordering::Greater => {
                "The package carries a newer revision, which was not loaded when this host was started."
                    .to_owned()
            }
        },
    }
}

fn vulnerability((name, text): &(String, String)) -> Vulnerability {
    Vulnerability {
        name: vulnerabilities::title(name),
        standing: vulnerabilities::standing(text),
        text: vulnerabilities::sentence(text),
    }
}

/// What one has to know to trust the list of flaws.
pub fn trust(state: &State) -> Trust {
    let lists_fresh = state.lists_fresh();
    let release_supported =
        state.codename.as_deref().and_then(|name| releases::is_supported(name, state.now));
    let kernel_current = state.kernel_current();
    let mut caveats = Vec::new();
    if !lists_fresh {
        caveats.push("The package lists are older than three days: this host may lack updates.".to_owned());
    }
    if release_supported == Some(false) {
        caveats.push("This release of Debian gets no security updates any more.".to_owned());
    }
    if !kernel_current {
        caveats.push(
            "A kernel was installed since this host was started: the one that runs is an older one."
                .to_owned(),
        );
    }
    Trust { lists_fresh, release_supported, kernel_current, caveats }
}

fn packages(state: &State) -> Vec<FirmwarePackage> {
    let shown = state.packages.iter().filter(|package| !PRODUCT.contains(&package.name.as_str()));
    shown
        .map(|package| FirmwarePackage {
            name: package.name.clone(),
            version: package.version.clone(),
            held: package.held,
        })
        .collect()
}

fn fwupd(state: &State) -> Fwupd {
    let esp_mounted = state.esp.mounted.is_some();
    let device = plan::esp_device(state);
    let mut remarks = Vec::new();
    if !state.uefi {
        remarks.push(
            "This host was not started through UEFI: its firmware cannot be updated with fwupd.".to_owned(),
        );
    } else if !esp_mounted {
        remarks.push(
            "The EFI system partition is not mounted at /boot/efi; fwupd has to find it itself.".to_owned(),
        );
    }
    remarks.extend(plan::too_old(state));
    Fwupd {
        version: state.package(FWUPD).map(|package| package.version.clone()),
        uefi: state.uefi,
        esp: state.esp.partition.clone(),
        esp_mounted,
        mount_command: device.filter(|_| !esp_mounted).map(|device| format!("mount {device} /boot/efi")),
        remarks,
    }
}

/// Ways of the makers, where this machine or its cards are theirs.
fn vendors(state: &State) -> Vec<String> {
    let maker = state.board.vendor.as_deref().unwrap_or_default().to_ascii_lowercase();
    let mut ways = Vec::new();
    if maker.starts_with("dell") {
        ways.push("Dell: the Lifecycle Controller updates BIOS and cards of servers.");
    }
    if maker == "hp" || maker.starts_with("hpe") || maker.starts_with("hewlett") {
        ways.push("HPE: Service Packs for ProLiant update BIOS and cards of servers.");
    }
    if state.network_vendors.contains(&MELLANOX) {
        ways.push("NVIDIA ConnectX network cards: mlxup updates them from Linux.");
    }
    if state.network_vendors.contains(&BROADCOM) {
        ways.push("Broadcom network cards: bnxtnvm or niccli update them from Linux.");
    }
    ways.into_iter().map(str::to_owned).collect()
}

fn reboot(state: &State) -> Reboot {
    let reasons = state.reboot_reasons();
    Reboot { needed: !reasons.is_empty(), reasons, obstacles: state.obstacles.clone() }
}
