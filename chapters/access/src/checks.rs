//! Health checks: what in the files cannot be read, line by line.

use innkeeper_access::UserDb;
use innkeeper_access::realm::DOMAINS_CFG;
use innkeeper_access::token::USER_CFG;
use innkeeper_change::{Finding, Level, Problem};
use innkeeper_config::SectionFile;
use innkeeper_host::{CONFIG_LIMIT, Host, HostError};

const DIRECTORY: &str = "/etc/pve";

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
    Ok(findings)
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
