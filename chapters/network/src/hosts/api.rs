//! The methods of names.

use innkeeper_change::Problem;
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Propose, Verb,
    Verify,
};

use super::format::Wanted;
use super::inspect::inspect;
use super::model::{Hosts, HostsEntry, entries, view};
use super::plan::{Request, entry, equal_entries, plan, removal_left};

const PATH: &str = "/nodes/{node}/hosts";
const ENTRIES: &str = "/nodes/{node}/hosts/entries";
const ENTRY: &str = "/nodes/{node}/hosts/entries/{line}";
/// As in the original: whoever may read the file of one node may read those of all.
const AUDIT: Permission = Permission::On("/", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);
/// As much as the files of configuration that are read.
const LONGEST: usize = 4 * 1024 * 1024;

pub(crate) fn methods() -> Vec<Method> {
    vec![show(), set(), list(), add(), edit(), remove()]
}

fn change(task: &'static str, propose: Propose) -> Change {
    Change { task, propose, execution: Execution::Here, lock: Some("/var/lock/pve-etchosts.lck") }
}

fn command(words: &'static str, positional: &'static [&'static str], help: &'static str) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

fn digest() -> Property {
    Property::string("digest")
        .max_length(64)
        .optional()
        .help("Refuse the change when the file no longer has this SHA-1")
}

fn line() -> Property {
    Property::integer("line").min(1).help("Number of the entry's line, from 1")
}

fn address() -> Property {
    Property::string("address").max_length(64).help("IPv4 or IPv6 address")
}

fn names() -> Property {
    Property::string("names")
        .max_length(4096)
        .help("Names, separated by blanks or commas; the canonical one first")
}

fn comment() -> Property {
    Property::string("comment").max_length(1024).optional().help("What stands behind '#' on the line")
}

fn show() -> Method {
    let help = "Show /etc/hosts, its entries and its digest";
    Method::get(PATH, help, |call| Answer::of(view(&inspect(call.host().as_ref())?)))
        .allow(AUDIT)
        .returns::<Hosts>()
        .command(command("hosts show", &[], help))
}

fn list() -> Method {
    let help = "List the entries of /etc/hosts";
    Method::get(ENTRIES, help, |call| Answer::of(entries(&inspect(call.host().as_ref())?)))
        .allow(AUDIT)
        .returns::<Vec<HostsEntry>>()
        .command(command("hosts list", &[], help))
}

fn set() -> Method {
    let help = "Write /etc/hosts; lines that are new must be entries or comments";
    let propose = |call: &Call<'_>| proposal(call, &Request::SetText(call.required_text("data")?.to_owned()));
    Method::change(Verb::Post, PATH, help, change("hostsset", propose))
        .allow(MODIFY)
        .armable()
        .param(Property::string("data").max_length(LONGEST).help("The whole text"))
        .param(digest())
        .command(command("hosts set", &["data"], help))
}

fn add() -> Method {
    let help = "Let names lead to an address";
    let propose = |call: &Call<'_>| {
        let wanted = Wanted {
            address: call.required_text("address")?.to_owned(),
            names: split(call.required_text("names")?),
            comment: call.text("comment").map(str::to_owned),
        };
        proposal(call, &Request::Add(wanted))
    };
    Method::change(Verb::Post, ENTRIES, help, change("hostsadd", propose))
        .allow(MODIFY)
        .armable()
        .param(address())
        .param(names())
        .param(comment())
        .param(digest())
        .command(command("hosts add", &["address", "names"], help))
}

fn edit() -> Method {
    let help = "Change an entry of /etc/hosts; what is not given stays";
    let propose = |call: &Call<'_>| {
        let request = Request::Edit {
            line: number(call)?,
            address: call.text("address").map(str::to_owned),
            names: call.text("names").map(split),
            comment: call.text("comment").map(str::to_owned),
        };
        proposal(call, &request)
    };
    Method::change(Verb::Put, ENTRY, help, change("hostsedit", propose))
        .allow(MODIFY)
        .armable()
        .param(line())
        .param(address().optional())
        .param(names().optional())
        .param(comment())
        .param(digest())
        .command(command("hosts edit", &["line"], help))
}

fn remove() -> Method {
    let help = "Remove an entry from /etc/hosts";
    Method::change(Verb::Delete, ENTRY, help, change("hostsremove", propose_removal))
        .allow(MODIFY)
        .armable()
        .param(line())
        .param(digest())
        .command(command("hosts remove", &["line"], help))
}

/// Once the entry is gone its number means another one, so it is verified by what the entry said.
fn propose_removal(call: &Call<'_>) -> Result<Proposal, Problem> {
    let state = inspect(call.host().as_ref())?;
    let line = number(call)?;
    let plan = plan(&state, &Request::Remove(line), call.text("digest"))?;
    let removed = entry(&state.file, line)?.clone();
    let others = equal_entries(&state, &removed).saturating_sub(1);
    let left = move |call: &Call<'_>| removal_left(&inspect(call.host().as_ref())?, &removed, others);
    Ok(Proposal { verify: Verify::With(Box::new(left)), ..Proposal::from(plan) })
}

fn proposal(call: &Call<'_>, request: &Request) -> Result<Proposal, Problem> {
    plan(&inspect(call.host().as_ref())?, request, call.text("digest")).map(Proposal::from)
}

fn number(call: &Call<'_>) -> Result<usize, Problem> {
    let given = call.integer("line").and_then(|line| usize::try_from(line).ok());
    given.ok_or_else(|| Problem::parameter("line", "property is missing and it is not optional"))
}

fn split(names: &str) -> Vec<String> {
    names.split([' ', '\t', ',', ';']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
