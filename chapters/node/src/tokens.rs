//! API tokens of a user.

use innkeeper_access::{TokenId, TokenOptions, UserId, token};
use innkeeper_change::{Plan, Problem};
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Format, Method, Permission, Property, Proposal, Verb,
    Verify, bit,
};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Held while users and tokens are edited.
const LOCK: &str = "/run/lock/innkeeper-user.cfg.lck";

/// A token without its secret, which nobody sees twice.
#[derive(Debug, Serialize, ToSchema)]
struct TokenInfo {
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

fn userid() -> Property {
    Property::string("userid").format(Format::UserId).max_length(64).help("Full name: USER@REALM")
}

fn tokenid() -> Property {
    Property::string("tokenid").format(Format::PveConfigid).max_length(64).help("Name of the token")
}

fn list() -> Method {
    Method::get("/access/users/{userid}/token", "List a user's API tokens", |call| {
        let user = user_in_question(call, "Sys.Audit")?;
        let users = call.api().access()?.users()?;
        let info = users.tokens_of(&user).map(|(id, token)| TokenInfo {
            tokenid: Some(id.name().to_owned()),
            expire: token.expire,
            privsep: token.privilege_separation,
            comment: token.comment.clone(),
        });
        Answer::of(info.collect::<Vec<_>>())
    })
    .allow(Permission::User)
    .param(userid())
    .returns::<Vec<TokenInfo>>()
    .command(CommandName {
        words: "token list",
        positional: &["userid"],
        preset: &[],
        help: "List a user's API tokens",
    })
}

fn show() -> Method {
    Method::get("/access/users/{userid}/token/{tokenid}", "Show an API token", |call| {
        user_in_question(call, "Sys.Audit")?;
        let users = call.api().access()?.users()?;
        let id = token_in_question(call)?;
        let found = users.token(&id).ok_or_else(|| no_such_token(&id))?;
        Answer::of(TokenInfo {
            tokenid: None,
            expire: found.expire,
            privsep: found.privilege_separation,
            comment: found.comment.clone(),
        })
    })
    .allow(Permission::User)
    .param(userid())
    .param(tokenid())
    .returns::<TokenInfo>()
}

fn create() -> Method {
    let change =
        Change { task: "tokencreate", propose: propose_create, execution: Execution::Here, lock: Some(LOCK) };
    Method::change(Verb::Post, "/access/users/{userid}/token/{tokenid}", "Make an API token", change)
        .allow(Permission::User)
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
        .command(CommandName {
            words: "token add",
            positional: &["userid", "tokenid"],
            preset: &[],
            help: "Make an API token and print its secret, once",
        })
}

fn propose_create(call: &Call<'_>) -> Result<Proposal, Problem> {
    user_in_question(call, "User.Modify")?;
    if call.boolean("background") == Some(true) {
        return Err(Problem::parameter(
            "background",
            "the secret of a token can only be answered here and now",
        ));
    }
    let id = token_in_question(call)?;
    let options = TokenOptions {
        expire: call.integer("expire").unwrap_or_default(),
        privilege_separation: call.boolean("privsep").unwrap_or(true),
        comment: call.text("comment").unwrap_or_default().to_owned(),
    };
    let new = token::plan_create(call.api().store().as_ref(), &id, &options, token::new_secret()?)?;
    let answer = json!(NewToken {
        full_tokenid: id.to_string(),
        info: TokenInfo {
            tokenid: None,
            expire: options.expire,
            privsep: options.privilege_separation,
            comment: options.comment.clone(),
        },
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
    let change =
        Change { task: "tokenchange", propose: propose_change, execution: Execution::Here, lock: Some(LOCK) };
    Method::change(
        Verb::Put,
        "/access/users/{userid}/token/{tokenid}",
        "Change what an API token is like",
        change,
    )
    .allow(Permission::User)
    .param(userid())
    .param(tokenid())
    .param(Property::string("comment").max_length(512).optional().help("A remark"))
    .param(Property::integer("expire").min(0).optional().help("End, in seconds since 1970; 0 for never"))
    .param(Property::boolean("privsep").optional().help("Give it privileges of its own, within its user's"))
    .returns::<TokenInfo>()
    .command(CommandName {
        words: "token change",
        positional: &["userid", "tokenid"],
        preset: &[],
        help: "Change remark, end or privileges of an API token; its secret stays",
    })
}

/// What is not given stays as it is.
fn propose_change(call: &Call<'_>) -> Result<Proposal, Problem> {
    user_in_question(call, "User.Modify")?;
    let id = token_in_question(call)?;
    let users = call.api().access()?.users()?;
    let found = users.token(&id).ok_or_else(|| no_such_token(&id))?;
    let options = TokenOptions {
        expire: call.integer("expire").unwrap_or(found.expire),
        privilege_separation: call.boolean("privsep").unwrap_or(found.privilege_separation),
        comment: call.text("comment").unwrap_or(&found.comment).to_owned(),
    };
    let plan = token::plan_change(call.api().store().as_ref(), &id, &options)?;
    let answer = json!(TokenInfo {
        tokenid: None,
        expire: options.expire,
        privsep: options.privilege_separation,
        comment: options.comment,
    });
    Ok(Proposal { answer, ..plan.into() })
}

fn no_such_token(id: &TokenId) -> Problem {
    Problem::parameter("tokenid", format!("no such token '{id}'"))
}

fn remove() -> Method {
    let change =
        Change { task: "tokenremove", propose: propose_remove, execution: Execution::Here, lock: Some(LOCK) };
    Method::change(Verb::Delete, "/access/users/{userid}/token/{tokenid}", "Remove an API token", change)
        .allow(Permission::User)
        .param(userid())
        .param(tokenid())
        .command(CommandName {
            words: "token remove",
            positional: &["userid", "tokenid"],
            preset: &[],
            help: "Remove an API token: it stops working at once",
        })
}

fn propose_remove(call: &Call<'_>) -> Result<Proposal, Problem> {
    user_in_question(call, "User.Modify")?;
    let id = token_in_question(call)?;
    let plan = token::plan_remove(call.api().store().as_ref(), &id)?;
    let gone = move |call: &Call<'_>| match call.api().access()?.users()?.token(&id) {
        None => Ok(Plan::new(format!("remove API token {id}"))),
        Some(_) => Err(Problem::failed(format!("token {id} is still in user.cfg"))),
    };
    Ok(Proposal { verify: Verify::With(Box::new(gone)), ..plan.into() })
}

/// The user in the path, if they are the caller or the caller has the privilege.
fn user_in_question(call: &Call<'_>, privilege: &str) -> Result<UserId, Problem> {
    let user: UserId = call
        .required_text("userid")?
        .parse()
        .map_err(|error| Problem::parameter("userid", format!("{error}")))?;
    let in_person = call.user()? == user.to_string();
    if !in_person {
        call.demand("/access/users", &[privilege])?;
    }
    Ok(user)
}

fn token_in_question(call: &Call<'_>) -> Result<TokenId, Problem> {
    let text = format!("{}!{}", call.required_text("userid")?, call.required_text("tokenid")?);
    text.parse().map_err(|error| Problem::parameter("tokenid", format!("{error}")))
}
