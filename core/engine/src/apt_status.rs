//! What APT says on its status descriptor (`APT::Status-Fd`): how far it is, as numbers.
//!
//! Plans let it be written to standard error, where each message is a line of its own. The lines become the task's progress
//! instead of a part of its log.

use crate::task_writer::Progress;

/// Everything is done at this number: fetching is the first half, installing the second.
const TOTAL: u64 = 100;

/// Reads a line; `None` for whatever else a program says.
pub(crate) fn progress(line: &str) -> Option<Progress> {
    let (first_half, rest) = match line.split_once(':')? {
        ("dlstatus", rest) => (true, rest),
        ("pmstatus", rest) => (false, rest),
        _ => return None,
    };
    let (_, rest) = rest.split_once(':')?;
    // a package's architecture may stand behind its name
    let (percent, what) = rest.split_once(':').and_then(|(number, what)| match number.parse::<f64>() {
        Ok(percent) => Some((percent, what)),
        Err(_) => {
            let (number, what) = what.split_once(':')?;
            Some((number.parse::<f64>().ok()?, what))
        }
    })?;
    let half = (percent.clamp(0.0, 100.0) / 2.0).round();
    // between 0 and 50 by now
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was clamped")]
    let half = half as u64;
    let done = if first_half { half } else { TOTAL / 2 + half };
    Some(Progress { done, total: TOTAL, what: what.trim().to_owned() })
}

/// What APT waits for: it says so again each second, with the holder of the lock.
pub(crate) fn waiting(line: &str) -> Option<&str> {
    let reason = line.strip_prefix("Waiting for cache lock: ")?;
    Some(reason.trim_end_matches('.'))
}

/// The configuration file about which dpkg would have asked, when a line says so. Plans tell dpkg to keep what is there.
pub(crate) fn kept_file(line: &str) -> Option<&str> {
    line.strip_prefix("pmconffile:")?.split(':').next().filter(|path| path.starts_with('/'))
}

/// What a program complained about, without how far it was.
pub(crate) fn without_progress(text: &str) -> String {
    text.lines().filter(|line| progress(line).is_none()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(line: &str) -> Option<(u64, u64, String)> {
        progress(line).map(|found| (found.done, found.total, found.what))
    }

    /// UPD-04: lines of a real apt-get 2.6.1
    #[test]
    fn fetching_is_the_first_half_and_installing_the_second() {
        let line = "dlstatus:3:37.5000:Retrieving file 3 of 8 (2 s remaining)";
        assert_eq!(numbers(line), Some((19, 100, "Retrieving file 3 of 8 (2 s remaining)".to_owned())));
        let line = "pmstatus:bash:40.0000:Unpacking bash (amd64)";
        assert_eq!(numbers(line), Some((70, 100, "Unpacking bash (amd64)".to_owned())));
        assert_eq!(numbers("pmstatus:libc6:amd64:100:Installed"), Some((100, 100, "Installed".to_owned())));
    }

    #[test]
    fn whatever_else_is_said_is_no_progress() {
        for line in [
            "",
            "pmstatus",
            "pmstatus:a",
            "pmstatus:a:b:c",
            "pmerror:a:1:b",
            "E: x: 1: y",
            "dlstatus:1:NaNx:y",
        ] {
            assert_eq!(numbers(line), None, "{line}");
        }
        assert_eq!(
            kept_file("pmconffile:/etc/a.conf:66.6:'/etc/a.conf' '/etc/a.conf.dpkg-new' 1 1 "),
            Some("/etc/a.conf")
        );
        assert_eq!(kept_file("pmconffile:"), None);
        assert_eq!(without_progress("dlstatus:1:2:x\nE: broken\npmstatus:a:1:b"), "E: broken");
        assert!(numbers("pmstatus:a:1e999:b").is_some_and(|(done, ..)| done == 100));
    }
}
