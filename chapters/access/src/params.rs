//! Parameters and steps that the methods of this chapter share.

use std::sync::Arc;

use innkeeper_access::{TokenId, UserDb, UserId, plan_users};
use innkeeper_change::{Plan, Problem};
use innkeeper_rest::{Call, Change, CommandName, Execution, Format, Property, Proposal, Propose, Verify};

/// Held while users, groups, roles, tokens and access entries are edited.
const LOCK: &str = "/run/lock/innkeeper-user.cfg.lck";

/// A change of `user.cfg`.
pub(crate) fn edit(task: &'static str, propose: Propose) -> Change {
    Change { task, propose, execution: Execution::Here, lock: Some(LOCK) }
}

/// A name on the command line: words, what is given by position, a sentence.
pub(crate) fn command(
    words: &'static str,
    positional: &'static [&'static str],
    help: &'static str,
) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

pub(crate) fn userid() -> Property {
    Property::string("userid").format(Format::UserId).max_length(64).help("Full name: USER@REALM")
}

pub(crate) fn comment() -> Property {
    Property::string("comment").max_length(2048).optional().help("A remark")
}

/// Name of a group or role.
pub(crate) fn name(parameter: &'static str, help: &'static str) -> Property {
    Property::string(parameter)
        .max_length(64)
        .pattern("^[A-Za-z0-9._-]+$", |text| {
            !text.is_empty()
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        })
        .help(help)
}

/// The user in a parameter.
pub(crate) fn user(call: &Call<'_>) -> Result<UserId, Problem> {
    let text = call.required_text("userid")?;
    text.parse().map_err(|error| Problem::parameter("userid", format!("{error}")))
}

/// The token in the parameters.
pub(crate) fn token(call: &Call<'_>) -> Result<TokenId, Problem> {
    TokenId::new(user(call)?, call.required_text("tokenid")?)
        .map_err(|error| Problem::parameter("tokenid", format!("{error}")))
}

/// Users, groups, roles, tokens and access entries as they are now.
pub(crate) fn users(call: &Call<'_>) -> Result<Arc<UserDb>, Problem> {
    call.api().access()?.users()
}

/// The items of a list parameter.
pub(crate) fn list<'c>(call: &'c Call<'_>, name: &str) -> Vec<&'c str> {
    call.text(name).map(|text| Format::items(text).collect()).unwrap_or_default()
}

/// Whether the caller holds one of these privileges on a path.
pub(crate) fn may(call: &Call<'_>, path: &str, privileges: &[&str]) -> Result<bool, Problem> {
    let (who, access) = (call.identity()?, call.api().access()?);
    match access.check(who, path, privileges, innkeeper_access::Need::Any) {
        Ok(()) => Ok(true),
        Err(Problem::Forbidden(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Plans an edit of `user.cfg` that can be asked for again, which then finds nothing to do.
pub(crate) fn propose(
    call: &Call<'_>,
    what: &str,
    subject: &str,
    edit: impl FnOnce(&str) -> Result<String, Problem>,
) -> Result<Proposal, Problem> {
    let plan = plan_users(call.api().store().as_ref(), what, edit)?;
    Ok(Proposal { task_id: subject.to_owned(), ..plan.into() })
}

/// Plans an edit that makes or removes something, so that asking again would be refused. It has come true when `is_so`.
pub(crate) fn propose_once(
    call: &Call<'_>,
    what: &str,
    subject: &str,
    edit: impl FnOnce(&str) -> Result<String, Problem>,
    is_so: impl Fn(&UserDb) -> bool + Send + Sync + 'static,
) -> Result<Proposal, Problem> {
    let proposal = propose(call, what, subject, edit)?;
    Ok(Proposal { verify: has_come_true(what, is_so), ..proposal })
}

/// A question to `user.cfg` after a change.
pub(crate) fn has_come_true(what: &str, is_so: impl Fn(&UserDb) -> bool + Send + Sync + 'static) -> Verify {
    let what = what.to_owned();
    Verify::With(Box::new(move |call| {
        if is_so(users(call)?.as_ref()) {
            return Ok(Plan::new(what.clone()));
        }
        Err(Problem::failed(format!("user.cfg does not say so afterwards: {what}")))
    }))
}
