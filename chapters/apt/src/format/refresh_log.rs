//! What `apt-get update` says when it cannot fetch a repository.

/// Why a repository could not be fetched. The words of APT say more; this decides what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server wants to know who asks: a subscription is missing.
    Unauthorized,
    /// The server has no such suite.
    NotFound,
    /// The key that signs it is not installed.
    KeyUnknown,
    /// Nobody signed it.
    Unsigned,
    /// The name or the address of the server does not answer.
    Unreachable,
    /// Anything else.
    Other,
}

/// A repository that could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its address, as the sources file has it.
    pub uri: String,
    /// What APT said.
    pub reason: String,
    /// What that comes down to.
    pub cause: Cause,
}

/// The repositories that a refresh could not fetch, from what it printed. Lines may be indented, as in a task's log.
///
/// APT prints `Err:1 URI SUITE FILE` with the reason on the next line; a repository without any signature has no such
/// line, only a complaint at the end.
pub fn failures(log: &str) -> Vec<Failure> {
    let mut found: Vec<Failure> = Vec::new();
    let mut add = |uri: &str, reason: &str| {
        if !uri.is_empty() && !found.iter().any(|known| known.uri == uri) {
            let cause = cause(reason);
            found.push(Failure { uri: uri.to_owned(), reason: reason.to_owned(), cause });
        }
    };
    let mut lines = log.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if let Some(uri) = line.strip_prefix("Err:").and_then(|rest| rest.split_whitespace().nth(1)) {
            add(uri, lines.peek().copied().unwrap_or_default());
        } else if let Some(rest) = line.strip_prefix("E: The repository '")
            && let Some((repository, complaint)) = rest.split_once('\'')
        {
            add(repository.split(' ').next().unwrap_or_default(), complaint.trim());
        }
    }
    found
}

fn cause(reason: &str) -> Cause {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    match () {
        () if says(&["401 "]) => Cause::Unauthorized,
        () if says(&["404 ", "does not have a Release file"]) => Cause::NotFound,
        () if says(&["NO_PUBKEY"]) => Cause::KeyUnknown,
        () if says(&["is not signed"]) => Cause::Unsigned,
        () if says(&[
            "Could not resolve",
            "Temporary failure resolving",
            "Could not connect",
            "timed out",
        ]) =>
        {
            Cause::Unreachable
        }
        () => Cause::Other,
    }
}
