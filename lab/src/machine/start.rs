//! The way from a request to a host that answers.

use super::admission::{Ticket, keeper, random_hex};
use super::args::{self, Profile, Ram};
use super::base::Base;
use super::error::Error;
use super::hardware::{FIRST_NIC, PlacedDisk, PlacedNic, Transport, place};
use super::host::{Host, Parts, Power};
use super::keeper::{Keeper, script};
use super::lab::HostBuilder;
use super::link::Port;
use super::qmp::Qmp;
use super::state::{Saved, share_memory};
use super::timing::Timing;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;
use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A boot takes half a minute of two processors, which others may want too.
pub(super) const BOOT: Duration = Duration::from_secs(600);

pub(super) fn start(request: HostBuilder) -> Result<Host, Error> {
    let base = Base::find(request.suite)?;
    let mut timing = Timing::start(&request.name);
    let saved = if request.cold { None } else { Some(Saved::of(&request.profile, &base)?) };
    timing.lap("state");
    let ticket = Ticket::wait(need_mib(&request.profile))?;
    let keeper = keeper(&ticket, &[])?;
    let disks = make_disks(&request, &ticket.dir)?;
    let (nics, ports) = make_nics(&request, &ticket.dir)?;
    overlay(&saved.as_ref().map_or_else(|| base.root.clone(), Saved::root), &ticket.dir.join("root.qcow2"))?;
    timing.lap("files");
    let host = Host::new(
        Parts {
            name: request.name,
            profile: request.profile,
            base,
            keeper: Mutex::new(keeper),
            nics,
            ports,
            ticket,
        },
        disks,
    );
    match &saved {
        Some(saved) => host.restore(saved)?,
        None => host.power_on()?,
    }
    timing.lap("QEMU");
    host.settle(if saved.is_some() { Duration::from_secs(60) } else { BOOT })?;
    timing.lap("agent");
    host.settle_in()?;
    timing.lap("hardware and identity");
    Ok(host)
}

/// Makes the state that such hosts start from.
pub(super) fn prepare(request: &HostBuilder) -> Result<(), Error> {
    Saved::of(&request.profile, &Base::find(request.suite)?).map(drop)
}

/// What a host may come to use: its memory, translated code, and QEMU itself.
pub(super) fn need_mib(profile: &Profile) -> u64 {
    profile.memory_mib + 512 + 128
}

fn make_disks(request: &HostBuilder, dir: &Utf8Path) -> Result<Vec<PlacedDisk>, Error> {
    let mut disks = Vec::new();
    for disk in &request.disks {
        let placed = make_disk(disk, &disks, dir)?;
        disks.push(placed);
    }
    Ok(disks)
}

/// A blank disk beside these others.
pub(super) fn make_disk(
    disk: &super::Disk,
    others: &[PlacedDisk],
    dir: &Utf8Path,
) -> Result<PlacedDisk, Error> {
    let bytes = disk.check()?;
    let id = format!("disk{}", others.len());
    let serial = disk.serial.clone().unwrap_or_else(|| format!("LABDISK{}", others.len()));
    if others.iter().any(|other| other.serial == serial) {
        return Err(Error::Request(format!("two disks have the serial {serial}")));
    }
    let file = dir.join(format!("{id}.raw"));
    File::create(&file).and_then(|file| file.set_len(bytes)).map_err(Error::io(file.as_str()))?;
    Ok(PlacedDisk {
        id,
        disk: disk.clone(),
        serial,
        file,
        place: place(disk.transport, others)?,
        plugged: true,
    })
}

