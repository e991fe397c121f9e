//! API tokens of a user.

use innkeeper_access::{Token, TokenId, TokenOptions, token as plan};
use innkeeper_change::{Plan, Problem};
use innkeeper_rest::{Answer, Call, Format, Method, Permission, Property, Proposal, Verb, Verify, bit};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::params::{self, command, edit, token, user, userid};

/// A token without its secret, which nobody sees twice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenInfo {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokenid: Option<String>,
    /// Seconds since 1970 after which it ends; 0 for never.
    expire: i64,
    /// 1: it may do what both it and its user may do. 0: what its user may do.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    privsep: bool,
    /// A remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
}

impl TokenInfo {
    /// Without its name.
    pub(crate) fn of(token: &Token) -> Self {
        Self {
            tokenid: None,
            expire: token.expire,
            privsep: token.privilege_separation,
            comment: token.comment.clone(),
        }
    }

    /// With its name.
    pub(crate) fn named(id: &TokenId, token: &Token) -> Self {
        Self { tokenid: Some(id.name().to_owned()), ..Self::of(token) }
    }
}

impl From<&TokenOptions> for TokenInfo {
    fn from(options: &TokenOptions) -> Self {
        Self {
            tokenid: None,
            expire: options.expire,
            privsep: options.privilege_separation,
            comment: options.comment.clone(),
        }
    }
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct NewToken {
    /// `USER@REALM!NAME`.
    full_tokenid: String,
    /// What it is like.
    info: TokenInfo,
    /// Its secret. It is shown this once.
    value: String,
}

pub(crate) fn methods() -> Vec<Method> {
    vec![list(), show(), create(), change(), remove()]
}

/// To see tokens: their user, and who may look at that user.
const LOOK: Permission = Permission::Either(&[Permission::Oneself, crate::users::LOOK]);
/// To make and change tokens: their user, and who manages that user.
const MODIFY: Permission = Permission::Either(&[Permission::Oneself, Permission::OnGroups(&["User.Modify"])]);

fn tokenid() -> Property {
    Property::string("tokenid").format(Format::TokenId).max_length(64).help("Name of the token")
}

fn list() -> Method {
    Method::get("/access/users/{userid}/token", "List a user's API tokens", |call| {
        let users = params::users(call)?;
        let id = user(call)?;
        users.require_user(&id)?;
        Answer::of(users.tokens_of(&id).map(|(id, token)| TokenInfo::named(id, token)).collect::<Vec<_>>())
    })
    .allow(LOOK)
    .param(userid())
    .returns::<Vec<TokenInfo>>()
    .command(command("token list", &["userid"], "List a user's API tokens"))
    .command(command("access user token list", &["userid"], "List a user's API tokens"))
}

fn show() -> Method {
    Method::get("/access/users/{userid}/token/{tokenid}", "Show an API token", |call| {
        Answer::of(TokenInfo::of(params::users(call)?.require_token(&token(call)?)?))
    })
    .allow(LOOK)
    .param(userid())
    .param(tokenid())
    .returns::<TokenInfo>()
    .command(command("access user token show", &["userid", "tokenid"], "Show an API token"))
}

/// Whoever made a token of root@pam could be root@pam.
fn refuse_for_root(call: &Call<'_>, id: &TokenId) -> Result<(), Problem> {
    if id.user().is_root() { call.api().access()?.check_root(call.identity()?) } else { Ok(()) }
}

fn create() -> Method {
    let change = edit("tokencreate", propose_create);
    Method::change(Verb::Post, "/access/users/{userid}/token/{tokenid}", "Make an API token", change)
        .allow(MODIFY)
        .param(userid())
        .param(tokenid())
        .param(Property::string("comment").max_length(512).optional().help("A remark"))
        .param(
            Property::integer("expire").min(0).default("0").help("End, in seconds since 1970; 0 for never"),
        )
        .param(
            Property::boolean("privsep")
                .default("1")
                .help("Give it privileges of its own, within its user's"),
        )
        .returns::<NewToken>()
        .command(command("token add", &["userid", "tokenid"], "Make an API token and print its secret, once"))
        .command(command(
            "access user token add",
            &["userid", "tokenid"],
            "Make an API token and print its secret, once",
        ))
}

fn propose_create(call: &Call<'_>) -> Result<Proposal, Problem> {
    if call.boolean("background") == Some(true) {
        return Err(Problem::parameter(
            "background",
            "the secret of a token can only be answered here and now",
        ));
    }
    let id = token(call)?;
    refuse_for_root(call, &id)?;
    let options = TokenOptions {
        expire: call.integer("expire").unwrap_or_default(),
        privilege_separation: call.boolean("privsep").unwrap_or(true),
        comment: call.text("comment").unwrap_or_default().to_owned(),
    };
    let new = plan::plan_create(call.api().store().as_ref(), &id, &options, plan::new_secret()?)?;
    let answer = json!(NewToken {
        full_tokenid: id.to_string(),
        info: TokenInfo::from(&options),
        value: new.value.expose_secret().to_owned(),
    });
    let made = move |call: &Call<'_>| {
        let users = call.api().access()?.users()?;
        let plan = Plan::new(format!("make API token {id}"));
        match users.token(&id) {
            Some(_) => Ok(plan),
            None => Err(Problem::failed(format!("token {id} is not in user.cfg"))),
        }
    };
    Ok(Proposal { answer, verify: Verify::With(Box::new(made)), ..new.plan.into() })
}

