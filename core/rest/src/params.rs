//! Parameters that many methods share.

use innkeeper_config::{Format, Property};
use innkeeper_engine::CONFIRM_WITHIN;

/// The parameter that a path segment in braces stands for.
pub(crate) fn of_path(name: &'static str) -> Property {
    match name {
        "node" => Property::string("node").format(Format::Node).help("Name of the node, or 'localhost'"),
        "upid" => Property::string("upid").max_length(512).help("The task's unique id"),
        _ => Property::string(name).max_length(256).help("Name or number of the entry"),
    }
}

/// Shows the plan instead of carrying it out.
pub(crate) fn dry_run() -> Property {
    Property::boolean("dry-run").optional().default("0").help("Answer with the plan and change nothing")
}

/// What every changing method understands.
pub(crate) fn of_changes() -> Vec<Property> {
    vec![
        Property::string("accept")
            .optional()
            .max_length(4096)
            .help("Ids of the dangers that are accepted, separated by commas"),
        Property::string("plan")
            .optional()
            .min_length(64)
            .max_length(64)
            .help("Fingerprint of the plan that was shown: refuse to carry out another one"),
        // what runs in a worker anyway answers so without being asked: a client need not know which does
        Property::boolean("background")
            .optional()
            .default("0")
            .help("Answer with the task's UPID at once instead of waiting for its end"),
    ]
}

/// What a method understands whose changes can be armed.
pub(crate) fn confirm_within() -> Property {
    let (min, max) = (*CONFIRM_WITHIN.start(), *CONFIRM_WITHIN.end());
    Property::integer(WITHIN)
        .min(i64::from(min))
        .max(i64::from(max))
        .optional()
        .help("Take the change back after so many seconds unless it is confirmed (changes confirm)")
}

pub(crate) const WITHIN: &str = "confirm-within";

/// The names above: they belong to the call, not to the method.
pub(crate) const OF_THE_CALL: [&str; 5] = ["dry-run", "accept", "plan", "background", WITHIN];
