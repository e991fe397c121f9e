//! REST method that applies the staged configuration.

use innkeeper_change::{Hazard, Plan, Problem};
use innkeeper_host::Host;
use innkeeper_rest::{
    Call, Change, CommandName, Execution, Method, Permission, Proposal, UndoGoal, Verb, Verify,
};

use super::guests;
use super::inspect::inspect;
use super::plan::{Before, plan, risks_of};
use super::verify::{deviations, stray};
use crate::interfaces::inspect::inspect as inspect_files;
use crate::interfaces::state::LIVE;
use crate::interfaces::{LOCK, digest};
use crate::kernel;

/// Seconds that people have to say that they still reach the host.
const CONFIRM_WITHIN: u32 = 90;

pub(crate) fn methods() -> Vec<Method> {
    const HELP: &str = "Apply the staged network configuration";
    const COMMAND: CommandName =
        CommandName { words: "network apply", positional: &[], preset: &[], help: HELP };
    let change = Change { task: "srvreload", propose, execution: Execution::Worker, lock: Some(LOCK) };
    vec![
        Method::change(Verb::Put, "/nodes/{node}/network", HELP, change)
            .allow(Permission::On("/nodes/{node}", &["Sys.Modify"]))
            .armed(CONFIRM_WITHIN)
            .risks_of_undo(risks_of_undo)
            .param(digest())
            .command(COMMAND),
    ]
}

fn propose(call: &Call<'_>) -> Result<Proposal, Problem> {
    let host = call.host().as_ref();
    on_this_host(host)?;
    let situation = inspect(host, call.origin())?;
    let read = call.text("digest").filter(|digest| !digest.is_empty());
    if read.is_some_and(|digest| !digest.eq_ignore_ascii_case(&situation.files.digest())) {
        return Err(Problem::Modified);
    }
    let (plan, before) = plan(&situation)?;
    let verify = Verify::With(Box::new(move |call| came_true(call, &before)));
    Ok(Proposal { verify, task_id: "networking".to_owned(), ..Proposal::from(plan) })
}

/// What taking an applied configuration back cuts off: the network before is applied, which this session may not come by.
pub(crate) fn risks_of_undo(call: &Call<'_>, goal: &UndoGoal) -> Result<Vec<Hazard>, Problem> {
    match goal.file(LIVE) {
        Some(wanted) => risks_of(&inspect(call.host().as_ref(), call.origin())?, wanted),
        None => Ok(Vec::new()),
    }
}

/// Refuses to apply the network of another system's tree.
pub(crate) fn on_this_host(host: &dyn Host) -> Result<(), Problem> {
    match host.root() {
        Some(_) => Err(Problem::Invalid(
            "a network is applied on the host that it is of; staged changes of a tree come into force when it starts"
                .to_owned(),
        )),
        None => Ok(()),
    }
}

/// The kernel has what the files say, and guests have what they had.
pub(crate) fn came_true(call: &Call<'_>, before: &Before) -> Result<Plan, Problem> {
    let host = call.host().as_ref();
    let (files, kernel) = (inspect_files(host)?, kernel::inspect(host)?);
    let text = files.text().unwrap_or_default();
    let mut wrong: Vec<String> = deviations(&files.config_of(text), &kernel)
        .into_iter()
        .filter(|deviation| !before.known.contains(deviation))
        .collect();
    wrong.extend(
        stray(&before.ports, &kernel).map(|port| format!("{} is not on {} any more", port.name, port.bridge)),
    );
    if !before.ports.is_empty() {
        let now = guests::inspect(host, &super::inspect::guests(&kernel))?;
        wrong.extend(guests::lost(&before.ports, &now));
    }
    let there = before.removed.iter().filter(|name| kernel.exists(name));
    wrong.extend(there.map(|name| format!("{name} is still there")));
    if wrong.is_empty() { Ok(Plan::default()) } else { Err(Problem::failed(wrong.join("; "))) }
}
