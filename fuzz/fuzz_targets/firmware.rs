//! What the kernel, dpkg, apt-cache and fwupdmgr print.
#![no_main]

use innkeeper_firmware::{cpu, fwupd, kernel_log, packages, version, vulnerabilities};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(cpu) = cpu::parse(text) {
        let _ = (cpu.signature(), cpu.revision());
    }
    let said = kernel_log::parse(text);
    assert!(said.anything || !said.early);
    let _ = (vulnerabilities::standing(text), vulnerabilities::title(text), vulnerabilities::sentence(text));
    let _ = packages::installed(text, |_, _| true);
    for one in packages::available(text, "intel-microcode") {
        assert!(packages::is_version(&one.version) && !one.version.starts_with('-'));
    }
    let mut words = text.split_whitespace();
    if let (Some(a), Some(b)) = (words.next(), words.next()) {
        assert_eq!(version::compare(a, b), version::compare(b, a).reverse());
        assert_eq!(version::compare(a, a), std::cmp::Ordering::Equal);
    }
    if let Ok(found) = fwupd::devices(text) {
        assert!(found.iter().all(|one| fwupd::is_id(&one.device.id)));
    }
    let _ = fwupd::releases(text);
});
