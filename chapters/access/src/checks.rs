//! Health checks: what in the files cannot be read, line by line.

use innkeeper_access::password::{self, SHADOW_CFG};
use innkeeper_access::realm::DOMAINS_CFG;
use innkeeper_access::tfa::{Factors, TFA_CFG};
use innkeeper_access::token::USER_CFG;
use innkeeper_access::{KEY_FILE, KEY_FILE_ASIDE, UserDb, damaged_key_lines};
use innkeeper_change::{Finding, Level, Problem};
use innkeeper_config::SectionFile;
use innkeeper_host::{CONFIG_LIMIT, Host, HostError};

const DIRECTORY: &str = "/etc/pve";
/// Lines of one file that are counted up.
const MOST_LINES: usize = 20;

/// Looks at the files on a host.
pub(crate) fn run(host: &dyn Host) -> Result<Vec<Finding>, Problem> {
    let mut findings = Vec::new();
    if let Some(bytes) = read(host, USER_CFG)? {
        findings.extend(users(&bytes));
    }
    if let Some(bytes) = read(host, DOMAINS_CFG)? {
        let file = SectionFile::parse(String::from_utf8_lossy(&bytes).into_owned());
        let warnings = file.warnings().iter();
        findings.extend(warnings.map(|warning| damaged(DOMAINS_CFG, warning.line, &warning.message)));
    }
    secrets(host, &mut findings)?;
    Ok(findings)
}

/// The files that only root may read: nothing of what is in them is shown.
fn secrets(host: &dyn Host, findings: &mut Vec<Finding>) -> Result<(), Problem> {
    if let Some(bytes) = read(host, TFA_CFG)?
        && let Err(problem) = Factors::parse(&String::from_utf8_lossy(&bytes))
    {
        findings.push(unreadable(
            TFA_CFG,
            problem.to_string(),
            "Nobody gets in by a password until it can be read: correct it, or put it aside if no second factor is to count.",
        ));
    }
    type SpoiltLines = fn(&str) -> Vec<usize>;
    let spoilt: [(&str, SpoiltLines, &str); 2] = [
        (SHADOW_CFG, password::damaged_lines, "Set the passwords of those who cannot log in any more."),
        (KEY_FILE, damaged_key_lines, "Whoever was logged in by such a key logs in again. Remove the lines."),
    ];
    for (file, lines_of, advice) in spoilt {
        let Some(bytes) = read(host, file)? else { continue };
        let lines: Vec<_> = lines_of(&String::from_utf8_lossy(&bytes))
            .iter()
            .take(MOST_LINES)
            .map(usize::to_string)
            .collect();
        if !lines.is_empty() {
            findings.push(unreadable(
                file,
                format!("nothing can be read in lines {}", lines.join(", ")),
                advice,
            ));
        }
    }
    if read(host, KEY_FILE_ASIDE)?.is_some() {
        let advice = "Everybody had to log in again. Remove it when it is of no more use.";
        findings.push(unreadable(
            KEY_FILE_ASIDE,
            "it holds no key, and a new one was made".to_owned(),
            advice,
        ));
    }
    Ok(())
}

fn unreadable(file: &str, what: String, advice: &str) -> Finding {
    Finding {
        id: format!("access.damaged:{file}"),
        level: Level::Critical,
        message: format!("{DIRECTORY}/{file} is damaged"),
        evidence: what,
        advice: advice.to_owned(),
        fixes: Vec::new(),
    }
}

fn read(host: &dyn Host, name: &str) -> Result<Option<Vec<u8>>, Problem> {
    match host.read(format!("{DIRECTORY}/{name}").as_str().into(), CONFIG_LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(HostError::NotFound { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn users(bytes: &[u8]) -> Vec<Finding> {
    let text = String::from_utf8_lossy(bytes);
    let warnings = UserDb::parse(&text).warnings().to_vec();
    let mut findings: Vec<Finding> =
        warnings.iter().map(|warning| damaged(USER_CFG, warning.line, &warning.message)).collect();
    if let Err(bad) = std::str::from_utf8(bytes) {
        let line = 1 + bytes[..bad.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
        let message = "bytes that are not UTF-8: the file is read, but not edited until they are gone";
        findings.push(damaged(USER_CFG, line, message));
    }
    findings
}

fn damaged(file: &str, line: usize, message: &str) -> Finding {
    Finding {
        id: format!("access.damaged-line:{file}:{line}"),
        level: Level::Warning,
        message: format!("line {line} of {file} is not understood as it stands"),
        evidence: format!("{DIRECTORY}/{file} line {line}: {message}"),
        advice: "Correct or remove the line. It is kept until then, and grants nothing.".to_owned(),
        fixes: Vec::new(),
    }
}
