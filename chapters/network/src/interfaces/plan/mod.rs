//! (State, Request) → Plan. Pure. Every change of an interface goes to the staged file; the live one is left alone.

mod editor;
mod ovs_ports;
mod replay;
mod stanza;

use innkeeper_change::{Content, FileChange, Plan, Problem, Step};

pub(crate) use self::editor::Editor;
use super::config::{Config, Interface};
use super::kind::{Kind, kind_of_name};
use super::settings::Settings;
use super::state::{LIVE, STAGED, State};
use super::{parameters, risks, validate};
use crate::format::{Document, Item};
use crate::sets::ChangeSet;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A new interface.
    Create {
        /// Its name.
        name: String,
        /// What it is.
        kind: Kind,
        /// How it is configured.
        settings: Settings,
    },
    /// Other settings for an interface.
    Update {
        /// Its name.
        name: String,
        /// What it is, as the caller knows it.
        kind: Kind,
        /// What shall be different.
        settings: Settings,
    },
    /// No configuration for an interface any more.
    Delete {
        /// Its name.
        name: String,
    },
    /// No staged changes any more.
    Revert,
}

/// Plans a request.
///
/// # Errors
/// [`Problem::Modified`] when the caller saw another file; parameters that do not fit; a file that is not understood; what
/// would make the configuration wrong, in the original's words.
pub fn plan(state: &State, request: &Request, digest: Option<&str>) -> Result<Plan, Problem> {
    if digest.is_some_and(|digest| !digest.is_empty() && !digest.eq_ignore_ascii_case(&state.digest())) {
        return Err(Problem::Modified);
    }
    if *request == Request::Revert {
        return revert(state);
    }
    let (name, what) = match request {
        Request::Create { name, kind, .. } => (name, format!("new {} {name}", kind.word())),
        Request::Update { name, .. } => (name, format!("changes of {name}")),
        Request::Delete { name } => (name, format!("the removal of {name}")),
        Request::Revert => return revert(state),
    };
    let summary = match &state.draft {
        Some(draft) => format!("put {what} into change set {}", draft.set.name),
        None => format!("stage {what}"),
    };
    let old = understood_config(state)?;
    let (after, touched) = rewritten(state, &old, request)?;
    if Some(after.as_str()) == state.text() {
        return Ok(Plan::new(summary));
    }
    let new = state.config_of(&after);
    accept(state, &old, &new, request, &touched)?;
    let hazards = risks::of_change(state, &old, &new, name);
    let plan = kept(state, Plan::new(summary), after)?;
    Ok(hazards.into_iter().fold(plan, Plan::hazard))
}

/// What a request makes of the text of the current file.
///
/// # Errors
/// As [`plan`].
pub(crate) fn edited(state: &State, request: &Request) -> Result<String, Problem> {
    let old = understood_config(state)?;
    let (after, touched) = rewritten(state, &old, request)?;
    if Some(after.as_str()) != state.text() {
        accept(state, &old, &state.config_of(&after), request, &touched)?;
    }
    Ok(after)
}

/// The text that a request makes, not looked at yet, and the other interfaces that it is meant to change.
fn rewritten(state: &State, old: &Config<'_>, request: &Request) -> Result<(String, Vec<String>), Problem> {
    let mut editor = Editor::new(old);
    edit(state, old, request, &mut editor)?;
    let touched = editor.touched().to_vec();
    Ok((editor.finish(), touched))
}

/// Lets a configuration pass that is what was asked for, harms nothing else, and has nothing wrong that was not wrong before.
fn accept(
    state: &State,
    old: &Config<'_>,
    new: &Config<'_>,
    request: &Request,
    touched: &[String],
) -> Result<(), Problem> {
    if let Request::Create { name, kind, .. } | Request::Update { name, kind, .. } = request {
        is_what_was_asked(old, new, name, *kind)?;
    }
    if let Request::Create { name, .. } | Request::Update { name, .. } | Request::Delete { name } = request {
        unharmed(old, new, name, touched)?;
    }
    sound(state, old, new)
}

/// The text of the current file, which must be understood as a whole before anything is written.
pub(crate) fn understood(state: &State) -> Result<&str, Problem> {
    let text = as_text(state)?;
    without_doubt(state, &Document::parse(text))?;
    Ok(text)
}

