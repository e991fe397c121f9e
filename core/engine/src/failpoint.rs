//! The moments at which a test can kill the process, to show that nothing is lost whenever it dies.

/// Every moment, in the order in which a change meets them.
///
/// With the cargo feature `failpoints` and `FAILPOINTS="engine::after-begin=return"` the process aborts there, as
/// if it had been killed; without the feature nothing of this is compiled.
pub const FAIL_POINTS: &[&str] = &[
    // of every file that is written, see innkeeper_host::WRITE_POINTS
    "files::after-create",
    "files::after-write",
    "files::after-sync",
    "files::after-rename",
    // of every entry of the journal
    "journal::before-commit",
    "journal::after-commit",
    "tasks::after-log",
    "tasks::after-active",
    "engine::after-start",
    "engine::after-lock",
    "engine::after-begin",
    "armed::after-record",
    "armed::after-copies",
    "armed::after-alarm",
    "armed::after-step-begins",
    "engine::before-step",
    "engine::after-step",
    "engine::after-step-done",
    "engine::before-verify",
    "engine::before-take-back",
    "engine::after-take-back",
    "engine::before-end",
    "engine::after-end",
    "tasks::after-result",
    "tasks::after-index",
    "armed::before-restore",
    "armed::after-restore",
    "armed::before-reverted",
    "armed::after-reverted",
    "armed::before-confirmed",
    "armed::after-confirmed",
    "armed::after-journal",
    "armed::before-removal",
    "journal::after-archive",
    "journal::after-forgetting",
];

/// Passes a moment, unless the process is told to die in it.
pub(crate) fn moment(name: &'static str) {
    debug_assert!(FAIL_POINTS.contains(&name), "{name} is missing from the list");
    fail::fail_point!(name, |_| -> () { std::process::abort() });
}
