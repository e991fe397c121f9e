//! Package repositories on a real host: APT itself, a web server that speaks HTTP and HTTPS, repositories made to be refused.

#![allow(clippy::unwrap_used, reason = "a test")]

mod repositories;

use innkeeper_lab::{Error, Host, Lab};

use repositories::{SOURCES, findings, json, make, serve};

const KEY: &str = "/etc/apt/trusted.gpg.d/proxmox-release-bookworm.gpg";
/// What is published as the checksum of the product's key; the key itself is not ours to hand out.
const PUBLISHED: &str = "7da6fe34168adc6e479327ba517796d4702fa2f8b4f0a9833f5ea6e6b48f6507a6da403a274fe201595edc86a84463d50383d07f64bdde2e3658108db7d6dc87";

/// A key, and repositories with a package: one that nobody signed and one with a signature.
const MAKE: &str = "key repo
for one in unsigned signed; do package $one hello-lab 1.0; release $one; done
sign signed repo";

fn host() -> Result<Host, Error> {
    let host = Lab::host().name("pve1").start()?;
    host.install_product()?;
    serve(&host)?;
    make(&host, MAKE)?;
    Ok(host)
}

/// Refreshes the package lists, which must go wrong, and answers what the health check finds about that.
fn refused(host: &Host, sources: &str) -> Result<(String, String), Error> {
    host.write(SOURCES, sources)?;
    let refresh = host.output("innkeeper apt update --yes")?;
    assert!(!refresh.success(), "{sources}: {}", refresh.stdout);
    let findings = findings(host, "apt.refresh-failed")?;
    let [finding] = &findings[..] else { panic!("{sources}: {findings:?}\n{}", refresh.stdout) };
    let said = |name: &str| finding[name].as_str().unwrap().to_owned();
    // whoever watched has seen APT's own words
    let reason = said("evidence");
    let reason = reason.split_once(": ").unwrap().1.to_owned();
    assert!(
        format!("{}{}", refresh.stdout, refresh.stderr).contains(&reason),
        "{reason}: {}",
        refresh.stdout
    );
    assert_eq!(candidate(host)?, "(none)");
    Ok((said("evidence"), said("advice")))
}

/// The version of the repository's package that APT would install.
fn candidate(host: &Host) -> Result<String, Error> {
    let found = host.run("apt-cache policy hello-lab | sed -n 's/^  Candidate: //p'")?;
    Ok(if found.is_empty() { "(none)".to_owned() } else { found })
}

fn refresh(host: &Host, command: &str) -> Result<(), Error> {
    host.run("rm -rf /var/lib/apt/lists/*")?;
    let upid = host.run(command)?;
    let upid = upid.split_whitespace().find(|word| word.starts_with("UPID:")).unwrap();
    let said = host.run(&format!("innkeeper task log {upid}"))?;
    assert!(said.contains("starting apt-get update") && said.contains("InRelease"), "{said}");
    assert!(findings(host, "apt.refresh-failed")?.is_empty());
    assert_eq!(candidate(host)?, "1.0");
    Ok(())
}

