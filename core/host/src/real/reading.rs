//! Reading: files, what is known of them, directories, links.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::fd::OwnedFd;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, AtFlags, Dir, FileType, OFlags, Stat};

use super::tree::{Tree, fail, fail_io, invalid, kind, kind_of};
use crate::{DirEntry, FileKind, HostError, Metadata};

impl Tree {
    pub(super) fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, HostError> {
        let (file, stat) = self.open_regular(path)?;
        let too_large = || HostError::TooLarge { path: path.to_owned(), limit };
        if u64::try_from(stat.st_size).is_ok_and(|size| size > limit) {
            return Err(too_large());
        }
        // files of /proc and /sys have no size, and others grow while they are read: the limit counts what comes
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| fail_io(path, &error))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit { Err(too_large()) } else { Ok(bytes) }
    }

    pub(super) fn read_at(&self, path: &Utf8Path, offset: u64, length: usize) -> Result<Vec<u8>, HostError> {
        let (mut file, _) = self.open_regular(path)?;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset)).map_err(|error| fail_io(path, &error))?;
        file.take(u64::try_from(length).unwrap_or(u64::MAX))
            .read_to_end(&mut bytes)
            .map_err(|error| fail_io(path, &error))?;
        Ok(bytes)
    }

    /// Opening a device can already do something (rewind a tape, start a watchdog) and opening a pipe wakes its
    /// writer, so what is there is looked at first, through a handle that only names it. The second look is for
    /// what may have been put there in between.
    fn open_regular(&self, path: &Utf8Path) -> Result<(File, Stat), HostError> {
        let require = |handle: &OwnedFd| match fs::fstat(handle) {
            Ok(stat) if kind(&stat) == FileKind::File => Ok(stat),
            Ok(_) => Err(HostError::NotAFile { path: path.to_owned() }),
            Err(errno) => Err(fail(path, errno)),
        };
        require(&self.resolve(path, OFlags::PATH)?)?;
        let handle = self.resolve(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let stat = require(&handle)?;
        Ok((File::from(handle), stat))
    }

    pub(super) fn metadata(&self, path: &Utf8Path) -> Result<Option<Metadata>, HostError> {
        let handle = match self.resolve(path, OFlags::PATH | OFlags::NOFOLLOW) {
            Ok(handle) => handle,
            Err(HostError::NotFound { .. }) => return Ok(None),
            Err(other) => return Err(other),
        };
        let stat = fs::fstat(&handle).map_err(|errno| fail(path, errno))?;
        Ok(Some(Metadata {
            kind: kind(&stat),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            modified: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
            inode: stat.st_ino,
        }))
    }

    pub(super) fn list_dir(&self, path: &Utf8Path) -> Result<Vec<DirEntry>, HostError> {
        let handle = self.directory(path)?;
        let mut found = Vec::new();
        for entry in Dir::read_from(&handle).map_err(|errno| fail(path, errno))? {
            let entry = entry.map_err(|errno| fail(path, errno))?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let mut file_type = entry.file_type();
            if file_type == FileType::Unknown {
                // not every file system says it in the directory; what vanished meanwhile is left out
                match fs::statat(&handle, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => file_type = FileType::from_raw_mode(stat.st_mode),
                    Err(_) => continue,
                }
            }
            found.push((name.to_owned(), kind_of(file_type)));
        }
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(found
            .into_iter()
            .map(|(name, kind)| DirEntry { name: String::from_utf8_lossy(&name).into_owned(), kind })
            .collect())
    }

    pub(super) fn read_link(&self, path: &Utf8Path) -> Result<Utf8PathBuf, HostError> {
        let handle = self.resolve(path, OFlags::PATH | OFlags::NOFOLLOW)?;
        let stat = fs::fstat(&handle).map_err(|errno| fail(path, errno))?;
        if kind(&stat) != FileKind::Symlink {
            return Err(invalid(path, "not a symbolic link"));
        }
        let target = fs::readlinkat(&handle, "", Vec::new()).map_err(|errno| fail(path, errno))?;
        let target = target.into_string().map_err(|_| invalid(path, "points to a name that is not UTF-8"))?;
        Ok(Utf8PathBuf::from(target))
    }
}