fn make_nics(request: &HostBuilder, dir: &Utf8Path) -> Result<(Vec<PlacedNic>, Vec<Port>), Error> {
    let (mut nics, mut ports) = (Vec::new(), Vec::new());
    for (nic, index) in request.nics.iter().zip(0_u8..) {
        let [_, _, high, low] = request.number.to_be_bytes();
        let mac = nic.mac.clone().unwrap_or_else(|| format!("52:54:00:{high:02x}:{low:02x}:{index:02x}"));
        let socket = dir.join(format!("nic{index}"));
        ports.push(Port::open(socket.clone(), nic.link.clone())?);
        nics.push(PlacedNic::new(format!("nic{index}"), mac, socket, FIRST_NIC + index));
    }
    Ok((nics, ports))
}

/// A disk that takes what is written and leaves the one below as it is.
pub(super) fn overlay(below: &Utf8Path, path: &Utf8Path) -> Result<(), Error> {
    let output = command(
        "qemu-img",
        "qemu-utils",
        &["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", below.as_str(), path.as_str()],
    )?;
    if output.status.success() {
        return Ok(());
    }
    let refusal = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::Refused { command: format!("qemu-img create {path}"), refusal })
}

fn command(program: &str, package: &'static str, args: &[&str]) -> Result<std::process::Output, Error> {
    Command::new(program).args(args).stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::Tool { program: program.to_owned(), package },
        _ => Error::io(program)(error),
    })
}

pub(super) fn qemu_version() -> Result<String, Error> {
    static VERSION: OnceLock<String> = OnceLock::new();
    if let Some(version) = VERSION.get() {
        return Ok(version.clone());
    }
    let output = command(QEMU, "qemu-system-x86", &["--version"])?;
    Ok(VERSION.get_or_init(|| String::from_utf8_lossy(&output.stdout).into_owned()).clone())
}

const QEMU: &str = "qemu-system-x86_64";

/// A QEMU process.
#[derive(Clone, Debug)]
pub(super) struct Qemu {
    host: String,
    pid: u32,
    log: Utf8PathBuf,
}

impl Qemu {
    /// Fails when it has ended.
    pub(super) fn check(&self, keeper: &mut Keeper) -> Result<(), Error> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        // the keeper has not looked after a process that has just ended
        match stat.rsplit_once(") ") {
            Some((_, state)) if !state.starts_with('Z') => Ok(()),
            _ => Err(self.ended(keeper)),
        }
    }

    fn ended(&self, keeper: &mut Keeper) -> Error {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        Error::Qemu { host: self.host.clone(), what: keeper.ending(), said }
    }
}

