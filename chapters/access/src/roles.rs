//! Roles: sets of privileges.

use std::collections::BTreeMap;

use innkeeper_access::{Privilege, UserDb, builtin_role_names, privilege};
use innkeeper_change::{Hazard, Problem, Severity};
use innkeeper_rest::{Answer, Call, Method, Permission, Property, Proposal, Verb, bit};
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::{self, command, edit, list, name, propose, propose_once};

/// A role in the list.
#[derive(Debug, Serialize, ToSchema)]
struct RoleEntry {
    /// Its name.
    roleid: String,
    /// Its privileges, separated by commas.
    privs: String,
    /// 1: predefined, it can neither be changed nor removed.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    special: bool,
}

const MODIFY: Permission = Permission::On("/access", &["Sys.Modify"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![index(), create(), show(), change(), remove()]
}

fn roleid() -> Property {
    name("roleid", "Name of the role")
}

fn privs() -> Property {
    Property::string("privs").max_length(4096).optional().help("Privileges, separated by commas")
}

fn index() -> Method {
    Method::get("/access/roles", "List roles and their privileges", |call| {
        let users = params::users(call)?;
        let entry = |name: &str, special| RoleEntry {
            roleid: name.to_owned(),
            privs: users.role(name).unwrap_or_default().into_iter().collect::<Vec<_>>().join(","),
            special,
        };
        let predefined = builtin_role_names().map(|name| entry(name, true));
        let mut roles: Vec<_> =
            predefined.chain(users.roles().keys().map(|name| entry(name, false))).collect();
        roles.sort_by(|a, b| a.roleid.cmp(&b.roleid));
        Answer::of(roles)
    })
    .allow(Permission::User)
    .returns::<Vec<RoleEntry>>()
    .command(command("access role list", &[], "List roles and their privileges"))
}

fn show() -> Method {
    Method::get("/access/roles/{roleid}", "Show the privileges of a role", |call| {
        let role = call.required_text("roleid")?;
        let privileges = params::users(call)?
            .role(role)
            .ok_or_else(|| Problem::Invalid(format!("role '{role}' does not exist")))?;
        Answer::of(privileges.into_iter().map(|name| (name, 1)).collect::<BTreeMap<_, u8>>())
    })
    .allow(Permission::User)
    .param(roleid())
    .returns::<BTreeMap<String, u8>>()
    .command(command("access role show", &["roleid"], "Show the privileges of a role"))
}

pub(crate) fn wanted(call: &Call<'_>) -> Result<Vec<Privilege>, Problem> {
    let known = |name| {
        privilege(name).ok_or_else(|| Problem::parameter("privs", format!("invalid privilege '{name}'")))
    };
    let mut privileges: Vec<_> = list(call, "privs").into_iter().map(known).collect::<Result<_, _>>()?;
    privileges.sort_unstable();
    privileges.dedup();
    Ok(privileges)
}

fn create() -> Method {
    let change = edit("roleadd", |call| {
        let role = call.required_text("roleid")?.to_owned();
        if role.starts_with("PVE") {
            let message = "role names starting with 'PVE' are reserved for predefined roles";
            return Err(Problem::parameter("roleid", message));
        }
        let privileges = wanted(call)?;
        propose_once(
            call,
            &format!("add role {role}"),
            &role,
            |text| UserDb::add_role(text, &role, &privileges),
            {
                let made = role.clone();
                move |users| users.roles().contains_key(&made)
            },
        )
    });
    Method::change(Verb::Post, "/access/roles", "Add a role", change)
        .allow(MODIFY)
        .param(roleid())
        .param(privs())
        .command(command("access role add", &["roleid"], "Add a role"))
}

fn change() -> Method {
    let change = edit("rolemod", |call| {
        let role = call.required_text("roleid")?;
        let (privileges, append) = (wanted(call)?, call.boolean("append") == Some(true));
        propose(call, &format!("change role {role}"), role, |text| {
            UserDb::change_role(text, role, &privileges, append)
        })
    });
    Method::change(Verb::Put, "/access/roles/{roleid}", "Change the privileges of a role", change)
        .allow(MODIFY)
        .param(roleid())
        .param(privs())
        .param(Property::boolean("append").optional().requires("privs").help("Besides the privileges it has"))
        .command(command("access role modify", &["roleid"], "Change the privileges of a role"))
}

fn remove() -> Method {
    Method::change(Verb::Delete, "/access/roles/{roleid}", "Remove a role", edit("roledel", propose_remove))
        .allow(MODIFY)
        .param(roleid())
        .command(command("access role delete", &["roleid"], "Remove a role"))
}

fn propose_remove(call: &Call<'_>) -> Result<Proposal, Problem> {
    let role = call.required_text("roleid")?.to_owned();
    let users = params::users(call)?;
    let used: Vec<String> = users
        .acl()
        .entries()
        .filter(|(_, _, name, _)| *name == role)
        .map(|(path, subject, _, _)| format!("{subject} on {path}"))
        .collect();
    let gone = role.clone();
    let mut proposal = propose_once(
        call,
        &format!("remove role {role}"),
        &role,
        |text| UserDb::remove_role(text, &role),
        move |users| !users.roles().contains_key(&gone),
    )?;
    if !used.is_empty() {
        proposal.plan = proposal.plan.hazard(Hazard {
            id: "access.role-in-use".to_owned(),
            severity: Severity::Warning,
            message: format!(
                "The role is given to {}: these entries stay and grant nothing.",
                used.join(", ")
            ),
            avoid: "Give those users another role first.".to_owned(),
        });
    }
    Ok(proposal)
}
