//! What is wrong with microcode and firmware at rest. Inside a guest all of it is the business of what runs the guest.

use std::collections::BTreeMap;

use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_host::Host;

use crate::Sources;
use crate::cpu::Cpu;
use crate::inspect::{inspect, inspect_available};
use crate::state::{PRODUCT, PRODUCT_FIRMWARE, State};
use crate::view::trust;
use crate::vulnerabilities::{Standing, standing, title};

/// Looks at a host.
///
/// # Errors
/// When the package sources or dpkg's database cannot be read.
pub fn run<S: Sources>(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let state = inspect::<S>(host)?;
    // APT is only asked where the answer matters
    let is_held = state.is_real() && state.installed().is_some_and(|package| package.held);
    match is_held {
        true => Ok(check(&inspect_available::<S>(host)?)),
        false => Ok(check(&state)),
    }
}

/// What is wrong. In a guest one finding says that nothing is looked at; in another system's tree nothing runs.
pub fn check(state: &State) -> Vec<Finding> {
    if state.is_tree || state.cpu.is_none() {
        return Vec::new();
    }
    if let Some(kind) = &state.virtualization {
        return vec![new(
            "firmware.not-applicable",
            Level::Good,
            "Microcode and firmware are not looked at: this host is itself a guest.",
            format!("systemd-detect-virt: {kind}"),
            "",
        )];
    }
    let all = [
        package_missing(state),
        restart_needed(state),
        loading_disabled(state),
        not_loaded(state),
        several_revisions(state),
        vulnerable(state),
        held_back(state),
        product_firmware(state),
    ];
    all.into_iter().flatten().collect()
}

fn new(
    id: &str,
    level: Level,
    message: impl Into<String>,
    evidence: impl Into<String>,
    advice: &str,
) -> Finding {
    let (id, message, evidence) = (id.to_owned(), message.into(), evidence.into());
    Finding { id, level, message, evidence, advice: advice.to_owned(), fixes: Vec::new() }
}

fn fix(state: &State, label: &str, verb: &str, params: &[(&str, &str)]) -> Fix {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Fix {
        label: label.to_owned(),
        verb: verb.to_owned(),
        path: format!("/nodes/{}/firmware/microcode", state.node),
        params: params.collect::<BTreeMap<_, _>>(),
    }
}

fn package_missing(state: &State) -> Option<Finding> {
    let name = state.microcode().filter(|_| state.installed().is_none())?;
    let cpu = state.cpu.as_ref()?;
    let mut finding = new(
        "firmware.microcode-package-missing",
        Level::Warning,
        format!(
            "{name} is not installed: the CPU runs the microcode that the BIOS brings, with the flaws it has."
        ),
        format!("{}, revision {}", cpu.name, revisions(cpu)),
        "Install the package; it takes effect at the next start.",
    );
    finding.fixes.push(fix(state, &format!("Install {name}"), "POST", &[]));
    Some(finding)
}

fn revisions(cpu: &Cpu) -> String {
    let revisions: Vec<_> = cpu.revisions.iter().map(|revision| format!("0x{revision:x}")).collect();
    if revisions.is_empty() { "unknown".to_owned() } else { revisions.join(", ") }
}

fn restart_needed(state: &State) -> Option<Finding> {
    let reasons = state.reboot_reasons();
    (!reasons.is_empty()).then(|| {
        new(
            "firmware.restart-needed",
            Level::Warning,
            "This host has to be restarted for its firmware.",
            reasons.join("; "),
            "Restart it when nobody needs it; 'innkeeper firmware show' names what a restart would interrupt.",
        )
    })
}

fn loading_disabled(state: &State) -> Option<Finding> {
    state.loading_disabled().then(|| {
        new(
            "firmware.loading-disabled",
            Level::Warning,
            "Loading microcode is switched off for this start.",
            "/proc/cmdline: dis_ucode_ldr",
            "Start the host without it when the search is over; if it stands in the boot loader's configuration, take it out there.",
        )
    })
}

fn not_loaded(state: &State) -> Option<Finding> {
    let update = state.carries().filter(|_| state.was_not_loaded() && !state.loading_disabled())?;
    let cpu = state.cpu.as_ref()?;
    let package = state.installed()?;
    Some(new(
        "firmware.microcode-not-loaded",
        Level::Warning,
        "The package carries newer microcode than the CPU runs, and it was there when this host was started.",
        format!(
            "{} {} carries 0x{:x}, the CPU runs {}",
            package.name,
            package.version,
            update.revision,
            revisions(cpu)
        ),
        "Look whether its file in /etc/default says 'no', make the initial file system anew with 'update-initramfs -u' and \
         restart. Some CPUs take new microcode only after an update of the BIOS.",
    ))
}

fn several_revisions(state: &State) -> Option<Finding> {
    let cpu = state.cpu.as_ref().filter(|cpu| cpu.revisions.len() > 1)?;
    Some(new(
        "firmware.several-revisions",
        Level::Warning,
        "The processors of this host run different microcode.",
        format!("/proc/cpuinfo: {}", revisions(cpu)),
        "Restart the host; if they still differ, the CPUs differ or the BIOS loads only some of them.",
    ))
}

fn vulnerable(state: &State) -> Option<Finding> {
    let open = state.vulnerabilities.iter().filter(|(_, text)| standing(text) == Standing::Vulnerable);
    let seen: Vec<_> = open.map(|(name, text)| format!("{}: {}", title(name), text.trim())).collect();
    if seen.is_empty() {
        return None;
    }
    let mut evidence = seen;
    evidence.extend(trust(state).caveats);
    let advice = if state.mitigations_off() {
        "The kernel was told to do nothing about it (mitigations=off on its command line): take that out unless it is meant."
    } else {
        "Bring microcode, kernel and BIOS up to date, then restart. What stays is a matter of the hardware, or of an option on \
         the kernel's command line."
    };
    Some(new(
        "firmware.vulnerable",
        Level::Warning,
        "The CPU has known flaws that nothing is done about.",
        evidence.join("; "),
        advice,
    ))
}

fn held_back(state: &State) -> Option<Finding> {
    let (package, newer) = state.held_back()?;
    let mut finding = new(
        "firmware.held-back",
        Level::Info,
        format!("{} is held; a newer version is available.", package.name),
        format!("installed {}, available {newer}", package.version),
        "Try the newer version when the reason for holding it is gone.",
    );
    finding.fixes.push(fix(state, "Release and upgrade it", "PUT", &[("hold", "0"), ("upgrade", "1")]));
    Some(finding)
}

fn product_firmware(state: &State) -> Option<Finding> {
    let product = PRODUCT.iter().find_map(|name| state.package(name))?;
    state.package(PRODUCT_FIRMWARE).is_none().then(|| {
        new(
            "firmware.product-firmware-missing",
            Level::Warning,
            format!("{PRODUCT_FIRMWARE} is not installed: network cards and others get no current firmware."),
            format!("{} {} is installed", product.name, product.version),
            "Install it: 'apt install pve-firmware'.",
        )
    })
}
