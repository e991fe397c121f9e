//! Hosts that tests make up from what the kernel documents: no recording of such a machine exists.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "shared between test programs, which build trees themselves"
)]

use std::fs;

use camino::Utf8Path;
use innkeeper_change::{Plan, Problem};
use innkeeper_firmware::Sources;
use innkeeper_firmware::cpu::Cpu;
use innkeeper_firmware::kernel_log::Said;
use innkeeper_firmware::model::{Board, Component};
use innkeeper_firmware::packages::{Available, Installed};
use innkeeper_firmware::state::State;
use innkeeper_firmware::ucode::Update;
use innkeeper_host::{Host, RealHost};

/// Package sources without the component.
pub struct Bare;

impl Sources for Bare {
    fn component(_: &dyn Host) -> Result<Component, Problem> {
        Ok(Component::default())
    }

    fn enable(_: &dyn Host) -> Result<Plan, Problem> {
        Ok(Plan::new("enable"))
    }

    fn refresh(_: &dyn Host) -> Result<Plan, Problem> {
        Ok(Plan::new("refresh"))
    }
}

pub const OLD: &str = "3.20250812.1~deb12u1";
pub const NEW: &str = "3.20251111.1~deb12u1";

pub fn package(name: &str, version: &str) -> Installed {
    let section = "non-free-firmware/admin".to_owned();
    Installed { name: name.to_owned(), version: version.to_owned(), section, held: false }
}

pub fn available(versions: &[&str]) -> Vec<Available> {
    let source = "http://deb.debian.org/debian bookworm/non-free-firmware amd64".to_owned();
    let one = |version: &&str| Available { version: (*version).to_owned(), sources: vec![source.clone()] };
    versions.iter().map(one).collect()
}

/// A real machine with an Intel CPU, started at 1000, on which the microcode package is installed and loaded.
pub fn intel() -> State {
    State {
        node: "pve1".to_owned(),
        now: 5000,
        booted: Some(1000),
        boot_id: "aaaa".to_owned(),
        board: Board { bios_date: Some("11/23/2021".to_owned()), ..Board::default() },
        cpu: Some(Cpu {
            vendor: "GenuineIntel".to_owned(),
            name: "Intel(R) Core(TM) i7-8650U".to_owned(),
            family: 6,
            model: 0x8e,
            stepping: 10,
            revisions: vec![0xf6],
            processors: 8,
            hypervisor: false,
        }),
        log: Some(Said { anything: true, early: true, from: Some(0x96), to: Some(0xf6), ..Said::default() }),
        carried: Some(Ok(Update { revision: 0xf6, date: 0x0201_2024 })),
        packages: vec![package("intel-microcode", NEW)],
        unpacked: [("intel-microcode".to_owned(), 500)].into(),
        kernel_unpacked: Some(500),
        lists_fetched: Some(4000),
        codename: Some("bookworm".to_owned()),
        uefi: true,
        ..State::default()
    }
}

/// The same without the package.
pub fn intel_without() -> State {
    State { packages: Vec::new(), carried: None, unpacked: Default::default(), ..intel() }
}

/// A tree of files, as `path → text`.
pub fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, RealHost) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let host = RealHost::rooted(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    (folder, host)
}
