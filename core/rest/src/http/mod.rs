//! The API over HTTP, in the original's manner: paths, parameters, envelope, errors.

mod body;
mod envelope;
mod lines;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request as HttpRequest, Response, header};
use bytes::Bytes;
use innkeeper_access::{Credentials, Identity};
use innkeeper_change::Problem;
use innkeeper_engine::Silent;

use crate::api::{Api, Request};
use crate::audit::Heard;
use crate::call::Answer;
use crate::method::Verb;
use envelope::Format;

/// Who asks, as the proxy saw it; the proxy removes what a client sends under this name.
pub const PEER_HEADER: &str = "x-innkeeper-peer";
/// Sent by the browser's own pages: they get their ticket as a cookie that scripts cannot read.
pub const GUI_HEADER: &str = "x-innkeeper-gui";
/// The cookie that carries a ticket.
pub const TICKET_COOKIE: &str = "PVEAuthCookie";
/// The header that proves that a ticket was not sent by somebody else's page.
pub const CSRF_HEADER: &str = "csrfpreventiontoken";

/// What is taken from somebody who did not say who they are: a login is much smaller. Understanding a body takes many
/// times its size of memory.
const STRANGERS_BODY: usize = 16 * 1024;

/// Wrong credentials are answered this late, so that guessing is slow.
const DELAY_AFTER_WRONG_CREDENTIALS: Duration = Duration::from_secs(3);

/// The API as an axum router: everything below `/api2`.
pub fn router(api: Arc<Api>) -> Router {
    Router::new().fallback(answer).with_state(Shared { api, document: Arc::default() })
}

#[derive(Clone)]
struct Shared {
    api: Arc<Api>,
    /// The OpenAPI document, which anybody may ask for: written once and not for each who does.
    document: Arc<OnceLock<Bytes>>,
}

async fn answer(State(shared): State<Shared>, request: HttpRequest<Body>) -> Response<Body> {
    let Shared { api, document } = shared;
    let Some((format, path)) = Format::of_path(request.uri().path()) else {
        return envelope::no_such_uri();
    };
    if path == "/openapi.json" && request.method() == axum::http::Method::GET {
        let written = || Bytes::from(crate::openapi::document(api.methods()).to_string());
        return envelope::document(document.get_or_init(written).clone());
    }
    let gui = request.headers().contains_key(GUI_HEADER);
    let begun = tokio::time::Instant::now();
    let outcome = handle(api, request, path).await;
    if let Err((Problem::Unauthenticated(_), Tried::Credentials)) = &outcome {
        // counted from the beginning, in whole delays: how long the check took tells nothing
        let mut end = begun + DELAY_AFTER_WRONG_CREDENTIALS;
        while end < tokio::time::Instant::now() {
            end += DELAY_AFTER_WRONG_CREDENTIALS;
        }
        tokio::time::sleep_until(end).await;
    }
    envelope::respond(format, gui, outcome.map_err(|(problem, _)| problem))
}

/// Whether the caller tried credentials: only a try is worth delaying.
#[derive(Clone, Copy)]
enum Tried {
    Nothing,
    Credentials,
}

async fn handle(api: Arc<Api>, request: HttpRequest<Body>, path: String) -> Result<Answer, (Problem, Tried)> {
    let (parts, body) = request.into_parts();
    let credentials = credentials(&parts.headers);
    let tried = match credentials {
        Some(_) => Tried::Credentials,
        // a login is a try, too
        None if matches!(path.as_str(), "/access/ticket" | "/access/link" | "/access/password") => {
            Tried::Credentials
        }
        None => Tried::Nothing,
    };
    let fail = |problem| (problem, tried);
    let verb: Verb = parts.method.as_str().parse().map_err(|_: Problem| {
        fail(Problem::Unsupported(format!("Method '{} {path}' not implemented", parts.method)))
    })?;
    let body = body::read(body).await.map_err(fail)?;
    let peer = header_text(&parts.headers, PEER_HEADER).unwrap_or("local").to_owned();
    let csrf = header_text(&parts.headers, CSRF_HEADER).map(str::to_owned);
    let at_once = api.is_answered_at_once(verb, &path);
    let work = move || {
        let heard = Heard::unknown(verb, &path, credentials.as_ref(), &peer);
        let identity = match identify(&api, verb, &path, credentials, csrf.as_deref()) {
            Ok(identity) => identity,
            Err(problem) => {
                let refused = Err(problem);
                api.tell_audit(&heard, &refused);
                return refused;
            }
        };
        if identity.is_none() && body.len() > STRANGERS_BODY {
            return Err(body::bad("the request's body is too large"));
        }
        let params = body::params(&parts, &body)?;
        api.call_written(Request { verb, path, params, identity, origin: peer }, &mut Silent)
    };
    if at_once {
        return work().map_err(fail);
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(fail),
        Err(panic) => {
            tracing::error!(%panic, "a request ended in a panic");
            Err(fail(Problem::failed("internal error; the log of the service has the details")))
        }
    }
}

/// Who is asking. Methods open to the world take no notice of credentials, so that an expired ticket does not keep
/// anybody from logging in.
fn identify(
    api: &Api,
    verb: Verb,
    path: &str,
    credentials: Option<Credentials>,
    csrf: Option<&str>,
) -> Result<Option<Identity>, Problem> {
    match credentials {
        Some(credentials) if !api.is_open_to_the_world(verb, path) => {
            api.access()?.identify(Some(&credentials), csrf, verb != Verb::Get).map(Some)
        }
        _ => Ok(None),
    }
}

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A token or a ticket, from where the original looks for them.
fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    if let Some(value) = header_text(headers, header::AUTHORIZATION.as_str()) {
        if let Some(token) = Credentials::from_header(value) {
            return Some(token);
        }
        if let Some(ticket) = value.strip_prefix("PVEAuthCookie=") {
            return Some(Credentials::Ticket(decode(ticket)));
        }
    }
    let cookies = headers.get_all(header::COOKIE);
    let pairs = cookies.iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == TICKET_COOKIE)
        .filter(|(_, value)| !value.is_empty())
        .map(|(_, value)| Credentials::Ticket(decode(value)))
}

/// Clients send the ticket's `:` and `+` with and without percent signs.
fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
