//! Microcode containers: those of Debian's packages as they were recorded, and bytes of all kinds.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

use innkeeper_firmware::cpu::Cpu;
use innkeeper_firmware::inspect::carried;
use innkeeper_firmware::ucode::{Update, amd, intel, slice};
use innkeeper_host::CassetteHost;
use proptest::prelude::*;

fn debian() -> CassetteHost {
    CassetteHost::parse(include_str!("cassettes/debian-12-microcode.json")).unwrap()
}

fn cpu(vendor: &str, family: u32, model: u32, stepping: u32) -> Cpu {
    Cpu { vendor: vendor.to_owned(), family, model, stepping, ..Cpu::default() }
}

/// Revision and date that Debian's packages carry for a CPU.
fn of(vendor: &str, family: u32, model: u32, stepping: u32) -> Option<(u32, String)> {
    let update = carried(&debian(), Some(&cpu(vendor, family, model, stepping)))?.unwrap();
    Some((update.revision, update.day().unwrap()))
}

/// FW-20: what the package carries for this very CPU, whatever the package's own version says. The numbers are those that
/// iucode_tool and the release notes of Intel give for these packages.
#[test]
fn the_revision_for_a_cpu_is_found_in_debians_packages() {
    let intel = |family, model, stepping| of("GenuineIntel", family, model, stepping);
    assert_eq!(
        intel(6, 0x8e, 10),
        Some((0xf6, "2024-02-01".to_owned())),
        "only loaded at boot: its own file name"
    );
    assert_eq!(intel(6, 0x8f, 8), Some((0x2c00_0410, "2025-05-29".to_owned())));
    assert_eq!(intel(6, 0x55, 4), Some((0x0200_7006, "2023-03-06".to_owned())));
    assert_eq!(intel(15, 4, 10), Some((4, "2005-12-14".to_owned())), "two updates in one file");
    assert_eq!(intel(6, 0x99, 9), None, "no file, so nothing is carried");
    let amd = |family, model, stepping| of("AuthenticAMD", family, model, stepping);
    assert_eq!(amd(25, 1, 1), Some((0x0a00_11d5, "2024-02-23".to_owned())));
    assert_eq!(amd(23, 0x71, 0), Some((0x0870_1034, "2024-02-23".to_owned())));
    assert_eq!(amd(21, 2, 0), Some((0x0600_0852, "2018-02-06".to_owned())));
    assert_eq!(
        amd(16, 2, 10),
        Some((0x0100_0084, "2008-05-01".to_owned())),
        "a family before files of its own"
    );
    assert_eq!(amd(25, 1, 9), None, "a stepping that no table names");
    assert_eq!(amd(26, 2, 1), None, "a family without a file in this version");
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// An update by the layout that Intel documents: header, data, and a table of further signatures.
fn update(revision: u32, signature: u32, platforms: u32, others: &[(u32, u32)]) -> Vec<u8> {
    let data = 64;
    let table = if others.is_empty() { 0 } else { 20 + 12 * u32::try_from(others.len()).unwrap() };
    let mut bytes =
        words(&[1, revision, 0x0529_2025, signature, 0, 1, platforms, data, 48 + data + table, 0, 0, 0]);
    bytes.resize(48 + 64, 0xaa);
    if !others.is_empty() {
        bytes.extend(words(&[u32::try_from(others.len()).unwrap(), 0, 0, 0, 0]));
        others.iter().for_each(|(signature, platforms)| bytes.extend(words(&[*signature, *platforms, 0])));
    }
    bytes
}

fn newest_intel(bytes: &[u8], signature: u32, platform: Option<u32>) -> Result<Option<u32>, String> {
    Ok(intel::newest(&slice(bytes), signature, platform)?.map(|update| update.revision))
}

#[test]
fn an_update_of_intel_counts_for_its_platforms_and_for_those_in_its_table() {
    let file = [
        update(5, 0x806f8, 0x87, &[(0x806f8, 0x87), (0x806f6, 0x87)]),
        update(9, 0x806f8, 0x10, &[(0x806f6, 0x10)]),
    ]
    .concat();
    assert_eq!(newest_intel(&file, 0x806f8, Some(0x80)), Ok(Some(5)));
    assert_eq!(newest_intel(&file, 0x806f8, Some(0x10)), Ok(Some(9)));
    assert_eq!(newest_intel(&file, 0x806f6, Some(0x04)), Ok(Some(5)));
    assert_eq!(newest_intel(&file, 0x806f6, Some(0x10)), Ok(Some(9)));
    assert_eq!(newest_intel(&file, 0x806f6, Some(0x20)), Ok(None));
    assert_eq!(newest_intel(&file, 0x806f5, None), Ok(None));
    assert_eq!(newest_intel(&file, 0x806f8, None), Ok(Some(9)), "without a platform every one counts");
    assert_eq!(
        newest_intel(&update(3, 0x806f8, 0, &[]), 0x806f8, Some(1)),
        Ok(Some(3)),
        "no platforms mean all"
    );
}

#[test]
fn what_is_no_container_is_said_with_its_place() {
    let whole = update(5, 0x806f8, 1, &[]);
    for (bytes, why) in [
        (whole[..whole.len() - 1].to_vec(), "at byte 0: the update is cut off"),
        ([whole.clone(), vec![1, 2, 3]].concat(), "at byte 112: the header is cut off"),
        (
            b"#!/bin/sh\nthis is no microcode at all, it is a script of fifty bytes\n".to_vec(),
            "at byte 0: not an update of a version that is known",
        ),
        (
            words(&[1, 1, 0, 1, 0, 1, 0, 64, 48, 0, 0, 0]),
            "at byte 0: the sizes in the header contradict each other",
        ),
    ] {
        assert_eq!(newest_intel(&bytes, 0x806f8, None), Err(why.to_owned()));
    }
    let amd = |bytes: &[u8]| amd::newest(&slice(bytes), 0x00a0_0f11).unwrap_err();
    assert_eq!(amd(b""), "not a container of microcode");
    assert_eq!(amd(&words(&[0x0041_4d44, 0, u32::MAX])), "at byte 0: the table of CPUs is too long");
    assert_eq!(amd(&words(&[0x0041_4d44, 0, 32, 1, 2])), "at byte 0: the table of CPUs is cut off");
    let table = words(&[0x0041_4d44, 0, 16, 0, 0, 0, 0]);
    assert_eq!(
        amd(&[table.clone(), words(&[1, 512, 0, 0])].concat()),
        "before byte 548: the patch is cut off"
    );
    assert_eq!(amd(&[table, words(&[7, 8, 9])].concat()), "at byte 28: neither a table nor a patch");
}

#[test]
fn a_date_that_is_none_is_not_shown() {
    for date in [0, 0x1301_2020, 0x00aa_2020, 0x0101_0042, 0x0101_20f0] {
        assert_eq!(Update { revision: 1, date }.day(), None, "{date:#x}");
    }
    assert_eq!(Update { revision: 1, date: 0x1214_2005 }.day().as_deref(), Some("2005-12-14"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        signature: u32,
        platform: Option<u32>,
    ) {
        let _ = intel::newest(&slice(&bytes), signature, platform);
        let _ = amd::newest(&slice(&bytes), signature);
    }

    #[test]
    fn damage_never_invents_a_revision(cut in 0usize..240, at in 0usize..240, byte: u8) {
        let mut file = [update(5, 0x806f8, 1, &[]), update(9, 0x806f6, 1, &[])].concat();
        file[at.min(223)] ^= byte;
        file.truncate(file.len().min(cut));
        if let Ok(Some(found)) = newest_intel(&file, 0x806f8, None) {
            prop_assert!(found == 5 || (at % 112 < 16 && byte != 0), "{found}");
        }
    }
}
