//! What `systemctl show` prints: a block of `Key=value` lines for each unit, separated by blank lines.

/// The properties that are asked for.
pub const PROPERTIES: &str = "Id,Description,LoadState,ActiveState,SubState,UnitFileState,Type,Result";

/// What systemd says of a unit. Words that it did not say are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its own name: that of an alias shows where it leads.
    pub id: String,
    /// What it is for.
    pub description: String,
    /// `loaded`, `not-found`, `masked`, `bad-setting`, `error`.
    pub load: String,
    /// `active`, `inactive`, `failed` …
    pub active: String,
    /// `running`, `dead`, `exited` …
    pub sub: String,
    /// `enabled`, `disabled`, `static` …
    pub file: String,
    /// `simple`, `notify`, `oneshot` …
    pub kind: String,
    /// `success`, `exit-code`, `timeout` …
    pub result: String,
}

impl Unit {
    /// There is such a unit on this host.
    pub fn is_installed(&self) -> bool {
        self.load != "not-found"
    }

    /// It runs, or does what it was started for.
    pub fn is_up(&self) -> bool {
        matches!(self.active.as_str(), "active" | "activating" | "reloading")
    }

    fn take(&mut self, key: &str, value: &str) {
        let place = match key {
            "Id" => &mut self.id,
            "Description" => &mut self.description,
            "LoadState" => &mut self.load,
            "ActiveState" => &mut self.active,
            "SubState" => &mut self.sub,
            "UnitFileState" => &mut self.file,
            "Type" => &mut self.kind,
            "Result" => &mut self.result,
            _ => return,
        };
        value.clone_into(place);
    }
}

/// The units in the order in which they were asked for.
pub fn parse(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut open: Option<Unit> = None;
    for line in text.lines() {
        if line.is_empty() {
            units.extend(open.take());
        } else if let Some((key, value)) = line.split_once('=') {
            open.get_or_insert_default().take(key, value);
        }
    }
    units.extend(open);
    units
}
