//! `/proc/PID/maps` and `/proc/PID/cgroup`: which programs still run code that was replaced on disk.

/// Programs and libraries that a process has mapped although they were deleted, each once.
pub fn deleted(text: &str) -> Vec<&str> {
    const PLACES: [&str; 5] = ["/usr/", "/lib", "/bin/", "/sbin/", "/opt/"];
    let mut found: Vec<&str> = Vec::new();
    for line in text.lines() {
        // address, permissions, offset, device, inode; then the path, which may hold blanks
        let Some(path) =
            line.strip_suffix(" (deleted)").and_then(|line| line.find('/').map(|at| &line[at..]))
        else {
            continue;
        };
        let runs = line.split_whitespace().nth(1).is_some_and(|bits| bits.contains('x'));
        if runs && PLACES.iter().any(|place| path.starts_with(place)) && !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

/// The systemd unit that a process belongs to: the last service or scope of its control group.
pub fn unit(text: &str) -> Option<&str> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    path.rsplit('/').find(|part| part.ends_with(".service") || part.ends_with(".scope"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a real kernel.
    #[test]
    fn only_code_that_was_replaced_counts() {
        let maps = "7f00-7f10 r-xp 00000000 fe:01 1 /usr/lib/x86_64-linux-gnu/libc.so.6 (deleted)\n\
                    7f00-7f10 r--p 00000000 fe:01 1 /usr/lib/locale/C.utf8/LC_CTYPE (deleted)\n\
                    7f00-7f10 r-xp 00000000 00:01 1 /memfd:doublemapper (deleted)\n\
                    7f00-7f10 r-xp 00000000 fe:01 1 /usr/bin/dash\n";
        assert_eq!(deleted(maps), ["/usr/lib/x86_64-linux-gnu/libc.so.6"]);
    }

    #[test]
    fn a_process_belongs_to_the_innermost_unit() {
        assert_eq!(unit("0::/system.slice/ssh.service\n"), Some("ssh.service"));
        assert_eq!(unit("0::/user.slice/user-0.slice/user@0.service/app.slice/x.scope\n"), Some("x.scope"));
        assert_eq!(unit("0::/\n"), None);
    }
}
