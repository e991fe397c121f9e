//! The methods of names of cards.

use innkeeper_change::Problem;
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Propose, Verb,
};

use super::checks::used;
use super::inspect::inspect;
use super::model::{Nic, view};
use super::pinned_scheme::{self, SchemeStatus};
use super::plan::{PRIORITY, Request, plan};
use super::rename::{self as renaming, Rename};

const NICS: &str = "/nodes/{node}/nics";
const RENAME: &str = "/nodes/{node}/nics/{nic}/rename";
const SCHEME: &str = "/nodes/{node}/nics-scheme";
const NIC: &str = "/nodes/{node}/nics/{nic}";
const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![list(), pin(), unpin(), rename(), scheme(), pin_scheme(), unpin_scheme()]
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
    Method::get(NICS, help, |call| {
        let host = call.host().as_ref();
        Answer::of(view(&inspect(host)?, &used(host)?))
    })
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

fn rename() -> Method {
    let help =
        "Give a network card another name from the next start on, and let everything that names it follow";
    let propose = |call: &Call<'_>| {
        let priority = call.integer("priority").and_then(|number| u8::try_from(number).ok());
        let request = Rename {
            nic: call.required_text("nic")?.to_owned(),
            name: call.required_text("name")?.to_owned(),
            priority: priority.unwrap_or(PRIORITY),
        };
        renaming::plan(&renaming::inspect::inspect(call.host().as_ref())?, &request).map(Proposal::from)
    };
    // interfaces(5) is staged, so it is the lock of those that stage
    let change = Change {
        task: "nicrename",
        propose,
        execution: Execution::Worker,
        lock: Some(crate::interfaces::LOCK),
    };
    Method::change(Verb::Post, RENAME, help, change)
        .allow(MODIFY)
        .param(nic())
        .param(Property::string("name").min_length(1).max_length(15).help("The new name"))
        .param(
            Property::integer("priority")
                .min(0)
                .max(98)
                .optional()
                .help("The number that the link file begins with; the smallest is looked at first, and 10 is the default"),
        )
        .command(CommandName { words: "nic rename", positional: &["nic", "name"], preset: &[], help })
}

fn scheme() -> Method {
    let help = "Show the scheme by which network cards are named, and whether it is pinned on the kernel command line";
    Method::get(SCHEME, help, |call| {
        Answer::of(pinned_scheme::view(&pinned_scheme::inspect(call.host().as_ref())?))
    })
    .allow(AUDIT)
    .returns::<SchemeStatus>()
    .command(CommandName { words: "nic scheme show", positional: &[], preset: &[], help })
}

fn scheme_change(task: &'static str, propose: Propose) -> Change {
    Change { task, propose, execution: Execution::Worker, lock: Some("/run/lock/innkeeper-boot.lck") }
}

fn pin_scheme() -> Method {
    let help =
        "Name network cards by one scheme whatever systemd brings, by a parameter on the kernel command line";
    let propose = |call: &Call<'_>| {
        let state = pinned_scheme::inspect(call.host().as_ref())?;
        pinned_scheme::plan(&state, Some(call.required_text("version")?)).map(Proposal::from)
    };
    Method::change(Verb::Put, SCHEME, help, scheme_change("nicscheme", propose))
        .allow(MODIFY)
        .param(Property::string("version").min_length(2).max_length(16).help("The scheme: v252"))
        .command(CommandName { words: "nic scheme pin", positional: &["version"], preset: &[], help })
}

fn unpin_scheme() -> Method {
    let help = "Take the naming scheme off the kernel command line";
    let propose = |call: &Call<'_>| {
        pinned_scheme::plan(&pinned_scheme::inspect(call.host().as_ref())?, None).map(Proposal::from)
    };
    Method::change(Verb::Delete, SCHEME, help, scheme_change("nicscheme", propose))
        .allow(MODIFY)
        .command(CommandName { words: "nic scheme unpin", positional: &[], preset: &[], help })
}

fn proposal(call: &Call<'_>, request: &Request) -> Result<Proposal, Problem> {
    plan(&inspect(call.host().as_ref())?, request).map(Proposal::from)
}
