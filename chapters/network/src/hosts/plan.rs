//! (State, Request) → Plan.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use innkeeper_change::{Content, FileChange, Hazard, Plan, Problem, Severity, Step};

use super::HOSTS;
use super::format::{Entry, HostsFile, Wanted, check_line, is_name};
use super::inspect::{Owner, State};

/// What shall become of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// It has this text.
    SetText(String),
    /// These names lead to this address.
    Add(Wanted),
    /// The entry on a line says something else. What is `None` stays.
    Edit {
        /// The number of its line, from 1.
        line: usize,
        /// Its address.
        address: Option<String>,
        /// Its names.
        names: Option<Vec<String>>,
        /// Its comment; none when empty.
        comment: Option<String>,
    },
    /// The entry on a line is not there.
    Remove(usize),
}

/// Plans a change of the file.
///
/// # Errors
/// What is no address or no name, a line without an entry, a file that is a symbolic link, a digest that is no longer the
/// file's.
pub fn plan(state: &State, request: &Request, digest: Option<&str>) -> Result<Plan, Problem> {
    if digest.is_some_and(|digest| !digest.is_empty() && !digest.eq_ignore_ascii_case(&state.digest())) {
        return Err(Problem::Modified);
    }
    let (after, what) = rewrite(state, request)?;
    let plan = Plan::new(what.clone());
    if after == state.file.text() {
        return Ok(plan);
    }
    if let Some(owner @ Owner::Link(_)) = &state.owner {
        return Err(Problem::Invalid(owner.to_string()));
    }
    let new = HostsFile::parse(&after);
    let change = FileChange::write(HOSTS, state.content.clone(), Content::from(after));
    let plan = plan.step(Step::file(what, change));
    Ok(hazards(state, &new).into_iter().fold(plan, Plan::hazard))
}

/// What is left to do after an entry was removed that had `others` like it.
///
/// # Errors
/// That it is still there, which no second try would change.
pub fn removal_left(state: &State, removed: &Entry, others: usize) -> Result<Plan, Problem> {
    match equal_entries(state, removed) {
        found if found <= others => Ok(Plan::new("nothing")),
        _ => Err(Problem::failed(format!("the entry of {} is still in {HOSTS}", removed.address))),
    }
}

/// How many entries say the same.
pub fn equal_entries(state: &State, entry: &Entry) -> usize {
    let same = |other: &&Entry| other.address == entry.address && other.names == entry.names;
    state.file.entries().iter().filter(same).count()
}

/// The new text, and what it does in a sentence.
fn rewrite(state: &State, request: &Request) -> Result<(String, String), Problem> {
    let file = &state.file;
    match request {
        Request::SetText(data) => {
            check_text(file, data)?;
            Ok((data.clone(), format!("write {HOSTS}")))
        }
        Request::Add(wanted) => {
            check_wanted(wanted)?;
            let missing = missing_names(file, wanted);
            let what = format!("add {} to {HOSTS}", describe(&wanted.address, &wanted.names));
            match missing.is_empty() {
                true => Ok((file.text().to_owned(), what)),
                false => Ok((file.added(&Wanted { names: missing, ..wanted.clone() }), what)),
            }
        }
        Request::Edit { line, address, names, comment } => {
            let entry = entry(file, *line)?;
            let wanted = Wanted {
                address: address.clone().unwrap_or_else(|| entry.address.to_string()),
                names: names.clone().unwrap_or_else(|| entry.names.clone()),
                comment: comment.clone().or_else(|| entry.comment.clone()),
            };
            // what the line says already need not be as this program would write it
            let given =
                Wanted { names: names.clone().unwrap_or_else(|| vec!["kept".to_owned()]), ..wanted.clone() };
            check_wanted(&given)?;
            let what =
                format!("change line {line} of {HOSTS} to {}", describe(&wanted.address, &wanted.names));
            Ok((file.changed(entry, &wanted), what))
        }
        Request::Remove(line) => {
            let entry = entry(file, *line)?;
            let what = format!("remove {} from {HOSTS}", describe(&entry.address.to_string(), &entry.names));
            Ok((file.removed(entry), what))
        }
    }
}

fn describe(address: &str, names: &[String]) -> String {
    format!("'{}'", [&[address.to_owned()], names].concat().join(" "))
}

/// The entry on a line.
///
/// # Errors
/// That there is none.
pub fn entry(file: &HostsFile, line: usize) -> Result<&Entry, Problem> {
    file.entry(line).ok_or_else(|| Problem::Invalid(format!("line {line} of {HOSTS} has no entry")))
}

