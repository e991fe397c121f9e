//! What is read of a host: files as the kernel and dpkg document them, and one recorded machine.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

mod common;

use common::{Bare, intel, tree};
use innkeeper_firmware::efi;
use innkeeper_firmware::inspect::inspect;
use innkeeper_firmware::model::EarlyUpdate;
use innkeeper_firmware::state::{Esp, State};
use innkeeper_firmware::view::{overview, trust};
use innkeeper_firmware::vulnerabilities::{Standing, sentence, standing, title};
use innkeeper_firmware::{cpu, packages, releases, version};
use innkeeper_host::{CassetteHost, Command, Host};
use serde_json::{Value, json};

const CPUINFO: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 142\n\
    model name\t: Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz\nstepping\t: 10\nmicrocode\t: 0xf0\nflags\t\t: fpu vme\n\n\
    processor\t: 1\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 142\nstepping\t: 10\nmicrocode\t: 0xf0\n\n\
    processor\t: 2\nmicrocode\t: 0xf2\n";
const STATUS: &str = "Package: intel-microcode\nStatus: hold ok installed\nSection: non-free-firmware/admin\nVersion: 3.1\n\n\
    Package: firmware-bnx2x\nStatus: install ok installed\nSection: non-free-firmware/kernel\nVersion: 20230210-5\n\n\
    Package: amd64-microcode\nStatus: deinstall ok config-files\nSection: non-free-firmware/admin\nVersion: 3.2\n\n\
    Package: bash\nStatus: install ok installed\nSection: shells\nVersion: 5.2\n";

/// FW-03, FW-04, FW-06, FW-09, FW-19: microcode and firmware apart, the board, packages, vendors' ways
#[test]
fn a_tree_is_described_from_its_files() {
    let (_folder, host) = tree(&[
        ("/proc/cpuinfo", CPUINFO),
        ("/proc/stat", "cpu 1 2 3\nbtime 1700000000\n"),
        ("/proc/cmdline", "BOOT_IMAGE=/vmlinuz quiet dis_ucode_ldr\n"),
        ("/proc/sys/kernel/random/boot_id", "1111-2222\n"),
        ("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n"),
        ("/sys/class/dmi/id/board_name", "0H28RR\n"),
        ("/sys/class/dmi/id/bios_version", "2.18.1\n"),
        ("/sys/class/dmi/id/bios_date", "08/14/2023\n"),
        ("/sys/bus/pci/devices/0000:01:00.0/class", "0x020000\n"),
        ("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x14e4\n"),
        ("/sys/bus/pci/devices/0000:02:00.0/class", "0x010700\n"),
        ("/sys/bus/pci/devices/0000:02:00.0/vendor", "0x15b3\n"),
        (
            "/sys/devices/system/cpu/vulnerabilities/l1tf",
            "Mitigation: PTE Inversion; VMX: conditional cache flushes\n",
        ),
        ("/var/lib/dpkg/status", STATUS),
        ("/run/qemu-server/101.pid", "1\n"),
        ("/run/qemu-server/100.pid", "1\n"),
        ("/etc/network/interfaces.new", ""),
        ("/etc/os-release", "VERSION_CODENAME=\"bookworm\"\n"),
        ("/etc/hostname", "pve1\n"),
    ]);
    let state = inspect::<Bare>(&host).unwrap();
    let shown = overview(&state);
    let data = serde_json::to_value(&shown).unwrap();
    assert_eq!(data["microcode"]["revisions"], json!(["0xf0", "0xf2"]));
    assert_eq!(data["cpu"]["id"], "06-8e-0a");
    assert_eq!(data["cpu"]["signature"], "0x000806ea");
    assert_eq!(data["microcode"]["package"]["version"], "3.1");
    assert_eq!(
        (&data["microcode"]["package"]["held"], &data["microcode"]["disabled"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&data["board"]["vendor"], &data["board"]["bios-date"]),
        (&json!("Dell Inc."), &json!("08/14/2023"))
    );
    let names: Vec<_> = shown.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["intel-microcode", "firmware-bnx2x"]);
    assert_eq!(
        shown.vendors.len(),
        2,
        "Dell, and the network card but not the other card: {:?}",
        shown.vendors
    );
    assert!(shown.vendors[0].starts_with("Dell") && shown.vendors[1].starts_with("Broadcom"));
    assert_eq!(data["vulnerabilities"][0]["name"], "L1tf");
    assert_eq!(shown.reboot.obstacles[0], "virtual machines run: 100, 101");
    assert!(shown.reboot.obstacles[1].contains("/etc/network/interfaces.new"));
    assert_eq!(state.booted, Some(1_700_000_000));
}

