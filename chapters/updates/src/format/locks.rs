//! `/proc/locks`: who holds a file's lock.

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
