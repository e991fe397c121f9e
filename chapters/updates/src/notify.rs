//! The mail that tells the administrator which updates there are.

use std::fmt::Write as _;
use std::time::Duration;

use camino::Utf8Path;
use innkeeper_access::{UserDb, UserId};
use innkeeper_change::Problem;
use innkeeper_host::{Command, Host, HostError, read_config};
use mail_builder::MessageBuilder;
use mail_builder::headers::date::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cache;
use crate::model::Update;

pub(crate) const SENDMAIL: &str = "/usr/sbin/sendmail";
const USERS: &str = "/etc/pve/user.cfg";
const OPTIONS: &str = "/etc/pve/datacenter.cfg";
/// Who gets mail when no address is known: the mail system knows what to do with root's mail.
const ROOT: &str = "root";

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told {
    /// Whom the mail went to; absent when there was nothing to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The packages that were told about, each with its new version.
    pub packages: Vec<String>,
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

/// Tells the administrator by mail which updates there are that nobody was told about yet.
///
/// # Errors
/// When the mail system does not take the mail; the news are told the next time then.
pub fn notify(host: &dyn Host) -> Result<Told, Problem> {
    let nothing = Told { to: None, packages: Vec::new() };
    if !is_wanted(host) {
        return Ok(nothing);
    }
    let mut updates = cache::updates(host)?;
    let news: Vec<Update> = updates
        .iter()
        .filter(|update| update.notify_status.as_deref() != Some(update.version.as_str()))
        .cloned()
        .collect();
    if news.is_empty() {
        return Ok(nothing);
    }
    let to = address(host).unwrap_or_else(|| ROOT.to_owned());
    let from = option(host, "email_from").filter(|from| is_address(from)).unwrap_or_else(|| ROOT.to_owned());
    let mail = compose(&full_name(host), &from, &to, host.now(), &news)?;
    send(host, &from, &to, mail)?;
    for update in &mut updates {
        update.notify_status = Some(update.version.clone());
    }
    cache::write(host, &updates)
        .map_err(|error| Problem::failed(format!("the mail was sent, but that is not noted: {error}")))?;
    let packages = news.iter().map(|update| format!("{} {}", update.package, update.version)).collect();
    Ok(Told { to: Some(to), packages })
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
