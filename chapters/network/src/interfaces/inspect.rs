//! Host → [`State`]. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_host::{FileKind, Host, HostError, read_config, read_content};

use super::config::Config;
use super::kind::is_physical_name;
use super::state::{Device, LIVE, STAGED, State};
use crate::format::{Document, Head};
use crate::sets::Draft;

/// Where the kernel lists its network devices.
const DEVICES: &str = "/sys/class/net";
/// A file that reads others has this word in it.
const SOURCE: &str = "source";
/// Files that read each other: who nests deeper has made a mistake.
const DEPTH: usize = 8;
/// More files than anybody keeps.
const FILES: usize = 1024;

/// Looks at a host.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn inspect(host: &dyn Host) -> Result<State, Problem> {
    inspect_with(host, None)
}

/// Looks at a host, with a change set in the place of the staged file.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_with(host: &dyn Host, draft: Option<Draft>) -> Result<State, Problem> {
    let mut state = files_with(host, draft)?;
    state.devices = devices(host)?;
    state.guests = guests(host, &state)?;
    state.ovs = host.metadata("/usr/bin/ovs-vsctl".into())?.is_some();
    state.ifupdown2 = host.metadata("/usr/share/ifupdown2".into())?.is_some();
    Ok(state)
}

/// Looks at a host and asks its kernel for more than a change needs to know: other names of devices. Where the kernel cannot be
/// asked, what sysfs says has to do.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_closely(host: &dyn Host, draft: Option<Draft>) -> Result<State, Problem> {
    let mut state = inspect_with(host, draft)?;
    if host.root().is_none()
        && let Ok(kernel) = crate::kernel::inspect(host)
    {
        for link in kernel.links() {
            if let Some(device) = state.devices.get_mut(&link.name) {
                device.up = link.up;
            }
            if !link.altnames.is_empty() {
                state.altnames.insert(link.name.clone(), link.altnames.clone());
            }
        }
    }
    Ok(state)
}

/// The files alone: for what needs to know nothing else.
///
/// # Errors
/// As [`inspect`].
pub fn files(host: &dyn Host) -> Result<State, Problem> {
    files_with(host, None)
}

/// The files alone, with a change set in the place of the staged one.
///
/// # Errors
/// As [`inspect`].
pub fn files_with(host: &dyn Host, draft: Option<Draft>) -> Result<State, Problem> {
    let mut state = State {
        draft,
        live: read_content(host, LIVE.into())?,
        live_written: written(host, LIVE)?,
        staged: read_content(host, STAGED.into())?,
        staged_written: written(host, STAGED)?,
        ..State::default()
    };
    if let Some(text) = state.text().filter(|text| text.contains(SOURCE)).map(str::to_owned) {
        let mut sources = Sources { host, seen: BTreeSet::from([LIVE.into()]), state: &mut state };
        sources.read(&text, 0)?;
    }
    Ok(state)
}

fn written(host: &dyn Host, path: &str) -> Result<i128, HostError> {
    Ok(host.metadata(path.into())?.map_or(0, |found| found.modified))
}

struct Sources<'h, 's> {
    host: &'h dyn Host,
    seen: BTreeSet<Utf8PathBuf>,
    state: &'s mut State,
}

