//! Keys of repositories as files: the product's own with its published checksums, and the plan that installs one.

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{
    Action, Content, FileChange, Hazard, Invocation, Plan, Problem, Severity, Step, Undo, Value,
};
use sha2::Digest as _;

use crate::openpgp;

/// A key file whose checksum is published.
#[derive(Clone, Copy, Debug)]
pub struct KnownKey {
    /// The file's name.
    pub name: &'static str,
    /// Where it is published.
    pub url: &'static str,
    /// The release whose packages it signs.
    pub codename: &'static str,
    /// Its SHA-512.
    pub sha512: &'static str,
    /// Its MD5, which people may still compare and nothing relies on.
    pub md5: &'static str,
}

/// The product's release keys.
pub const RELEASE_KEYS: [KnownKey; 1] = [KnownKey {
    name: "proxmox-release-bookworm.gpg",
    url: "https://enterprise.proxmox.com/debian/proxmox-release-bookworm.gpg",
    codename: "bookworm",
    sha512: "7da6fe34168adc6e479327ba517796d4702fa2f8b4f0a9833f5ea6e6b48f6507a6da403a274fe201595edc86a84463d50383d07f64bdde2e3658108db7d6dc87",
    md5: "41558dc019ef90bd0f6067644a51cf5b",
}];

/// Where APT takes keyrings from: the first one for every repository, the others when an entry names the file.
const DIRECTORIES: [&str; 3] = ["/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/usr/share/keyrings"];

impl KnownKey {
    /// Where it may be installed.
    pub fn places(&self) -> impl Iterator<Item = Utf8PathBuf> {
        DIRECTORIES.iter().map(|directory| Utf8Path::new(directory).join(self.name))
    }

    /// The known key that a path is for.
    pub fn of(path: &Utf8Path) -> Option<&'static Self> {
        RELEASE_KEYS.iter().find(|known| path.file_name() == Some(known.name))
    }
}

/// SHA-512 in lower-case hex.
pub fn sha512(data: &[u8]) -> String {
    hex(&sha2::Sha512::digest(data))
}

/// MD5 in lower-case hex: shown beside SHA-512, never enough on its own.
pub fn md5(data: &[u8]) -> String {
    hex(&md5::Md5::digest(data))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A key file that shall be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// Where it shall be.
    pub target: Utf8PathBuf,
    /// What is there now.
    pub existing: Option<Content>,
    /// Its bytes, as downloaded.
    pub content: Content,
    /// The SHA-512 that it must have, from a source that is trusted; known keys have their own.
    pub sha512: Option<String>,
}

/// Plans the installation of a key file whose checksum is right.
///
/// # Errors
/// A wrong place or name, no checksum to compare with, another checksum than expected, data that is no public keyring.
pub fn plan(file: &KeyFile) -> Result<Plan, Problem> {
    check_target(&file.target)?;
    let data = file.content.as_bytes();
    check_sum(file, data)?;
    let keys = openpgp::keyring(data)
        .map_err(|error| Problem::Invalid(format!("key file for {}: {error}", file.target)))?;
    if keys.is_empty() {
        return Err(Problem::Invalid(format!("key file for {}: holds no key", file.target)));
    }
    let armored = data.first().is_some_and(|byte| byte & 0x80 == 0);
    let extension = file.target.extension();
    if (extension == Some("asc")) != armored {
        let (kind, fitting) = if armored { ("ASCII armor", "asc") } else { ("binary data", "gpg") };
        return Err(Problem::parameter(
            "target",
            format!("the key is {kind}: APT reads it from a file named *.{fitting}"),
        ));
    }
    let mut plan = Plan::new(format!("install the repository key {}", file.target));
    let owners: Vec<_> =
        keys.iter().map(|key| format!("{} {}", key.primary.fingerprint, key.user_ids.join(", "))).collect();
    let what = format!(
        "write the key file {} with {} (SHA-512 {}, MD5 {})",
        file.target,
        owners.join("; "),
        sha512(data),
        md5(data)
    );
    if file.existing.as_ref().is_some_and(|existing| *existing != file.content) {
        plan = plan.hazard(Hazard::new(
            "apt.key-replaced",
            Severity::Warning,
            format!("{} is there already with other keys, which will no longer be trusted.", file.target),
            "Choose another file name to keep both.",
        ));
    }
    let change = FileChange::write(&file.target, file.existing.clone(), file.content.clone());
    Ok(plan.step(Step { what, action: Action::File(change), undo: Undo::Inverse }))
}

