//! Components: of one entry as the caller says, or Debian's firmware component everywhere at once.

use camino::Utf8Path;
use innkeeper_change::{Content, Plan, Problem};

use super::{describe, edit, editable_entry, notice, refusal, rewrite};
use crate::format::document::{Document, Edit, FileType};
use crate::format::entry::Entry;
use crate::model::FileError;
use crate::risks;
use crate::state::{SourceFile, State};
use crate::suites;

pub(super) fn set(
    state: &State,
    path: &Utf8Path,
    index: usize,
    components: &[String],
) -> Result<Plan, Problem> {
    let (file, entry) = editable_entry(state, path, index)?;
    let what = format!("set the components of {} in {path} to '{}'", describe(entry), components.join(" "));
    let wanted = Edit::SetComponents(index, components);
    file.document.edit(&wanted).map_err(|error| Problem::parameter("components", error.to_string()))?;
    edit(state, file, &wanted, what)
}

/// Appends the firmware component to every entry of Debian's own archives, enabled or not.
pub(super) fn enable_firmware(state: &State) -> Result<Plan, Problem> {
    let mut plan = Plan::new("enable Debian's firmware component");
    let mut changes = Vec::new();
    for file in &state.files {
        let text = with_firmware(state, file)?;
        if text == file.document.text() {
            continue;
        }
        if let Some(reason) = &file.locked {
            let message = format!("{} is left as it is: {reason}.", file.path);
            plan = plan.hazard(notice("apt.file-skipped", message, "Edit the file that it points to."));
            continue;
        }
        let what = format!("append the firmware component to Debian's entries in {}", file.path);
        changes.push((file.path.clone(), Some(file.content.clone()), Some(Content::from(text)), what));
    }
    let unread = |error: &&FileError| FileType::of(&error.path).is_some();
    for error in state.errors.iter().filter(unread) {
        let message = format!("{} is left as it is: {}.", error.path, error.error);
        plan = plan.hazard(notice("apt.file-skipped", message, "Repair the file, then ask again."));
    }
    Ok(rewrite(state, plan, changes))
}

fn with_firmware(state: &State, file: &SourceFile) -> Result<String, Problem> {
    let mut document = file.document.clone();
    for index in 0..document.entries().len() {
        let entry = &document.entries()[index];
        let Some(component) = missing_component(state, entry) else { continue };
        let mut components = entry.components.clone();
        components.push(component.to_owned());
        let text = document.edit(&Edit::SetComponents(index, &components)).map_err(refusal)?;
        document = Document::parse(file.document.file_type(), &text);
    }
    Ok(document.text())
}

/// The component that an entry of Debian's own archives lacks; its own suite says which one it would be.
fn missing_component(state: &State, entry: &Entry) -> Option<&'static str> {
    let debian = |uri: &String| risks::host_of(uri).is_some_and(|host| host.ends_with(".debian.org"));
    if entry.components.is_empty() || !entry.uris.iter().any(debian) {
        return None;
    }
    let named =
        entry.suites.iter().map(|suite| suites::base(suite)).find(|name| suites::number(name).is_some());
    let codename = named.or(state.codename.as_deref()).unwrap_or_default();
    let component = suites::firmware_component(codename);
    (!entry.components.iter().any(|have| have == component)).then_some(component)
}