/// The same, read already.
fn understood_config(state: &State) -> Result<Config<'_>, Problem> {
    let config = state.config_of(as_text(state)?);
    without_doubt(state, &config.files()[0].document)?;
    Ok(config)
}

fn as_text(state: &State) -> Result<&str, Problem> {
    let not_text = || Problem::Failed(format!("{} is not text and is not edited here", state.path()));
    state.text().ok_or_else(not_text)
}

fn without_doubt(state: &State, document: &Document<'_>) -> Result<(), Problem> {
    match document.malformed().first() {
        Some(bad) => Err(Problem::Failed(format!(
            "{} is not understood and is left alone: {bad}. Correct it by hand first.",
            state.path()
        ))),
        None => Ok(()),
    }
}

fn edit(
    state: &State,
    config: &Config<'_>,
    request: &Request,
    editor: &mut Editor<'_>,
) -> Result<(), Problem> {
    match request {
        Request::Create { name, kind, settings } => {
            parameters::check(state, config, name, *kind, settings, true)?;
            if config.get(name).is_some() {
                return Err(Problem::parameter("iface", "interface already exists"));
            }
            validate::check_name(name, *kind).map_err(|wrong| Problem::parameter("iface", wrong))?;
            editor.create(name, *kind, settings);
            ovs_ports::attach(config, name, settings, editor)?;
            ovs_ports::adopt(config, name, settings, editor)
        }
        Request::Update { name, kind, settings } => {
            parameters::check(state, config, name, *kind, settings, false)?;
            match config.get(name) {
                Some(interface) => update(config, interface, *kind, settings, editor)?,
                None if is_there(state, name) => {
                    let nothing =
                        *settings == Settings { delete: settings.delete.clone(), ..Settings::default() };
                    if !nothing {
                        editor.create(name, *kind, settings);
                    }
                }
                None => return Err(Problem::parameter("iface", "interface does not exist")),
            }
            ovs_ports::attach(config, name, settings, editor)?;
            ovs_ports::adopt(config, name, settings, editor)
        }
        Request::Delete { name } => match config.get(name) {
            Some(interface) => {
                in_this_file(config, interface)?;
                ovs_ports::detach(config, name, editor)?;
                editor.remove(interface);
                Ok(())
            }
            None if is_there(state, name) => Ok(()),
            None => Err(Problem::parameter("iface", "interface does not exist")),
        },
        Request::Revert => Ok(()),
    }
}

/// Refuses settings that make of an interface something else than it is, or is to be.
fn is_what_was_asked(old: &Config<'_>, new: &Config<'_>, name: &str, kind: Kind) -> Result<(), Problem> {
    let found = new.get(name).map_or(kind, |interface| interface.kind);
    let fits = match old.get(name) {
        Some(before) => found == kind || found == before.kind,
        None => found == kind || kind == Kind::Unknown || (found == Kind::Unknown && kind == Kind::Eth),
    };
    if fits {
        return Ok(());
    }
    let message =
        format!("with this name and these settings it is of type '{}', not '{}'", found.word(), kind.word());
    Err(Problem::parameter("type", message))
}

fn is_there(state: &State, name: &str) -> bool {
    state.devices.get(name).is_some_and(|device| device.physical)
}

fn update(
    config: &Config<'_>,
    interface: &Interface<'_>,
    kind: Kind,
    settings: &Settings,
    editor: &mut Editor<'_>,
) -> Result<(), Problem> {
    in_this_file(config, interface)?;
    match (interface.kind, kind) {
        (old, new) if old == new => {}
        // a NIC becomes a port of a virtual switch and a NIC again
        (Kind::Eth, Kind::OVSPort) => editor.set(interface, super::field::Field::OvsType, "OVSPort")?,
        (Kind::OVSPort, Kind::Eth) => editor.become_plain(interface)?,
        (Kind::Unknown, Kind::Eth) => {}
        (Kind::Unknown, new) if kind_of_name(interface.name) == new || new == Kind::Unknown => {}
        (old, _) => {
            let message = format!("interface '{}' is of type '{}'", interface.name, old.word());
            return Err(Problem::parameter("type", message));
        }
    }
    editor.update(interface, settings)
}

fn in_this_file(config: &Config<'_>, interface: &Interface<'_>) -> Result<(), Problem> {
    match interface.stanzas.iter().find(|place| place.file != 0) {
        Some(place) => Err(Problem::Invalid(format!(
            "interface '{}' is configured in {}, which is not edited here",
            interface.name,
            config.files()[place.file].path
        ))),
        None => Ok(()),
    }
}

