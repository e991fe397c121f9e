//! A file that is written whole beside its destination before it takes the destination's name.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd;

use rustix::fs::{self, AtFlags, Gid, Mode, OFlags, RenameFlags, Stat, Uid, XattrFlags};
use rustix::io::Errno;

use super::moment::moment;
use super::tree::{Place, fail_io};
use crate::{HostError, Permissions};

const ACL: &str = "system.posix_acl_access";

/// The temporary file. It vanishes again unless it is given its name.
pub(super) struct Staged<'a> {
    place: &'a Place,
    name: String,
    file: File,
    named: bool,
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if !self.named {
            // the failure that led here is what counts; a left-over is hidden and ignored by every reader
            let _ = fs::unlinkat(&self.place.directory, &self.name, AtFlags::empty());
        }
    }
}

impl<'a> Staged<'a> {
    /// An empty temporary file that nobody else can open yet.
    pub(super) fn new(place: &'a Place) -> Result<Self, HostError> {
        let name = temporary_name(place)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(&place.directory, &name, flags, Mode::from_raw_mode(0o600))
            .map_err(|errno| place.fail(errno))?;
        moment("files::after-create");
        Ok(Self { place, name, file: File::from(file), named: false })
    }

    /// Makes it look as asked: for files that were not there.
    pub(super) fn dress(&self, permissions: Permissions) -> Result<(), HostError> {
        dress(&self.file, permissions).map_err(|errno| self.place.fail(errno))
    }

    /// Makes it look like the file it will replace: owner, mode, access list and other extended attributes.
    pub(super) fn dress_like(&self, old: &File, stat: &Stat) -> Result<(), HostError> {
        let fail = |errno| self.place.fail(errno);
        let own = fs::fstat(&self.file).map_err(fail)?;
        if (own.st_uid, own.st_gid) != (stat.st_uid, stat.st_gid) {
            let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
            fs::fchown(&self.file, Some(uid), Some(gid)).map_err(fail)?;
        }
        fs::fchmod(&self.file, Mode::from_raw_mode(stat.st_mode & 0o7777)).map_err(fail)?;
        copy_attributes(old, &self.file).map_err(fail)
    }

    pub(super) fn fill(&self, content: &[u8]) -> Result<(), HostError> {
        (&self.file).write_all(content).map_err(|error| fail_io(&self.place.path, &error))?;
        moment("files::after-write");
        fs::fsync(&self.file).map_err(|errno| self.place.fail(errno))?;
        moment("files::after-sync");
        Ok(())
    }

    /// Takes the name, whoever has it.
    pub(super) fn replace(mut self) -> Result<(), HostError> {
        let Place { directory, name, .. } = self.place;
        fs::renameat(directory, &self.name, directory, name).map_err(|errno| self.place.fail(errno))?;
        self.named = true;
        moment("files::after-rename");
        self.place.sync()
    }

    /// Takes the name, if nobody has it.
    pub(super) fn create(mut self) -> Result<(), HostError> {
        let Place { directory, name, .. } = self.place;
        match fs::renameat_with(directory, &self.name, directory, name, RenameFlags::NOREPLACE) {
            Ok(()) => self.named = true,
            // file systems that do not know the flag know hard links, which do not replace either
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::linkat(directory, &self.name, directory, name, AtFlags::empty())
                    .map_err(|errno| self.place.fail(errno))?;
            }
            Err(errno) => return Err(self.place.fail(errno)),
        }
        self.place.sync()
    }
}

/// `.NAME.innkeeper-RANDOM`: hidden, so that tools that read every file of a directory pass over it.
fn temporary_name(place: &Place) -> Result<String, HostError> {
    let random = getrandom::u64().map_err(|error| HostError::Io {
        path: place.path.clone(),
        message: format!("no randomness for a temporary name: {error}"),
    })?;
    let mut name = place.name.as_str();
    // the whole has to fit the 255 bytes that file systems allow
    while name.len() > 200 {
        name = &name[..name.floor_char_boundary(name.len() - 1)];
    }
    Ok(format!(".{name}.innkeeper-{random:016x}"))
}

/// Owner, then mode: giving a file away clears its set-id bits.
pub(super) fn dress(file: impl AsFd, permissions: Permissions) -> Result<(), Errno> {
    let file = file.as_fd();
    if let Some((uid, gid)) = permissions.owner
        && rustix::process::geteuid().is_root()
    {
        fs::fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    fs::fchmod(file, Mode::from_raw_mode(permissions.mode & 0o7777))
}

/// Copies extended attributes. What decides about access must be the same or the write fails; labels that only
/// a privileged process may set are left to the system's own rules.
fn copy_attributes(from: &File, to: &File) -> Result<(), Errno> {
    let names = match attribute_names(from) {
        Ok(names) => names,
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(()),
        Err(errno) => return Err(errno),
    };
    if !names.iter().any(|name| name == ACL) {
        // the directory's default list must not widen who can read a file that had none
        match fs::fremovexattr(to, ACL) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS) => {}
            Err(errno) => return Err(errno),
        }
    }
    for name in names {
        match copy_attribute(from, to, &name) {
            Err(errno) if name == ACL => return Err(errno),
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP | Errno::PERM | Errno::ACCESS) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn attribute_names(file: &File) -> Result<Vec<String>, Errno> {
    let mut buffer = vec![0; fs::flistxattr_query(file)?];
    let length = if buffer.is_empty() { 0 } else { fs::flistxattr(file, &mut buffer[..])? };
    let names = buffer[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty());
    Ok(names.filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect())
}

fn copy_attribute(from: &File, to: &File, name: &str) -> Result<(), Errno> {
    let mut value = vec![0; fs::fgetxattr_query(from, name)?];
    let length = if value.is_empty() { 0 } else { fs::fgetxattr(from, name, &mut value[..])? };
    fs::fsetxattr(to, name, &value[..length], XattrFlags::empty())
}
