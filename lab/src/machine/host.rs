//! A host that was started: commands inside, and what is seen of it from outside.

use super::admission::Ticket;
use super::agent::{Agent, Output};
use super::args::{self, Profile};
use super::base::Base;
use super::error::{Error, last_lines};
use super::firmware::BootBy;
use super::hardware::{PlacedDisk, PlacedNic};
use super::keeper::Keeper;
use super::link::Port;
use super::qmp::Qmp;
use super::start::Qemu;
use camino::Utf8Path;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A host. It ends, with all it wrote, when the value goes out of scope.
pub struct Host {
    parts: Parts,
    disks: Mutex<Vec<PlacedDisk>>,
    agent: Agent,
    power: Mutex<Option<Power>>,
    /// How far the host's clock is off when it boots, in seconds.
    pub(super) clock: Mutex<i64>,
    /// What the host boots by; nothing where QEMU starts the kernel.
    firmware: Mutex<Option<BootBy>>,
    /// Numbers for what is made while the host runs.
    counter: AtomicU32,
    /// Something has failed: what the host said last is told at the end.
    trouble: AtomicBool,
}

/// What a host is made of. The order is that in which it goes: first QEMU and the folder, last the promise of memory.
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) profile: Profile,
    pub(super) base: Base,
    pub(super) keeper: Mutex<Keeper>,
    pub(super) nics: Vec<PlacedNic>,
    pub(super) ports: Vec<Port>,
    pub(super) ticket: Ticket,
}

/// What a host has while it has power.
pub(super) struct Power {
    pub(super) qmp: Qmp,
    pub(super) qemu: Qemu,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("name", &self.parts.name).finish_non_exhaustive()
    }
}