/// Refuses an edit after which another interface would say something else than before.
fn unharmed(old: &Config<'_>, new: &Config<'_>, name: &str, touched: &[String]) -> Result<(), Problem> {
    // most of them stand where they stood
    let after = |at: usize, name: &str| {
        let same = new.interfaces().get(at).filter(|one| one.name == name);
        same.or_else(|| new.get(name))
    };
    let broken = |&(at, interface): &(usize, &Interface<'_>)| {
        after(at, interface.name).is_none_or(|after| !says_the_same(old, interface, new, after))
    };
    let own = |(_, interface): &(usize, &Interface<'_>)| {
        interface.name != name && !touched.iter().any(|one| one == interface.name)
    };
    match old.interfaces().iter().enumerate().filter(own).find(broken).map(|(_, interface)| interface) {
        Some(other) => Err(Problem::failed(format!(
            "the edit would change interface '{}', too; nothing was done",
            other.name
        ))),
        None if new.files()[0].document.malformed().is_empty() => Ok(()),
        None => Err(Problem::failed("the edit would leave a file that is not understood; nothing was done")),
    }
}

fn says_the_same(old: &Config<'_>, before: &Interface<'_>, new: &Config<'_>, after: &Interface<'_>) -> bool {
    before.autostart == after.autostart
        && before.kind == after.kind
        && before.stanzas.len() == after.stanzas.len()
        && before.stanzas.iter().zip(&after.stanzas).all(|(a, b)| {
            let (a, b) = (old.stanza(*a), new.stanza(*b));
            a.items.len() == b.items.len()
                && a.items.iter().zip(&b.items).all(|pair| match pair {
                    (Item::Option(a), Item::Option(b)) => a.key == b.key && a.value == b.value,
                    (Item::Comment(a), Item::Comment(b)) => a.text == b.text,
                    _ => false,
                })
        })
}

/// Refuses what was not wrong before.
pub(crate) fn sound(state: &State, old: &Config<'_>, new: &Config<'_>) -> Result<(), Problem> {
    let wrong = validate::wrong(state, new);
    if wrong.is_empty() {
        return Ok(());
    }
    let known = validate::wrong(state, old);
    match wrong.into_iter().find(|message| !known.contains(message)) {
        Some(message) => Err(Problem::Failed(message)),
        None => Ok(()),
    }
}

/// The step that keeps `text` where it was asked for: in the change set, or in the staged file.
pub(crate) fn kept(state: &State, plan: Plan, text: String) -> Result<Plan, Problem> {
    let Some(draft) = &state.draft else { return Ok(staged(state, plan, text)) };
    let set = ChangeSet { text, ..draft.set.clone() };
    let change = FileChange {
        after: Some(set.content()?),
        ..FileChange::write(&draft.path, Some(draft.file.clone()), "")
    };
    Ok(plan.step(Step::file(format!("write change set {}", set.name), change)))
}

/// The step that puts `text` into the staged file; into none, when it is what the live file says anyway.
pub(crate) fn staged(state: &State, plan: Plan, text: String) -> Plan {
    let after = Content::new(text);
    match (&state.staged, &state.live) {
        (Some(staged), Some(live)) if *live == after => {
            let what = format!("remove {STAGED}: nothing differs from the live configuration any more");
            plan.step(Step::file(what, FileChange::remove(STAGED, staged.clone())))
        }
        (staged, live) => {
            let mut change =
                FileChange { after: Some(after), ..FileChange::write(STAGED, staged.clone(), "") };
            if let (None, Some(live)) = (staged, live) {
                change = change.copied_from(LIVE, live.clone());
            }
            plan.step(Step::file(format!("write {STAGED}"), change))
        }
    }
}

fn revert(state: &State) -> Result<Plan, Problem> {
    if let Some(draft) = &state.draft {
        let plan = Plan::new(format!("discard the edits of change set {}", draft.set.name));
        return kept(state, plan, draft.set.base.clone());
    }
    let plan = Plan::new("discard staged network changes");
    Ok(match &state.staged {
        Some(staged) => {
            plan.step(Step::file(format!("remove {STAGED}"), FileChange::remove(STAGED, staged.clone())))
        }
        None => plan,
    })
}
