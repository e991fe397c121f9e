//! systemd.link(5): which cards a file is for, and what it calls them.

use crate::kernel::{Kind, Link};

/// A link file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkFile {
    /// `[Match]`: key and value, in their order.
    pub matches: Vec<(String, String)>,
    /// `Name=`.
    pub name: Option<String>,
    /// `NamePolicy=`, which goes before `Name=`.
    pub policy: Vec<String>,
}

impl LinkFile {
    /// Reads a file. Lines that are no assignment in a section are passed over, as by systemd.
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut section = String::new();
        for line in joined(text) {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                section = name.to_owned();
            } else if let Some((key, value)) = line.split_once('=') {
                file.assign(&section, key.trim(), value.trim());
            }
        }
        file
    }

    fn assign(&mut self, section: &str, key: &str, value: &str) {
        match (section, key) {
            // an empty value takes back what was assigned before
            ("Match", _) if value.is_empty() => self.matches.retain(|(known, _)| known != key),
            ("Match", _) => self.matches.push((key.to_owned(), value.to_owned())),
            ("Link", "Name") => self.name = Some(value.to_owned()).filter(|name| !name.is_empty()),
            ("Link", "NamePolicy") => {
                self.policy = value.split_ascii_whitespace().map(str::to_owned).collect()
            }
            _ => {}
        }
    }

    /// Whether it is for a card; `None` when that depends on what is not known here. A file without `[Match]` is for none.
    pub fn is_for(&self, link: &Link) -> Option<bool> {
        if self.matches.is_empty() {
            return Some(false);
        }
        let mut all = Some(true);
        for (key, value) in &self.matches {
            match self.one(key, value, link) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => all = None,
            }
        }
        all
    }

    fn one(&self, key: &str, value: &str, link: &Link) -> Option<bool> {
        match key {
            // lists of one key add up: any of them is enough
            "MACAddress" | "PermanentMACAddress" => {
                let own = normal(link.permanent_mac.as_deref()?);
                let same_key = self.matches.iter().filter(|(other, _)| other == key);
                let mut listed = same_key.flat_map(|(_, value)| value.split_ascii_whitespace());
                Some(listed.any(|listed| normal(listed) == own))
            }
            "Type" => match link.kind {
                Kind::Physical => any_pattern(value, "ether"),
                _ => None,
            },
            "Driver" => any_pattern(value, link.driver.as_deref()?),
            // the kernel's own name is not known any more; only what fits every name is
            "OriginalName" if value.split_ascii_whitespace().any(|pattern| pattern == "*") => Some(true),
            _ => None,
        }
    }

    /// The name that it gives: none when a policy decides.
    pub fn gives(&self) -> Option<&str> {
        match self.policy.is_empty() {
            true => self.name.as_deref(),
            false => None,
        }
    }

    /// Whether it names one card by its hardware address.
    pub fn pins_by_mac(&self) -> bool {
        self.gives().is_some() && self.matches.iter().any(|(key, _)| key.ends_with("MACAddress"))
    }
}

/// Lines without comments; a backslash at the end of one continues it.
fn joined(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let (body, continues) = match line.strip_suffix('\\') {
            Some(body) => (body, true),
            None => (line, false),
        };
        match lines.last_mut().filter(|_| open) {
            Some(last) => {
                last.push(' ');
                last.push_str(body.trim_start());
            }
            None => lines.push(body.to_owned()),
        }
        open = continues;
    }
    lines
}

/// Hardware addresses are written with colons, dashes or dots.
fn normal(mac: &str) -> String {
    mac.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase()
}

/// Whether one of several patterns fits; `!` in front of the first turns all of them around. Of patterns only words and a star
/// at the end are understood.
fn any_pattern(patterns: &str, word: &str) -> Option<bool> {
    let (patterns, turned) = match patterns.strip_prefix('!') {
        Some(rest) => (rest, true),
        None => (patterns, false),
    };
    let mut found = false;
    for pattern in patterns.split_ascii_whitespace() {
        let (start, star) = match pattern.strip_suffix('*') {
            Some(start) => (start, true),
            None => (pattern, false),
        };
        if start.contains(['*', '?', '[', '\\']) {
            return None;
        }
        found |= if star { word.starts_with(start) } else { word == start };
    }
    Some(found != turned)
}

/// The text of a file that gives another name; every other byte stays. `None` where its `Name=` is not one plain line.
pub fn with_name(text: &str, name: &str) -> Option<String> {
    let mut in_link = false;
    let mut at = 0;
    let mut found = None;
    let mut continued = false;
    for line in text.split_inclusive('\n') {
        let body = line.trim();
        if body.starts_with('[') {
            in_link = body == "[Link]";
        }
        let value = body
            .split_once('=')
            .filter(|(key, _)| in_link && key.trim_end() == "Name")
            .map(|(_, value)| value);
        if let Some(value) = value.filter(|_| !continued) {
            let start = at + line.find('=')? + 1;
            let start =
                start + text.get(start..)?.len() - text.get(start..)?.trim_start_matches([' ', '\t']).len();
            found = Some(start..start + value.trim().len());
        }
        continued = body.ends_with('\\');
        if continued && value.is_some() {
            return None;
        }
        at += line.len();
    }
    let mut new = text.to_owned();
    new.replace_range(found?, name);
    (LinkFile::parse(&new).gives() == Some(name)).then_some(new)
}

/// The text of a file that gives a name to the card of a hardware address. What stands on the card, a VLAN for one, has its
/// address as well, so the file is for cards alone.
pub fn pinning(mac: &str, name: &str) -> String {
    format!("[Match]\nMACAddress={mac}\nType=ether\n\n[Link]\nName={name}\n")
}
