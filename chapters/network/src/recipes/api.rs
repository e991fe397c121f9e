//! The methods of recipes: one each, that stages it and, when asked to, applies it in the same plan.

use innkeeper_change::{Plan, Problem};
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Propose, Verb,
    Verify,
};
use serde_json::{Map, Value};

use super::ipv6;
use super::model::{Recipe as RecipeView, recipes};
use super::outlook::{Outlook, inspect, inspect_with};
use super::plan::{IDS, Task, candidate, settled, staging, with};
use super::recipe::{Card, Recipe};
use crate::apply;
use crate::interfaces::LOCK;
use crate::sets::api::{change_set, chosen, chosen_to_edit};

const LIST: &str = "/nodes/{node}/network-recipes";
/// Seconds that people have to say that they still reach the host.
const CONFIRM_WITHIN: u32 = 90;
const IPV6_LOCK: &str = "/run/lock/innkeeper-sysctl.lck";

pub(crate) fn methods() -> Vec<Method> {
    let help = "List whole network set-ups that one call makes, and what is proposed for them on this host";
    let list = Method::get(LIST, help, |call| {
        let host = call.host().as_ref();
        Answer::of(recipes(&inspect_with(host, chosen(call)?)?, &ipv6::inspect(host, call.origin())?))
    })
    .allow(Permission::On("/nodes/{node}", &["Sys.Audit"]))
    .param(change_set())
    .returns::<Vec<RecipeView>>()
    .command(CommandName { words: "network recipe list", positional: &[], preset: &[], help });
    let of_files = IDS.iter().filter_map(|id| with(id, Declare));
    std::iter::once(list).chain(of_files).chain([declare(&ipv6::CARD, propose_ipv6, IPV6_LOCK)]).collect()
}

fn declare(card: &Card, propose: Propose, lock: &'static str) -> Method {
    let change = Change { task: "netrecipe", propose, execution: Execution::Worker, lock: Some(lock) };
    let method = Method::change(Verb::Post, card.path, card.title, change)
        .allow(Permission::On("/nodes/{node}", &["Sys.Modify"]))
        .armed_with("apply", CONFIRM_WITHIN)
        .risks_of_undo(apply::api::risks_of_undo)
        .command(CommandName { words: card.command, positional: &[], preset: &[], help: card.title });
    let method = card.parameters.iter().fold(method, |method, property| method.param(*property));
    method.param(change_set()).param(
        Property::boolean("apply")
            .optional()
            .default("0")
            .help("Apply it in the same plan, with all that is staged already; else it waits for that, or for the next start"),
    )
}

fn propose_ipv6(call: &Call<'_>) -> Result<Proposal, Problem> {
    let (enabled, live) = (call.boolean("enabled") == Some(true), call.boolean("apply") == Some(true));
    let host = call.host().as_ref();
    if call.text("change-set").is_some() {
        return Err(Problem::parameter(
            "change-set",
            "a change set holds network interfaces, and this set-up is a file of kernel parameters",
        ));
    }
    if live {
        apply::api::on_this_host(host)?;
    }
    let plan = ipv6::plan(&ipv6::inspect(host, call.origin())?, enabled, live)?;
    Ok(Proposal { task_id: ipv6::CARD.id.to_owned(), ..Proposal::from(plan) })
}

struct Declare;

impl Task for Declare {
    type Result = Method;

    fn with<R: Recipe>(self) -> Method {
        declare(&R::CARD, propose::<R>, LOCK).param(Property::digest())
    }
}

fn propose<R: Recipe>(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = R::CARD.id;
    let draft = chosen_to_edit(call)?;
    if draft.is_some() && call.boolean("apply") == Some(true) {
        return Err(Problem::parameter("apply", "a change set is applied when it was staged, not before"));
    }
    let outlook = inspect_with(call.host().as_ref(), draft)?;
    let digest = call.text("digest").filter(|digest| !digest.is_empty());
    if digest.is_some_and(|digest| !digest.eq_ignore_ascii_case(&outlook.files.digest())) {
        return Err(Problem::Modified);
    }
    // what was proposed is part of the request from here on: planned again, another name would be the next free one
    let params = settled(&outlook, id, call.params())?;
    if call.boolean("apply") == Some(true) {
        return applied(call, &outlook, id, params);
    }
    let plan = staging(&outlook, id, &params)?;
    let verify = Verify::With(Box::new(move |call: &Call<'_>| {
        staging(&inspect_with(call.host().as_ref(), chosen(call)?)?, id, &params)
    }));
    Ok(Proposal { verify, task_id: id.to_owned(), ..Proposal::from(plan) })
}

/// The plan that stages it goes on with that of applying what is staged then.
fn applied(
    call: &Call<'_>,
    outlook: &Outlook,
    id: &'static str,
    params: Map<String, Value>,
) -> Result<Proposal, Problem> {
    let host = call.host().as_ref();
    apply::api::on_this_host(host)?;
    let (content, staging) = candidate(outlook, id, &params)?;
    let mut situation = apply::inspect(host, call.origin())?;
    let in_force = situation.files.staged.is_none() && staging.is_empty();
    if in_force
        && apply::deviations(
            &situation.files.config_of(content.as_text().unwrap_or_default()),
            &situation.kernel,
        )
        .is_empty()
    {
        return Ok(Proposal { task_id: id.to_owned(), ..Proposal::from(staging) });
    }
    situation.files.staged = match situation.files.live.as_ref() == Some(&content) {
        // staging has removed the staged file
        true => None,
        false => Some(content),
    };
    let (plan, before) = apply::plan(&situation)?;
    let summary = format!("{}, and apply it", staging.summary);
    let steps: Vec<_> = staging.steps.into_iter().chain(plan.steps).collect();
    let joined = Plan { summary, steps, ..staging };
    let joined = plan.hazards.into_iter().fold(joined, Plan::hazard);
    let verify = Verify::With(Box::new(move |call: &Call<'_>| {
        let left = candidate(&inspect(call.host().as_ref())?, id, &params)?.1;
        if left.is_empty() { apply::api::came_true(call, &before) } else { Ok(left) }
    }));
    Ok(Proposal { verify, task_id: id.to_owned(), ..Proposal::from(joined) })
}
