//! Every chapter, and what it offers. A new chapter adds its line to each of the two lists.

// tests include this file by its path
#[path = "sources.rs"]
mod sources;

use innkeeper_rest::Method;

pub(crate) use sources::{AptSources, OtherChapters};

/// The methods of all chapters.
pub(crate) fn methods() -> Vec<Method> {
    let mut methods = innkeeper_node::methods();
    methods.extend(innkeeper_access_chapter::methods());
    methods.extend(innkeeper_apt::methods());
    methods.extend(innkeeper_firmware::methods::<AptSources>());
    methods.extend(innkeeper_network::methods());
    methods.extend(innkeeper_services::methods());
    methods.extend(innkeeper_updates::methods::<OtherChapters>());
    methods
}

/// What the groups of commands are about, for `--help`.
pub(crate) const AREAS: &[(&str, &str)] = &[
    ("access", "Users, groups, roles, permissions, realms"),
    ("acl", "Who has which role on which path"),
    ("apt", "Package repositories and the keys that sign them"),
    ("changes", "Changes that are taken back unless somebody confirms them"),
    ("dns", "Domains and name servers of this host"),
    ("firmware", "Microcode of the CPU, firmware of devices"),
    ("group", "Groups of users"),
    ("history", "The changes made to this host"),
    ("hosts", "Names of hosts in /etc/hosts"),
    ("network", "Network interfaces: what is configured, and what is staged"),
    ("nic", "Network cards and their names"),
    ("realm", "Where users come from"),
    ("recipe", "Whole network set-ups in one call"),
    ("role", "Sets of privileges"),
    ("service", "Services of this host"),
    ("task", "Tasks and their logs"),
    ("token", "API tokens"),
    ("updates", "Software updates of this host"),
    ("user", "Users and their API tokens"),
];
