//! Firmware on devices: what fwupd 2.0.20 of Debian 12 answers, recorded with its own test device; and a mainboard as fwupd's
//! documents describe one, of which no recording exists.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

mod common;

use std::sync::Arc;

use common::{Bare, intel};
use innkeeper_access::{Identity, UserId, Via};
use innkeeper_change::{Plan, Problem, Severity};
use innkeeper_engine::Silent;
use innkeeper_firmware::fwupd::{Found, devices, releases};
use innkeeper_firmware::methods;
use innkeeper_firmware::model::Release;
use innkeeper_firmware::plan::{DeviceRequest, left, update};
use innkeeper_firmware::state::State;
use innkeeper_host::CassetteHost;
use innkeeper_rest::{Answer, Api, Request, Verb};
use serde_json::{Value, json};

const WEBCAM: &str = "08d460be0f1f9f128413f816022a6439e0078018";

fn call(recording: &str, path: &str) -> Result<Answer, Problem> {
    let host = CassetteHost::parse(recording).unwrap();
    let api = Api::new(methods::<Bare>(), Arc::new(host));
    let user: UserId = "root@pam".parse().unwrap();
    let request = Request {
        verb: Verb::Get,
        path: format!("/nodes/localhost/firmware/{path}"),
        params: serde_json::Map::new(),
        identity: Some(Identity::new(user, Via::Local)),
        origin: "test".to_owned(),
    };
    api.call(request, &mut Silent)
}

fn listed() -> Value {
    call(include_str!("cassettes/fwupd-devices.json"), "devices").unwrap().data
}

fn offered() -> Value {
    call(include_str!("cassettes/fwupd-releases.json"), &format!("devices/{WEBCAM}")).unwrap().data
}

#[test]
fn devices_are_listed_with_the_newer_version_that_is_offered() {
    let listed = listed();
    let webcam = listed.as_array().unwrap().iter().find(|device| device["id"] == WEBCAM).unwrap();
    assert_eq!(webcam["name"], "Integrated Webcam™");
    assert_eq!((&webcam["version"], &webcam["update"]), (&json!("1.2.2"), &json!("1.2.4")));
    assert_eq!((&webcam["updatable"], &webcam["needs-reboot"]), (&json!(1), &json!(0)));
    let cpu = listed.as_array().unwrap().iter().find(|device| device["plugin"] == "cpu").unwrap();
    assert_eq!((&cpu["updatable"], cpu.get("update")), (&json!(0), None), "only shown");
}

#[test]
fn the_versions_of_a_device_say_whether_they_are_newer() {
    let offered = offered();
    let versions: Vec<_> = offered
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["version"].as_str().unwrap(), one["relation"].as_str().unwrap()))
        .collect();
    assert_eq!(versions, [("1.2.4", "newer"), ("1.2.3", "newer")]);
    assert_eq!(
        offered[0]["description"],
        "Fixes another bug with the flux capacitor to prevent time going backwards."
    );
}

#[test]
fn a_device_that_is_not_there_and_an_id_that_is_none_are_refused() {
    let recording = include_str!("cassettes/fwupd-devices.json");
    let missing = call(recording, "devices/0000000000000000000000000000000000000000").unwrap_err();
    assert_eq!(missing.status(), 404);
    for bad in ["--help", "x"] {
        assert!(matches!(call(recording, &format!("devices/{bad}")), Err(Problem::Parameters(_))), "{bad}");
    }
    let odd = format!("devices/{}", "-".repeat(40));
    assert!(matches!(call(recording, &odd), Err(Problem::Parameters(_))));
}

#[test]
fn what_fwupd_complains_about_is_the_answer() {
    let why = call(include_str!("cassettes/fwupd-not-running.json"), "devices").unwrap_err().to_string();
    assert_eq!(why, "fwupd: Failed to connect to daemon: Could not connect: No such file or directory");
    assert!(devices("").is_err() && devices("7").is_err() && releases("{\"Releases\":3}").is_err());
    assert_eq!(devices("{}").unwrap(), []);
}

/// A mainboard and the revocation list, in the fields that fwupd's documents and bug reports show.
const SYSTEM: &str = r#"{"Devices":[
 {"Name":"System Firmware","DeviceId":"a45df35ac0e948ee180fe216a5f703f32dda163f","Summary":"UEFI ESRT device",
  "Plugin":"uefi_capsule","Flags":["internal","updatable","require-ac","supported","registered","needs-reboot","usable-during-update"],
  "Vendor":"HP","Version":"2.90","Icons":["computer"],"UpdateState":2},
 {"Name":"UEFI dbx","DeviceId":"362301da643102b9f38477387e2193e57abaa590","Plugin":"uefi_dbx",
  "Flags":["internal","updatable","needs-reboot"],"Version":"239"},
 {"Name":"SSD","DeviceId":"599ead362818be284e800cbc30d4c29f934086c3","Plugin":"nvme","Version":"1",
  "Flags":["internal","updatable","needs-shutdown","usable-during-update"],"UpdateState":3,"UpdateError":"it broke","Problems":["system-power-too-low"]},
 {"Name":"no id","DeviceId":"--force","Plugin":"x"}]}"#;