fn change() -> Method {
    let change = edit("tokenchange", propose_change);
    Method::change(
        Verb::Put,
        "/access/users/{userid}/token/{tokenid}",
        "Change what an API token is like",
        change,
    )
    .allow(MODIFY)
    .param(userid())
    .param(tokenid())
    .param(Property::string("comment").max_length(512).optional().help("A remark"))
    .param(Property::integer("expire").min(0).optional().help("End, in seconds since 1970; 0 for never"))
    .param(Property::boolean("privsep").optional().help("Give it privileges of its own, within its user's"))
    .returns::<TokenInfo>()
    .command(command(
        "token change",
        &["userid", "tokenid"],
        "Change remark, end or privileges of an API token; its secret stays",
    ))
    .command(command(
        "access user token modify",
        &["userid", "tokenid"],
        "Change remark, end or privileges of an API token; its secret stays",
    ))
}

/// What is not given stays as it is.
fn propose_change(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = token(call)?;
    refuse_for_root(call, &id)?;
    let users = call.api().access()?.users()?;
    let found = users.require_token(&id)?;
    let options = TokenOptions {
        expire: call.integer("expire").unwrap_or(found.expire),
        privilege_separation: call.boolean("privsep").unwrap_or(found.privilege_separation),
        comment: call.text("comment").unwrap_or(&found.comment).to_owned(),
    };
    let plan = plan::plan_change(call.api().store().as_ref(), &id, &options)?;
    let answer = json!(TokenInfo::from(&options));
    Ok(Proposal { answer, ..plan.into() })
}

fn remove() -> Method {
    let change = edit("tokenremove", propose_remove);
    Method::change(Verb::Delete, "/access/users/{userid}/token/{tokenid}", "Remove an API token", change)
        .allow(MODIFY)
        .param(userid())
        .param(tokenid())
        .command(command(
            "token remove",
            &["userid", "tokenid"],
            "Remove an API token: it stops working at once",
        ))
        .command(command(
            "access user token delete",
            &["userid", "tokenid"],
            "Remove an API token: it stops working at once",
        ))
        .command(command(
            "access user token remove",
            &["userid", "tokenid"],
            "Remove an API token: it stops working at once",
        ))
}

fn propose_remove(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = token(call)?;
    refuse_for_root(call, &id)?;
    let plan = plan::plan_remove(call.api().store().as_ref(), &id)?;
    let gone = move |call: &Call<'_>| match call.api().access()?.users()?.token(&id) {
        None => Ok(Plan::new(format!("remove API token {id}"))),
        Some(_) => Err(Problem::failed(format!("token {id} is still in user.cfg"))),
    };
    Ok(Proposal { verify: Verify::With(Box::new(gone)), ..plan.into() })
}
