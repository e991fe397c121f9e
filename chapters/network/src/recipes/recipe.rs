//! What every recipe is.

use innkeeper_change::Problem;
use innkeeper_rest::Property;
use serde_json::{Map, Value};

use super::draft::Draft;
use super::outlook::Outlook;

/// What a recipe is called, and what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Card {
    /// Its name in paths and commands.
    pub(super) id: &'static str,
    /// Path of its method.
    pub(super) path: &'static str,
    /// Its words on the command line.
    pub(super) command: &'static str,
    /// A few words.
    pub(super) title: &'static str,
    /// What it is for, in plain words.
    pub(super) purpose: &'static str,
    /// What it takes.
    pub(super) parameters: &'static [Property],
}

/// A set-up with everything that it needs to know.
pub(super) trait Recipe: Sized + Send + Sync + 'static {
    /// What it is called, and what it takes.
    const CARD: Card;

    /// What to take for what was not said, as far as the host tells. What was given is in `given`.
    fn proposed(outlook: &Outlook, given: &Map<String, Value>) -> Vec<(&'static str, Value)>;

    /// Reads parameters, each into a type of its own.
    ///
    /// # Errors
    /// The parameter, and what is wrong with it.
    fn read(params: &Map<String, Value>) -> Result<Self, Problem>;

    /// The whole in one sentence without a full stop.
    fn summary(&self) -> String;

    /// Edits the configuration. Where it is so already, nothing changes.
    ///
    /// # Errors
    /// Why it cannot be.
    fn edit(&self, outlook: &Outlook, draft: &mut Draft) -> Result<(), Problem>;
}
