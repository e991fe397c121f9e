//! A configuration in the making: one edit after another, each held to the rules that hold for it alone.

use std::collections::BTreeSet;

use innkeeper_change::{Content, Hazard, Problem, Severity};

use super::lines::{self, Line};
use super::outlook::{is_addressed, owner};
use crate::interfaces::config::{Config, Family, Interface};
use crate::interfaces::field::Field;
use crate::interfaces::kind::Kind;
use crate::interfaces::plan::{Request, edited, understood};
use crate::interfaces::risks;
use crate::interfaces::settings::{Addressing, Settings};
use crate::interfaces::state::State;

/// A file that says nothing yet has the loopback interface first.
const EMPTY: &str = "auto lo\niface lo inet loopback\n";

/// The configuration as it is so far.
pub(super) struct Draft {
    state: State,
    begun: Option<Content>,
    touched: BTreeSet<String>,
    hazards: Vec<Hazard>,
}

/// The addresses of an interface, taken off it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) v4: Addressing,
    pub(super) v6: Addressing,
}

impl Taken {
    /// There was nothing to take.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Draft {
    /// Begins with what counts now.
    ///
    /// # Errors
    /// A file that is not understood.
    pub(super) fn new(state: &State) -> Result<Self, Problem> {
        let text = understood(state)?;
        let mut draft = Self {
            state: state.clone(),
            begun: state.current().cloned(),
            touched: BTreeSet::new(),
            hazards: Vec::new(),
        };
        if text.trim().is_empty() && draft.config().get("lo").is_none() {
            draft.take_over(format!("{EMPTY}{text}"));
        }
        Ok(draft)
    }

