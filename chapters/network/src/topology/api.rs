//! The method of the topology.

use innkeeper_rest::{Answer, CommandName, Method, Permission};

use super::model::{Topology, topology};
use crate::interfaces::inspect::inspect;
use crate::kernel;

pub(crate) fn methods() -> Vec<Method> {
    vec![show()]
}

fn show() -> Method {
    let help = "Show how cards, bonds, VLANs, bridges and guests hang together, now and once what is staged is applied";
    Method::get("/nodes/{node}/network-topology", help, |call| {
        let host = call.host();
        Answer::of(topology(&inspect(host.as_ref())?, &kernel::inspect(host.as_ref())?))
    })
    .allow(Permission::On("/nodes/{node}", &["Sys.Audit"]))
    .returns::<Topology>()
    .command(CommandName { words: "network topology", positional: &[], preset: &[], help })
}
