//! What an upgrade puts at risk, and what whoever starts it should know.

use innkeeper_change::{Hazard, Severity};

use crate::model::Fate;
use crate::plan::PRODUCT;
use crate::preview::Preview;

/// All of it; `gone` are the packages that are removed.
pub(crate) fn hazards(preview: &Preview, gone: &[&str]) -> Vec<Hazard> {
    let mut all = Vec::new();
    let mut add = |id: &str, severity, message: String, avoid: &str| {
        all.push(Hazard::new(format!("updates.{id}"), severity, message, avoid));
    };
    let product: Vec<&str> = PRODUCT.into_iter().filter(|name| gone.contains(name)).collect();
    if !product.is_empty() {
        add(
            "removes-product",
            Severity::Danger,
            format!("This removes {}: the host would no longer be managed.", product.join(", ")),
            "Look at the repositories: as a rule one is missing or of another release.",
        );
    } else if !gone.is_empty() {
        add(
            "removes-packages",
            Severity::Warning,
            format!("This removes {}.", gone.join(", ")),
            "Hold the packages whose new versions demand it, if they are needed.",
        );
    }
    if preview.changes.iter().any(|one| one.action == Fate::Downgrade) {
        add(
            "downgrades",
            Severity::Warning,
            "Some packages are replaced by older versions, because a pin demands it; programs may not read newer data."
                .to_owned(),
            "Look at /etc/apt/preferences and /etc/apt/preferences.d.",
        );
    }
    if !preview.dkms.is_empty() {
        add(
            "dkms",
            Severity::Warning,
            format!(
                "Kernel {} needs these modules built by DKMS: {}. Where that fails they are missing after the reboot.",
                preview.kernels.join(", "),
                preview.dkms.join(", ")
            ),
            "Have the kernel's headers installed, and look at 'dkms status' before the reboot.",
        );
    }
    if !preview.kernels.is_empty() {
        for pin in preview.pins.iter().filter(|pin| pin.kind != "packages") {
            add(
                "kernel-pinned",
                Severity::Notice,
                format!("{} pins kernel {}: that one is started, not the new one.", pin.path, pin.what),
                "'proxmox-boot-tool kernel unpin' lifts that.",
            );
        }
    }
    if !preview.unchecked_partitions.is_empty() {
        add(
            "partition-unchecked",
            Severity::Notice,
            format!(
                "New kernels are copied to EFI system partitions that are not mounted, so that nobody knows whether there is \
                 room for them: {}.",
                preview.unchecked_partitions.join(", ")
            ),
            "'proxmox-boot-tool status' lists which kernels are on them.",
        );
    }
    if !preview.reboot_after.is_empty() {
        let why: Vec<&str> = preview.reboot_after.iter().map(|reason| reason.message.as_str()).collect();
        add(
            "reboot",
            Severity::Notice,
            format!("A reboot is needed afterwards. {}", why.join(" ")),
            "Plan it for a time when the guests can be moved or stopped.",
        );
    }
    if !preview.configuration.is_empty() {
        add(
            "keeps-configuration",
            Severity::Notice,
            format!(
                "These configuration files were changed here and stay as they are: {}.",
                preview.configuration.join(", ")
            ),
            "Compare them with the new versions, which are put beside them as *.dpkg-dist.",
        );
    }
    if !preview.kept.is_empty() {
        let names: Vec<&str> = preview.kept.iter().map(|one| one.package.as_str()).collect();
        add(
            "kept-back",
            Severity::Notice,
            format!("These stay as they are although there are newer versions: {}.", names.join(", ")),
            "'innkeeper updates preview' says which are held, phased or kept back.",
        );
    }
    all.extend(preview.risks.iter().cloned());
    all
}
