//! Telling the administrator which updates there are: by mail, and by webhooks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use camino::Utf8Path;
use innkeeper_access::{UserDb, UserId};
use innkeeper_change::Problem;
use innkeeper_host::{Command, Host, HostError, Permissions, read_config};
use mail_builder::MessageBuilder;
use mail_builder::headers::date::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::cache;
use crate::model::Update;
use crate::webhook::{self, Post};

pub(crate) const SENDMAIL: &str = "/usr/sbin/sendmail";
const USERS: &str = "/etc/pve/user.cfg";
/// What webhooks were told about.
const NOTES: &str = "/var/lib/innkeeper/updates-told.json";
const OPTIONS: &str = "/etc/pve/datacenter.cfg";
/// Who gets mail when no address is known: the mail system knows what to do with root's mail.
const ROOT: &str = "root";

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told {
    /// Whom the mail went to; absent when there was nothing to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The webhooks that were told.
    pub webhooks: Vec<String>,
    /// The packages that were told about, each with its new version.
    pub packages: Vec<String>,
}

impl Told {
    fn add(&mut self, news: &[Update], who: impl FnOnce(&mut Self)) {
        who(self);
        for update in news {
            let package = format!("{} {}", update.package, update.version);
            if !self.packages.contains(&package) {
                self.packages.push(package);
            }
        }
    }
}

/// The address of root@pam, when one is known.
pub fn address(host: &dyn Host) -> Option<String> {
    let text = read_config(host, Utf8Path::new(USERS)).ok()??;
    let root: UserId = "root@pam".parse().ok()?;
    let email = UserDb::parse(&text).user(&root)?.email.trim().to_owned();
    is_address(&email).then_some(email)
}

/// Nothing that the mail program could take for an option or for two addresses.
fn is_address(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c);
    text.contains('@') && !text.starts_with('-') && text.chars().all(fine)
}