fn system() -> Vec<Found> {
    devices(SYSTEM).unwrap()
}

fn release(version: &str, relation: &str) -> Release {
    Release { version: version.to_owned(), relation: relation.to_owned(), ..Release::default() }
}

fn planned(found: &Found, version: Option<&str>) -> Result<Plan, Problem> {
    let releases = [release("2.91", "newer"), release("2.90", "same"), release("2.85", "older")];
    update(&intel(), &DeviceRequest { found, releases: &releases, version })
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.hazards.iter().map(|hazard| hazard.id.as_str()).collect()
}

/// FW-05: who flashes a mainboard or a disk is asked, with what may be lost
#[test]
fn firmware_that_may_reset_settings_says_so_before_it_is_written() {
    let found = system();
    assert_eq!(found.len(), 3, "what has no id cannot be named");
    let mainboard = planned(&found[0], None).unwrap();
    assert_eq!(
        ids(&mainboard),
        ["firmware.power-loss", "firmware.settings-may-reset", "firmware.restart-needed"]
    );
    assert!(mainboard.hazards[..2].iter().all(|hazard| hazard.severity == Severity::Warning));
    assert_eq!(mainboard.steps.len(), 2);
    assert_eq!(mainboard.steps[1].what, "write firmware 2.91 to System Firmware (now 2.90)");
    assert!(mainboard.reversal().unwrap_err().reason.contains("--version 2.90"));
    let list = planned(&found[1], None).unwrap();
    assert!(ids(&list).contains(&"firmware.revoked-boot-loaders"), "{:?}", ids(&list));
    let disk = planned(&found[2], Some("2.85")).unwrap();
    assert_eq!(
        ids(&disk),
        ["firmware.power-loss", "firmware.settings-may-reset", "firmware.older", "firmware.restart-needed"]
    );
    assert_eq!(found[2].device.problems, ["system-power-too-low", "it broke"]);
}

#[test]
fn the_version_that_a_device_has_needs_nothing_and_one_that_nobody_offers_is_refused() {
    let found = system();
    assert!(planned(&found[0], Some("2.90")).unwrap().is_empty());
    assert!(
        update(&intel(), &DeviceRequest { found: &found[0], releases: &[], version: None })
            .unwrap()
            .is_empty()
    );
    assert!(matches!(planned(&found[0], Some("--force")), Err(Problem::Parameters(_))));
    let mut fixed = found[0].clone();
    fixed.device.updatable = false;
    assert!(planned(&fixed, None).unwrap_err().to_string().starts_with("System Firmware cannot be updated"));
    let mut waiting = found[0].clone();
    waiting.device.state = Some("needs-reboot".to_owned());
    assert!(planned(&waiting, None).unwrap_err().to_string().contains("restart it first"));
}

#[test]
fn an_update_is_done_when_the_device_has_the_version_or_waits_for_a_restart() {
    let found = &system()[0];
    assert!(left(found, "2.90").unwrap().is_empty());
    let failed = left(found, "2.91").unwrap_err().to_string();
    assert_eq!(failed, "System Firmware still has firmware 2.90 and not 2.91.");
    let mut waiting = found.clone();
    waiting.device.state = Some("needs-reboot".to_owned());
    assert!(left(&waiting, "2.91").unwrap().is_empty());
}

/// FW-07: UEFI, the machine's age, and the EFI system partition come before fwupd
#[test]
fn fwupd_is_installed_with_the_partition_that_the_host_was_started_from() {
    use innkeeper_firmware::plan::install_fwupd;
    use innkeeper_firmware::state::Esp;
    let none = Plan::new("refresh");
    let bios = State { uefi: false, ..intel() };
    let refusal = install_fwupd(&bios, &none).unwrap_err().to_string();
    assert!(refusal.contains("not started through UEFI"), "{refusal}");
    let partition = Some("c12a7328-f81f-11d2-ba4b-00a0c93ec93b".to_owned());
    let state = State { esp: Esp { partition, mounted: None }, ..intel() };
    let whole = install_fwupd(&state, &none).unwrap();
    let text = innkeeper_change::render::text(&whole);
    assert!(
        text.contains("/usr/bin/mount /dev/disk/by-partuuid/c12a7328-f81f-11d2-ba4b-00a0c93ec93b /boot/efi"),
        "{text}"
    );
    assert_eq!(whole.steps.len(), 3);
    let mounted =
        State { esp: Esp { mounted: Some("/dev/sda2".to_owned()), ..state.esp.clone() }, ..state.clone() };
    assert_eq!(install_fwupd(&mounted, &none).unwrap().steps.len(), 1);
    let unknown = State { esp: Esp::default(), ..state.clone() };
    assert_eq!(ids(&install_fwupd(&unknown, &none).unwrap()), ["firmware.esp-unknown"]);
    let mut old = mounted;
    old.board.bios_date = Some("03/01/2014".to_owned());
    assert_eq!(ids(&install_fwupd(&old, &none).unwrap()), ["firmware.machine-too-old"]);
    old.packages.push(common::package("fwupd", "2.0.20-1~deb12u2"));
    assert!(install_fwupd(&old, &none).unwrap().is_empty());
}
