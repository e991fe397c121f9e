//! Users.

use std::collections::BTreeMap;

use innkeeper_access::{AuthId, User, UserChange, UserDb, UserId, plan_forget};
use innkeeper_change::Problem;
use innkeeper_rest::{Answer, Call, Method, Permission, Property, Proposal, Verb, bit};
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::{self, command, comment, edit, list, may, propose, propose_once, user, userid};
use crate::tokens::TokenInfo;

/// A user in the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct UserEntry {
    /// Full name: USER@REALM.
    userid: String,
    #[serde(flatten)]
    user: UserFields,
    /// What checks the user's password: `pam`, `pve`.
    #[serde(skip_serializing_if = "Option::is_none")]
    realm_type: Option<String>,
    /// With `full`: the groups the user is in, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<String>,
    /// With `full`: the user's API tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Vec<TokenInfo>>,
}

/// What is known of a user.
#[derive(Debug, Serialize, ToSchema)]
struct UserFields {
    /// 1: may log in.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    enable: bool,
    /// Seconds since 1970 after which the account ends; 0 for never.
    expire: i64,
    /// First name.
    #[serde(skip_serializing_if = "String::is_empty")]
    firstname: String,
    /// Last name.
    #[serde(skip_serializing_if = "String::is_empty")]
    lastname: String,
    /// Mail address.
    #[serde(skip_serializing_if = "String::is_empty")]
    email: String,
    /// A remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
    /// `x` when a second factor is asked for. What older versions kept here is a secret and never shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'static str>,
}

/// One user.
#[derive(Debug, Serialize, ToSchema)]
struct UserDetail {
    #[serde(flatten)]
    user: UserFields,
    /// The groups the user is in.
    groups: Vec<String>,
    /// The user's API tokens, by name.
    tokens: BTreeMap<String, TokenInfo>,
}

impl From<&User> for UserFields {
    fn from(user: &User) -> Self {
        Self {
            enable: user.enabled,
            expire: user.expire,
            firstname: user.first_name.clone(),
            lastname: user.last_name.clone(),
            email: user.email.clone(),
            comment: user.comment.clone(),
            keys: (!user.keys.is_empty()).then_some("x"),
        }
    }
}

/// To look at a user: those who manage them, on all groups or on one of theirs.
pub(crate) const LOOK: Permission = Permission::OnGroups(&["User.Modify", "Sys.Audit"]);
const MODIFY: Permission = Permission::OnGroups(&["User.Modify"]);
const ALLOCATE: Permission = Permission::OnRealm(&["Realm.AllocateUser"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![index(), create(), show(), change(), remove()]
}

fn index() -> Method {
    Method::get("/access/users", "List users: those whom the caller may see, and the caller", run_index)
        .allow(Permission::User)
        .param(
            Property::boolean("enabled")
                .optional()
                .help("Only those who may log in, or only those who may not"),
        )
        .param(Property::boolean("full").default("0").help("With groups and API tokens"))
        .returns::<Vec<UserEntry>>()
        .command(command("access user list", &[], "List users"))
}

fn run_index(call: &Call<'_>) -> Result<Answer, Problem> {
    let users = params::users(call)?;
    let realms = call.api().access()?.realms()?;
    let full = call.boolean("full") == Some(true);
    let visible = visible(call, &users)?;
    let entry = |(id, user): (&UserId, &User)| UserEntry {
        userid: id.to_string(),
        user: user.into(),
        realm_type: realms.iter().find(|realm| realm.realm == id.realm()).map(|realm| realm.kind.clone()),
        groups: full.then(|| users.groups_of(id).collect::<Vec<_>>().join(",")),
        tokens: full.then(|| users.tokens_of(id).map(|(id, token)| TokenInfo::named(id, token)).collect()),
    };
    let wanted = call.boolean("enabled");
    let chosen = users
        .users()
        .iter()
        .filter(|(id, user)| visible(id) && wanted.is_none_or(|enabled| user.enabled == enabled));
    Answer::of(chosen.map(entry).collect::<Vec<_>>())
}

/// Whom the caller may see.
fn visible<'c>(call: &'c Call<'_>, users: &'c UserDb) -> Result<impl Fn(&UserId) -> bool + 'c, Problem> {
    const PRIVILEGES: &[&str] = &["User.Modify", "Sys.Audit"];
    let caller = call.identity()?.auth.clone();
    let all = may(call, "/access/groups", PRIVILEGES)?;
    let mut seen = std::collections::BTreeSet::new();
    for (name, group) in users.groups().iter().filter(|_| !all) {
        if may(call, &format!("/access/groups/{name}"), PRIVILEGES)? {
            seen.extend(group.users.iter().cloned());
        }
    }
    Ok(move |id: &UserId| all || seen.contains(id) || caller == AuthId::User(id.clone()))
}

