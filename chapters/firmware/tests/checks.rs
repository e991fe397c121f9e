//! What the checks say, and what they leave to others.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

mod common;

use common::{NEW, OLD, available, intel, intel_without, package};
use innkeeper_change::{Finding, Level};
use innkeeper_firmware::checks::check;
use innkeeper_firmware::state::{Mark, State};
use innkeeper_firmware::ucode::Update;

fn ids(state: &State) -> Vec<String> {
    check(state).into_iter().map(|finding| finding.id).collect()
}

fn only(state: &State) -> Finding {
    let mut findings = check(state);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

#[test]
fn a_host_whose_microcode_is_loaded_has_nothing_to_say() {
    assert_eq!(ids(&intel()), [""; 0]);
}

/// FW-01: inside a guest nothing is looked at, and that is said
#[test]
fn in_a_guest_nothing_applies() {
    let mut guest = State { virtualization: Some("kvm".to_owned()), ..intel_without() };
    guest.vulnerabilities = vec![("mds".to_owned(), "Vulnerable".to_owned())];
    guest.command_line = vec!["dis_ucode_ldr".to_owned()];
    let finding = only(&guest);
    assert_eq!((finding.id.as_str(), finding.level), ("firmware.not-applicable", Level::Good));
    assert!(finding.evidence.contains("kvm"));
    assert_eq!(ids(&State { is_tree: true, ..intel_without() }), [""; 0], "nothing runs in a tree");
    assert_eq!(ids(&State { cpu: None, ..intel_without() }), [""; 0]);
}

/// FW-17: the finding offers the whole set-up as one call
#[test]
fn a_missing_package_is_named_with_the_call_that_installs_it() {
    let finding = only(&intel_without());
    assert_eq!((finding.id.as_str(), finding.level), ("firmware.microcode-package-missing", Level::Warning));
    assert!(finding.evidence.contains("0xf6"));
    let fix = &finding.fixes[0];
    assert_eq!((fix.verb.as_str(), fix.path.as_str()), ("POST", "/nodes/pve1/firmware/microcode"));
    let mut via = intel_without();
    via.cpu.as_mut().unwrap().vendor = "CentaurHauls".to_owned();
    assert_eq!(ids(&via), [""; 0], "nothing is packaged for it");
}

/// FW-16, FW-18: a package that changed after the start waits for the next one, whoever changed it
#[test]
fn a_changed_package_waits_for_a_restart() {
    let waits = State {
        unpacked: [("intel-microcode".to_owned(), 1500)].into(),
        carried: Some(Ok(Update { revision: 0xfa, date: 0 })),
        ..intel()
    };
    let finding = only(&waits);
    assert_eq!(finding.id, "firmware.restart-needed");
    assert!(finding.evidence.contains("since this host was started"), "{}", finding.evidence);
    let same = State { carried: intel().carried, ..waits.clone() };
    assert_eq!(ids(&same), [""; 0], "it carries what runs: a restart would bring nothing");
    let nothing = State { carried: None, ..waits };
    assert_eq!(only(&nothing).id, "firmware.restart-needed", "what is carried is not known");
    // a package that was removed has left no files whose time could be looked at
    let mark = Mark {
        boot_id: "aaaa".to_owned(),
        what: "intel-microcode was removed".to_owned(),
        text: String::new(),
    };
    let removed = State { marks: [("intel-microcode".to_owned(), mark)].into(), ..intel_without() };
    assert_eq!(ids(&removed), ["firmware.microcode-package-missing", "firmware.restart-needed"]);
}

/// FW-21: the package was there at the start and its microcode was not loaded all the same
#[test]
fn newer_microcode_that_was_not_loaded_is_a_finding() {
    let state = State { carried: Some(Ok(Update { revision: 0xfa, date: 0 })), ..intel() };
    let finding = only(&state);
    assert_eq!(finding.id, "firmware.microcode-not-loaded");
    assert!(finding.evidence.contains("carries 0xfa, the CPU runs 0xf6"), "{}", finding.evidence);
    let older = State { carried: Some(Ok(Update { revision: 0xf0, date: 0 })), ..intel() };
    assert_eq!(ids(&older), [""; 0], "the BIOS brought a newer one");
}

/// FW-22
#[test]
fn loading_that_is_switched_off_for_this_start_is_said() {
    let mut state = State { carried: Some(Ok(Update { revision: 0xfa, date: 0 })), ..intel() };
    state.command_line = ["root=/dev/sda1", "quiet", "dis_ucode_ldr"].map(str::to_owned).into();
    assert_eq!(only(&state).id, "firmware.loading-disabled");
}

/// FW-19
#[test]
fn processors_with_different_microcode_are_a_finding() {
    let mut state = intel();
    state.cpu.as_mut().unwrap().revisions = vec![0xf6, 0xf4];
    state.carried = Some(Ok(Update { revision: 0xf4, date: 0 }));
    let finding = only(&state);
    assert_eq!(
        (finding.id.as_str(), finding.evidence.as_str()),
        ("firmware.several-revisions", "/proc/cpuinfo: 0xf6, 0xf4")
    );
}

/// FW-14, FW-15: open flaws are listed, with what makes the list doubtful
#[test]
fn flaws_that_nothing_is_done_about_are_listed_with_what_makes_the_list_doubtful() {
    let flaw = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let mut state = intel();
    state.vulnerabilities =
        vec![flaw("mds", "Mitigation: Clear CPU buffers; SMT vulnerable"), flaw("meltdown", "Not affected")];
    assert_eq!(ids(&state), [""; 0]);
    state.vulnerabilities.push(flaw("srbds", "Vulnerable: No microcode"));
    let finding = only(&state);
    assert_eq!(finding.evidence, "Srbds: Vulnerable: No microcode");
    state.kernel_unpacked = Some(3000);
    state.command_line.push("mitigations=off".to_owned());
    let doubtful = only(&state);
    assert!(doubtful.evidence.contains("A kernel was installed"), "{}", doubtful.evidence);
    assert!(doubtful.advice.contains("mitigations=off"));
}

/// FW-26
#[test]
fn a_held_package_is_mentioned_when_a_newer_version_waits() {
    let mut state = State { packages: vec![package("intel-microcode", OLD)], ..intel() };
    state.packages[0].held = true;
    assert_eq!(ids(&state), [""; 0]);
    state.available = available(&[NEW, OLD]);
    let finding = only(&state);
    assert_eq!((finding.id.as_str(), finding.level), ("firmware.held-back", Level::Info));
    assert_eq!(finding.fixes[0].verb, "PUT");
}

/// FW-10: on hosts of the product only
#[test]
fn the_products_own_firmware_belongs_to_the_product() {
    let mut state = intel();
    state.packages.push(package("pve-manager", "8.4.1"));
    assert_eq!(only(&state).id, "firmware.product-firmware-missing");
    state.packages.push(package("pve-firmware", "3.15-3"));
    assert_eq!(ids(&state), [""; 0]);
}
