//! Logging in and out.

use innkeeper_access::{Attempt, AuthError, Authenticator, Login, Realm, UserId, normalize_path};
use innkeeper_change::Problem;
use innkeeper_rest::{Act, Answer, Call, Format, Method, Permission, Property, Verb};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::command;
use crate::roles::wanted;

/// What a login gives.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code, reason = "describes the answer for the OpenAPI document; core/access makes it")]
struct Ticket {
    /// Who logged in.
    username: String,
    /// The ticket; browser pages get it as a cookie instead.
    ticket: Option<String>,
    /// Goes into the header of the same name with every call that is not a GET.
    #[serde(rename = "CSRFPreventionToken")]
    csrf: Option<String>,
    /// What they may do, in broad strokes: area, then privilege.
    cap: Option<std::collections::BTreeMap<String, std::collections::BTreeMap<String, u8>>>,
    /// 1: a second factor is needed. `ticket` is then the challenge: call again with it as `tfa-challenge`, and with
    /// `totp:CODE`, `recovery:KEY` or `webauthn:JSON` as password. What can be answered stands in the challenge, between
    /// `PVE:!tfa!` and the next colon, as JSON with percent signs: `totp` (true), `recovery` (numbers of the keys that are
    /// left), `webauthn` (what `navigator.credentials.get` is asked with, binary parts in base64url).
    #[serde(rename = "NeedTFA")]
    need_tfa: Option<u8>,
}

pub(crate) fn methods() -> Vec<Method> {
    vec![
        Method::index("/access", "subdir"),
        Method::get("/access/ticket", "Answer nothing: for clients that show a login form", |_| {
            Ok(Answer::default())
        })
        .allow(Permission::World),
        log_in(),
        log_in_by_link(),
        Method::get("/access/session", "Show who this browser is logged in as", session)
            .allow(Permission::User)
            .returns::<Ticket>(),
        Method::act(
            Verb::Delete,
            "/access/session",
            "Log this browser out",
            Act { run: log_out, preview: None },
        )
        .allow(Permission::User),
    ]
}

fn log_in() -> Method {
    let act = Act { run: run_log_in, preview: None };
    Method::act(
        Verb::Post,
        "/access/ticket",
        "Log in with a password, and a second factor where one is set up",
        act,
    )
    .allow(Permission::World)
    .param(Property::string("username").max_length(64).help("User name, with or without @realm"))
    .param(Property::string("realm").format(Format::Realm).max_length(32).optional().help("The user's realm"))
    .param(
        Property::string("password")
            .max_length(8192)
            .secret()
            .help(
                "Password, a ticket to renew, or the answer to a challenge: totp:CODE, recovery:KEY, or webauthn: and what \
                 navigator.credentials.get answered, as JSON with base64url (id, response)",
            ),
    )
    .param(
        Property::string("otp")
            .max_length(64)
            .secret()
            .optional()
            .help("A code, sent along with the password"),
    )
    .param(
        Property::string("tfa-challenge")
            .max_length(8192)
            .secret()
            .optional()
            .help("The challenge that the password answers: the ticket of an answer with NeedTFA"),
    )
    .param(
        Property::string("path")
            .max_length(512)
            .optional()
            .requires("privs")
            .help("Let nobody in, but say whether the user has all of privs on this path"),
    )
    .param(
        Property::string("privs")
            .max_length(4096)
            .optional()
            .requires("path")
            .help("Privileges that the user must have on path"),
    )
    .param(
        Property::boolean("new-format")
            .optional()
            .help("Understood for clients' sake; nothing depends on it"),
    )
    .returns::<Ticket>()
    .command(command("access ticket", &["username"], "Log in and print a ticket"))
}

fn run_log_in(call: &Call<'_>) -> Result<Answer, Problem> {
    let authenticator = authenticator(call);
    let password = SecretString::from(call.required_text("password")?);
    let access = call.api().access()?;
    let attempt = Attempt {
        username: call.required_text("username")?,
        realm: call.text("realm"),
        password: &password,
        challenge: call.text("tfa-challenge"),
        origin: call.origin(),
    };
    if let Some(path) = call.text("path") {
        let privileges = wanted(call)?;
        let names: Vec<&str> = privileges.into_iter().collect();
        let path = normalize_path(path).ok_or_else(|| Problem::parameter("path", "invalid path"))?;
        return Answer::of(access.vouch(&attempt, &path, &names, authenticator)?);
    }
    let login = access.login(&attempt, authenticator)?;
    match call.text("otp").filter(|_| login.need_tfa.is_some()) {
        None => answer(login),
        Some(code) => {
            let password = SecretString::from(format!("totp:{code}"));
            let second = Attempt { password: &password, challenge: Some(&login.ticket), ..attempt };
            answer(access.login(&second, authenticator)?)
        }
    }
}

/// What knows passwords. Under another root no password of the system is known, but a ticket can be renewed all the same.
pub(crate) fn authenticator<'c>(call: &'c Call<'_>) -> &'c dyn Authenticator {
    call.api().authenticator().unwrap_or(&NoPasswords)
}

/// Knows no password.
struct NoPasswords;

impl Authenticator for NoPasswords {
    fn authenticate(&self, realm: &Realm, _user: &UserId, _password: &SecretString) -> Result<(), AuthError> {
        Err(AuthError::Unsupported(realm.kind.clone()))
    }
}

fn log_in_by_link() -> Method {
    let act = Act { run: run_log_in_by_link, preview: None };
    Method::act(Verb::Post, "/access/link", "Log in with a one-time link", act)
        .allow(Permission::World)
        .param(Property::string("secret").max_length(256).secret().help("What follows #link= in the link"))
        .returns::<Ticket>()
}

fn run_log_in_by_link(call: &Call<'_>) -> Result<Answer, Problem> {
    let secret = SecretString::from(call.required_text("secret")?);
    answer(call.api().access()?.login_one_time(&secret, call.origin())?)
}

/// A challenge is no session: a browser gets it in the answer, not as its cookie.
fn answer(login: Login) -> Result<Answer, Problem> {
    let session = login.need_tfa.is_none().then(|| login.ticket.clone());
    Ok(Answer { session, ..Answer::of(login)? })
}

/// A ticket that still holds is as good as a login, so a page that was reloaded goes on where it was.
fn session(call: &Call<'_>) -> Result<Answer, Problem> {
    answer(call.api().access()?.renew(call.identity()?)?)
}

fn log_out(call: &Call<'_>) -> Result<Answer, Problem> {
    if let Some(session) = &call.identity()?.session {
        call.api().access()?.sessions()?.end(session)?;
    }
    Ok(Answer { session: Some(String::new()), ..Answer::default() })
}
