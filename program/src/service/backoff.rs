//! What fails in every round is tried less and less often: each attempt stands in the history.

/// Rounds that are left out at most: an hour of them.
const LONGEST: u64 = 360;

/// How long something that failed is let alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backoff {
    /// Rounds that were left out before the last attempt.
    waited: u64,
    /// Rounds that are still left out.
    left: u64,
}

impl Backoff {
    /// Tries again when its time has come: after 1, 2, 4 rounds and so on, and in every round once it has worked.
    pub(super) fn round<T, E>(self, attempt: impl FnOnce() -> Result<T, E>) -> Self {
        if self.left > 0 {
            return Self { left: self.left - 1, ..self };
        }
        match attempt() {
            Ok(_) => Self::default(),
            Err(_) => {
                let waited = (self.waited * 2).clamp(1, LONGEST);
                Self { waited, left: waited }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rounds of the first thousand in which something that fails until `mended` is tried.
    fn tried(mended: u64) -> Vec<u64> {
        let mut backoff = Backoff::default();
        let mut tried = Vec::new();
        for round in 0..1000 {
            backoff = backoff.round(|| {
                tried.push(round);
                if round < mended { Err(()) } else { Ok(()) }
            });
        }
        tried
    }

    #[test]
    fn what_fails_is_tried_less_and_less_often() {
        assert_eq!(tried(u64::MAX), [0, 2, 5, 10, 19, 36, 69, 134, 263, 520, 881]);
    }

    #[test]
    fn what_works_again_is_tried_in_every_round() {
        let tried = tried(6);
        assert_eq!(tried[..6], [0, 2, 5, 10, 11, 12]);
        assert_eq!(tried.last(), Some(&999));
    }
}
