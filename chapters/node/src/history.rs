//! What was changed, by whom, and how it is taken back.

use std::sync::Arc;

use innkeeper_change::{Plan, Problem};
use innkeeper_engine::{
    AuditEntry, AuditFilter, AuditKind, AuditOutcome, ChainReport, Change as ChangeRecord, ChangeSummary,
    Export, HistoryFilter,
};
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Lines, Method, Permission, Property, Proposal, Verb, Verify,
};
use serde_json::{Map, Value};

const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![list(), audit(), export(), verify(), detail(), undo(), finish()]
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

fn audit() -> Method {
    const HELP: &str = "List who came, who was refused, and what was done, newest first";
    Method::get("/nodes/{node}/audit", HELP, |call| {
        let owned = |name: &str| call.text(name).map(str::to_owned);
        let number = |name: &str| call.integer(name).unwrap_or_default().unsigned_abs();
        // what strangers did to this minute is counted, and may be due
        call.engine().flush_audit();
        let filter = AuditFilter {
            start: number("start"),
            limit: number("limit"),
            user: owned("user"),
            origin: owned("origin"),
            kind: owned("kind"),
            outcome: owned("outcome"),
            since: call.integer("since"),
            until: call.integer("until"),
        };
        let (entries, total) = call.engine().journal()?.audited(&filter)?;
        Answer::page(entries, total)
    })
    .allow(AUDIT)
    .param(Property::integer("start").min(0).default("0").help("How many of the newest to leave out"))
    .param(Property::integer("limit").min(0).max(1000).default("50").help("How many to list"))
    .param(Property::string("user").max_length(128).optional().help("Only by this user or token"))
    .param(Property::string("origin").max_length(128).optional().help("Only from this address"))
    .param(Property::one_of("kind", AuditKind::NAMES).optional().help("Only of this kind"))
    .param(Property::one_of("outcome", AuditOutcome::NAMES).optional().help("Only what went so"))
    .param(since())
    .param(until())
    .returns::<Vec<AuditEntry>>()
    .command(CommandName { words: "history audit", positional: &[], preset: &[], help: HELP })
}

fn export() -> Method {
    const HELP: &str = "Write the journal with its archives as lines of JSON, oldest first";
    Method::get("/nodes/{node}/history/export", HELP, |call| {
        let (since, until) = (call.integer("since"), call.integer("until"));
        let export = Export::new(Arc::clone(call.host()), since, until)?;
        Ok(Answer { lines: Some(Lines::new(export)), ..Answer::default() })
    })
    .allow(AUDIT)
    .param(since())
    .param(until())
    .returns_lines()
    .command(CommandName { words: "history export", positional: &[], preset: &[], help: HELP })
}

fn since() -> Property {
    Property::integer("since").optional().help("Only from this time on, in seconds since 1970")
}

fn until() -> Property {
    Property::integer("until").optional().help("Only up to this time, in seconds since 1970")
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
        .armable()
        .param(change_number())
        .command(CommandName {
            words: "undo",
            positional: &["change"],
            preset: &[],
            help: "Take back a change, unless its files have moved on since",
        })
}

fn finish() -> Method {
    let change = Change { task: "finish", propose: propose_finish, execution: Execution::Here, lock: None };
    const HELP: &str = "Carry out what is left of a change that was interrupted or failed half way";
    Method::change(Verb::Post, "/nodes/{node}/history/{change}/finish", HELP, change)
        .allow(MODIFY)
        .param(change_number())
        .command(CommandName { words: "history finish", positional: &["change"], preset: &[], help: HELP })
}

fn propose_finish(call: &Call<'_>) -> Result<Proposal, Problem> {
    let change = number(call)?;
    let (plan, goal) = call.engine().finish_plan(change)?;
    Ok(Proposal {
        plan,
        verify: Verify::With(Box::new(move |call| call.engine().is_undone(&goal))),
        answer: Value::Null,
        task_id: change.to_string(),
        undoes: None,
        finishes: Some(change),
        diagnose: None,
        armed: None,
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
    let (method, params) = made_by(call, change)?;
    let armed = method.as_ref().and_then(|method| method.armed_for(&params));
    let risks = match method.and_then(|method| method.risks_of_undo) {
        Some(risks) => risks(call, &goal)?,
        None => Vec::new(),
    };
    Ok(Proposal {
        plan: risks.into_iter().fold(plan, Plan::hazard),
        verify: Verify::With(Box::new(move |call| call.engine().is_undone(&goal))),
        answer: Value::Null,
        task_id: change.to_string(),
        undoes: Some(change),
        finishes: None,
        diagnose: None,
        armed,
    })
}

/// The method that made a change, with its parameters. Taking a change back can keep people from taking that back as making it
/// could, so it is armed as the change itself was, and its dangers are looked for where the change's are known.
fn made_by(call: &Call<'_>, change: i64) -> Result<(Option<Method>, Map<String, Value>), Problem> {
    let journal = call.engine().journal()?;
    let mut found = journal.get(change)?;
    // what took a change back is the undo of the one that it took back
    while let Some(earlier) = found.summary.undoes.filter(|earlier| *earlier < found.summary.id) {
        found = journal.get(earlier)?;
    }
    let methods = call.api().look(&found.summary.path).map(|(_, methods)| methods).unwrap_or_default();
    let method = methods.into_iter().find(|method| method.verb.as_str() == found.summary.verb).cloned();
    let params = found.params.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    Ok((method, params))
}
