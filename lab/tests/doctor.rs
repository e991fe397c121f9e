//! What can go wrong when package lists are fetched, made to go wrong: each error is told with its cause, and what the finding
//! offers cures it. Where the cure is outside this program, the test does what the advice says.

#![allow(clippy::unwrap_used, reason = "a test")]

mod repositories;

use std::collections::BTreeMap;
use std::time::Duration;

use innkeeper_lab::{Error, Host, Lab};
use serde_json::Value;

use repositories::{SOURCES, findings, make, serve};

/// A way in which it goes wrong.
struct Trouble {
    /// What makes it go wrong, in a shell that has the tools to make repositories.
    harm: &'static str,
    /// What the finding says.
    message: &'static str,
    /// What APT says, in the finding's evidence.
    evidence: &'static str,
    /// What is done outside this program, as the advice says.
    by_hand: &'static str,
    /// The path of the method that the finding offers.
    offered: Option<&'static str>,
}

/// A repository that is well.
const WELL: &str = "deb [signed-by=/srv/keys/repo.gpg] http://repo.example.org/main bookworm main\n";

/// Nobody else's clock is in reach: the service takes the time from the machine's own, which runs on.
const PREPARE: &str = "
sed -i 's/^DAEMON_OPTS=.*/DAEMON_OPTS=\"-F 1 -s\"/' /etc/default/chrony; echo rtconutc >>/etc/chrony/chrony.conf
key repo; key other
gpg --batch --quiet --passphrase '' --faked-system-time 20240101T000000 --quick-generate-key 'old <old@example.org>' ed25519 sign 1y
gpg --export old@example.org >/srv/keys/old.gpg
package main hello-lab 1.0";

const REPOSITORIES: &str = "/nodes/pve1/apt/repositories";
const REFRESH: &str = "/nodes/pve1/apt/update";

const OF_REPOSITORIES: [Trouble; 7] = [
    Trouble {
        harm: "sed -i 's/ bookworm / buster /' /etc/apt/sources.list",
        message: "no such suite on the server",
        evidence: "http://repo.example.org/main",
        by_hand: "true",
        offered: Some(REPOSITORIES),
    },
    Trouble {
        harm: "sed -i 's/repo.gpg/other.gpg/' /etc/apt/sources.list",
        message: "the key that signs it is not installed",
        evidence: "NO_PUBKEY",
        by_hand: "sed -i 's/other.gpg/repo.gpg/' /etc/apt/sources.list",
        offered: None,
    },
    Trouble {
        harm: "sed -i 's/repo.gpg/old.gpg/' /etc/apt/sources.list; sign main old --faked-system-time 20240601T000000",
        message: "the key that signs it has expired",
        evidence: "EXPKEYSIG",
        by_hand: "sed -i 's/old.gpg/repo.gpg/' /etc/apt/sources.list; sign main repo",
        offered: None,
    },
    Trouble {
        harm: "rm /srv/www/main/dists/bookworm/InRelease",
        message: "that nobody signed",
        evidence: "is not signed",
        by_hand: "true",
        offered: Some(REPOSITORIES),
    },
    Trouble {
        harm: "release main \"Valid-Until: $(date -Ru -d '1 day ago')\"; sign main repo",
        message: "a repository whose release has expired",
        evidence: "is expired (invalid since",
        by_hand: "true",
        offered: Some(REPOSITORIES),
    },
    Trouble {
        harm: "sed -i 's/^Version: 1.0/Version: 6.6/' /srv/www/main/dists/bookworm/main/binary-amd64/Packages",
        message: "not the one that was signed",
        evidence: "http://repo.example.org/main",
        by_hand: "release main; sign main repo",
        offered: Some(REFRESH),
    },
    Trouble {
        harm: "apt-get -qq update; release main 'Label: Another'; sign main repo",
        message: "calls itself something else now",
        evidence: "'Label'",
        by_hand: "true",
        offered: Some(REFRESH),
    },
];

const OF_THE_HOST: [Trouble; 6] = [
    Trouble {
        harm: "date -s '3 days ago' >/dev/null",
        message: "the clock of this host is behind",
        evidence: "is not valid yet",
        by_hand: "true",
        offered: Some("/nodes/pve1/services/chrony/restart"),
    },
    Trouble {
        harm: "sed -i 's/repo.example.org/nowhere.example.org/' /etc/apt/sources.list",
        message: "names are not resolved",
        evidence: "nowhere.example.org",
        by_hand: "sed -i 's/nowhere.example.org/repo.example.org/' /etc/apt/sources.list",
        offered: None,
    },
    Trouble {
        harm: "systemctl stop www",
        message: "could not reach a repository",
        evidence: "repo.example.org",
        by_hand: "systemd-run --quiet --unit=www python3 /root/server.py
                  until curl --silent --fail http://repo.example.org/main/; do sleep 1; done",
        offered: None,
    },
    Trouble {
        harm: "echo 'http_proxy: http://127.0.0.1:9' >/etc/pve/datacenter.cfg",
        message: "did not get through the proxy",
        evidence: "127.0.0.1",
        by_hand: "rm /etc/pve/datacenter.cfg",
        offered: None,
    },
    Trouble {
        harm: "sed -i 's|http://|https://|' /etc/apt/sources.list",
        message: "did not trust the certificate",
        evidence: "Certificate verification failed",
        by_hand: "sed -i 's|https://|http://|' /etc/apt/sources.list",
        offered: None,
    },
    Trouble {
        harm: "mount -t tmpfs -o size=4k tmpfs /var/lib/apt/lists",
        message: "no space left on the disk",
        evidence: "No space left on device",
        by_hand: "umount /var/lib/apt/lists",
        offered: Some("/nodes/pve1/apt/clean"),
    },
];

