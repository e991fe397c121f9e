//! Parameters from query, form and JSON alike.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::{header, request::Parts};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use innkeeper_change::Problem;
use serde_json::{Map, Value};

/// More than any method takes; an uploaded key or certificate chain has a few kilobytes.
const BODY_LIMIT: usize = 512 * 1024;
/// A body this size comes within this time, or not at all.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// All parameters of a request but those of the path.
pub(super) fn params(parts: &Parts, bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let mut params = Map::new();
    add_form(&mut params, parts.uri.query().unwrap_or_default())?;
    if bytes.is_empty() {
        return Ok(params);
    }
    let kind =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_err(|_| bad("the request's body is not valid UTF-8"))?;
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => {
            let mut form = Map::new();
            add_form(&mut form, text)?;
            form.into_iter().try_for_each(|(name, value)| add(&mut params, name, value))?;
        }
        "application/json" => {
            let Ok(Value::Object(object)) = serde_json::from_str(text) else {
                return Err(bad("the request's body is not a JSON object"));
            };
            object.into_iter().try_for_each(|(name, value)| add(&mut params, name, value))?;
        }
        _ => {
            return Err(bad(
                "unsupported content type: send application/x-www-form-urlencoded or application/json",
            ));
        }
    }
    Ok(params)
}

/// The whole body, of which nothing is understood yet.
pub(super) async fn read(body: Body) -> Result<Bytes, Problem> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let collected = tokio::time::timeout(BODY_DEADLINE, Limited::new(body, BODY_LIMIT).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(bad("the request's body is too large"))
        }
        Ok(Err(_)) => Err(bad("the request's body ended early")),
        Err(_) => Err(bad("the request's body did not come in time")),
    }
}

/// What is wrong with a body as a whole.
pub(super) fn bad(message: &str) -> Problem {
    Problem::parameter("body", message)
}

/// A name that comes twice in one place is a list, as the original takes it: joined by NUL.
fn add_form(params: &mut Map<String, Value>, text: &str) -> Result<(), Problem> {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        match params.get_mut(&name) {
            Some(Value::String(list)) => {
                list.push('\0');
                list.push_str(&value);
            }
            _ => {
                params.insert(name, Value::String(value));
            }
        }
    }
    Ok(())
}

fn add(params: &mut Map<String, Value>, name: String, value: Value) -> Result<(), Problem> {
    match params.get(&name) {
        Some(other) if crate::route::plain(other) != crate::route::plain(&value) => {
            let message = "duplicate parameter (already defined in URI) with conflicting values!";
            Err(Problem::parameter(name, message))
        }
        _ => {
            params.insert(name, value);
            Ok(())
        }
    }
}

fn decode(text: &str) -> Result<String, Problem> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| bad("a parameter is not valid UTF-8"))
}