/// A value of the datacenter's options.
fn option(host: &dyn Host, name: &str) -> Option<String> {
    let text = read_config(host, Utf8Path::new(OPTIONS)).ok()??;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

/// Whether anybody wants to be told: `notify: package-updates=never` says no.
fn is_wanted(host: &dyn Host) -> bool {
    let notify = option(host, "notify").unwrap_or_default();
    !notify.split(',').any(|part| part.trim() == "package-updates=never")
}

/// Tells the administrator which updates there are that nobody was told about yet: by mail, and by every webhook.
///
/// # Errors
/// Who could not be told; they are told the next time. The others are told now, and only once.
pub fn notify(host: &dyn Host) -> Result<Told, Problem> {
    tell(host, &webhook::post)
}

/// As [`notify`], with another way to a webhook.
///
/// # Errors
/// As [`notify`].
pub fn tell(host: &dyn Host, post: &Post<'_>) -> Result<Told, Problem> {
    let mut told = Told::default();
    if !is_wanted(host) {
        return Ok(told);
    }
    let updates = cache::updates(host)?;
    let (hooks, wrong) = webhook::webhooks(host);
    let mut failed: Vec<String> =
        wrong.into_iter().map(|why| format!("{}: {why}", webhook::WEBHOOKS)).collect();
    // who has a webhook need not have a mail system
    if (hooks.is_empty() || has_mail_system(host))
        && let Err(problem) = by_mail(host, &updates, &mut told)
    {
        failed.push(problem.to_string());
    }
    let mut notes = Notes::read(host);
    for hook in &hooks {
        let news = notes.news(&hook.name, &updates);
        if news.is_empty() {
            continue;
        }
        let node = full_name(host);
        let message = webhook::message(&node, host.now(), &text(&news), &news).to_string();
        match post(host, hook, message.into_bytes()).and_then(|()| notes.told(host, &hook.name, &updates)) {
            Ok(()) => told.add(&news, |told| told.webhooks.push(hook.name.clone())),
            Err(problem) => failed.push(problem.to_string()),
        }
    }
    if failed.is_empty() { Ok(told) } else { Err(Problem::failed(failed.join("; "))) }
}

fn by_mail(host: &dyn Host, updates: &[Update], told: &mut Told) -> Result<(), Problem> {
    let is_new = |update: &&Update| update.notify_status.as_deref() != Some(update.version.as_str());
    let news: Vec<Update> = updates.iter().filter(is_new).cloned().collect();
    if news.is_empty() {
        return Ok(());
    }
    let to = address(host).unwrap_or_else(|| ROOT.to_owned());
    let from = option(host, "email_from").filter(|from| is_address(from)).unwrap_or_else(|| ROOT.to_owned());
    let mail = compose(&full_name(host), &from, &to, host.now(), &news)?;
    send(host, &from, &to, mail)?;
    let mut noted = updates.to_vec();
    for update in &mut noted {
        update.notify_status = Some(update.version.clone());
    }
    cache::write(host, &noted)
        .map_err(|error| Problem::failed(format!("the mail was sent, but that is not noted: {error}")))?;
    told.add(&news, |told| told.to = Some(to));
    Ok(())
}

/// Whether mail can be sent at all.
pub(crate) fn has_mail_system(host: &dyn Host) -> bool {
    matches!(host.metadata(Utf8Path::new(SENDMAIL)), Ok(Some(_)))
}

/// Which version of each package each webhook was told about: the list of updates notes it for the mail only.
#[derive(Default, Serialize, Deserialize)]
struct Notes(BTreeMap<String, BTreeMap<String, String>>);

impl Notes {
    /// What is noted; who damaged it is told once more.
    fn read(host: &dyn Host) -> Self {
        let text = read_config(host, Utf8Path::new(NOTES)).ok().flatten().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn news(&self, webhook: &str, updates: &[Update]) -> Vec<Update> {
        let noted = self.0.get(webhook);
        let is_new = |update: &&Update| {
            noted.and_then(|noted| noted.get(&key(update))).is_none_or(|version| *version != update.version)
        };
        updates.iter().filter(is_new).cloned().collect()
    }

    fn told(&mut self, host: &dyn Host, webhook: &str, updates: &[Update]) -> Result<(), Problem> {
        let versions = updates.iter().map(|update| (key(update), update.version.clone())).collect();
        self.0.insert(webhook.to_owned(), versions);
        let path = Utf8Path::new(NOTES);
        let failed = |error: HostError| {
            Problem::failed(format!("webhook '{webhook}' was told, but that is not noted: {error}"))
        };
        if let Some(directory) = path.parent() {
            host.make_dirs(directory, Permissions { mode: 0o755, owner: None }).map_err(failed)?;
        }
        // plain data: writing it into memory cannot fail
        let text = serde_json::to_vec(self).unwrap_or_default();
        host.write_own(path, &text, Permissions { mode: 0o600, owner: None }).map_err(failed)
    }
}

fn key(update: &Update) -> String {
    format!("{}:{}", update.package, update.arch)
}

fn send(host: &dyn Host, from: &str, to: &str, mail: Vec<u8>) -> Result<(), Problem> {
    let command = Command::new(SENDMAIL)
        .args(["-i", "-f", from, "--", to])
        .input(mail)
        .deadline(Duration::from_secs(60));
    match host.run(&command) {
        Ok(_) => Ok(()),
        Err(HostError::NoSuchProgram { .. }) => Err(Problem::failed(
            "no mail system is installed, so nobody can be told by mail; 'apt-get install postfix' brings one",
        )),
        Err(error) => Err(error.into()),
    }
}

/// The name of this host with its domain, where it has one.
fn full_name(host: &dyn Host) -> String {
    let asked = host.run(&Command::new("/usr/bin/hostname").arg("--fqdn"));
    let name = asked.map(|output| output.stdout.trim().to_owned()).unwrap_or_default();
    let fine = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    if name.is_empty() || !name.chars().all(fine) { host.node_name() } else { name }
}

/// The mail, as text and as HTML.
///
/// # Errors
/// None at present: it is written into memory.
pub fn compose(node: &str, from: &str, to: &str, now: i64, news: &[Update]) -> Result<Vec<u8>, Problem> {
    let mail = MessageBuilder::new()
        .from(("Innkeeper", from))
        .to(to)
        .subject(format!("New software packages available ({node})"))
        .date(Date::new(now))
        .message_id(format!("{now}.updates@{node}"))
        // no answer is expected, and no holiday notice either
        .header("Auto-Submitted", mail_builder::headers::raw::Raw::new("auto-generated"))
        .text_body(text(news))
        .html_body(html(node, news));
    mail.write_to_vec().map_err(Problem::failed)
}

const TITLES: [&str; 3] = ["Package", "Old Version", "New Version"];

fn row(update: &Update) -> [&str; 3] {
    [&update.package, update.old_version.as_deref().unwrap_or("newly installed"), &update.version]
}

fn text(news: &[Update]) -> String {
    let rows: Vec<_> = std::iter::once(TITLES).chain(news.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let (first, second) = (width(0), width(1));
    let mut out = String::from("The following updates are available:\n\n");
    for [package, old, new] in &rows {
        // writing into a String cannot fail
        let _ = writeln!(out, "{package:first$}  {old:second$}  {new}");
    }
    out.push_str("\n'innkeeper updates preview' says what they would change, 'innkeeper updates apply' installs them.\n");
    out
}

fn html(node: &str, news: &[Update]) -> String {
    let cells = |row: [&str; 3], tag: &str| {
        let cells = row.map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)));
        format!("<tr>{}</tr>\n", cells.concat())
    };
    let rows: String = news.iter().map(|update| cells(row(update), "td")).collect();
    format!(
        "<html><body>\n<p>The following updates are available on {}:</p>\n<table>\n{}{rows}</table>\n</body></html>\n",
        escape(node),
        cells(TITLES, "th")
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