/// APT's own downloader: it compares the checksum before the file gets its name.
const APT_HELPER: &str = "/usr/lib/apt/apt-helper";
/// A key has some kilobytes.
const DOWNLOAD_DEADLINE: u32 = 120;

impl KnownKey {
    /// Where it is installed for every repository.
    pub fn target(&self) -> Utf8PathBuf {
        Utf8Path::new(DIRECTORIES[0]).join(self.name)
    }

    /// Plans the download of the key by APT itself, which refuses what has another checksum. `existing` is what is there
    /// now.
    pub fn fetch(&self, existing: Option<Content>) -> Plan {
        let target = self.target();
        let mut plan = Plan::new(format!("download the repository key {target}"));
        if existing.as_ref().is_some_and(|content| sha512(content.as_bytes()) == self.sha512) {
            return plan;
        }
        let run = |program: &str, args: &[&str]| {
            let args = args.iter().map(|arg| Value::from(*arg)).collect();
            let program = program.into();
            Action::Run(Invocation {
                program,
                args,
                stdin: None,
                deadline: DOWNLOAD_DEADLINE,
                produces: None,
                accept: Vec::new(),
            })
        };
        // beside the keyrings and not among them: while it is downloaded nobody has compared its checksum yet
        let download = format!("/etc/apt/{}.download", self.name);
        let clear = run("/usr/bin/rm", &["-f", "--", &download, &format!("{download}.FAILED")]);
        let sum = format!("SHA512:{}", self.sha512);
        plan = plan
            .step(Step {
                what: "clear away what a download that was cut off has left".to_owned(),
                action: clear.clone(),
                undo: Undo::By(vec![clear]),
            })
            .step(Step {
                what: format!("download {} and compare its SHA-512 (its MD5 is {})", self.url, self.md5),
                action: run(APT_HELPER, &["download-file", self.url, &download, &sum]),
                undo: Undo::Nothing,
            });
        if let Some(other) = existing {
            let what = format!("remove {target}, which is not the published key");
            let remove = Action::File(FileChange::remove(&target, other));
            plan = plan.step(Step { what, action: remove, undo: Undo::Inverse });
        }
        plan.step(Step {
            what: format!("give it its place: {target}"),
            action: run("/usr/bin/mv", &["-T", "--", &download, target.as_str()]),
            undo: Undo::By(vec![run("/usr/bin/rm", &["-f", "--", target.as_str()])]),
        })
    }
}

/// Refuses places where APT would not look for a key.
pub(crate) fn check_target(target: &Utf8Path) -> Result<(), Problem> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let directory = target.parent().is_some_and(|parent| DIRECTORIES.contains(&parent.as_str()));
    let name = target.file_name().is_some_and(|name| name.chars().all(allowed) && !name.starts_with('.'));
    let extension = matches!(target.extension(), Some("gpg" | "asc"));
    if directory && name && extension && !target.as_str().contains("..") {
        return Ok(());
    }
    let places = DIRECTORIES.join(", ");
    Err(Problem::parameter(
        "target",
        format!("not a place for a key: a file NAME.gpg or NAME.asc in one of {places}"),
    ))
}

fn check_sum(file: &KeyFile, data: &[u8]) -> Result<(), Problem> {
    let known = KnownKey::of(&file.target).map(|known| known.sha512.to_owned());
    let given = file.sha512.as_ref().map(|sum| sum.trim().to_ascii_lowercase());
    if known.is_none() && given.is_none() {
        return Err(Problem::parameter(
            "sha512",
            "the checksum of this key is not known: give the one that its owner publishes",
        ));
    }
    let found = sha512(data);
    for expected in known.iter().chain(&given) {
        if *expected != found {
            return Err(Problem::Invalid(format!(
                "refused: the key file for {} has SHA-512 {found} (MD5 {}), expected {expected}: \
                 it is damaged, or not the key it claims to be. Nothing was installed",
                file.target,
                md5(data)
            )));
        }
    }
    Ok(())
}