#[test]
fn a_host_that_tells_nothing_is_described_too() {
    let (_folder, host) = tree(&[("/etc/hostname", "pve1\n")]);
    let shown = overview(&inspect::<Bare>(&host).unwrap());
    assert_eq!((shown.cpu, shown.microcode.package), (None, None));
    assert_eq!(shown.microcode.early_update, EarlyUpdate::Unknown);
}

/// FW-14: a recorded machine (a guest with an AMD EPYC, Debian 12): the list says what lscpu says
#[test]
fn the_flaws_are_shown_as_lscpu_shows_them() {
    let host = CassetteHost::parse(include_str!("cassettes/guest-amd.json")).unwrap();
    let state = inspect::<Bare>(&host).unwrap();
    assert_eq!(state.virtualization.as_deref(), Some("kvm"));
    assert_eq!(state.cpu.as_ref().unwrap().signature(), 0x00a0_0f11);
    let said = host.run(&Command::new("/usr/bin/lscpu").arg("--json")).unwrap().stdout;
    let said: Value = serde_json::from_str(&said).unwrap();
    let mut expected = Vec::new();
    find_flaws(&said, &mut expected);
    assert!(expected.len() > 10, "{expected:?}");
    let shown: Vec<_> =
        overview(&state).vulnerabilities.into_iter().map(|one| (one.name, one.text)).collect();
    assert_eq!(shown, expected);
}

/// `Vulnerability Itlb multihit:`, or below "Vulnerabilities" without the first word, as versions of lscpu have it.
fn find_flaws(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_flaws(item, found)),
        Value::Object(map) => {
            let text = |name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default();
            let field = text("field").trim_end_matches(':');
            if let Some(name) = field.strip_prefix("Vulnerability ") {
                found.push((name.to_owned(), text("data").to_owned()));
            } else if field == "Vulnerabilities" {
                for child in map.get("children").and_then(Value::as_array).into_iter().flatten() {
                    let text = |name: &str| child.get(name).and_then(Value::as_str).unwrap_or_default();
                    found.push((text("field").trim_end_matches(':').to_owned(), text("data").to_owned()));
                }
            } else {
                map.values().for_each(|inner| find_flaws(inner, found));
            }
        }
        _ => {}
    }
}

/// FW-14: the kernel's sentences, as its documents list them
#[test]
fn a_sentence_of_the_kernel_is_a_standing() {
    for (text, is) in [
        ("Not affected", Standing::NotAffected),
        ("Mitigation: PTI", Standing::Mitigated),
        ("Mitigation: Clear CPU buffers; SMT vulnerable", Standing::Mitigated),
        ("KVM: Mitigation: VMX disabled", Standing::Mitigated),
        ("KVM: Vulnerable", Standing::Vulnerable),
        ("Vulnerable: Clear CPU buffers attempted, no microcode; SMT vulnerable", Standing::Vulnerable),
        ("Processor vulnerable", Standing::Vulnerable),
        ("Unknown: Dependent on hypervisor status", Standing::Unknown),
        ("Unknown: No mitigations", Standing::Unknown),
        ("", Standing::Unknown),
    ] {
        assert_eq!(standing(text), is, "{text}");
    }
    assert_eq!(
        (title("itlb_multihit"), sentence("Mitigation: PTI\n")),
        ("Itlb multihit".to_owned(), "Mitigation; PTI".to_owned())
    );
    assert_eq!(title(""), "");
}

