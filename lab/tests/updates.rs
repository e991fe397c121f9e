//! Updates on a real host: Debian's own archive with hundreds of them, upgrades that are compared with their preview, that go on
//! when nobody waits for them any more, that are cut off; and the mail that tells about them.

#![allow(clippy::unwrap_used, reason = "a test")]

mod repositories;

use std::collections::BTreeSet;
use std::time::Duration;

use camino::Utf8Path;
use innkeeper_lab::{Error, Host, Lab};
use serde_json::Value;

use repositories::{SOURCES, findings, json, make, serve};

/// Everything is emulated: what takes a second elsewhere may take ten here.
const SOON: Duration = Duration::from_secs(300);

fn host() -> Result<Host, Error> {
    let host = Lab::host().name("pve1").start()?;
    host.install_product()?;
    Ok(host)
}

/// The daemon in the package's own unit, sandbox and all, and a token to ask it by.
fn daemon(host: &Host) -> Result<String, Error> {
    let units = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
    for unit in ["innkeeper-daemon.service", "innkeeper-daemon.socket"] {
        host.put(units.join(unit), &format!("/etc/systemd/system/{unit}"))?;
    }
    host.run("systemctl daemon-reload && systemctl start innkeeper-daemon.socket")?;
    let token =
        host.run("innkeeper token add root@pam lab --privsep 0 --yes --output-format json 2>/dev/null")?;
    let secret = json(&token)["data"]["value"].as_str().unwrap().to_owned();
    Ok(format!("PVEAPIToken=root@pam!lab={secret}"))
}

/// Makes every package an older one than the archive has, as on a host on which nobody looked for updates since it was made:
/// each is `VERSION~`, and so is what the others want of it. What `$1` names was not there yet, and nobody wanted it.
const AGE: &str = r#"
import re, sys
new = sys.argv[1]
path = '/var/lib/dpkg/status'
stanzas = open(path).read().rstrip('\n').split('\n\n')
def older(stanza):
    lines = []
    for line in stanza.split('\n'):
        field = line.split(':')[0]
        if field == 'Version':
            line += '~'
        elif field in ('Depends', 'Pre-Depends', 'Provides', 'Recommends', 'Replaces', 'Breaks', 'Conflicts'):
            line = re.sub(r'\(([<>=]+) ([^)]*)\)', r'(\1 \2~)', line)
        if field in ('Depends', 'Pre-Depends', 'Recommends'):
            wanted = [one for one in line.split(': ')[1].split(', ') if re.split('[ :(]', one)[0] != new]
            line = field + ': ' + ', '.join(wanted) if wanted else None
        if line is not None:
            lines.append(line)
    return '\n'.join(lines)
kept = [older(one) for one in stanzas if not one.startswith('Package: ' + new + '\n')]
open(path, 'w').write('\n\n'.join(kept) + '\n\n')
"#;

/// What `apt-get --simulate dist-upgrade` says.
struct OfApt {
    /// Names and new versions of what would be installed.
    installed: BTreeSet<String>,
    removed: BTreeSet<String>,
    kept: BTreeSet<String>,
}

fn of_apt(host: &Host) -> Result<OfApt, Error> {
    let said = host.run("LC_ALL=C apt-get --simulate dist-upgrade")?;
    let installed = said.lines().filter_map(|line| line.strip_prefix("Inst ")).map(|line| {
        let name = line.split(' ').next().unwrap();
        let version = line.split_once('(').unwrap().1.split(' ').next().unwrap();
        format!("{name} {version}")
    });
    let kept = said.split_once("have been kept back:\n").map_or("", |(_, rest)| rest);
    let kept = kept.lines().take_while(|line| line.starts_with(' ')).flat_map(str::split_whitespace);
    let removed = said.lines().filter_map(|line| line.strip_prefix("Remv ")?.split(' ').next());
    let owned = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
    Ok(OfApt {
        installed: installed.collect(),
        removed: owned(&mut removed.into_iter()),
        kept: owned(&mut kept.into_iter()),
    })
}

fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|one| one["Package"].as_str().unwrap().to_owned()).collect()
}

fn with_versions(list: &[&Value]) -> BTreeSet<String> {
    let word = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    list.iter().map(|one| format!("{} {}", word(one, "Package"), word(one, "Version"))).collect()
}

