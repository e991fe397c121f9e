//! REST methods for change sets.

use innkeeper_change::{Plan, Problem};
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Format, Method, Permission, Property, Proposal, Propose,
    Verb, Verify,
};

use super::inspect::{Draft, Found, read, read_all};
use super::model::DIRECTORY;
use super::plan;
use super::view::{self, ChangeSetDetails, ChangeSetEntry};
use crate::interfaces::LOCK;
use crate::interfaces::inspect::{files, inspect};

const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);
/// Letters of a name.
const LENGTH: usize = 40;

pub(crate) fn methods() -> Vec<Method> {
    vec![list(), create(), show(), rebase(), stage(), discard()]
}

/// The parameter by which methods of interfaces are about a change set.
pub(crate) fn change_set() -> Property {
    Property::string("change-set")
        .format(Format::PveConfigid)
        .max_length(LENGTH)
        .optional()
        .help("Ours: the change set that is meant instead of what everybody stages")
}

/// The change set that a call is about, if it is about one.
pub(crate) fn chosen(call: &Call<'_>) -> Result<Option<Draft>, Problem> {
    let Some(name) = call.text("change-set") else { return Ok(None) };
    let found = read(call.host().as_ref(), name)?
        .ok_or_else(|| Problem::parameter("change-set", "change set does not exist"))?;
    understood(found).map(Some)
}

/// The same, for who may edit it.
pub(crate) fn chosen_to_edit(call: &Call<'_>) -> Result<Option<Draft>, Problem> {
    let draft = chosen(call)?;
    match &draft {
        Some(draft) => own(call, &draft.set.name, Some(&draft.set.author)).map(|()| Some(draft.clone())),
        None => Ok(None),
    }
}

fn understood(found: Found) -> Result<Draft, Problem> {
    found.draft.map_err(|reason| {
        let name = found.name;
        Problem::failed(format!("{DIRECTORY}/{name}.json is not understood and is left alone: {reason}"))
    })
}

/// Lets its author pass, and root.
fn own(call: &Call<'_>, name: &str, author: Option<&str>) -> Result<(), Problem> {
    let identity = call.identity()?;
    if identity.is_root() || author == Some(identity.user().as_str()) {
        return Ok(());
    }
    Err(Problem::Forbidden(match author {
        Some(author) => format!("change set '{name}' belongs to {author}"),
        None => format!("change set '{name}' is damaged: only root@pam can discard it"),
    }))
}

/// The change set that the path names.
fn named(call: &Call<'_>) -> Result<Found, Problem> {
    let name = call.required_text("set")?;
    read(call.host().as_ref(), name)?
        .ok_or_else(|| Problem::NotFound(format!("change set '{name}' does not exist")))
}

fn named_to_edit(call: &Call<'_>) -> Result<Draft, Problem> {
    let draft = understood(named(call)?)?;
    own(call, &draft.set.name, Some(&draft.set.author))?;
    Ok(draft)
}

fn command(words: &'static str, positional: &'static [&'static str], help: &'static str) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

fn edit(task: &'static str, propose: Propose) -> Change {
    Change { task, propose, execution: Execution::Here, lock: Some(LOCK) }
}

fn set() -> Property {
    Property::string("set").format(Format::PveConfigid).max_length(LENGTH).help("Name of the change set")
}

fn list() -> Method {
    const HELP: &str = "List the change sets of the network configuration";
    Method::get("/nodes/{node}/network-sets", HELP, |call| {
        let host = call.host().as_ref();
        let state = files(host)?;
        let shown: Vec<_> = read_all(host)?.iter().map(|found| view::entry(&state, found)).collect();
        Answer::of(shown)
    })
    .allow(AUDIT)
    .returns::<Vec<ChangeSetEntry>>()
    .command(command("network change-set list", &[], HELP))
}

fn show() -> Method {
    const HELP: &str = "Show what a change set changes, and what was configured since it was made";
    Method::get("/nodes/{node}/network-sets/{set}", HELP, |call| {
        Answer::of(view::details(&files(call.host().as_ref())?, &named(call)?))
    })
    .allow(AUDIT)
    .param(set())
    .returns::<ChangeSetDetails>()
    .command(command("network change-set show", &["set"], HELP))
}

fn create() -> Method {
    const HELP: &str = "Make a change set: edits of the network configuration of one's own";
    let propose: Propose = |call| {
        let host = call.host().as_ref();
        let (name, author) = (call.required_text("set")?, call.identity()?.user().to_string());
        let title = call.text("title").unwrap_or_default();
        let made = plan::create(&files(host)?, read(host, name)?.as_ref(), name, &author, title)?;
        Ok(Proposal { verify: there(true), ..Proposal::from(made) })
    };
    Method::change(Verb::Post, "/nodes/{node}/network-sets", HELP, edit("netsetcreate", propose))
        .allow(MODIFY)
        .param(set())
        .param(Property::string("title").max_length(256).optional().help("What it is for"))
        .command(command("network change-set create", &["set"], HELP))
}

fn rebase() -> Method {
    const HELP: &str = "Bring a change set up to date with what is staged or live now";
    let propose: Propose = |call| {
        let draft = named_to_edit(call)?;
        plan::rebase(&inspect(call.host().as_ref())?, &draft).map(Proposal::from)
    };
    Method::change(Verb::Post, "/nodes/{node}/network-sets/{set}/rebase", HELP, edit("netsetrebase", propose))
        .allow(MODIFY)
        .param(set())
        .command(command("network change-set rebase", &["set"], HELP))
}

fn stage() -> Method {
    const HELP: &str = "Stage a change set: it becomes the configuration that is applied next";
    let propose: Propose = |call| {
        let draft = named_to_edit(call)?;
        let made = plan::stage(&inspect(call.host().as_ref())?, &draft)?;
        Ok(Proposal { verify: there(false), ..Proposal::from(made) })
    };
    Method::change(Verb::Post, "/nodes/{node}/network-sets/{set}/stage", HELP, edit("netsetstage", propose))
        .allow(MODIFY)
        .param(set())
        .command(command("network change-set stage", &["set"], HELP))
}

fn discard() -> Method {
    const HELP: &str = "Discard a change set";
    let propose: Propose = |call| {
        let found = named(call)?;
        own(call, &found.name, found.draft.as_ref().ok().map(|draft| draft.set.author.as_str()))?;
        Ok(Proposal { verify: there(false), ..Proposal::from(plan::discard(&found)) })
    };
    Method::change(Verb::Delete, "/nodes/{node}/network-sets/{set}", HELP, edit("netsetdelete", propose))
        .allow(MODIFY)
        .param(set())
        .command(command("network change-set discard", &["set"], HELP))
}

/// Whether there is a change set of this name, or none any more.
fn there(wanted: bool) -> Verify {
    Verify::With(Box::new(move |call: &Call<'_>| {
        let name = call.required_text("set")?;
        match read(call.host().as_ref(), name)?.is_some() {
            is if is == wanted => Ok(Plan::default()),
            true => Err(Problem::failed(format!("change set {name} is still there"))),
            false => Err(Problem::failed(format!("change set {name} is not there"))),
        }
    }))
}
