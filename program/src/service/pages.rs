//! The pages of the GUI, from inside the binary.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use rust_embed::RustEmbed;

/// What Vite built; empty in a build without the GUI. Debug builds have it inside too, so that tests meet what is shipped.
#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Pages;

/// Nothing but the program's own files, and no page may show this one inside itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Answers the request for a page. Paths that name no file get the application, which knows its own pages.
pub(super) fn answer(path: &str) -> Response<Full<Bytes>> {
    let name = path.trim_start_matches('/');
    let (file, is_asset) = match Pages::get(name) {
        Some(file) => (Some(file), name.starts_with("assets/")),
        // a missing asset must not be answered with a page: the browser would take it for a script
        None if name.starts_with("assets/") => (None, false),
        None => (Pages::get("index.html"), false),
    };
    let Some(file) = file else {
        return text(
            StatusCode::NOT_FOUND,
            "There is no such page. (A build without the GUI has none: `make build`.)\n",
        );
    };
    let kind = HeaderValue::from_str(file.metadata.mimetype());
    // unpacked once and then shared: a copy for every client that is slow to take it would be all memory there is
    let data = match file.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    };
    let mut response = Response::new(Full::new(data));
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    // the names of assets change with their content
    let life = if is_asset { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(life));
    secure(&mut response);
    response
}

/// A short text.
pub(super) fn text(status: StatusCode, message: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(message.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    secure(&mut response);
    response
}

/// What every answer tells the browser not to do.
pub(super) fn secure<B>(response: &mut Response<B>) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
}