/// FW-15: each of the three that make the list doubtful
#[test]
fn the_list_of_flaws_is_trusted_on_a_host_that_is_kept_up_to_date() {
    let day = 24 * 3600;
    let fresh = State { now: 1_800_000_000, lists_fetched: Some(1_800_000_000 - 2 * day), ..intel() };
    assert_eq!(trust(&fresh).caveats, [""; 0]);
    let stale = State { lists_fetched: Some(fresh.now - 4 * day), ..fresh.clone() };
    assert_eq!((trust(&stale).lists_fresh, trust(&stale).caveats.len()), (false, 1));
    let never = State { lists_fetched: None, ..fresh.clone() };
    assert!(!trust(&never).lists_fresh);
    let old = State { codename: Some("buster".to_owned()), ..fresh.clone() };
    assert_eq!(trust(&old).release_supported, Some(false));
    let unknown = State { codename: Some("duke".to_owned()), ..fresh.clone() };
    assert_eq!((trust(&unknown).release_supported, trust(&unknown).caveats.len()), (None, 0));
    let waiting = State { kernel_unpacked: Some(2000), ..fresh };
    assert!(!trust(&waiting).kernel_current);
    assert_eq!(releases::is_supported("bullseye", 1_788_134_400), Some(true), "its last day, 2026-08-31");
    assert_eq!(releases::is_supported("bullseye", 1_788_220_800), Some(false), "the day after");
}

/// FW-04, FW-21: what the BIOS brought, as far as the kernel's log tells
#[test]
fn the_revision_of_the_bios_is_known_where_the_log_tells_it() {
    assert_eq!(intel().bios_revision(), Some(0x96));
    let mut state = intel();
    state.log.as_mut().unwrap().from = None;
    assert_eq!(state.bios_revision(), None, "bookworm does not say where it came from");
    state.log.as_mut().unwrap().early = false;
    assert_eq!(state.bios_revision(), Some(0xf6), "nothing was loaded: what runs is what it brought");
    state.log = None;
    assert_eq!(state.bios_revision(), None);
}

#[test]
fn versions_are_compared_as_debians_policy_has_it() {
    let rising = [
        "0~~",
        "0~~a",
        "0~",
        "0",
        "0a",
        "1.0~rc1-1",
        "1.0-1",
        "1.0-1+b1",
        "1.0-1.1",
        "1.0-2",
        "1.0a-1",
        "1.0+1-1",
        "1.9",
        "1.10",
        "3.20250812.1~deb12u1",
        "3.20251111.1~deb12u1",
        "3.20251111.1",
        "1:0",
        "2:0~",
    ];
    for (at, a) in rising.iter().enumerate() {
        for (other, b) in rising.iter().enumerate() {
            assert_eq!(version::compare(a, b), at.cmp(&other), "{a} {b}");
        }
    }
    assert_eq!(version::compare("1.01", "1.1"), std::cmp::Ordering::Equal);
    assert_eq!(version::compare("0:1-", "1"), std::cmp::Ordering::Equal);
}

/// FW-25: what `apt-cache madison` of Debian 12 prints
#[test]
fn available_versions_are_read_newest_first() {
    let printed = "\
intel-microcode | 3.20250812.1~deb12u1 | http://deb.debian.org/debian-security bookworm-security/non-free-firmware amd64 Packages
intel-microcode | 3.20251111.1~deb12u1 | http://deb.debian.org/debian bookworm/non-free-firmware amd64 Packages
intel-microcode | 3.20251111.1~deb12u1 | http://mirror.example/debian bookworm/non-free-firmware amd64 Packages
intel-microcode | 3.20251111.1~deb12u1 | http://deb.debian.org/debian bookworm/non-free-firmware Sources
other | 9 | http://deb.debian.org/debian bookworm/main amd64 Packages
intel-microcode | --force | http://deb.debian.org/debian bookworm/main amd64 Packages
nonsense
";
    let found = packages::available(printed, "intel-microcode");
    let shown: Vec<_> = found.iter().map(|one| (one.version.as_str(), one.sources.len())).collect();
    assert_eq!(shown, [("3.20251111.1~deb12u1", 2), ("3.20250812.1~deb12u1", 1)]);
    assert_eq!(packages::newer(&found, "3.20250812.1~deb12u1"), Some("3.20251111.1~deb12u1"));
    assert_eq!(packages::newer(&found, "4"), None);
}

