//! Updates on a host under systemd: packages of a local repository, a restart and a kill in the midst, a power cut.

use std::time::Duration;

use camino::Utf8Path;
use innkeeper_lab::{Error, Host, Lab};

/// Everything is emulated: what takes a second elsewhere may take ten here.
const SOON: Duration = Duration::from_secs(300);

/// A package whose configuration takes a while, in a signed repository.
const REPOSITORY: &str = r#"
set -e
export GNUPGHOME=/root/gnupg
mkdir -p -m 700 $GNUPGHOME; mkdir -p /srv/repo
[ -f /srv/key.gpg ] || { gpg -q --batch --passphrase '' --quick-gen-key 'Test <test@example.org>' ed25519 sign never
  gpg -q --export > /srv/key.gpg; }
version=$1; seconds=$2; d=/srv/demo-slow; rm -rf $d; mkdir -p $d/DEBIAN $d/etc
printf 'Package: demo-slow\nVersion: %s\nArchitecture: all\nMaintainer: Test <test@example.org>\nDescription: slow\n' \
  $version > $d/DEBIAN/control
printf '#!/bin/sh\nsleep %s\n' $seconds > $d/DEBIAN/postinst; chmod 755 $d/DEBIAN/postinst
echo value=$version > $d/etc/demo-slow.conf; echo /etc/demo-slow.conf > $d/DEBIAN/conffiles
rm -f /srv/repo/*; dpkg-deb --root-owner-group -b $d /srv/repo/demo-slow_${version}_all.deb >/dev/null
cd /srv/repo; f=demo-slow_${version}_all.deb
{ dpkg-deb -f $f; printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' $f $(stat -c %s $f) $(sha256sum $f | cut -d' ' -f1); } > Packages
printf 'Origin: Testers\nSuite: stable\nDate: %s\nSHA256:\n %s %s Packages\n' "$(date -Ru)" \
  $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) > Release
gpg -q --batch --yes --clearsign -o InRelease Release
rm -f /etc/apt/sources.list.d/*
echo 'deb [signed-by=/srv/key.gpg] file:/srv/repo ./' > /etc/apt/sources.list
"#;

fn publish(host: &Host, version: &str, seconds: u32) -> Result<(), Error> {
    host.write("/root/publish.sh", REPOSITORY)?;
    host.run_within(&format!("bash /root/publish.sh {version} {seconds}"), SOON)?;
    host.run_within("innkeeper updates refresh --yes --quiet", SOON)?;
    Ok(())
}

/// The program, and its daemon in the package's own unit, sandbox and all.
fn install(host: &Host) -> Result<(), Error> {
    host.install_product()?;
    let units = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
    for unit in ["innkeeper-daemon.service", "innkeeper-daemon.socket"] {
        host.put(&units.join(unit), &format!("/etc/systemd/system/{unit}"))?;
    }
    host.run_within("systemctl daemon-reload && systemctl start innkeeper-daemon.socket", SOON)?;
    Ok(())
}

/// Asks the daemon, whose worker outlives it.
fn begin(host: &Host, token: &str) -> Result<(), Error> {
    let url = "http://localhost/api2/json/nodes/localhost/apt/upgrade";
    let curl = "curl -s -m 200 --unix-socket /run/innkeeper/daemon.sock -X POST";
    let answer = host.run_within(&format!("{curl} -H 'Authorization: {token}' {url}"), SOON)?;
    assert!(answer.contains(":aptupgrade:"), "{answer}");
    host.wait_until("dpkg to configure the package", SOON, || {
        Ok(host.output("pgrep -f demo-slow.postinst")?.code == 0)
    })
}

fn version(host: &Host) -> Result<String, Error> {
    host.run("dpkg-query --showformat='${db:Status-Abbrev}${Version}' --show demo-slow")
}

/// UPD-04
#[test]
fn an_upgrade_goes_on_without_those_who_asked_for_it() -> Result<(), Error> {
    let host = Lab::host().start()?;
    install(&host)?;
    let token = token(&host)?;
    publish(&host, "1.0", 0)?;
    host.run_within("apt-get install -y -q demo-slow", SOON)?;
    host.run("echo value=mine > /etc/demo-slow.conf")?;
    publish(&host, "2.0", 30)?;
    begin(&host, &token)?;
    assert_eq!(host.run("systemctl is-active innkeeper-packages")?, "active");
    host.run_within(
        "systemctl restart innkeeper-daemon; pkill -9 -f 'innkeeper worker|exe worker'; true",
        SOON,
    )?;
    host.wait_until("the package to be installed", SOON, || Ok(version(&host)? == "ii 2.0"))?;
    assert_eq!(host.run("cat /etc/demo-slow.conf")?, "value=mine");
    assert_eq!(host.run("cat /etc/demo-slow.conf.dpkg-dist")?, "value=2.0");
    Ok(())
}

/// UPD-04
#[test]
fn a_power_cut_in_the_midst_of_an_upgrade_is_found_and_repaired() -> Result<(), Error> {
    let host = Lab::host().start()?;
    install(&host)?;
    let token = token(&host)?;
    publish(&host, "1.0", 0)?;
    host.run_within("apt-get install -y -q demo-slow", SOON)?;
    publish(&host, "2.0", 40)?;
    begin(&host, &token)?;
    host.run("sync")?;
    host.cut_power()?;
    host.boot()?;
    assert_ne!(version(&host)?, "ii 2.0");
    let refused = host.output("innkeeper updates apply --yes")?;
    assert!(refused.stderr.contains("'innkeeper updates repair' finishes it"), "{}", refused.stderr);
    assert!(host.run_within("innkeeper checks", SOON)?.contains("updates.half-done"));
    host.run_within("innkeeper updates repair --yes", SOON)?;
    assert_eq!(version(&host)?, "ii 2.0");
    Ok(())
}

/// An API token of root's that may do everything, as the value of its header.
fn token(host: &Host) -> Result<String, Error> {
    let secret = host.run(
        "innkeeper token add root@pam lab --privsep 0 --yes --output-format json 2>/dev/null \
         | sed 's/.*\"value\":\"\\([^\"]*\\)\".*/\\1/'",
    )?;
    Ok(format!("PVEAPIToken=root@pam!lab={secret}"))
}
