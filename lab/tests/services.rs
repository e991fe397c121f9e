//! The package on a host: installed, upgraded under load, removed, purged; and restarts that nobody notices.

#![allow(
    clippy::disallowed_methods,
    reason = "the package is built on the developer's machine, not on a managed host"
)]

use std::process::Command;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_lab::{Error, Host, Lab};

const API: &str = "https://127.0.0.1:8006/api2/json";
/// Everything is emulated: what takes a second elsewhere may take ten here.
const SOON: Duration = Duration::from_secs(120);

/// Reads on a connection that is kept and on new ones, plans on new ones, and counts what was not answered with 200. That a
/// kept connection was closed before it was used again is no failure: HTTP wants clients to ask anew then.
const CLIENTS: &str = r#"
import http.client, os, ssl, sys, threading, time
token = sys.argv[1]
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
good, bad = [0, 0, 0], []
def client(kind):
    connection, headers = None, {'Authorization': token}
    form = {**headers, 'Content-Type': 'application/x-www-form-urlencoded'}
    while not os.path.exists('/root/clients.stop'):
        time.sleep(0.3)
        try:
            kept = connection is not None and kind == 0
            if not kept:
                connection = http.client.HTTPSConnection('127.0.0.1', 8006, context=context, timeout=120)
            if kind == 1:
                connection.request('POST', '/api2/json/nodes/localhost/services/sshd/restart', 'dry-run=1', form)
            else:
                connection.request('GET', '/api2/json/version', headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 200: good[kind] += 1
            else: bad.append((kind, answer.status, body[:200]))
        except Exception as error:
            if not (kept and isinstance(error, OSError)):
                bad.append((kind, repr(error)))
            connection = None
threads = [threading.Thread(target=client, args=(kind,)) for kind in (0, 1, 2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(min(good), len(bad), bad[:3])
"#;

/// The package of the running build, with this version.
fn package(version: &str) -> Result<Utf8PathBuf, Error> {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let exe = std::env::current_exe().map_err(|error| Error::Request(error.to_string()))?;
    let build = exe.parent().and_then(std::path::Path::parent).unwrap_or(std::path::Path::new("/"));
    let binary = std::env::var("INNKEEPER_BIN").map_or_else(|_| build.join("innkeeper"), Into::into);
    let out = build.join("lab-packages").join(version);
    let made = Command::new(root.join("packaging/build-deb.sh"))
        .arg(binary)
        .arg(&out)
        .env("VERSION", version)
        .env("COMPRESSION", "gzip")
        .output()
        .map_err(|error| Error::Request(format!("packaging/build-deb.sh: {error}")))?;
    let said = String::from_utf8_lossy(&made.stdout);
    match said.lines().last() {
        Some(path) if made.status.success() => Ok(path.into()),
        _ => {
            Err(Error::Request(format!("packaging/build-deb.sh: {}", String::from_utf8_lossy(&made.stderr))))
        }
    }
}

fn install(host: &Host, package: &Utf8Path) -> Result<(), Error> {
    host.put(package, "/root/innkeeper.deb")?;
    let line =
        "DEBIAN_FRONTEND=noninteractive dpkg --install --force-confold --force-unsafe-io /root/innkeeper.deb";
    host.run_within(line, Duration::from_secs(540))?;
    is_served(host)
}

/// Port 8006 answers, and every service runs.
fn is_served(host: &Host) -> Result<(), Error> {
    host.wait_until("port 8006 to answer", SOON, || {
        let status = host.output(&format!("curl -sk -o /dev/null -w '%{{http_code}}' {API}/version"))?;
        Ok(status.stdout.trim() == "401")
    })?;
    let states = host
        .run("systemctl is-active innkeeper-daemon innkeeper-proxy innkeeper-statd innkeeper-daily.timer")?;
    assert_eq!(states, "active\nactive\nactive\nactive");
    // this one has work to do only when the machine starts
    assert_eq!(host.run("systemctl is-enabled innkeeper-revert")?, "enabled");
    Ok(())
}

/// An API token of root's that may do everything, as the value of its header.
fn token(host: &Host) -> Result<String, Error> {
    let secret = host.run(
        "innkeeper token add root@pam lab --privsep 0 --yes --output-format json 2>/dev/null \
         | sed 's/.*\"value\":\"\\([^\"]*\\)\".*/\\1/'",
    )?;
    host.write("/root/clients.py", CLIENTS)?;
    Ok(format!("PVEAPIToken=root@pam!lab={secret}"))
}

fn start_clients(host: &Host, token: &str) -> Result<(), Error> {
    host.run(&format!(
        "rm -f /root/clients.out /root/clients.stop; (python3 /root/clients.py '{token}' >/root/clients.out 2>&1 &)"
    ))
    .map(drop)
}

/// What the clients saw: none was refused or cut off, and each kind of them was served.
fn nobody_was_dropped(host: &Host) -> Result<(), Error> {
    host.run("sleep 3; touch /root/clients.stop")?;
    host.wait_until("the clients to end", Duration::from_secs(300), || {
        Ok(!host.output("cat /root/clients.out")?.stdout.trim().is_empty())
    })?;
    let seen = host.run("cat /root/clients.out")?;
    let mut words = seen.splitn(3, ' ');
    let fewest: u32 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    assert!(fewest > 3 && words.next() == Some("0"), "fewest answers, failures, examples: {seen}");
    Ok(())
}

fn api(host: &Host, token: &str, verb: &str, path: &str) -> Result<String, Error> {
    host.run(&format!("curl -sk -X {verb} -H 'Authorization: {token}' {API}/nodes/localhost/{path}"))
}

/// A service that takes a while to start, so that its task runs through a restart.
fn with_slow_service(host: &Host, seconds: u32) -> Result<(), Error> {
    let unit = format!("[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep {seconds}\n");
    host.write("/etc/systemd/system/lxcfs.service", unit)?;
    host.run("systemctl daemon-reload").map(drop)
}

fn start_slow(host: &Host, token: &str) -> Result<String, Error> {
    let answer = api(host, token, "POST", "services/lxcfs/start")?;
    let upid = answer.split('"').find(|word| word.starts_with("UPID:")).unwrap_or_default();
    assert!(!upid.is_empty(), "{answer}");
    Ok(upid.to_owned())
}

/// Services: proxy, daemon and statd are restarted again and again; no request and no task is lost.
#[test]
fn a_restart_drops_no_request_and_no_task() -> Result<(), Error> {
    let package = package("0.1.0")?;
    let host = Lab::host().name("restart").start()?;
    install(&host, &package)?;
    let token = token(&host)?;
    with_slow_service(&host, 30)?;
    start_clients(&host, &token)?;
    let upid = start_slow(&host, &token)?;
    for services in
        ["innkeeper-daemon", "innkeeper-proxy", "innkeeper-daemon innkeeper-proxy innkeeper-statd"]
    {
        host.run(&format!("systemctl restart {services}"))?;
        host.run("systemctl reload innkeeper-proxy")?;
        let status = api(&host, &token, "GET", &format!("tasks/{upid}/status"))?;
        assert!(
            status.contains("\"status\":\"running\"") || status.contains("\"exitstatus\":\"OK\""),
            "{status}"
        );
    }
    nobody_was_dropped(&host)?;
    host.wait_until("the task to end", SOON, || {
        Ok(api(&host, &token, "GET", &format!("tasks/{upid}/status"))?.contains("\"exitstatus\":\"OK\""))
    })?;
    // what was started before a restart can be stopped after it
    host.run("systemctl stop lxcfs")?;
    with_slow_service(&host, 600)?;
    let upid = start_slow(&host, &token)?;
    host.run("systemctl restart innkeeper-daemon")?;
    api(&host, &token, "DELETE", &format!("tasks/{upid}"))?;
    let status = api(&host, &token, "GET", &format!("tasks/{upid}/status"))?;
    assert!(status.contains("received interrupt"), "{status}");
    assert_eq!(
        host.run("systemctl show -p NRestarts --value innkeeper-daemon innkeeper-proxy | sort -u")?,
        "\n0"
    );
    Ok(())
}

/// Files outside what changes on every host by itself.
const FILES: &str = "find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /root \
    -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/systemd \
    -o -path /var/lib/chrony -o -path /dev \\) -prune -o -print | sort";

/// GEN-02, package: installed, used, upgraded under load, removed, installed again, purged: nothing is lost and nothing is left.
#[test]
fn the_package_is_installed_upgraded_removed_and_purged() -> Result<(), Error> {
    let (old, new) = (package("0.1.0")?, package("0.1.1")?);
    let host = Lab::host().name("package").start()?;
    let before = host.run(FILES)?;
    install(&host, &old)?;
    assert_eq!(
        host.run("dpkg --verify innkeeper; systemctl is-enabled pveproxy pvedaemon pvestatd")?,
        "alias\nalias\nalias"
    );
    host.run("for name in $(innkeeper names); do test \"$(readlink /usr/bin/$name)\" = innkeeper; done")?;
    // nothing of Debian's is in its way
    host.run(
        "apt-get check && ! dpkg-divert --list | grep innkeeper && test -z \"$(ls /etc/apt/preferences.d)\"",
    )?;
    assert!(
        host.run("apt-get --simulate dist-upgrade")?.contains("0 upgraded, 0 newly installed, 0 to remove")
    );
    let token = token(&host)?;
    host.run("echo INNKEEPER_LOG=debug >>/etc/default/innkeeper; innkeeper daily")?;

    start_clients(&host, &token)?;
    install(&host, &new)?;
    nobody_was_dropped(&host)?;
    assert_eq!(host.run("dpkg-query -W -f '${Version}' innkeeper")?, "0.1.1");
    assert_eq!(host.run("tail -1 /etc/default/innkeeper")?, "INNKEEPER_LOG=debug");
    assert!(host.run("innkeeper history verify && innkeeper history")?.contains("lab"));

    host.run("dpkg --remove innkeeper")?;
    assert_eq!(host.output("pgrep -a innkeeper; ls /usr/bin/innkeeper /usr/bin/pvesh")?.stdout, "");
    host.run("test -s /var/lib/innkeeper/journal.db && test -s /etc/pve/user.cfg && test -s /etc/default/innkeeper")?;
    install(&host, &new)?;
    assert!(api(&host, &token, "GET", "services")?.contains("pveproxy"), "the token of before still opens");

    host.run("dpkg --purge innkeeper")?;
    assert_eq!(
        host.run(
            "systemctl --failed --no-legend; systemctl list-unit-files --no-legend 'innkeeper*' || true"
        )?,
        ""
    );
    let after = host.run(FILES)?;
    let left: Vec<_> = after.lines().filter(|line| !before.lines().any(|old| old == *line)).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    host.run("! test -e /var/lib/innkeeper && ! test -e /var/log/pve && ! test -e /run/innkeeper").map(drop)
}
