//! The original's envelope: `{"data": …}`, errors in the status line, the `extjs` variant.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use hyper::ext::ReasonPhrase;
use innkeeper_change::Problem;
use serde_json::{Map, Value, json};

use super::TICKET_COOKIE;
use crate::call::Answer;

/// The format that a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// HTTP status and `{"data": …}`.
    Json,
    /// Always HTTP 200; success and message are in the body.
    ExtJs,
}

impl Format {
    /// Splits `/api2/json/version` into the format and `/version`.
    pub(super) fn of_path(path: &str) -> Option<(Self, String)> {
        let rest = path.strip_prefix("/api2/")?;
        if rest == "openapi.json" {
            return Some((Self::Json, "/openapi.json".to_owned()));
        }
        let (format, path) = rest.split_once('/').unwrap_or((rest, ""));
        let format = match format {
            "json" => Self::Json,
            "extjs" => Self::ExtJs,
            _ => return None,
        };
        let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
        Some((format, format!("/{path}")))
    }
}

pub(super) fn no_such_uri() -> Response<Body> {
    failure(Format::Json, &Problem::Unsupported("no such uri".to_owned()))
}

/// A JSON document that is not in the envelope.
pub(super) fn document(document: Bytes) -> Response<Body> {
    json_text(StatusCode::OK, document)
}

pub(super) fn respond(format: Format, gui: bool, outcome: Result<Answer, Problem>) -> Response<Body> {
    match outcome {
        Ok(Answer { download: Some((name, bytes)), .. }) => download(&name, bytes),
        Ok(Answer { lines: Some(lines), .. }) => json_lines(lines),
        Ok(answer) => success(format, gui, answer),
        Err(problem) => failure(format, &problem),
    }
}

fn success(format: Format, gui: bool, answer: Answer) -> Response<Body> {
    let Answer { mut data, written, total, changes, task, change, unchanged, session, .. } = answer;
    if gui && session.is_some() {
        // the page gets its ticket as a cookie, where scripts cannot read it
        if let Some(object) = data.as_object_mut() {
            object.remove("ticket");
        }
    }
    let mut body = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    add("total", total.map(Value::from));
    add("changes", changes.map(Value::from));
    add("task", task.map(Value::from));
    add("change", change.map(Value::from));
    add("unchanged", unchanged.then(|| 1.into()));
    if format == Format::ExtJs {
        add("success", Some(1.into()));
    }
    let data = written.unwrap_or_else(|| data.to_string());
    let mut response = json_text(StatusCode::OK, Bytes::from(with_data(&data, &Value::Object(body))));
    if let Some(ticket) = session.filter(|_| gui) {
        set_cookie(&mut response, &ticket);
    }
    response
}

/// A body of `data`, which is JSON already, and of what is said beside it.
fn with_data(data: &str, beside: &Value) -> String {
    let beside = beside.to_string();
    let rest = beside.strip_prefix('{').filter(|rest| *rest != "}");
    match rest {
        Some(rest) => format!("{{\"data\":{data},{rest}"),
        None => format!("{{\"data\":{data}}}"),
    }
}

/// An empty ticket removes the cookie.
fn set_cookie(response: &mut Response<Body>, ticket: &str) {
    let value = percent_encoding::utf8_percent_encode(ticket, percent_encoding::NON_ALPHANUMERIC);
    let life = if ticket.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{TICKET_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{life}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}

fn failure(format: Format, problem: &Problem) -> Response<Body> {
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = problem.to_string();
    let mut body = json!({ "data": null, "message": message });
    match problem {
        Problem::Parameters(errors) => body["errors"] = json!(errors),
        Problem::Refused(hazards) => body["hazards"] = json!(hazards),
        Problem::Conflict { diff, .. } => body["diff"] = json!(diff),
        _ => {}
    }
    if format == Format::ExtJs {
        body["success"] = 0.into();
        body["status"] = status.as_u16().into();
        return json_response(StatusCode::OK, &body);
    }
    let mut response = json_response(status, &body);
    if matches!(problem, Problem::Busy(_)) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Ok(reason) = ReasonPhrase::try_from(one_line(&message).into_bytes()) {
        response.extensions_mut().insert(reason);
    }
    response
}

/// A status line has one line, and clients read it whole.
fn one_line(message: &str) -> String {
    const LONGEST: usize = 1000;
    message.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

fn json_response(status: StatusCode, body: &Value) -> Response<Body> {
    json_text(status, Bytes::from(body.to_string()))
}

fn json_text(status: StatusCode, text: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn json_lines(lines: crate::call::Lines) -> Response<Body> {
    let mut response = Response::new(super::lines::body(lines));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn download(name: &str, bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let plain: String = name.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