fn refresh_failures(host: &Host) -> Result<Vec<Value>, Error> {
    findings(host, "apt.refresh-failed")
}

/// Calls what the finding offers, as a client would.
fn call(host: &Host, fix: &Value) -> Result<String, Error> {
    let verb = match fix["verb"].as_str().unwrap() {
        "POST" => "create",
        "PUT" => "set",
        other => panic!("{other}"),
    };
    let params: BTreeMap<String, String> = serde_json::from_value(fix["params"].clone()).unwrap();
    let mut line = format!("innkeeper api {verb} {}", fix["path"].as_str().unwrap());
    for (name, value) in params {
        line += &format!(" --{name} '{value}'");
    }
    host.run(&line)
}

fn prepare() -> Result<Host, Error> {
    let host = Lab::host().name("pve1").start()?;
    host.install_product()?;
    host.run("mkdir -p /etc/pve")?;
    serve(&host)?;
    host.write(SOURCES, WELL)?;
    make(&host, &format!("{PREPARE}; release main; sign main repo"))?;
    Ok(host)
}

fn explained_and_cured(host: &Host, trouble: &Trouble) -> Result<(), Error> {
    let Trouble { harm, message, evidence, by_hand, offered } = trouble;
    host.write(SOURCES, WELL)?;
    make(host, "rm -rf /var/lib/apt/lists/*; release main; sign main repo")?;
    make(host, harm)?;
    let refresh = host.output("innkeeper updates refresh --yes")?;
    // what APT only warns of is a warning of the task
    let told = format!("{}{}", refresh.stdout, refresh.stderr);
    assert!(told.contains(message), "{harm}: {told}");
    let found = refresh_failures(host)?;
    let [finding] = &found[..] else { panic!("{harm}: {found:?}\n{}", refresh.stdout) };
    let said = |name: &str| finding[name].as_str().unwrap();
    assert!(said("message").contains(message), "{harm}: {finding}\n{}", refresh.stdout);
    assert!(said("evidence").contains(evidence), "{harm}: {finding}");
    let fixes = finding["fixes"].as_array().unwrap();
    make(host, by_hand)?;
    match offered {
        Some(path) => {
            assert!(fixes[0]["path"].as_str().unwrap().starts_with(path), "{harm}: {finding}");
            call(host, &fixes[0])?;
        }
        None => assert!(fixes.is_empty(), "{harm}: {finding}"),
    }
    host.run("innkeeper updates refresh --yes")?;
    assert!(refresh_failures(host)?.is_empty(), "{harm}: it is not cured");
    Ok(())
}

/// UPD-05, APT-08: apart from a missing subscription and a fetched key, for which see apt.rs.
#[test]
fn what_a_repository_does_wrong_is_explained_and_cured_as_the_finding_says() -> Result<(), Error> {
    let host = prepare()?;
    OF_REPOSITORIES.iter().try_for_each(|trouble| explained_and_cured(&host, trouble))
}

/// UPD-05, APT-08: clock, names, network, proxy, certificate, disk.
#[test]
fn what_this_host_does_wrong_is_explained_and_cured_as_the_finding_says() -> Result<(), Error> {
    let host = prepare()?;
    OF_THE_HOST.iter().try_for_each(|trouble| explained_and_cured(&host, trouble))?;
    host.run("innkeeper history verify").map(drop)
}

/// UPD-05: whoever uses the package lists is named and waited for.
#[test]
fn a_refresh_waits_for_the_program_that_holds_the_lock_and_names_it() -> Result<(), Error> {
    let host = prepare()?;
    const HOLD: &str = "import fcntl, time
f = open('/var/lib/apt/lists/lock', 'w')
fcntl.lockf(f, fcntl.LOCK_EX)
time.sleep(3600)";
    const SOON: Duration = Duration::from_secs(120);
    host.write("/root/hold.py", HOLD)?;
    host.run("systemd-run --quiet --unit=holder python3 /root/hold.py")?;
    host.wait_until("the lock", SOON, || {
        Ok(host.output("lslocks --noheadings --output PATH | grep -q lists/lock")?.success())
    })?;
    host.run("systemd-run --quiet --unit=refresh --remain-after-exit innkeeper updates refresh --yes")?;
    let said = || host.run("journalctl --unit=refresh --output=cat");
    host.wait_until("the refresh to wait", SOON, || {
        Ok(said()?
            .lines()
            .any(|line| line.contains("wait for the end of process") && line.contains("python3")))
    })?;
    host.run("systemctl stop holder")?;
    host.wait_until("the refresh to end", SOON, || {
        Ok(host.run("systemctl show --property=SubState refresh")? == "SubState=exited")
    })?;
    assert!(refresh_failures(&host)?.is_empty(), "{}", said()?);
    assert!(host.run("apt-cache policy hello-lab")?.contains("Candidate: 1.0"), "{}", said()?);
    Ok(())
}
