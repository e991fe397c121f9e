//! What somebody may do, and which entry each privilege comes from.

use std::collections::{BTreeMap, BTreeSet};

use innkeeper_access::AuthId;
use innkeeper_change::Problem;
use innkeeper_rest::{Answer, Call, Method, Permission, Property, bit};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::params::{self, command};

/// Path to privilege to whether it holds below the path, too.
type Permissions = BTreeMap<String, BTreeMap<String, u8>>;

/// A privilege on a path, and the entry it comes from.
#[derive(Debug, Serialize, ToSchema)]
struct Grant {
    /// The path it holds on.
    path: String,
    /// The privilege.
    privilege: &'static str,
    /// 1: below the path, too.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    propagate: bool,
    /// The role that holds it; absent when it comes with being `root@pam`.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// The path of the entry that gives the role.
    source: String,
    /// Whom the entry is for: `user`, `group` or `token`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Name of that user, group or token.
    ugid: String,
}

pub(crate) fn methods() -> Vec<Method> {
    vec![
        about(Method::get("/access/permissions", "Show who may do what", permissions))
            .returns::<Permissions>()
            .command(command(
                "access user permissions",
                &["userid"],
                "Show what a user or token may do, by path",
            ))
            .command(command(
                "access user token permissions",
                &["userid", "tokenid"],
                "Show what an API token may do, by path",
            )),
        about(Method::get(
            "/access/permissions/sources",
            "Show which access entry each privilege comes from",
            sources,
        ))
        .returns::<Vec<Grant>>()
        .command(command(
            "access user sources",
            &["userid"],
            "Show which access entry each privilege of a user or token comes from",
        )),
    ]
}

fn about(method: Method) -> Method {
    method
        .allow(Permission::User)
        .param(
            Property::string("userid").max_length(128).optional().help("User or token; the caller if absent"),
        )
        .param(
            Property::string("tokenid")
                .max_length(128)
                .optional()
                .requires("userid")
                .help("A token of that user"),
        )
        .param(Property::string("path").max_length(512).optional().help("Only this path"))
}

fn permissions(call: &Call<'_>) -> Result<Answer, Problem> {
    let who = in_question(call)?;
    Answer::of(json!(call.api().access()?.permissions(&who, call.text("path"))?))
}

fn sources(call: &Call<'_>) -> Result<Answer, Problem> {
    let who = in_question(call)?;
    let users = params::users(call)?;
    let now = call.host().now();
    let paths: BTreeSet<String> =
        call.api().access()?.permissions(&who, call.text("path"))?.into_keys().collect();
    let mut grants = Vec::new();
    for path in paths {
        grants.extend(users.sources(&who, &path, now).into_iter().map(|source| {
            let (kind, ugid) = crate::acl::describe(&source.subject);
            Grant {
                path: path.clone(),
                privilege: source.privilege,
                propagate: source.propagate,
                role: source.role,
                source: source.path,
                kind,
                ugid,
            }
        }));
    }
    Answer::of(grants)
}

/// Oneself and one's own tokens may be looked at by everybody, others with a privilege.
fn in_question(call: &Call<'_>) -> Result<AuthId, Problem> {
    let caller = &call.identity()?.auth;
    let wanted: AuthId = match call.text("userid") {
        Some(name) => match call.text("tokenid") {
            Some(token) => format!("{name}!{token}"),
            None => name.to_owned(),
        }
        .parse()
        .map_err(|error| Problem::parameter("userid", format!("{error}")))?,
        None => caller.clone(),
    };
    let own = wanted == *caller || AuthId::from(wanted.user().clone()) == *caller;
    if !own {
        call.demand("/access", &["Sys.Audit"])?;
    }
    let users = params::users(call)?;
    match &wanted {
        AuthId::User(user) => drop(users.require_user(user)?),
        AuthId::Token(token) => drop(users.require_token(token)?),
    }
    Ok(wanted)
}
