//! What an upgrade would do to this machine, before it is asked for.

use camino::Utf8Path;
use innkeeper_change::{Hazard, Problem};
use innkeeper_host::{Command, FileKind, Host, HostError};
use innkeeper_rest::bit;
use md5::{Digest as _, Md5};
use serde::Serialize;
use utoipa::ToSchema;

use crate::boot::{self, Partitions, Pin};
use crate::cache;
use crate::inspect::Pending;
use crate::model::{Fate, Removal, Update};
use crate::reboot::{self, Reason, Stale};
use crate::{Outlook, Upgrade};

const DF: &str = "/usr/bin/df";
const ARCHIVES: &str = "/var/cache/apt";
/// What a kernel needs besides its image and its initial RAM disk: modules are counted with the package.
const BOOT_SLACK: u64 = 16 * 1024 * 1024;
/// A kernel of Debian with its initial RAM disk, where none is there to compare with.
const USUAL_KERNEL: u64 = 100 * 1024 * 1024;
/// Package maintainers' scripts make files too.
const ROOT_SLACK: u64 = 64 * 1024 * 1024;

/// What an upgrade would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Preview {
    /// Packages that are upgraded, installed or downgraded.
    pub changes: Vec<Update>,
    /// Packages that are removed.
    pub removals: Vec<Removal>,
    /// Packages that stay as they are although there is a newer version: kept back, held, phased.
    pub kept: Vec<Update>,
    /// Bytes to download.
    pub download: u64,
    /// Bytes that more is used on disk afterwards; less when negative.
    pub disk: i64,
    /// Why the machine needs a reboot already.
    pub reboot_now: Vec<Reason>,
    /// Why it would need one afterwards.
    pub reboot_after: Vec<Reason>,
    /// Services that run code which was replaced on disk already.
    pub stale: Vec<Stale>,
    /// Services of the packages that change, as far as they run: their packages restart them.
    pub restarts: Vec<String>,
    /// Configuration files of these packages that were changed here: they are kept, and new versions lie beside them.
    pub configuration: Vec<String>,
    /// Kernels that are new.
    pub kernels: Vec<String>,
    /// Modules that DKMS has to build for them.
    pub dkms: Vec<String>,
    /// What keeps another kernel than the newest.
    pub pins: Vec<Pin>,
    /// EFI system partitions that new kernels are copied to, but whose free space cannot be told because they are not
    /// mounted; by UUID, and only when there are new kernels.
    pub unchecked_partitions: Vec<String>,
    /// What else is at risk, in the fields of other chapters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<Hazard>,
    /// File systems that lack space.
    pub short_of_space: Vec<Shortage>,
    /// Packages that dpkg left half done; an upgrade is refused until they are repaired.
    pub half_done: Vec<String>,
    /// 1 when dpkg itself was interrupted.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub interrupted: bool,
}

/// A file system on which there is less space than is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shortage {
    /// Where it is mounted.
    pub mount: String,
    /// Bytes that are needed.
    pub needed: u64,
    /// Bytes that are free.
    pub free: u64,
}

/// Works out what a `dist-upgrade` would do now.
///
/// # Errors
/// What APT runs into.
pub fn preview(host: &dyn Host) -> Result<Preview, Problem> {
    let pending = cache::current(host)?;
    let stale = reboot::stale(host);
    let reboot_now = reboot::now(host, &stale);
    of(host, pending, stale, reboot_now)
}

/// As [`preview`], without a look at what runs: for plans, which must not depend on it.
///
/// # Errors
/// What APT runs into.
pub fn without_processes(host: &dyn Host) -> Result<Preview, Problem> {
    of(host, cache::current(host)?, Vec::new(), Vec::new())
}

fn of(
    host: &dyn Host,
    pending: Pending,
    stale: Vec<Stale>,
    reboot_now: Vec<Reason>,
) -> Result<Preview, Problem> {
    let Pending { updates, removals, installed } = pending;
    let (changes, kept): (Vec<_>, Vec<_>) = updates.into_iter().partition(|update| update.action.changes());
    let changing: Vec<&Update> = changes.iter().collect();
    let kernels: Vec<String> =
        reboot::new_kernels(&changing, &installed).into_iter().map(str::to_owned).collect();
    let old_size = |package: &str| {
        let present = installed.iter().filter(|one| one.is_present() && one.package == package);
        present.map(|one| signed(one.size)).sum::<i64>()
    };
    let gained: i64 = changes.iter().map(|one| signed(one.installed_size)).sum();
    let replaced = changes.iter().filter(|one| one.action != Fate::Install).map(|one| old_size(&one.package));
    let gone = removals.iter().map(|one| old_size(&one.package));
    let disk = gained - replaced.chain(gone).sum::<i64>();
    let download = changes.iter().filter(|one| !is_downloaded(host, one)).map(|one| one.size).sum();
    let conffiles = installed.iter().filter(|one| {
        changes.iter().any(|change| change.package == one.package && change.action != Fate::Install)
    });
    let configuration =
        conffiles.flat_map(|one| &one.conffiles).filter(|(path, sum)| is_changed(host, path, sum));
    let partitions = if kernels.is_empty() { Partitions::default() } else { boot::partitions(host) };
    Ok(Preview {
        reboot_after: reboot::after(&changing),
        short_of_space: shortages(host, download, disk, kernels.len() as u64, partitions.mounted)?,
        pins: boot::pins(host),
        restarts: reboot::services(host, changes.iter().map(|one| (one.package.as_str(), one.arch.as_str()))),
        unchecked_partitions: partitions.unmounted,
        dkms: if kernels.is_empty() { Vec::new() } else { dkms(host) },
        configuration: configuration.map(|(path, _)| path.clone()).collect(),
        half_done: installed.iter().filter(|one| one.is_broken()).map(|one| one.package.clone()).collect(),
        interrupted: is_interrupted(host),
        changes,
        removals,
        kept,
        download,
        disk,
        reboot_now,
        stale,
        kernels,
        risks: Vec::new(),
    })
}

