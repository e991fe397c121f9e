//! `/var/lib/dpkg/status`: what is installed, in what state, and what its configuration files were.

use super::control::{Stanza, stanzas};

/// What dpkg knows of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Its name.
    pub package: String,
    /// Its architecture.
    pub arch: String,
    /// The version that is there.
    pub version: String,
    /// What is wanted: `install`, `hold`, `deinstall`, `purge`.
    pub want: String,
    /// How far it is: `installed`, `half-configured`, `config-files` and so on.
    pub state: String,
    /// Bytes on disk, as the package says.
    pub size: u64,
    /// Section of the archive.
    pub section: String,
    /// How important it is.
    pub priority: String,
    /// Description in a line.
    pub title: String,
    /// The system does not work without it.
    pub essential: bool,
    /// Configuration files and the MD5 of what the package brought.
    pub conffiles: Vec<(String, String)>,
}

impl Installed {
    /// It is there, though perhaps not configured.
    pub fn is_present(&self) -> bool {
        !matches!(self.state.as_str(), "not-installed" | "config-files")
    }

    /// It was left in the middle of something, by a power cut for one.
    pub fn is_broken(&self) -> bool {
        matches!(self.state.as_str(), "half-installed" | "unpacked" | "half-configured")
    }

    /// It must stay as it is.
    pub fn is_held(&self) -> bool {
        self.want == "hold"
    }

    /// The state as the original names it: `HalfConfigured`.
    pub fn current_state(&self) -> &'static str {
        match self.state.as_str() {
            "installed" | "triggers-awaited" | "triggers-pending" => "Installed",
            "unpacked" => "UnPacked",
            "half-configured" => "HalfConfigured",
            "half-installed" => "HalfInstalled",
            "config-files" => "ConfigFiles",
            _ => "NotInstalled",
        }
    }
}

/// Every package that dpkg knows of.
pub fn parse(text: &str) -> Vec<Installed> {
    stanzas(text).filter_map(|stanza| package(&stanza)).collect()
}

fn package(stanza: &Stanza<'_>) -> Option<Installed> {
    let mut status = stanza.get("Status")?.split_whitespace();
    let (want, _, state) = (status.next()?, status.next()?, status.next()?);
    Some(Installed {
        package: stanza.get("Package")?.to_owned(),
        arch: stanza.text("Architecture").to_owned(),
        version: stanza.text("Version").to_owned(),
        want: want.to_owned(),
        state: state.to_owned(),
        size: stanza.number("Installed-Size").unwrap_or_default().saturating_mul(1024),
        section: stanza.text("Section").to_owned(),
        priority: stanza.text("Priority").to_owned(),
        title: stanza.description().0.to_owned(),
        essential: ["Essential", "Protected", "Important"].iter().any(|name| stanza.text(name) == "yes"),
        conffiles: conffiles(stanza.text("Conffiles")),
    })
}

/// `/etc/file MD5`, perhaps followed by `obsolete`: such a file is no part of the package any more.
fn conffiles(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.rsplitn(2, ' ');
            let (sum, path) = (words.next()?, words.next()?.trim());
            let is_sum = sum.len() == 32 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
            (is_sum && path.starts_with('/')).then(|| (path.to_owned(), sum.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_configuration_files_are_read() {
        let all = parse(
            "Package: a\nEssential: yes\nStatus: install ok installed\nInstalled-Size: 2\nArchitecture: amd64\n\
             Version: 1\nConffiles:\n /etc/a 0123456789abcdef0123456789abcdef\n /etc/b newconffile\n \
             /etc/c 0123456789abcdef0123456789abcdef obsolete\n\n\
             Package: b\nStatus: hold ok half-configured\nVersion: 2\n\nPackage: c\nStatus: x\n",
        );
        assert_eq!(all.len(), 2);
        assert!(all[0].essential && all[0].size == 2048 && !all[0].is_broken());
        assert_eq!(all[0].conffiles, [("/etc/a".to_owned(), "0123456789abcdef0123456789abcdef".to_owned())]);
        assert!(all[1].is_held() && all[1].is_broken() && all[1].current_state() == "HalfConfigured");
    }
}
