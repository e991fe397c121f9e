//! Access entries: who has which role on which path.

use innkeeper_access::{AclEdit, AclSubject, Need, UserDb, normalize_path};
use innkeeper_change::Problem;
use innkeeper_rest::{Answer, Call, CommandName, Format, Method, Permission, Property, Proposal, Verb, bit};
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::{self, command, edit, list, may, propose};

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
struct AclEntry {
    /// The path it is for.
    path: String,
    /// `user`, `group` or `token`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Name of the user, group or token.
    ugid: String,
    /// The role they have there.
    roleid: String,
    /// 1: below the path, too.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    propagate: bool,
}

pub(crate) fn methods() -> Vec<Method> {
    vec![index(), change()]
}

fn index() -> Method {
    let help = "List access entries: those on paths where the caller may change them";
    Method::get("/access/acl", help, |call| {
        let users = params::users(call)?;
        let mut entries = Vec::new();
        for (path, subject, role, propagate) in users.acl().entries() {
            if may(call, path, &["Permissions.Modify", "Sys.Audit"])? {
                let (kind, ugid) = describe(subject);
                entries.push(AclEntry {
                    path: path.to_owned(),
                    kind,
                    ugid,
                    roleid: role.to_owned(),
                    propagate,
                });
            }
        }
        Answer::of(entries)
    })
    .allow(Permission::User)
    .returns::<Vec<AclEntry>>()
    .command(command("access acl list", &[], "List access entries"))
}

/// Kind and name of a subject, as the API delivers them.
pub(crate) fn describe(subject: &AclSubject) -> (&'static str, String) {
    match subject {
        AclSubject::Group(name) => ("group", name.clone()),
        AclSubject::Auth(auth) if auth.token().is_some() => ("token", auth.to_string()),
        AclSubject::Auth(auth) => ("user", auth.to_string()),
    }
}

fn change() -> Method {
    let names = |name: &'static str, help| Property::string(name).max_length(4096).optional().help(help);
    Method::change(
        Verb::Put,
        "/access/acl",
        "Give roles on a path to users, groups and tokens, or take them away",
        edit("aclmod", propose_change),
    )
    .allow(Permission::Delegate)
    .param(Property::string("path").max_length(512).help("The path, such as / or /nodes/NAME"))
    .param(names("users", "Users, separated by commas"))
    .param(names("groups", "Groups, separated by commas"))
    .param(names("tokens", "API tokens, separated by commas"))
    .param(Property::string("roles").max_length(4096).help("Roles, separated by commas"))
    .param(Property::boolean("propagate").default("1").help("The roles hold below the path, too"))
    .param(Property::boolean("delete").optional().help("Take the roles away instead"))
    .command(CommandName {
        words: "access acl modify",
        positional: &["path"],
        preset: &[],
        help: "Give roles on a path to users, groups and tokens",
    })
    .command(CommandName {
        words: "access acl delete",
        positional: &["path"],
        preset: &[("delete", "1")],
        help: "Take roles on a path away from users, groups and tokens",
    })
}

fn propose_change(call: &Call<'_>) -> Result<Proposal, Problem> {
    let path = call.required_text("path")?;
    let invalid = || Problem::parameter("path", format!("invalid ACL path '{path}'"));
    let path = normalize_path(path).filter(|path| is_known_path(path)).ok_or_else(invalid)?;
    let delete = call.boolean("delete") == Some(true);
    let users = params::users(call)?;
    let edit = AclEdit {
        subjects: subjects(call, &users, delete)?,
        roles: roles(call, &users, &path, delete)?,
        propagate: call.boolean("propagate").unwrap_or(true),
        path,
    };
    let (roles, path) = (edit.roles.join(", "), &edit.path);
    let who: Vec<String> = edit.subjects.iter().map(ToString::to_string).collect();
    let what = match delete {
        true => format!("take {roles} on {path} from {}", who.join(", ")),
        false => format!("give {roles} on {path} to {}", who.join(", ")),
    };
    propose(call, &what, "", |text| {
        Ok(if delete { UserDb::remove_acl(text, &edit) } else { UserDb::add_acl(text, &edit) })
    })
}

/// Whom the call names. Access is given only to who exists, and taken from anybody.
fn subjects(call: &Call<'_>, users: &UserDb, delete: bool) -> Result<Vec<AclSubject>, Problem> {
    let mut subjects = Vec::new();
    for name in list(call, "users") {
        let id = name.parse().map_err(|bad| Problem::parameter("users", format!("{bad}")))?;
        if !delete {
            users.require_user(&id)?;
        }
        subjects.push(AclSubject::Auth(id.into()));
    }
    for name in list(call, "groups") {
        if !delete {
            users.require_group(name)?;
        }
        subjects.push(AclSubject::Group(name.to_owned()));
    }
    for name in list(call, "tokens") {
        let id = name.parse().map_err(|bad| Problem::parameter("tokens", format!("{bad}")))?;
        if !delete {
            users.require_token(&id)?;
        }
        subjects.push(AclSubject::Auth(id.into()));
    }
    if subjects.is_empty() {
        let message = "either 'users', 'groups' or 'tokens' is required.";
        let names = ["users", "groups", "tokens"].map(|name| (name.to_owned(), message.to_owned()));
        return Err(Problem::Parameters(names.into()));
    }
    Ok(subjects)
}

/// The roles the call names. Who manages guests, storages or pools without the privilege to change permissions hands
/// on no more than they have.
fn roles(call: &Call<'_>, users: &UserDb, path: &str, delete: bool) -> Result<Vec<String>, Problem> {
    let named: Vec<String> = Format::items(call.required_text("roles")?).map(str::to_owned).collect();
    if named.is_empty() {
        return Err(Problem::parameter("roles", "value must be at least 1 characters long"));
    }
    let limited = !may(call, path, &["Permissions.Modify"])?;
    for role in &named {
        let Some(privileges) = users.role(role) else {
            if delete {
                continue;
            }
            return Err(Problem::Invalid(format!("role '{role}' does not exist")));
        };
        if limited {
            let (who, access) = (call.identity()?, call.api().access()?);
            let privileges: Vec<&str> = privileges.into_iter().collect();
            access.check(who, path, &privileges, Need::All)?;
        }
    }
    Ok(named)
}

/// The paths that mean something, here or in the original.
fn is_known_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => true,
        ["access"] | ["access", "groups" | "realm"] | ["access", "groups" | "realm", _] => true,
        ["nodes" | "pool" | "storage" | "vms" | "mapping" | "sdn"] => true,
        ["nodes" | "storage", _] => true,
        ["pool", _] | ["pool", _, _] => true,
        ["vms", id] => Format::Vmid.check(id).is_ok(),
        ["mapping", "pci" | "usb" | "dir" | "notifications"] => true,
        ["mapping", "pci" | "usb" | "dir" | "notifications", _] => true,
        ["sdn", kind, rest @ ..] => {
            let known = ["zones", "controllers", "dns", "ipams", "vnets"].contains(kind);
            known && rest.len() <= 3
        }
        _ => false,
    }
}
