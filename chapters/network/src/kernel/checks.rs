//! What is wrong with links at rest.

use innkeeper_change::{Finding, Level};

use super::{Bond, Kernel, Kind, Link};

/// Bonds that have lost members, and bonds whose switch does not answer.
pub fn check(kernel: &Kernel) -> Vec<Finding> {
    let bonds = kernel.links().filter_map(|link| match &link.kind {
        Kind::Bond(bond) if link.up => Some((link, bond)),
        _ => None,
    });
    bonds
        .flat_map(|(link, bond)| lost_members(kernel, link).into_iter().chain(no_partner(link, bond)))
        .collect()
}

fn finding(id: &str, level: Level, message: String, evidence: String, advice: &str) -> Finding {
    Finding { id: id.to_owned(), level, message, evidence, advice: advice.to_owned(), fixes: Vec::new() }
}

fn lost_members(kernel: &Kernel, bond: &Link) -> Option<Finding> {
    let works = |name: &&String| {
        let member = kernel.link(name);
        member.is_some_and(|member| member.bond_member.as_ref().map_or(member.carrier, |state| state.up))
    };
    let lost: Vec<&str> = bond.members.iter().filter(|name| !works(name)).map(String::as_str).collect();
    if lost.is_empty() {
        return None;
    }
    let (level, left) = match bond.members.len() - lost.len() {
        0 => (Level::Critical, "none is left".to_owned()),
        1 => (Level::Warning, "one is left, and nothing takes over when that goes, too".to_owned()),
        left => (Level::Warning, format!("{left} are left")),
    };
    Some(finding(
        "network.bond-member-down",
        level,
        format!("{} has lost members: {left}", bond.name),
        format!("without a wire that works: {}", lost.join(", ")),
        "Look at the cable, at the port of the switch, and at what the kernel says of the card.",
    ))
}

/// In 802.3ad the switch has to take part; as long as it does not, the bond uses one of its members.
fn no_partner(link: &Link, bond: &Bond) -> Option<Finding> {
    let partner = bond.partner.as_deref()?;
    let nobody = partner.bytes().all(|byte| matches!(byte, b'0' | b':'));
    (bond.mode == "802.3ad" && nobody).then(|| {
        finding(
            "network.lacp-without-partner",
            Level::Warning,
            format!("nobody answers {} in LACP: it works with one member at most", link.name),
            format!("partner {partner}"),
            "Switch LACP on at the ports of the switch, or use active-backup, which needs nothing of it.",
        )
    })
}
