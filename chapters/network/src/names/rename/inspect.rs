//! Host → [`Situation`]: everything that may name a card.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Problem};
use innkeeper_host::{FileKind, Host, read_content};

use super::mentions::Rule;
use crate::format::Document;
use crate::interfaces::{inspect as interfaces, state};
use crate::names::inspect::{self, State};

/// Bigger files are no configuration.
const LIMIT: u64 = 256 * 1024;
/// More files than anybody keeps in the places that are looked at.
const FILES: usize = 4096;

/// Where cards are named besides interfaces(5): directory, what its files end in, how they follow.
const DIRECTORIES: &[(&str, &[&str], Rule)] = &[
    ("/etc/sysctl.d", &[".conf"], Rule::Words),
    ("/etc/dnsmasq.d", &[""], Rule::Words),
    ("/etc/udev/rules.d", &[".rules"], Rule::Words),
    ("/etc/systemd/network", &[".network", ".netdev"], Rule::Words),
    ("/etc/chrony/conf.d", &[".conf"], Rule::Words),
    ("/etc/network/if-pre-up.d", &[""], Rule::Nothing),
    ("/etc/network/if-up.d", &[""], Rule::Nothing),
    ("/etc/network/if-down.d", &[""], Rule::Nothing),
    ("/etc/network/if-post-down.d", &[""], Rule::Nothing),
    ("/etc/default", &[""], Rule::Nothing),
    ("/etc/dhcp", &[""], Rule::Nothing),
    ("/etc/iptables", &[""], Rule::Nothing),
    ("/etc/nftables.d", &[""], Rule::Nothing),
    ("/etc/firewalld/zones", &[".xml"], Rule::Nothing),
    ("/etc/frr", &[".conf"], Rule::Nothing),
    ("/etc/keepalived", &[".conf"], Rule::Nothing),
    ("/etc/wireguard", &[".conf"], Rule::Nothing),
    ("/etc/lldpd.d", &[".conf"], Rule::Nothing),
    ("/etc/systemd/system", &[".service", ".timer", ".mount", ".path"], Rule::Nothing),
    ("/etc/cron.d", &[""], Rule::Nothing),
    ("/var/spool/cron/crontabs", &[""], Rule::Nothing),
    ("/usr/local/bin", &[""], Rule::Nothing),
    ("/usr/local/sbin", &[""], Rule::Nothing),
];

/// The same, single files.
const SINGLE: &[(&str, Rule)] = &[
    ("/etc/sysctl.conf", Rule::Words),
    ("/etc/dnsmasq.conf", Rule::Words),
    ("/etc/chrony/chrony.conf", Rule::Words),
    ("/etc/pve/firewall/cluster.fw", Rule::Lines),
    ("/etc/nftables.conf", Rule::Nothing),
    ("/etc/dhcpcd.conf", Rule::Nothing),
    ("/etc/radvd.conf", Rule::Nothing),
    ("/etc/rc.local", Rule::Nothing),
    ("/etc/crontab", Rule::Nothing),
];

/// What dpkg and editors leave behind.
const LEFT_OVERS: [&str; 6] = ["~", ".bak", ".dpkg-old", ".dpkg-dist", ".dpkg-new", ".swp"];

/// What is known before a card is renamed.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// Cards and link files.
    pub names: State,
    /// interfaces(5).
    pub interfaces: state::State,
    /// Everything else.
    pub places: Vec<Place>,
    /// Files that might name the card and could not be read as text.
    pub unread: Vec<String>,
    /// What is staged becomes the configuration at the next start.
    pub committed: bool,
    /// The system that runs, not another one's tree.
    pub running: bool,
    /// What tells this start of the machine from others.
    pub boot_id: String,
    /// The note that a restart is needed for names, where there is one.
    pub mark: Option<Content>,
}

/// A file that may name the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its path.
    pub path: Utf8PathBuf,
    /// Its text.
    pub text: String,
    /// How it follows.
    pub rule: Rule,
}

/// Notes of what waits for a restart.
pub const MARK: &str = "/var/lib/innkeeper/reboot-needed/network-names";
const COMMIT: &str = "/etc/systemd/system/sysinit.target.wants/pvenetcommit.service";

/// Looks at a host.
///
/// # Errors
/// When the kernel cannot be asked, or a file of the network configuration cannot be read.
pub fn inspect(host: &dyn Host) -> Result<Situation, Problem> {
    let running = host.root().is_none();
    let mut situation = Situation {
        names: inspect::inspect(host)?,
        interfaces: interfaces::files(host)?,
        committed: host.metadata(COMMIT.into())?.is_some(),
        running,
        boot_id: host.boot_id(),
        mark: read_content(host, MARK.into())?,
        ..Situation::default()
    };
    let mut look = Look { host, seen: BTreeSet::new(), situation: &mut situation };
    for (path, rule) in SINGLE {
        look.file(path.into(), *rule);
    }
    look.file(format!("/etc/pve/nodes/{}/host.fw", host.node_name()).into(), Rule::Lines);
    for (directory, ends, rule) in DIRECTORIES {
        look.directory(directory, ends, *rule);
    }
    look.scripts();
    Ok(situation)
}

struct Look<'h, 's> {
    host: &'h dyn Host,
    seen: BTreeSet<Utf8PathBuf>,
    situation: &'s mut Situation,
}

impl Look<'_, '_> {
    fn directory(&mut self, directory: &str, ends: &[&str], rule: Rule) {
        for entry in self.host.list_dir(directory.into()).unwrap_or_default() {
            let wanted = ends.iter().any(|end| entry.name.ends_with(end));
            let left_over = LEFT_OVERS.iter().any(|end| entry.name.ends_with(end));
            if entry.kind == FileKind::File && wanted && !left_over {
                self.file(Utf8Path::new(directory).join(&entry.name), rule);
            }
        }
    }

    /// What is no text, or is too big for configuration, names nothing that could be seen.
    fn file(&mut self, path: Utf8PathBuf, rule: Rule) {
        if self.seen.len() >= FILES || !self.seen.insert(path.clone()) {
            return;
        }
        // a link is somebody else's file
        let is_file = matches!(self.host.metadata(&path), Ok(Some(found)) if found.kind == FileKind::File);
        if !is_file {
            return;
        }
        match self.host.read(&path, LIMIT) {
            Ok(bytes) => {
                if let Ok(text) = String::from_utf8(bytes) {
                    self.situation.places.push(Place { path, text, rule });
                }
            }
            Err(innkeeper_host::HostError::TooLarge { .. }) => {}
            Err(error) => self.situation.unread.push(error.to_string()),
        }
    }

    /// Programs that the commands of interfaces(5) run.
    fn scripts(&mut self) {
        let text = self.situation.interfaces.text().unwrap_or_default().to_owned();
        let sourced = self.situation.interfaces.sourced.clone();
        for text in std::iter::once(text.as_str()).chain(sourced.iter().map(|(_, text)| text.as_str())) {
            let document = Document::parse(text);
            let options = document.stanzas().iter().flat_map(|stanza| stanza.options());
            let words = options.flat_map(|option| option.value.split([' ', '\t', ';', '"', '\'']));
            let is_script = |word: &&str| {
                word.starts_with("/etc/")
                    || word.starts_with("/root/")
                    || word.starts_with("/opt/")
                    || word.starts_with("/usr/local/")
            };
            for word in words.filter(is_script) {
                self.file(word.into(), Rule::Nothing);
            }
        }
    }
}
