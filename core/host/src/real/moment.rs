//! The moments of a write at which a test can kill the process.

/// Every moment, in the order in which a write meets them. The engine's list of fail points begins with these.
pub const WRITE_POINTS: &[&str] =
    &["files::after-create", "files::after-write", "files::after-sync", "files::after-rename"];

/// Passes a moment, unless the process is told to die in it.
pub(super) fn moment(name: &'static str) {
    debug_assert!(WRITE_POINTS.contains(&name), "{name} is missing from the list");
    fail::fail_point!(name, |_| -> () { std::process::abort() });
}
