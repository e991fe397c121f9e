//! The kernel's words about microcode, as kernels of each time wrote them into public bug reports.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

use innkeeper_firmware::kernel_log::{Said, parse};

/// FW-21: the wording of Debian 12's kernel on Intel, which is the seed's
#[test]
fn bookworm_says_revision_and_date() {
    let said = parse(
        "[    0.000000] microcode: microcode updated early to revision 0xf0, date = 2021-11-12\n\
         [    0.000000] Linux version 6.1.0-18-amd64\n\
         [    0.896580] microcode: Microcode Update Driver: v2.2.\n",
    );
    assert_eq!(
        said,
        Said {
            anything: true,
            early: true,
            to: Some(0xf0),
            date: Some("2021-11-12".to_owned()),
            driver: Some("2.2".to_owned()),
            ..Said::default()
        }
    );
}

/// FW-21: the wording of Debian 12's kernel on AMD
#[test]
fn bookworm_says_the_patch_level_of_amd() {
    let said = parse(
        "microcode: microcode updated early to new patch_level=0x0830107a\n\
         microcode: CPU0: patch_level=0x0830107a\n\
         microcode: Microcode Update Driver: v2.2.\n",
    );
    assert_eq!((said.early, said.from, said.to), (true, None, Some(0x0830_107a)));
}

/// FW-21: kernels 6.2 to 6.6 say what the BIOS had brought
#[test]
fn kernels_in_between_say_from_where_to_where() {
    let said = parse("microcode: updated early: 0x2b000161 -> 0x2b000461, date = 2023-03-13\n");
    assert_eq!((said.early, said.from, said.to), (true, Some(0x2b00_0161), Some(0x2b00_0461)));
    assert_eq!(said.date.as_deref(), Some("2023-03-13"));
}

/// FW-21: the wording of Debian 13's kernel, one for both makers
#[test]
fn later_kernels_say_the_revision_and_where_it_came_from() {
    let said = parse("microcode: Current revision: 0x0a60120a\nmicrocode: Updated early from: 0x0a601206\n");
    assert_eq!((said.early, said.from, said.to), (true, Some(0x0a60_1206), Some(0x0a60_120a)));
    let not_updated = parse("microcode: Current revision: 0x00000433\n");
    assert_eq!((not_updated.anything, not_updated.early, not_updated.to), (true, false, Some(0x433)));
}

/// FW-21: a start without an early update, and a log that has lost its beginning
#[test]
fn no_early_update_is_not_the_same_as_not_knowing() {
    let none =
        parse("microcode: sig=0x306c3, pf=0x2, revision=0x28\nmicrocode: Microcode Update Driver: v2.2.\n");
    assert_eq!((none.anything, none.early), (true, false));
    let unknown = parse("usb 1-1: new high-speed USB device number 2\n");
    assert_eq!(unknown, Said::default());
}

#[test]
fn microcode_that_was_loaded_later_is_no_early_update() {
    let said = parse(
        "microcode: Updated to revision 0xab000160, date = 2022-11-16\nmicrocode: CPU0: new patch_level=0x06000852\n",
    );
    assert_eq!((said.anything, said.early, said.to), (true, false, None));
}

#[test]
fn times_hosts_and_processors_before_the_words_do_no_harm() {
    for line in [
        "May 06 23:00:44 host kernel: microcode: CPU0 microcode updated early to revision 0x1b, date = 2014-05-29",
        "CPU0 microcode updated early to revision 0x1b, date = 2014-05-29",
    ] {
        let said = parse(line);
        assert_eq!(
            (said.early, said.to, said.date.as_deref()),
            (true, Some(0x1b), Some("2014-05-29")),
            "{line}"
        );
    }
    for line in
        ["microcode: updated early: 0x", "microcode: Current revision: x", "microcode: Updated early from: ä"]
    {
        assert!(parse(line).anything);
    }
}
