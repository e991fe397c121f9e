//! How long Debian's releases get security updates.

/// Codename and the day until which Debian's long term support makes security updates for this architecture. Dates of
/// releases to come are not known yet.
const SUPPORT: [(&str, &str); 6] = [
    ("stretch", "2022-06-30"),
    ("buster", "2024-06-30"),
    ("bullseye", "2026-08-31"),
    ("bookworm", "2028-06-30"),
    ("trixie", "2030-06-30"),
    ("forky", "9999-12-31"),
];

/// Whether a release gets security updates at a moment; `None` for one that is not known.
pub fn is_supported(codename: &str, now: i64) -> Option<bool> {
    let (_, until) = SUPPORT.iter().find(|(name, _)| *name == codename)?;
    let today = jiff::Timestamp::from_second(now).ok()?.strftime("%Y-%m-%d").to_string();
    Some(today.as_str() <= *until)
}
