//! The naming scheme on the kernel command line.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs, reason = "tests")]

mod common;

use common::{Machine, wrong};
use innkeeper_rest::Verb;
use serde_json::json;

const GRUB: &str = "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"\"\n";

/// A tree with systemd 252 that was started without a scheme.
fn tree(files: &[(&str, &str)]) -> Machine {
    let machine = Machine::new(files);
    machine.write("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
    machine.write("/proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-6.1 root=/dev/sda1 ro quiet\n");
    machine
}

fn pin(machine: &Machine, version: &str) -> Result<innkeeper_rest::Answer, innkeeper_change::Problem> {
    machine.call(Verb::Put, "/nics-scheme", json!({ "version": version }))
}

/// NET-26: the schemes with the systemd that brought each, and which is in use
#[test]
fn schemes_are_listed_with_the_one_that_is_in_use() {
    let machine = tree(&[("/etc/default/grub", GRUB)]);
    let shown = machine.get("/nics-scheme");
    assert_eq!((&shown["systemd"], &shown["in-use"]), (&json!(252), &json!("v252")));
    assert_eq!((&shown["loader"], &shown["file"]), (&json!("grub"), &json!("/etc/default/grub")));
    assert!(shown.get("pinned").is_none());
    let of = |name: &str| {
        let all = shown["schemes"].as_array().unwrap();
        all.iter().find(|scheme| scheme["version"] == name).unwrap_or(&serde_json::Value::Null).clone()
    };
    assert_eq!((&of("v252")["known"], &of("v252")["in-use"]), (&json!(1), &json!(1)));
    assert_eq!((&of("v255")["known"], &of("v240")["in-use"]), (&json!(0), &json!(0)));
    assert!(of("v242").is_null(), "systemd 242 brought none");

    machine.write("/proc/cmdline", "root=/dev/sda1 net.naming-scheme=v247\n");
    let shown = machine.get("/nics-scheme");
    assert_eq!((&shown["running"], &shown["in-use"]), (&json!("v247"), &json!("v247")));
}

/// NET-26, NET-27, BOOT-38
#[test]
fn a_scheme_is_pinned_where_grub_takes_the_command_line_from() {
    let machine = tree(&[("/etc/default/grub", GRUB)]);
    let done = pin(&machine, "v252").unwrap();
    let pinned = GRUB.replace("quiet", "quiet net.naming-scheme=v252");
    assert_eq!(machine.text("/etc/default/grub"), pinned);
    assert_eq!(machine.get("/nics-scheme")["pinned"], "v252");
    assert!(pin(&machine, "v252").unwrap().unchanged);
    machine.undo(done.change.unwrap());
    assert_eq!(machine.text("/etc/default/grub"), GRUB);

    pin(&machine, "v250").unwrap();
    pin(&machine, "v252").unwrap();
    machine.call(Verb::Delete, "/nics-scheme", json!({})).unwrap();
    assert_eq!(machine.text("/etc/default/grub"), GRUB);
    assert!(machine.call(Verb::Delete, "/nics-scheme", json!({})).unwrap().unchanged);
    assert_eq!(
        machine.hazards(Verb::Put, "/nics-scheme", json!({"version": "v252"})),
        ["nic.restart-needed"]
    );
    let other = machine.hazards(Verb::Put, "/nics-scheme", json!({"version": "v240"}));
    assert_eq!(other, ["nic.scheme-changes", "nic.restart-needed"]);
}

/// NET-27, BOOT-39
#[test]
fn a_scheme_is_pinned_where_systemd_boot_takes_the_command_line_from() {
    let machine = tree(&[("/etc/kernel/cmdline", "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n")]);
    assert_eq!(machine.get("/nics-scheme")["loader"], "systemd-boot");
    pin(&machine, "v252").unwrap();
    let text = "root=ZFS=rpool/ROOT/pve-1 boot=zfs net.naming-scheme=v252\n";
    assert_eq!(machine.text("/etc/kernel/cmdline"), text);

    // the loader says of itself which it is, whatever files lie around
    let info: Vec<u8> =
        [6, 0, 0, 0].into_iter().chain("systemd-boot 252.39".bytes().flat_map(|byte| [byte, 0])).collect();
    machine.write("/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", info);
    machine.write("/etc/default/grub", GRUB);
    assert_eq!(machine.get("/nics-scheme")["loader"], "systemd-boot");
    machine.call(Verb::Delete, "/nics-scheme", json!({})).unwrap();
    assert_eq!(machine.text("/etc/default/grub"), GRUB);

    // without a file kernels get the line of the running one, and so does the file
    std::fs::remove_file(machine.path("/etc/kernel/cmdline")).unwrap();
    pin(&machine, "v252").unwrap();
    assert_eq!(machine.text("/etc/kernel/cmdline"), "root=/dev/sda1 ro quiet net.naming-scheme=v252\n");

    for (text, why) in [("root=a\nquiet\n", "one line"), ("quiet\n", "'root='")] {
        machine.write("/etc/kernel/cmdline", text);
        let refused = pin(&machine, "v252").unwrap_err().to_string();
        assert!(
            refused.contains("/etc/kernel/cmdline is not understood") && refused.contains(why),
            "{refused}"
        );
        assert_eq!(machine.text("/etc/kernel/cmdline"), text);
    }
}

#[test]
fn what_would_not_come_true_is_refused() {
    let machine = tree(&[("/etc/default/grub", GRUB)]);
    assert!(wrong(pin(&machine, "v242").unwrap_err(), "version").contains("there are v238, v239"));
    for no_scheme in ["latest", "v+252", "v0252", "252", "v252 quiet", ""] {
        assert!(pin(&machine, no_scheme).is_err(), "{no_scheme}");
    }
    assert!(wrong(pin(&machine, "latest").unwrap_err(), "version").contains("no scheme"));
    assert!(wrong(pin(&machine, "v+252").unwrap_err(), "version").contains("no scheme"));
    assert!(
        wrong(pin(&machine, "v255").unwrap_err(), "version").contains("systemd 252 does not know it yet")
    );
    machine.write("/etc/default/grub.d/50-cloud.cfg", "GRUB_CMDLINE_LINUX_DEFAULT=\"console=ttyS0\"\n");
    assert!(pin(&machine, "v252").unwrap_err().to_string().contains("/etc/default/grub.d/50-cloud.cfg sets"));
    machine.write(
        "/etc/default/grub.d/50-cloud.cfg",
        "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT a\"\n",
    );
    machine.write("/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"`cat /x`\"\n");
    assert!(pin(&machine, "v252").unwrap_err().to_string().contains("line 1"));
    let machine = Machine::new(&[]);
    assert!(pin(&machine, "v252").unwrap_err().to_string().contains("how this host is started is not known"));
}
