//! Which boot loader starts this host, where it takes the command line from, and what has to run after that was edited.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Action, Content, FileChange, Invocation, Plan, Problem, Step, Undo, Value};
use innkeeper_host::{FileKind, Host, read_content};

use super::{CommandLineFile, GrubDefaults, value};

const GRUB: &str = "/etc/default/grub";
const GRUB_PARTS: &str = "/etc/default/grub.d";
const LINE: &str = "/etc/kernel/cmdline";
/// EFI system partitions that the original's tool keeps.
const UUIDS: &str = "/etc/kernel/proxmox-boot-uuids";
const BOOT_TOOL: &str = "/usr/sbin/proxmox-boot-tool";
const UPDATE_GRUB: &str = "/usr/sbin/update-grub";
const KERNEL_INSTALL: &str = "/usr/bin/kernel-install";
const INITRD_PLUGIN: &str = "/usr/lib/kernel/install.d/55-initrd.install";
/// What the loader says of itself: a UTF-16 text behind four bytes.
const LOADER_INFO: &str = "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
/// Writing menus for every kernel, on slow partitions.
const DEADLINE: u32 = 900;

/// A boot loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// GRUB: the variables in `/etc/default/grub`.
    Grub,
    /// systemd-boot: the line in `/etc/kernel/cmdline`.
    SystemdBoot,
}

impl Loader {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Grub => "grub",
            Self::SystemdBoot => "systemd-boot",
        }
    }
}

/// The command line of the next start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The loader, where it is known which.
    pub loader: Option<Loader>,
    /// The file that it takes the line from.
    pub content: Option<Content>,
    /// Files behind it that set the line anew, and so take away what stands in it.
    pub overridden: Vec<Utf8PathBuf>,
    /// What has to run after an edit: program and arguments.
    refresh: Vec<(&'static str, Vec<String>)>,
    /// The line that the running kernel was started with.
    pub running: String,
    /// This is another system's tree.
    pub is_tree: bool,
}

/// Looks how a host is started.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn inspect(host: &dyn Host) -> Result<CommandLine, Problem> {
    let there = |path: &str| host.metadata(path.into()).map(|found| found.is_some());
    let says = host.read(LOADER_INFO.into(), 512).map(|bytes| latin(&bytes)).unwrap_or_default();
    let (grub, line, managed) = (there(GRUB)?, there(LINE)?, there(UUIDS)?);
    let loader = match () {
        () if says.starts_with("systemd-boot") => Some(Loader::SystemdBoot),
        () if says.starts_with("GRUB") => Some(Loader::Grub),
        // GRUB says nothing of itself before version 2.12
        () if grub && (there(UPDATE_GRUB)? || !line) => Some(Loader::Grub),
        () if line => Some(Loader::SystemdBoot),
        () => None,
    };
    let running = host.read("/proc/cmdline".into(), 64 * 1024).unwrap_or_default();
    let running = String::from_utf8_lossy(&running).trim_end().to_owned();
    let is_tree = host.root().is_some();
    let refresh = match loader {
        _ if is_tree => Vec::new(),
        Some(_) if managed && there(BOOT_TOOL)? => vec![(BOOT_TOOL, vec!["refresh".to_owned()])],
        Some(Loader::Grub) => vec![(UPDATE_GRUB, Vec::new())],
        Some(Loader::SystemdBoot) => kernels(host).into_iter().map(|args| (KERNEL_INSTALL, args)).collect(),
        None => Vec::new(),
    };
    let path = if loader == Some(Loader::Grub) { GRUB } else { LINE };
    let content = read_content(host, path.into())?;
    let overridden = if loader == Some(Loader::Grub) { overriding(host)? } else { Vec::new() };
    Ok(CommandLine { loader, content, overridden, refresh, running, is_tree })
}

/// A text in UTF-16 of which only plain letters matter.
fn latin(bytes: &[u8]) -> String {
    bytes
        .get(4..)
        .unwrap_or_default()
        .iter()
        .filter(|byte| byte.is_ascii_graphic() || **byte == b' ')
        .map(|byte| char::from(*byte))
        .collect()
}

/// The kernels that are installed, as kernel-install(8) takes them. Where no plugin of it finds the initial RAM disks, they are named.
fn kernels(host: &dyn Host) -> Vec<Vec<String>> {
    let entries = host.list_dir("/boot".into()).unwrap_or_default();
    let is_there =
        |name: &str| entries.iter().any(|entry| entry.name == name && entry.kind == FileKind::File);
    let finds = matches!(host.metadata(INITRD_PLUGIN.into()), Ok(Some(_)));
    let versions = entries.iter().filter(|entry| entry.kind == FileKind::File);
    let versions = versions.filter_map(|entry| entry.name.strip_prefix("vmlinuz-"));
    let add = |version: &str| {
        let mut args = vec!["add".to_owned(), version.to_owned(), format!("/boot/vmlinuz-{version}")];
        let disk = format!("initrd.img-{version}");
        args.extend((!finds && is_there(&disk)).then(|| format!("/boot/{disk}")));
        args
    };
    versions.map(add).collect()
}

