//! Groups of users.

use innkeeper_access::UserDb;
use innkeeper_change::Problem;
use innkeeper_rest::{Answer, Call, Method, Permission, Property, Verb};
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::{self, command, comment, edit, may, name, propose, propose_once};

/// A group in the list.
#[derive(Debug, Serialize, ToSchema)]
struct GroupEntry {
    /// Its name.
    groupid: String,
    /// A remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
    /// Who is in it, separated by commas.
    users: String,
}

/// One group.
#[derive(Debug, Serialize, ToSchema)]
struct GroupDetail {
    /// A remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
    /// Who is in it.
    members: Vec<String>,
}

const ALLOCATE: Permission = Permission::On("/access/groups", &["Group.Allocate"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![index(), create(), show(), change(), remove()]
}

fn groupid() -> Property {
    name("groupid", "Name of the group")
}

fn index() -> Method {
    Method::get("/access/groups", "List groups: those the caller may see", |call| {
        let users = params::users(call)?;
        let mut groups = Vec::new();
        for (name, group) in users.groups() {
            let path = format!("/access/groups/{name}");
            if may(call, &path, &["User.Modify", "Sys.Audit", "Group.Allocate"])? {
                let members: Vec<String> = group.users.iter().map(ToString::to_string).collect();
                groups.push(GroupEntry {
                    groupid: name.clone(),
                    comment: group.comment.clone(),
                    users: members.join(","),
                });
            }
        }
        Answer::of(groups)
    })
    .allow(Permission::User)
    .returns::<Vec<GroupEntry>>()
    .command(command("access group list", &[], "List groups"))
}

fn show() -> Method {
    Method::get("/access/groups/{groupid}", "Show a group and who is in it", |call| {
        let users = params::users(call)?;
        let group = users.require_group(call.required_text("groupid")?)?;
        Answer::of(GroupDetail {
            comment: group.comment.clone(),
            members: group.users.iter().map(ToString::to_string).collect(),
        })
    })
    .allow(Permission::AnyOf("/access/groups", &["Sys.Audit", "Group.Allocate"]))
    .param(groupid())
    .returns::<GroupDetail>()
    .command(command("access group show", &["groupid"], "Show a group and who is in it"))
}

fn create() -> Method {
    let change = edit("groupadd", |call| {
        let (group, comment) = given(call)?;
        propose_once(
            call,
            &format!("add group {group}"),
            &group,
            |text| UserDb::add_group(text, &group, &comment),
            {
                let made = group.clone();
                move |users| users.groups().contains_key(&made)
            },
        )
    });
    Method::change(Verb::Post, "/access/groups", "Add a group", change)
        .allow(ALLOCATE)
        .param(groupid())
        .param(comment())
        .command(command("access group add", &["groupid"], "Add a group"))
}

fn given(call: &Call<'_>) -> Result<(String, String), Problem> {
    let comment = call.text("comment").unwrap_or_default().to_owned();
    Ok((call.required_text("groupid")?.to_owned(), comment))
}

fn change() -> Method {
    let change = edit("groupmod", |call| {
        let (group, comment) = given(call)?;
        propose(call, &format!("change group {group}"), &group, |text| match call.text("comment") {
            Some(_) => UserDb::change_group(text, &group, &comment),
            None => UserDb::parse(text).require_group(&group).map(|_| text.to_owned()),
        })
    });
    Method::change(Verb::Put, "/access/groups/{groupid}", "Change the remark of a group", change)
        .allow(ALLOCATE)
        .param(groupid())
        .param(comment())
        .command(command("access group modify", &["groupid"], "Change the remark of a group"))
}

fn remove() -> Method {
    let change = edit("groupdel", |call| {
        let group = call.required_text("groupid")?.to_owned();
        propose_once(
            call,
            &format!("remove group {group}"),
            &group,
            |text| UserDb::remove_group(text, &group),
            {
                let gone = group.clone();
                move |users| !users.groups().contains_key(&gone)
            },
        )
    });
    Method::change(Verb::Delete, "/access/groups/{groupid}", "Remove a group; its users stay", change)
        .allow(ALLOCATE)
        .param(groupid())
        .command(command("access group delete", &["groupid"], "Remove a group; its users stay"))
}