/// The names that do not lead to the address yet, each once.
fn missing_names(file: &HostsFile, wanted: &Wanted) -> Vec<String> {
    let address: Option<IpAddr> = wanted.address.parse().ok();
    let mut missing: Vec<String> = Vec::new();
    for name in &wanted.names {
        let known = file.lookup(name).any(|entry| Some(entry.address) == address)
            || missing.iter().any(|other| other.eq_ignore_ascii_case(name));
        if !known {
            missing.push(name.clone());
        }
    }
    missing
}

/// Lines that stand in the file already are left alone, whatever they say: nobody who changes another line answers for them.
fn check_text(file: &HostsFile, data: &str) -> Result<(), Problem> {
    if data.contains('\0') {
        return Err(Problem::parameter("data", "a text file has no zero bytes"));
    }
    let known: BTreeSet<&str> = file.text().lines().collect();
    let mut new = data.lines().filter(|line| !known.contains(line));
    new.try_for_each(check_line).map_err(|wrong| Problem::parameter("data", wrong))
}

fn check_wanted(wanted: &Wanted) -> Result<(), Problem> {
    if wanted.address.parse::<IpAddr>().is_err() {
        return Err(Problem::parameter("address", format!("Invalid IP '{}'", wanted.address.escape_debug())));
    }
    if wanted.names.is_empty() {
        return Err(Problem::parameter("names", "at least one name is needed"));
    }
    if let Some(wrong) = wanted.names.iter().find(|name| !is_name(name)) {
        return Err(Problem::parameter("names", format!("Invalid Hostname '{}'", wrong.escape_debug())));
    }
    if wanted.comment.as_deref().is_some_and(|comment| comment.contains(char::is_control)) {
        return Err(Problem::parameter("comment", "a comment is one line"));
    }
    Ok(())
}

fn hazards(state: &State, after: &HostsFile) -> Vec<Hazard> {
    let mut hazards = Vec::new();
    if let Some(owner @ Owner::CloudInit) = &state.owner {
        hazards.push(Hazard::new(
            "hosts.overwritten",
            Severity::Warning,
            format!("The change may be gone after the next boot: {owner}."),
            "Change the file there, too.",
        ));
    }
    let node = state.node.as_str();
    let own = |file: &HostsFile| file.lookup(node).any(|entry| !entry.address.is_loopback());
    if !node.is_empty() && own(&state.file) && !own(after) {
        hazards.push(Hazard::new(
            "hosts.own-name-lost",
            Severity::Warning,
            format!("{node}, the name of this node, no longer leads to an address that others reach it by."),
            format!("Keep {node} at an address of this node that is not a loopback address."),
        ));
    }
    let local = |file: &HostsFile| file.lookup("localhost").any(|entry| entry.address.is_loopback());
    if local(&state.file) && !local(after) {
        hazards.push(Hazard::new(
            "hosts.localhost-lost",
            Severity::Warning,
            "localhost no longer leads to this machine; many programs rely on it.",
            "Keep the entry '127.0.0.1 localhost'.",
        ));
    }
    hazards.extend(contradictions(&state.file, after));
    hazards
}

/// Names that come to lead to a second address of one family: which one is taken depends on the program.
fn contradictions(before: &HostsFile, after: &HostsFile) -> Option<Hazard> {
    let (before, after) = (several(before), several(after));
    let mut new = after.into_iter().filter(|(name, addresses)| before.get(name) != Some(addresses));
    let (name, addresses) = new.next()?;
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let others = match new.count() {
        0 => String::new(),
        others => format!(" So do {others} more names."),
    };
    Some(Hazard::new(
        "hosts.several-addresses",
        Severity::Notice,
        format!("{name} leads to several addresses: {}.{others}", list.join(", ")),
        "Leave out the entries that are no longer true.",
    ))
}

/// Names with more than one address of one family. That localhost has several is usual.
fn several(file: &HostsFile) -> BTreeMap<String, BTreeSet<IpAddr>> {
    let mut found: BTreeMap<(String, bool), BTreeSet<IpAddr>> = BTreeMap::new();
    for entry in file.entries().iter().filter(|entry| !entry.address.is_loopback()) {
        for name in &entry.names {
            let key = (name.to_ascii_lowercase(), entry.address.is_ipv6());
            found.entry(key).or_default().insert(entry.address);
        }
    }
    let several = found.into_iter().filter(|(_, addresses)| addresses.len() > 1);
    several.map(|((name, _), addresses)| (name, addresses)).collect()
}
