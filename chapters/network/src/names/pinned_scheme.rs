//! The naming scheme, pinned on the kernel command line: `net.naming-scheme=v252`.

use innkeeper_change::{Content, FileChange, Hazard, Plan, Problem, Severity, Step};
use innkeeper_config::command_line::loader::{self, CommandLine};
use innkeeper_host::{FileKind, Host, read_content};
use innkeeper_rest::bit;
use serde::Serialize;
use utoipa::ToSchema;

use super::rename::inspect::MARK;

/// The kernel parameter.
pub const KEY: &str = "net.naming-scheme";

/// The schemes, each called after the systemd that brought it, with what it changed.
pub const SCHEMES: [(u32, &str); 15] = [
    (238, "the first scheme with a number"),
    (
        239,
        "virtual functions are named after their card; names for cards whose slot only a bridge above them knows",
    ),
    (240, "names for InfiniBand; number 0 on the board counts"),
    (241, "hardware addresses of virtual interfaces come from their names"),
    (243, "names for simulated cards"),
    (245, "long names of containers' interfaces end in a checksum"),
    (247, "no name by a slot that several cards share"),
    (249, "numbers on the board up to 65535; slots of s390 in hexadecimal"),
    (250, "names for the cards of Xen"),
    (251, "names by a shared slot again, for cards of several functions"),
    (252, "names by aliases of the device tree"),
    (253, "names by place for USB cards that hang on no PCI bus"),
    (254, "representors of virtual functions have a suffix of their own"),
    (255, "that suffix by default; again no name by a slot that several cards share"),
    (257, "slot numbers as the firmware gives them"),
];

/// A naming scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Scheme {
    /// Its name, after the systemd that brought it.
    pub version: String,
    /// What it changed.
    pub changes: String,
    /// The systemd that is installed knows it.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub known: bool,
    /// Names are made by it now.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub in_use: bool,
}

/// How the naming scheme stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SchemeStatus {
    /// The version of systemd that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub systemd: Option<u32>,
    /// The scheme by which names are made now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<String>,
    /// The scheme on the command line that the running kernel was started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
    /// The scheme on the command line from the next start on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The boot loader: `grub` or `systemd-boot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loader: Option<String>,
    /// The file that the boot loader takes the command line from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The schemes that there are.
    pub schemes: Vec<Scheme>,
}

/// What is known of schemes on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The command line.
    pub line: CommandLine,
    /// The version of systemd.
    pub systemd: Option<u32>,
    /// What tells this start of the machine from others.
    pub boot_id: String,
    /// The note that a restart is needed for names.
    pub mark: Option<Content>,
}

/// Looks at a host.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn inspect(host: &dyn Host) -> Result<State, Problem> {
    Ok(State {
        line: loader::inspect(host)?,
        systemd: systemd(host),
        boot_id: host.boot_id(),
        mark: read_content(host, MARK.into())?,
    })
}

/// The version of systemd, from the name of its library: it stands there in trees, too.
fn systemd(host: &dyn Host) -> Option<u32> {
    let version = |directory: &str| {
        let names = host.list_dir(directory.into()).unwrap_or_default();
        names.iter().find_map(|entry| {
            let rest = entry.name.strip_prefix("libsystemd-shared-")?.strip_suffix(".so")?;
            rest.split(['.', '-']).next()?.parse().ok()
        })
    };
    let triplets = host.list_dir("/usr/lib".into()).unwrap_or_default();
    let triplets = triplets
        .iter()
        .filter(|entry| entry.kind == FileKind::Directory && entry.name.contains("-linux-gnu"));
    version("/usr/lib/systemd").or_else(|| {
        triplets.into_iter().find_map(|entry| version(&format!("/usr/lib/{}/systemd", entry.name)))
    })
}

fn schemes() -> impl Iterator<Item = (u32, &'static str)> {
    SCHEMES.into_iter()
}

fn number(version: &str) -> Option<u32> {
    // to the letter: systemd knows no 'v+252', although it is a number
    schemes().map(|(known, _)| known).find(|known| format!("v{known}") == version)
}

