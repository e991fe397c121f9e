//! Logging in and out.

use innkeeper_access::{AuthError, Authenticator, Login, Realm, UserId, Via};
use innkeeper_change::Problem;
use innkeeper_rest::{Act, Answer, Call, Format, Method, Permission, Property, Verb};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

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
    csrf: String,
    /// What they may do, in broad strokes: area, then privilege.
    cap: std::collections::BTreeMap<String, std::collections::BTreeMap<String, u8>>,
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
    Method::act(Verb::Post, "/access/ticket", "Log in with a password", act)
        .allow(Permission::World)
        .param(Property::string("username").max_length(64).help("User name, with or without @realm"))
        .param(
            Property::string("realm")
                .format(Format::Realm)
                .max_length(32)
                .optional()
                .help("The user's realm"),
        )
        .param(Property::string("password").max_length(4096).secret().help("Password, or a ticket to renew"))
        .param(
            Property::boolean("new-format")
                .optional()
                .help("Understood for clients' sake; nothing depends on it"),
        )
        .returns::<Ticket>()
}

fn run_log_in(call: &Call<'_>) -> Result<Answer, Problem> {
    // under another root no password is known, but a ticket can be renewed all the same
    let authenticator = call.api().authenticator().unwrap_or(&NoPasswords);
    let password = SecretString::from(call.required_text("password")?);
    let username = call.required_text("username")?;
    begin_session(call.api().access()?.login(username, call.text("realm"), &password, authenticator)?)
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
    begin_session(call.api().access()?.login_one_time(&secret)?)
}

fn begin_session(login: Login) -> Result<Answer, Problem> {
    Ok(Answer { session: Some(login.ticket.clone()), ..Answer::of(login)? })
}

/// A ticket that still holds is as good as a login, so a page that was reloaded goes on where it was.
fn session(call: &Call<'_>) -> Result<Answer, Problem> {
    let identity = call.identity()?;
    if identity.via != Via::Ticket {
        return Err(Problem::Forbidden("only a ticket has a session".to_owned()));
    }
    begin_session(call.api().access()?.renew(identity.user())?)
}

fn log_out(_call: &Call<'_>) -> Result<Answer, Problem> {
    Ok(Answer { session: Some(String::new()), ..Answer::default() })
}
