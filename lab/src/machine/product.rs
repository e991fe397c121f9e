//! This program inside a host.

use super::admission::{folder_of_user, lock};
use super::error::Error;
use super::host::Host;
use camino::{Utf8Path, Utf8PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

impl Host {
    /// Brings the program in that belongs to the running build (or is named by `INNKEEPER_BIN`), and its links.
    ///
    /// # Errors
    /// When there is no program, or the host does not take it.
    pub fn install_product(&self) -> Result<(), Error> {
        let binary = match std::env::var("INNKEEPER_BIN") {
            Ok(path) => path.into(),
            Err(_) => built("innkeeper")?,
        };
        self.put(stripped("product", &binary)?, "/usr/bin/innkeeper")?;
        self.run("cd /usr/bin && for name in pvesh pvenode pveupdate; do ln -sf innkeeper $name; done")
            .map(drop)
    }

    /// Brings the program in that dies where `FAILPOINTS` tells it to, as `innkeeper-failpoints`; `cargo lab test` builds it for the
    /// tests in crash.rs.
    ///
    /// # Errors
    /// When there is no such program, or the host does not take it.
    pub fn install_failpoints(&self) -> Result<(), Error> {
        let binary = stripped("failpoints", &built("innkeeper-failpoints")?)?;
        self.put(binary, "/usr/bin/innkeeper-failpoints")
    }
}

/// A program of the build that this process belongs to: cargo puts it beside.
fn built(name: &str) -> Result<Utf8PathBuf, Error> {
    let exe = std::env::current_exe().map_err(Error::io("the path of this program"))?;
    let exe = Utf8PathBuf::try_from(exe).map_err(|error| Error::Request(error.to_string()))?;
    let dir = exe.parent().unwrap_or(Utf8Path::new("/"));
    let dir = if dir.ends_with("deps") { dir.parent().unwrap_or(dir) } else { dir };
    let path = dir.join(name);
    if path.is_file() { Ok(path) } else { Err(Error::Product { path }) }
}

/// The same without what only debuggers read, which is most of it; made once for each build.
fn stripped(kind: &str, binary: &Utf8Path) -> Result<Utf8PathBuf, Error> {
    let about = std::fs::metadata(binary).map_err(Error::io(binary.as_str()))?;
    let modified =
        about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let all = folder_of_user()?;
    let _lock = lock(&all.join("product.lock"))?;
    let path = all.join(format!("{kind}-{}-{}", modified.as_nanos(), about.len()));
    if path.is_file() {
        return Ok(path);
    }
    for old in all.read_dir_utf8().map_err(Error::io(all.as_str()))?.flatten() {
        if old.file_name().starts_with(&format!("{kind}-")) {
            // hosts that are reading it keep it open
            let _ = std::fs::remove_file(old.path());
        }
    }
    let new = all.join(format!("{kind}-new"));
    let strip = Command::new("strip").args(["--strip-debug", "-o", new.as_str(), binary.as_str()]).output();
    match strip {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let refusal = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::Refused { command: format!("strip {binary}"), refusal });
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Tool { program: "strip".to_owned(), package: "binutils" });
        }
        Err(error) => return Err(Error::io("strip")(error)),
    }
    std::fs::rename(&new, &path).map_err(Error::io(path.as_str()))?;
    Ok(path)
}
