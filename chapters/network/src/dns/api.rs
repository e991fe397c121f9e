//! The methods of the resolver.

use innkeeper_change::Problem;
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Verb,
};

use super::inspect::inspect;
use super::model::{Dns, Resolver, dns, resolver};
use super::plan::{Request, plan};

const PATH: &str = "/nodes/{node}/dns";
const STATE: &str = "/nodes/{node}/dns/state";
const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);
const SERVERS: [&str; 3] = ["dns1", "dns2", "dns3"];

pub(crate) fn methods() -> Vec<Method> {
    vec![show(), state(), set()]
}

fn show() -> Method {
    let help = "Show the search domains and name servers of this host";
    Method::get(PATH, help, |call| Answer::of(dns(&inspect(call.host().as_ref())?)))
        .allow(AUDIT)
        .returns::<Dns>()
}

fn state() -> Method {
    let help = "Show how this host resolves names, and who else writes /etc/resolv.conf";
    Method::get(STATE, help, |call| Answer::of(resolver(&inspect(call.host().as_ref())?)))
        .allow(AUDIT)
        .returns::<Resolver>()
        .command(CommandName { words: "dns show", positional: &[], preset: &[], help })
}

fn set() -> Method {
    let help = "Set the search domains and name servers of this host; everything else in the file stays";
    let change =
        Change { task: "dnsset", propose, execution: Execution::Here, lock: Some("/etc/resolv.conf.lock") };
    let method = Method::change(Verb::Put, PATH, help, change).allow(MODIFY).armable().param(
        Property::string("search")
            .max_length(1024)
            .help("Domains that are tried with a short name, separated by blanks; none when empty"),
    );
    SERVERS
        .into_iter()
        .fold(method, |method, name| {
            let help = "Address of a name server; servers that are not given are removed";
            method.param(Property::string(name).max_length(80).optional().help(help))
        })
        .param(
            Property::string("digest")
                .max_length(64)
                .optional()
                .help("Refuse the change when the file no longer has this SHA-1"),
        )
        .command(CommandName { words: "dns set", positional: &["search"], preset: &[], help })
}

fn propose(call: &Call<'_>) -> Result<Proposal, Problem> {
    let servers: Vec<_> = SERVERS.iter().filter_map(|name| Some((*name, call.text(name)?))).collect();
    let request = Request::new(call.required_text("search")?, &servers)?;
    plan(&inspect(call.host().as_ref())?, &request, call.text("digest")).map(Proposal::from)
}
