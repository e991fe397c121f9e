//! What a build needs of the machine it runs on, said before it begins.

use super::ImageError;
use camino::Utf8Path;
use std::process::{Command, Stdio};

/// Programs, and the Debian packages that they are in.
const PROGRAMS: [(&str, &str); 10] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("qemu-img", "qemu-utils"),
    ("debootstrap", "debootstrap"),
    ("mke2fs", "e2fsprogs"),
    ("zstd", "zstd"),
    ("tar", "tar"),
    ("bash", "bash"),
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
    ("mount", "mount"),
];

/// Where programs are that only root has in its path.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Two trees unpacked, their archives, and the disk.
const DISK_MIB: u64 = 6 * 1024;

/// For compilers and archivers on two cores.
const MEMORY_MIB: u64 = 1024;

/// Says what is missing for a build in this folder.
pub(super) fn check(dir: &Utf8Path) -> Result<(), ImageError> {
    let path = std::env::var("PATH").unwrap_or_default();
    programs(|program| [path.as_str(), PATH].iter().any(|path| is_in(path, program)))?;
    as_root("true")?;
    disk(dir, free_mib(dir)?, DISK_MIB)?;
    let meminfo = std::fs::read_to_string("/proc/meminfo").map_err(ImageError::io("/proc/meminfo"))?;
    memory(available_mib(&meminfo), MEMORY_MIB)
}

fn programs(is_there: impl Fn(&str) -> bool) -> Result<(), ImageError> {
    let missing: Vec<_> = PROGRAMS.into_iter().filter(|(program, _)| !is_there(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    Err(ImageError::Tools { programs: missing.iter().map(|(program, _)| *program).collect(), packages })
}

fn is_in(path: &str, program: &str) -> bool {
    path.split(':').any(|dir| Utf8Path::new(dir).join(program).is_file())
}

fn disk(dir: &Utf8Path, free_mib: u64, need_mib: u64) -> Result<(), ImageError> {
    if free_mib < need_mib {
        return Err(ImageError::Disk { dir: dir.to_owned(), need_mib, free_mib });
    }
    Ok(())
}

fn memory(free_mib: Option<u64>, need_mib: u64) -> Result<(), ImageError> {
    match free_mib {
        Some(free_mib) if free_mib < need_mib => Err(ImageError::Memory { need_mib, free_mib }),
        _ => Ok(()),
    }
}

fn free_mib(dir: &Utf8Path) -> Result<u64, ImageError> {
    std::fs::create_dir_all(dir).map_err(ImageError::io(dir))?;
    let about = rustix::fs::statvfs(dir.as_std_path()).map_err(|error| ImageError::io(dir)(error.into()))?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize) >> 20)
}

/// `MemAvailable` of `/proc/meminfo`.
fn available_mib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib >> 10)
}

/// A command that runs as root: through sudo, where this process is not.
pub(super) fn as_root(program: &str) -> Result<Command, ImageError> {
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new(program)
    } else if is_in(PATH, "sudo") {
        let mut sudo = Command::new("sudo");
        sudo.arg("--").arg(program);
        sudo
    } else {
        return Err(ImageError::NotRoot);
    };
    command.stdin(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.env("PATH", PATH);
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_names_the_package_to_install() {
        let error =
            programs(|program| !matches!(program, "debootstrap" | "unshare" | "setpriv")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "debootstrap, unshare, setpriv are missing; install: sudo apt-get install debootstrap util-linux"
        );
        programs(|_| true).unwrap();
    }

    #[test]
    fn too_little_space_or_memory_says_how_much_is_needed() {
        let error = disk("/cache".into(), 100, 6144).unwrap_err();
        assert_eq!(error.to_string(), "building the image needs 6144 MiB in /cache, which has 100 MiB free");
        let error = memory(available_mib("MemTotal: 9 kB\nMemAvailable:  524288 kB\n"), 1024).unwrap_err();
        assert_eq!(
            error.to_string(),
            "building the image needs 1024 MiB of memory, of which 512 MiB are available"
        );
        disk("/cache".into(), 6144, 6144).unwrap();
        memory(Some(1024), 1024).unwrap();
    }
}