/// Parts that are read behind `/etc/default/grub` and set the line without what it was.
fn overriding(host: &dyn Host) -> Result<Vec<Utf8PathBuf>, Problem> {
    let mut found = Vec::new();
    for entry in host.list_dir(GRUB_PARTS.into()).unwrap_or_default() {
        if !entry.name.ends_with(".cfg") {
            continue;
        }
        let path = Utf8Path::new(GRUB_PARTS).join(&entry.name);
        let text = read_content(host, &path)?.unwrap_or_default();
        let text = String::from_utf8_lossy(text.as_bytes()).into_owned();
        let sets = |line: &str| {
            let value = line.trim().strip_prefix("GRUB_CMDLINE_LINUX_DEFAULT=");
            value.is_some_and(|value| !value.contains("GRUB_CMDLINE_LINUX_DEFAULT"))
        };
        if text.lines().any(sets) {
            found.push(path);
        }
    }
    Ok(found)
}

impl CommandLine {
    /// The file that an edit changes.
    pub fn path(&self) -> Option<&'static str> {
        Some(match self.loader? {
            Loader::Grub => GRUB,
            Loader::SystemdBoot => LINE,
        })
    }

    /// The value of a parameter in that file; `None` also where the file is not understood.
    pub fn value(&self, key: &str) -> Option<String> {
        let text = self.content.as_ref()?.as_text()?;
        let found = match self.loader? {
            Loader::Grub => GrubDefaults::parse(text).ok()?.value(key),
            Loader::SystemdBoot => CommandLineFile::parse(text).ok()?.value(key),
        };
        found.map(str::to_owned)
    }

    /// The value that the running kernel was started with.
    pub fn running_value(&self, key: &str) -> Option<&str> {
        value(&self.running, key)
    }

    /// Plans another value of a parameter from the next start on, or none. A parameter that is as asked needs nothing.
    ///
    /// # Errors
    /// A loader that is not known; a file that is not understood, or that another one overrides.
    pub fn plan(&self, summary: &str, key: &str, new: Option<&str>) -> Result<Plan, Problem> {
        let plan = Plan::new(summary);
        let (Some(loader), Some(path)) = (self.loader, self.path()) else {
            return Err(Problem::Invalid(
                "how this host is started is not known: there is neither /etc/default/grub nor /etc/kernel/cmdline".to_owned(),
            ));
        };
        if let Some(other) = self.overridden.first() {
            return Err(Problem::Invalid(format!(
                "{other} sets GRUB_CMDLINE_LINUX_DEFAULT anew, so that what stands in {GRUB} does not count: edit it by hand"
            )));
        }
        let refuse =
            |why: String| Problem::Failed(format!("{path} is not understood and is left alone: {why}"));
        let made = self.made();
        let text = match &self.content {
            Some(content) => content.as_text().ok_or_else(|| refuse("it is not text".to_owned()))?,
            None => made.as_str(),
        };
        let after = match loader {
            Loader::Grub => {
                GrubDefaults::parse(text).map_err(|wrong| refuse(wrong.to_string()))?.set(key, new)
            }
            Loader::SystemdBoot => {
                CommandLineFile::parse(text).map_err(|wrong| refuse(wrong.to_string()))?.set(key, new)
            }
        };
        if after == text {
            return Ok(plan);
        }
        let what = match new {
            Some(value) => format!("put {key}={value} into {path}"),
            None => format!("take {key} out of {path}"),
        };
        Ok(self.steps(plan, what, FileChange::write(path, self.content.clone(), after)))
    }

    /// Where systemd-boot has no file of its own yet, kernels get the line of the running one.
    fn made(&self) -> String {
        let ours = |word: &&str| !word.starts_with("initrd=") && !word.starts_with("BOOT_IMAGE=");
        self.running.split_ascii_whitespace().filter(ours).collect::<Vec<_>>().join(" ")
    }

    /// What was edited comes to the loader by its tools, and so does the way back: the step of the file brings both.
    fn steps(&self, plan: Plan, what: String, change: FileChange) -> Plan {
        let runs: Vec<Action> = self.refresh.iter().map(|(program, args)| run(program, args)).collect();
        let mut back = vec![Action::File(change.inverse())];
        back.extend(runs.iter().cloned());
        let plan = plan.step(Step { what, action: Action::File(change), undo: Undo::By(back) });
        self.refresh.iter().zip(runs).fold(plan, |plan, ((program, args), action)| {
            let what =
                format!("give it to the boot loader: {program} {}", args.join(" ")).trim_end().to_owned();
            plan.step(Step { what, action, undo: Undo::Nothing })
        })
    }
}

fn run(program: &str, args: &[String]) -> Action {
    Action::Run(Invocation {
        program: program.into(),
        args: args.iter().map(|arg| Value::from(arg.as_str())).collect(),
        stdin: None,
        deadline: DEADLINE,
        produces: None,
        accept: Vec::new(),
    })
}
