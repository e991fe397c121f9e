//! Booting as a real machine does: firmware finds a loader on a disk, and the loader a kernel.

use super::args::{self, Profile, Ram};
use super::error::Error;
use super::host::Host;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

/// Where Debian's package has it.
const OVMF: &str = "/usr/share/OVMF";

/// What a host boots by, in place of the kernel that QEMU starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firmware {
    secure_boot: bool,
}

impl Firmware {
    /// UEFI, with no keys enrolled: it starts every loader.
    #[must_use]
    pub fn uefi() -> Self {
        Self { secure_boot: false }
    }

    /// With Microsoft's keys enrolled, as machines are sold: it starts signed loaders only, and these signed kernels only.
    #[must_use]
    pub fn secure_boot(self) -> Self {
        Self { secure_boot: true }
    }

    /// The program and the variables it is delivered with.
    fn files(self) -> [Utf8PathBuf; 2] {
        let names = if self.secure_boot {
            ["OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.ms.fd"]
        } else {
            ["OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"]
        };
        names.map(|name| Utf8Path::new(OVMF).join(name))
    }
}

/// Firmware, and the disk that it looks at first.
#[derive(Clone, Debug)]
pub(super) struct BootBy {
    firmware: Firmware,
    disk: String,
}

impl Host {
    /// From the next boot on it boots by firmware from this disk. The disk that it was started from is not connected then. What the
    /// firmware remembers is forgotten.
    ///
    /// # Errors
    /// When it has power, there is no such disk, or no firmware.
    pub fn boot_by(&self, firmware: Firmware, disk: usize) -> Result<(), Error> {
        if self.power().is_some() {
            return Err(Error::Request(format!("{} has power: its firmware stays what it is", self.name())));
        }
        let Some(id) = self.disks().get(disk).map(|disk| disk.id.clone()) else {
            return Err(Error::Request(format!("{} has no disk {disk}", self.name())));
        };
        let [code, variables] = firmware.files();
        if !code.is_file() || !variables.is_file() {
            return Err(Error::Tool { program: code.to_string(), package: "ovmf" });
        }
        let own = own_variables(self.dir());
        std::fs::copy(&variables, &own).map_err(Error::io(own.as_str()))?;
        *self.firmware() = Some(BootBy { firmware, disk: id });
        Ok(())
    }
}

impl BootBy {
    /// QEMU's arguments, on hardware that was described for the other board.
    pub(super) fn args(&self, profile: &Profile, dir: &Utf8Path, hardware: Vec<String>) -> Vec<String> {
        let secure = self.firmware.secure_boot;
        // keys are worth something only when the guest's kernel cannot write them: system management mode, which q35 has
        let mut args = args::board(profile, if secure { "q35,smm=on" } else { "q35" }, &Ram::Fresh);
        if secure {
            args.extend(["-global".into(), "driver=cfi.pflash01,property=secure,value=on".into()]);
            args.extend(["-global".into(), "ICH9-LPC.disable_s3=1".into()]);
        }
        let [code, _] = self.firmware.files();
        let variables = own_variables(dir);
        for (unit, file, more) in [(0, code, ",readonly=on"), (1, variables, "")] {
            args.extend(["-drive".into(), format!("if=pflash,format=raw,unit={unit},file={file}{more}")]);
        }
        // its slots take nothing while the host runs; this takes disks
        if !hardware.iter().any(|arg| arg.contains("virtio-scsi-pci")) {
            args.extend(["-device".into(), self.adapted(args::scsi_controller().to_string())]);
        }
        let devices = args::sockets(dir).into_iter().chain(hardware);
        args.extend(devices.map(|arg| self.adapted(arg)));
        args
    }

    /// An argument as this board has it: its bus has another name, and one disk is the first to boot from.
    fn adapted(&self, arg: String) -> String {
        let Ok(Value::Object(mut device)) = serde_json::from_str(&arg) else { return arg };
        if device.get("bus").is_some_and(|bus| bus == "pci.0") {
            device.insert("bus".into(), "pcie.0".into());
        }
        if device.get("id").and_then(Value::as_str) == Some(&format!("{}-dev", self.disk)) {
            device.insert("bootindex".into(), 0.into());
        }
        Value::Object(device).to_string()
    }
}

fn own_variables(dir: &Utf8Path) -> Utf8PathBuf {
    dir.join("firmware-variables.fd")
}