    /// The configuration as it is so far.
    pub(super) fn config(&self) -> Config<'_> {
        self.state.config_of(self.text())
    }

    /// Its text.
    pub(super) fn text(&self) -> &str {
        self.state.text().unwrap_or_default()
    }

    fn take_over(&mut self, text: String) {
        if text != self.text() {
            let text = Content::new(text);
            match &mut self.state.draft {
                Some(set) => set.text = text,
                None => self.state.staged = Some(text),
            }
        }
    }

    fn request(&mut self, name: &str, request: &Request) -> Result<(), Problem> {
        let text = edited(&self.state, request)?;
        self.touched.insert(name.to_owned());
        self.take_over(text);
        Ok(())
    }

    /// Adds a risk of the set-up itself.
    pub(super) fn hazard(&mut self, hazard: Hazard) {
        self.hazards.push(hazard);
    }

    /// A new interface.
    pub(super) fn create(&mut self, name: &str, kind: Kind, settings: Settings) -> Result<(), Problem> {
        self.request(name, &Request::Create { name: name.to_owned(), kind, settings })
    }

    /// Other settings for one that is configured.
    pub(super) fn update(&mut self, name: &str, settings: Settings) -> Result<(), Problem> {
        let kind = self.config().get(name).map(|one| one.kind);
        let kind = kind.ok_or_else(|| Problem::failed(format!("interface '{name}' does not exist")))?;
        self.request(name, &Request::Update { name: name.to_owned(), kind, settings })
    }

    /// The interface with these settings, new or not.
    pub(super) fn ensure(&mut self, name: &str, kind: Kind, settings: Settings) -> Result<(), Problem> {
        if self.config().get(name).is_some() {
            self.update(name, settings)
        } else {
            self.create(name, kind, settings)
        }
    }

    /// Lines of commands in the stanza of an interface.
    pub(super) fn lines(&mut self, name: &str, wanted: &[Line]) -> Result<(), Problem> {
        let text = lines::with(&self.config(), name, wanted)?;
        self.touched.insert(name.to_owned());
        self.take_over(text);
        Ok(())
    }

    /// A stanza for a card that has none.
    ///
    /// # Errors
    /// What is neither configured nor there, and what is no card.
    pub(super) fn card(&mut self, parameter: &'static str, name: &str) -> Result<(), Problem> {
        let kind = self.config().get(name).map(|one| one.kind);
        let there = self.state.devices.get(name).is_some_and(|device| device.physical);
        match kind {
            Some(Kind::Eth) => Ok(()),
            Some(other) => Err(Problem::parameter(
                parameter,
                format!("{name} is no card, but of type '{}'", other.word()),
            )),
            None if there => self.create(name, Kind::Eth, Settings::default()),
            None => Err(Problem::parameter(parameter, format!("there is no card {name}"))),
        }
    }

    /// Refuses what something else is made of.
    pub(super) fn unused(&self, parameter: &'static str, name: &str, but: &[&str]) -> Result<(), Problem> {
        let config = self.config();
        match owner(&config, name).filter(|owner| !but.contains(owner)) {
            Some(other) => {
                Err(Problem::parameter(parameter, format!("{name} is already used on interface '{other}'.")))
            }
            None => Ok(()),
        }
    }

    /// Refuses what has an address.
    pub(super) fn without_address(&self, parameter: &'static str, name: &str) -> Result<(), Problem> {
        let config = self.config();
        match config.get(name).filter(|one| is_addressed(&config, one)) {
            Some(_) => {
                let message = format!("{name} has an address, which it could not keep; name one without");
                Err(Problem::parameter(parameter, message))
            }
            None => Ok(()),
        }
    }

    /// Takes the addresses off an interface. With `stops` it is not brought up by itself any more: what it becomes part of
    /// does that.
    pub(super) fn take(&mut self, name: &str, stops: bool) -> Result<Taken, Problem> {
        let config = self.config();
        let Some(one) = config.get(name).filter(|one| is_addressed(&config, one)) else {
            return Ok(Taken::default());
        };
        let taken =
            Taken { v4: addressing(&config, one, Family::V4), v6: addressing(&config, one, Family::V6) };
        let left = commands(&config, one);
        let mut settings = Settings { autostart: stops.then_some(false), ..Settings::default() };
        for (family, six, old, new) in
            [(Family::V4, "", &taken.v4, &mut settings.v4), (Family::V6, "6", &taken.v6, &mut settings.v6)]
        {
            if old.address.is_some() {
                settings.delete.extend(["cidr", "gateway"].map(|field| format!("{field}{six}")));
                if config.entry(one, Field::Broadcast, family).is_some() {
                    settings.delete.push(format!("broadcast{six}"));
                }
            } else if old.method.is_some() {
                new.method = Some("manual".to_owned());
            }
        }
        drop(config);
        if !left.is_empty() {
            self.hazards.push(Hazard::new(
                "network.lines-stay",
                Severity::Warning,
                format!(
                    "{name} loses its addresses, and keeps lines that may be meant for them: {}.",
                    left.join("; ")
                ),
                "Look at these lines once it is staged, and move by hand what belongs to the address.",
            ));
        }
        self.update(name, settings)?;
        Ok(taken)
    }

    /// What came of it: the text, and what it puts at risk.
    pub(super) fn finish(self) -> (String, Vec<Hazard>) {
        let text = self.text().to_owned();
        let before = self.begun.as_ref().and_then(Content::as_text).unwrap_or_default();
        let (old, new) = (self.state.config_of(before), self.state.config_of(&text));
        let mut hazards = self.hazards;
        for name in &self.touched {
            let found = risks::of_change(&self.state, &old, &new, name);
            // names as the seed has them: vmbr0v5
            hazards.extend(found.into_iter().filter(|hazard| hazard.id != "network.name-convention"));
        }
        (text, hazards)
    }
}

/// How an interface is addressed.
fn addressing(config: &Config<'_>, one: &Interface<'_>, family: Family) -> Addressing {
    let address = config.address(one, family).map(|(address, length)| {
        let whole = if family == Family::V4 { 32 } else { 128 };
        (address.to_owned(), length.unwrap_or(whole))
    });
    let method = config.method(one, family).filter(|method| matches!(*method, "dhcp" | "auto"));
    Addressing {
        gateway: config.value_of(one, Field::Gateway, family).map(str::to_owned),
        method: method.filter(|_| address.is_none()).map(str::to_owned),
        address,
        comments: None,
    }
}

/// Lines that do something with the address: commands, name servers.
fn commands(config: &Config<'_>, one: &Interface<'_>) -> Vec<String> {
    const KEYS: [&str; 8] =
        ["up", "post-up", "pre-up", "down", "pre-down", "post-down", "hwaddress", "metric"];
    let options = one.stanzas.iter().flat_map(|place| config.stanza(*place).options());
    let own = options.filter(|line| KEYS.contains(&line.key) || line.key.starts_with("dns-"));
    own.map(|line| format!("{} {}", line.key, line.value)).collect()
}