/// Starts QEMU and connects to it.
pub(super) fn launch(
    ticket: &Ticket,
    keeper: &mut Keeper,
    host: &str,
    args: &[String],
) -> Result<(Qmp, Qemu), Error> {
    qemu_version()?;
    let dir = &ticket.dir;
    for socket in ["qmp", "agent", "console"] {
        let _ = std::fs::remove_file(dir.join(socket));
    }
    let mut argv = vec![QEMU.to_owned()];
    argv.extend_from_slice(args);
    let pid = keeper.run(&script(dir.join("start"), &argv)?)?;
    ticket.note(pid)?;
    let qemu = Qemu { host: host.to_owned(), pid, log: dir.join("qemu.log") };
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match Qmp::connect(&dir.join("qmp")) {
            Ok(qmp) => return Ok((qmp, qemu)),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => qemu.check(keeper)?,
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Host {
    /// Starts from a saved state, on hardware that the state knows nothing of.
    fn restore(&self, saved: &Saved) -> Result<(), Error> {
        let ram = Ram::Copied(saved.memory());
        let mut power = self.launch(&ram, &["-incoming".to_owned(), "defer".to_owned()], false)?;
        share_memory(&mut power.qmp)?;
        let uri = format!("exec:cat '{}'", saved.devices());
        power.qmp.execute("migrate-incoming", json!({ "uri": uri }))?;
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let status = power.qmp.execute("query-status", json!({}));
            match status {
                Ok(status) if status["running"] == true => break,
                Ok(_) if Instant::now() > deadline => {
                    return Err(Error::timeout("loading the saved state", Duration::from_secs(60)));
                }
                Ok(_) => std::thread::sleep(Duration::from_millis(5)),
                // a state that cannot be loaded is QEMU's end
                Err(error) => return Err(power.qemu.check(&mut self.keeper()).err().unwrap_or(error)),
            }
        }
        for disk in self.disks().iter().filter(|disk| disk.disk.transport == Transport::Nvme) {
            power.plug(disk)?;
        }
        self.set_power(Some(power));
        Ok(())
    }

    /// Starts QEMU on the host's hardware.
    pub(super) fn launch(&self, ram: &Ram, more: &[String], with_nvme: bool) -> Result<Power, Error> {
        let parts = self.parts();
        let dir = &parts.ticket.dir;
        let hardware = args::hardware(&self.disks(), &parts.nics, with_nvme);
        let mut args = match &*self.firmware() {
            Some(firmware) => firmware.args(&parts.profile, dir, hardware),
            None => {
                let mut args = args::machine(&parts.profile, &parts.base, ram);
                args.extend(args::sockets_and_root(dir, &dir.join("root.qcow2")));
                args.extend(hardware);
                args
            }
        };
        args.extend_from_slice(more);
        let (qmp, qemu) = launch(&parts.ticket, &mut self.keeper(), &parts.name, &args)?;
        Ok(Power { qmp, qemu })
    }

    /// Gives the guest the right time and a name of its own, and waits until it has found its hardware.
    fn settle_in(&self) -> Result<(), Error> {
        let parts = self.parts();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let disks = self.disks();
        let identity = random_hex::<16>()?;
        let hostid =
            identity.as_bytes().chunks(2).take(4).map(|byte| octal(&String::from_utf8_lossy(byte))).collect();
        let mut words = vec![
            "/bin/sh".to_owned(),
            "-c".to_owned(),
            SETTLE_IN.to_owned(),
            "settle-in".to_owned(),
            format!("{}.{:03}", now.as_secs(), now.subsec_millis()),
            parts.name.clone(),
            identity,
            hostid,
        ];
        words.extend(disks.iter().map(|disk| format!("/dev/disk/by-id/*{}", disk.serial)));
        words.extend(
            parts
                .nics
                .iter()
                .map(|nic| format!("/sys/bus/pci/devices/0000:00:{:02x}.0/virtio*/net/e*", nic.slot())),
        );
        drop(disks);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let output = self.exec(&words, &[], Duration::from_secs(120))?;
        if output.success() {
            return Ok(());
        }
        Err(Error::timeout(
            format!("{} finding its hardware ({})", parts.name, output.stderr.trim()),
            Duration::from_secs(60),
        ))
    }
}

/// A byte as the shell's `printf` takes it.
fn octal(hex: &str) -> String {
    format!("\\{:03o}", u8::from_str_radix(hex, 16).unwrap_or_default())
}

/// `$1` is the time, `$2` a name, `$3` an identity, `$4` that of the disk pools; the rest are patterns of files that hardware has once it is found.
///
/// The journal's folders are called by the identity: they move along, so that all of it stays visible.
const SETTLE_IN: &str = r#"
date -s "@$1" >/dev/null; name=$2; id=$3; hostid=$4; shift 4
echo "$name" >/proc/sys/kernel/hostname; echo "$name" >/etc/hostname
printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$name" >/etc/hosts
read -r old </etc/machine-id; echo "$id" >/etc/machine-id
for d in /var/log/journal /run/log/journal; do [ ! -d "$d/$old" ] || mv "$d/$old" "$d/$id"; done
printf "$hostid" >/etc/hostid
[ $# -eq 0 ] && exit 0
echo 1 >/sys/bus/pci/rescan
tries=0
for pattern; do
  while set -- $pattern; [ ! -e "$1" ]; do
    tries=$((tries + 1)); [ $tries -lt 600 ] || { echo "no $pattern" >&2; exit 1; }
    sleep 0.1
  done
done
udevadm settle --timeout=60
"#;
