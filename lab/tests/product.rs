//! The program itself on a real host: installed, serving under systemd, changing files, surviving a reboot.

#![allow(clippy::unwrap_used, reason = "a test")]

use innkeeper_lab::{Error, Host, Lab};
use std::time::Duration;

const UNIT: &str = "[Unit]
Description=Innkeeper
After=network.target
[Service]
ExecStart=/usr/bin/innkeeper serve --listen 127.0.0.1:8006
Restart=on-failure
[Install]
WantedBy=multi-user.target
";

const SOURCES: &str = "# the mirror next door\n\
deb http://192.0.2.1/debian bookworm main contrib\n\
deb http://192.0.2.1/debian bookworm-updates main # point releases\n";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Calls the API from inside the host, with a token.
fn api(host: &Host, token: &str, verb: &str, path: &str, form: &str) -> Result<String, Error> {
    let data = if form.is_empty() { String::new() } else { format!("--data '{form}'") };
    host.run(&format!(
        "curl --silent --show-error --fail-with-body --insecure --max-time 60 --request {verb} {data} \
         --header 'Authorization: PVEAPIToken={token}' https://127.0.0.1:8006/api2/json{path}"
    ))
}

/// Lab: the program serves under systemd; repositories are toggled through its API and undone; after a reboot the history is
/// intact and the file is what it was, byte for byte.
#[test]
fn a_repository_is_toggled_through_the_api_undone_and_remembered_over_a_reboot() -> Result<(), Error> {
    let host = Lab::host().name("pve1").start()?;
    host.install_product()?;
    host.run("rm -f /etc/apt/sources.list.d/*")?;
    host.write("/etc/apt/sources.list", SOURCES)?;
    host.write("/etc/systemd/system/innkeeper.service", UNIT)?;
    host.run("systemctl enable --now innkeeper.service")?;
    host.wait_until("the service", Duration::from_secs(60), || {
        Ok(host.output("curl --silent --insecure --max-time 5 https://127.0.0.1:8006/")?.success())
    })?;

    let made = json(&host.run("innkeeper token add root@pam lab --privsep 0 --yes --output-format json")?);
    let token = format!("root@pam!lab={}", made["data"]["value"].as_str().unwrap());
    let repositories = "/nodes/pve1/apt/repositories";
    assert!(api(&host, &token, "GET", repositories, "")?.contains("192.0.2.1"));
    let form = "path=/etc/apt/sources.list&index=1&enabled=0";
    let answer = api(&host, &token, "POST", repositories, form)?;
    let changed = host.read("/etc/apt/sources.list")?;
    assert_ne!(String::from_utf8_lossy(&changed), SOURCES, "{answer}");
    assert!(
        String::from_utf8_lossy(&changed).contains("# deb http://192.0.2.1/debian bookworm-updates"),
        "{answer}"
    );

    let number = json(&answer)["change"].as_i64().unwrap();
    api(&host, &token, "POST", &format!("/nodes/pve1/history/{number}/undo"), "")?;
    assert_eq!(String::from_utf8_lossy(&host.read("/etc/apt/sources.list")?), SOURCES);

    host.reboot()?;
    host.run("systemctl is-active innkeeper.service")?;
    let verdict = host.run("innkeeper history verify")?;
    assert!(verdict.starts_with("The history is whole: 3 changes"), "{verdict}");
    assert_eq!(String::from_utf8_lossy(&host.read("/etc/apt/sources.list")?), SOURCES);
    assert!(api(&host, &token, "GET", repositories, "")?.contains("192.0.2.1"), "the token is still good");
    Ok(())
}