impl State {
    /// The newest scheme that the installed systemd has, which is the one it uses by itself.
    pub fn by_default(&self) -> Option<u32> {
        let systemd = self.systemd?;
        // 254 had its own, and did not use it by itself
        schemes().map(|(version, _)| version).filter(|version| *version <= systemd && *version != 254).max()
    }

    /// The scheme by which names are made now.
    pub fn in_use(&self) -> Option<String> {
        let running =
            self.line.running_value(KEY).filter(|value| *value != "latest" && number(value).is_some());
        running.map(str::to_owned).or_else(|| Some(format!("v{}", self.by_default()?)))
    }
}

/// How the naming scheme stands.
pub fn view(state: &State) -> SchemeStatus {
    let in_use = state.in_use();
    let scheme = |(version, changes): (u32, &str)| {
        let name = format!("v{version}");
        Scheme {
            in_use: in_use.as_deref() == Some(&name),
            known: state.systemd.is_none_or(|systemd| version <= systemd),
            version: name,
            changes: changes.to_owned(),
        }
    };
    SchemeStatus {
        systemd: state.systemd,
        running: state.line.running_value(KEY).map(str::to_owned),
        pinned: state.line.value(KEY),
        loader: state.line.loader.map(|loader| loader.word().to_owned()),
        file: state.line.path().map(str::to_owned),
        schemes: schemes().map(scheme).collect(),
        in_use,
    }
}

/// Plans a scheme on the command line, that in use where none is named, or none any more.
///
/// # Errors
/// A scheme that nobody knows, or that the installed systemd does not; a command line that is not edited.
pub fn plan(state: &State, version: Option<&str>) -> Result<Plan, Problem> {
    let Some(version) = version else {
        let plan = state.line.plan("leave the naming scheme to systemd", KEY, None)?;
        return Ok(finish(state, plan, state.by_default().map(|number| format!("v{number}"))));
    };
    let refuse = |why: String| Err(Problem::parameter("version", why));
    let Some(number) = number(version) else {
        let known: Vec<String> = schemes().map(|(version, _)| format!("v{version}")).collect();
        return refuse(format!("there is no scheme '{version}'; there are {}", known.join(", ")));
    };
    if let Some(systemd) = state.systemd.filter(|systemd| *systemd < number) {
        return refuse(format!("systemd {systemd} does not know it yet, and would use its own newest one"));
    }
    let plan = state.line.plan(&format!("name network cards by the scheme {version}"), KEY, Some(version))?;
    Ok(finish(state, plan, Some(version.to_owned())))
}

/// What is to be known, and the note of the restart.
fn finish(state: &State, mut plan: Plan, next: Option<String>) -> Plan {
    if plan.is_empty() {
        return plan;
    }
    let now = state.in_use();
    if next != now {
        let next = next.as_deref().unwrap_or("another one");
        plan = plan.hazard(Hazard::new(
            "nic.scheme-changes",
            Severity::Warning,
            format!(
                "Names are made by {} now, and by {next} from the next start on: cards that no link file names may get other \
                 names, and what names them in /etc/network/interfaces would not be brought up.",
                now.as_deref().unwrap_or("an unknown scheme")
            ),
            "Pin the names of the cards first: innkeeper nic pin.",
        ));
    }
    plan = plan.hazard(Hazard::new(
        "nic.restart-needed",
        Severity::Notice,
        "The kernel gets its command line when this host is started.",
        "Restart it when its guests can be stopped.",
    ));
    if state.line.is_tree {
        return plan;
    }
    let noted =
        state.mark.as_ref().and_then(Content::as_text).is_some_and(|mark| mark.starts_with(&state.boot_id));
    if noted {
        return plan;
    }
    let text = format!("{}\nThe naming scheme of network cards waits for a restart.\n", state.boot_id);
    plan.step(Step::file("note that a restart is needed", FileChange::write(MARK, state.mark.clone(), text)))
}
