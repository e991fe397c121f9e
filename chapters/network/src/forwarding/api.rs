//! The methods of forwarding tables, and what keeps them.

use innkeeper_change::Problem;
use innkeeper_host::Host;
use innkeeper_rest::{Answer, Change, CommandName, Execution, Method, Permission, Proposal, Verb};

use super::inspect::{GuestNic, inspect, is_kept};
use super::plan::plan;
use crate::interfaces::LOCK;

const PATH: &str = "/nodes/{node}/network-forwarding";

pub(crate) fn methods() -> Vec<Method> {
    let list =
        "List the network cards of guests: hardware address, bridge, and the port by which they get there";
    let enter =
        "Enter the hardware addresses of guests in the forwarding tables of bridges that learn nothing";
    let change = Change {
        task: "netforward",
        propose: |call| Ok(Proposal::from(plan(&inspect(call.host().as_ref())?))),
        execution: Execution::Here,
        lock: Some(LOCK),
    };
    vec![
        Method::get(PATH, list, |call| Answer::of(inspect(call.host().as_ref())?.nics))
            .allow(Permission::On("/nodes/{node}", &["Sys.Audit"]))
            .returns::<Vec<GuestNic>>()
            .command(CommandName { words: "network guests", positional: &[], preset: &[], help: list }),
        Method::change(Verb::Put, PATH, enter, change)
            .allow(Permission::On("/nodes/{node}", &["Sys.Modify"]))
            .command(CommandName { words: "network forwarding", positional: &[], preset: &[], help: enter }),
    ]
}

/// Whether anything is to be entered now: what keeps the tables asks this every few seconds, and calls the method if so.
///
/// # Errors
/// When a file is there and cannot be read, or the kernel cannot be asked.
pub fn is_due(host: &dyn Host) -> Result<bool, Problem> {
    // most hosts have no such bridge, and nobody else is asked on those
    Ok(host.root().is_none() && is_kept(host)? && !plan(&inspect(host)?).is_empty())
}
