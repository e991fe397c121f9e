//! What was changed, by whom, and how it is taken back.

use innkeeper_change::Problem;
use innkeeper_engine::{ChainReport, Change as ChangeRecord, ChangeSummary, HistoryFilter};
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Verb, Verify,
};
use serde_json::Value;

const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![list(), verify(), detail(), undo()]
}

fn list() -> Method {
    Method::get("/nodes/{node}/history", "List the changes made to this host, newest first", |call| {
        let filter = HistoryFilter {
            start: call.integer("start").unwrap_or_default().unsigned_abs(),
            limit: call.integer("limit").unwrap_or_default().unsigned_abs(),
            user: call.text("user").map(str::to_owned),
            file: call.text("path").map(str::to_owned),
            since: call.integer("since"),
            until: call.integer("until"),
        };
        let (changes, total) = call.engine().journal()?.list(&filter)?;
        Answer::page(changes, total)
    })
    .allow(AUDIT)
    .param(Property::integer("start").min(0).default("0").help("How many of the newest to leave out"))
    .param(Property::integer("limit").min(0).max(1000).default("50").help("How many to list"))
    .param(Property::string("user").max_length(128).optional().help("Only changes by this user or token"))
    .param(Property::string("path").max_length(4096).optional().help("Only changes of this file"))
    .param(
        Property::integer("since").optional().help("Only changes from this time on, in seconds since 1970"),
    )
    .param(Property::integer("until").optional().help("Only changes up to this time, in seconds since 1970"))
    .returns::<Vec<ChangeSummary>>()
    .command(CommandName {
        words: "history list",
        positional: &[],
        preset: &[],
        help: "List the changes made to this host, newest first",
    })
}

fn detail() -> Method {
    Method::get("/nodes/{node}/history/{change}", "Show one change with its steps and file diffs", |call| {
        Answer::of(call.engine().journal()?.get(number(call)?)?)
    })
    .allow(AUDIT)
    .param(change_number())
    .returns::<ChangeRecord>()
    .command(CommandName {
        words: "history show",
        positional: &["change"],
        preset: &[],
        help: "Show one change with its steps and file diffs",
    })
}

fn verify() -> Method {
    Method::get("/nodes/{node}/history/verify", "Check that no entry of the history was altered", |call| {
        Answer::of(call.engine().journal()?.verify_chain().map_err(Problem::failed)?)
    })
    .allow(AUDIT)
    .returns::<ChainReport>()
    .command(CommandName {
        words: "history verify",
        positional: &[],
        preset: &[],
        help: "Check that no entry of the history was altered",
    })
}

fn undo() -> Method {
    let change = Change { task: "undo", propose: propose_undo, execution: Execution::Here, lock: None };
    Method::change(Verb::Post, "/nodes/{node}/history/{change}/undo", "Take back a change", change)
        .allow(MODIFY)
        .param(change_number())
        .command(CommandName {
            words: "undo",
            positional: &["change"],
            preset: &[],
            help: "Take back a change, unless its files have moved on since",
        })
}

fn change_number() -> Property {
    Property::integer("change").min(1).help("Number of the change in the history")
}

fn number(call: &Call<'_>) -> Result<i64, Problem> {
    call.integer("change")
        .ok_or_else(|| Problem::parameter("change", "property is missing and it is not optional"))
}

fn propose_undo(call: &Call<'_>) -> Result<Proposal, Problem> {
    let change = number(call)?;
    let (plan, goal) = call.engine().undo_plan(change)?;
    Ok(Proposal {
        plan,
        verify: Verify::With(Box::new(move |call| call.engine().is_undone(&goal))),
        answer: Value::Null,
        task_id: change.to_string(),
        undoes: Some(change),
    })
}
