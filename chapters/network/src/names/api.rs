//! The methods of names of cards.

use innkeeper_change::Problem;
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Propose, Verb,
};

use super::inspect::inspect;
use super::model::{Nic, view};
use super::plan::{Request, plan};

const NICS: &str = "/nodes/{node}/nics";
const NIC: &str = "/nodes/{node}/nics/{nic}";
const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![list(), pin(), unpin()]
}

fn change(task: &'static str, propose: Propose) -> Change {
    Change { task, propose, execution: Execution::Here, lock: Some("/run/lock/innkeeper-links.lck") }
}

fn nic() -> Property {
    Property::string("nic")
        .min_length(1)
        .max_length(128)
        .help("Name of the card, or another name that leads to it")
}

fn list() -> Method {
    let help = "List network cards, why they are called so, and the link files that name them";
    Method::get(NICS, help, |call| Answer::of(view(&inspect(call.host().as_ref())?)))
        .allow(AUDIT)
        .returns::<Vec<Nic>>()
        .command(CommandName { words: "nic list", positional: &[], preset: &[], help })
}

fn pin() -> Method {
    let help =
        "Let a network card, or all of them, keep the present name, by a link file for its hardware address";
    let propose = |call: &Call<'_>| proposal(call, &Request::Pin(call.text("nic").map(str::to_owned)));
    Method::change(Verb::Post, NICS, help, change("nicpin", propose))
        .allow(MODIFY)
        .armable()
        .param(nic().optional())
        .command(CommandName { words: "nic pin", positional: &[], preset: &[], help })
}

fn unpin() -> Method {
    let help = "Remove the link file that names a network card";
    let propose = |call: &Call<'_>| proposal(call, &Request::Unpin(call.required_text("nic")?.to_owned()));
    Method::change(Verb::Delete, NIC, help, change("nicunpin", propose))
        .allow(MODIFY)
        .armable()
        .param(nic())
        .command(CommandName { words: "nic unpin", positional: &["nic"], preset: &[], help })
}

fn proposal(call: &Call<'_>, request: &Request) -> Result<Proposal, Problem> {
    plan(&inspect(call.host().as_ref())?, request).map(Proposal::from)
}