/// APT-02, APT-08, APT-13, APT-32: what APT refuses is told with address, reason and a way out; what it trusts is fetched.
#[test]
fn a_refresh_trusts_what_is_signed_and_explains_what_it_refuses() -> Result<(), Error> {
    let host = host()?;
    let (evidence, advice) = refused(&host, "deb http://repo.example.org/unsigned bookworm main\n")?;
    assert_eq!(evidence, "http://repo.example.org/unsigned: is not signed.");
    assert!(advice.contains("Do not switch the check of signatures off"), "{advice}");

    let (evidence, advice) = refused(&host, "deb http://repo.example.org/signed bookworm main\n")?;
    assert!(evidence.contains("the public key is not available: NO_PUBKEY"), "{evidence}");
    assert!(advice.contains("key file"), "{advice}");

    let enterprise = "deb https://enterprise.proxmox.com/debian/pve bookworm pve-enterprise\n";
    let (evidence, advice) = refused(&host, enterprise)?;
    assert!(
        evidence.starts_with("https://enterprise.proxmox.com/debian/pve: 401  Unauthorized"),
        "{evidence}"
    );
    assert!(advice.contains("subscription key") && advice.contains("no-subscription"), "{advice}");
    let line = host.run("innkeeper apt list")?;
    assert!(line.contains("no-sub"), "{line}");

    // the way out, as it is typed; then the key with the checksum of whoever publishes it
    host.run(&format!("innkeeper apt disable {SOURCES} 0 --yes && innkeeper apt add no-subscription --yes"))?;
    let text = host.run(&format!("cat {SOURCES}"))?;
    assert_eq!(
        text,
        format!("# {enterprise}\ndeb http://download.proxmox.com/debian/pve bookworm pve-no-subscription")
    );
    host.write(
        SOURCES,
        "deb [signed-by=/etc/apt/keyrings/repo.gpg] http://repo.example.org/signed bookworm main\n",
    )?;
    let install = "mkdir -p /etc/apt/keyrings; innkeeper apt install-key /etc/apt/keyrings/repo.gpg /srv/keys/repo.gpg --yes";
    let wrong = host.output(&format!("{install} --sha512 {PUBLISHED}"))?;
    assert!(!wrong.success() && wrong.stderr.contains("Nothing was installed"), "{}", wrong.stderr);
    assert!(!host.output("test -e /etc/apt/keyrings/repo.gpg")?.success());
    host.run(&format!("{install} --sha512 $(sha512sum /srv/keys/repo.gpg | cut -d' ' -f1)"))?;
    refresh(&host, "innkeeper apt update --yes")?;
    let tasks = json(&host.run("innkeeper task list --output-format json")?);
    let refreshed: Vec<_> =
        tasks.as_array().unwrap().iter().filter(|task| task["type"] == "aptupdate").collect();
    assert_eq!(refreshed.len(), 4);
    assert_eq!(refreshed.iter().filter(|task| task["status"] == "OK").count(), 1, "{tasks}");
    Ok(())
}

/// APT-33, APT-34: the product's key comes from its server, over TLS, by APT's own downloader; another file than the published
/// one is refused, and what was there before stays. The product's own key is not ours to hand out, so in the end the
/// program is given another published checksum, that of the lab's key.
#[test]
fn the_release_key_is_fetched_from_its_server_only_with_the_published_checksum() -> Result<(), Error> {
    let host = host()?;
    host.write(SOURCES, "deb http://repo.example.org/signed bookworm main\n")?;
    let published = "/srv/www/debian/proxmox-release-bookworm.gpg";
    let missing = host.output("innkeeper apt fetch-key --yes")?;
    assert!(!missing.success() && missing.stdout.contains("404"), "{}{}", missing.stdout, missing.stderr);

    host.run(&format!("cp /srv/keys/repo.gpg {published}"))?;
    let wrong = host.output("innkeeper apt fetch-key --yes")?;
    assert!(!wrong.success(), "{}", wrong.stdout);
    assert!(wrong.stdout.contains("Hash Sum mismatch"), "{}{}", wrong.stdout, wrong.stderr);
    let lies_about = || host.run("ls -A /etc/apt /etc/apt/trusted.gpg.d | grep proxmox || true");
    assert_eq!(lies_about()?, "");

    // an older file stays when the download is refused
    host.run(&format!("head -c 100 /srv/keys/repo.gpg >{KEY}"))?;
    assert!(!host.output("innkeeper apt fetch-key --yes")?.success());
    assert_eq!(host.run(&format!("stat -c %s {KEY}"))?, "100");
    assert_eq!(lies_about()?, "proxmox-release-bookworm.gpg");
    assert!(host.run("innkeeper checks || true")?.contains(KEY));

    host.run(&format!(
        "LC_ALL=C sed -i \"s/{PUBLISHED}/$(sha512sum /srv/keys/repo.gpg | cut -d' ' -f1)/g\" /usr/bin/innkeeper"
    ))?;
    let fetched = host.run("innkeeper apt fetch-key --yes")?;
    assert!(
        fetched.contains("https://enterprise.proxmox.com/debian/proxmox-release-bookworm.gpg"),
        "{fetched}"
    );
    host.run(&format!("cmp {KEY} /srv/keys/repo.gpg"))?;
    assert_eq!(host.run(&format!("stat -c '%U %a' {KEY}"))?, "root 644");
    assert_eq!(lies_about()?, "proxmox-release-bookworm.gpg");
    assert!(host.run("innkeeper apt fetch-key --yes")?.contains("nothing to do"));
    refresh(&host, "pvesh create /nodes/localhost/apt/update 2>&1")?;
    host.run("innkeeper history verify").map(drop)
}