/// A boot entry by the UEFI specification: a partition of a disk, then a file on it.
fn boot_entry(partition: [u8; 16], signature_type: u8) -> Vec<u8> {
    let mut path = vec![4, 1, 42, 0];
    path.extend([1, 0, 0, 0]);
    path.extend([0; 16]);
    path.extend(partition);
    path.extend([2, signature_type]);
    path.extend([4, 4, 8, 0, b'x', 0, 0, 0, 0x7f, 0xff, 4, 0]);
    let mut entry = vec![7, 0, 0, 0, 1, 0, 0, 0];
    entry.extend(u16::try_from(path.len()).unwrap().to_le_bytes());
    entry.extend("debian\0".encode_utf16().flat_map(u16::to_le_bytes));
    entry.extend(path);
    entry.extend(b"optional data");
    entry
}

/// FW-07: the partition that BootCurrent names
#[test]
fn the_partition_that_the_host_was_started_from_is_known_by_its_guid() {
    let guid = [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b];
    let entry = boot_entry(guid, 2);
    assert_eq!(efi::partition(&entry).as_deref(), Some("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"));
    assert_eq!(efi::partition(&boot_entry(guid, 1)), None, "a disk with an MBR");
    assert_eq!(efi::boot_current(&[6, 0, 0, 0, 0x0a, 0]), Some(10));
    assert_eq!(efi::boot_current(&[6, 0, 0, 0, 1]), None);
    assert_eq!(efi::boot_entry(10), "Boot000A-8be4df61-93ca-11d2-aa0d-00e098032b8c");
    for cut in 0..entry.len() - 13 {
        assert_eq!(efi::partition(&entry[..cut]), None, "cut at {cut}");
    }
    let state = State { esp: Esp { partition: efi::partition(&entry), mounted: None }, ..intel() };
    assert_eq!(
        overview(&state).fwupd.mount_command.as_deref(),
        Some("mount /dev/disk/by-partuuid/c12a7328-f81f-11d2-ba4b-00a0c93ec93b /boot/efi")
    );
}

/// FW-13, FW-20: each way that microcode can stand has its sentence
#[test]
fn the_verdict_names_how_the_microcode_stands() {
    let verdict = |state: &State| overview(state).microcode.verdict;
    let carries = |revision| Some(Ok(innkeeper_firmware::ucode::Update { revision, date: 0x0201_2024 }));
    assert_eq!(verdict(&intel()), "The CPU runs the revision that the package carries.");
    assert!(verdict(&State { carried: carries(1), ..intel() }).starts_with("The BIOS brought a newer"));
    assert!(verdict(&State { carried: carries(0xff), ..intel() }).contains("was not loaded"));
    assert!(verdict(&State { carried: None, ..intel() }).contains("carries nothing for this CPU"));
    assert!(verdict(&common::intel_without()).contains("is not installed"));
    assert!(verdict(&State { virtualization: Some("kvm".to_owned()), ..intel() }).contains("a guest (kvm)"));
    let broken = State { carried: Some(Err("/lib/x: at byte 0: cut off".to_owned())), ..intel() };
    assert_eq!(
        overview(&broken).microcode.package.unwrap().error.as_deref(),
        Some("/lib/x: at byte 0: cut off")
    );
    assert_eq!(cpu::parse(CPUINFO).unwrap().processors, 3);
}