/// UPD-01, UPD-05: Debian's archive as it was on the day of the image, a host that is behind in every package: the list and the
/// preview have what `apt-get dist-upgrade` would do, whatever is held and pinned.
#[test]
fn the_list_of_hundreds_of_updates_is_what_apt_would_do() -> Result<(), Error> {
    let host = host()?;
    host.run("rm -rf /var/lib/apt/lists/* && zstd -dc /usr/share/lab/archive-lists.tar.zst | tar -C /var/lib/apt/lists -xf -")?;
    host.write("/root/age.py", AGE)?;
    host.run("python3 /root/age.py libnftables1")?;
    let situations = [
        "true",
        "apt-mark hold bash libudev1 libssl3",
        "apt-mark unhold libudev1; apt-mark hold perl-base libc6; \
         printf 'Package: lvm2 zfsutils-linux\\nPin: release *\\nPin-Priority: -1\\n' >/etc/apt/preferences.d/pin",
    ];
    let (mut seen_kept, mut seen_removed) = (0, 0);
    for (turn, situation) in situations.iter().enumerate() {
        host.run(situation)?;
        let OfApt { installed, removed, kept } = of_apt(&host)?;
        assert!(installed.len() > 200, "{situation}: {}", installed.len());
        let list = json(&host.run("innkeeper updates list --output-format json")?);
        let (change, stay): (Vec<_>, Vec<_>) =
            list.as_array().unwrap().iter().partition(|one| {
                ["upgrade", "install", "downgrade"].contains(&one["Action"].as_str().unwrap())
            });
        assert_eq!(with_versions(&change), installed, "{situation}");
        assert!(change.iter().any(|one| one["Action"] == "install" && one["Package"] == "libnftables1"));
        let held: BTreeSet<_> = host.run("apt-mark showhold")?.lines().map(str::to_owned).collect();
        let stay: BTreeSet<_> = stay.iter().map(|one| one["Package"].as_str().unwrap().to_owned()).collect();
        assert_eq!(stay, kept.difference(&held).cloned().collect(), "{situation}");
        seen_kept += stay.len();
        let preview = json(&host.run("innkeeper updates preview --output-format json")?);
        assert_eq!(
            names(&preview["changes"]),
            change.iter().map(|one| one["Package"].as_str().unwrap().to_owned()).collect()
        );
        assert_eq!(names(&preview["removals"]), removed, "{situation}");
        seen_removed += removed.len();
        let kept_by_preview = names(&preview["kept"]);
        assert!(
            kept.is_subset(&kept_by_preview) && (turn == 0 || kept_by_preview.contains("bash")),
            "{kept_by_preview:?}"
        );
    }
    assert!(seen_kept > 0 && seen_removed > 0, "nothing was kept back or removed in any situation");
    Ok(())
}

/// Two repositories of two owners: a program that wants a library of the other one from now on and replaces a third package, one
/// that is held, one that a pin takes back.
const OLD: &str = "
key one; key two
mkdir -p /root/files/app/DEBIAN /root/files/app/etc
echo of=1.0 >/root/files/app/etc/app.conf; echo /etc/app.conf >/root/files/app/DEBIAN/conffiles
package one app 1.0
package one former 1.0; package one stays 1.0; package two backwards 2.0
for r in one two; do release $r; sign $r $r; done";
const NEW: &str = "
echo of=2.0 >/root/files/app/etc/app.conf
package one app 2.0 'Depends: library (>= 1)' 'Conflicts: former' 'Replaces: former'
package one stays 2.0; package two library 1.5; package two backwards 1.0
for r in one two; do release $r; sign $r $r; done";

fn configure(host: &Host) -> Result<(), Error> {
    let line =
        |name| format!("deb [signed-by=/srv/keys/{name}.gpg] http://repo.example.org/{name} bookworm main\n");
    host.write(SOURCES, format!("{}{}", line("one"), line("two")))?;
    host.run("innkeeper updates refresh --yes").map(drop)
}

fn version(host: &Host, name: &str) -> Result<String, Error> {
    host.run(&format!(
        "dpkg-query --showformat='${{db:Status-Abbrev}}${{Version}}' --show {name} 2>/dev/null || true"
    ))
}

