//! The methods of microcode: parameters in, a request to the planner, the plan to the engine.

use innkeeper_change::Problem;
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Propose, Verb,
    Verify,
};

use crate::inspect::{inspect, inspect_available};
use crate::model::{AvailableVersion, Overview};
use crate::plan::{Request, SourcePlans, plan};
use crate::state::State;
use crate::{Sources, safety, view};

/// Package sources and packages are changed by one at a time.
pub(crate) const LOCK: &str = "/run/lock/innkeeper-apt.lck";
pub(crate) const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
pub(crate) const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);
const MICROCODE: &str = "/nodes/{node}/firmware/microcode";

/// The methods of the whole and of microcode.
pub(crate) fn methods<S: Sources>() -> Vec<Method> {
    vec![
        Method::index("/nodes/{node}/firmware", "name").allow(AUDIT),
        status::<S>(),
        versions::<S>(),
        install::<S>(),
        hold::<S>(),
        remove::<S>(),
    ]
}

pub(crate) fn command(
    words: &'static str,
    positional: &'static [&'static str],
    help: &'static str,
) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

pub(crate) fn work(task: &'static str, propose: Propose) -> Change {
    Change { task, propose, execution: Execution::Worker, lock: Some(LOCK) }
}

fn status<S: Sources>() -> Method {
    const HELP: &str =
        "Show microcode, CPU flaws and firmware of this host, and whether it has to be restarted";
    Method::get("/nodes/{node}/firmware/status", HELP, |call| {
        let mut state = inspect::<S>(call.host().as_ref())?;
        state.obstacles.extend(safety::tasks(call.engine().tasks()));
        Answer::of(view::overview(&state))
    })
    .allow(AUDIT)
    .returns::<Overview>()
    .command(command("firmware show", &[], HELP))
}

fn versions<S: Sources>() -> Method {
    const HELP: &str = "List the versions of the microcode package that can be installed, newest first";
    Method::get(MICROCODE, HELP, |call| {
        Answer::of(view::versions(&inspect_available::<S>(call.host().as_ref())?))
    })
    .allow(AUDIT)
    .returns::<Vec<AvailableVersion>>()
    .command(command("firmware versions", &[], HELP))
}

fn install<S: Sources>() -> Method {
    const HELP: &str = "Install the microcode package for this CPU, or have it in another version";
    let propose = |call: &Call<'_>| {
        let version = call.text("version").map(str::to_owned);
        let hold = call.boolean("hold") == Some(true);
        match version {
            Some(version) => proposal::<S>(call, Request::Version { version, hold }),
            None if hold => {
                Err(Problem::parameter("hold", "only a version that is named can be held at once"))
            }
            None => proposal::<S>(call, Request::Install),
        }
    };
    Method::change(Verb::Post, MICROCODE, HELP, work("ucodeinstall", propose))
        .allow(MODIFY)
        .param(
            Property::string("version")
                .min_length(1)
                .max_length(128)
                .optional()
                .help("This version instead of the newest; may end in '*'"),
        )
        .param(
            Property::boolean("hold").optional().help("Hold the version, so that upgrades leave it as it is"),
        )
        .command(command(
            "firmware install",
            &[],
            "Install the microcode package for this CPU, enabling Debian's firmware component where that is needed",
        ))
        .command(CommandName {
            words: "firmware downgrade",
            positional: &["version"],
            preset: &[("hold", "1")],
            help: "Have the microcode package in another version and hold it there",
        })
}

fn hold<S: Sources>() -> Method {
    const HELP: &str = "Hold the microcode package in its version, or release it";
    let propose = |call: &Call<'_>| {
        let on = call.boolean("hold") == Some(true);
        proposal::<S>(call, Request::Hold { on, upgrade: call.boolean("upgrade") == Some(true) })
    };
    Method::change(Verb::Put, MICROCODE, HELP, work("ucodehold", propose))
        .allow(MODIFY)
        .param(Property::boolean("hold").help("1 has upgrades leave it as it is, 0 releases it"))
        .param(
            Property::boolean("upgrade")
                .optional()
                .help("Also refresh the package lists and install the newest version, when it is released"),
        )
        .command(CommandName {
            words: "firmware hold",
            positional: &[],
            preset: &[("hold", "1")],
            help: "Hold the microcode package in its version",
        })
        .command(CommandName {
            words: "firmware unhold",
            positional: &[],
            preset: &[("hold", "0")],
            help: "Release the microcode package, so that upgrades bring newer versions again",
        })
}

fn remove<S: Sources>() -> Method {
    const HELP: &str = "Remove the microcode package; an older version is mostly the better way";
    Method::change(
        Verb::Delete,
        MICROCODE,
        HELP,
        work("ucoderemove", |call| proposal::<S>(call, Request::Remove)),
    )
    .allow(MODIFY)
    .command(command("firmware remove", &[], HELP))
}

/// The state as a plan needs it; in another system's tree APT cannot be asked, and the planner refuses.
fn state<S: Sources>(call: &Call<'_>) -> Result<State, Problem> {
    let host = call.host().as_ref();
    if host.root().is_some() { inspect::<S>(host) } else { inspect_available::<S>(host) }
}

fn proposal<S: Sources>(call: &Call<'_>, request: Request) -> Result<Proposal, Problem> {
    let state = state::<S>(call)?;
    let host = call.host().as_ref();
    let sources = match &request {
        Request::Install | Request::Hold { upgrade: true, .. } if host.root().is_none() => {
            SourcePlans { enable: S::enable(host)?, refresh: S::refresh(host)? }
        }
        _ => SourcePlans::default(),
    };
    let planned = plan(&state, &sources, &request)?;
    let task_id = state.microcode().unwrap_or_default().to_owned();
    let verify = match request {
        // lists that were fetched meanwhile may offer still more, which is not what was asked for
        Request::Hold { on, .. } => Verify::With(Box::new(move |call| {
            let request = Request::Hold { on, upgrade: false };
            plan(&self::state::<S>(call)?, &SourcePlans::default(), &request)
        })),
        _ => Verify::PlanAgain,
    };
    Ok(Proposal { verify, task_id, ..Proposal::from(planned) })
}
