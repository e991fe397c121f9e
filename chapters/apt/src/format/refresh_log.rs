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
    /// The key that signs it has expired.
    KeyExpired,
    /// Its release file has expired: the mirror is not kept up to date any more.
    ReleaseExpired,
    /// Its release file is from the future: the clock of this host is wrong.
    NotValidYet,
    /// What was fetched is not what the signed list says.
    HashMismatch,
    /// It calls itself something else than it did: another suite, another label.
    Renamed,
    /// Nobody knows the name of the server.
    NoName,
    /// The address of the server does not answer.
    Unreachable,
    /// The proxy does not answer, or wants to know who asks.
    Proxy,
    /// The server's certificate is not trusted.
    Certificate,
    /// There is no space left for what is fetched.
    DiskFull,
    /// Another program is using APT's files.
    Locked,
    /// Anything else.
    Other,
}

/// How APT begins to say that a repository calls itself something else.
const CHANGED: &str = "changed its '";

/// A repository that could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its address, as the sources file has it, or that of one of its files; empty when it is about none.
    pub uri: String,
    /// What APT said.
    pub reason: String,
    /// What that comes down to.
    pub cause: Cause,
}

/// The repositories that a refresh could not fetch, from what it printed. Lines may be indented, as in a task's log.
///
/// APT prints `Err:1 URI SUITE FILE` with the reason on the next line; a repository without any signature, one whose release
/// is not valid now, and a lock have no such line, only a complaint at the end.
pub fn failures(log: &str) -> Vec<Failure> {
    let mut found: Vec<Failure> = Vec::new();
    let mut add = |uri: &str, reason: &str| {
        let known = found.iter_mut().find(|known| known.uri == uri);
        if let Some(known) =
            known.filter(|_| reason.starts_with(CHANGED)).filter(|known| known.cause == Cause::Renamed)
        {
            // each field has a complaint of its own
            known.reason = format!("{}; {reason}", known.reason);
        } else if !found.iter().any(|known| known.uri == uri) {
            let cause = cause(uri, reason);
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
        } else if let Some(rest) = line.strip_prefix("E: Release file for ")
            && let Some((file, complaint)) = rest.split_once(' ')
        {
            add(file, complaint);
        } else if let Some(rest) = line.strip_prefix("E: Repository '")
            && let Some((repository, complaint)) = rest.split_once('\'')
        {
            add(repository.split(' ').next().unwrap_or_default(), complaint.trim());
        } else if line.starts_with("E: Could not get lock ") {
            add("", line.trim_start_matches("E: "));
        }
    }
    found
}

/// The fields that a repository has changed, as `apt-get --allow-releaseinfo-change-FIELD` calls them.
pub fn changed_fields(reason: &str) -> Vec<&'static str> {
    let said = |complaint: &str| complaint.strip_prefix(CHANGED)?.split('\'').next().map(str::to_owned);
    let said: Vec<String> = reason.split("; ").filter_map(said).collect();
    CHANGED_FIELDS
        .into_iter()
        .filter(|field| said.iter().any(|one| one.eq_ignore_ascii_case(field)))
        .collect()
}

/// The fields whose change can be accepted.
pub const CHANGED_FIELDS: [&str; 5] = ["origin", "label", "version", "codename", "suite"];

fn cause(uri: &str, reason: &str) -> Cause {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    match () {
        () if says(&["No space left on device"]) => Cause::DiskFull,
        () if says(&["Could not get lock"]) => Cause::Locked,
        () if says(&["407 ", "Invalid response from proxy"]) || is_about_another_host(uri, reason) => {
            Cause::Proxy
        }
        () if says(&["401 "]) => Cause::Unauthorized,
        () if says(&["404 ", "does not have a Release file"]) => Cause::NotFound,
        () if says(&["NO_PUBKEY"]) => Cause::KeyUnknown,
        () if says(&["EXPKEYSIG", "KEYEXPIRED"]) => Cause::KeyExpired,
        () if says(&["is expired (invalid since"]) => Cause::ReleaseExpired,
        () if says(&["is not valid yet"]) => Cause::NotValidYet,
        () if reason.starts_with(CHANGED) => Cause::Renamed,
        () if says(&["Hash Sum mismatch", "File has unexpected size"]) => Cause::HashMismatch,
        () if says(&["Certificate verification failed"]) => Cause::Certificate,
        () if says(&["is not signed"]) => Cause::Unsigned,
        () if says(&["Could not resolve", "Temporary failure resolving"]) => Cause::NoName,
        () if says(&["Could not connect", "timed out"]) => Cause::Unreachable,
        () => Cause::Other,
    }
}

/// APT could not get to a host that the address does not name: that is its proxy.
fn is_about_another_host(uri: &str, reason: &str) -> bool {
    const BEGINS: [&str; 3] =
        ["Could not connect to ", "Could not resolve '", "Temporary failure resolving '"];
    let Some((_, rest)) = uri.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let said = BEGINS.iter().find_map(|begin| reason.strip_prefix(begin));
    said.is_some_and(|said| {
        let end = said.find([':', '\'', ' ']).unwrap_or(said.len());
        // an address in brackets is not compared: nothing is known then
        !said.starts_with('[') && !host.starts_with('[') && !said[..end].eq_ignore_ascii_case(host)
    })
}
