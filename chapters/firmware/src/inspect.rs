//! Host → [`State`]. Reads only. What a host does not have, or does not tell, is a state and no failure.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_host::{Command, Host, HostError, read_config};

use crate::cpu::{self, Cpu, Maker, hex};
use crate::model::Board;
use crate::packages;
use crate::safety;
use crate::state::{Esp, FWUPD, MARKS, Mark, PRODUCT, PRODUCT_FIRMWARE, State};
use crate::ucode::{Update, amd, intel};
use crate::{Sources, efi, kernel_log};

const JOURNALCTL: &str = "/usr/bin/journalctl";
const DMESG: &str = "/usr/bin/dmesg";
const DETECT: &str = "/usr/bin/systemd-detect-virt";
const APT_CACHE: &str = "/usr/bin/apt-cache";
const INTEL_FILES: &str = "/lib/firmware/intel-ucode";
const AMD_FILES: &str = "/lib/firmware/amd-ucode";
const VULNERABILITIES: &str = "/sys/devices/system/cpu/vulnerabilities";
const DMI: &str = "/sys/class/dmi/id";
const EFIVARS: &str = "/sys/firmware/efi/efivars";
const PCI: &str = "/sys/bus/pci/devices";
const DPKG_INFO: &str = "/var/lib/dpkg/info";
/// A host with many packages has some megabytes of it.
const DPKG_STATUS_LIMIT: u64 = 256 * 1024 * 1024;
const NANOSECONDS: i128 = 1_000_000_000;

/// Looks at microcode and firmware of a host.
///
/// # Errors
/// Only what makes the whole question meaningless.
pub fn inspect<S: Sources>(host: &dyn Host) -> Result<State, Problem> {
    let mut state = State {
        node: host.node_name(),
        now: host.now(),
        is_tree: host.root().is_some(),
        boot_id: line(host, "/proc/sys/kernel/random/boot_id").unwrap_or_default(),
        booted: booted(host),
        cpu: text(host, "/proc/cpuinfo").as_deref().and_then(cpu::parse),
        board: board(host),
        command_line: words(host, "/proc/cmdline"),
        vulnerabilities: vulnerabilities(host),
        codename: codename(host),
        component: S::component(host)?,
        uefi: host.metadata("/sys/firmware/efi".into()).ok().flatten().is_some(),
        esp: esp(host),
        network_vendors: network_vendors(host),
        obstacles: safety::obstacles(host),
        marks: marks(host),
        ..State::default()
    };
    state.virtualization = virtualization(host, state.cpu.as_ref());
    state.log = log(host);
    read_packages(host, &mut state)?;
    state.carried = state.installed().is_some().then(|| carried(host, state.cpu.as_ref())).flatten();
    Ok(state)
}

/// As [`inspect`], with the versions of the microcode package that APT could install.
///
/// # Errors
/// As [`inspect`]; when APT cannot be asked.
pub fn inspect_available<S: Sources>(host: &dyn Host) -> Result<State, Problem> {
    let mut state = inspect::<S>(host)?;
    if let Some(name) = state.microcode() {
        let command = Command::new(APT_CACHE).args(["madison", name]);
        state.available = packages::available(&host.run(&command)?.stdout, name);
    }
    Ok(state)
}

/// A file as text; none when it cannot be read, or is not there.
fn text(host: &dyn Host, path: &str) -> Option<String> {
    read_config(host, path.into()).ok().flatten()
}

/// The one line of a file, if it says anything.
fn line(host: &dyn Host, path: &str) -> Option<String> {
    text(host, path).map(|text| text.trim().to_owned()).filter(|line| !line.is_empty())
}

