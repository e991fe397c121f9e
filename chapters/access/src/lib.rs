//! Who may do what on this host, and how they show who they are.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | users | `/access/users…` | `innkeeper access user …` |
//! | groups | `/access/groups…` | `innkeeper access group …` |
//! | roles | `/access/roles…` | `innkeeper access role …` |
//! | access entries | `/access/acl` | `innkeeper access acl …` |
//! | API tokens | `/access/users/{userid}/token…` | `innkeeper access user token …`, `innkeeper token …` |
//! | realms | `/access/domains…` | `innkeeper access realm …` |
//! | passwords | `/access/password` | `innkeeper access passwd` |
//! | logins | `/access/ticket`, `/access/link`, `/access/session` | `innkeeper access ticket` |
//! | who is logged in | `/access/sessions…` | `innkeeper access session …` |
//! | second factors | `/access/tfa…` | `innkeeper access user tfa …` |
//! | what somebody may do, and why | `/access/permissions…` | `innkeeper access user permissions` |
//!
//! The original's command `pveum` is `innkeeper access` by another name.
//!
//! Files: `/etc/pve/user.cfg` (edited line by line: what is not understood stays), `/etc/pve/domains.cfg`, and below
//! `/etc/pve/priv` what only root may read.

mod acl;
mod checks;
mod domains;
mod groups;
mod login;
mod params;
mod password;
mod permissions;
mod roles;
mod sessions;
mod tfa;
mod tokens;
mod users;

use innkeeper_rest::{Check, Method};

/// Every method of this chapter.
pub fn methods() -> Vec<Method> {
    let mut methods = login::methods();
    methods.extend(users::methods());
    methods.extend(tokens::methods());
    methods.extend(groups::methods());
    methods.extend(roles::methods());
    methods.extend(acl::methods());
    methods.extend(domains::methods());
    methods.extend(permissions::methods());
    methods.extend(password::methods());
    methods.extend(sessions::methods());
    methods.extend(tfa::methods());
    methods
}

/// Every health check of this chapter.
pub fn checks() -> Vec<Check> {
    vec![Check { area: "access", title: "users and permissions", run: checks::run }]
}
