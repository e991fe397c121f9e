//! What is known of a host's network before anything is asked of it.

use std::collections::BTreeMap;

use innkeeper_change::Content;

use super::config::Config;
use crate::sets::Draft;

/// The configuration of record.
pub const LIVE: &str = "/etc/network/interfaces";
/// The configuration that is to become it.
pub const STAGED: &str = "/etc/network/interfaces.new";

/// A network device that the host has now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// It is hardware, not made by the kernel.
    pub physical: bool,
    /// It is up.
    pub up: bool,
    /// Mbit/s, of hardware with something at the other end.
    pub speed: Option<u32>,
}

/// Files, and what of them exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The live file.
    pub live: Option<Content>,
    /// When it was written, nanoseconds since 1970.
    pub live_written: i128,
    /// The staged file.
    pub staged: Option<Content>,
    /// When it was written.
    pub staged_written: i128,
    /// A change set that is looked at, and edited, in the place of both.
    pub draft: Option<Draft>,
    /// Files that the current one reads: path and text.
    pub sourced: Vec<(String, String)>,
    /// What could not be read of them, and why.
    pub unread: Vec<String>,
    /// Devices by name.
    pub devices: BTreeMap<String, Device>,
    /// Other names of devices, where the kernel was asked for them.
    pub altnames: BTreeMap<String, Vec<String>>,
    /// Guests' ports by the bridge that they are attached to.
    pub guests: BTreeMap<String, Vec<String>>,
    /// Open vSwitch is installed.
    pub ovs: bool,
    /// ifupdown2 is installed.
    pub ifupdown2: bool,
}

impl State {
    /// The text that counts: that of the change set if one is meant, the staged file if there is one.
    pub fn current(&self) -> Option<&Content> {
        let draft = self.draft.as_ref().map(|draft| &draft.text);
        draft.or(self.staged.as_ref()).or(self.live.as_ref())
    }

    /// The path of its file.
    pub fn path(&self) -> &str {
        match &self.draft {
            Some(draft) => &draft.path,
            None if self.staged.is_some() => STAGED,
            None => LIVE,
        }
    }

    /// Whether something waits that is not in force.
    pub fn waits(&self) -> bool {
        match &self.draft {
            Some(draft) => draft.set.text != draft.set.base,
            None => self.staged.is_some(),
        }
    }

    /// Its text; `None` when it is not text.
    pub fn text(&self) -> Option<&str> {
        self.current().map_or(Some(""), Content::as_text)
    }

    /// The digest of the file that counts.
    pub fn digest(&self) -> String {
        self.current().cloned().unwrap_or_default().digest().to_string()
    }

    /// The configuration that `text` would be, beside the files that the current one reads.
    pub fn config_of<'s>(&'s self, text: &'s str) -> Config<'s> {
        let sourced = self.sourced.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        Config::parse(std::iter::once((self.path(), text)).chain(sourced))
    }
}
