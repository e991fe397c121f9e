//! Changes that nobody confirms, on a host whose processes are killed, whose power is cut, whose disk is full and whose clock
//! jumps.

use std::time::Duration;

use innkeeper_lab::{Error, Host, Lab};

const FILE: &str = "/etc/apt/sources.list.d/lab.list";
const OLD: &str = "deb http://deb.example.org/debian bookworm main # ä, kept byte for byte";
const SOON: Duration = Duration::from_secs(90);

/// A host with the program, the unit that runs when the machine starts, and a file to change.
fn host(name: &str) -> Result<Host, Error> {
    let host = Lab::host().name(name).start()?;
    host.install_product()?;
    let unit = include_str!("../../packaging/systemd/innkeeper-revert.service");
    host.write("/etc/systemd/system/innkeeper-revert.service", unit)?;
    host.write(FILE, format!("{OLD}\n"))?;
    host.run("systemctl daemon-reload && systemctl --quiet enable innkeeper-revert.service && sync")?;
    Ok(host)
}

fn arm(host: &Host, seconds: u32) -> Result<String, Error> {
    host.run(&format!("innkeeper apt disable {FILE} 0 --yes --confirm-within {seconds}"))
}

fn text(host: &Host) -> Result<String, Error> {
    Ok(String::from_utf8_lossy(&host.read(FILE)?).trim_end().to_owned())
}

fn is_restored(host: &Host) -> Result<bool, Error> {
    Ok(text(host)? == OLD)
}

fn show(host: &Host, what: &str) -> Result<String, Error> {
    host.run(&format!(
        "innkeeper api get /nodes/localhost/changes/1 --output-format json | tr ',' '\n' | grep '\"{what}\"' || true"
    ))
}

/// What holds after every accident: the chain, no torn file, nothing left over.
fn all_is_well(host: &Host) -> Result<(), Error> {
    host.run("innkeeper history verify")?;
    assert_eq!(host.run("ls -A /etc/apt/sources.list.d | grep innkeeper || true")?, "");
    assert_eq!(host.run("ls -A /var/lib/innkeeper/armed 2>/dev/null || true")?, "");
    Ok(())
}

/// Lab: a timer of systemd takes the change back, whatever became of every process of the program.
#[test]
fn a_timer_of_systemd_takes_back_what_nobody_confirmed() -> Result<(), Error> {
    let host = host("timer")?;
    arm(&host, 15)?;
    assert!(!is_restored(&host)?);
    assert!(host.run("systemctl list-timers --all")?.contains("innkeeper-revert-1.timer"));
    host.run("pkill -9 -x innkeeper; true")?;
    host.wait_until("the file to be restored", SOON, || is_restored(&host))?;
    host.wait_until("the journal to know", SOON, || Ok(show(&host, "ended-from")?.contains("timer")))?;
    all_is_well(&host)
}

/// Lab: two changes of the daemon wait at once, on different resources; a second one of the same resource is told how many seconds are
/// left; the daemon is killed, and each change is taken back when its own time is up.
#[test]
fn two_changes_outlive_the_daemon_that_made_them_and_hold_what_they_touch() -> Result<(), Error> {
    let host = host("two")?;
    host.run("systemd-run --quiet --unit=lab-serve innkeeper serve --listen 127.0.0.1:8006")?;
    let url = "https://127.0.0.1:8006/api2/json/nodes/localhost";
    host.wait_until("the service", SOON, || Ok(host.output(&format!("curl -sk {url}"))?.success()))?;
    let secret = host.run(
        "innkeeper token add root@pam lab --privsep 0 --yes --output-format json 2>/dev/null \
         | sed 's/.*\"value\":\"\\([^\"]*\\)\".*/\\1/'",
    )?;
    host.run("innkeeper access user add ann@pve --yes")?;
    let post = |path: &str, form: &str| {
        host.run(&format!(
            "curl -sk --data '{form}' -H 'Authorization: PVEAPIToken=root@pam!lab={secret}' {url}/{path}"
        ))
    };
    let disable = format!("path={FILE}&index=0&enabled=0");
    let first = post("apt/repositories", &format!("{disable}&confirm-within=3600"))?;
    assert!(first.contains("\"change\":3"), "{first}");
    host.write("/etc/apt/sources.list.d/other.list", "deb http://deb.example.org/debian bookworm contrib\n")?;
    let same = post("apt/repositories", &disable.replace("enabled=0", "enabled=1"))?;
    let left =
        same.split("waits to be confirmed for another ").nth(1).and_then(|rest| rest.split(' ').next());
    assert!(
        left.is_some_and(|left| left.parse().is_ok_and(|left: u32| (3000..3600).contains(&left))),
        "{same}"
    );
    // the user's file belongs to another chapter: its change waits beside the first one
    let undone = post("history/2/undo", "confirm-within=3600")?;
    assert!(undone.contains("\"change\":4"), "{undone}");
    assert_eq!(
        host.run("ls /var/lib/innkeeper/armed; grep -c ann@pve /etc/pve/user.cfg || true")?,
        "3.waiting\n4.waiting\n0"
    );

    host.run("systemctl kill --signal=KILL lab-serve; ! pgrep -x innkeeper")?;
    // their timers are no process of the program
    for change in ["3", "4"] {
        host.run(&format!(
            "systemctl show -p ActiveState --value innkeeper-revert-{change}.timer | grep -x active"
        ))?;
    }
    host.run("innkeeper changes revert 3 --yes")?;
    assert!(is_restored(&host)?);
    assert_eq!(host.run("grep -c ann@pve /etc/pve/user.cfg || true")?, "0", "the other one waits on");
    host.run("innkeeper changes confirm 4")?;
    all_is_well(&host)
}

