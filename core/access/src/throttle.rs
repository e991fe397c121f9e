//! Guessing made slow: wrong passwords are counted by account and by address.
//!
//! An attempt counts as wrong from its beginning until it turns out right, so that many at once are no way around. Who
//! guesses from one address is kept waiting there, longer each time. Who guesses one account from many addresses is slowed
//! down too, but not at the addresses from which the account's owner came in before: nobody can be locked out by others.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Wrong attempts that are free, at one account from one address.
const FREE_PAIR: u32 = 5;
/// From one address, at all accounts together.
const FREE_ADDRESS: u32 = 30;
/// At one account, from all addresses together.
const FREE_ACCOUNT: u32 = 100;
/// The first wait.
const FIRST: Duration = Duration::from_secs(3);
/// The longest.
const LONGEST: Duration = Duration::from_secs(300);
/// Forgotten after this long without another wrong attempt.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// More is not remembered: the oldest go.
const CAPACITY: usize = 20_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Pair(String, String),
    Address(String),
    Account(String),
}

#[derive(Clone, Copy)]
struct Count {
    wrong: u32,
    last: Duration,
}

/// The counts.
#[derive(Default)]
pub(crate) struct Throttle {
    counts: Mutex<HashMap<Who, Count>>,
    /// Accounts and the addresses from which they came in.
    welcome: Mutex<HashMap<(String, String), Duration>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keys(account: &str, address: &str) -> [(Who, u32); 3] {
    [
        (Who::Pair(account.to_owned(), address.to_owned()), FREE_PAIR),
        (Who::Address(address.to_owned()), FREE_ADDRESS),
        (Who::Account(account.to_owned()), FREE_ACCOUNT),
    ]
}

impl Throttle {
    /// Counts an attempt, or says how long to wait before the next.
    pub(crate) fn begin(&self, account: &str, address: &str, now: Duration) -> Result<(), Duration> {
        let known = locked(&self.welcome).contains_key(&(account.to_owned(), address.to_owned()));
        let mut counts = locked(&self.counts);
        let keys = keys(account, address);
        for (who, free) in &keys {
            if known && matches!(who, Who::Account(_)) {
                continue;
            }
            let count = counts.get(who).filter(|count| now.saturating_sub(count.last) < MEMORY);
            let wait = count.map_or(Duration::ZERO, |count| wait(count.wrong, *free));
            let since = count.map_or(Duration::MAX, |count| now.saturating_sub(count.last));
            if since < wait {
                return Err(wait - since);
            }
        }
        if counts.len() + keys.len() > CAPACITY {
            make_room(&mut counts, now);
        }
        for (who, _) in keys {
            let count = counts.entry(who).or_insert(Count { wrong: 0, last: now });
            if now.saturating_sub(count.last) >= MEMORY {
                count.wrong = 0;
            }
            *count = Count { wrong: count.wrong.saturating_add(1), last: now };
        }
        Ok(())
    }

    /// The attempt was never looked at: it is as if it had not been made.
    pub(crate) fn not_tried(&self, account: &str, address: &str) {
        let mut counts = locked(&self.counts);
        for (who, _) in keys(account, address) {
            if let Some(count) = counts.get_mut(&who) {
                count.wrong = count.wrong.saturating_sub(1);
            }
        }
    }

    /// The attempt was right after all.
    pub(crate) fn right(&self, account: &str, address: &str, now: Duration) {
        self.not_tried(account, address);
        locked(&self.counts).remove(&Who::Pair(account.to_owned(), address.to_owned()));
        let mut welcome = locked(&self.welcome);
        if welcome.len() >= CAPACITY {
            welcome.clear();
        }
        welcome.insert((account.to_owned(), address.to_owned()), now);
    }
}

fn wait(wrong: u32, free: u32) -> Duration {
    match wrong.checked_sub(free) {
        None => Duration::ZERO,
        Some(over) => FIRST.saturating_mul(1 << over.min(10)).min(LONGEST),
    }
}

/// What is forgotten anyway goes, or else the older half.
fn make_room(counts: &mut HashMap<Who, Count>, now: Duration) {
    counts.retain(|_, count| now.saturating_sub(count.last) < MEMORY);
    if counts.len() > CAPACITY / 2 {
        let mut times: Vec<Duration> = counts.values().map(|count| count.last).collect();
        times.sort_unstable();
        let middle = times[times.len() / 2];
        counts.retain(|_, count| count.last > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn seconds(n: u64) -> Duration {
        HOUR + Duration::from_secs(n)
    }

    #[test]
    fn five_wrong_passwords_are_free_and_then_every_wait_is_longer() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.begin("anna", "a", seconds(0)), Ok(()));
        }
        assert_eq!(throttle.begin("anna", "a", seconds(1)), Err(Duration::from_secs(2)));
        assert_eq!(throttle.begin("anna", "a", seconds(3)), Ok(()));
        assert_eq!(throttle.begin("anna", "a", seconds(4)), Err(Duration::from_secs(5)));
        // somebody else at the same address, and the same account elsewhere, are not kept waiting
        assert_eq!(throttle.begin("bob", "a", seconds(4)), Ok(()));
        assert_eq!(throttle.begin("anna", "b", seconds(4)), Ok(()));
        assert_eq!(throttle.begin("anna", "a", seconds(4 + 15 * 60)), Ok(()), "forgotten after a while");
    }

    #[test]
    fn a_right_password_wipes_the_slate_clean() {
        let throttle = Throttle::default();
        for _ in 0..40 {
            assert_eq!(throttle.begin("anna", "a", seconds(0)), Ok(()));
            throttle.right("anna", "a", seconds(0));
        }
    }

    #[test]
    fn an_attempt_that_was_not_looked_at_does_not_count() {
        let throttle = Throttle::default();
        for _ in 0..200 {
            assert_eq!(throttle.begin("anna", "a", seconds(0)), Ok(()));
            throttle.not_tried("anna", "a");
        }
        let tries = (0..100).filter(|_| throttle.begin("anna", "a", seconds(0)).is_ok());
        assert_eq!(tries.count(), 5, "and gives nothing away to those who guess");
    }

    #[test]
    fn an_address_that_guesses_at_many_accounts_is_slowed_down() {
        let throttle = Throttle::default();
        let tries = (0..100).filter(|n| throttle.begin(&format!("user{n}"), "a", seconds(0)).is_ok());
        assert_eq!(tries.count(), 30);
    }

    #[test]
    fn an_account_under_attack_from_everywhere_stays_open_to_its_owner() {
        let throttle = Throttle::default();
        assert_eq!(throttle.begin("root", "home", seconds(0)), Ok(()));
        throttle.right("root", "home", seconds(0));
        let tries = (0..500).filter(|n| throttle.begin("root", &format!("bot{n}"), seconds(1)).is_ok());
        assert_eq!(tries.count(), 100);
        assert_eq!(throttle.begin("root", "home", seconds(1)), Ok(()));
    }

    #[test]
    fn memory_stays_bounded() {
        let throttle = Throttle::default();
        for n in 0..60_000_u64 {
            let _ = throttle.begin(&format!("user{n}"), &format!("bot{n}"), seconds(n / 1000));
        }
        assert!(locked(&throttle.counts).len() <= CAPACITY);
    }
}
