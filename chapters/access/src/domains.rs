//! Realms: where users come from.

use innkeeper_access::Realm;
use innkeeper_access::realm::DOMAINS_CFG;
use innkeeper_change::{Content, FileChange, Plan, Problem, Step};
use innkeeper_config::SectionFile;
use innkeeper_rest::{
    Answer, Call, Change, Execution, Format, Method, Permission, Property, Proposal, Verb, bit,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::{command, comment};

/// Held while realms are edited.
const LOCK: &str = "/run/lock/innkeeper-domains.cfg.lck";

/// One realm.
#[derive(Debug, Serialize, ToSchema)]
struct RealmDetail {
    /// What checks passwords: `pam` or `pve`; the original knows more.
    #[serde(rename = "type")]
    kind: String,
    /// What people see when they choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// 1: chosen at first.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    default: bool,
    /// The second factor that everybody in the realm needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    tfa: Option<String>,
    /// Digest of the file, for changes.
    digest: String,
}

const ALLOCATE: Permission = Permission::On("/access/realm", &["Realm.Allocate"]);

pub(crate) fn methods() -> Vec<Method> {
    vec![
        Method::get("/access/domains", "List the realms that users can come from", |call| {
            Answer::of(call.api().access()?.realms()?.as_ref())
        })
        .allow(Permission::World)
        .returns::<Vec<Realm>>()
        .command(command("access realm list", &[], "List the realms that users can come from")),
        Method::get("/access/domains/{realm}", "Show a realm", show)
            .allow(Permission::AnyOf("/access/realm/{realm}", &["Realm.Allocate", "Sys.Audit"]))
            .param(realm())
            .returns::<RealmDetail>()
            .command(command("access realm show", &["realm"], "Show a realm")),
        Method::change(
            Verb::Put,
            "/access/domains/{realm}",
            "Change a realm",
            edit("realmmod", propose_change),
        )
        .allow(ALLOCATE)
        .param(realm())
        .param(comment().max_length(4096))
        .param(Property::boolean("default").optional().help("Chosen at first when people log in"))
        .param(
            Property::string("delete")
                .format(Format::ConfigidList)
                .max_length(4096)
                .optional()
                .help("Settings to take away: comment, default"),
        )
        .param(Property::digest())
        .command(command("access realm modify", &["realm"], "Change a realm")),
        Method::change(
            Verb::Delete,
            "/access/domains/{realm}",
            "Remove a realm; pam and pve stay",
            edit("realmdel", propose_remove),
        )
        .allow(ALLOCATE)
        .param(realm())
        .command(command("access realm delete", &["realm"], "Remove a realm")),
    ]
}

fn edit(task: &'static str, propose: innkeeper_rest::Propose) -> Change {
    Change { task, propose, execution: Execution::Here, lock: Some(LOCK) }
}

fn realm() -> Property {
    Property::string("realm").format(Format::Realm).max_length(32).help("Name of the realm")
}

fn file(call: &Call<'_>) -> Result<(Option<Content>, SectionFile), Problem> {
    let stored = call.api().store().get(DOMAINS_CFG)?.map(|stored| Content::new(stored.content));
    let text = stored.as_ref().map_or(Some(""), Content::as_text);
    let text =
        text.ok_or_else(|| Problem::failed(format!("{DOMAINS_CFG}: not valid UTF-8, so it is not edited")))?;
    let file = SectionFile::parse(text);
    Ok((stored, file))
}

fn known(call: &Call<'_>, name: &str) -> Result<Realm, Problem> {
    let realms = call.api().access()?.realms()?;
    let found = realms.iter().find(|realm| realm.realm == name);
    found.cloned().ok_or_else(|| Problem::Invalid(format!("domain '{name}' does not exist")))
}

fn show(call: &Call<'_>) -> Result<Answer, Problem> {
    let Realm { kind, comment, default, tfa, .. } = known(call, call.required_text("realm")?)?;
    let digest = file(call)?.1.digest();
    Answer::of(RealmDetail { kind, comment, default: default == Some(1), tfa, digest })
}

fn propose_change(call: &Call<'_>) -> Result<Proposal, Problem> {
    let name = call.required_text("realm")?;
    let kind = known(call, name)?.kind;
    let (before, mut file) = file(call)?;
    if call.text("digest").is_some_and(|digest| !digest.eq_ignore_ascii_case(&file.digest())) {
        return Err(Problem::Modified);
    }
    if file.section(name).is_none() {
        // pam and pve are there without a section, until something is said of them
        file.add(&kind, name, &[]).map_err(Problem::failed)?;
    }
    if let Some(comment) = call.text("comment") {
        file.set(name, "comment", comment).map_err(Problem::failed)?;
    }
    if let Some(default) = call.boolean("default") {
        if default {
            let others: Vec<String> = file.sections().iter().map(|section| section.id.clone()).collect();
            for other in others.iter().filter(|other| *other != name) {
                file.unset(other, "default").map_err(Problem::failed)?;
            }
        }
        file.set(name, "default", if default { "1" } else { "0" }).map_err(Problem::failed)?;
    }
    for key in call.text("delete").into_iter().flat_map(Format::items) {
        if !matches!(key, "comment" | "default") {
            return Err(Problem::parameter("delete", format!("no such option '{key}'")));
        }
        if call.params().contains_key(key) {
            return Err(Problem::parameter(
                "delete",
                format!("cannot set and delete property '{key}' at the same time!"),
            ));
        }
        file.unset(name, key).map_err(Problem::failed)?;
    }
    let plan = write(call, &format!("change realm {name}"), before, file.as_text())?;
    Ok(Proposal { task_id: name.to_owned(), ..plan.into() })
}

fn write(call: &Call<'_>, what: &str, before: Option<Content>, after: &str) -> Result<Plan, Problem> {
    let store = call.api().store();
    let mut change = FileChange::write(store.path(DOMAINS_CFG)?, before, after.to_owned());
    change.mode = store.mode(DOMAINS_CFG);
    Ok(Plan::new(what).step(Step::file(what, change)))
}

fn propose_remove(call: &Call<'_>) -> Result<Proposal, Problem> {
    let name = call.required_text("realm")?;
    known(call, name)?;
    if matches!(name, "pam" | "pve") {
        return Err(Problem::parameter("realm", format!("unable to delete the built-in realm '{name}'")));
    }
    let (before, mut file) = file(call)?;
    file.remove(name).map_err(Problem::failed)?;
    let what = format!("remove realm {name}");
    let plan = write(call, &what, before, file.as_text())?;
    let gone = name.to_owned();
    let verify = innkeeper_rest::Verify::With(Box::new(move |call| match known(call, &gone) {
        Err(_) => Ok(Plan::new(format!("remove realm {gone}"))),
        Ok(_) => Err(Problem::failed(format!("realm '{gone}' is still in {DOMAINS_CFG}"))),
    }));
    Ok(Proposal { task_id: name.to_owned(), verify, ..plan.into() })
}
