//! `Release` and `InRelease` files as APT keeps them below `/var/lib/apt/lists`, and the names it gives them.

use std::fmt::Write as _;

/// What a release file says about its repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Who publishes it: `Debian`.
    pub origin: Option<String>,
    /// `stable`, `stable-security`.
    pub suite: Option<String>,
    /// `bookworm`, `bookworm-security`.
    pub codename: Option<String>,
    /// When it was made, as written.
    pub date: Option<String>,
    /// When APT stops believing it, as written.
    pub valid_until: Option<String>,
    /// The armored signature of an `InRelease` file.
    pub signature: Option<String>,
}

const BEGIN_MESSAGE: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";

/// Reads a release file, clear-signed or not. Unknown lines are passed over; whatever is missing stays absent.
pub fn parse(text: &str) -> Release {
    let (body, signature) = split_clearsigned(text);
    let mut release = Release { signature: signature.map(str::to_owned), ..Release::default() };
    for line in body.lines() {
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let slot = match name {
            "Origin" => &mut release.origin,
            "Suite" => &mut release.suite,
            "Codename" => &mut release.codename,
            "Date" => &mut release.date,
            "Valid-Until" => &mut release.valid_until,
            _ => continue,
        };
        let value = value.trim();
        if slot.is_none() && !value.is_empty() {
            *slot = Some(value.to_owned());
        }
    }
    release
}

/// The message and the signature of a clear-signed text (RFC 9580, section 7); a plain text is all message.
fn split_clearsigned(text: &str) -> (&str, Option<&str>) {
    let Some(rest) = text.trim_start().strip_prefix(BEGIN_MESSAGE) else {
        return (text, None);
    };
    // armor headers (Hash: …) end at the first empty line
    let message =
        rest.split_once("\n\n").or_else(|| rest.split_once("\r\n\r\n")).map_or("", |(_, body)| body);
    match message.find(BEGIN_SIGNATURE) {
        Some(at) => (&message[..at], Some(&message[at..])),
        None => (message, None),
    }
}

/// The name APT gives to what it fetched from a URI: scheme and user dropped, `/` written as `_`, and what could not
/// stand in a file name as `%xx`.
pub fn file_name(uri: &str) -> String {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (host, path) = host_and_path(rest);
    let mut name = String::with_capacity(rest.len());
    for byte in host.bytes().chain(path.bytes()) {
        match byte {
            b'/' => name.push('_'),
            // writing into a String cannot fail
            b'\\' | b'|' | b'{' | b'}' | b'[' | b']' | b'<' | b'>' | b'"' | b'^' | b'~' | b'_' | b'='
            | b'!' | b'@' | b'#' | b'$' | b'%' | b'&' | b'*' => _ = write!(name, "%{byte:02x}"),
            0x21..0x7f => name.push(char::from(byte)),
            _ => _ = write!(name, "%{byte:02x}"),
        }
    }
    name
}

/// The host without user and port brackets, and what follows it. `[…]` holds an IPv6 address, or the label of a CD
/// with whatever is in it.
fn host_and_path(rest: &str) -> (String, &str) {
    let bracket = rest.find('[').filter(|&at| !rest[..at].contains('/'));
    if let Some((label, after)) = bracket.and_then(|at| rest[at + 1..].split_once(']')) {
        let (port, path) = after.split_at(after.find('/').unwrap_or(after.len()));
        return (format!("{label}{port}"), path);
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned(), path)
}

/// The names under which the release file of a suite may lie in `/var/lib/apt/lists`, best first.
pub fn cache_names(uri: &str, suite: &str) -> [String; 2] {
    let uri = uri.trim_end_matches('/');
    let base = match suite {
        "/" => format!("{uri}/"),
        flat if flat.ends_with('/') => format!("{uri}/{flat}"),
        suite => format!("{uri}/dists/{suite}/"),
    };
    ["InRelease", "Release"].map(|leaf| file_name(&format!("{base}{leaf}")))
}