fn show() -> Method {
    Method::get("/access/users/{userid}", "Show a user", |call| {
        let users = params::users(call)?;
        let id = user(call)?;
        Answer::of(UserDetail {
            user: users.require_user(&id)?.into(),
            groups: users.groups_of(&id).map(str::to_owned).collect(),
            tokens: users
                .tokens_of(&id)
                .map(|(id, token)| (id.name().to_owned(), TokenInfo::of(token)))
                .collect(),
        })
    })
    .allow(LOOK)
    .param(userid())
    .returns::<UserDetail>()
    .command(command("access user show", &["userid"], "Show a user"))
}

/// What can be said of a user when one is made and when one is changed.
fn fields(method: Method) -> Method {
    let name =
        |property: &'static str, help| Property::string(property).max_length(1024).optional().help(help);
    method
        .param(Property::integer("expire").min(0).optional().help("End, in seconds since 1970; 0 for never"))
        .param(name("firstname", "First name"))
        .param(name("lastname", "Last name"))
        .param(
            Property::string("email")
                .max_length(254)
                .pattern("^([^\\s:@]+@[^\\s:@]+)?$", is_mail_address)
                .optional()
                .help("Mail address"),
        )
        .param(comment())
        .param(
            Property::string("keys")
                .pattern("^[0-9a-zA-Z!=]{0,4096}$", |text| {
                    text.len() <= 4096
                        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '!' | '='))
                })
                .secret()
                .optional()
                .help("Keys of second factors in the way of older versions"),
        )
}

fn is_mail_address(text: &str) -> bool {
    let sound = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | '@'))
    };
    text.is_empty() || text.split_once('@').is_some_and(|(name, host)| sound(name) && sound(host))
}

fn groups_param() -> Property {
    Property::string("groups").max_length(4096).optional().help("Groups, separated by commas")
}

fn create() -> Method {
    let method = Method::change(Verb::Post, "/access/users", "Add a user", edit("useradd", propose_create))
        .allow(ALLOCATE);
    fields(method)
        .param(userid())
        .param(Property::boolean("enable").default("1").help("May log in"))
        .param(groups_param())
        .param(crate::password::new_password().optional().help("Password, for a user of the realm pve"))
        .command(command("access user add", &["userid"], "Add a user"))
}

fn propose_create(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = user(call)?;
    require_realm(call, &id)?;
    let groups = list(call, "groups");
    may_put_into(call, &groups)?;
    let asked = asked(call);
    let new = User {
        enabled: asked.enabled.unwrap_or(true),
        expire: asked.expire.unwrap_or_default(),
        first_name: asked.first_name.unwrap_or_default(),
        last_name: asked.last_name.unwrap_or_default(),
        email: asked.email.unwrap_or_default(),
        comment: asked.comment.unwrap_or_default(),
        keys: asked.keys.unwrap_or_default(),
    };
    let made = id.clone();
    let mut proposal = propose_once(
        call,
        &format!("add user {id}"),
        id.as_str(),
        |text| UserDb::set_groups(&UserDb::add_user(text, &id, &new)?, &id, &groups, true),
        move |users| users.user(&made).is_some(),
    )?;
    // the password goes first: without the user's line it opens nothing
    proposal.plan.steps.splice(..0, crate::password::steps_for_new_user(call, &id)?);
    Ok(proposal)
}

