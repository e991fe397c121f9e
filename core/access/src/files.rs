//! Plans over the files of the configuration store.

use innkeeper_change::{Content, FileChange, Plan, Problem, Step, Undo};
use innkeeper_config::ConfigStore;

use crate::UserId;
use crate::tfa::{Factors, TFA_CFG};
use crate::token::{TOKEN_CFG, USER_CFG};

/// Plans one edit of `user.cfg`: text in, text out. What is so already gives an empty plan.
///
/// # Errors
/// The file cannot be read or is not UTF-8; whatever the edit says.
pub fn plan_users(
    store: &dyn ConfigStore,
    what: &str,
    edit: impl FnOnce(&str) -> Result<String, Problem>,
) -> Result<Plan, Problem> {
    let before = read(store, USER_CFG)?;
    let after = edit(text(USER_CFG, before.as_ref())?)?;
    if before.is_none() && after.is_empty() {
        return Ok(Plan::new(what));
    }
    Ok(Plan::new(what).step(user_step(store, what.to_owned(), before, after)?))
}

/// A step that edits a file with secrets, which is never shown. `kept` says why it cannot be taken back; `None` when
/// what stays behind opens nothing, so that nothing has to be.
///
/// # Errors
/// As [`plan_users`].
pub fn plan_secret(
    store: &dyn ConfigStore,
    name: &str,
    what: &str,
    kept: Option<&str>,
    edit: impl FnOnce(&str) -> Result<String, Problem>,
) -> Result<Option<Step>, Problem> {
    let before = read(store, name)?;
    let after = edit(text(name, before.as_ref())?)?;
    if before.as_ref().and_then(Content::as_text).unwrap_or_default() == after {
        return Ok(None);
    }
    let mut change = FileChange::write(store.path(name)?, before, after);
    (change.mode, change.secret) = (store.mode(name), true);
    let undo = kept.map_or(Undo::Nothing, |reason| Undo::Impossible(reason.to_owned()));
    Ok(Some(Step { undo, ..Step::file(what, change) }))
}

/// Steps that forget what a user who goes had in private files. They stay forgotten when the user comes back: a password
/// and tokens are then made anew, but a second factor must not be lost on the way, so that one cannot be taken back.
///
/// # Errors
/// A file cannot be read.
pub fn plan_forget(store: &dyn ConfigStore, user: &UserId) -> Result<Vec<Step>, Problem> {
    let own = |line: &&str| {
        let name = line.split_whitespace().next().and_then(|name| name.split_once('!'));
        name.is_some_and(|(owner, _)| owner == user.as_str())
    };
    let tokens =
        plan_secret(store, TOKEN_CFG, &format!("forget the secrets of {user}'s tokens"), None, |text| {
            Ok(text.split_inclusive('\n').filter(|line| !own(line)).collect())
        })?;
    let password = crate::password::plan_forget(store, user)?;
    let what = format!("forget the second factors of {user}");
    let factors = plan_secret(store, TFA_CFG, &what, Some("second factors are not kept"), |text| {
        let mut factors = Factors::parse(text)?;
        if !factors.users().any(|known| known == *user) {
            return Ok(text.to_owned());
        }
        factors.remove_user(user);
        Ok(factors.text())
    })?;
    Ok([tokens, password, factors].into_iter().flatten().collect())
}

pub(crate) fn read(store: &dyn ConfigStore, name: &str) -> Result<Option<Content>, Problem> {
    Ok(store.get(name)?.map(|stored| Content::new(stored.content)))
}

pub(crate) fn text<'a>(name: &str, content: Option<&'a Content>) -> Result<&'a str, Problem> {
    content
        .map_or(Some(""), Content::as_text)
        .ok_or_else(|| Problem::failed(format!("{name}: not valid UTF-8, so it is not edited")))
}

pub(crate) fn user_step(
    store: &dyn ConfigStore,
    what: String,
    before: Option<Content>,
    after: String,
) -> Result<Step, Problem> {
    let mut change = FileChange::write(store.path(USER_CFG)?, before, after);
    change.mode = store.mode(USER_CFG);
    Ok(Step::file(what, change))
}