impl Sources<'_, '_> {
    fn read(&mut self, text: &str, depth: usize) -> Result<(), Problem> {
        if !text.contains(SOURCE) {
            return Ok(());
        }
        let document = Document::parse(text);
        for stanza in document.stanzas() {
            let Head::Source { word, path } = stanza.head else { continue };
            if depth >= DEPTH {
                self.state.unread.push(format!("{path}: files read each other too deeply"));
                continue;
            }
            for path in self.paths(path, word != "source")? {
                self.file(&path, depth)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Utf8Path, depth: usize) -> Result<(), Problem> {
        if self.seen.len() >= FILES || !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        match read_config(self.host, path) {
            Ok(Some(text)) => {
                self.state.sourced.push((path.to_string(), text.clone()));
                self.read(&text, depth + 1)
            }
            Ok(None) => Ok(()),
            Err(problem) => {
                self.state.unread.push(problem.to_string());
                Ok(())
            }
        }
    }

    /// The files that a path or pattern means. Patterns are understood in the last part of a path.
    fn paths(&mut self, pattern: &str, directory: bool) -> Result<Vec<Utf8PathBuf>, Problem> {
        let pattern = Utf8Path::new("/etc/network").join(pattern.trim_end_matches('/'));
        let (parent, name) = match directory {
            true => (pattern.as_path(), "*"),
            false => (pattern.parent().unwrap_or(&pattern), pattern.file_name().unwrap_or_default()),
        };
        if parent.as_str().contains(['*', '?', '[', '$', '~', '`']) || name.contains(['$', '~', '`', '[']) {
            self.state.unread.push(format!("{pattern}: this pattern is not understood"));
            return Ok(Vec::new());
        }
        if !name.contains(['*', '?']) {
            return Ok(vec![pattern.clone()]);
        }
        let entries = match self.host.list_dir(parent) {
            Ok(entries) => entries,
            Err(HostError::NotFound { .. } | HostError::NotADirectory { .. }) => return Ok(Vec::new()),
            Err(other) => return Err(other.into()),
        };
        let plain = |name: &str| name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'));
        let wanted = entries.iter().filter(|entry| {
            entry.kind != FileKind::Directory
                && !entry.name.starts_with('.')
                && matches(name.as_bytes(), entry.name.as_bytes())
                && (!directory || plain(&entry.name))
        });
        Ok(wanted.map(|entry| parent.join(&entry.name)).collect())
    }
}

/// Whether `name` is what a pattern of `*` and `?` means.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut back) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match back {
                Some((star, from)) => {
                    (p, n) = (star + 1, from + 1);
                    back = Some((star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// The devices that the kernel has.
fn devices(host: &dyn Host) -> Result<BTreeMap<String, Device>, Problem> {
    let entries = match host.list_dir(DEVICES.into()) {
        Ok(entries) => entries,
        Err(HostError::NotFound { .. } | HostError::NotADirectory { .. }) => return Ok(BTreeMap::new()),
        Err(other) => return Err(other.into()),
    };
    let mut found = BTreeMap::new();
    for entry in entries.into_iter().filter(|entry| !matches!(entry.kind, FileKind::File)) {
        let at = Utf8Path::new(DEVICES).join(&entry.name);
        let device = match entry.kind {
            FileKind::Symlink => !host.read_link(&at)?.as_str().contains("/virtual/"),
            _ => false,
        };
        let up = is_up(host, &at);
        let physical = device && !entry.name.contains([':', '.']) && entry.name != "lo";
        // a tree that was made by hand has directories in the place of links
        let physical = physical || (entry.kind == FileKind::Directory && is_physical_name(&entry.name));
        let speed = if physical { speed(host, &at) } else { None };
        found.insert(entry.name, Device { physical, up, speed });
    }
    Ok(found)
}

/// How fast a card is now; -1, or nothing at all, where nothing is at the other end.
fn speed(host: &dyn Host, device: &Utf8Path) -> Option<u32> {
    let text = host.read(&device.join("speed"), 64).ok()?;
    String::from_utf8(text).ok()?.trim().parse().ok().filter(|speed| *speed > 0)
}

/// Whether a device was told to be up; where the kernel's flags are not to be had, whether it works.
fn is_up(host: &dyn Host, device: &Utf8Path) -> bool {
    let read =
        |name: &str| host.read(&device.join(name), 64).ok().and_then(|text| String::from_utf8(text).ok());
    match read("flags") {
        Some(flags) => {
            u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).is_ok_and(|flags| flags & 1 == 1)
        }
        None => read("operstate").is_some_and(|state| state.trim() == "up"),
    }
}

/// Which ports of guests are attached to which bridge of the configuration.
fn guests(host: &dyn Host, state: &State) -> Result<BTreeMap<String, Vec<String>>, Problem> {
    let mut guests = BTreeMap::new();
    if !state.devices.keys().any(|name| is_guest_port(name)) {
        return Ok(guests);
    }
    for bridge in bridges(&state.config_of(state.text().unwrap_or_default())) {
        let ports = match host.list_dir(&Utf8Path::new(DEVICES).join(bridge).join("brif")) {
            Ok(ports) => ports,
            Err(HostError::NotFound { .. } | HostError::NotADirectory { .. }) => continue,
            Err(other) => return Err(other.into()),
        };
        let ports: Vec<String> =
            ports.into_iter().map(|port| port.name).filter(|name| is_guest_port(name)).collect();
        if !ports.is_empty() {
            guests.insert(bridge.to_owned(), ports);
        }
    }
    Ok(guests)
}

fn bridges<'c>(config: &'c Config<'_>) -> impl Iterator<Item = &'c str> {
    config.interfaces().iter().filter(|interface| interface.kind.is_bridge()).map(|interface| interface.name)
}

/// A device through which a guest is attached to a bridge.
pub(crate) fn is_guest_port(name: &str) -> bool {
    ["tap", "veth", "fwpr", "fwln"].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_a_shell_has_it() {
        assert!(matches(b"*", b"sdn"));
        assert!(matches(b"*.cfg", b"50-cloud-init.cfg"));
        assert!(matches(b"if?-*", b"if1-a"));
        assert!(!matches(b"*.cfg", b"sdn"));
        assert!(!matches(b"", b"a"));
        assert!(matches(b"a*b*c", b"a-b-b-c"));
    }
}