/// UPD-04, UPD-05: what the preview says is what the upgrade does, of two signed repositories; one package goes back to
/// its older version, and forward again by undo.
#[test]
fn an_upgrade_does_what_its_preview_says() -> Result<(), Error> {
    let host = host()?;
    serve(&host)?;
    make(&host, OLD)?;
    configure(&host)?;
    host.run("apt-get install -y -q app former stays backwards && echo of=me >/etc/app.conf")?;
    make(&host, NEW)?;
    host.run(
        "printf 'Package: backwards\\nPin: version 1.0\\nPin-Priority: 1001\\n' >/etc/apt/preferences.d/back",
    )?;
    host.run("innkeeper updates refresh --yes && innkeeper updates hold stays --yes")?;

    let preview = json(&host.run("innkeeper updates preview --output-format json")?);
    let action = |name: &str| {
        let one = preview["changes"].as_array().unwrap().iter().find(|one| one["Package"] == name);
        one.map(|one| one["Action"].as_str().unwrap().to_owned())
    };
    assert_eq!(names(&preview["changes"]), ["app", "backwards", "library"].map(str::to_owned).into());
    assert_eq!(
        [action("app"), action("library"), action("backwards")].map(Option::unwrap),
        ["upgrade", "install", "downgrade"]
    );
    assert_eq!(names(&preview["removals"]), ["former".to_owned()].into());
    assert_eq!(preview["kept"][0]["Action"], "held", "{preview}");
    assert_eq!(preview["configuration"][0], "/etc/app.conf", "{preview}");

    let before = host.run("dpkg-query --show | sort")?;
    host.run("innkeeper updates apply --yes --accept $(innkeeper updates apply --plan --output-format json | python3 -c '
import json, sys; print(\",\".join(one[\"id\"] for one in json.load(sys.stdin)[\"hazards\"]))')")?;
    let after = host.run("dpkg-query --show | sort")?;
    let lines = |text: &str| text.lines().map(|line| line.replace('\t', " ")).collect::<BTreeSet<_>>();
    let gone: BTreeSet<_> = lines(&before).difference(&lines(&after)).cloned().collect();
    let come: BTreeSet<_> = lines(&after).difference(&lines(&before)).cloned().collect();
    assert_eq!(gone, ["app 1.0", "backwards 2.0", "former 1.0"].map(str::to_owned).into());
    assert_eq!(come, ["app 2.0", "backwards 1.0", "library 1.5"].map(str::to_owned).into());
    assert_eq!(host.run("cat /etc/app.conf; cat /etc/app.conf.dpkg-dist")?, "of=me\nof=2.0");
    let log = host.run("innkeeper task log $(innkeeper task list --output-format json | python3 -c '
import json, sys; print(next(one[\"upid\"] for one in json.load(sys.stdin) if one[\"type\"] == \"aptupgrade\"))')")?;
    assert!(log.contains("/etc/app.conf"), "{log}");
    let last = "innkeeper history list --output-format json | python3 -c '
import json, sys; print(max(one[\"id\"] for one in json.load(sys.stdin)))'";
    let journal = host.run(&format!("innkeeper history show $({last}) --output-format json"))?;
    for words in ["app 1.0 -> 2.0", "library 1.5", "backwards 2.0 -> 1.0"] {
        assert!(journal.contains(words), "{words}: {journal}");
    }

    host.run("innkeeper updates install app=1.0 --yes")?;
    assert_eq!(version(&host, "app")?, "ii 1.0");
    host.run(&format!("innkeeper undo $({last}) --yes"))?;
    assert_eq!(version(&host, "app")?, "ii 2.0");
    assert_eq!(version(&host, "stays")?, "hi 1.0");
    host.run("innkeeper updates unhold stays --yes && innkeeper updates apply --yes")?;
    assert_eq!(version(&host, "stays")?, "ii 2.0");
    Ok(())
}

/// A package whose configuration takes so many seconds.
fn slow(version: &str, seconds: u32) -> String {
    format!(
        "mkdir -p /root/files/slow/DEBIAN
         printf '#!/bin/sh\\nsleep {seconds}\\n' >/root/files/slow/DEBIAN/postinst; chmod 755 /root/files/slow/DEBIAN/postinst
         package one slow {version}; release one; sign one one"
    )
}

/// The daemon is asked for an upgrade, and dpkg is in the midst of it.
fn upgrading(host: &Host, seconds: u32) -> Result<(), Error> {
    serve(host)?;
    let token = daemon(host)?;
    make(host, &format!("key one\n{}", slow("1.0", 0)))?;
    host.write(SOURCES, "deb [signed-by=/srv/keys/one.gpg] http://repo.example.org/one bookworm main\n")?;
    host.run("innkeeper updates refresh --yes && apt-get install -y -q slow")?;
    make(host, &slow("2.0", seconds))?;
    host.run("innkeeper updates refresh --yes")?;
    let url = "http://localhost/api2/json/nodes/localhost/apt/upgrade";
    let curl = "curl -s -m 200 --unix-socket /run/innkeeper/daemon.sock -X POST";
    let answer = host.run(&format!("{curl} -H 'Authorization: {token}' {url}"))?;
    assert!(answer.contains(":aptupgrade:"), "{answer}");
    host.wait_until("dpkg to configure the package", SOON, || {
        Ok(host.output("pgrep -f '[s]low.postinst'")?.success())
    })
}

/// UPD-04
#[test]
fn an_upgrade_goes_on_without_those_who_asked_for_it() -> Result<(), Error> {
    let host = host()?;
    upgrading(&host, 30)?;
    assert_eq!(host.run("systemctl is-active innkeeper-packages")?, "active");
    host.run("systemctl restart innkeeper-daemon; pkill -9 -f '[i]nnkeeper worker|[e]xe worker'; true")?;
    host.wait_until("the package to be installed", SOON, || Ok(version(&host, "slow")? == "ii 2.0"))
}

/// UPD-04: after a power cut the health checks say what is half done, an upgrade is refused with the way out, and that way leads out.
#[test]
fn a_power_cut_in_the_midst_of_an_upgrade_is_found_and_repaired() -> Result<(), Error> {
    let host = host()?;
    upgrading(&host, 40)?;
    host.run("sync")?;
    host.cut_power()?;
    host.boot()?;
    assert_ne!(version(&host, "slow")?, "ii 2.0");
    let refused = host.output("innkeeper updates apply --yes")?;
    assert!(refused.stderr.contains("'innkeeper updates repair' finishes it"), "{}", refused.stderr);
    let found = findings(&host, "updates.half-done")?;
    assert_eq!(found.len(), 1);
    host.run("innkeeper updates repair --yes")?;
    assert_eq!(version(&host, "slow")?, "ii 2.0");
    assert!(findings(&host, "updates.half-done")?.is_empty());
    Ok(())
}

/// UPD-01, UPD-02: a real mail system delivers one mail for what is new, none on the next day, and another for the next version.
#[test]
fn the_daily_job_tells_once_by_mail() -> Result<(), Error> {
    let host = host()?;
    serve(&host)?;
    make(&host, "key one; package one app 1.0; release one; sign one one")?;
    host.write(SOURCES, "deb [signed-by=/srv/keys/one.gpg] http://repo.example.org/one bookworm main\n")?;
    host.run("innkeeper updates refresh --yes && apt-get install -y -q app && systemctl start postfix")?;
    let mails = || host.run("grep -c '^From ' /var/mail/root 2>/dev/null || true");
    let quiet =
        || host.wait_until("an empty mail queue", SOON, || Ok(host.run("mailq")?.contains("is empty")));
    host.run("pveupdate")?;
    quiet()?;
    assert!(["", "0"].contains(&mails()?.as_str()), "{}", mails()?);

    make(&host, "package one app 2.0; release one; sign one one")?;
    host.run("pveupdate")?;
    host.wait_until("the mail", SOON, || Ok(mails()? == "1"))?;
    let mail = host.run("cat /var/mail/root")?;
    for words in ["Subject: ", "text/plain", "text/html", "app", "2.0"] {
        assert!(mail.contains(words), "{words}: {mail}");
    }
    host.jump_clock(86_400)?;
    host.run("pveupdate")?;
    quiet()?;
    assert_eq!(mails()?, "1");

    make(&host, "package one app 3.0; release one; sign one one")?;
    host.run("pveupdate")?;
    host.wait_until("the second mail", SOON, || Ok(mails()? == "2"))
}

/// UPD-03: a changelog comes from where the repository says; one that does not come is given up after ten seconds.
#[test]
fn a_changelog_is_fetched_and_not_waited_for_for_long() -> Result<(), Error> {
    let host = host()?;
    serve(&host)?;
    make(
        &host,
        "key one; package one app 1.0
         release one 'Changelogs: http://repo.example.org/changelogs/@CHANGEPATH@_changelog'; sign one one
         mkdir -p /srv/www/changelogs/main/a/app
         printf 'app (1.0) bookworm; urgency=medium\\n\\n  * Everything is new.\\n' >/srv/www/changelogs/main/a/app/app_1.0_changelog",
    )?;
    host.write(SOURCES, "deb [signed-by=/srv/keys/one.gpg] http://repo.example.org/one bookworm main\n")?;
    host.run("innkeeper updates refresh --yes")?;
    let said = host.run("innkeeper updates changelog app")?;
    assert!(said.contains("* Everything is new."), "{said}");
    host.run("systemctl kill --signal=STOP www")?;
    let late = host.output("innkeeper updates changelog app")?;
    assert!(late.stderr.contains("did not come within 10 s"), "{}{}", late.stdout, late.stderr);
    Ok(())
}
