//! The chapter's nouns as the API delivers them. Names and shapes are the original's; what is our own says so.

use innkeeper_rest::bit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What would become of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It is installed in a newer version.
    Upgrade,
    /// It is not installed now.
    Install,
    /// It is replaced by an older version, which a pin demands.
    Downgrade,
    /// A newer version is there, but installing it now would break something.
    Kept,
    /// A newer version is there, but not yet for this machine: it is handed out in phases.
    Phased,
    /// A newer version is there, but the administrator holds the package.
    Held,
}

impl Fate {
    /// An upgrade changes it.
    pub fn changes(self) -> bool {
        matches!(self, Self::Upgrade | Self::Install | Self::Downgrade)
    }
}

/// A package for which there is another version than the one that is installed, or that would be installed anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Update {
    /// Name of the package.
    pub package: String,
    /// Description in a line.
    pub title: String,
    /// The rest of the description.
    pub description: String,
    /// Who publishes the new version; `unknown` where the repository does not say.
    pub origin: String,
    /// Section of the archive.
    pub section: String,
    /// Architecture.
    pub arch: String,
    /// How important it is.
    pub priority: String,
    /// The new version.
    pub version: String,
    /// The version that is installed; absent for a package that would be new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_version: Option<String>,
    /// The version that was told about by mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_status: Option<String>,
    /// Ours: what an upgrade would do with it.
    pub action: Fate,
    /// Ours: 1 when it comes from a repository of security fixes.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub security: bool,
    /// Ours: bytes to download.
    #[serde(default)]
    pub size: u64,
    /// Ours: bytes on disk when it is installed.
    #[serde(default)]
    pub installed_size: u64,
}

impl Update {
    /// As people write it: `bash 5.2-1 -> 5.2-2`.
    pub fn in_words(&self) -> String {
        match &self.old_version {
            Some(old) => format!("{} {old} -> {}", self.package, self.version),
            None => format!("{} {}", self.package, self.version),
        }
    }
}

/// A package that an upgrade would remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Removal {
    /// Name of the package.
    pub package: String,
    /// The version that is installed.
    pub version: String,
}

/// A package that matters for support, and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PackageVersion {
    /// Name of the package.
    pub package: String,
    /// Description in a line.
    pub title: String,
    /// The rest of the description.
    pub description: String,
    /// Always `unknown`: what is installed may come from anywhere.
    pub origin: String,
    /// Section of the archive.
    pub section: String,
    /// Architecture.
    pub arch: String,
    /// How important it is.
    pub priority: String,
    /// The version that is installed.
    pub version: String,
    /// The version that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_version: Option<String>,
    /// `Installed`, `NotInstalled`, `UnPacked`, `HalfConfigured`, `HalfInstalled`, `ConfigFiles`.
    pub current_state: String,
    /// The kernel that runs; on `proxmox-ve` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_kernel: Option<String>,
    /// The version that the manager says of itself; on `pve-manager` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager_version: Option<String>,
}