/// Lab: a confirmed change stays, and its timer is gone.
#[test]
fn a_confirmed_change_stays_and_its_timer_goes() -> Result<(), Error> {
    let host = host("confirm")?;
    arm(&host, 15)?;
    host.run("innkeeper changes confirm 1")?;
    assert!(!host.run("systemctl list-timers --all")?.contains("innkeeper-revert-1.timer"));
    host.run("sleep 17")?;
    assert!(!is_restored(&host)?);
    all_is_well(&host)
}

/// Lab: neither a reboot nor a power cut leaves an unconfirmed change standing.
#[test]
fn a_reboot_and_a_power_cut_take_back_what_nobody_confirmed() -> Result<(), Error> {
    let host = host("reboot")?;
    arm(&host, 3600)?;
    host.reboot()?;
    assert!(is_restored(&host)?);
    assert!(show(&host, "ended-from")?.contains("start of the machine"));
    all_is_well(&host)?;
    arm(&host, 3600)?;
    host.cut_power()?;
    host.boot()?;
    assert!(is_restored(&host)?);
    all_is_well(&host)
}

/// Lab: the power goes while the change is carried out, of the whole host and not only of a file system as in crash.rs.
#[test]
fn a_power_cut_in_the_middle_of_a_change_leaves_no_file_torn() -> Result<(), Error> {
    let host = host("powercut")?;
    let command = format!("innkeeper apt disable {FILE} 0 --yes --confirm-within 3600");
    host.run(&format!("systemd-run --quiet --collect {command}; sleep 0.1"))?;
    host.cut_power()?;
    host.boot()?;
    assert_eq!(text(&host)?, OLD);
    // one that was cut off before it was armed has changed nothing; it is taken back by one command all the same
    host.run(
        "for id in $(innkeeper api get /nodes/localhost/history --output-format json | tr '{' '\n' \
         | grep '\"state\":\"interrupted\"' | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/'); do innkeeper undo $id --yes; done",
    )?;
    assert_eq!(host.run("innkeeper history list --output-format json | grep -c interrupted || true")?, "0");
    all_is_well(&host)
}

/// Lab: when there is no room left for anything, the file comes back all the same, and the journal learns of it later.
#[test]
fn a_full_disk_does_not_keep_a_change_from_being_taken_back() -> Result<(), Error> {
    let host = host("full")?;
    arm(&host, 20)?;
    let filler = host.fill_disk("/")?;
    host.wait_until("the file to be restored", SOON, || is_restored(&host))?;
    host.run(&format!("rm {filler} && sync"))?;
    host.run("innkeeper revert")?;
    assert!(show(&host, "state")?.contains("reverted"));
    all_is_well(&host)
}

/// Lab: setting the clock neither brings the deadline forward nor loses it.
#[test]
fn a_clock_that_jumps_changes_nothing_about_the_deadline() -> Result<(), Error> {
    let host = host("clock")?;
    arm(&host, 25)?;
    host.jump_clock(86_400)?;
    host.run("sleep 4")?;
    assert!(!is_restored(&host)?, "brought forward");
    host.jump_clock(-3 * 86_400)?;
    host.wait_until("the file to be restored", SOON, || is_restored(&host))?;
    all_is_well(&host)
}
