//! API tokens: a name and a secret that programs show instead of a password.
//!
//! `user.cfg` says which tokens there are, `priv/token.cfg` holds their secrets, a line each: `user@realm!name
//! secret`.

use innkeeper_change::{Content, FileChange, Plan, Problem, Step, Undo};
use innkeeper_config::ConfigStore;
use secrecy::{ExposeSecret as _, SecretString};

use crate::files::{read, text, user_step};
use crate::secret::{same, uuid};
use crate::{TokenId, TokenOptions, UserDb};

/// The file with users and tokens, in the configuration store.
pub const USER_CFG: &str = "user.cfg";
/// The file with the secrets of tokens, in the configuration store.
pub const TOKEN_CFG: &str = "priv/token.cfg";

const NOT_KEPT: &str = "the secrets of tokens are not kept, so the file cannot be restored";

/// A token that a plan makes. Its secret is shown once and never again.
pub struct NewToken {
    /// The token.
    pub id: TokenId,
    /// Its secret.
    pub value: SecretString,
    /// What makes it.
    pub plan: Plan,
}

/// The token and secret in an `Authorization` header: `PVEAPIToken=user@realm!name=secret`.
pub fn parse_header(header: &str) -> Option<(TokenId, SecretString)> {
    let (id, secret) = header.trim().strip_prefix("PVEAPIToken=")?.split_once('=')?;
    Some((id.parse().ok()?, SecretString::from(secret)))
}

/// Whether a secret is the one of a token, by the text of `token.cfg`.
pub(crate) fn verify(token_cfg: &str, id: &TokenId, secret: &SecretString) -> bool {
    let id = id.to_string();
    let mut right = false;
    for (name, value) in token_cfg.lines().filter_map(split_line) {
        right |= name == id && same(value, secret.expose_secret());
    }
    right
}

fn split_line(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim().split_once(char::is_whitespace)?;
    Some((name, value.trim()))
}

/// A new random secret.
///
/// # Errors
/// The kernel gives no random numbers.
pub fn new_secret() -> Result<SecretString, Problem> {
    uuid().map(SecretString::from)
}

/// Plans a new token with this secret.
///
/// # Errors
/// No such user, a token of that name, a file that cannot be read.
pub fn plan_create(
    store: &dyn ConfigStore,
    id: &TokenId,
    options: &TokenOptions,
    secret: SecretString,
) -> Result<NewToken, Problem> {
    let (users, secrets) = (read(store, USER_CFG)?, read(store, TOKEN_CFG)?);
    let user_text = UserDb::add_token(text(USER_CFG, users.as_ref())?, id, options)?;
    let kept = without(text(TOKEN_CFG, secrets.as_ref())?, id);
    let gap = if kept.is_empty() || kept.ends_with('\n') { "" } else { "\n" };
    let token_text = format!("{kept}{gap}{id} {}\n", secret.expose_secret());
    // the secret goes first: without its line in user.cfg it opens nothing
    let plan = Plan::new(format!("make API token {id}"))
        .step(Step {
            // taken back, the line in user.cfg is gone, and what is left here opens nothing
            undo: Undo::Nothing,
            ..secret_step(store, format!("store the secret of {id}"), secrets, token_text)?
        })
        .step(user_step(store, format!("add token {id}"), users, user_text)?);
    Ok(NewToken { id: id.clone(), value: secret, plan })
}

/// Plans what a token shall be like from now on. Its secret stays.
///
/// # Errors
/// No such token, a file that cannot be read.
pub fn plan_change(store: &dyn ConfigStore, id: &TokenId, options: &TokenOptions) -> Result<Plan, Problem> {
    let users = read(store, USER_CFG)?;
    let changed = UserDb::change_token(text(USER_CFG, users.as_ref())?, id, options)?;
    let plan = Plan::new(format!("change API token {id}"));
    Ok(plan.step(user_step(store, format!("change token {id}"), users, changed)?))
}

/// Plans the end of a token: its line, its access entries, its secret.
///
/// # Errors
/// No such token, a file that cannot be read.
pub fn plan_remove(store: &dyn ConfigStore, id: &TokenId) -> Result<Plan, Problem> {
    let (users, secrets) = (read(store, USER_CFG)?, read(store, TOKEN_CFG)?);
    let user_text = UserDb::remove_token(text(USER_CFG, users.as_ref())?, id)?;
    let token_text = without(text(TOKEN_CFG, secrets.as_ref())?, id);
    // user.cfg goes first: from then on the secret opens nothing
    let mut plan = Plan::new(format!("remove API token {id}")).step(user_step(
        store,
        format!("remove token {id}"),
        users,
        user_text,
    )?);
    if secrets.is_some() {
        plan = plan.step(secret_step(store, format!("forget the secret of {id}"), secrets, token_text)?);
    }
    Ok(plan)
}

fn without(token_cfg: &str, id: &TokenId) -> String {
    let id = id.to_string();
    let other = |line: &&str| split_line(line).is_none_or(|(name, _)| name != id);
    token_cfg.split_inclusive('\n').filter(other).collect()
}

fn secret_step(
    store: &dyn ConfigStore,
    what: String,
    before: Option<Content>,
    after: String,
) -> Result<Step, Problem> {
    let mut change = FileChange::write(store.path(TOKEN_CFG)?, before, after);
    (change.mode, change.secret) = (store.mode(TOKEN_CFG), true);
    Ok(Step { undo: Undo::Impossible(NOT_KEPT.to_owned()), ..Step::file(what, change) })
}