impl Preview {
    /// With what other chapters have to say.
    #[must_use]
    pub fn with_outlook<O: Outlook>(mut self, host: &dyn Host) -> Self {
        let systemd = self.changes.iter().find(|one| one.package == "systemd");
        let systemd = systemd.and_then(|one| Some((one.old_version.as_deref()?, one.version.as_str())));
        self.risks = O::risks(host, &Upgrade { systemd, kernels: &self.kernels });
        self
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Its archive lies in APT's cache, whole.
fn is_downloaded(host: &dyn Host, update: &Update) -> bool {
    let version = update.version.replace(':', "%3a");
    let path = format!("{ARCHIVES}/archives/{}_{version}_{}.deb", update.package, update.arch);
    host.metadata(Utf8Path::new(&path)).ok().flatten().is_some_and(|found| found.size == update.size)
}

/// What APT has downloaded and keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archives {
    /// How many packages, whole or in part.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Looks what APT has downloaded and keeps.
pub fn archives(host: &dyn Host) -> Archives {
    let mut found = Archives::default();
    for directory in [format!("{ARCHIVES}/archives"), format!("{ARCHIVES}/archives/partial")] {
        for entry in host.list_dir(Utf8Path::new(&directory)).unwrap_or_default() {
            let is_kept = entry.kind == FileKind::File
                && (directory.ends_with("partial") || entry.name.ends_with(".deb"));
            let path = format!("{directory}/{}", entry.name);
            if let Some(file) = host.metadata(Utf8Path::new(&path)).ok().flatten().filter(|_| is_kept) {
                found.files += 1;
                found.bytes += file.size;
            }
        }
    }
    found
}

/// dpkg keeps what it was about to do until it is done.
pub(crate) fn is_interrupted(host: &dyn Host) -> bool {
    let names = host.list_dir("/var/lib/dpkg/updates".into()).unwrap_or_default();
    names.iter().any(|entry| !entry.name.is_empty() && entry.name.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A configuration file is not as its package brought it. One that was removed stays removed.
fn is_changed(host: &dyn Host, path: &str, sum: &str) -> bool {
    const LIMIT: u64 = 16 * 1024 * 1024;
    let Ok(bytes) = host.read(Utf8Path::new(path), LIMIT) else { return false };
    let found: String = Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    !found.eq_ignore_ascii_case(sum)
}

/// Modules that DKMS builds for each kernel.
fn dkms(host: &dyn Host) -> Vec<String> {
    let modules = host.list_dir("/var/lib/dkms".into()).unwrap_or_default();
    let is_module = |name: &str| !name.contains('.') && name != "mok";
    modules.into_iter().map(|entry| entry.name).filter(|name| is_module(name)).collect()
}

/// Where there is less space than is needed.
fn shortages(
    host: &dyn Host,
    download: u64,
    disk: i64,
    kernels: u64,
    partitions: Vec<String>,
) -> Result<Vec<Shortage>, Problem> {
    if download == 0 && disk <= 0 && kernels == 0 {
        return Ok(Vec::new());
    }
    let grows = u64::try_from(disk).unwrap_or_default() + ROOT_SLACK;
    let room = kernels * (kernel_size(host) + BOOT_SLACK);
    let mut needs =
        vec![(ARCHIVES.to_owned(), download), ("/usr".to_owned(), grows), ("/boot".to_owned(), room)];
    needs.extend(partitions.into_iter().map(|mount| (mount, room)));
    let mut mounts: Vec<Shortage> = Vec::new();
    for (path, needed) in needs.into_iter().filter(|(_, needed)| *needed > 0) {
        let Some((mount, free)) = free(host, &path)? else { continue };
        match mounts.iter_mut().find(|known| known.mount == mount) {
            Some(known) => known.needed += needed,
            None => mounts.push(Shortage { mount, needed, free }),
        }
    }
    mounts.retain(|mount| mount.free < mount.needed);
    Ok(mounts)
}

/// The largest kernel with its initial RAM disk that is there.
fn kernel_size(host: &dyn Host) -> u64 {
    let size =
        |path: String| host.metadata(Utf8Path::new(&path)).ok().flatten().map_or(0, |found| found.size);
    let sizes = reboot::kernels(host).into_iter().map(|release| {
        size(format!("/boot/vmlinuz-{release}")) + size(format!("/boot/initrd.img-{release}"))
    });
    sizes.max().filter(|size| *size > 0).unwrap_or(USUAL_KERNEL)
}

/// The mount point that holds a path, and the bytes that are free there; nothing where there is no such path.
fn free(host: &dyn Host, path: &str) -> Result<Option<(String, u64)>, Problem> {
    let command = Command::new(DF).args(["--block-size=1", "--output=avail,target", "--", path]).accept(&[1]);
    let output = match host.run(&command) {
        Ok(output) => output.stdout,
        Err(HostError::NoCommands { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(output.lines().nth(1).and_then(|line| {
        let (free, mount) = line.trim().split_once(' ')?;
        Some((mount.trim().to_owned(), free.parse().ok()?))
    }))
}
