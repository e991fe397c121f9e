//! Microcode containers and EFI variables: whatever the bytes, an answer comes, and what is found stands in the file.
#![no_main]

use innkeeper_firmware::efi;
use innkeeper_firmware::ucode::{amd, intel, slice};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let stands_in_file =
        |revision: u32| bytes.windows(4).any(|four| four == revision.to_le_bytes().as_slice());
    for (signature, platform) in [(0x0008_06f8, None), (0x0008_06f6, Some(0x10)), (0, None)] {
        if let Ok(Some(update)) = intel::newest(&slice(bytes), signature, platform) {
            assert!(stands_in_file(update.revision));
            let _ = update.day();
        }
    }
    for signature in [0x00a0_0f11, 0x0087_0f10, 0] {
        if let Ok(Some(update)) = amd::newest(&slice(bytes), signature) {
            assert!(stands_in_file(update.revision) && signature != 0);
        }
    }
    let _ = efi::boot_current(bytes);
    if let Some(guid) = efi::partition(bytes) {
        assert!(guid.len() == 36 && guid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'));
    }
});
