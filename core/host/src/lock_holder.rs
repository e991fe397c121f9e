//! `/proc/locks`: who holds a file's lock.

use camino::Utf8Path;

use crate::{CONFIG_LIMIT, Host};

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHolder {
    /// Its id.
    pub pid: u32,
    /// Its name; empty when it ended meanwhile.
    pub name: String,
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.pid, self.name)
    }
}

/// The process that holds a POSIX lock on the first of these files that is locked.
pub fn lock_holder(host: &dyn Host, paths: &[&str]) -> Option<LockHolder> {
    let read = |path: &str| host.read(Utf8Path::new(path), CONFIG_LIMIT).unwrap_or_default();
    let locks = read("/proc/locks");
    let locks = String::from_utf8_lossy(&locks);
    let pid = paths.iter().find_map(|path| {
        let inode = host.metadata(Utf8Path::new(path)).ok()??.inode;
        holder(&locks, inode)
    })?;
    let name = read(&format!("/proc/{pid}/comm"));
    Some(LockHolder { pid, name: String::from_utf8_lossy(&name).trim().to_owned() })
}

/// The process that holds a POSIX lock on the file of this inode.
pub fn holder(text: &str, inode: u64) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (class, _, _) = (words.next()?, words.next()?, words.next()?);
        let (pid, file) = (words.next()?, words.next()?);
        // `->` stands before those that wait
        let found: u64 = file.rsplit(':').next()?.parse().ok()?;
        (class == "POSIX" && found == inode).then(|| pid.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a real kernel.
    #[test]
    fn the_holder_of_a_lock_is_found_by_the_inode() {
        let text = "1: POSIX  ADVISORY  WRITE 25274 fe:01:1835012 0 EOF\n1: -> POSIX  ADVISORY  WRITE 7 fe:01:9 0 EOF\n\
                    2: FLOCK  ADVISORY  WRITE 1 00:19:7 0 EOF\n3: POSIX  ADVISORY  READ -1 00:05:8 0 EOF\n";
        assert_eq!(holder(text, 1_835_012), Some(25274));
        assert_eq!((holder(text, 7), holder(text, 8), holder(text, 9)), (None, None, None));
    }
}
