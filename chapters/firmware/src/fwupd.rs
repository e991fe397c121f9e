//! What `fwupdmgr --json` prints: devices, releases, errors. Fields that are not needed are passed over, fields that are
//! missing are empty: its versions differ.

use serde::Deserialize;

use crate::model::{Device, Release};

/// How an update went, by the numbers of fwupd's `FwupdUpdateState`.
const STATES: [(u32, &str); 5] =
    [(1, "pending"), (2, "success"), (3, "failed"), (4, "needs-reboot"), (5, "failed")];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Document {
    devices: Vec<RawDevice>,
    releases: Vec<RawRelease>,
    error: Option<RawError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawError {
    message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawDevice {
    name: String,
    device_id: String,
    summary: Option<String>,
    plugin: String,
    flags: Vec<String>,
    vendor: Option<String>,
    version: Option<String>,
    update_state: u32,
    update_error: Option<String>,
    problems: Vec<String>,
    icons: Vec<String>,
    releases: Vec<RawRelease>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawRelease {
    name: Option<String>,
    version: String,
    vendor: Option<String>,
    urgency: Option<String>,
    description: Option<String>,
    size: Option<u64>,
    created: Option<i64>,
    flags: Vec<String>,
    issues: Vec<String>,
}

/// A device, and what the planner wants to know of it besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// As the API shows it.
    pub device: Device,
    /// What losing power, or its settings, means for it.
    pub class: Class,
    /// It can be updated with mains power only.
    pub require_ac: bool,
    /// It does not work while it is updated.
    pub stops: bool,
    /// The host has to be switched off afterwards.
    pub needs_shutdown: bool,
}

/// What kind of device it is, as far as its risks differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// BIOS, UEFI, and what belongs to them: settings may be reset.
    System,
    /// A disk or a storage controller: settings may be reset, and disks are away for a while.
    Storage,
    /// The list of boot loaders that are no longer trusted.
    Revocations,
    /// Everything else.
    #[default]
    Other,
}

impl Class {
    fn of(device: &RawDevice) -> Self {
        let icon = |start: &str| device.icons.iter().any(|icon| icon.starts_with(start));
        match device.plugin.as_str() {
            "uefi_dbx" => Self::Revocations,
            "uefi_capsule" | "flashrom" | "coreboot_rom" | "mtd" | "intel_me" | "intel_spi" | "redfish" => {
                Self::System
            }
            "nvme" | "ata" | "scsi" | "emmc" => Self::Storage,
            _ if icon("drive-") => Self::Storage,
            _ => Self::Other,
        }
    }
}

/// Reads the answer to `get-devices` or `get-updates`.
///
/// # Errors
/// What fwupd says went wrong, and an answer that is none.
pub fn devices(text: &str) -> Result<Vec<Found>, String> {
    Ok(document(text)?.devices.into_iter().filter(|device| is_id(&device.device_id)).map(found).collect())
}

/// Reads the answer to `get-releases`.
///
/// # Errors
/// As [`devices`].
pub fn releases(text: &str) -> Result<Vec<Release>, String> {
    Ok(document(text)?.releases.into_iter().map(release).collect())
}

fn document(text: &str) -> Result<Document, String> {
    let document: Document = serde_json::from_str(text)
        .map_err(|error| format!("fwupdmgr gave no answer that can be read: {error}"))?;
    match document.error {
        Some(error) => Err(error.message),
        None => Ok(document),
    }
}

/// Whether a text is the id of a device: the SHA-1 of what identifies it.
pub fn is_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn found(raw: RawDevice) -> Found {
    let has = |flag: &str| raw.flags.iter().any(|have| have == flag);
    let class = Class::of(&raw);
    let newest = raw.releases.iter().find(|release| release.flags.iter().any(|flag| flag == "is-upgrade"));
    let update = newest.map(|release| release.version.clone());
    let state = STATES.iter().find(|(number, _)| *number == raw.update_state);
    let problems = raw.problems.iter().cloned().chain(raw.update_error.clone()).collect();
    let (require_ac, stops) = (has("require-ac"), !has("usable-during-update") && !has("needs-reboot"));
    let needs_shutdown = has("needs-shutdown");
    let (updatable, needs_reboot) = (has("updatable"), has("needs-reboot"));
    let RawDevice { name, device_id, summary, plugin, vendor, version, .. } = raw;
    let device = Device {
        id: device_id,
        name,
        vendor,
        summary,
        version,
        plugin,
        updatable,
        needs_reboot,
        update,
        state: state.map(|(_, word)| (*word).to_owned()),
        problems,
    };
    Found { device, class, require_ac, stops, needs_shutdown }
}

fn release(raw: RawRelease) -> Release {
    let has = |flag: &str| raw.flags.iter().any(|have| have == flag);
    let relation = match () {
        () if has("is-upgrade") => "newer",
        () if has("is-downgrade") => "older",
        () => "same",
    };
    let description = raw.description.as_deref().map(plain).filter(|text| !text.is_empty());
    Release {
        version: raw.version,
        relation: relation.to_owned(),
        name: raw.name,
        vendor: raw.vendor,
        urgency: raw.urgency.filter(|urgency| urgency != "unknown"),
        description,
        size: raw.size,
        created: raw.created,
        issues: raw.issues,
    }
}

/// Descriptions are written in a handful of HTML's elements: paragraphs and lists.
fn plain(markup: &str) -> String {
    let mut text = String::new();
    let mut rest = markup;
    while let Some((before, behind)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, behind)) = behind.split_once('>') else { break };
        match tag {
            "li" => text.push_str("\n- "),
            "/p" | "/ul" | "/ol" => text.push('\n'),
            _ => {}
        }
        rest = behind;
    }
    if !rest.contains('<') {
        text.push_str(rest);
    }
    let text = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (name, character)| text.replace(name, character));
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}
