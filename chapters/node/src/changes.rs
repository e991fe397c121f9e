//! Changes that are taken back unless somebody confirms them.

use innkeeper_change::{Plan, Problem};
use innkeeper_engine::{ArmedChange, Caller, Silent};
use innkeeper_rest::{Act, Answer, Call, CommandName, Method, Permission, Property, Verb};

const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![list(), detail(), confirm(), revert()]
}

fn command(words: &'static str, positional: &'static [&'static str], help: &'static str) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

fn list() -> Method {
    const HELP: &str = "List the changes that are taken back unless somebody confirms them";
    Method::get("/nodes/{node}/changes", HELP, |call| Answer::of(call.engine().armed_changes()?))
        .allow(AUDIT)
        .returns::<Vec<ArmedChange>>()
        .command(command("changes list", &[], HELP))
}

fn detail() -> Method {
    const HELP: &str = "Show an armed change, also after it was confirmed or taken back";
    Method::get("/nodes/{node}/changes/{change}", HELP, |call| {
        Answer::of(call.engine().armed_change(number(call)?)?)
    })
    .allow(AUDIT)
    .param(change_number())
    .returns::<ArmedChange>()
    .command(command("changes show", &["change"], HELP))
}

fn confirm() -> Method {
    const HELP: &str = "Keep an armed change; one that could not be taken back is kept as it is";
    let act = Act { run: run_confirm, preview: None };
    Method::act(Verb::Post, "/nodes/{node}/changes/{change}/confirm", HELP, act)
        .allow(MODIFY)
        .param(change_number())
        .returns::<ArmedChange>()
        .command(command("changes confirm", &["change"], HELP))
}

fn run_confirm(call: &Call<'_>) -> Result<Answer, Problem> {
    let change = number(call)?;
    call.engine().confirm(change, &caller(call)?)?;
    Ok(Answer { change: Some(change), ..Answer::of(call.engine().armed_change(change)?)? })
}

fn revert() -> Method {
    const HELP: &str = "Take back an armed change now";
    let act = Act { run: run_revert, preview: Some(preview_revert) };
    Method::act(Verb::Post, "/nodes/{node}/changes/{change}/revert", HELP, act)
        .allow(MODIFY)
        .param(change_number())
        .returns::<ArmedChange>()
        .command(command("changes revert", &["change"], HELP))
}

fn run_revert(call: &Call<'_>) -> Result<Answer, Problem> {
    let change = number(call)?;
    call.engine().revert(change, &caller(call)?, &mut Silent)?;
    Ok(Answer { change: Some(change), ..Answer::of(call.engine().armed_change(change)?)? })
}

fn preview_revert(call: &Call<'_>) -> Result<Plan, Problem> {
    call.engine().revert_plan(number(call)?)
}

fn caller(call: &Call<'_>) -> Result<Caller, Problem> {
    Ok(Caller { user: call.user()?, origin: call.origin().to_owned() })
}

fn change_number() -> Property {
    Property::integer("change").min(1).help("Number of the change in the history")
}

fn number(call: &Call<'_>) -> Result<i64, Problem> {
    call.integer("change")
        .ok_or_else(|| Problem::parameter("change", "property is missing and it is not optional"))
}
