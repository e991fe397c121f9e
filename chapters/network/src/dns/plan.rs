//! (State, Request) → Plan.

use innkeeper_change::{Content, FileChange, Hazard, Plan, Problem, Severity, Step};

use super::RESOLV_CONF;
use super::format::{ASKED, is_server, same_server};
use super::inspect::State;

/// What the resolver shall be told. What is not named here stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Domains that are tried with a short name, separated by blanks; none when empty.
    pub search: String,
    /// The name servers, in their order.
    pub servers: Vec<String>,
}

/// Domains are checked because the original's text could carry lines of its own into the file.
const DOMAIN: &str = "letters, digits, '-', '_' and '.'";

impl Request {
    /// Checks what was asked for; servers come with the names of their parameters. Doubled servers and `0.0.0.0` are left out, as in the original.
    ///
    /// # Errors
    /// A domain that is none, an address that is none.
    pub fn new(search: &str, servers: &[(&str, &str)]) -> Result<Self, Problem> {
        if let Some(wrong) = search.split([' ', '\t']).find(|word| !word.is_empty() && !is_domain(word)) {
            return Err(Problem::parameter(
                "search",
                format!("invalid search domain '{}': it may have {DOMAIN}", wrong.escape_debug()),
            ));
        }
        let mut kept: Vec<String> = Vec::new();
        for &(name, server) in servers {
            if !is_server(server) {
                return Err(Problem::parameter(
                    name,
                    "invalid format - value does not look like a valid IP address",
                ));
            }
            if server != "0.0.0.0" && !kept.iter().any(|known| same_server(known, server)) {
                kept.push(server.to_owned());
            }
        }
        Ok(Self { search: search.to_owned(), servers: kept })
    }
}

fn is_domain(word: &str) -> bool {
    word == "."
        || (word.split('.').enumerate().all(|(at, label)| at > 0 || !label.is_empty())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)))
}

/// Plans new domains and name servers.
///
/// # Errors
/// A file that is a symbolic link, a digest that is no longer the file's.
pub fn plan(state: &State, request: &Request, digest: Option<&str>) -> Result<Plan, Problem> {
    if digest.is_some_and(|digest| !digest.is_empty() && !digest.eq_ignore_ascii_case(&state.digest())) {
        return Err(Problem::Modified);
    }
    let after = state.file.with(&request.search, &request.servers);
    let plan = Plan::new("set the domains and name servers of this host");
    if after == state.file.text() {
        return Ok(plan);
    }
    if let Some(owner) = state.owner.as_ref().filter(|owner| !owner.editable) {
        return Err(Problem::Invalid(format!(
            "{}, which is not written to. {}",
            owner.evidence, owner.advice
        )));
    }
    let change = FileChange::write(RESOLV_CONF, state.content.clone(), Content::from(after));
    let plan = plan.step(Step::file(format!("write {RESOLV_CONF}"), change));
    Ok(hazards(state, request).into_iter().fold(plan, Plan::hazard))
}

fn hazards(state: &State, request: &Request) -> Vec<Hazard> {
    let mut hazards = Vec::new();
    if let Some(owner) = &state.owner {
        hazards.push(Hazard::new(
            "dns.overwritten",
            Severity::Warning,
            format!("{} writes {RESOLV_CONF} as well and may undo this ({}).", owner.name, owner.evidence),
            owner.advice.clone(),
        ));
    }
    if request.servers.is_empty() {
        hazards.push(Hazard::new(
            "dns.no-server",
            Severity::Warning,
            "No name server is left: only a server on this host itself is asked, and without one no name is resolved, \
             so no updates, no mail and no certificates.",
            "Name at least one server.",
        ));
    }
    let lost = state
        .file
        .servers()
        .skip(ASKED)
        .any(|known| !request.servers.iter().any(|server| same_server(server, known)));
    if lost {
        hazards.push(Hazard::new(
            "dns.beyond-third",
            Severity::Notice,
            "Name servers beyond the third, which nobody asks, are removed from the file.",
            "Note them down if they are to be used later.",
        ));
    }
    hazards
}