impl Host {
    pub(super) fn new(parts: Parts, disks: Vec<PlacedDisk>) -> Self {
        Self {
            agent: Agent::new(parts.ticket.dir.join("agent")),
            parts,
            disks: Mutex::new(disks),
            power: Mutex::default(),
            clock: Mutex::default(),
            firmware: Mutex::default(),
            counter: AtomicU32::new(0),
            trouble: AtomicBool::new(false),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// Runs a line of shell as root and answers what it printed, without the newlines at the end.
    ///
    /// # Errors
    /// When it ends with anything but 0, the host does not answer, or five minutes have passed.
    pub fn run(&self, line: &str) -> Result<String, Error> {
        self.run_within(line, PATIENCE)
    }

    /// The same with a limit of its own.
    ///
    /// # Errors
    /// As for [`Host::run`].
    pub fn run_within(&self, line: &str, within: Duration) -> Result<String, Error> {
        let output = self.watch(self.exec(&["/bin/sh", "-c", line], &[], within))?;
        if output.success() {
            return Ok(output.stdout.trim_end_matches('\n').to_owned());
        }
        self.watch(Err(Error::Command {
            host: self.parts.name.clone(),
            argv: line.to_owned(),
            status: output.status(),
            stdout: output.stdout,
            stderr: output.stderr,
        }))
    }

    /// Runs a line of shell as root and answers how it ended and what it printed, whatever that is.
    ///
    /// # Errors
    /// When the host does not answer, or five minutes have passed.
    pub fn output(&self, line: &str) -> Result<Output, Error> {
        self.watch(self.exec(&["/bin/sh", "-c", line], &[], PATIENCE))
    }

    /// Runs one program, without a shell between, and gives it this to read.
    ///
    /// # Errors
    /// When the host does not answer, or the time has passed.
    pub fn exec(&self, argv: &[&str], input: &[u8], within: Duration) -> Result<Output, Error> {
        self.on()?;
        self.agent.exec(argv, input, within).map_err(|error| match error {
            // a line that breaks is the end of QEMU, most often
            Error::Io { .. } => self.alive_after(Duration::from_secs(1)).err().unwrap_or(error),
            error => error,
        })
    }

    /// Tries until something is so, with growing pauses.
    ///
    /// # Errors
    /// When it is not so in time; when the closure fails.
    pub fn wait_until(
        &self,
        what: &str,
        within: Duration,
        mut is_so: impl FnMut() -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + within;
        let mut pause = Duration::from_millis(20);
        loop {
            if is_so()? {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return self.watch(Err(Error::timeout(format!("on {}: {what}", self.parts.name), within)));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// What the serial console has shown since the host was started, over all boots.
    #[must_use]
    pub fn console(&self) -> String {
        let bytes = std::fs::read(self.parts.ticket.dir.join("console.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The socket of the serial console, for a person.
    #[must_use]
    pub fn console_socket(&self) -> camino::Utf8PathBuf {
        self.parts.ticket.dir.join("console")
    }

    /// The host's folder on this machine, with its disks and logs. It goes when the host goes.
    #[must_use]
    pub fn dir(&self) -> &Utf8Path {
        &self.parts.ticket.dir
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(super) fn agent(&self) -> &Agent {
        &self.agent
    }

    pub(super) fn disks(&self) -> MutexGuard<'_, Vec<PlacedDisk>> {
        lock(&self.disks)
    }

    pub(super) fn firmware(&self) -> MutexGuard<'_, Option<BootBy>> {
        lock(&self.firmware)
    }

    /// Whether it boots by firmware, on the other board.
    pub(super) fn is_on_firmware(&self) -> bool {
        self.firmware().is_some()
    }

    pub(super) fn keeper(&self) -> MutexGuard<'_, Keeper> {
        lock(&self.parts.keeper)
    }

    pub(super) fn power(&self) -> MutexGuard<'_, Option<Power>> {
        lock(&self.power)
    }

    pub(super) fn set_power(&self, power: Option<Power>) {
        *self.power() = power;
    }

    pub(super) fn next_number(&self) -> u32 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// Does something with QEMU while the host has power.
    pub(super) fn with_power<T>(&self, act: impl FnOnce(&mut Power) -> Result<T, Error>) -> Result<T, Error> {
        let result = match self.power().as_mut() {
            Some(power) => act(power),
            None => Err(Error::Off(self.parts.name.clone())),
        };
        self.watch(result)
    }

    fn on(&self) -> Result<(), Error> {
        self.with_power(|_| Ok(()))
    }

    /// Fails when QEMU has ended.
    fn alive(&self) -> Result<(), Error> {
        self.with_power(|power| power.qemu.check(&mut self.keeper()))
    }

    /// The same of a QEMU that may be about to end.
    fn alive_after(&self, patience: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            self.alive()?;
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits until the agent answers.
    pub(super) fn settle(&self, within: Duration) -> Result<(), Error> {
        self.watch(self.agent.wait(within, || self.alive()))
    }

    /// Remembers that something failed, and adds what the console says where that tells more.
    pub(super) fn watch<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| {
            self.trouble.store(true, Ordering::Relaxed);
            error.with_console(|| self.console())
        })
    }

    #[allow(clippy::print_stderr, reason = "the test runner shows it along with the test that failed")]
    fn tell(&self) {
        eprintln!("--- {}: the end of its console ---\n{}", self.parts.name, last_lines(&self.console(), 40));
        if let Err(error) = self.alive() {
            eprintln!("--- {error} ---");
            return;
        }
        let journal = ["journalctl", "--no-pager", "--lines=60", "--quiet"];
        match self.agent.exec(&journal, &[], Duration::from_secs(10)) {
            Ok(output) => eprintln!("--- {}: the end of its journal ---\n{}", self.parts.name, output.stdout),
            Err(error) => eprintln!("--- {}: its journal cannot be had: {error} ---", self.parts.name),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() || self.trouble.load(Ordering::Relaxed) {
            self.tell();
        }
    }
}

impl Power {
    /// Connects a disk.
    pub(super) fn plug(&mut self, disk: &PlacedDisk) -> Result<(), Error> {
        for node in args::nodes(disk) {
            self.qmp.execute("blockdev-add", node)?;
        }
        self.qmp.execute("device_add", args::disk_device(disk)).map(drop)
    }

    /// Takes a device out and waits until the guest has let go of it.
    pub(super) fn unplug(&mut self, device: &str) -> Result<(), Error> {
        self.qmp.execute("device_del", json!({ "id": device }))?;
        self.qmp.event("DEVICE_DELETED", Duration::from_secs(60), |data| data["device"] == device)
    }
}

/// For one command, unless it is given a time of its own.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
