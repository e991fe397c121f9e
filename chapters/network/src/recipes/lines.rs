//! Lines of commands in the stanza of an interface: `post-up …` and the `post-down …` that takes it back.

use innkeeper_change::Problem;

use crate::format::{Edits, indentation};
use crate::interfaces::config::{Config, Family, Interface, stanza_family};

/// A line: its key and what it says.
pub(super) type Line = (&'static str, String);

/// The commands of an interface under a key, blanks squeezed.
pub(crate) fn of<'c>(
    config: &'c Config<'_>,
    interface: &'c Interface<'_>,
    key: &'c str,
) -> impl Iterator<Item = String> + use<'c> {
    let options = interface.stanzas.iter().flat_map(|place| config.stanza(*place).options());
    options.filter(move |line| same_key(line.key, key)).map(|line| squeezed(&line.value))
}

/// `up` is what `post-up` is, and `down` what `pre-down` is.
fn same_key(one: &str, other: &str) -> bool {
    let known = |key: &str| match key {
        "up" | "post-up" => "post-up",
        "down" | "pre-down" => "pre-down",
        "post-down" => "post-down",
        _ => "",
    };
    known(one) == known(other) && !known(one).is_empty()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text with these lines in the stanza of an interface, behind its options; those that are there stay where they are.
///
/// # Errors
/// An interface that has no stanza in the file that is edited.
pub(super) fn with(config: &Config<'_>, name: &str, wanted: &[Line]) -> Result<String, Problem> {
    let document = &config.files()[0].document;
    let missing = |problem: &str| Problem::failed(format!("{name}: {problem}"));
    let interface = config.get(name).ok_or_else(|| missing("interface does not exist"))?;
    let places = || interface.stanzas.iter().filter(|place| place.file == 0).copied();
    let four = places().find(|place| stanza_family(config.stanza(*place)) == Some(Family::V4));
    let place = four
        .or_else(|| places().next())
        .ok_or_else(|| missing("is configured in another file, which is not edited here"))?;
    let stanza = config.stanza(place);
    let indent = indentation(document, stanza);
    let lines: Vec<String> = wanted
        .iter()
        .filter(|(key, value)| !of(config, interface, key).any(|known| known == squeezed(value)))
        .map(|(key, value)| format!("{indent}{key} {value}"))
        .collect();
    if lines.is_empty() {
        return Ok(document.text().to_owned());
    }
    let mut edits = Edits::new();
    let end = stanza.options().last().map_or(stanza.span.end, |line| line.span.end);
    edits.insert_lines(document, end, &lines);
    Ok(edits.apply(document.text()))
}