fn require_realm(call: &Call<'_>, id: &UserId) -> Result<(), Problem> {
    let realms = call.api().access()?.realms()?;
    if realms.iter().any(|realm| realm.realm == id.realm()) {
        return Ok(());
    }
    Err(Problem::parameter("userid", format!("realm '{}' does not exist", id.realm())))
}

/// Whoever puts a user into groups needs a say in each of them; without groups, in all users.
fn may_put_into(call: &Call<'_>, groups: &[&str]) -> Result<(), Problem> {
    if groups.is_empty() {
        return call.demand("/access/groups", &["User.Modify"]);
    }
    groups.iter().try_for_each(|group| call.demand(&format!("/access/groups/{group}"), &["User.Modify"]))
}

fn asked(call: &Call<'_>) -> UserChange {
    let text = |name| call.text(name).map(str::to_owned);
    UserChange {
        enabled: call.boolean("enable"),
        expire: call.integer("expire"),
        first_name: text("firstname"),
        last_name: text("lastname"),
        email: text("email"),
        comment: text("comment"),
        keys: text("keys"),
    }
}

fn change() -> Method {
    let method =
        Method::change(Verb::Put, "/access/users/{userid}", "Change a user", edit("usermod", propose_change))
            .allow(MODIFY);
    fields(method)
        .param(userid())
        .param(Property::boolean("enable").optional().help("May log in"))
        .param(groups_param())
        .param(
            Property::boolean("append")
                .optional()
                .requires("groups")
                .help("Put the user into the groups besides those they are in"),
        )
        .command(command("access user modify", &["userid"], "Change a user"))
}

fn propose_change(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = user(call)?;
    let asked = asked(call);
    let append = call.boolean("append") == Some(true);
    let groups = call.text("groups").map(|_| list(call, "groups"));
    if let Some(wanted) = &groups {
        may_regroup(call, &id, wanted, append)?;
    }
    if id.is_root() && (asked.enabled == Some(false) || asked.expire.is_some_and(|end| end != 0)) {
        return Err(Problem::parameter("userid", "root@pam can neither be disabled nor expire"));
    }
    propose(call, &format!("change user {id}"), id.as_str(), |text| {
        let text = UserDb::change_user(text, &id, &asked)?;
        match &groups {
            Some(wanted) => UserDb::set_groups(&text, &id, wanted, append),
            None => Ok(text),
        }
    })
}

/// Who moves a user between groups needs a say in those they join and in those they leave.
fn may_regroup(call: &Call<'_>, id: &UserId, wanted: &[&str], append: bool) -> Result<(), Problem> {
    let users = params::users(call)?;
    let now: Vec<&str> = users.groups_of(id).collect();
    let joined = wanted.iter().filter(|group| !now.contains(group));
    let left = now.iter().filter(|group| !append && !wanted.contains(group));
    joined.chain(left).try_for_each(|group| call.demand(&format!("/access/groups/{group}"), &["User.Modify"]))
}

fn remove() -> Method {
    Method::change(Verb::Delete, "/access/users/{userid}", "Remove a user", edit("userdel", propose_remove))
        .allow(Permission::Every(&[ALLOCATE, MODIFY]))
        .param(userid())
        .command(command(
            "access user delete",
            &["userid"],
            "Remove a user, their API tokens and the access they were given by name",
        ))
}

fn propose_remove(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = user(call)?;
    let gone = id.clone();
    let mut proposal = propose_once(
        call,
        &format!("remove user {id}"),
        id.as_str(),
        |text| UserDb::remove_user(text, &id),
        move |users| users.user(&gone).is_none(),
    )?;
    // user.cfg goes first: from then on what is left opens nothing
    proposal.plan.steps.extend(plan_forget(call.api().store().as_ref(), &id)?);
    Ok(proposal)
}
