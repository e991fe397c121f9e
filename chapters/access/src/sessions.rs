//! Who is logged in, from where; and ending that. The original has no list of sessions.

use innkeeper_access::{Session, UserId};
use innkeeper_change::Problem;
use innkeeper_rest::{Act, Answer, Call, Method, Permission, Property, Verb, bit};
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::{command, may};

/// A session.
#[derive(Debug, Serialize, ToSchema)]
struct SessionEntry {
    /// Its id.
    session: String,
    /// Who is logged in.
    userid: String,
    /// From where they logged in.
    origin: String,
    /// With what: `password`, `password and totp`, `link`.
    via: String,
    /// When, in seconds since 1970.
    created: i64,
    /// When it was used last, to the minute.
    seen: i64,
    /// When it ends unless it is renewed.
    expire: i64,
    /// 1: the caller's own.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    current: bool,
}

pub(crate) fn methods() -> Vec<Method> {
    vec![
        Method::get(
            "/access/sessions",
            "List who is logged in: the caller, or everybody for who may audit users",
            list,
        )
        .allow(Permission::User)
        .param(Property::string("userid").max_length(64).optional().help("Only this user's"))
        .returns::<Vec<SessionEntry>>()
        .command(command("access session list", &[], "List who is logged in")),
        Method::act(
            Verb::Delete,
            "/access/sessions",
            "Log a user out everywhere; the session of the call itself goes on",
            Act { run: end_all, preview: None },
        )
        .allow(Permission::User)
        .param(Property::string("userid").max_length(64).optional().help("The user; the caller if absent"))
        .returns::<u64>()
        .command(command("access session end-all", &["userid"], "Log a user out everywhere")),
        Method::act(
            Verb::Delete,
            "/access/sessions/{session}",
            "End a session: its ticket opens nothing any more",
            Act { run: end, preview: None },
        )
        .allow(Permission::User)
        .param(Property::string("session").max_length(64).help("Id of the session"))
        .command(command("access session end", &["session"], "End a session")),
    ]
}

/// Whether the caller may see, or end, the sessions of somebody.
fn may_on(call: &Call<'_>, user: &str, privileges: &[&str]) -> Result<bool, Problem> {
    let who = call.identity()?;
    if who.auth.to_string() == user || who.is_root() {
        return Ok(true);
    }
    // nobody but root logs root out
    if user == UserId::ROOT && privileges == ["User.Modify"] {
        return Ok(false);
    }
    let users = call.api().access()?.users()?;
    if let Ok(id) = user.parse() {
        for group in users.groups_of(&id) {
            if may(call, &format!("/access/groups/{group}"), privileges)? {
                return Ok(true);
            }
        }
    }
    may(call, "/access/groups", privileges)
}

fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let own = call.identity()?.session.clone();
    let wanted = call.text("userid");
    let mut seen = Vec::new();
    for session in call.api().access()?.sessions()?.list(call.host().now())? {
        if wanted.is_some_and(|user| user != session.user)
            || !may_on(call, &session.user, &["User.Modify", "Sys.Audit"])?
        {
            continue;
        }
        let Session { id, user, origin, via, created, seen: last, until } = session;
        let current = own.as_deref() == Some(id.as_str());
        seen.push(SessionEntry {
            session: id,
            userid: user,
            origin,
            via,
            created,
            seen: last,
            expire: until,
            current,
        });
    }
    Answer::of(seen)
}

fn refuse() -> Problem {
    Problem::Forbidden("Permission check failed (/access/groups, User.Modify)".to_owned())
}

fn end(call: &Call<'_>) -> Result<Answer, Problem> {
    let id = call.required_text("session")?;
    let sessions = call.api().access()?.sessions()?;
    let found = sessions.list(call.host().now())?.into_iter().find(|session| session.id == id);
    let no_such = || Problem::NotFound(format!("no such session '{id}'"));
    let session = found.ok_or_else(no_such)?;
    if !may_on(call, &session.user, &["User.Modify"])? {
        // who may not even see it learns nothing about it
        return Err(if may_on(call, &session.user, &["Sys.Audit"])? { refuse() } else { no_such() });
    }
    sessions.end(id)?;
    Ok(Answer::default())
}

fn end_all(call: &Call<'_>) -> Result<Answer, Problem> {
    let who = call.identity()?;
    let user: UserId = match call.text("userid") {
        Some(name) => name.parse().map_err(|error| Problem::parameter("userid", format!("{error}")))?,
        None => who.user().clone(),
    };
    if !may_on(call, user.as_str(), &["User.Modify"])? {
        return Err(refuse());
    }
    Answer::of(call.api().access()?.sessions()?.end_all(&user, who.session.as_deref())?)
}
