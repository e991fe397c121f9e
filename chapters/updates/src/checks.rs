//! Health checks: whether updates come in, and whether what was installed is in effect.

use std::collections::BTreeMap;

use camino::Utf8Path;
use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_host::Host;

use crate::inspect::{at_work, installed};
use crate::notify::{self, SENDMAIL};
use crate::preview::is_interrupted;
use crate::standing::{PARTIAL, last_refresh, not_installed};
use crate::webhook::{self, WEBHOOKS};
use crate::{cache, reboot};

/// Three daily refreshes were missed.
const OLD: i64 = 3 * 24 * 60 * 60;

/// Looks at a host and says what is wrong.
///
/// # Errors
/// When dpkg's list cannot be read.
pub fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let mut findings = Vec::new();
    findings.extend(half_done(host)?);
    findings.extend(old_lists(host));
    findings.extend(security(host));
    if host.root().is_none() {
        let reasons = reboot::now(host, &[]);
        findings.extend(reasons.into_iter().map(|reason| {
            new(
                "updates.reboot-needed",
                Level::Warning,
                "A reboot is needed for what was installed to take effect.",
            )
            .seen(reason.message)
            .advised("Move or stop the guests, then reboot.")
        }));
    }
    findings.extend(mail(host));
    Ok(findings)
}

fn new(id: &str, level: Level, message: impl Into<String>) -> Draft {
    Draft(Finding {
        id: id.to_owned(),
        level,
        message: message.into(),
        evidence: String::new(),
        advice: String::new(),
        fixes: Vec::new(),
    })
}

/// A finding to which its evidence and advice are still to be added.
struct Draft(Finding);

impl Draft {
    fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.0.evidence = evidence.into();
        self
    }

    fn advised(mut self, advice: &str) -> Finding {
        self.0.advice = advice.to_owned();
        self.0
    }
}

fn fix(host: &dyn Host, label: &str, path: &str) -> Fix {
    Fix {
        label: label.to_owned(),
        verb: "POST".to_owned(),
        path: format!("/nodes/{}/apt/{path}", host.node_name()),
        params: BTreeMap::new(),
    }
}

fn half_done(host: &dyn Host) -> Result<Option<Finding>, Problem> {
    let installed = installed(host)?;
    let broken: Vec<String> = installed
        .iter()
        .filter(|one| one.is_broken())
        .map(|one| format!("{} ({})", one.package, one.state))
        .collect();
    // what is being changed at this moment is half done for good reason
    if (broken.is_empty() && !is_interrupted(host)) || at_work(host).is_some() {
        return Ok(None);
    }
    let mut finding = new(
        "updates.half-done",
        Level::Critical,
        "A change of packages was interrupted: some are only half installed.",
    )
    .seen(if broken.is_empty() { "dpkg's journal is not empty".to_owned() } else { broken.join(", ") })
    .advised("Finish it before anything else is installed.");
    finding.fixes.push(fix(host, "Finish the interrupted change", "repair"));
    Ok(Some(finding))
}

/// UPD-07: the lists are old. Where nothing was ever fetched, the repositories' own check says so.
fn old_lists(host: &dyn Host) -> Option<Finding> {
    let last = last_refresh(host)?;
    let age = host.now().saturating_sub(last);
    if age <= OLD {
        return None;
    }
    let mut finding = new(
        "updates.lists-old",
        Level::Warning,
        format!("The package lists were not refreshed for {} days: new updates are not seen.", age / 86_400),
    )
    .seen(format!("{PARTIAL}: last used {age} s ago"))
    .advised(
        "Refresh them, and look at why the daily job does not (systemctl status innkeeper-update.timer).",
    );
    finding.fixes.push(fix(host, "Refresh the package lists", "update"));
    Some(finding)
}

/// UPD-07: pending updates from a repository of security fixes. The list is the one that is kept; a check works nothing out.
fn security(host: &dyn Host) -> Option<Finding> {
    let updates = cache::read(host)?;
    let installed = installed(host).ok()?;
    let open = not_installed(&updates, &installed).into_iter().filter(|update| update.security);
    let open: Vec<_> = open.map(|update| update.package.as_str()).collect();
    if open.is_empty() {
        return None;
    }
    let count = open.len();
    let mut finding = new(
        "updates.security",
        Level::Warning,
        format!("{count} security update{} not installed.", if count == 1 { " is" } else { "s are" }),
    )
    .seen(open.join(", "))
    .advised("Look at the preview, then install them.");
    finding.fixes.push(fix(host, "Install all updates", "upgrade"));
    Some(finding)
}

/// UPD-02: a webhook that cannot be told, or whose secrets everybody can read.
fn webhook_file(host: &dyn Host, wrong: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !wrong.is_empty() {
        findings.push(
            new(
                "updates.webhook-invalid",
                Level::Warning,
                "A webhook is configured wrongly: it is told nothing.",
            )
            .seen(format!("{WEBHOOKS}: {}", wrong.join("; ")))
            .advised("Correct the file; the guide's page about updates says what it may hold."),
        );
    }
    let mode = host.metadata(Utf8Path::new(WEBHOOKS)).ok().flatten().map_or(0, |found| found.mode & 0o077);
    if mode != 0 {
        findings.push(
            new(
                "updates.webhook-readable",
                Level::Warning,
                "The addresses and tokens of webhooks can be read by others than root.",
            )
            .seen(format!("{WEBHOOKS}: others have the permissions {mode:03o}"))
            .advised("chmod 600 it, and have the tokens replaced if others were logged in."),
        );
    }
    findings
}

/// UPD-02: mail about updates would reach nobody.
fn mail(host: &dyn Host) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (hooks, wrong) = webhook::webhooks(host);
    findings.extend(webhook_file(host, &wrong));
    if !hooks.is_empty() && !notify::has_mail_system(host) {
        return findings;
    }
    if !notify::has_mail_system(host) {
        findings.push(
            new(
                "updates.no-mail-system",
                Level::Warning,
                "No mail system is installed: nobody is told about updates.",
            )
            .seen(format!("{SENDMAIL}: no such file"))
            .advised("Install one, postfix for example, and let it send through your mail server."),
        );
    } else if notify::address(host).is_none() {
        findings.push(
            new(
                "updates.no-address",
                Level::Advice,
                "No mail address is known for root@pam: mail about updates goes to the local user root.",
            )
            .seen("/etc/pve/user.cfg: no address for root@pam")
            .advised("Set one: innkeeper access user modify root@pam --email ADDRESS."),
        );
    }
    findings
}
