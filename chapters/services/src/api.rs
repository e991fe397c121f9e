//! The methods of services.

use innkeeper_change::Problem;
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Propose,
    Verb as Http, Verify,
};

use crate::inspect::{inspect, inspect_one};
use crate::model::ServiceState;
use crate::names::{self, NAMES, Service};
use crate::plan::{Verb, left, plan};

const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![
        list(),
        Method::index("/nodes/{node}/services/{service}", "subdir").allow(AUDIT).param(service()),
        state(),
        act(
            "/nodes/{node}/services/{service}/start",
            "Start a service",
            "service start",
            "srvstart",
            |call| propose(call, Verb::Start),
        ),
        act(
            "/nodes/{node}/services/{service}/stop",
            "Stop a service; those that this API itself needs are refused",
            "service stop",
            "srvstop",
            |call| propose(call, Verb::Stop),
        ),
        act(
            "/nodes/{node}/services/{service}/restart",
            "Restart a service",
            "service restart",
            "srvrestart",
            |call| propose(call, Verb::Restart),
        ),
        act(
            "/nodes/{node}/services/{service}/reload",
            "Let a service read its configuration anew; one that cannot is restarted",
            "service reload",
            "srvreload",
            |call| propose(call, Verb::Reload),
        ),
    ]
}

fn service() -> Property {
    Property::one_of("service", NAMES).help("Name of the service, as listed")
}

fn command(words: &'static str, positional: &'static [&'static str], help: &'static str) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

fn list() -> Method {
    Method::get("/nodes/{node}/services", "List the services of this host and how they are doing", |call| {
        let found = inspect(call.host().as_ref())?;
        Answer::of(found.iter().map(crate::inspect::Found::state).collect::<Vec<_>>())
    })
    .allow(AUDIT)
    .returns::<Vec<ServiceState>>()
    .command(command("service list", &[], "List the services of this host and how they are doing"))
}

fn state() -> Method {
    Method::get("/nodes/{node}/services/{service}/state", "Show how a service is doing", |call| {
        Answer::of(inspect_one(call.host().as_ref(), wanted(call)?)?.state())
    })
    .allow(AUDIT)
    .param(service())
    .returns::<ServiceState>()
    .command(command("service show", &["service"], "Show how a service is doing"))
}

fn act(
    path: &'static str,
    help: &'static str,
    words: &'static str,
    task: &'static str,
    propose: Propose,
) -> Method {
    let change = Change { task, propose, execution: Execution::Worker, lock: None };
    Method::change(Http::Post, path, help, change).allow(MODIFY).param(service()).command(command(
        words,
        &["service"],
        help,
    ))
}

fn wanted(call: &Call<'_>) -> Result<&'static Service, Problem> {
    // the declaration lets no other name through
    names::find(call.required_text("service")?)
        .ok_or_else(|| Problem::parameter("service", "no such service"))
}

fn propose(call: &Call<'_>, verb: Verb) -> Result<Proposal, Problem> {
    let service = wanted(call)?;
    let plan = plan(&inspect_one(call.host().as_ref(), service)?, verb)?;
    let verify = Verify::With(Box::new(move |call| left(&inspect_one(call.host().as_ref(), service)?, verb)));
    Ok(Proposal { verify, task_id: service.name.to_owned(), ..Proposal::from(plan) })
}
