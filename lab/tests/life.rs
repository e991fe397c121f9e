//! Reboots, power cuts, clocks.

#![allow(clippy::disallowed_methods, reason = "compares with the clock of this machine")]

use innkeeper_lab::{Error, Lab};
use std::time::{Duration, Instant};

/// Writes a file anew and adds a line to another, both in the way that is safe, and says each time on the console that it is done.
const WRITER: &str = r#"
import os
console = os.open("/dev/ttyS0", os.O_WRONLY)
log = os.open("/srv/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
folder = os.open("/srv", os.O_RDONLY)
number = 0
while True:
    number += 1
    os.write(log, b"%d\n" % number)
    os.fsync(log)
    new = os.open("/srv/state.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(new, b"%d\n" % number)
    os.fsync(new)
    os.close(new)
    os.rename("/srv/state.new", "/srv/state")
    os.fsync(folder)
    os.write(console, b"acknowledged %d.\n" % number)
"#;

/// Lab: power is cut during writes. What was acknowledged is there, what was only in memory is not, the file system is well.
#[test]
fn what_was_acknowledged_before_a_power_cut_is_there_after_it() -> Result<(), Error> {
    let host = Lab::host().start()?;
    host.write("/root/writer.py", WRITER)?;
    host.run("echo only in memory >/run/volatile; sync")?;
    host.run("setsid python3 /root/writer.py >/dev/null 2>&1 </dev/null &")?;
    let acknowledged = || {
        let numbers = host.console();
        let numbers = numbers
            .lines()
            .filter_map(|line| line.split_once("acknowledged ")?.1.strip_suffix('.')?.parse().ok());
        numbers.max().unwrap_or(0_u32)
    };
    host.wait_until("some writes", Duration::from_secs(120), || Ok(acknowledged() >= 30))?;
    host.run("echo never flushed >/srv/unflushed")?;
    host.cut_power()?;
    let last = acknowledged();
    assert!(matches!(host.run("true"), Err(Error::Off(_))), "without power nothing answers");
    host.boot()?;

    let log = host.run("cat /srv/log")?;
    let numbers: Vec<u32> = log.lines().map_while(|line| line.parse().ok()).collect();
    assert!(
        numbers.len() >= last as usize,
        "{} lines are left of {last} that were acknowledged",
        numbers.len()
    );
    assert!(
        numbers.iter().zip(1..).all(|(seen, number)| *seen == number),
        "each line is whole and in its place"
    );
    let state: u32 =
        host.run("cat /srv/state")?.parse().map_err(|_| Error::Request("no number".to_owned()))?;
    assert!(state >= last, "the file that was replaced says {state}, not {last}");
    assert!(host.output("cat /run/volatile")?.stdout.is_empty(), "memory does not survive");
    assert_eq!(host.run("findmnt --noheadings --output OPTIONS / | cut -d, -f1")?, "rw");
    assert_eq!(host.output("dmesg | grep -ci 'ext4-fs error'")?.stdout, "0\n");
    Ok(())
}

/// Lab: reboot from inside; hardware and files stay, the boot is another.
#[test]
fn a_reboot_keeps_disks_cards_names_and_files() -> Result<(), Error> {
    let host = Lab::host().name("phoenix").disks(1, "1G").nics(1).start()?;
    let look = || {
        host.run("hostname; cat /etc/machine-id /root/file; ls /sys/class/net; ls /dev/disk/by-id; hostid")
    };
    host.run("echo kept >/root/file")?;
    let (boot, before) = (host.boot_id()?, look()?);
    host.reboot()?;
    assert_ne!(host.boot_id()?, boot);
    assert_eq!(look()?, before);
    assert!(
        host.run("journalctl --list-boots --no-pager | wc -l")?.parse().is_ok_and(|boots: u32| boots >= 2)
    );
    host.power_off()?;
    assert!(matches!(host.run("true"), Err(Error::Off(_))));
    Ok(())
}

/// Lab: a host that stands still for a while, and goes on where it was.
#[test]
fn a_paused_host_does_nothing_until_it_is_resumed() -> Result<(), Error> {
    let host = Lab::host().start()?;
    host.run("setsid sh -c 'while sleep 0.2; do echo >>/run/ticks; done' >/dev/null 2>&1 </dev/null &")?;
    let ticks =
        || -> Result<u32, Error> { Ok(host.run("wc -l </run/ticks || echo 0")?.parse().unwrap_or(0)) };
    host.wait_until("some ticks", Duration::from_secs(60), || Ok(ticks()? > 2))?;
    let before = ticks()?;
    host.pause()?;
    let answer = host.run_within("true", Duration::from_secs(1));
    assert!(matches!(answer, Err(Error::Timeout { .. })), "a host that stands still does not answer");
    std::thread::sleep(Duration::from_secs(15));
    let resumed = Instant::now();
    host.resume()?;
    let after = ticks()?;
    let most = u64::from(before) + 15 + 5 * resumed.elapsed().as_secs();
    assert!(u64::from(after) < most, "{before} ticks became {after}: it went on while it was paused");
    host.wait_until("more ticks", Duration::from_secs(60), || Ok(ticks()? > after))
}

/// Lab: the clock jumps forward and back.
#[test]
fn the_clock_is_right_at_first_and_jumps_when_told() -> Result<(), Error> {
    let host = Lab::host().start()?;
    let off = || -> Result<i64, Error> {
        let guest: i64 = host.run("date +%s")?.parse().unwrap_or(0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(guest - i64::try_from(now.as_secs()).unwrap_or(0))
    };
    assert!(off()?.abs() <= 5, "the clock of a saved state is set");
    host.jump_clock(86_400)?;
    assert!((off()? - 86_400).abs() <= 5);
    host.jump_clock(-3 * 86_400)?;
    assert!((off()? + 2 * 86_400).abs() <= 5);
    Ok(())
}

/// Lab: memory runs out, and comes back.
#[test]
fn memory_is_taken_and_given_back() -> Result<(), Error> {
    let host = Lab::host().start()?;
    let free = || -> Result<u64, Error> {
        Ok(host.run("awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo")?.parse().unwrap_or(0))
    };
    let before = free()?;
    let folder = host.fill_memory(200)?;
    assert!(free()? < 400, "{} MiB are left of {before}", free()?);
    host.run(&format!("umount {folder}"))?;
    assert!(free()? + 300 > before);
    Ok(())
}