fn words(host: &dyn Host, path: &str) -> Vec<String> {
    text(host, path).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

fn names(host: &dyn Host, path: &str) -> Vec<String> {
    host.list_dir(path.into()).unwrap_or_default().into_iter().map(|entry| entry.name).collect()
}

fn booted(host: &dyn Host) -> Option<i64> {
    text(host, "/proc/stat")?.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn codename(host: &dyn Host) -> Option<String> {
    let text = text(host, "/etc/os-release").or_else(|| text(host, "/usr/lib/os-release"))?;
    let value = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned())
}

/// systemd knows best; the CPU says at least whether there is a hypervisor.
fn virtualization(host: &dyn Host, cpu: Option<&Cpu>) -> Option<String> {
    let word = match host.run(&Command::new(DETECT).accept(&[1])) {
        Ok(output) => output.stdout.trim().to_owned(),
        Err(_) if cpu.is_some_and(|cpu| cpu.hypervisor) => "vm-other".to_owned(),
        Err(_) => return None,
    };
    Some(word).filter(|word| word != "none" && !word.is_empty())
}

fn board(host: &dyn Host) -> Board {
    let read = |name: &str| line(host, &format!("{DMI}/{name}"));
    Board {
        vendor: read("sys_vendor"),
        product: read("product_name"),
        board_vendor: read("board_vendor"),
        board_name: read("board_name"),
        bios_vendor: read("bios_vendor"),
        bios_version: read("bios_version"),
        bios_date: read("bios_date"),
    }
}

fn vulnerabilities(host: &dyn Host) -> Vec<(String, String)> {
    let read = |name: String| {
        let sentence = line(host, &format!("{VULNERABILITIES}/{name}"))?;
        Some((name, sentence))
    };
    names(host, VULNERABILITIES).into_iter().filter_map(read).collect()
}

/// The journal keeps what the kernel's own buffer may have lost since. A filter that finds nothing ends with 1, as does a
/// journal that is not there.
fn log(host: &dyn Host) -> Option<kernel_log::Said> {
    let journal = Command::new(JOURNALCTL)
        .args(["--dmesg", "--boot", "--output=cat", "--no-pager", "--quiet", "--grep=microcode"])
        .accept(&[1]);
    let said = host.run(&journal).ok().map(|output| kernel_log::parse(&output.stdout));
    if said.as_ref().is_some_and(|said| said.anything) {
        return said;
    }
    let buffer = Command::new(DMESG).args(["--kernel", "--notime"]);
    host.run(&buffer).ok().map(|output| kernel_log::parse(&output.stdout)).or(said)
}

fn read_packages(host: &dyn Host, state: &mut State) -> Result<(), Problem> {
    let status = match host.read("/var/lib/dpkg/status".into(), DPKG_STATUS_LIMIT) {
        Ok(bytes) => bytes,
        Err(HostError::NotFound { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    state.packages = packages::installed(&String::from_utf8_lossy(&status), concerns_firmware);
    for maker in [Maker::Intel, Maker::Amd] {
        let name = maker.package();
        if let Some(at) = unpacked(host, &Utf8Path::new(DPKG_INFO).join(format!("{name}.list"))) {
            state.unpacked.insert(name.to_owned(), at);
        }
    }
    let lists = names(host, DPKG_INFO);
    let kernels = lists.iter().filter(|name| is_kernel(name));
    state.kernel_unpacked =
        kernels.filter_map(|name| unpacked(host, &Utf8Path::new(DPKG_INFO).join(name))).max();
    state.lists_fetched = unpacked(host, "/var/lib/apt/lists".into());
    Ok(())
}

fn concerns_firmware(name: &str, section: &str) -> bool {
    name.starts_with("firmware-")
        || name.ends_with("-microcode")
        || section.starts_with("non-free-firmware/")
        || name == PRODUCT_FIRMWARE
        || name == FWUPD
        || PRODUCT.contains(&name)
}

/// The list of a kernel package's files, which dpkg writes whenever it unpacks the package.
fn is_kernel(name: &str) -> bool {
    let kernels = ["linux-image-", "proxmox-kernel-", "pve-kernel-"];
    name.ends_with(".list") && kernels.iter().any(|start| name.starts_with(start))
}

fn unpacked(host: &dyn Host, path: &Utf8Path) -> Option<i64> {
    let found = host.metadata(path).ok().flatten()?;
    i64::try_from(found.modified.div_euclid(NANOSECONDS)).ok()
}

/// What the installed files carry for this CPU; `None` when that is nothing.
pub fn carried(host: &dyn Host, cpu: Option<&Cpu>) -> Option<Result<Update, String>> {
    let cpu = cpu?;
    match cpu.maker()? {
        Maker::Intel => intel_carried(host, cpu),
        Maker::Amd => {
            let path = Utf8Path::new(AMD_FILES).join(amd::file_name(cpu.family));
            newest_in(host, &path, &|read| amd::newest(read, cpu.signature()))
        }
    }
}

fn intel_carried(host: &dyn Host, cpu: &Cpu) -> Option<Result<Update, String>> {
    let platform = line(host, "/sys/devices/system/cpu/cpu0/microcode/processor_flags");
    let platform = platform.as_deref().and_then(hex);
    let paths = intel::file_names(cpu.family, cpu.model, cpu.stepping)
        .map(|name| Utf8Path::new(INTEL_FILES).join(name));
    let found = paths
        .iter()
        .filter_map(|path| newest_in(host, path, &|read| intel::newest(read, cpu.signature(), platform)));
    found.max_by_key(|one| one.as_ref().map_or(u64::MAX, |update| u64::from(update.revision)))
}

/// Searches one file; a file that is not there carries nothing.
fn newest_in(
    host: &dyn Host,
    path: &Utf8PathBuf,
    search: &dyn Fn(crate::ucode::Read<'_>) -> Result<Option<Update>, String>,
) -> Option<Result<Update, String>> {
    host.metadata(path).ok().flatten()?;
    let read =
        |offset: u64, length: usize| host.read_at(path, offset, length).map_err(|error| error.to_string());
    match search(&read) {
        Ok(found) => found.map(Ok),
        Err(why) => Some(Err(format!("{path}: {why}"))),
    }
}

fn marks(host: &dyn Host) -> std::collections::BTreeMap<String, Mark> {
    let read = |name: String| {
        let text = text(host, &format!("{MARKS}/{name}"))?;
        let (boot_id, what) = text.split_once('\n').unwrap_or((&text, ""));
        let (boot_id, what) = (boot_id.trim().to_owned(), what.trim().to_owned());
        Some((name, Mark { boot_id, what, text }))
    };
    names(host, MARKS).into_iter().filter_map(read).collect()
}

fn esp(host: &dyn Host) -> Esp {
    let variable = |name: &str| host.read(&Utf8Path::new(EFIVARS).join(name), 64 * 1024).ok();
    let current =
        variable(&format!("BootCurrent-{}", efi::GLOBAL)).and_then(|bytes| efi::boot_current(&bytes));
    let entry = current.and_then(|number| variable(&efi::boot_entry(number)));
    let mounts = text(host, "/proc/self/mounts").unwrap_or_default();
    let mounted = mounts.lines().find_map(|line| {
        let mut columns = line.split(' ');
        let device = columns.next()?;
        (columns.next() == Some("/boot/efi")).then(|| device.to_owned())
    });
    Esp { partition: entry.and_then(|bytes| efi::partition(&bytes)), mounted }
}

fn network_vendors(host: &dyn Host) -> Vec<u32> {
    let read = |name: &String| {
        let class = line(host, &format!("{PCI}/{name}/class"))?;
        let vendor = line(host, &format!("{PCI}/{name}/vendor"))?;
        class.starts_with("0x02").then(|| hex(&vendor)).flatten()
    };
    let mut vendors: Vec<u32> = names(host, PCI).iter().filter_map(read).collect();
    vendors.sort_unstable();
    vendors.dedup();
    vendors
}
